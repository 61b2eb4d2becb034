"""What a run may spend on others, set aside before anybody is asked, against a cap per video and a cap per day.

    book ──> bookings/{run}  and what the day and the video have left, in one batch: none is spent that is not there
    close ──> what was not spent goes back, once

A booking whose run dies for good stays: what was sent may have been paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        self._stage = lease.run.stage

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        """Set aside, the cheapest first; returns what is refused, each with why.

        Each name is decided once per run; one that comes later is set aside beside the others, until the run closes.
        """
        for _ in range(TRIES):
            before = self._engine.documents.get_many([self._key]).get(self._key)
            known: Json = {"booked": {}, "refused": {}, "state": "open"} if before is None else before.body
            more = {
                name: micros for name, micros in wanted.items() if name not in {**known["booked"], **known["refused"]}
            }
            if before is not None and not more:
                return dict(known["refused"])
            if known["state"] != "open":
                return {**known["refused"], **dict.fromkeys(more, self.closed)}
            purses = self._purses(None if before is None else before.body["purses"])
            found = self._engine.documents.get_many(list(purses))
            left = min(cap - _micros(found.get(key)) for key, cap in purses.items())
            booked, refused = self._fitting(more, left)
            body: Json = {"booked": {**known["booked"], **booked}, "refused": {**known["refused"], **refused}}
            about = {"asset": self._asset, "expires": stamp(self._engine.clock.now() + timedelta(days=KEPT_DAYS))}
            writes = [_taken(key, found.get(key), sum(booked.values()), about) for key in purses]
            own: Write = (
                Create(self._key, {"schema": 1, **body, "state": "open", "purses": list(purses)})
                if before is None
                else Update(self._key, body, before.version)
            )
            try:
                self._engine.documents.commit([own, *writes])
            except Conflict:
                continue
            return dict(body["refused"])
        raise Transient("too many book at once; it is tried again")

    @property
    def closed(self) -> str:
        """Why nothing more may be spent once the run has closed it."""
        return f"this run had settled what it spends before this was wanted; run again with --again {self._stage}"

    @property
    def is_closed(self) -> bool:
        snap = self._engine.documents.get_many([self._key]).get(self._key)
        return snap is not None and snap.body["state"] == "closed"

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

    def _purses(self, taken: Sequence[str] | None) -> dict[str, int]:
        """What is spent from, and how much may be: those a booking has `taken` from before, also on another day."""
        day, caps = stamp(self._engine.clock.now())[:10], self._caps()
        video = f"{self._tenant}/spending/asset-{self._asset}"
        names = (f"{self._tenant}/spending/day-{day}", video) if taken is None else taken
        return {name: caps.per_video if name == video else caps.per_day for name in names}

    def _fitting(self, wanted: Mapping[str, int], left: int) -> tuple[dict[str, int], dict[str, str]]:
        booked: dict[str, int] = {}
        refused: dict[str, str] = {}
        for name, micros in sorted(wanted.items(), key=lambda one: (one[1], one[0])):
            if micros <= left:
                booked[name] = micros
                left -= micros
            else:
                refused[name] = (
                    f"asking it may cost ${micros / 1e6:.4f}, and ${max(0, left) / 1e6:.4f} is left of what may be "
                    "spent on this video or today; raise the caps or come tomorrow, and run again with --again "
                    f"{self._stage}"
                )
        return booked, refused


def _taken(key: str, snap: Snap | None, micros: int, about: Json) -> Write:
    fields = {"micros": _micros(snap) + micros, "expires": about["expires"]}
    if snap is None:
        return Create(key, {"schema": 1, **fields, **(about if "/asset-" in key else {})})
    return Update(key, fields, snap.version)


def _micros(snap: Snap | None) -> int:
    return 0 if snap is None else int(snap.body["micros"])
