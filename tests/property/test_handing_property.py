"""Whatever the shares and whatever a network refuses: never more than a day's money, never less than the least."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from common.scoring.bandit import handing

UNITS = st.sampled_from((10_000, 1_000_000))


@st.composite
def arms(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Shares that come to 1, and campaigns of some of the arms."""
    weights = draw(st.lists(st.floats(0, 1), min_size=2, max_size=12).filter(lambda many: sum(many) > 0))
    shares = {f"arm {n}": weight / math.fsum(weights) for n, weight in enumerate(weights)}
    campaigns = {arm: [f"{arm}.{n}" for n in range(draw(st.integers(0, 4)))] for arm in shares}
    return shares, {arm: found for arm, found in campaigns.items() if found}


@given(arms(), UNITS, st.integers(1, 500), st.integers(0, 10**6), st.integers(0, 10**9))
def test_what_is_handed_out_is_whole_and_never_above_the_day_nor_below_the_least(
    made: tuple[dict[str, float], dict[str, list[str]]], unit: int, low: int, more: int, odd: int
) -> None:
    shares, campaigns = made
    least, n = low * unit, sum(map(len, campaigns.values()))
    most = least * n + more * unit + odd % unit
    given_ = handing.handed(shares, campaigns, most, least, unit)
    assert set(given_) == {one for of_it in campaigns.values() for one in of_it}
    assert sum(given_.values()) <= most
    assert all(micros >= least and micros % unit == 0 for micros in given_.values())
    for of_it in campaigns.values():
        assert len({given_[one] for one in of_it}) == 1, "evenly among those of an arm"
    order = sorted(campaigns, key=lambda arm: Fraction(shares[arm]) / len(campaigns[arm]))
    each = [given_[campaigns[arm][0]] for arm in order]
    assert each == sorted(each), "who has more of the share has no less of the money"
    exact = {arm: most * Fraction(shares[arm]) / len(campaigns[arm]) for arm in campaigns}
    if all(micros >= least + 1 for micros in exact.values()):
        for arm, micros in exact.items():
            assert 0 <= micros - given_[campaigns[arm][0]] <= unit + 1, "nobody pays for another"


@settings(max_examples=200)
@given(st.data(), UNITS, st.integers(2, 8), st.integers(0, 3))
def test_the_network_never_has_more_than_the_day_whatever_it_does_with_what_it_is_asked(
    data: st.DataObject, unit: int, n: int, over: int
) -> None:
    """`over`: by how much the campaigns came to more before. What is asked is done, refused or left, in any order."""
    names = [f"c{k}" for k in range(n)]
    whole = st.integers(1, 100).map(lambda many: many * unit)
    there = {one: data.draw(whole) for one in names}
    most = max(n * unit, sum(there.values()) - over * unit)
    worst = max(most, sum(there.values()))
    asked: dict[str, int] = {}
    for _ in range(data.draw(st.integers(1, 5))):
        shares = {one: data.draw(st.floats(0, 1)) for one in names}
        total = math.fsum(shares.values()) or 1.0
        shares = {one: share / total for one, share in shares.items()}
        wanted = handing.handed(shares, {one: [one] for one in names}, most, unit, unit)
        for _ in range(data.draw(st.integers(1, 6))):
            steps = handing.steps(there, wanted, asked, most, unit)
            assert all(micros % unit == 0 and micros >= unit for micros in steps.values())
            asked |= steps
            for one in list(asked):
                end = data.draw(st.sampled_from(("done", "refused", "left")))
                if end == "left":
                    continue
                micros = asked.pop(one)
                there[one] = micros if end == "done" else there[one]
            # What is asked for may be so already, and its answer lost.
            assert sum(max(there[one], asked.get(one, 0)) for one in names) <= worst
            if sum(there.values()) <= most:
                worst = most
    asked.clear()
    for _ in range(2):  # left alone it comes about
        there |= handing.steps(there, wanted, asked, most, unit)
    assert there == wanted and sum(there.values()) <= most
