"""A world of creatives of which the truth is known: what of it can be learned, and what nobody could."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from common.domain.learning import Creative
from common.scoring.ctr.glm import Floats

BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 365
FEATURES: Final = 75
WANDER: Final = 0.25  # the standard deviation in log odds by which an account's level has moved after a year
UNKNOWABLE: Final = 0.2  # the standard deviation in log odds of what no feature holds


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`truth` is the share that all features, the account and the day make; what came strays from it."""

    creatives: list[Creative]
    truth: dict[str, float]  # by the creative's id


def made(
    seed: int,
    *,
    median: int,
    accounts: int = 60,
    each: int = 60,
    wander: float = WANDER,
    trend: float = 0.0,
    season: float = 1.0,
) -> World:
    """`median` impressions in the middle, lognormal with sigma 1; mostly lines, some steps and pairs; all of it drifts.

    An account's level wanders over the year by `wander` and goes up or down by about `trend` beside, and the whole
    world's goes `season` times as far as is usual; weights of features change by up to a third. 3 % of the features are
    not known, and one creative in ten is a near-duplicate of the one before.
    """
    random = np.random.default_rng(seed)
    rows = accounts * each
    account = np.repeat(np.arange(accounts), each)
    day = np.sort(random.uniform(0, DAYS, (accounts, each)), axis=1).ravel()
    values = random.normal(size=(rows, FEATURES))
    values[:, 30:] += random.normal(0, 0.5, (accounts, FEATURES))[account][:, 30:]  # an account has its style
    values[:, :15] = values[:, :15] > 0.8
    values[:, 15:30] = 1 / (1 + np.exp(-values[:, 15:30]))
    twin = np.flatnonzero((random.random(rows) < 0.1) & (np.arange(rows) % each > 0))
    for at in twin:
        values[at] = values[at - 1]
    group = np.arange(rows)
    for at in twin:
        group[at] = group[at - 1]
    effect = _effect(random, values, day / DAYS)
    walk = np.cumsum(random.normal(0, wander / np.sqrt(12), (accounts, 13)), axis=1)  # a step a month
    level = random.normal(0, 0.45, accounts)[account] + walk[account, (day / DAYS * 12).astype(int)]
    if trend:
        level = level + random.normal(0, trend, accounts)[account] * day / DAYS
    whole = season * (0.1 * np.sin(2 * np.pi * day / DAYS) - 0.15 * day / DAYS)
    truth = _share(-4.35 + level + effect + whole)
    exposure = np.maximum(30, np.exp(random.normal(np.log(median), 1.0, rows))).astype(int)
    strays = random.normal(0, UNKNOWABLE, rows) - UNKNOWABLE**2 / 2
    clicks = random.binomial(exposure, _share(np.log(truth / (1 - truth)) + strays))
    unknown = random.random((rows, FEATURES)) < 0.03
    creatives = [
        Creative(
            id=f"creative-{at:05}",
            account=f"account-{account[at]:02}",
            network=("meta", "youtube", "tiktok")[account[at] % 3],
            launched=BEGIN + timedelta(days=float(day[at])),
            impressions=int(exposure[at]),
            clicks=int(clicks[at]),
            group=f"group-{group[at]:05}",
            features={f"feature_{to:02}": None if unknown[at, to] else float(values[at, to]) for to in range(FEATURES)},
        )
        for at in range(rows)
    ]
    return World(creatives=creatives, truth={one.id: float(truth[at]) for at, one in enumerate(creatives)})


def _effect(random: np.random.Generator, values: Floats, year: Floats) -> Floats:
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    acting = random.choice(FEATURES, 20, replace=False)
    early = random.normal(0, 0.09, 20)
    late = early * random.uniform(0.67, 1.33, 20)
    found: Floats = (scaled[:, acting] * (early + (late - early) * year[:, None])).sum(axis=1)
    for _ in range(4):
        one, other = random.choice(acting, 2, replace=False)
        found = found + random.normal(0, 0.08) * scaled[:, one] * scaled[:, other]
    for _ in range(3):
        found = found + random.choice([-0.15, 0.15]) * (scaled[:, random.choice(acting)] > random.uniform(0, 1))
    return found


def _share(logit: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-logit))
    return found
