"""Whether a challenger takes the champion's place: where it is better on what neither had seen, and worse nowhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from common.domain.learning import Creative
from common.learning import drifting
from common.learning.drifting import BOUNDS
from common.scoring.ctr.model import Model

MATURED: Final = 200  # creatives that came out since the challenger was trained
CYCLE: Final = timedelta(days=7)  # that it is tried at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    do: Literal["wait", "promote", "refuse"]
    why: str


def decided(
    champion: Model, challenger: Model, creatives: Sequence[Creative], *, began: datetime, now: datetime
) -> Decision:
    """By those that were out for 7 days only after the challenger was trained at `began`, where it says something.

    Where the champion is silent, an account's own mean speaks for it: else an organisation whose accounts are all
    others by now would keep one that has nothing to say. A challenger that is surely off is not tried to the end: the
    next has seen more of what has changed.
    """
    from common.scoring.ctr.evaluating import compared  # here, not above: it needs numpy, and who asks has none

    late = drifting.since(creatives, began)
    mine, theirs = (
        {one.creative.id: one.prediction.value for one in drifting.foreseen(model, late)[0]}
        for model in (champion, challenger)
    )
    accounts = challenger.manifest.get("accounts") or {}
    mine = {one.id: accounts[one.account]["own"] for one in late if one.id in theirs} | mine
    both = [one for one in late if one.id in theirs]
    if len(late) >= MATURED > len(both) and 2 * len(both) < len(late):
        why = f"of {len(late)} creatives that came out since it was trained, it says nothing of {len(late) - len(both)}"
        return Decision(do="refuse", why=f"{why}, for it does not know their accounts")
    if (off := drifting.accuracy(challenger, late[-drifting.RECENT :]).alarm) is not None:
        return Decision(do="refuse", why=f"{off}; more of them would not make it better")
    if now - began < CYCLE or len(both) < MATURED:
        return Decision(
            do="wait",
            why=f"{challenger.name} is tried in the shadow since {began:%Y-%m-%d}: {len(both)} of {MATURED} creatives "
            f"have come out, and it stays there for {CYCLE.days} days at least",
        )
    old, new = ([told[one.id] for one in both] for told in (mine, theirs))
    found = compared(old, new, both)
    if not found.better:
        return Decision(do="refuse", why="; ".join(found.why))
    return Decision(
        do="promote",
        why=f"of {found.creatives} creatives that neither had seen, its deviance is {found.gain:.1%} less "
        f"({found.low:.1%} to {found.high:.1%}) than that of {champion.name}",
    )


def first(challenger: Model) -> Decision:
    """Of a model that has no champion: against each account's own mean, on creatives that it had not learned from then.

    That it is not calibrated must be sure: on so few, a ratio strays.
    """
    told = challenger.manifest.get("metrics") or {}
    skill, ratio = told.get("skill_over_own_mean"), told.get("calibration_ratio")
    if skill is None or ratio is None:
        return Decision(do="refuse", why="nothing that was held back from it shows how good it is")
    if skill <= 0:
        return Decision(
            do="refuse", why=f"each account's own mean is as good: the model's deviance is {-skill:.1%} more"
        )
    if not BOUNDS[0] <= ratio <= BOUNDS[1] and abs(told.get("calibration_errors", math.inf)) > drifting.SURE:
        return Decision(do="refuse", why=f"it foretells {ratio:.2f} times the clicks that came")
    return Decision(
        do="promote",
        why=f"it is the first, and its deviance is {skill:.1%} less than that of each account's own mean, "
        f"on {told.get('asked')} creatives that were held back from it",
    )
