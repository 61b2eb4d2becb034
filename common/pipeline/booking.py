"""What a run may spend on others, set aside before anybody is asked, against a cap per video and a cap per day.

    book ──> bookings/{run}  and what the day and the video have left, in one batch: none is spent that is not there
    close ──> what was not spent goes back, once

A booking whose run dies for good stays: what was sent may have been paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from common.errors import Conflict, Transient
from common.pipeline.engine import Engine
from common.pipeline.lease import Lease
from common.pipeline.run import Flow
from common.ports.clock import stamp
from common.ports.documents import Create, Increment, Json, Snap, Update, Write
from common.ports.language import Caps

KEPT_DAYS = 90  # what was spent on a day
TRIES = 20  # of a booking that others book beside


class Booking:
    """Of one run, whichever attempt asks. Money is integer micros of a US dollar."""

    def __init__(self, engine: Engine, flow: Flow, lease: Lease, caps: Callable[[], Caps]) -> None:
        self._engine = engine
        self._tenant = f"tenants/{flow.tenant}"
        self._asset = flow.asset
        self._caps = caps
        self._key = lease.run.key.replace("/runs/", "/bookings/")

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        """Set aside, the cheapest first; returns what is refused, each with why. Once per run: then as it was."""
        for _ in range(TRIES):
            purses = self._purses()
            found = self._engine.documents.get_many([self._key, *purses])
            if self._key in found:
                return dict(found[self._key].body["refused"])
            left = min(cap - _micros(found.get(key)) for key, cap in purses.items())
            booked, refused = _fitting(wanted, left)
            body: Json = {"schema": 1, "booked": booked, "refused": refused, "state": "open"}
            about = {"asset": self._asset, "expires": stamp(self._engine.clock.now() + timedelta(days=KEPT_DAYS))}
            writes = [_taken(key, found.get(key), sum(booked.values()), about) for key in purses]
            try:
                self._engine.documents.commit([Create(self._key, {**body, "purses": list(purses)}), *writes])
            except Conflict:
                continue
            return refused
        raise Transient("too many book at once; it is tried again")

    def booked(self) -> Mapping[str, int]:
        """What is set aside, by name; nothing where nothing was booked."""
        snap = self._engine.documents.get_many([self._key]).get(self._key)
        return {} if snap is None else dict(snap.body["booked"])

    def close(self, spent: int) -> int:
        """Give back what was not spent; what the run has spent, which is what the first to close it said."""
        snap = self._engine.documents.get_many([self._key]).get(self._key)
        if snap is None:
            return spent
        if snap.body["state"] == "open":
            back = sum(snap.body["booked"].values()) - spent
            fields: Json = {"state": "closed", "spent": spent}
            gave = [Increment(key, "micros", -back) for key in snap.body["purses"]]
            try:
                self._engine.documents.commit([Update(snap.key, fields, snap.version), *gave])
            except Conflict:
                return self.close(spent)  # another attempt closed it, or this one did and the answer was lost
            return spent
        return int(snap.body["spent"])

    def _purses(self) -> dict[str, int]:
        """What is spent from, and how much may be."""
        day, caps = stamp(self._engine.clock.now())[:10], self._caps()
        return {
            f"{self._tenant}/spending/day-{day}": caps.per_day,
            f"{self._tenant}/spending/asset-{self._asset}": caps.per_video,
        }


def _fitting(wanted: Mapping[str, int], left: int) -> tuple[dict[str, int], dict[str, str]]:
    booked: dict[str, int] = {}
    refused: dict[str, str] = {}
    for name, micros in sorted(wanted.items(), key=lambda one: (one[1], one[0])):
        if micros <= left:
            booked[name] = micros
            left -= micros
        else:
            refused[name] = (
                f"asking it may cost ${micros / 1e6:.4f}, and ${max(0, left) / 1e6:.4f} is left of what may be spent "
                "on this video or today; raise the caps, or come again tomorrow"
            )
    return booked, refused


def _taken(key: str, snap: Snap | None, micros: int, about: Json) -> Write:
    fields = {"micros": _micros(snap) + micros, "expires": about["expires"]}
    if snap is None:
        return Create(key, {"schema": 1, **fields, **(about if "/asset-" in key else {})})
    return Update(key, fields, snap.version)


def _micros(snap: Snap | None) -> int:
    return 0 if snap is None else int(snap.body["micros"])
