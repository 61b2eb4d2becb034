"""The best times to post, by how an account's own posts did; partial pooling, so that few posts promise little.

Each post counts as the logarithm of its views after a week. Groups (days of the week, stretches of three hours) are
drawn towards the mean of all by how much of what they differ is chance: group mean m_g of n_g posts becomes
mu + B (m_g - mu), B = t2 / (t2 + s2 / n_g), where s2 is the variance within groups and t2 that between them by
analysis of variance (Searle, Casella, McCulloch, Variance Components, 1992, 3.6). The 90 % interval is of the group's
own mean, from its posterior variance B s2 / n_g + (1 - B)^2 s2 / n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

LEAST = 20  # posts with an outcome, below which nothing is said of an account's own
HOURS = 3  # of a stretch of the day
Z90 = 1.6449


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One post: when, by the clock of its channel, and its views after a week."""

    at: datetime
    views: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`lift`: times the views of an average post of the account; `low` to `high` is its 90 % interval."""

    group: int
    posts: int
    lift: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """`days` by weekday (0 is Monday), `stretches` by their first hour; both the best first."""

    posts: int
    days: tuple[Group, ...]
    stretches: tuple[Group, ...]


def best(posts: Iterable[Done]) -> Times | None:
    """None where there are too few posts to say anything."""
    told = list(posts)
    if len(told) < LEAST:
        return None
    values = [math.log1p(one.views) for one in told]
    return Times(
        posts=len(told),
        days=_pooled([one.at.weekday() for one in told], values),
        stretches=_pooled([one.at.hour // HOURS * HOURS for one in told], values),
    )


def _pooled(groups: Sequence[int], values: Sequence[float]) -> tuple[Group, ...]:
    by: dict[int, list[float]] = {}
    for group, value in zip(groups, values, strict=True):
        by.setdefault(group, []).append(value)
    n, mean = len(values), math.fsum(values) / len(values)
    means = {group: math.fsum(some) / len(some) for group, some in by.items()}
    if n <= len(by):
        return ()
    within = math.fsum((one - means[group]) ** 2 for group, some in by.items() for one in some) / (n - len(by))
    between = 0.0
    if len(by) > 1:
        spread = math.fsum(len(some) * (means[group] - mean) ** 2 for group, some in by.items())
        scale = n - sum(len(some) ** 2 for some in by.values()) / n
        between = max(0.0, (spread - (len(by) - 1) * within) / scale)
    found = []
    for group, some in by.items():
        noise = within / len(some)
        kept = between / (between + noise) if between + noise > 0 else 0.0
        middle = kept * (means[group] - mean)
        sd = math.sqrt(kept * noise + (1 - kept) ** 2 * within / n)
        lift, low, high = (math.exp(middle + z * sd) for z in (0.0, -Z90, Z90))
        found.append(Group(group=group, posts=len(some), lift=lift, low=low, high=high))
    return tuple(sorted(found, key=lambda one: (-one.lift, one.group)))
