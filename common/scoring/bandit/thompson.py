"""Thompson sampling that forgets: each arm gets the share in which it is the best, as far as is known today.

What is known of an arm is a Beta distribution: its prior, and the clicks of each day, worth gamma less each day later.
So what is old fades toward the prior and not toward nothing (Raj and Kalyani, Taming Non-stationary Bandits, 2017).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from common.domain.experiment import Arm, Counted, Figures, Prior

STRENGTH: Final = 75.0  # impressions that the arms' common mean counts as, where nothing was foretold of one
LEAST_MEAN: Final = 0.001  # of a prior taken from figures: no arm is taken for hopeless before it was seen
DRAWS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """A Beta distribution of an arm's clicks by impressions."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)


def beliefs(arms: Sequence[Arm], figures: Figures, today: date, gamma: float) -> dict[str, Belief]:
    """What is known of each arm by the figures given. `figures` are by day, in ISO dates, none after `today`."""
    common = prior(figures)
    found: dict[str, Belief] = {}
    for arm in arms:
        before = arm.prior or common
        a, b = before.mean * before.strength, (1 - before.mean) * before.strength
        for day, counted in figures.items():
            if one := counted.get(arm.name):
                worth = gamma ** max(0, (today - date.fromisoformat(day)).days)
                a += worth * one.clicks
                b += worth * (one.impressions - one.clicks)
        found[arm.name] = Belief(a=a, b=b)
    return found


def prior(figures: Figures) -> Prior:
    """What an arm is believed to be of which nothing was foretold: as the arms together are."""
    counted = [one for day in figures.values() for one in day.values()]
    shown, clicked = sum(one.impressions for one in counted), sum(one.clicks for one in counted)
    mean = (clicked + 1) / (shown + 100)  # as one click in a hundred before anything is seen
    return Prior(mean=min(0.999, max(LEAST_MEAN, mean)), strength=STRENGTH)


def shares(known: Mapping[str, Belief], seed: str, draws: int = DRAWS) -> dict[str, float]:
    """How often each arm is the best one, of so many draws. The same seed gives the same shares."""
    drawn = random.Random(seed).betavariate
    names, pairs = list(known), [(one.a, one.b) for one in known.values()]
    wins = [0] * len(names)
    for _ in range(draws):
        values = [drawn(a, b) for a, b in pairs]
        wins[values.index(max(values))] += 1
    return {name: won / draws for name, won in zip(names, wins, strict=True)}


def together(figures: Figures, arm: str) -> Counted:
    """All days of an arm. What was spent is None where one of its days does not tell it."""
    found = [day[arm] for day in figures.values() if arm in day]
    spent = [one.spend_micros for one in found]
    known = [one for one in spent if one is not None]
    return Counted(
        impressions=sum(one.impressions for one in found),
        clicks=sum(one.clicks for one in found),
        spend_micros=sum(known) if found and len(known) == len(spent) else None,
    )
