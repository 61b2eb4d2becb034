"""What another way of choosing would have brought, where it is known: posts that differ by more than their arm."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from common.domain.learning import Silence
from common.errors import BadInput
from common.scoring import offpolicy
from common.scoring.bandit import evaluating
from common.scoring.bandit.evaluating import Evaluated, Slot
from common.scoring.offpolicy import Logged, Value

RATES = {"A": 0.02, "B": 0.03, "C": 0.05}
SEEN = {"A": 400.0, "B": 400.0, "C": 640.0}  # an arm may be shown more often too
EVEN = dict.fromkeys(RATES, 1 / 3)
ONLY_C = {"A": 0.0, "B": 0.0, "C": 1.0}
SPREAD = 0.5  # of the logarithm of what a post is like besides its arm


def slots(seed: int, n: int, *, follows: bool = True) -> list[Slot]:
    """As an experiment draws them: its shares follow what the arms have had so far."""
    chance = random.Random(seed)
    shares, had, found = dict(EVEN), {name: [1, 50] for name in RATES}, []
    for number in range(n):
        if follows and number and not number % 25:
            best = max(RATES, key=lambda name: had[name][0] / had[name][1])
            shares = {name: max(0.05, share - 0.05) for name, share in shares.items() if name != best}
            shares[best] = 1 - sum(shares.values())
        (arm,) = chance.choices(list(shares), list(shares.values()))
        views = int(SEEN[arm] * math.exp(chance.gauss(0, SPREAD)))
        rate = min(0.9, RATES[arm] * math.exp(chance.gauss(0, SPREAD) - SPREAD**2 / 2))
        clicks = min(views, max(0, round(chance.gauss(views * rate, math.sqrt(views * rate * (1 - rate))))))
        had[arm][0], had[arm][1] = had[arm][0] + clicks, had[arm][1] + views
        found.append(Slot(arm=arm, shares=dict(shares), views=views, clicks=clicks))
    return found


def truth(wanted: Mapping[str, float]) -> dict[str, float]:
    shown = {name: chance * SEEN[name] * math.exp(SPREAD**2 / 2) for name, chance in wanted.items()}
    clicks = sum(n * RATES[name] for name, n in shown.items())
    by_view = clicks / sum(shown.values())
    return {"SNIPW": by_view, "DR": by_view, "IPW": clicks}


@pytest.mark.parametrize(
    ("wanted", "n", "follows", "tries"),
    [(EVEN, 700, False, 100), (EVEN, 3200, True, 40), (ONLY_C, 800, True, 80)],
    ids=["even", "even-follows", "c-follows"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(
    wanted: dict[str, float], n: int, follows: bool, tries: int
) -> None:
    expected = {name: rate * 0.8 for name, rate in RATES.items()}  # a model that is wrong by a fifth
    known, held, off = truth(wanted), dict.fromkeys(truth(wanted), 0), dict.fromkeys(truth(wanted), 0.0)
    for seed in range(tries):
        found = evaluating.evaluate(slots(seed, n, follows=follows), wanted, expected)
        assert isinstance(found, Evaluated), found
        for one in found.estimates:
            held[one.estimator] += one.low <= known[one.estimator] <= one.high
            off[one.estimator] += one.value / known[one.estimator] - 1
    assert all(times / tries >= 0.87 for times in held.values()), held
    assert all(abs(sum_ / tries) < 0.02 for sum_ in off.values()), off


def test_by_views_the_interval_is_far_too_narrow() -> None:
    """Views of a post are alike by more than their arm: so it is not what is told."""
    held, tries = 0, 60
    for seed in range(tries):
        log = slots(seed, 700, follows=False)
        columns = [[one.views, one.clicks, one.shares[one.arm], 1 / 3] for one in log]
        shown, clicks, propensity, wanted = np.array(columns, float).T
        found = offpolicy.snipw(Logged(shown=shown, clicks=clicks, propensity=propensity, wanted=wanted))
        assert isinstance(found, Value)
        held += found.low <= truth(EVEN)["SNIPW"] <= found.high
    assert held / tries < 0.7


def test_a_model_that_is_far_off_makes_no_clicks_below_none() -> None:
    far, two = dict.fromkeys("AB", 0.3), {"A": 0.5, "B": 0.5}
    for seed in range(12):
        chance = random.Random(seed)
        log = [Slot(arm=chance.choice("AB"), shares=two, views=100, clicks=n % 4 == 0) for n in range(1100)]
        found = evaluating.evaluate(log, {"A": 1.0, "B": 0.0}, far)
        assert isinstance(found, Evaluated)
        assert all(0 <= one.low <= one.value <= one.high for one in found.estimates), found.estimates
        assert all(one.high <= 1 for one in found.estimates if one.by == "view")


def silence(log: list[Slot], wanted: dict[str, float]) -> Silence:
    found = evaluating.evaluate(log, wanted)
    assert isinstance(found, Silence), found
    return found


def test_too_few_slots_say_nothing() -> None:
    told = silence(slots(1, 300), ONLY_C)
    assert told.have < told.need == 500 and f"worth {told.have} of the 500 slots" in told.why
    assert silence([], EVEN).have == 0
    far = slots(1, 1500)
    assert silence(far, {"A": 1.0, "B": 0.0, "C": 0.0}).have < 500, "many, and few of that choice"


def test_slots_in_which_an_arm_could_not_be_drawn_are_left_out() -> None:
    log = slots(2, 600, follows=False)
    without = [replace(one, shares={"A": 0.5, "B": 0.5, "C": 0.0}) for one in slots(3, 900) if one.arm != "C"]
    assert evaluating.within(log + without, EVEN) == log
    both = {"A": 0.5, "B": 0.5, "C": 0.0}
    assert evaluating.within(log + without, both) == log + without
    assert evaluating.evaluate(log + without, EVEN) == evaluating.evaluate(log, EVEN)


def test_one_post_that_everybody_saw_does_not_carry_the_say() -> None:
    log = slots(4, 700, follows=False)
    for views, clicks, what in ((10**6, 100, "views"), (10**4, 9000, "clicks")):
        told = silence([*log, replace(log[0], views=views, clicks=clicks)], EVEN)
        assert told.of == f"per cent of {what} at most" and told.have > told.need == 5
    assert "clicks yet" in silence([replace(one, clicks=0) for one in log], EVEN).why
    assert "views yet" in silence([replace(one, views=0, clicks=0) for one in log], EVEN).why


def test_posts_that_are_named_by_their_arm_are_found_out() -> None:
    kept = [one for n, one in enumerate(slots(5, 3000, follows=False)) if one.arm == "C" or not n % 3]
    assert "slots of some arms are missing" in silence(kept, ONLY_C).why


@pytest.mark.parametrize("wanted", [{"A": 0.5, "B": 0.4, "C": 0.0}, {"A": 1.5, "B": -0.5, "C": 0.0}, {}])
def test_chances_that_do_not_come_to_one_are_refused(wanted: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="come to 1"):
        evaluating.evaluate(slots(6, 20), wanted)
