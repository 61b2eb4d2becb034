"""Off-policy evaluation: right on what is known, silent where the log says too little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.domain.learning import Silence
from common.errors import BadInput
from common.scoring import offpolicy
from common.scoring.offpolicy import Logged, Value

RATES = np.array([0.02, 0.05, 0.10])
CHOSEN = np.array([0.5, 0.3, 0.2])
WANTED = np.array([0.1, 0.2, 0.7])
TRUTH = float(WANTED @ RATES)


def logged(seed: int, views: int = 4000, wanted: Any = WANTED, rates: Any = RATES, **more: Any) -> Logged:
    random = np.random.default_rng(seed)
    shown = random.multinomial(views, CHOSEN)
    clicks = random.binomial(shown, rates)
    expected = RATES * 0.8  # a model that is wrong by a fifth
    given = {"expected": expected, "expected_wanted": np.full(3, float(np.asarray(wanted) @ expected)), **more}
    numbers = [np.asarray(one, float) for one in (shown, clicks, CHOSEN, wanted)]
    return Logged(**dict(zip(("shown", "clicks", "propensity", "wanted"), numbers, strict=True)), **given)


@pytest.mark.parametrize("estimator", [offpolicy.ipw, offpolicy.snipw, offpolicy.dr])
def test_estimates_are_right_on_average_and_their_intervals_hold_the_truth(estimator: Any) -> None:
    found = [estimator(logged(seed)) for seed in range(400)]
    assert all(isinstance(one, Value) for one in found)
    assert np.mean([one.value for one in found]) == pytest.approx(TRUTH, rel=0.01)
    assert 0.92 <= np.mean([one.low <= TRUTH <= one.high for one in found]) <= 0.98


def test_rows_of_many_views_say_the_same_as_a_row_for_each() -> None:
    few = logged(1)
    each = [
        (1.0, float(n < few.clicks[arm]), CHOSEN[arm], WANTED[arm], few.expected[arm], few.expected_wanted[arm])  # type: ignore[index]
        for arm in range(3)
        for n in range(int(few.shown[arm]))
    ]
    names = ("shown", "clicks", "propensity", "wanted", "expected", "expected_wanted")
    many = Logged(**dict(zip(names, map(np.array, zip(*each, strict=True)), strict=True)))
    for estimator in (offpolicy.ipw, offpolicy.snipw, offpolicy.dr):
        one, other = estimator(few), estimator(many)
        assert isinstance(one, Value) and isinstance(other, Value)
        assert (one.value, one.low, one.effective) == pytest.approx((other.value, other.low, other.effective))


def test_that_nobody_clicked_says_how_many_might_have() -> None:
    none = logged(3, wanted=CHOSEN)
    none = Logged(shown=none.shown, clicks=none.clicks * 0, propensity=none.propensity, wanted=none.wanted)
    for estimator in (offpolicy.ipw, offpolicy.snipw):
        found = estimator(none)
        assert isinstance(found, Value) and found.low == found.value == 0
        assert (1 - found.high) ** 4000 == pytest.approx(0.025, rel=0.01)


def test_who_chooses_alike_has_all_views_and_the_plain_mean() -> None:
    same = logged(2, wanted=CHOSEN)
    found = offpolicy.snipw(same)
    assert isinstance(found, Value) and found.effective == pytest.approx(4000)
    assert found.value == pytest.approx(same.clicks.sum() / 4000)


def test_too_few_views_that_count_say_nothing() -> None:
    silence = offpolicy.ipw(logged(3, views=300))
    assert isinstance(silence, Silence) and silence.have < silence.need == 500 and "are needed" in silence.why


def test_one_view_does_not_carry_the_say() -> None:
    """A rare one that the other way would always choose."""
    log = {"shown": [5000.0, 1.0], "clicks": [50.0, 1.0], "propensity": [0.999, 0.001], "wanted": [0.5, 0.5]}
    silence = offpolicy.refused(Logged(**{name: np.array(column) for name, column in log.items()}))
    assert isinstance(silence, Silence) and silence.have < silence.need
    assert "one of them has 17% of the say" in silence.why


def test_chances_that_are_not_what_was_logged_are_found_out() -> None:
    silence = offpolicy.ipw(logged(5, wanted=np.array([0.9, 0.9, 0.9])))
    assert isinstance(silence, Silence) and "look at how propensities are logged" in silence.why


@pytest.mark.parametrize(
    "wrong",
    [
        {"propensity": [0.0, 0.5, 0.5]},
        {"wanted": [1.5, 0.1, 0.1]},
        {"clicks": [9.0, 1.0, 1.0]},
        {"shown": [float("nan"), 1.0, 1.0]},
        {"shown": [1.0, 1.0]},
    ],
)
def test_a_log_that_cannot_be_is_refused(wrong: dict[str, list[float]]) -> None:
    good = {"shown": [2.0, 2.0, 2.0], "clicks": [1.0, 1.0, 1.0], "propensity": [0.3] * 3, "wanted": [0.3] * 3}
    with pytest.raises(BadInput):
        Logged(**{name: np.array(column) for name, column in {**good, **wrong}.items()})


def test_a_model_that_is_far_off_makes_no_share_that_cannot_be() -> None:
    for expected in (0.001, 0.999):
        for seed in range(12):
            rates, foretold = RATES / 100 if expected > 0.5 else 1 - RATES / 100, np.full(3, expected)
            found = offpolicy.dr(logged(seed, rates=rates, expected=foretold, expected_wanted=foretold))
            assert isinstance(found, Value) and 0 <= found.low <= found.value <= found.high <= 1, found


def test_dr_wants_a_model() -> None:
    with pytest.raises(BadInput, match="SNIPW"):
        offpolicy.dr(logged(6, expected=None, expected_wanted=None))
