"""What another way of choosing would have brought an experiment, from the slots that were drawn and their posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from common.domain.experiment import Experiment
from common.domain.learning import Silence
from common.errors import BadInput
from common.learning.experiments.counting import of_posts
from common.learning.experiments.kept import every, opened
from common.ports.clock import parse
from common.ports.documents import Documents, Snap
from common.scoring.bandit import evaluating, moving
from common.scoring.bandit.evaluating import Evaluated, Slot

MOST: Final = 2000  # slots, the last drawn: each one's figures are a read


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """`wanted`: the chance of each arm by the other way. `drawn` slots, `posted` of them with a post, and `counted`
    ones whose figures are known, by chances that left every arm of the other way one; None: there are too few to look.
    """

    wanted: Mapping[str, float]
    drawn: int
    posted: int
    counted: int | None
    found: Evaluated | Silence


def evaluate(documents: Documents, now: datetime, tenant: str, snap: Snap, choose: str | None) -> Evaluation:
    """What it would be worth to `choose` an arm for every slot, or all alike where it is None. Raises BadInput."""
    plan, parent = opened(snap), f"tenants/{tenant}"
    if choose is not None and choose not in plan.names:
        raise BadInput(f"there is no arm {choose[:80]}; the arms are {', '.join(plan.names)}")
    wanted = moving.even(plan) if choose is None else {name: float(name == choose) for name in plan.names}
    rows = [row.body for row in every(documents, "assignments", parent, f"{snap.id}.")]
    posts = sorted((row for row in rows if row["publication"]), key=lambda row: str(row["at"]))
    unread = {
        row["publication"]: Slot(arm=row["arm"], shares=row["shares"], views=0, clicks=0) for row in posts[-MOST:]
    }
    might = evaluating.within(list(unread.values()), wanted)
    found: Evaluated | Silence = evaluating.lacking(int(evaluating.worth(evaluating.weighed(might, wanted))))
    counted = None
    if len(might) >= evaluating.LEAST:  # with fewer no figure can help, and none is read
        ripe = {day.isoformat() for day in moving.ripe(plan, parse(snap.body["started"]).date(), now)}
        slots = evaluating.within(_counted(documents, parent, unread, ripe), wanted)
        counted, found = len(slots), evaluating.evaluate(slots, wanted, _expected(plan))
    return Evaluation(wanted=wanted, drawn=len(rows), posted=len(posts), counted=counted, found=found)


def _counted(documents: Documents, parent: str, slots: Mapping[str, Slot], ripe: set[str]) -> list[Slot]:
    """Those of whose posts it is known what they came to on ripe days, each of them."""
    found: list[Slot] = []
    for post, rows in of_posts(documents, parent, slots).items():
        days = [row.counted for row in rows if row.day in ripe]
        known = [one for one in days if one is not None]
        if known and len(known) == len(days):
            shown, clicks = sum(one.impressions for one in known), sum(one.clicks for one in known)
            found.append(replace(slots[post], views=shown, clicks=clicks))
    return found


def _expected(plan: Experiment) -> dict[str, float] | None:
    """What a model said of each arm, where it did of all."""
    priors = {arm.name: arm.prior for arm in plan.arms}
    told = {name: one.mean for name, one in priors.items() if one is not None}
    return told if len(told) == len(priors) else None
