"""Weights that learn: however wild what clips came to, a step is small, and what it leaves are weights."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import NotEnough
from common.scoring import reweighing
from common.scoring.reweighing import FEWEST, MOST, Came
from common.scoring.weights import COMPOSITE


@st.composite
def histories(draw: st.DrawFn) -> list[Came]:
    """Accounts of very different sizes, in which some parts may decide all, or be told never."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    pulls = {name: draw(st.sampled_from([-1.0, 0.0, 1.0])) for name in COMPOSITE}
    untold = draw(st.sets(st.sampled_from(sorted(COMPOSITE))))
    most = draw(st.sampled_from([10, 3000, 10**9]))
    found = []
    for n in range(FEWEST + draw(st.integers(0, 40))):
        parts = {name: None if name in untold else chance.random() for name in COMPOSITE}
        share = 0.05 + sum(0.02 * pulls[name] * (value or 0) for name, value in parts.items())
        shown = chance.randrange(1, most)
        clicks = min(shown, max(0, round(shown * max(0.0, share))))
        found.append(Came(account=str(n % draw(st.integers(1, 4))), parts=parts, impressions=shown, clicks=clicks))
    return found


@st.composite
def weights(draw: st.DrawFn) -> dict[str, float]:
    raw = {name: draw(st.floats(0.001, 1)) for name in COMPOSITE}
    return {name: value / sum(raw.values()) for name, value in raw.items()}


@given(start=weights(), came=histories())
def test_a_step_is_small_and_leaves_weights(start: dict[str, float], came: list[Came]) -> None:
    try:
        found = reweighing.stepped(start, came)
    except NotEnough as error:
        assert error.have < error.need
        return
    assert found.keys() == start.keys()
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)
    assert min(found.values()) >= 0
    assert max(abs(found[name] - start[name]) for name in start) <= MOST + 1e-9


def seen(pull: float, *, count: int = 600, seed: int = 1) -> list[Came]:
    """Clips of three accounts of different levels, in which the hook alone decides, by `pull`."""
    chance = random.Random(seed)
    found = []
    for n in range(count):
        parts: dict[str, float | None] = {name: chance.random() for name in COMPOSITE}
        share = (0.01, 0.03, 0.002)[n % 3] * (1 + pull * ((parts["hook"] or 0) - 0.5))
        clicks = sum(chance.random() < share for _ in range(2000))
        found.append(Came(account=str(n % 3), parts=parts, impressions=2000, clicks=clicks))
    return found


def test_what_goes_along_with_clicks_counts_more_and_stays_where_it_was_led() -> None:
    came = seen(1.2, count=300)
    path = [dict(COMPOSITE)]
    for _ in range(12):
        path.append(dict(reweighing.stepped(path[-1], came)))
    hooks = [one["hook"] for one in path]
    assert hooks[1] > hooks[0] + 0.05
    assert all(after >= before - 1e-9 for before, after in pairwise(hooks))
    assert path[-1] == pytest.approx(path[-2], abs=1e-9), "the same outcomes lead to the same weights, not ever further"
    against = reweighing.stepped(COMPOSITE, seen(-1.2, count=300))
    assert against["hook"] < COMPOSITE["hook"] - 0.03


def test_chance_alone_hardly_moves_them() -> None:
    found = reweighing.stepped(COMPOSITE, seen(0, count=300))
    assert max(abs(found[name] - COMPOSITE[name]) for name in COMPOSITE) < 0.05


def test_too_little_is_refused_by_what_can_be_compared() -> None:
    with pytest.raises(NotEnough) as error:
        reweighing.stepped(COMPOSITE, seen(1, count=FEWEST - 1))
    assert (error.value.have, error.value.need) == (FEWEST - 1, FEWEST)
    alone = [
        Came(account=str(n), parts=dict(COMPOSITE), impressions=100, clicks=1) for n in range(2 * FEWEST)
    ]  # each of an account of its own
    with pytest.raises(NotEnough, match="there are 0"):
        reweighing.stepped(COMPOSITE, alone)
