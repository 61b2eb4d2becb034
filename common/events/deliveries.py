"""Deliveries: an event on its way to a webhook or a person's device, tried until it is taken or it is too late.

    queued ──claim──> sending ──2xx──> done
      ^                 ├──else──> waiting ──claim──> sending        `due`: when somebody should look; absent: never
      └──by a person────┴──too often, or never possible──> dead

Whoever sends claims the row first by compare-and-set, so one does it at a time. A sender that dies after the request
and before its answer is written down leaves a row that is sent again: receivers know an event by its `id`.

To devices it goes in two steps, for an organisation may have more of them than one batch takes: one row for all of an
event, which is SPREAD to a row for each device.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform
from typing import Any, Literal, Protocol

from common.errors import Conflict, CutroomError, Refused, Unreachable
from common.events import signatures
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import ABSENT, Create, Documents, Json, Snap, Update, Where
from common.ports.outbound import Outbound
from common.ports.wake import Errand, Wake

log = logging.getLogger("cutroom.deliveries")

State = Literal["queued", "sending", "waiting", "done", "dead"]
Ending = Literal["done", "waiting", "dead", "busy", "early", "gone"]

KEPT = timedelta(days=30)
SPREAD = "push"  # in the place of a receiver
PAUSES_S = (10, 60, 300, 1800, 7200, 21_600, 54_000)  # after each try that failed: eight tries in about 24 hours
TIMEOUT_S = 15.0  # of one try
LEASE_S = 60.0  # after which whoever sends has died
HEAD = 500  # bytes kept of what a receiver answers that does not take it


def rows(hooks: Sequence[Snap], tenant: str, kind: str, event: str, told: str, at: datetime) -> list[Create]:
    """A delivery for each webhook that wants this type."""
    wanted = [hook for hook in hooks if hook.body["active"] and kind in hook.body["events"]]
    return [row(hook, tenant, kind, event, told, at) for hook in wanted]


def row(hook: Snap, tenant: str, kind: str, event: str, told: str, at: datetime) -> Create:
    return _row(hook.id, tenant, kind, event, told, at, webhook=hook.id)


def spread(tenant: str, kind: str, event: str, told: str, at: datetime) -> Create:
    """That the devices of all members are to be told."""
    return _row(SPREAD, tenant, kind, event, told, at, webhook=None)


def to_device(spread: Json, tenant: str, device: str, subject: str, at: datetime) -> Create:
    """A delivery to one device; the same however often it is made of the same row."""
    kind, event, told = spread["type"], spread["event"], spread["told"]
    made = _row(device, tenant, kind, event, told, parse(spread["at"]), webhook=None, device=device, subject=subject)
    return Create(made.key, {**made.body, "due": stamp(at)})


def _row(to: str, tenant: str, kind: str, event: str, told: str, at: datetime, **whose: Any) -> Create:
    """A delivery that is due now; ids of one receiver's sort by time."""
    place = f"{to}.{int(at.timestamp() * 1000):013}.{event}"
    body: Json = {"schema": 1, "place": place, **whose, "event": event, "type": kind, "told": told}
    body |= {"state": "queued", "attempt": 0, "wake": 0, "status": None, "error": None, "tried": None}
    body |= {"at": stamp(at), "due": stamp(at), "expires": stamp(at + KEPT)}
    return Create(f"tenants/{tenant}/deliveries/{place}", body)


def errand(key: str, body: Json) -> Errand:
    """What a delivery needs next, for the transport that wakes runs as well."""
    return Errand(
        run=key,
        stage="deliver",
        place="task",
        image="light",
        timeout_s=2 * TIMEOUT_S,
        attempt=int(body["attempt"]),
        wake=int(body["wake"]),
    )


def wake_all(wake: Wake, keys: Sequence[str], at: datetime) -> None:
    """Have deliveries that were just made sent."""
    for key in keys:
        wake.work(errand(key, {"attempt": 0, "wake": 0}), at)


class Way(Protocol):
    """How deliveries to devices go out."""

    def tried(self, key: str, body: Json, attempt: int) -> Json:
        """Try once; the fields to write, whose `state` is done, waiting or dead. Raises CutroomError to try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends what is due. `wake_s`: how long a wake may take before the sweep looks whether it was lost.

    Without `pushes` nothing goes to devices.
    """

    documents: Documents
    clock: Clock
    wake: Wake
    outbound: Outbound
    pushes: Way | None = None
    wake_s: float = 0.0

    def due(self, limit: int = 50) -> list[Snap]:
        """Deliveries that somebody should have looked at by now, the longest waiting first."""
        late = stamp(self.clock.now() - timedelta(seconds=self.wake_s))
        return self.documents.query("deliveries", [Where("due", "<=", late)], order="due", limit=limit)

    def rescue(self, limit: int = 200) -> int:
        """Wake those whose wake was lost, or whose sender has died; how many."""
        found = 0
        for snap in self.due(limit):
            fields = {"wake": int(snap.body["wake"]) + 1}
            with suppress(Conflict):  # it is looked at this very moment
                self.documents.commit([Update(snap.key, fields, snap.version)])
                self.wake.work(errand(snap.key, {**snap.body, **fields}), self.clock.now())
                found += 1
        return found

    def deliver(self, key: str) -> Ending:
        """Try once, if it is due and nobody else does. Safe to call twice, late, or by two at once."""
        snap = self.documents.get_many([key]).get(key)
        if snap is None or "due" not in snap.body:
            return "gone"
        if snap.body["state"] == "sending" and snap.age < LEASE_S:
            return "busy"
        now = self.clock.now()
        if parse(snap.body["due"]) > now and snap.body["state"] != "sending":
            return "early"
        attempt = int(snap.body["attempt"]) + 1
        claimed: Json = {"state": "sending", "attempt": attempt, "token": secrets.token_hex(8)}
        claimed["due"] = stamp(now + timedelta(seconds=LEASE_S))
        try:
            version = self.documents.commit([Update(key, claimed, snap.version)])[key]
        except Conflict:
            return "busy"
        fields = self._tried(key, snap.body, attempt)
        try:
            self.documents.commit([Update(key, fields, version)])
        except Conflict:
            return "busy"  # it took so long that another has taken it up
        if fields["state"] == "waiting":
            self.wake.work(errand(key, {**snap.body, **claimed}), parse(fields["due"]))
        ending: Ending = fields["state"]
        return ending

    def _tried(self, key: str, body: Json, attempt: int) -> Json:
        """What became of a try, as the fields to write."""
        fields: Json = {"tried": stamp(self.clock.now()), "token": ABSENT, "status": None, "error": None}
        try:
            if body["webhook"] is not None:
                return {**fields, **self._called(key, body, attempt)}
            if self.pushes is None:
                return {**fields, **dead("nothing is pushed from here")}
            return {**fields, **self.pushes.tried(key, body, attempt)}
        except Refused as error:
            return {**fields, **dead(str(error))}
        except Unreachable as error:
            return {**fields, **again(self.clock.now(), str(error), attempt)}
        except CutroomError as error:
            log.exception("%s could not be sent", key)
            return {**fields, **again(self.clock.now(), str(error), attempt)}

    def _called(self, key: str, body: Json, attempt: int) -> Json:
        """A webhook, once."""
        tenant = key.split("/")[1]
        where = f"tenants/{tenant}/webhooks/{body['webhook']}"
        hook = self.documents.get_many([where]).get(where)
        now = self.clock.now()
        if hook is None or not hook.body["active"]:
            return dead("the webhook was removed or switched off; switch it on and deliver again")
        told = str(body["told"]).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Cutroom-Webhook/1",
            "Cutroom-Event": str(body["type"]),
            "Cutroom-Delivery": key.rsplit("/", 1)[1],
            signatures.HEADER: signatures.sign(told, open_secrets(hook.body, now), now),
        }
        reply = self.outbound.post(hook.body["address"], told, headers, timeout_s=TIMEOUT_S, most_bytes=HEAD)
        if 200 <= reply.status < 300:
            return {"status": reply.status, **done()}
        said = reply.body.decode("utf-8", "replace")[:HEAD]
        return {"status": reply.status, **again(self.clock.now(), f"it answered {reply.status}: {said}", attempt)}


def open_secrets(hook: Json, now: datetime) -> list[str]:
    """The secrets of a webhook that hold: the last, and until a day after the rotation the one before."""
    return [one["text"] for one in hook["secrets"] if one["until"] is None or parse(one["until"]) > now]


def done() -> Json:
    return {"state": "done", "due": ABSENT}


def again(
    now: datetime,
    why: str,
    attempt: int,
    pauses: Sequence[float] = PAUSES_S,
    *,
    after_s: float | None = None,
    then: str = "deliver it again by hand",
) -> Json:
    """It is tried once more, no sooner than after `after_s`, where it was not tried too often."""
    if attempt > len(pauses):
        return dead(f"{why} (tried {attempt} times; {then})")
    pause = max(pauses[attempt - 1] * uniform(0.9, 1.1), after_s or 0.0)
    return {"state": "waiting", "error": why, "due": stamp(now + timedelta(seconds=pause))}


def dead(why: str) -> Json:
    return {"state": "dead", "error": why, "due": ABSENT}
