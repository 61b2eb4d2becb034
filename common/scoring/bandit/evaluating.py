"""What another way of choosing would have brought, from slots whose arm was drawn: each is one draw, not one view.

A post is shown a thousand times, and all of those had the same arm by one draw; what makes them alike besides (the
hour, the subject) makes an interval by views far too narrow. So slots are weighed, and what strays is counted by slot
(Horvitz and Thompson 1952 by clusters; the quotient of two weighted sums by its linear part, as Hajek has it).
common.scoring.offpolicy is the same for views that were drawn one by one, with numpy.

SNIPW is weighted clicks by weighted views: what an experiment counts, and an arm may be shown more often too. DR sets a
model's word on each arm in place of the part that it explains. IPW is clicks a slot: its weights need not come to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

from common.domain.learning import Silence
from common.errors import BadInput

LEAST: Final = 500  # slots of the other way's own that the drawn ones have to be worth
MOST: Final = 0.05  # of all weighed slots, views or clicks in one slot
FARTHEST: Final = 5.0  # standard errors of the mean weight from 1, beyond which slots are missing by their arms
_REACH: Final = NormalDist().inv_cdf(0.975)

Estimator = Literal["SNIPW", "DR", "IPW"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What was drawn once, and what came of it. `shares` are the chances that all arms had in that draw."""

    arm: str
    shares: Mapping[str, float]
    views: int
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Clicks by view or by slot that the other way would have had, between `low` and `high` with 95 %."""

    estimator: Estimator
    by: Literal["view", "slot"]
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """`worth`: slots of the other way that the drawn ones are worth; `had`: clicks by view of those themselves."""

    worth: float
    had: float
    estimates: tuple[Estimate, ...]


def within(slots: Sequence[Slot], wanted: Mapping[str, float]) -> list[Slot]:
    """Slots in which every arm that the other way shows could be drawn: of others nothing can be told."""
    shown = [arm for arm, chance in wanted.items() if chance > 0]
    return [one for one in slots if all(one.shares.get(arm, 0) > 0 for arm in shown)]


def evaluate(
    slots: Sequence[Slot], wanted: Mapping[str, float], expected: Mapping[str, float] | None = None
) -> Evaluated | Silence:
    """`wanted`: the chance of each arm by the other way, which come to 1. `expected`: clicks by view by a model, of
    every arm; then there is DR too. Raises BadInput.
    """
    if any(chance < 0 for chance in wanted.values()) or not math.isclose(sum(wanted.values()), 1, abs_tol=1e-6):
        raise BadInput("the chances of the other way are from 0 on and come to 1; send such")
    kept = within(slots, wanted)
    weights = weighed(kept, wanted)
    if (silence := _refused(kept, weights)) is not None:
        return silence
    found = [_snipw(kept, weights)]
    if expected is not None:
        found.append(_dr(kept, weights, wanted, expected))
    found.append(_ipw(kept, weights))
    had = sum(one.clicks for one in kept) / sum(one.views for one in kept)
    return Evaluated(worth=worth(weights), had=had, estimates=tuple(found))


def weighed(slots: Sequence[Slot], wanted: Mapping[str, float]) -> list[float]:
    """How much more often the other way would have had it so."""
    return [wanted.get(one.arm, 0.0) / one.shares[one.arm] for one in slots]


def worth(weights: Sequence[float]) -> float:
    """How many slots they are worth (Kish): all, where the other way chooses alike."""
    squares = math.fsum(one * one for one in weights)
    return math.fsum(weights) ** 2 / squares if squares else 0.0


def _refused(slots: Sequence[Slot], weights: Sequence[float]) -> Silence | None:
    have = worth(weights)
    if have < LEAST:
        return lacking(int(have))
    views = [w * one.views for one, w in zip(slots, weights, strict=True)]
    clicks = [w * one.clicks for one, w in zip(slots, weights, strict=True)]
    if not sum(views) or not sum(clicks):
        what = "clicks" if sum(views) else "views"
        why = f"nothing of that choice had {what} yet; look whether they are counted, and ask again once they are"
        return Silence(why=why, have=0, need=1, of=what)
    for what, parts in (("views", views), ("clicks", clicks)):
        if (most := max(parts) / sum(parts)) > MOST:
            why = f"one slot has {most:.0%} of all {what}, and what the others say is lost in it"
            told = f"{why}; draw more slots, and ask again"
            return Silence(why=told, have=round(100 * most), need=round(100 * MOST), of=f"per cent of {what} at most")
    n = len(weights)
    mean = math.fsum(weights) / n
    error = math.sqrt(math.fsum((one - mean) ** 2 for one in weights) / n / n)
    if abs(mean - 1) > FARTHEST * error + 1e-9:
        why = f"slots of some arms are missing: their weights come to {mean:.2f} on average, and to 1 where none is"
        told = f"{why}; name the posts of all slots that were drawn, whichever arm they got"
        return Silence(why=told, have=round(100 * mean), need=100, of="per cent of weight a slot")
    return None


def lacking(have: int) -> Silence:
    """Too few slots are left."""
    why = f"what was drawn is worth {have:,} of the {LEAST} slots of that choice that it takes"
    return Silence(why=f"{why}; draw more slots and name their posts", have=have, need=LEAST, of="slots")


def _snipw(slots: Sequence[Slot], weights: Sequence[float]) -> Estimate:
    views = math.fsum(w * one.views for one, w in zip(slots, weights, strict=True))
    value = math.fsum(w * one.clicks for one, w in zip(slots, weights, strict=True)) / views
    off = [w * (one.clicks - value * one.views) for one, w in zip(slots, weights, strict=True)]
    return _between("SNIPW", "view", value, off, views)


def _dr(
    slots: Sequence[Slot], weights: Sequence[float], wanted: Mapping[str, float], expected: Mapping[str, float]
) -> Estimate:
    """Clicks and views, each by what is expected and by how far that was off where it was drawn; their quotient."""
    usual = math.fsum(one.views for one in slots) / len(slots)
    of_all = usual * math.fsum(chance * expected[arm] for arm, chance in wanted.items())
    pairs = list(zip(slots, weights, strict=True))
    clicks = [of_all + w * (one.clicks - usual * expected[one.arm]) for one, w in pairs]
    views = [usual + w * (one.views - usual) for one, w in pairs]
    value = math.fsum(clicks) / math.fsum(views)
    off = [a - value * b for a, b in zip(clicks, views, strict=True)]
    return _between("DR", "view", value, off, math.fsum(views))


def _ipw(slots: Sequence[Slot], weights: Sequence[float]) -> Estimate:
    clicks = [w * one.clicks for one, w in zip(slots, weights, strict=True)]
    value = math.fsum(clicks) / len(slots)
    return _between("IPW", "slot", value, [one - value for one in clicks], len(slots))


def _between(
    estimator: Estimator, by: Literal["view", "slot"], value: float, off: Sequence[float], total: float
) -> Estimate:
    """`off`: by slot how far it is from the value, and what that comes to by `total`."""
    n, most = len(off), 1.0 if by == "view" else math.inf
    reach = _REACH * math.sqrt(math.fsum(one * one for one in off) * n / (n - 1)) / total
    value = min(most, max(0.0, value))  # a model that is far off takes more clicks away than there are
    return Estimate(estimator=estimator, by=by, value=value, low=max(0.0, value - reach), high=min(most, value + reach))
