"""How far the levels of accounts wander: a random walk each, seen through clicks and what moves one creative alone.

A local level (Harvey, 1989), filtered forward in time. A small history hardly shows how far it goes, so the mean of all
that its figures allow is taken, each weighed by how usual it is: nothing seen is not taken for nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from common.domain.learning import Creative
from common.scoring.ctr.glm import FARTHEST, Floats, Ints, share
from common.scoring.ctr.splits import SHORTEST
from common.scoring.ctr.table import Table

YEAR: Final = 365.0
FAR: Final = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0])  # log odds in a year
USUAL: Final = 0.3  # of them: the mean of the exponential distribution that is expected before anything is seen
APART: Final = np.linspace(0.0, 1.0, 11)  # the standard deviation in log odds of what moves one creative alone
PASSES: Final = 2  # over all rows, to see where levels stand
CHANCE: Final = 3.0  # standard errors beside FARTHEST, above which what came of one creative is no more of a sign
START: Final = 0.05  # the variance around an account's mean of where its walk begins, beside what the walk itself makes


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Of each row: when it came out, in days since the first, and of which ad it is; one ad may be many rows."""

    days: Floats
    ads: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far levels stand at the end from where they are on average, in log odds."""

    together: float
    doubt: float  # the standard error of `together`; infinite where there is no later
    apart: Floats  # of each account, beside what all did


def still(accounts: int) -> Moved:
    """Where there is no later, nothing is known to have moved."""
    return Moved(together=0.0, doubt=np.inf, apart=np.zeros(accounts))


def times(rows: Sequence[Creative]) -> Times:
    """Rows of one account, group and day are of one ad: whom it was shown to differs, what moved it does not."""
    first = min(row.launched for row in rows)
    days = [(row.launched - first).total_seconds() / 86_400 for row in rows]
    keys: dict[tuple[str, str, int], int] = {}
    ads = [
        keys.setdefault((row.account, row.group or row.id, int(day)), len(keys))
        for row, day in zip(rows, days, strict=True)
    ]
    return Times(days=np.array(days, np.float64), ads=np.array(ads, np.int64))


def wander(table: Table, when: Times, rows: Ints, q: Floats) -> float:
    """The variance in log odds by which a level moves in a day; `q` is what each row's account has on average."""
    chances, _, _ = _filtered(table, when, rows, q, np.zeros(len(rows)))
    return float((chances.sum(axis=1) * FAR**2).sum() / YEAR)


def moved(table: Table, when: Times, rows: Ints, q: Floats, weights: Floats) -> Moved:
    """From where `q` has them. What all did is told by all their figures, which is sooner than each tells it alone."""
    accounts, count = table.accounts[rows], len(table.accounts_named)
    if np.ptp(when.days[rows]) < SHORTEST.days:
        return still(count)
    found, _ = _stands(table, when, rows, q)
    together, doubt = _stands(replace(table, accounts=np.zeros_like(table.accounts)), when, rows, q)
    weight = np.bincount(accounts, weights, count)
    apart: Floats = np.where(weight > 0, found - np.average(found, weights=weight), 0.0)
    return Moved(together=float(together[0]), doubt=float(np.sqrt(doubt[0])), apart=apart)


def _stands(table: Table, when: Times, rows: Ints, q: Floats) -> tuple[Floats, Floats]:
    """Of each account at the end, and its variance.

    Clicks are told in log odds by a straight line, so anew from where the pass before has each.
    """
    found, margin = np.zeros(len(table.accounts_named)), np.log(q / (1 - q))
    for _ in range(PASSES):
        above = found[table.accounts[rows]]
        chances, level, doubt = _filtered(table, when, rows, share(margin + above), above)
        mean = np.tensordot(level, chances, axes=2)
        found = np.clip(mean, -FARTHEST, FARTHEST)
    return found, np.tensordot(doubt + (level - mean[:, None, None]) ** 2, chances, axes=2)


def _filtered(table: Table, when: Times, rows: Ints, q: Floats, above: Floats) -> tuple[Floats, Floats, Floats]:
    """How likely each of FAR x APART is, and by it where each account stands at the end, and the variance of that.

    `q` has each row's account at `above`.
    """
    _, first, ad = np.unique(when.ads[rows], return_index=True, return_inverse=True)
    n, spread = table.impressions[rows], q * (1 - q)
    known = np.bincount(ad, n * spread)
    rest = np.bincount(ad, table.clicks[rows] - n * q) / known
    most = FARTHEST + CHANCE / np.sqrt(known)
    rest = np.clip(rest, -most, most) + np.bincount(ad, n * spread * above) / known
    accounts, days = table.accounts[rows][first], when.days[rows][first]
    walk, apart = (FAR**2 / YEAR)[:, None], (APART**2)[None, :]
    shape = (len(table.accounts_named), len(FAR), len(APART))
    level, doubt = np.zeros(shape), np.broadcast_to(START + walk * float(np.ptp(days)) / 3, shape).copy()
    last = np.full(len(table.accounts_named), float(days.min()))
    likely = np.broadcast_to(-FAR[:, None] / USUAL, shape[1:]).copy()
    for at in np.argsort(days, kind="stable"):
        account = accounts[at]
        before = doubt[account] + walk * (days[at] - last[account])
        last[account] = days[at]
        whole = before + 1 / known[at] + apart
        missed = rest[at] - level[account]
        likely -= (np.log(whole) + missed**2 / whole) / 2
        taken = before / whole
        level[account] += taken * missed
        doubt[account] = before * (1 - taken)
    chances = np.exp(likely - likely.max()) * np.gradient(FAR)[:, None]
    return chances / chances.sum(), level, doubt
