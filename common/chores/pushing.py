"""That a flow has ended, to the devices of an organisation's members: deliveries beside those to webhooks.

One row for all of an event becomes a row for each device that wants its type; each is tried a few times within hours.
Whether somebody may be told is asked anew at the last moment: who has left, is disabled, or has signed out everywhere
gets nothing that is still on its way. A message holds the video's name and ids, and nothing of what is in it.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.accounts import audit, devices, names, organisations
from common.errors import Conflict, Forbidden, NotFound, Unauthorized
from common.events import deliveries
from common.events.deliveries import again, dead, done
from common.ports.auth import Standing
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap, Update, Where
from common.ports.push import Message, Pusher
from common.ports.wake import Wake

PAUSES_S = (10, 60, 300, 1800)  # after each try that failed
LATEST = timedelta(hours=6)  # after which it is no news
PAGE = 30  # members at once: so many values a condition takes
SLICE_S = 15.0  # after which the rest is left to another call
MOST_NAME = 80  # characters of a video's name

TITLES = {
    "video.generation.completed": "Your clips are ready",
    "video.generation.failed": "Your video could not be finished",
}
CANCELLED = "Your video was cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """Implements Way. Without `standing` nobody can be revoked."""

    documents: Documents
    clock: Clock
    wake: Wake
    pusher: Pusher
    standing: Standing | None

    def tried(self, key: str, body: Json, attempt: int) -> Json:
        if self.pusher.left_out is not None:
            return dead(self.pusher.left_out)
        if self.clock.now() - parse(body["at"]) > LATEST:
            return dead("it is too late to be told of")
        tenant = key.split("/")[1]
        return self._sent(tenant, body, attempt) if "device" in body else self._spread(tenant, body)

    def _spread(self, tenant: str, body: Json) -> Json:
        """A row for each device. Those that are there already were made by whoever began this."""
        began, after = time.monotonic(), str(body.get("after", ""))
        while subjects := self._members(tenant, after):
            rows = {row.key: row for row in self._rows(tenant, body, subjects)}
            made = [row for name, row in rows.items() if name not in self.documents.get_many(rows)]
            if made:
                self.documents.commit(made)
                deliveries.wake_all(self.wake, [row.key for row in made], self.clock.now())
            after = subjects[-1]
            if time.monotonic() - began > SLICE_S:
                return {"state": "waiting", "due": stamp(self.clock.now()), "after": after}
        return done()

    def _members(self, tenant: str, after: str) -> list[str]:
        """Some of those after one, in the order of their ids; whose own tenant it is comes by themselves, first."""
        if not after and not names.shared(tenant):
            return [tenant]
        after = "" if after == tenant else after
        found = self.documents.named("members", parent=f"tenants/{tenant}", after=after, limit=PAGE)
        return [snap.id for snap in found]

    def _rows(self, tenant: str, body: Json, subjects: Sequence[str]) -> list[Create]:
        who = [Where("subject", "in", list(subjects))]
        found = self.documents.query("devices", who, limit=PAGE * devices.MOST * 2)
        wanted = [snap for snap in found if body["type"] in snap.body["events"]]
        return [deliveries.to_device(body, tenant, snap.id, snap.body["subject"], self.clock.now()) for snap in wanted]

    def _sent(self, tenant: str, body: Json, attempt: int) -> Json:
        """To one device, if its person is to be told."""
        where = devices.key(body["device"])
        device = self.documents.get_many([where]).get(where)
        if device is None or device.body["subject"] != body["subject"] or body["type"] not in device.body["events"]:
            return dead("the device was removed, is another person's now, or is told of this no more")
        if (why := self._unwelcome(tenant, device, body)) is not None:
            return dead(why)
        outcome = self.pusher.send(device.body["token"], self._message(tenant, body))
        why = outcome.why or "it was not taken"
        if outcome.ending == "sent":
            return done()
        if outcome.ending == "later":
            return again(self.clock.now(), why, attempt, PAUSES_S, after_s=outcome.after_s, then="nothing more is done")
        if outcome.ending == "gone":
            self._remove(device, body, "devices.gone")
        else:
            with suppress(Conflict):  # it was registered anew this moment
                self.documents.commit([Update(device.key, {"error": why}, device.version)])
        return dead(why)

    def _unwelcome(self, tenant: str, device: Snap, body: Json) -> str | None:
        """Why the person is not to be told, by what lets them in to look for themselves."""
        subject = device.body["subject"]
        try:
            organisations.let_in(self.documents, tenant, subject, proven=device.body["second_factor"])
        except (NotFound, Forbidden):
            return "whose device it is may not look at this organisation any more"
        try:
            if self.standing is not None:
                self.standing.check(subject, device.body["signed_in"])
        except Unauthorized:
            self._remove(device, body, "devices.revoked")
            return "whose device it is was signed out; the device is registered when they sign in again"
        return None

    def _remove(self, device: Snap, body: Json, what: str) -> None:
        subject = device.body["subject"]
        told = audit.line(self.clock, subject, by="push", what=what, on=device.id, request=body["event"])
        with suppress(Conflict):  # it was registered anew this moment
            self.documents.commit([Delete(device.key, device.version), told])

    def _message(self, tenant: str, body: Json) -> Message:
        told: dict[str, Any] = json.loads(body["told"])
        about = told["data"]
        where = f"tenants/{tenant}/assets/{about['asset']}"
        asset = self.documents.get_many([where]).get(where)
        cancelled = about["error"] is not None and about["error"]["code"] == "cancelled"
        data = {"type": body["type"], "event": body["event"], "organisation": tenant}
        data |= {name: about[name] for name in ("flow", "asset") if about[name] is not None}
        return Message(
            title=CANCELLED if cancelled else TITLES[body["type"]],
            body=_named(asset),
            tag=body["event"],
            data=data,
        )


def _named(asset: Snap | None) -> str:
    """A video's name as one line, cut to length."""
    if asset is None:
        return "a video that was erased since"
    line = one_line(str(asset.body["name"] if "name" in asset.body else asset.body["source"]["name"]))
    return line if len(line) <= MOST_NAME else line[: MOST_NAME - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Without control characters, and without those that turn the text around or cannot be seen."""
    seen = (one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")
    return " ".join("".join(seen).split())
