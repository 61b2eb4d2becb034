"""Every weight of the score and of the rubric. All are chosen, none is learned: they rank clips and predict nothing.

Each table adds up to 1. Where something in it cannot be told, the rest share its weight in their proportions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.domain.judgement import Psychology

Weights = Mapping[str, float]

# By these the clips are chosen among hundreds of candidates, cheaply. With words the words decide, without, picture and
# sound do.
SPOKEN: Final[Weights] = {
    "hook": 0.27,
    "complete": 0.24,
    "key": 0.15,
    "density": 0.1,
    "energy": 0.1,
    "picture": 0.07,
    "length": 0.07,
}
SILENT: Final[Weights] = {"motion": 0.34, "change": 0.2, "energy": 0.2, "light": 0.16, "length": 0.1}

# By these the chosen are judged, with all that was observed of them.
COMPOSITE: Final[Weights] = {
    "hook": 0.26,
    "completeness": 0.2,
    "pace": 0.1,
    "energy": 0.1,
    "picture": 0.1,
    "people": 0.06,
    "psychology": 0.12,
    "novelty": 0.06,
}

# What the hook's strength and its confidence are made of.
HOOK: Final[Weights] = {"words": 0.6, "cuts": 0.1, "motion": 0.1, "faces": 0.1, "text": 0.1}

COMPLETENESS: Final[Weights] = {
    "starts_on_sentence": 0.25,
    "starts_on_own_feet": 0.2,
    "ends_on_sentence": 0.3,
    "ends_without_question": 0.1,
    "pause_before": 0.05,
    "pause_after": 0.1,
}

PACE: Final[Weights] = {"rate": 0.7, "no_pauses": 0.3}
ENERGY: Final[Weights] = {"loudness": 0.6, "intonation": 0.4}
PICTURE: Final[Weights] = {"cuts": 0.5, "motion": 0.3, "light": 0.2}
PEOPLE: Final[Weights] = {"faces": 0.75, "close_up": 0.25}

PSYCHOLOGY: Final[Mapping[Psychology, float]] = {
    "curiosity": 0.3,
    "urgency": 0.15,
    "social_proof": 0.15,
    "transformation": 0.2,
    "authority": 0.2,
}

RUBRIC: Final[Weights] = {
    "first_shot_under_3s": 0.08,
    "five_shots_in_5s": 0.06,
    "pace_under_2s_a_shot": 0.06,
    "text_on_screen": 0.08,
    "brand_said_in_5s": 0.05,
    "brand_shown_in_5s": 0.05,
    "face": 0.08,
    "face_in_5s": 0.05,
    "close_up": 0.06,
    "speech_in_5s": 0.08,
    "call_to_action_said": 0.07,
    "call_to_action_shown": 0.05,
    "upright": 0.05,
    "under_60s": 0.04,
    "speech_in_1s": 0.06,
    "lively_first_second": 0.04,
    "speaks_to_camera": 0.04,
}
