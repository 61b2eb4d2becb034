"""Dissolves and fades from frames drawn here: found, measured from end to end, and told from what only moves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.codec import dumps, to_json
from common.domain.timebase import Span
from common.scoring import shots
from common.scoring.boundaries import find
from common.signals.picture import Measures, Meter
from common.stages.report import result
from scripts.benches import planted, transitions
from tests.work import make_work

Frames = NDArray[np.float64]
RATE = 25


def texture(seed: int, width: int = 420) -> Frames:
    """A landscape of rectangles of all sizes, wider than a frame, with a fine grain that a blend would blur."""
    rng = np.random.default_rng(seed)
    drawn = np.full((90, width), 125.0)
    for _ in range(width):
        top, left, high, wide = rng.integers(0, 90), rng.integers(-40, width), rng.integers(5, 40), rng.integers(5, 60)
        drawn[top : top + high, max(0, left) : max(0, left + wide)] = rng.uniform(40, 210)
    return np.asarray(drawn + rng.uniform(-25, 25, drawn.shape))


def pan(seed: int, count: int, speed: float, start: float = 0.0) -> Frames:
    """A camera that goes `speed` pixels a frame to the right, (count, 90, 160)."""
    whole = texture(seed)
    return np.stack([whole[:, round(start + speed * n) :][:, :160] for n in range(count)])


def still(seed: int, count: int) -> Frames:
    return pan(seed, count, 0.0)


def colour(luma: int, count: int) -> Frames:
    return np.full((count, 90, 160), float(luma))


def mixed(old: Frames, new: Frames) -> Frames:
    share = np.arange(1, len(old) + 1)[:, None, None] / (len(old) + 1)
    return old * (1 - share) + new * share


def measured(*parts: Frames) -> Measures:
    y = np.clip(np.round(np.concatenate(parts)), 0, 255).astype(np.uint8)
    grey = np.full((len(y), 45, 80), 128, np.uint8)
    return Meter().add(y, grey, grey)


def found(*parts: Frames, rate: float = RATE) -> list[tuple[str, int, int]]:
    return [(one.opens_with, one.first, one.last) for one in find(measured(*parts), rate)]


@pytest.mark.parametrize("length", [9, 20, 45])
def test_a_dissolve_is_as_long_as_it_lasts(length: int) -> None:
    a, b = still(1, 50 + length), still(2, 50 + length)
    [(how, first, last)] = found(a[:50], mixed(a[50:], b[:length]), b[length:])
    assert how == "dissolve"
    assert abs(first - 50) <= 2
    assert abs(last - (50 + length)) <= 2


def test_a_dissolve_between_moving_pictures_is_found() -> None:
    a, b = pan(1, 90, 0.4), pan(2, 90, 0.6)
    [(how, first, last)] = found(a[:60], mixed(a[60:], b[:30]), b[30:])
    assert how == "dissolve"
    assert abs(first - 60) <= 6
    assert abs(last - 90) <= 6


def test_twice_the_frame_rate_is_twice_the_frames() -> None:
    a, b = still(1, 140), still(2, 140)
    [(how, first, last)] = found(a[:100], mixed(a[100:], b[:40]), b[40:], rate=60)
    assert how == "dissolve"
    assert abs(first - 100) <= 4
    assert abs(last - 140) <= 4


@pytest.mark.parametrize("speed", [1, 2])
def test_a_camera_that_pans_does_not_dissolve(speed: int) -> None:
    """Over tiles, whose blocks change evenly from one tile to the next."""
    tiles = np.kron(np.random.default_rng(3).uniform(40, 210, (6, 20)), np.ones((15, 20)))
    assert found(np.stack([tiles[:, speed * n :][:, :160] for n in range(110)])) == []


def test_a_picture_that_keeps_changing_does_not_dissolve() -> None:
    turns = np.linspace(0, 2 * np.pi, 120)[:, None, None]
    drift = 128 + (texture(1)[:, :160] - 125) * np.cos(turns) + (texture(2)[:, :160] - 125) * np.sin(turns)
    assert found(drift) == []


@pytest.mark.parametrize("luma", [16, 235])
@pytest.mark.parametrize(("ramp", "held"), [(4, 0), (12, 0), (15, 10)])
def test_a_fade_through_a_colour_is_one_change_from_end_to_end(luma: int, ramp: int, held: int) -> None:
    a, b, plain = still(1, 50 + ramp), still(2, 50 + ramp), colour(luma, ramp)
    parts = a[:50], mixed(a[50:], plain), colour(luma, held), mixed(plain, b[:ramp]), b[ramp:]
    [(how, first, last)] = found(*parts)
    assert how == "fade"
    assert abs(first - 50) <= 2
    assert abs(last - (50 + 2 * ramp + held)) <= 2


def test_where_black_stays_the_way_out_and_the_way_in_are_two_changes() -> None:
    a, b, plain = still(1, 60), still(2, 60), colour(16, 10)
    kinds = found(a[:50], mixed(a[50:], plain), colour(16, 40), mixed(plain, b[:10]), b[10:])
    assert [how for how, _, _ in kinds] == ["fade", "fade"]
    assert abs(kinds[0][1] - 50) <= 2 and abs(kinds[1][2] - 110) <= 2


def test_a_blink_is_no_fade() -> None:
    a, plain = still(1, 60), colour(16, 4)
    assert found(a, mixed(a[:4], plain), mixed(plain, a[:4]), a) == []


def test_a_shot_knows_how_long_its_transition_lasted() -> None:
    a, b, c = still(1, 70), still(2, 100), still(3, 50)
    frames = measured(a[:50], mixed(a[50:], b[:20]), b[20:], c)
    count = len(frames.change)
    times = shots.Times(ticks=np.arange(count), timebase=Fraction(1, RATE), end=Fraction(count, RATE))
    said = shots.read(frames, times).shots
    assert [shot.opens_with for shot in said] == ["start", "dissolve", "cut"]
    assert [shot.transition is None for shot in said] == [True, False, True]
    lasted = said[1].transition
    assert lasted is not None and abs(lasted.duration - Fraction(20, RATE)) <= Fraction(3, RATE)
    assert lasted.start < said[1].span.start <= lasted.end


def test_the_result_tells_a_transition_in_decimal_seconds(tmp_path: Path) -> None:
    work = make_work(tmp_path, source=tmp_path / "none.mp4")
    common = {"opens_with": "dissolve", "confidence": 1, "brightness": 0, "motion": 0, "black": False, "frozen": False}
    span = {"start": "1/1", "end": "2/1"}
    listed = [
        {"number": 0, "span": span, **common, "transition": {"start": "3/4", "end": "5/3"}},
        {"number": 1, "span": span, **common},  # as kept before transitions were
    ]
    kept = to_json(work.put("shots.json", dumps(listed)))
    said = result._shots(work, {"shots": kept})
    assert [one["transition"] for one in said] == [{"start": 0.75, "end": 1.666667}, None]


def seconds(start: int, end: int) -> Span:
    return Span(Fraction(start), Fraction(end))


def test_overlap_is_counted_one_to_one_and_strictly() -> None:
    known = [planted.Planted(kind="wipe", span=seconds(0, 4)), planted.Planted(kind="slide", span=seconds(10, 14))]
    tally = transitions.Tally()
    both_halves = [seconds(0, 2), seconds(2, 4)]
    transitions.count_overlaps(tally, [*both_halves, seconds(13, 16)], known, Fraction(1, 2))
    assert (tally.hits, tally.known, tally.false) == ({"wipe": 1}, {"wipe": 1, "slide": 1}, 2)
    assert (tally.precision, tally.recall) == (1 / 3, 1 / 2)
    assert tally.f1 == pytest.approx(0.4)


def test_transitions_planted_in_real_footage_are_found(shared: Path, tmp_path: Path) -> None:
    figures = {row.name.split(",")[0]: row for row in transitions.gradual(tmp_path, seed=3, count=20)}
    assert figures["gradual: F1 of 20 intervals"].ok
    assert figures["gradual: recall of the 19 cuts between"].value == 1
