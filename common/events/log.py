"""The log of what happened in an organisation: told once, numbered without gaps, kept for a month.

`tenants/{t}/streams/events` holds the last number. Whatever is told is written in one batch with the next number, the
change that it tells of, a delivery for each webhook that wants it, and one for the members' devices. So whoever has
seen a number has seen all before it, whichever instance wrote them; and an event has all of its deliveries or was never
told.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from common.domain.codec import digest
from common.errors import Conflict
from common.events import deliveries
from common.events.event import PUSHED, Data, Event, Type, text
from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Where, Write

KEPT = timedelta(days=30)
PACES = 9  # of the last flows, whose median is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something to tell. `which` tells it from all others of its type and flow, the same however often it is found."""

    type: Type
    data: Data
    which: Sequence[str] = ()

    @property
    def id(self) -> str:
        return digest([self.type, self.data.flow, *self.which], 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event in its place; `text` is its JSON."""

    n: int
    flow: str | None
    type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last number, and seconds of work that a second of footage took in the organisation's last flows."""

    n: int = 0
    paces: Sequence[float] = ()

    @property
    def pace(self) -> float | None:
        return statistics.median(self.paces) if self.paces else None


def record(
    documents: Documents,
    clock: Clock,
    tenant: str,
    happened: Sequence[Happening],
    *also: Write,
    pace: float | None = None,
) -> list[str]:
    """Write what was not told yet and the change that it comes with; keys of the deliveries that are due now.

    Raises Conflict where a condition of `also` does not hold; then nothing is written.
    """
    where = key(tenant)
    events = {f"tenants/{tenant}/events/{one.id}": one for one in happened}
    hooks = documents.query("webhooks", parent=f"tenants/{tenant}")
    pushed = any(one.type in PUSHED for one in happened) and bool(documents.query("devices", limit=1))
    at = clock.now()
    while True:
        there = documents.get_many([where, *events])
        head, last = _head(there.get(where)), there.get(where)
        writes: list[Write] = []
        rows: list[Create] = []
        for n, (name, one) in enumerate(((k, v) for k, v in events.items() if k not in there), head.n + 1):
            told = text(Event(id=one.id, type=one.type, at=stamp(at), organisation=tenant, data=one.data))
            body: Json = {"schema": 1, "n": n, "flow": one.data.flow, "type": one.type, "at": stamp(at), "told": told}
            writes.append(Create(name, {**body, "expires": stamp(at + KEPT)}))
            rows += deliveries.rows(hooks, tenant, one.type, one.id, told, at)
            if pushed and one.type in PUSHED:
                rows.append(deliveries.spread(tenant, one.type, one.id, told, at))
        if writes:
            paces = [*head.paces, *([] if pace is None else [pace])][-PACES:]
            ahead: Json = {"schema": 1, "n": head.n + len(writes), "paces": paces}
            writes.append(Create(where, ahead) if last is None else Update(where, ahead, last.version))
        try:
            if all_of_it := [*also, *writes, *rows]:
                documents.commit(all_of_it)
        except Conflict:
            now = documents.get_many([where]).get(where)
            if writes and (now and now.version) != (last and last.version):
                continue  # something else was told meanwhile; or this, and the answer was lost
            raise
        return [row.key for row in rows]


def head(documents: Documents, tenant: str) -> Head:
    return _head(documents.get_many([key(tenant)]).get(key(tenant)))


def after(documents: Documents, tenant: str, n: int, limit: int = 200) -> list[Told]:
    """What was told after a number, in order."""
    found = documents.query("events", [Where("n", ">", n)], parent=f"tenants/{tenant}", order="n", limit=limit)
    return [_told(snap) for snap in found]


def first_of(documents: Documents, tenant: str, flow: str) -> int | None:
    """The number of the first event of a flow; None where nothing is kept of it."""
    of = [Where("flow", "==", flow)]
    found = documents.query("events", of, parent=f"tenants/{tenant}", order="n", limit=1)
    return int(found[0].body["n"]) if found else None


def key(tenant: str) -> str:
    return f"tenants/{tenant}/streams/events"


def _head(snap: Snap | None) -> Head:
    return Head() if snap is None else Head(n=int(snap.body["n"]), paces=snap.body["paces"])


def _told(snap: Snap) -> Told:
    body = snap.body
    return Told(n=int(body["n"]), flow=body["flow"], type=body["type"], text=body["told"])
