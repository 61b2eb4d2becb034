"""What would make a clip better, with the time at which to do it: from the rubric's unmet items and the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from common.domain.judgement import Judgement
from common.domain.timebase import Span
from common.domain.verdict import Recommendation

MOST = 5
WORTH = 0.05  # of the rubric's weight, from which an unmet item is told

# Item of the rubric -> what to change, and in which of the clip's first seconds; None: anywhere in it.
_MENDS: Final[dict[str, tuple[str, int | None]]] = {
    "first_shot_under_3s": ("cut away from the first shot sooner", 3),
    "five_shots_in_5s": ("cut faster at least once, five shots in 5 s", None),
    "pace_under_2s_a_shot": ("cut more often, every 2 s", None),
    "text_on_screen": ("write on screen what matters most", None),
    "brand_said_in_5s": ("name the brand or product", 5),
    "brand_shown_in_5s": ("show the brand or product's name", 5),
    "face": ("show a face", None),
    "face_in_5s": ("show a face", 5),
    "close_up": ("show somebody close up", None),
    "speech_in_5s": ("let somebody speak", 5),
    "call_to_action_said": ("say what the viewer should do", None),
    "call_to_action_shown": ("write what the viewer should do", None),
    "speech_in_1s": ("begin where somebody speaks", 1),
    "lively_first_second": ("begin where something moves", 1),
    "speaks_to_camera": ("let somebody speak into the camera", None),
}


def changes(judgement: Judgement, span: Span) -> tuple[Recommendation, ...]:
    """Up to MOST: what raises the score, then what the rubric misses, the weightiest first."""
    found = [Recommendation(text=text, by="score") for text in judgement.raise_by]
    unmet = [one for one in judgement.rubric if one.met is False and one.weight >= WORTH and one.key in _MENDS]
    for item in sorted(unmet, key=lambda one: (-one.weight, one.key)):
        text, seconds = _MENDS[item.key]
        end = span.end if seconds is None else min(span.end, span.start + Fraction(seconds))
        found.append(Recommendation(text=text, by="rubric", span=Span(span.start, end)))
    return tuple(found[:MOST])


def together(found: Sequence[Recommendation]) -> list[Recommendation]:
    """Each change once, in the place of who says it first, with all who say it."""
    told: dict[str, Recommendation] = {}
    for one in found:
        first = told.get(one.text)
        told[one.text] = one if first is None else replace(first, by=f"{first.by}, {one.by}")
    return list(told.values())
