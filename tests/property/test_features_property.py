"""Whatever is observed, the vector is numbers in their ranges or the typed refusal, the same wherever the clip lies."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.domain.asset import Probe, VideoStream
from common.domain.footage import Curve, Footage
from common.domain.judgement import Hook, HookType, Judgement, Part, Psychology
from common.domain.observed import Observed
from common.domain.shot import Shot, Transition
from common.domain.timebase import Span
from common.domain.track import Box, Reading, Sighting, TextLine, Track
from common.domain.transcript import Word
from common.errors import FeatureRefused
from common.signals.features.registry import FEATURES, checked, vector

unhurried = settings(suppress_health_check=[HealthCheck.too_slow])
TICK = Fraction(1, 50)  # seconds
TIMES = st.integers(-100, 1500).map(lambda n: n * TICK)
LENGTHS = st.integers(0, 1500).map(lambda n: n * TICK)  # none is among them
SPANS = st.builds(lambda start, length: Span(start, start + length), TIMES, LENGTHS)
TEXTS = st.sampled_from(["why", "You", "never", "end.", "50%", "", "…", "终于。", "是这样的", "है।", "it's all here"])
SOUNDS = st.sampled_from(["speech", "music", "both", "noise", "silence", "unheard of"])


def numbers(low: float, high: float, *, wild: bool) -> st.SearchStrategy[float]:
    """Sane ones; wild: any float at all, too."""
    sane = st.floats(low, high)
    return st.one_of(sane, st.floats()) if wild else sane


def few(one: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[Any]:
    """A few, none, or not looked for."""
    return st.none() | st.lists(one, max_size=most).map(tuple)


def curves(low: float, high: float, *, wild: bool) -> st.SearchStrategy[Curve]:
    values = st.lists(st.none() | numbers(low, high, wild=wild), max_size=30)
    return st.builds(Curve, values, start=TIMES, step=st.sampled_from([Fraction(1, 10), Fraction(1, 2)]))


def boxes(*, wild: bool) -> st.SearchStrategy[Box]:
    place, size = numbers(-0.5, 1.5, wild=wild), numbers(0, 1.5, wild=wild)
    return st.builds(Box, x=place, y=place, width=size, height=size)


def shots() -> st.SearchStrategy[Shot]:
    return st.builds(
        Shot,
        number=st.integers(0, 9),
        span=SPANS,
        opens_with=st.sampled_from(get_args(Transition)),
        confidence=st.just(1.0),
        brightness=st.just(0.5),
        motion=st.just(0.1),
        black=st.booleans(),
        frozen=st.booleans(),
    )


def tracks(*, wild: bool) -> st.SearchStrategy[Track]:
    sighting = st.builds(Sighting, at=TIMES, box=boxes(wild=wild), confidence=st.just(0.9))
    return st.builds(
        Track,
        number=st.integers(0, 9),
        kind=st.sampled_from(["face", "person", "cup", "dog", ""]),
        shot=st.just(0),
        source=st.sampled_from(["a@1", "b@1"]),
        sightings=st.lists(sighting, max_size=3).map(tuple),
        span=SPANS,
    )


def readings(*, wild: bool) -> st.SearchStrategy[Reading]:
    line = st.builds(TextLine, text=TEXTS, box=boxes(wild=wild), confidence=numbers(0, 1, wild=wild))
    return st.builds(
        Reading,
        at=TIMES,
        shot=st.just(0),
        source=st.just("a@1"),
        coverage=numbers(0, 1, wild=wild),
        lines=st.lists(line, max_size=3).map(tuple),
    )


def footages(*, wild: bool) -> st.SearchStrategy[Footage]:
    spans = st.lists(SPANS, max_size=3).map(tuple)
    return st.builds(
        Footage,
        duration=LENGTHS,
        shots=st.lists(shots(), max_size=2).map(tuple),
        motion=curves(0, 1, wild=wild),
        brightness=curves(0, 1, wild=wild),
        black=spans,
        frozen=spans,
        loudness=st.none() | curves(-100, 0, wild=wild),
    )


def probes(*, wild: bool) -> st.SearchStrategy[Probe]:
    least = 0 if wild else 16
    video = st.builds(
        VideoStream,
        index=st.just(0),
        codec=st.just("h264"),
        width=st.integers(least, 8192),
        height=st.integers(least, 8192),
        pixel_aspect=st.sampled_from([Fraction(1), Fraction(1, 8), Fraction(4, 3)]),
        rotation=st.sampled_from([0, 90, 180, 270]),
        timebase=st.just(Fraction(1, 90000)),
        start_ticks=st.just(0),
        frame_rate=st.fractions(0 if wild else 1, 300),
        variable_rate=st.booleans(),
        duration=st.just(Fraction(1)),
        pixel_format=st.just("yuv420p"),
        bit_depth=st.just(8),
        interlaced=st.just(False),
        dynamic_range=st.just("sdr"),
    )
    return st.builds(
        Probe,
        container=st.just("mp4"),
        size=st.integers(0, 10**400 if wild else 10**5),
        start=st.just(Fraction(0)),
        duration=st.fractions(0 if wild else 1, 10800),
        video=video,
        audio=st.just(()),
        seekable=st.just(True),
    )


@st.composite
def vectors(draw: st.DrawFn, *, wild: bool) -> np.ndarray:
    number = st.floats(-1, 1, width=32) | (st.floats(width=32) if wild else st.nothing())
    size = draw(st.integers(1, 3)) if wild else 3
    rows = draw(st.lists(st.lists(number, min_size=size, max_size=size), max_size=4))
    return np.array(rows, np.float32).reshape(-1, size)


def observeds(*, wild: bool) -> st.SearchStrategy[Observed]:
    word = st.builds(Word, text=TEXTS, span=SPANS)
    fits = st.dictionaries(st.sampled_from(["age", "interest", "persona", "other"]), numbers(0, 1, wild=wild))
    return st.builds(
        Observed,
        span=SPANS,
        probe=st.none() | probes(wild=wild),
        footage=st.none() | footages(wild=wild),
        shots=few(shots(), 6),
        words=few(word),
        tracks=few(tracks(wild=wild)),
        readings=few(readings(wild=wild)),
        sounds=few(st.tuples(SOUNDS, SPANS)),
        pitch=st.none() | curves(60, 500, wild=wild),
        rate=st.none() | curves(0, 12, wild=wild),
        energy=st.none() | curves(-100, 0, wild=wild),
        clipped=few(SPANS),
        vectors=st.none() | vectors(wild=wild),
        own=st.none() | vectors(wild=wild),
        declared=fits,
    )


def judgements(*, wild: bool) -> st.SearchStrategy[Judgement]:
    score, kinds = numbers(0, 1, wild=wild), st.sampled_from(get_args(HookType))
    hook = st.builds(
        Hook,
        type=kinds,
        strength=score,
        confidence=score,
        secondary=st.lists(kinds, max_size=14 if wild else 11).map(tuple),
        span=SPANS,
        evidence=st.just(()),
    )
    part = st.builds(Part, name=st.just("part"), value=st.none() | score, weight=st.just(1.0))
    return st.builds(
        Judgement,
        score=score,
        parts=st.just(()),
        hook=hook,
        psychology=st.dictionaries(st.sampled_from(get_args(Psychology)), part),
        rubric=st.just(()),
        raise_by=st.just(()),
    )


def moved(thing: Any, by: Fraction) -> Any:
    """The same, so much later in its video."""
    if isinstance(thing, Span):
        return Span(thing.start + by, thing.end + by)
    if isinstance(thing, Curve):
        return Curve(thing.values, start=thing._start + by, step=thing._step)
    if isinstance(thing, tuple):
        return tuple(moved(one, by) for one in thing)
    if is_dataclass(thing) and not isinstance(thing, type | Probe):
        now = {field.name: getattr(thing, field.name) for field in fields(thing) if field.init}
        return replace(thing, **{name: one + by if name == "at" else moved(one, by) for name, one in now.items()})
    return thing


def check(found: dict[str, float | None]) -> None:
    assert list(found) == [feature.name for feature in FEATURES]
    for feature in FEATURES:
        value = found[feature.name]
        assert value is None or (type(value) is float and feature.low <= value <= feature.high), feature.name
    for group in ("hook_type_", "pattern_"):
        hot = [value for name, value in found.items() if name.startswith(group)]
        assert set(hot) == {None} or (sorted(hot) == [0.0] * (len(hot) - 1) + [1.0])  # type: ignore[type-var]


@unhurried
@given(observeds(wild=False), st.none() | judgements(wild=False))
def test_what_is_sane_is_never_refused_and_gives_the_same_again(observed: Observed, judged: Judgement | None) -> None:
    found = vector(observed, judged)
    check(found)
    assert vector(observed, judged) == found


@unhurried
@given(observeds(wild=True), st.none() | judgements(wild=True))
def test_what_is_wild_gives_numbers_in_range_or_is_refused_by_name(
    observed: Observed, judged: Judgement | None
) -> None:
    found: dict[str, float | None] = {}
    for feature in FEATURES:
        try:
            found[feature.name] = checked(feature, observed, judged)
        except FeatureRefused as refused:
            assert feature.name in str(refused) or "cannot be compared" in str(refused)
    if len(found) == len(FEATURES):
        check(found)
    for feature in FEATURES:
        value = found.get(feature.name)
        assert value is None or feature.low <= value <= feature.high, feature.name


@unhurried
@given(observeds(wild=False), st.fractions(-100, 10_000, max_denominator=90_000))
def test_a_clip_has_the_same_features_wherever_it_lies(observed: Observed, by: Fraction) -> None:
    before, after = vector(observed), vector(moved(observed, by))
    for name, value in before.items():
        assert after[name] == (None if value is None else pytest.approx(value, rel=1e-9, abs=1e-7)), name


@given(st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -0.1, 1.1]))
def test_no_declared_fit_outside_its_range_gets_in(fit: float) -> None:
    observed = Observed(span=Span(Fraction(0), Fraction(1)), declared={"age": fit})
    if 0 <= fit <= 1:
        assert vector(observed)["age_fit"] == fit
    else:
        with pytest.raises(FeatureRefused, match="the feature age_fit"):
            vector(observed)
