"""What the parts of a score count, moved by what clips came to: in small steps, and never on little.

A part that goes along with clicks within an account counts more than it does to begin with, one that goes against them
less. How far is held towards nothing where little is known, so that chance alone hardly moves it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.domain.settings import Weighing
from common.errors import NotEnough
from common.scoring.weights import COMPOSITE, Weights

MOST: Final = 0.1  # that one weight moves in a week
FEWEST: Final = 200  # creatives with outcomes
FEWEST_OF_ACCOUNT: Final = 5  # below which an account has no usual to be held against
HELD: Final = 200.0  # creatives of no connection at all, that what was seen is mixed with
SEEN: Final = 1000.0  # impressions of the account's usual, that a creative's own are mixed with
PULL: Final = 3.0  # a part that wholly decides counts e**PULL as much as it does to begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """The parts of a clip's score, as they were before it was shown, and what came of it. None: it was not told."""

    account: str
    parts: Mapping[str, float | None]
    impressions: int
    clicks: int


def counted(own: Weighing | None) -> Weights:
    """What each part counts: the organisation's own, as far as there are such parts still, else as all begin."""
    if own is None or own.parts.keys() != COMPOSITE.keys():
        return COMPOSITE
    return own.parts


def stepped(start: Weights, came: Sequence[Came]) -> Weights:
    """The weights a week after `start`: towards what was seen, none further than MOST, still 1 in all.

    Raises NotEnough below FEWEST creatives that can be held against others of their account.
    """
    aim = wanted(came)
    furthest = max(abs(aim[name] - start[name]) for name in start)
    share = 1.0 if furthest <= MOST else MOST / furthest
    return {name: weight + share * (aim[name] - weight) for name, weight in start.items()}


def wanted(came: Sequence[Came]) -> Weights:
    """Where the weights would go without a bound on the step. Raises NotEnough."""
    accounts: dict[str, list[Came]] = defaultdict(list)
    for one in came:
        if one.impressions > 0:
            accounts[one.account].append(one)
    compared = [some for some in accounts.values() if len(some) >= FEWEST_OF_ACCOUNT]
    have = sum(map(len, compared))
    if have < FEWEST:
        raise NotEnough(
            f"weights are learned from {FEWEST} clips with outcomes, {FEWEST_OF_ACCOUNT} of an account at least, and "
            f"there are {have}; publish more, and wait until they have been out for 7 days",
            have=have,
            need=FEWEST,
        )
    pulled = {name: weight * math.exp(PULL * _goes_along(name, compared)) for name, weight in COMPOSITE.items()}
    whole = math.fsum(pulled.values())
    return {name: weight / whole for name, weight in pulled.items()}


def _goes_along(name: str, accounts: Iterable[Sequence[Came]]) -> float:
    """The correlation of a part with clicks within accounts, -1 to 1, mixed with HELD creatives of none."""
    both = parts = clicks = 0.0
    told = 0
    for some in accounts:
        usual = math.fsum(one.clicks for one in some) / math.fsum(one.impressions for one in some)
        rows = [
            (value, (one.clicks + SEEN * usual) / (one.impressions + SEEN), one.impressions / (one.impressions + SEEN))
            for one in some
            if (value := one.parts.get(name)) is not None
        ]
        whole = math.fsum(heft for _, _, heft in rows)
        if len(rows) < FEWEST_OF_ACCOUNT or usual == 0:
            continue
        middle = math.fsum(heft * value for value, _, heft in rows) / whole
        mean = math.fsum(heft * share for _, share, heft in rows) / whole
        for value, share, heft in rows:  # shares in the account's own measure, or the loudest account decides for all
            apart, gain = value - middle, (share - mean) / usual
            both += heft * apart * gain
            parts += heft * apart * apart
            clicks += heft * gain * gain
        told += len(rows)
    if parts * clicks <= 0:
        return 0.0
    found = both / math.sqrt(parts * clicks)
    return max(-1.0, min(1.0, found)) * told / (told + HELD)
