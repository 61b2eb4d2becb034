"""The daily look at an experiment: shares moved, frozen, stopped or decided by what was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from common.domain.codec import to_json
from common.domain.experiment import OVER, State
from common.errors import Conflict
from common.events import log
from common.events.event import Data, Type
from common.events.log import Happening
from common.learning.experiments import counting
from common.learning.experiments.kept import TRIES, allocation, allocations, key_of, opened
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Documents, Json, Snap, Update, Write
from common.scoring.bandit import moving
from common.scoring.bandit.moving import Move

_EVENTS: Final[Mapping[str, Type]] = {
    "decided": "experiment.decided",
    "frozen": "experiment.frozen",
    "stopped": "experiment.stopped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """After a daily look. `rows` are deliveries of what is told of it, due now."""

    state: State
    rows: Sequence[str] = ()


def look(
    documents: Documents, clock: Clock, tenant: str, experiment: str, ending: Callable[[Snap], Sequence[Write]]
) -> Looked | None:
    """Move the shares where a day has ripened, freeze, stop or decide; None where it is gone. Safe to call again:
    a day moves them once. `ending` is written along with its end.
    """
    for _ in range(TRIES):
        key = key_of(tenant, experiment)
        snap = documents.get_many([key]).get(key)
        if snap is None:
            return None
        body = snap.body
        if body["state"] not in ("running", "frozen"):
            return Looked(state=body["state"])
        now = clock.now()
        fields, writes = _moved(tenant, snap, _move(documents, tenant, snap, now), now)
        if not fields:
            return Looked(state=body["state"])
        writes.insert(0, Update(key, fields, snap.version))
        state: State = fields["state"] if "state" in fields else body["state"]
        writes += ending(snap) if state in OVER else ()
        happened = [_happened(snap, state, fields["why"], now)] if state != body["state"] and state in _EVENTS else []
        try:
            return Looked(state=state, rows=log.record(documents, clock, tenant, happened, *writes))
        except Conflict:
            continue
    raise Conflict("the experiment is changing this moment; it is looked at again")


def _move(documents: Documents, tenant: str, snap: Snap, now: datetime) -> Move:
    known = counting.known(documents, tenant, snap)
    held = {row["date"]: row["shares"] for row in allocations(documents, tenant, snap.id)}
    started = parse(snap.body["started"]).date()
    return moving.move(
        opened(snap), known.figures, snap.body["shares"], started, now, held, blind=known.blind, wrong=known.wrong
    )


def _moved(tenant: str, snap: Snap, after: Move, now: datetime) -> tuple[Json, list[Write]]:
    """What changes; nothing where all is as it was."""
    body, today = snap.body, now.astimezone(UTC).date().isoformat()
    fields: Json = {"state": after.state, "why": after.why}
    if after.standing is not None:
        fields |= {"standing": to_json(after.standing), "best": after.standing.best}
    if after.state in OVER:
        fields["ended"] = stamp(now)
    writes: list[Write] = []
    if body["moved"] < today and after.state in ("running", "frozen"):
        fields |= {"moved": today, "shares": dict(after.shares)}
        writes.append(allocation(tenant, snap.id, today, {**body, **fields}))
    changed = {name: value for name, value in fields.items() if body.get(name) != value}
    return (changed | {"why": after.why} if changed else {}), writes


def _happened(snap: Snap, state: State, why: str, now: datetime) -> Happening:
    data = Data(experiment=snap.id, message=f"{snap.body['name']}: {why}")
    return Happening(type=_EVENTS[state], data=data, which=[snap.id, now.date().isoformat()])
