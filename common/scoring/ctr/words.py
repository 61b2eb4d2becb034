"""What the things a prediction hangs on are called, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PHRASES: Final[Mapping[str, str]] = {
    "psychology_curiosity": "how much it makes curious",
    "psychology_urgency": "how urgent it is",
    "psychology_social_proof": "how much it shows that others do it",
    "psychology_transformation": "how much of a change it promises",
    "psychology_authority": "how much authority it has",
    "hook_strength": "how strong its opening is",
    "hook_confidence": "how much of its opening could be judged",
    "hook_pull": "how its first sentence pulls",
    "hook_pull_spread": "how unsure the pull of its first sentence is",
    "hook_secondary_count": "how many ways of opening it mixes",
    "visual_energy": "how much moves in it",
    "brightness_mean": "how bright it is",
    "brightness_deviation": "how much its brightness changes",
    "shot_count": "how many shots it has",
    "shot_length_mean": "how long its shots are",
    "cut_count": "how many cuts it has",
    "gradual_count": "how many fades it has",
    "transitions_per_minute": "how often the picture changes",
    "pattern_single": "whether it is one single shot",
    "pattern_even": "whether its shots are of one length",
    "pattern_accelerating": "whether its cuts get faster",
    "pattern_slowing": "whether its cuts get slower",
    "pattern_mixed": "whether its rhythm is mixed",
    "face_share": "how long a face is to be seen",
    "face_share_opening": "how long a face is to be seen in its first seconds",
    "short_side": "how sharp the file is",
    "aspect_ratio": "the shape of its picture",
    "is_vertical": "whether it is upright",
    "fps": "its frame rate",
    "bit_rate": "its bit rate",
    "bits_per_pixel": "how finely its picture is stored",
    "duration": "how long it is",
    "caption_share": "how much of what is said can be read",
    "loudness_mean": "how loud it is",
    "clipped_share": "how much of its sound is distorted",
    "speech_share": "how much of it is speech",
    "music_share": "how much of it is music",
    "motion_mean": "how much moves in it on average",
    "dead_share": "how much of it is black or stands still",
    "emotion_neutral": "how calm the voice is",
    "emotion_happy": "how happy the voice is",
    "emotion_sad": "how sad the voice is",
    "emotion_angry": "how angry the voice is",
    "face_count_mean": "how many faces are to be seen",
    "face_count_most": "the most faces at once",
    "face_size_mean": "how large faces are",
    "face_size_deviation": "how much the size of faces changes",
    "pitch_deviation": "how lively the voice is",
    "energy_deviation": "how much the sound rises and falls",
    "speech_rate_mean": "how fast is spoken",
    "speech_rate_deviation": "how much the pace of speech changes",
    "person_count_mean": "how many people are to be seen",
    "person_count_most": "the most people at once",
    "person_share": "how long people are to be seen",
    "object_count_mean": "how many things are to be seen",
    "object_count_most": "the most things at once",
    "object_kinds": "how many kinds of things are to be seen",
    "object_diversity": "how varied its things are",
    "text_count": "how many lines of text it shows",
    "text_share": "how long text is to be seen",
    "text_coverage_mean": "how much of the picture text covers",
    "own_similarity_highest": "how near it is to one of this account's earlier clips",
    "own_similarity_mean": "how near it is to this account's earlier clips",
    "own_similarity_decayed": "how near it is to this account's latest clips",
    "own_distance_centre": "how far it is from what this account usually says",
    "own_count": "how many earlier clips this account has",
    "sentence_distance_mean": "how far each sentence is from the one before",
    "sentence_spread": "how much ground its sentences cover",
    "opening_distance": "how far its opening is from the rest",
    "age_fit": "how well it fits the declared age",
    "interest_fit": "how well it fits the declared interests",
    "persona_fit": "how well it fits the declared persona",
    "declared_fit_mean": "how well it fits whom it is for",
    "declared_fit_lowest": "where it fits least whom it is for",
}


def phrase(name: str) -> str:
    """What a feature is called: its own phrase, else its name with spaces."""
    if name in PHRASES:
        return PHRASES[name]
    if name.startswith("hook_type_"):
        return f"whether its opening is of the kind: {name.removeprefix('hook_type_').replace('_', ' ')}"
    return name.replace("_", " ")


def said(what: str, effect: float) -> str:
    """`what` with what it does, as a short sentence."""
    return f"{what} {'raises' if effect > 0 else 'lowers'} it" if effect else f"{what} changes nothing"
