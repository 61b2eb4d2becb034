"""Webhooks: addresses that are told what happens, and programs that may start flows, each known by a shared secret.

`tenants/{t}/webhooks/{id}`: name, address, events, active, may_start, secrets. The secrets stand there to be read: who
signs must have them (docs/adr/0024).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from common.accounts.acting import Acting
from common.accounts.names import plain, titled
from common.errors import BadInput, Conflict, NotFound, Permanent, Stale
from common.events import deliveries
from common.events.event import TEST, TYPES, Data, Event, text
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap, Update

MOST = 20  # of one organisation: each event is written with a delivery for each
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """All times are stamps. `earlier`: until when the secret before the last rotation signs, and is taken, too."""

    id: str
    name: str
    address: str | None
    events: tuple[str, ...]
    active: bool
    may_start: bool
    made_by: str
    made: str
    earlier: str | None
    version: str


def make(
    acting: Acting, *, name: str, address: str | None, events: Sequence[str], may_start: bool
) -> tuple[Webhook, str]:
    """A new one and its secret. `address` was checked. Raises Permanent for too many."""
    acting.must("webhooks.write")
    _sensible(address, events)
    if acting.documents.count("webhooks", parent=f"tenants/{acting.tenant}") >= MOST:
        raise Permanent(f"there are {MOST} webhooks, as many as can be; delete one first", code="too_many_webhooks")
    identity, secret = secrets.token_hex(8), _secret()
    body: Json = {
        "schema": 1,
        "name": titled(name),
        "address": address,
        "events": sorted(set(events)),
        "active": True,
        "may_start": may_start,
        "secrets": [{"text": secret, "until": None}],
        "made_by": acting.subject,
        "made": stamp(acting.clock.now()),
    }
    acting.commit("webhooks.make", identity, Create(_where(acting.tenant, identity), body))
    return read(acting.documents, acting.tenant, identity), secret


def webhooks(documents: Documents, tenant: str) -> list[Webhook]:
    """All of them, the newest first."""
    found = [_webhook(snap) for snap in documents.query("webhooks", parent=f"tenants/{tenant}")]
    return sorted(found, key=lambda one: (one.made, one.id), reverse=True)


def read(documents: Documents, tenant: str, identity: str) -> Webhook:
    """Raises NotFound."""
    return _webhook(snap_of(documents, tenant, identity))


def change(acting: Acting, identity: str, fields: Json, version: str | None) -> Webhook:
    """Set those of name, address, events, active and may_start that are given. Raises NotFound, Stale, Conflict."""
    acting.must("webhooks.write")
    snap = _current(acting, identity, version)
    if "name" in fields:
        titled(fields["name"])
    if "events" in fields:
        fields = {**fields, "events": sorted(set(fields["events"]))}
    changed = {**snap.body, **fields}
    _sensible(changed["address"], changed["events"])
    acting.commit("webhooks.change", identity, Update(snap.key, fields, snap.version), fields=", ".join(sorted(fields)))
    return read(acting.documents, acting.tenant, identity)


def rotate(acting: Acting, identity: str) -> tuple[Webhook, str]:
    """Another secret; the one until now signs too for a day, one before that no more. Raises NotFound, Conflict."""
    acting.must("webhooks.write")
    snap, secret = _current(acting, identity, None), _secret()
    until = stamp(acting.clock.now() + OVERLAP)
    kept = [{"text": secret, "until": None}, {"text": snap.body["secrets"][0]["text"], "until": until}]
    acting.commit("webhooks.rotate", identity, Update(snap.key, {"secrets": kept}, snap.version))
    return read(acting.documents, acting.tenant, identity), secret


def remove(acting: Acting, identity: str, version: str | None) -> None:
    """From now on nothing is sent to it and nothing taken from it. Raises NotFound, Stale, Conflict."""
    acting.must("webhooks.write")
    snap = _current(acting, identity, version)
    acting.commit("webhooks.remove", identity, Delete(snap.key, snap.version))


def test(acting: Acting, identity: str) -> str:
    """Send it an event that tells of nothing; the key of the delivery."""
    acting.must("webhooks.write")
    snap, at = _current(acting, identity, None), acting.clock.now()
    if snap.body["address"] is None:
        raise BadInput("this webhook has no address to send to; give it one")
    event = secrets.token_hex(12)
    data = Data(message="This is a test; nothing has happened.")
    told = text(Event(id=event, type=TEST, at=stamp(at), organisation=acting.tenant, data=data))
    row = deliveries.row(snap, acting.tenant, TEST, event, told, at)
    acting.commit("webhooks.test", identity, row)
    return row.key


def again(acting: Acting, identity: str, delivery: str) -> tuple[str, Json]:
    """Have something delivered once more, now, with all tries; its key and body. Raises NotFound, Conflict."""
    acting.must("webhooks.write")
    snap = delivery_of(acting.documents, acting.tenant, identity, delivery)
    if snap.body["state"] == "sending":
        raise Conflict("it is being sent this moment; look at it again in a minute", code="at_work")
    fields: Json = {"state": "queued", "attempt": 0, "wake": int(snap.body["wake"]) + 1}
    fields["due"] = stamp(acting.clock.now())
    acting.commit("webhooks.redeliver", delivery, Update(snap.key, fields, snap.version))
    return snap.key, {**snap.body, **fields}


def delivery_of(documents: Documents, tenant: str, identity: str, delivery: str) -> Snap:
    """Raises NotFound."""
    key = f"tenants/{tenant}/deliveries/{delivery}"
    snap = documents.get_many([key]).get(key)
    if snap is None or snap.body["webhook"] != identity:
        raise NotFound(f"there is no delivery {delivery[:100]!r} of this webhook; its deliveries are listed")
    return snap


def snap_of(documents: Documents, tenant: str, identity: str) -> Snap:
    snap = None
    if plain(identity):
        snap = documents.get_many([_where(tenant, identity)]).get(_where(tenant, identity))
    if snap is None:
        raise NotFound(f"there is no webhook {identity[:50]!r}; GET /v1/webhooks lists them")
    return snap


def _current(acting: Acting, identity: str, version: str | None) -> Snap:
    snap = snap_of(acting.documents, acting.tenant, identity)
    if version is not None and version != str(snap.version):
        raise Stale("the webhook has changed since it was read; read it again")
    return snap


def _sensible(address: str | None, events: Sequence[str]) -> None:
    if strange := set(events) - set(TYPES):
        raise BadInput(f"{sorted(strange)[0][:50]!r} is no event; choose of {', '.join(TYPES)}")
    if address is None and events:
        raise BadInput("events need an address to be sent to; give one, or leave the events out")


def _secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _where(tenant: str, identity: str) -> str:
    return f"tenants/{tenant}/webhooks/{identity}"


def _webhook(snap: Snap) -> Webhook:
    body = snap.body
    ends = [one["until"] for one in body["secrets"] if one["until"] is not None]
    return Webhook(
        id=snap.id,
        events=tuple(body["events"]),
        earlier=max(ends, key=parse, default=None),
        version=str(snap.version),
        **{name: body[name] for name in ("name", "address", "active", "may_start", "made_by", "made")},
    )
