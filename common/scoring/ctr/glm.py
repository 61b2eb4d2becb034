"""A binomial GLM in which weights and accounts are drawn to nought as far as the figures themselves say.

Each block of weights (the features, each segment, the accounts) is normal around 0 with its own variance, found
together with the weights by penalised quasi-likelihood and EM (Breslow & Clayton, 1993; Schall, 1991): partial
pooling. An account with little behind it is near all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS: Final = 60
CLOSE: Final = 1e-5  # of a step, after which no further is made
FARTHEST: Final = 2.0  # log odds that one weight moves in one step at most
LEAST, MOST = 1e-6, 4.0  # variances
STEEPEST: Final = 30.0  # log odds


@dataclass(frozen=True, slots=True, kw_only=True)
class Glm:
    """log odds = intercept + columns @ weights + accounts[account]."""

    intercept: float
    weights: Floats
    accounts: Floats
    variances: tuple[float, ...]  # of the blocks, in their order; the accounts' last

    def margin(self, columns: Floats) -> Floats:
        """Of an account like all others."""
        return self.intercept + columns @ self.weights


def share(margin: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.clip(margin, -STEEPEST, STEEPEST)))
    return found


def fitted(
    columns: Floats, blocks: Ints, accounts: Ints, count: int, shares: Floats, weights: Floats, start: Glm | None = None
) -> Glm:
    """`blocks[j]` is the block of column j, from 0; `accounts` are numbers below `count`; `weights` count impressions.

    The accounts' block is diagonal and eliminated, so that many accounts cost no more than rows and columns do.
    `start` is a fit of nearly the same, to begin from.
    """
    order = np.argsort(accounts, kind="stable")
    columns, accounts, shares, weights = columns[order], accounts[order], shares[order], weights[order]
    there, first = np.unique(accounts, return_index=True)
    width, kinds = columns.shape[1], int(blocks.max(initial=-1)) + 1
    design = np.hstack([np.ones((len(columns), 1)), columns])
    total = float((weights * shares).sum() + 0.5), float((weights * (1 - shares)).sum() + 0.5)
    beta = np.zeros(width + 1)
    beta[0] = np.log(total[0] / total[1])
    levels = np.zeros(count)
    variances = np.full(kinds + 1, 0.05)
    if start is not None:
        beta, levels = np.concatenate([[start.intercept], start.weights]), start.accounts
        variances = np.array(start.variances)
    for _ in range(STEPS):
        q = share(design @ beta + levels[accounts])
        curve = np.maximum(weights * q * (1 - q), 1e-12)
        penalty = np.concatenate([[1e-6], 1 / variances[blocks]]) if width else np.array([1e-6])
        pull = 1 / variances[kinds]
        rest = weights * (shares - q)
        slope = design.T @ rest - penalty * beta
        slope_levels = np.bincount(accounts, rest, count) - pull * levels
        diagonal = np.bincount(accounts, curve, count) + pull
        weighted = design * curve[:, None]
        cross = np.zeros((count, width + 1))
        cross[there] = np.add.reduceat(weighted, first, axis=0)
        inner = design.T @ weighted
        inner[np.diag_indices(width + 1)] += penalty
        scaled = cross / diagonal[:, None]
        inverse = np.linalg.inv(inner - cross.T @ scaled)
        step = inverse @ (slope - scaled.T @ slope_levels)
        step_levels = slope_levels / diagonal - scaled @ step
        largest = max(float(np.abs(step).max()), float(np.abs(step_levels).max(initial=0.0)))
        shrink = min(1.0, FARTHEST / max(largest, 1e-12))
        beta, levels = beta + shrink * step, levels + shrink * step_levels
        doubt = np.diag(inverse)[1:]
        doubt_levels = 1 / diagonal + np.einsum("ij,jk,ik->i", scaled, inverse, scaled)
        spread = np.array(
            [
                *(_mean((beta[1:] ** 2 + doubt)[blocks == kind]) for kind in range(kinds)),
                _mean(levels**2 + doubt_levels),
            ]
        )
        settled = largest < CLOSE and bool(np.all(np.abs(spread - variances) < 1e-2 * variances))
        variances = np.clip(spread, LEAST, MOST)
        if settled:
            break
    return Glm(intercept=float(beta[0]), weights=beta[1:], accounts=levels, variances=tuple(map(float, variances)))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 1.0


def line(margin: Floats, shares: Floats, weights: Floats, *, held: float) -> tuple[float, float]:
    """(shift, slope) of the logistic line through margins, drawn to (0, 1) as by `held` units of information."""
    middle = float(np.average(margin, weights=weights))
    design = np.column_stack([np.ones(len(margin)), margin - middle])
    at = np.array([middle, 1.0])
    start = at.copy()
    for _ in range(STEPS):
        q = share(design @ at)
        curve = np.maximum(weights * q * (1 - q), 1e-12)
        slope = design.T @ (weights * (shares - q)) - held * (at - start)
        step = np.linalg.solve((design * curve[:, None]).T @ design + held * np.eye(2), slope)
        at = at + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < CLOSE:
            break
    return float(at[0] - at[1] * middle), float(at[1])


def overdispersed(q: Floats, shares: Floats, exposures: Floats, known: Floats | float = 0.0) -> float:
    """tau: the standard deviation of what moves log odds beside q, by maximum likelihood of normal errors.

    `known` is a variance of log odds that something else accounts for.
    """
    spread = q * (1 - q)
    squares = (shares - q) ** 2

    def loss(tau: float) -> float:
        variance = spread / exposures + (tau**2 + known) * spread**2
        return float((np.log(variance) + squares / variance).sum())

    grid = np.linspace(0.0, 1.5, 151)
    return float(min(grid, key=loss))
