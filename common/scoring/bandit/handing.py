"""A day's money handed out to campaigns: exact, rounded down, never more than there is of it at any moment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

_FINE: Final = 10**9  # parts of the whole


def handed(
    shares: Mapping[str, float], campaigns: Mapping[str, Sequence[str]], most: int, least: int, unit: int
) -> dict[str, int]:
    """Micros a day for each campaign, by its arm's share split evenly among those of the arm, in whole `unit`s.

    None gets less than `least`, which the others pay for; `most` is taken to be that for all of them at least. What an
    arm without a campaign would have had is handed to nobody.
    """
    parts = {one: _exact(shares[arm]) / len(of_it) for arm, of_it in campaigns.items() for one in of_it}
    whole = most * min(Fraction(1), sum(parts.values(), Fraction(0)))
    low: set[str] = set()
    while True:
        free = {one: part for one, part in parts.items() if one not in low}
        left, weight = whole - least * len(low), sum(free.values(), Fraction(0))
        given = {one: left * part / weight if weight else Fraction(0) for one, part in free.items()}
        if not (short := {one for one, micros in given.items() if micros < least}):
            return dict.fromkeys(low, least) | {one: int(micros // unit) * unit for one, micros in given.items()}
        low |= short


def steps(
    now: Mapping[str, int], wanted: Mapping[str, int], asked: Mapping[str, int], most: int, unit: int
) -> dict[str, int]:
    """What to ask the network for next. `now`: what it says of all campaigns; `asked`: what it was asked for, and has
    not confirmed.

    First what gets less. What gets more waits until that is so, for until then the money is another's; so all of them
    together never come to more than `most`, or than they came to.
    """
    less = {one: micros for one, micros in wanted.items() if micros < now[one] and one not in asked}
    if less or asked:
        return less
    room, more = most - sum(now.values()), {}
    for one, micros in wanted.items():
        added = min(micros - now[one], room // unit * unit)
        if added > 0:
            more[one] = now[one] + added
            room -= added
    return more


def _exact(share: float) -> Fraction:
    """As it is written, such as 3/5: what a float lacks of it would cost its arm a whole unit."""
    return Fraction(min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0).limit_denominator(_FINE)
