"""Whatever the frames, shots cover the video without gaps, and measures do not depend on how frames are batched."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from common.scoring import shots
from common.signals.picture import Measures, Meter


def drawn(seed: int, lengths: list[int]) -> np.ndarray:
    """Stills of random blocks, one after the other, with noise; (n, 90, 160) uint8."""
    rng = np.random.default_rng(seed)
    stills = [np.repeat(rng.integers(0, 256, (1, 9, 16)), length, axis=0) for length in lengths]
    frames = np.kron(np.concatenate(stills), np.ones((1, 10, 10), int))
    return np.clip(frames + rng.integers(-3, 4, frames.shape), 0, 255).astype(np.uint8)


def planes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return y, y[:, ::2, ::2].copy(), y[:, 1::2, 1::2].copy()


some_lengths = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), lengths=some_lengths, gaps=st.integers(0, 2**32), base=st.integers(0, 500))
def test_shots_cover_the_video(seed: int, lengths: list[int], gaps: int, base: int) -> None:
    y = drawn(seed, lengths)
    ticks = base + np.cumsum(np.random.default_rng(gaps).integers(1, 40, len(y)))
    times = shots.Times(ticks=ticks, timebase=Fraction(1, 90), end=Fraction(int(ticks[-1]) * 2 + 1, 180))
    said = shots.read(Meter().add(*planes(y)), times)
    assert said.shots[0].span.start == times.at(0)
    assert said.shots[0].opens_with == "start"
    assert said.shots[-1].span.end == times.end
    edges = [times.at(frame) for frame in range(len(ticks) + 1)]
    for number, shot in enumerate(said.shots):
        assert shot.number == number
        assert 0 <= shot.confidence <= 1
        assert 0 <= shot.brightness <= 1
        assert 0 <= shot.motion <= 1
        shown = edges.index(shot.span.end) - edges.index(shot.span.start)
        assert shown >= min(3, len(y))
        if number:
            assert shot.span.start == said.shots[number - 1].span.end
            assert shot.opens_with != "start"
    for span in (*said.black, *said.frozen):
        assert span.duration >= shots.LEAST
        assert span.start in edges and span.end in edges
    values = [v for row in (said.activity.motion, said.activity.brightness, said.activity.sharpness) for v in row]
    assert all(value is None or 0 <= value <= 1 for value in values)
    assert len(said.activity.motion) == len(said.activity.brightness) >= times.end / shots.STEP


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), lengths=some_lengths, data=st.data())
def test_measures_do_not_depend_on_batches(seed: int, lengths: list[int], data: st.DataObject) -> None:
    y, u, v = planes(drawn(seed, lengths))
    whole = Meter().add(y, u, v)
    cuts = data.draw(st.sets(st.integers(1, len(y) - 1))) if len(y) > 1 else set()
    edges = [0, *sorted(cuts), len(y)]
    meter = Meter()
    parts = [meter.add(y[a:b], u[a:b], v[a:b]).arrays() for a, b in pairwise(edges)]
    joined = Measures.joined(parts)
    for name, values in whole.arrays().items():
        assert np.array_equal(values, joined.arrays()[name]), name
