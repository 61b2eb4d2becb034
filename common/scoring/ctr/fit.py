"""One GLM with trees on top, learned from some rows of a table and asked about others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import xgboost

from common.scoring.ctr.glm import Floats, Glm, Ints, fitted, overdispersed, share
from common.scoring.ctr.levels import Moved, Times, moved, still
from common.scoring.ctr.manifest import FURTHEST
from common.scoring.ctr.table import Table

PASSES: Final = 2  # of weights and what they follow from
ROUNDS: Final = (5, 10, 20, 35, 50, 75, 100, 150)
SIMPLER: Final = 0.5  # standard errors that fewer trees may be worse by, and are still taken
TREES: Final[Mapping[str, Any]] = {
    "objective": "binary:logistic",
    "base_score": 0.5,
    "tree_method": "hist",
    "max_depth": 2,
    "eta": 0.07,
    "lambda": 30.0,
    "min_child_weight": 50.0,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "nthread": 1,
    "verbosity": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """`mean` and `scale` are of the columns; `rho` is how alike two impressions of one creative are."""

    mean: Floats
    scale: Floats
    glm: Glm
    rho: float
    booster: xgboost.Booster
    own: Floats  # log odds of each account by its own clicks alone, drawn to all others'
    moved: Moved  # at the end of what was learned from, from where the GLM has levels throughout

    def lines(self, table: Table, rows: Ints) -> Floats:
        return _scaled(table.raw[rows], self.mean, self.scale)

    def glm_margin(self, table: Table, rows: Ints) -> Floats:
        return self.glm.margin(self.lines(table, rows)) + self.glm.accounts[table.accounts[rows]]

    def margin(self, table: Table, rows: Ints, rounds: int) -> Floats:
        """Of the GLM, where each level stands at the end beside what all did, and the first `rounds` trees."""
        base = self.glm_margin(table, rows) + self.moved.apart[table.accounts[rows]]
        asked = xgboost.DMatrix(table.raw[rows], base_margin=base, nthread=1)
        return self.booster.predict(asked, output_margin=True, iteration_range=(0, rounds)).astype(np.float64)


def fit(table: Table, rows: Ints, seed: int, rounds: int = ROUNDS[-1]) -> Fit:
    """Rows weigh n / (1 + (n - 1) rho): many impressions of one creative are less than as many creatives of one."""
    raw = table.raw[rows].astype(np.float64)
    mean, scale = _moments(raw, table.blocks)
    columns = _scaled(raw, mean, scale)
    accounts, count = table.accounts[rows], len(table.accounts_named)
    n, y = table.impressions[rows], table.shares[rows]
    rho = 0.0
    glm: Glm | None = None
    for _ in range(PASSES):
        weights = n / (1 + (n - 1) * rho)
        glm = fitted(columns, table.blocks, accounts, count, y, weights, glm)
        q = share(glm.margin(columns) + glm.accounts[accounts])
        rho = min(1.0, overdispersed(q, y, n) ** 2 * float((q * (1 - q)).mean()))
    weights = n / (1 + (n - 1) * rho)
    glm = fitted(columns, table.blocks, accounts, count, y, weights, glm)
    nothing = np.zeros((len(rows), 0))
    own = fitted(nothing, np.zeros(0, np.int64), accounts, count, y, weights)
    base = glm.margin(columns) + glm.accounts[accounts]
    learned = xgboost.DMatrix(table.raw[rows], y, weight=weights, base_margin=base, nthread=1)
    booster = xgboost.train({**TREES, "seed": seed}, learned, rounds)
    return Fit(
        mean=mean,
        scale=scale,
        glm=glm,
        rho=rho,
        booster=booster,
        own=own.intercept + own.accounts,
        moved=still(count),
    )


def levelled(one: Fit, table: Table, when: Times, rows: Ints) -> Fit:
    """With levels where they stand at the end of the rows that it has learned from: those wander, trees do not care."""
    n = table.impressions[rows]
    q = share(one.glm_margin(table, rows))
    return replace(one, moved=moved(table, when, rows, q, n / (1 + (n - 1) * one.rho)))


def best_rounds(table: Table, fits: Sequence[tuple[Fit, Ints]]) -> int:
    """The fewest trees that foretell the rows each fit is asked about as well as any number does, but for chance."""
    losses = {rounds: np.concatenate([_losses(table, *one, rounds) for one in fits]) for rounds in ROUNDS}
    best = min(ROUNDS, key=lambda rounds: float(losses[rounds].sum()))

    def close(rounds: int) -> bool:
        worse = losses[rounds] - losses[best]
        return bool(worse.sum() <= SIMPLER * worse.std() * np.sqrt(len(worse)))

    return next(rounds for rounds in ROUNDS if close(rounds))


def _losses(table: Table, one: Fit, rows: Ints, rounds: int) -> Floats:
    n, y = table.impressions[rows], table.shares[rows]
    q = share(one.margin(table, rows, rounds))
    found: Floats = -(y * np.log(q) + (1 - y) * np.log(1 - q)) * n / (1 + (n - 1) * one.rho)
    return found


def _moments(raw: Floats, blocks: Ints) -> tuple[Floats, Floats]:
    """Of the features; a level of a segment is 0 or 1 as it is, so that one nobody has seen is like the mean."""
    there = ~np.isnan(raw)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, raw, 0.0).sum(axis=0) / count
    scale = np.sqrt(np.where(there, (raw - mean) ** 2, 0.0).sum(axis=0) / count)
    level = blocks > 0
    flat = scale <= 1e-9 * np.maximum(1.0, np.abs(mean))
    return np.where(level, 0.0, mean), np.where(level | flat, 1.0, scale)


def _scaled(raw: Any, mean: Floats, scale: Floats) -> Floats:
    found = np.clip((raw.astype(np.float64) - mean) / scale, -FURTHEST, FURTHEST)
    known: Floats = np.nan_to_num(found, nan=0.0)
    return known
