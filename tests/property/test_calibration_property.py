"""Calibration: it rises, stays on the scale, moves little on little, and mends what is off by a rule."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.scoring import calibration

POINTS = st.floats(0, 100)
PAIRS = st.lists(st.tuples(POINTS, POINTS), max_size=260)


@given(PAIRS, st.lists(POINTS, min_size=2, max_size=20))
def test_it_rises_and_stays_on_the_scale(pairs: list[tuple[float, float]], asked: list[float]) -> None:
    learned = calibration.learned(pairs)
    told = [learned(score) for score in sorted(asked)]
    assert all(0 <= value <= 100 for value in told)
    assert all(a <= b + 1e-9 for a, b in pairwise(told))
    assert calibration.learned(pairs[::-1])(asked[0]) == pytest.approx(learned(asked[0]), abs=1e-6)


@given(POINTS, POINTS, POINTS)
def test_one_outcome_moves_a_score_by_little(score: float, outcome: float, asked: float) -> None:
    learned = calibration.learned([(score, outcome)])
    assert abs(learned(asked) - asked) <= 100 / (1 + calibration.PRIOR) + 1e-9


def members(count: int) -> list[tuple[float, float]]:
    """Somebody who gives 60 to 90, and means 0 to 100."""
    rng = random.Random(4)
    outcomes = [rng.uniform(0, 100) for _ in range(count)]
    return [(60 + 0.3 * outcome, outcome) for outcome in outcomes]


@pytest.mark.parametrize(("count", "within"), [(199, 17.0), (400, 1.0)])
def test_who_is_too_kind_and_too_narrow_is_understood(count: int, within: float) -> None:
    learned = calibration.learned(members(count))
    plain = sum(abs(score - outcome) for score, outcome in members(500)) / 500
    mended = sum(abs(learned(score) - outcome) for score, outcome in members(500)) / 500
    assert plain > 25
    assert mended < within


def test_without_outcomes_a_score_is_itself() -> None:
    assert calibration.learned([]) == calibration.NONE
    assert [calibration.NONE(score) for score in (0.0, 37.5, 100.0)] == [0.0, 37.5, 100.0]


@pytest.mark.parametrize("pair", [(float("nan"), 5.0), (101.0, 5.0), (5.0, -1.0)])
def test_what_is_on_no_scale_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(BadInput, match="no score with an outcome"):
        calibration.learned([pair])
