"""The model of clicks where little is known: a few accounts, 110 to 200 creatives, levels that stand or move.

What is asked about is all that comes out while the next model is tried: the first one speaks until then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean, stdev
from typing import Final

import numpy as np

from common.domain.learning import RIPE, Prediction
from common.scoring.ctr import metrics
from common.scoring.ctr.evaluating import NEEDED_TO_PROMOTE
from common.scoring.ctr.model import opened
from common.scoring.ctr.training import train
from scripts.benches import Row
from scripts.benches.learning import world

HISTORIES: Final = (110, 150, 200)  # creatives
ACCOUNTS: Final = (1, 2, 3, 5)
KINDS: Final[Mapping[str, Mapping[str, float]]] = {
    "still": {"wander": 0.0, "season": 0.0},
    "drifting": {"wander": 0.0, "trend": 0.5},
    "wandering": {"wander": 0.5},
    "wandering far": {"wander": 1.0},
}
SEEDS: Final = 3
MEDIANS: Final = (417, 3100)
WORLDS: Final = tuple(product(range(SEEDS), HISTORIES, ACCOUNTS, KINDS))
AHEAD: Final = (60, 120, 365)  # days after training


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Of one world: what share of creatives came to lie within, and how wide that was, in parts of what was told."""

    history: int
    accounts: int
    kind: str
    whole: float
    thirds: Mapping[str, float | None]
    ahead: tuple[float | None, ...]  # by AHEAD
    width: float


def rows() -> Iterator[Row]:
    seen = [_seen(at, *one) for at, one in enumerate(WORLDS)]
    name = "clicks, small histories: 90 % intervals cover"
    covered, error = _mean([one.whole for one in seen])
    peer = f"± {error:.3f} (standard error over {len(seen)} worlds); half a width is {_width(seen):.2f} of what is told"
    yield Row(name=f"{name}, at least", value=covered, unit="", target=0.88, at_least=True, peer=peer)
    yield Row(name=f"{name}, at most", value=covered, unit="", target=0.92, peer=peer)
    yield _each(f"{name}, the third where they hold worst", [_of_third(name, seen) for name in metrics.THIRDS])
    for what, keys, key in _CUTS:
        parts = [(str(at), [one.whole for one in seen if key(one) == at]) for at in keys]
        yield _each(f"{name}, {what} where they hold worst", parts)
    days = [
        (f"to {days} days ahead", [one.ahead[at] for one in seen if one.ahead[at] is not None])
        for at, days in enumerate(AHEAD)
    ]
    yield _each(f"{name}, the time ahead where they hold worst", days)


_CUTS: Final[tuple[tuple[str, Sequence[object], Callable[[Covered], object]], ...]] = (
    ("the kind of level", tuple(KINDS), lambda one: one.kind),
    ("the size of history", HISTORIES, lambda one: one.history),
    ("the number of accounts", ACCOUNTS, lambda one: one.accounts),
)


def _seen(seed: int, at: int, history: int, accounts: int, kind: str) -> Covered:
    """Every other two worlds are of tables alone, which tell nothing of videos."""
    each = math.ceil((history + NEEDED_TO_PROMOTE) / accounts)
    made = world.made(5000 + seed, median=MEDIANS[seed % 2], accounts=accounts, each=each, **KINDS[kind])
    creatives = sorted(made.creatives, key=lambda one: one.launched)
    if (seed // 2 + at) % 2:
        creatives = [replace(one, features={}) for one in creatives]
    now = creatives[history - 1].launched + RIPE
    trained = train(creatives, now=now, features_version="bench")
    model = opened("ctr@bench", trained.ubj, trained.sealed)
    asked = [one for one in creatives if one.launched >= now]
    within, widths = [], []
    for one in asked:
        told = model.hindcast(one)
        assert isinstance(told, Prediction), told
        within.append(told.low <= one.clicks / one.impressions <= told.high)
        widths.append((told.high - told.value) / told.value)
    held = np.array(within, float)
    days = np.array([(one.launched - now).days for one in asked])
    bins = np.digitize(days, AHEAD)
    return Covered(
        history=history,
        accounts=accounts,
        kind=kind,
        whole=float(held.mean()),
        thirds=metrics.by_third(held, np.array([one.impressions for one in asked], float)),
        ahead=tuple(float(held[bins == to].mean()) if (bins == to).any() else None for to in range(len(AHEAD))),
        width=fmean(widths),
    )


def _of_third(name: str, seen: Sequence[Covered]) -> tuple[str, list[float | None]]:
    return name, [one.thirds[name] for one in seen]


def _each(name: str, parts: Sequence[tuple[str, Sequence[float | None]]]) -> Row:
    found = {part: _mean([one for one in values if one is not None]) for part, values in parts}
    told = "; ".join(f"{part} {covered:.3f} ± {error:.3f}" for part, (covered, error) in found.items())
    return Row(name=name, value=min(covered for covered, _ in found.values()), unit="", peer=told)


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """With its standard error: worlds are drawn, creatives of one world err together."""
    return fmean(values), stdev(values) / math.sqrt(len(values))


def _width(seen: Sequence[Covered]) -> float:
    return fmean(one.width for one in seen)
