"""Whatever is known of a clip, its judgement is sound, the same each time, and the same wherever the clip lies."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.footage import Curve, Footage
from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, Sighting, TextLine, Track
from common.domain.transcript import Word
from common.scoring.judging import judge
from common.scoring.sentences import sentences

TOKENS = st.sampled_from(
    [
        "why",
        "you",
        "And",
        "It",
        "90%",
        "secret",
        "how",
        "to",
        "end.",
        "so?",
        "study",
        "wait",
        "終わり。",
        "है।",
        "",
        "\0",
    ]
)
# Eighths of a second: exact as binary fractions, so that moving them in time changes no bit.
TIMES = st.integers(0, 200).map(lambda n: Fraction(n, 8))
SPANS = st.tuples(TIMES, st.integers(0, 80)).map(lambda one: Span(one[0], one[0] + Fraction(one[1], 8)))
VALUES = st.lists(st.none() | st.floats(0, 1) | st.sampled_from([float("nan"), float("inf"), 1e-320]), max_size=60)
SIZES = st.floats(0, 1)


def curve(values: list[float | None], scale: float = 1.0) -> Curve:
    return Curve([None if one is None else one * scale for one in values], start=Fraction(0), step=Fraction(1, 2))


@st.composite
def shots(draw: st.DrawFn) -> tuple[Shot, ...]:
    edges = sorted({Fraction(0), Fraction(40), *draw(st.lists(TIMES, max_size=12))})
    return tuple(
        Shot(
            number=n,
            span=Span(a, b),
            opens_with="cut" if n else "start",
            confidence=1.0,
            brightness=0.5,
            motion=0.1,
            black=draw(st.booleans()),
            frozen=False,
        )
        for n, (a, b) in enumerate(pairwise(edges))
    )


@st.composite
def footages(draw: st.DrawFn) -> Footage:
    return Footage(
        duration=Fraction(40),
        shots=draw(shots()),
        motion=curve(draw(VALUES)),
        brightness=curve(draw(VALUES)),
        black=tuple(draw(st.lists(SPANS, max_size=3))),
        frozen=tuple(draw(st.lists(SPANS, max_size=3))),
        loudness=draw(st.none() | VALUES.map(lambda values: curve(values, -30.0))),
    )


@st.composite
def talks(draw: st.DrawFn) -> tuple[Word, ...]:
    at, words = draw(TIMES), []
    for text, pause, length in draw(st.lists(st.tuples(TOKENS, st.integers(0, 24), st.integers(0, 8)), max_size=40)):
        end = at + Fraction(length, 8)
        words.append(Word(text=text, span=Span(at, end)))
        at = end + (Fraction(pause, 8) if pause > 16 else 0)
    return tuple(words)


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Track, ...]:
    found = []
    for n, span in enumerate(draw(st.lists(SPANS, max_size=5))):
        box = Box(x=0.1, y=0.1, width=draw(SIZES), height=draw(SIZES))
        sighting = Sighting(at=span.start, box=box, confidence=0.9, frontal=draw(st.none() | SIZES))
        kind = draw(st.sampled_from(["face", "person", "cat"]))
        speaking = draw(st.none() | SIZES)
        found.append(
            Track(number=n, kind=kind, shot=0, source="t@1", sightings=(sighting,), span=span, speaking=speaking)
        )
    return tuple(found)


@st.composite
def readings(draw: st.DrawFn) -> tuple[Reading, ...]:
    box = Box(x=0.1, y=0.1, width=0.5, height=0.1)
    return tuple(
        Reading(
            at=at,
            shot=draw(st.integers(0, 4)),
            source="t@1",
            coverage=0.05,
            lines=tuple(
                TextLine(text=draw(TOKENS), box=box, confidence=draw(SIZES)) for _ in range(draw(st.integers(0, 3)))
            ),
        )
        for at in sorted(draw(st.lists(TIMES, max_size=5)))
    )


@st.composite
def observations(draw: st.DrawFn) -> Observed:
    """Anything that may be known, or not."""
    words = draw(st.none() | talks())
    said = None if words is None else sentences(words)
    footage = draw(st.none() | footages())
    rows = draw(st.integers(0, 3))
    return Observed(
        span=draw(SPANS),
        footage=footage,
        shots=footage.shots if footage and draw(st.booleans()) else draw(st.none() | shots()),
        words=words,
        sentences=said,
        before=said[0] if said and draw(st.booleans()) else None,
        quality=draw(st.sampled_from(["given", "good", "draft", None])) if words else None,
        language=draw(st.sampled_from([None, "en", "en-GB", "de", "zh"])),
        tracks=draw(st.none() | tracks()),
        readings=draw(st.none() | readings()),
        sounds=draw(st.none() | st.lists(SPANS.map(lambda one: ("speech", one)), max_size=3).map(tuple)),
        pitch=draw(st.none() | VALUES.map(lambda values: curve(values, 300.0))),
        clipped=draw(st.none() | st.lists(SPANS, max_size=3).map(tuple)),
        vectors=draw(st.none() | st.just(np.full((rows, 4), draw(st.sampled_from([0.5, 0.0, np.nan])), np.float32))),
        own=draw(st.none() | st.just(np.eye(4, dtype=np.float32)[:rows])),
        brand=draw(st.none() | st.sampled_from(["why you", "", "HP"])),
    )


def moved(value: Any, by: Fraction) -> Any:
    """The same, later; Sentence's pauses are lengths and stay."""
    if isinstance(value, Span):
        return Span(value.start + by, value.end + by)
    if isinstance(value, tuple):
        return tuple(moved(one, by) for one in value)
    if isinstance(value, Curve):
        return Curve(value.values, start=by, step=Fraction(1, 2))
    if isinstance(value, Footage):
        return Footage(
            duration=value.duration + by,
            shots=moved(value.shots, by),
            motion=moved(value.motion, by),
            brightness=moved(value.brightness, by),
            black=moved(value.black, by),
            frozen=moved(value.frozen, by),
            loudness=moved(value.loudness, by),
        )
    if hasattr(value, "at") and not callable(value.at):
        value = replace(value, at=value.at + by)
    if hasattr(value, "sightings"):
        value = replace(value, sightings=moved(value.sightings, by))
    if hasattr(value, "span"):
        value = replace(value, span=moved(value.span, by))
    return value


def numbers(judgement: Judgement) -> list[float | bool | None]:
    return [
        judgement.score,
        judgement.hook.strength,
        judgement.hook.confidence,
        *(one.value for one in (*judgement.parts, *judgement.psychology.values())),
        *(one.weight for part in judgement.parts for one in part.evidence),
        *(one.met for one in judgement.rubric),
    ]


@given(observations())
def test_every_judgement_is_sound_and_the_same_each_time(observed: Observed) -> None:
    judgement = judge(observed)
    assert judgement == judge(observed)
    assert 0 <= judgement.score <= 1
    assert 0 <= judgement.hook.strength <= 1 and 0 <= judgement.hook.confidence <= 1
    assert judgement.hook.type not in judgement.hook.secondary
    assert len(judgement.raise_by) == len(set(judgement.raise_by)) <= 3
    told = [one for one in judgement.parts if one.value is not None]
    for one in (*judgement.parts, *judgement.psychology.values()):
        assert one.why if one.value is None else 0 <= one.value <= 1
        assert all(-1 <= reason.weight <= 1 and reason.span is not None for reason in one.evidence)
    for item in judgement.rubric:
        assert (item.met is None) == (item.why is not None)
    if told:
        values = [one.value or 0.0 for one in told]
        assert min(values) - 1e-9 <= judgement.score <= max(values) + 1e-9


@given(observations())
def test_evidence_lies_where_something_is_known(observed: Observed) -> None:
    judgement = judge(observed)
    for one in judgement.hook.evidence:
        assert one.span is not None and one.span.start >= observed.span.start and one.span.end <= observed.span.end


@given(observations(), st.data())
def test_knowing_less_never_makes_the_hook_surer(observed: Observed, data: st.DataObject) -> None:
    known = [
        one.name
        for one in fields(observed)
        if one.name not in ("span", "declared") and getattr(observed, one.name) is not None
    ]
    gone = data.draw(st.sets(st.sampled_from(known))) if known else set()
    unknown: dict[str, Any] = dict.fromkeys(gone)
    less = replace(observed, **unknown)
    assert judge(less).hook.confidence <= judge(observed).hook.confidence + 1e-12


@given(observations(), st.integers(0, 10_000))
def test_where_in_a_video_a_clip_lies_changes_no_number(observed: Observed, seconds: int) -> None:
    by = Fraction(seconds)
    changed = {
        one.name: moved(getattr(observed, one.name), by)
        for one in fields(observed)
        if one.name not in ("declared", "vectors", "own", "language", "quality", "brand", "sounds")
        and getattr(observed, one.name) is not None
    }
    if observed.sounds is not None:
        changed["sounds"] = tuple((kind, moved(span, by)) for kind, span in observed.sounds)
    assert numbers(judge(replace(observed, **changed))) == pytest.approx(numbers(judge(observed)), abs=1e-9)


def test_moving_moves_every_time() -> None:
    sighting = Sighting(at=Fraction(1), box=Box(x=0, y=0, width=1, height=1), confidence=1.0)
    span = Span(Fraction(1), Fraction(2))
    track = Track(number=0, kind="face", shot=0, source="t@1", sightings=(sighting,), span=span)
    later = moved((track,), Fraction(5))[0]
    assert later.span == Span(Fraction(6), Fraction(7)) and later.sightings[0].at == 6
