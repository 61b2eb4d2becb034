"""An experiment made, begun, and ended by hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from common.accounts.acting import Acting
from common.domain.codec import to_json
from common.domain.experiment import OVER, Arm, Experiment, Prior
from common.errors import BadInput, Conflict, NotFound
from common.learning.experiments import erasing, spending
from common.learning.experiments.kept import TRIES, allocation, read
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Write
from common.scoring.bandit import moving

STRENGTH: Final = 75.0  # impressions that a model's word counts as


def create(acting: Acting, wanted: Experiment, account: str | None = None) -> str:
    """Keep it as a draft; its id. `account`: whose predictions of the arms' clips it begins from.

    Raises BadInput, NotFound.
    """
    documents, parent = acting.documents, f"tenants/{acting.tenant}"
    named = [f"{parent}/clips/{arm.clip}" for arm in wanted.arms if arm.clip]
    named += [f"{parent}/campaigns/{one}" for arm in wanted.arms for one in arm.campaigns]
    named += [f"{parent}/publications/{one}" for arm in wanted.arms for one in arm.publications]
    there = documents.get_many(named)
    for key in named:
        if key not in there:
            what, name = key.split("/")[-2:]
            raise NotFound(f"there is no {what[:-1]} {name[:80]}; GET /v1/{what} lists them")
    if wanted.kind == "clip" and any(arm.clip is None and not arm.read for arm in wanted.arms):
        raise BadInput("arms of clips name their clips; send clip for each")
    if wanted.kind == "title" and any(not (arm.text or "").strip() for arm in wanted.arms):
        raise BadInput("arms of titles have their titles; send text for each")
    spending.checked(wanted, {snap.id: snap.body for key, snap in there.items() if key.split("/")[-2] == "campaigns"})
    arms = tuple(replace(arm, prior=arm.prior or _foretold(documents, parent, arm, account)) for arm in wanted.arms)
    name, now = secrets.token_hex(8), stamp(acting.clock.now())
    wanted = replace(wanted, arms=arms)
    body: Json = {"schema": 1, "name": wanted.name, "kind": wanted.kind, "state": "draft", "by": acting.subject}
    body |= {"created": now, "started": None, "ended": None, "moved": None, "best": None, "standing": None}
    body |= {"money": None}
    body |= {"plan": to_json(wanted), "shares": moving.even(wanted), "why": "Not started yet; it begins even."}
    writes = [Create(f"{parent}/experiments/{name}", body), *erasing.uses(acting.tenant, name, wanted, there)]
    acting.commit("experiments.make", name, *writes, kind=wanted.kind)
    return name


def start(acting: Acting, experiment: str, chore: Create, along: Callable[[Snap], tuple[Json, list[Write]]]) -> bool:
    """Let it run, and with it the chore that looks daily. False where it runs already. Raises BadInput where over.

    `along`: what else its start changes of it, as it was read, and besides it; may raise.
    """
    now = acting.clock.now()
    for _ in range(TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        state = snap.body["state"]
        if state in OVER:
            raise BadInput(f"it is {state}; what is over is not started again, make another one")
        if state != "draft":
            return False
        today = now.date().isoformat()
        why = "It begins even; shares move once a day, from the first day whose figures are ripe."
        more, writes = along(snap)
        fields: Json = {"state": "running", "started": stamp(now), "moved": today, "why": why, **more}
        row = allocation(acting.tenant, experiment, today, {**snap.body, **fields})
        started = Update(snap.key, fields, snap.version)
        try:
            acting.commit("experiments.start", experiment, started, row, chore, *writes)
        except Conflict:
            continue
        return True
    raise Conflict("it is changing this moment; try again")


def stop(acting: Acting, experiment: str, ending: Callable[[Snap], Sequence[Write]]) -> None:
    """The kill switch: no arm is drawn any more, no share moves. `ending` is written along. Safe to call again."""
    for _ in range(TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        if snap.body["state"] in OVER:
            return
        ended = stamp(acting.clock.now())
        fields: Json = {"state": "stopped", "ended": ended, "why": f"{acting.subject} stopped it."}
        try:
            acting.commit("experiments.stop", experiment, Update(snap.key, fields, snap.version), *ending(snap))
        except Conflict:
            continue
        return
    raise Conflict("it is changing this moment; try again")


def _foretold(documents: Documents, parent: str, arm: Arm, account: str | None) -> Prior | None:
    """What the model of clicks said of the arm's clip in an account; None where it said nothing."""
    if arm.clip is None or account is None:
        return None
    key = f"{parent}/predictions/{arm.clip}"
    snap = documents.get_many([key]).get(key)
    said = [] if snap is None else [one["prediction"] for one in snap.body["accounts"] if one["account"] == account]
    known = [one["value"] for one in said if one is not None and 0 < one["value"] < 1]
    return Prior(mean=known[0], strength=STRENGTH) if known else None
