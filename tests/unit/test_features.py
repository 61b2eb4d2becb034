"""Each number of the feature vector on a clip small enough to reckon by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from common.domain.asset import Probe, VideoStream
from common.domain.footage import Curve, Footage
from common.domain.judgement import Hook, Judgement, Part
from common.domain.observed import Observed
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, Sighting, TextLine, Track
from common.domain.transcript import Word
from common.errors import FeatureRefused
from common.signals.features.feature import GROUPS
from common.signals.features.registry import FEATURES, vector
from common.signals.features.visual import pattern
from tests.framed import shot_of

# PRODUCT A4; the hook has a column for each of its types.
LEAST = {
    "psychology": 5,
    "hook": 10,
    "visual": 15,
    "technical": 12,
    "emotion": 10,
    "object": 10,
    "novelty": 8,
    "demographic": 5,
}
CLIP = Span(Fraction(10), Fraction(20))
NOTHING = Observed(span=CLIP)
PROBE = Probe(
    container="mp4",
    size=7_500_000,
    start=Fraction(0),
    duration=Fraction(60),
    video=VideoStream(
        index=0,
        codec="h264",
        width=1920,
        height=1080,
        pixel_aspect=Fraction(1),
        rotation=90,
        timebase=Fraction(1, 90000),
        start_ticks=0,
        frame_rate=Fraction(25),
        variable_rate=False,
        duration=Fraction(60),
        pixel_format="yuv420p",
        bit_depth=8,
        interlaced=False,
        dynamic_range="sdr",
    ),
    audio=(),
    seekable=True,
)
HOOK = Hook(
    type="question",
    strength=0.8,
    confidence=0.5,
    secondary=("story", "statistic"),
    span=Span(Fraction(10), Fraction(13)),
    evidence=(),
)
JUDGEMENT = Judgement(
    score=0.5,
    parts=(),
    hook=HOOK,
    psychology={
        "curiosity": Part(name="curiosity", value=0.25, weight=1.0),
        "urgency": Part(name="urgency", value=None, weight=1.0, why="no words"),
        "authority": Part(name="authority", value=0.0, weight=1.0),
    },
    rubric=(),
    raise_by=(),
)


def per_second(*values: float | None) -> Curve:
    """One value a second from the clip's start on."""
    return Curve(values, start=CLIP.start, step=Fraction(1))


def footage(**changes: object) -> Footage:
    usual: dict[str, object] = {
        "duration": Fraction(60),
        "shots": (),
        "motion": per_second(0.3, 0.4),
        "brightness": per_second(0.2, 0.4),
        "black": (),
        "frozen": (),
        "loudness": per_second(-20.0, -10.0, None),
    }
    return Footage(**{**usual, **changes})  # type: ignore[arg-type]


def track(kind: str, start: int, end: int, *, source: str = "a@1", boxes: Sequence[Box] = ()) -> Track:
    sightings = tuple(
        Sighting(at=Fraction(start) + Fraction(n, 10), box=box, confidence=0.9) for n, box in enumerate(boxes)
    )
    span = Span(Fraction(start), Fraction(end))
    return Track(number=0, kind=kind, shot=0, source=source, sightings=sightings, span=span)


def box(width: float, height: float, x: float = 0.0) -> Box:
    return Box(x=x, y=0.0, width=width, height=height)


def still(at: int, *lines: str, coverage: float = 0.0, confidence: float = 0.9) -> Reading:
    said = tuple(TextLine(text=line, box=box(0.5, 0.1), confidence=confidence) for line in lines)
    return Reading(at=Fraction(at), shot=0, source="a@1", coverage=coverage, lines=said)


def words(text: str, start: int) -> tuple[Word, ...]:
    """Half a second each."""
    at = Fraction(start)
    return tuple(
        Word(text=word, span=Span(at + Fraction(n, 2), at + Fraction(n + 1, 2))) for n, word in enumerate(text.split())
    )


def some(found: dict[str, float | None], *names: str) -> list[float | None]:
    return [found[name] for name in names]


# --- the registry -------------------------------------------------------------------------------------------------


def test_every_feature_is_declared_whole_and_once() -> None:
    assert len(FEATURES) >= 75
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", feature.name)
        assert math.isfinite(feature.low) and math.isfinite(feature.high) and feature.low < feature.high
        assert feature.unit and feature.source and feature.version >= 1


def test_groups_stand_in_order_and_none_lacks_a_feature() -> None:
    groups = [feature.group for feature in FEATURES]
    assert groups == sorted(groups, key=GROUPS.index)
    assert {group: groups.count(group) >= LEAST[group] for group in GROUPS} == dict.fromkeys(LEAST, True)


def test_where_nobody_looked_only_the_length_is_known() -> None:
    found = vector(NOTHING)
    assert list(found) == [feature.name for feature in FEATURES]
    assert {name: value for name, value in found.items() if value is not None} == {"duration": 10.0}


def test_where_somebody_looked_and_found_nothing_there_are_zeros() -> None:
    found = vector(
        replace(
            NOTHING, tracks=(), readings=(), words=(), shots=(), sounds=(), clipped=(), own=np.zeros((0, 3), np.float32)
        )
    )
    assert {name for name, value in found.items() if value == 0} == {
        "shot_count",
        "cut_count",
        "gradual_count",
        "transitions_per_minute",
        "face_share",
        "face_share_opening",
        "clipped_share",
        "speech_share",
        "music_share",
        "face_count_mean",
        "face_count_most",
        "person_count_mean",
        "person_count_most",
        "person_share",
        "text_count",
        "own_count",
    }
    assert {name for name, value in found.items() if value} == {"duration"}


@pytest.mark.parametrize(
    ("observed", "judgement", "name"),
    [
        (replace(NOTHING, declared={"age": 1.5}), None, "age_fit"),
        (replace(NOTHING, declared={"persona": math.nan}), None, "persona_fit"),
        (replace(NOTHING, footage=footage(brightness=per_second(2.0))), None, "brightness_mean"),
        (replace(NOTHING, footage=footage(loudness=per_second(-math.inf))), None, "loudness_mean"),
        (replace(NOTHING, pitch=per_second(100.0, 0.0)), None, "pitch_deviation"),
        (replace(NOTHING, energy=per_second(0.0, math.inf)), None, "energy_deviation"),
        (replace(NOTHING, vectors=np.array([[math.nan, 1.0]], np.float32)), None, "sentence_spread"),
        (replace(NOTHING, probe=replace(PROBE, duration=Fraction(0))), None, "bit_rate"),
        (replace(NOTHING, tracks=(track("face", 10, 12, boxes=[box(math.nan, 1.0)]),)), None, "face_size_mean"),
        (replace(NOTHING, span=Span(Fraction(0), Fraction(10**400))), None, "duration"),
        (NOTHING, replace(JUDGEMENT, hook=replace(HOOK, strength=-0.1)), "hook_strength"),
        (NOTHING, replace(JUDGEMENT, hook=replace(HOOK, secondary=("story",) * 12)), "hook_secondary_count"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_number_in_its_range_is_refused_by_name(
    observed: Observed, judgement: Judgement | None, name: str
) -> None:
    feature = next(feature for feature in FEATURES if feature.name == name)
    with pytest.raises(FeatureRefused) as refused:
        vector(observed, judgement)
    said = str(refused.value)
    assert said.startswith(f"the feature {name} would be ")
    assert f"{feature.low:g} to {feature.high:g}" in said and said.endswith(feature.source)


def test_earlier_clips_of_another_model_are_refused() -> None:
    observed = replace(NOTHING, vectors=np.eye(3, dtype=np.float32), own=np.eye(2, dtype=np.float32))
    with pytest.raises(FeatureRefused, match="vectors of 3 numbers and the account's earlier clips of 2"):
        vector(observed)


# --- the groups ---------------------------------------------------------------------------------------------------


def test_psychology_and_hook_are_the_judgement_s() -> None:
    found = vector(NOTHING, JUDGEMENT)
    scored = ("psychology_curiosity", "psychology_urgency", "psychology_social_proof", "psychology_authority")
    assert some(found, *scored) == [0.25, None, None, 0.0]
    hot = {name for name, value in found.items() if name.startswith("hook_type_") and value == 1}
    assert hot == {"hook_type_question"}
    assert sum(found[name] == 0 for name in found if name.startswith("hook_type_")) == 11
    assert some(found, "hook_strength", "hook_confidence", "hook_secondary_count") == pytest.approx([0.8, 0.5, 2])


def test_visual() -> None:
    shots: tuple[Shot, ...] = (
        shot_of(0, 14, 0),
        replace(shot_of(14, 16, 1), opens_with="dissolve"),
        shot_of(16, 30, 2),
    )
    faces = (track("face", 5, 12), track("face", 11, 14), track("person", 10, 20))
    found = vector(replace(NOTHING, footage=footage(), shots=shots, tracks=faces))
    assert found["visual_energy"] == pytest.approx(math.sqrt((0.09 + 0.16) / 2))
    assert some(found, "brightness_mean", "brightness_deviation") == pytest.approx([0.3, 0.1])
    assert some(found, "shot_count", "cut_count", "gradual_count") == pytest.approx([3, 1, 1])
    assert found["shot_length_mean"] == pytest.approx(10 / 3)  # 4, 2 and 4 s of them
    assert found["transitions_per_minute"] == 12
    assert some(found, "face_share", "face_share_opening") == pytest.approx([0.4, 1.0])
    assert found["pattern_mixed"] == 1 and found["pattern_even"] == 0


def test_shots_that_only_touch_the_clip_do_not_count() -> None:
    shots = (shot_of(0, 10, 0), shot_of(10, 20, 1), shot_of(20, 30, 2))
    found = vector(replace(NOTHING, shots=shots))
    assert some(found, "shot_count", "cut_count", "transitions_per_minute", "pattern_single") == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("lengths", "kind"),
    [
        ([7], "single"),
        ([2, 2], "even"),
        ([1, 3], "mixed"),  # of two shots one is always longer
        ([2, 2.2, 1.9, 2.1], "even"),
        ([8, 4, 2, 1], "accelerating"),
        ([1, 2, 4, 8], "slowing"),
        ([1, 8, 1, 8, 1], "mixed"),
    ],
)
def test_the_pattern_of_shots(lengths: list[float], kind: str) -> None:
    assert pattern(lengths) == kind


def test_technical() -> None:
    found = vector(
        replace(
            NOTHING,
            probe=PROBE,
            footage=footage(
                black=(Span(Fraction(8), Fraction(11)),),
                frozen=(Span(Fraction(10), Fraction(12)), Span(Fraction(30), Fraction(40))),
            ),
            clipped=(Span(Fraction(19), Fraction(25)),),
            sounds=(
                ("speech", Span(Fraction(0), Fraction(15))),
                ("both", Span(Fraction(15), Fraction(17))),
                ("music", Span(Fraction(17), Fraction(18))),
                ("silence", Span(Fraction(18), Fraction(20))),
            ),
        )
    )
    assert some(found, "short_side", "aspect_ratio", "is_vertical", "fps") == pytest.approx([1080, 0.5625, 1, 25])
    assert found["bit_rate"] == 1  # 60 Mbit in 60 s
    assert found["bits_per_pixel"] == pytest.approx(1_000_000 / (1920 * 1080 * 25))
    assert some(found, "loudness_mean", "motion_mean") == pytest.approx([-15, 0.35])
    assert some(found, "dead_share", "clipped_share") == pytest.approx([0.2, 0.1])
    assert some(found, "speech_share", "music_share") == pytest.approx([0.7, 0.3])


def test_a_file_without_sound_has_no_loudness() -> None:
    assert vector(replace(NOTHING, footage=footage(loudness=None)))["loudness_mean"] is None


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("WHY NOBODY READS", 1.0),
        ("why nobodv reads", 1.0),  # a reader's slip
        ("SUBSCRIBE NOW", 0.0),
        ("no", 0.0),  # too short to tell
    ],
)
def test_captions_are_lines_that_repeat_what_is_said(line: str, share: float) -> None:
    spoken = words("So why nobody reads this", 14)
    found = vector(replace(NOTHING, words=spoken, readings=(still(15, "LIVE", line),)))
    assert found["caption_share"] == share


def test_where_nothing_is_said_there_is_nothing_to_repeat() -> None:
    spoken = words("Hello", 10)
    assert vector(replace(NOTHING, words=spoken, readings=(still(13, "hello"),)))["caption_share"] is None
    assert vector(replace(NOTHING, words=spoken))["caption_share"] is None
    assert vector(replace(NOTHING, readings=(still(17, "hello"),)))["caption_share"] is None


def test_emotion() -> None:
    tracks = (
        track("face", 10, 15, boxes=[box(0.2, 0.5), box(0.4, 0.5)]),
        track("face", 15, 20, boxes=[box(0.6, 1.0, x=0.7)]),  # half of it outside the picture
        track("face", 9, 10, boxes=[box(1.0, 1.0)]),  # seen before the clip begins
        track("face", 14, 19, source="b@1"),  # another model, which sees less
    )
    found = vector(
        replace(
            NOTHING,
            tracks=tracks,
            pitch=per_second(100.0, None, 200.0),
            energy=per_second(-20.0, -30.0),
            rate=per_second(4.0, 6.0, None),
        )
    )
    assert some(found, "face_count_mean", "face_count_most") == pytest.approx([1, 1])
    sizes = (0.1, 0.2, 0.3)
    assert found["face_size_mean"] == pytest.approx(0.2)
    assert found["face_size_deviation"] == pytest.approx(float(np.std(sizes)))
    assert some(found, "pitch_deviation", "energy_deviation") == pytest.approx([6, 5])  # an octave is 12
    assert some(found, "speech_rate_mean", "speech_rate_deviation") == pytest.approx([5, 1])
    assert some(found, "emotion_neutral", "emotion_happy", "emotion_sad", "emotion_angry") == [None] * 4


def test_objects() -> None:
    tracks = (
        track("person", 10, 16),
        track("person", 14, 16),
        track("bottle", 10, 15),
        track("bottle", 12, 17),
        track("cup", 5, 25),
        track("face", 10, 20),
    )
    readings = (
        still(11, "Sale 50%", "Only today", coverage=0.2),
        still(13, "SALE 50 %", coverage=0.1),
        still(15, "blur", confidence=0.3),
    )
    found = vector(replace(NOTHING, tracks=tracks, readings=readings))
    assert some(found, "person_count_mean", "person_count_most", "person_share") == pytest.approx([0.8, 2, 0.6])
    assert some(found, "object_count_mean", "object_count_most", "object_kinds") == pytest.approx([2, 3, 2])
    assert found["object_diversity"] == pytest.approx(1)  # 10 s of each kind
    assert some(found, "text_count", "text_share") == pytest.approx([2, 2 / 3])
    assert found["text_coverage_mean"] == pytest.approx(0.1)


def test_novelty() -> None:
    said = np.array([[1, 0], [0, 1]], np.float32)
    own = np.array([[1, 0], [0, -1], [1, 1]], np.float32)
    found = vector(replace(NOTHING, vectors=said, own=own))
    half = math.sqrt(0.5)
    assert found["own_similarity_highest"] == pytest.approx(1)
    assert found["own_similarity_mean"] == pytest.approx(1 / 3)
    a, b = 0.5**0.2, 0.5**0.1
    assert found["own_similarity_decayed"] == pytest.approx((half * a - half * b + 1) / (a + b + 1))
    middle = np.array([1 + half, half - 1])
    assert found["own_distance_centre"] == pytest.approx(1 - half * middle.sum() / np.linalg.norm(middle))
    assert some(found, "own_count", "sentence_distance_mean", "opening_distance") == pytest.approx([3, 1, 1])
    assert found["sentence_spread"] == pytest.approx(1 - half)


def test_a_single_sentence_goes_nowhere() -> None:
    found = vector(replace(NOTHING, vectors=np.array([[0.6, 0.8]], np.float32)))
    assert some(found, "sentence_distance_mean", "opening_distance") == [None, None]
    assert found["sentence_spread"] == pytest.approx(0, abs=1e-12)
    assert vector(replace(NOTHING, vectors=np.zeros((2, 2), np.float32)))["sentence_spread"] is None


def test_fits_are_what_the_owner_declared() -> None:
    found = vector(replace(NOTHING, declared={"age": 0.9, "persona": 0.3}))
    assert some(found, "age_fit", "interest_fit", "persona_fit") == [0.9, None, 0.3]
    assert some(found, "declared_fit_mean", "declared_fit_lowest") == pytest.approx([0.6, 0.3])


def test_faces_say_nothing_of_who_somebody_is() -> None:
    faces = (track("face", 10, 20, boxes=[box(0.2, 0.2)]),)
    found = vector(replace(NOTHING, tracks=faces))
    assert {found[feature.name] for feature in FEATURES if feature.group == "demographic"} == {None}


def test_a_clip_of_pure_black_is_dark_and_dead() -> None:
    black = footage(
        black=(Span(Fraction(0), Fraction(60)),), brightness=per_second(*[0.0] * 10), motion=per_second(*[0.0] * 10)
    )
    found = vector(replace(NOTHING, footage=black))
    assert some(found, "brightness_mean", "visual_energy", "motion_mean", "dead_share") == [0, 0, 0, 1]


def test_a_clip_of_one_word_has_its_features() -> None:
    found = vector(replace(NOTHING, words=words("Hello", 14), readings=(still(14, "HELLO"),)))
    assert found["caption_share"] == 1
