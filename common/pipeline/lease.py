"""An attempt's hold on its run: beats while it works, settles once, and knows when it has lost.

    claim          beat            beat            settle
      |--- lease_s ---|
                      |--- lease_s ---|
    `due` moves ahead with each beat; when it passes, the sweep gives the run to another, under a new token.

Beat and settle share one lock and one version: the only writer of a running run is its holder.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import timedelta

from common.errors import Cancelled, Conflict, CutroomError, DeadlineExceeded, Fenced, Transient
from common.pipeline.engine import Engine
from common.pipeline.run import RunId
from common.pipeline.stage import Stage
from common.pipeline.usage import Meter
from common.ports.clock import stamp
from common.ports.documents import Json, Snap, Update, Version, Write

log = logging.getLogger("cutroom.lease")

_SOON_S = 0.1  # the first look at memory comes early, for many runs are short
_CANCEL_S = 5.0  # how often a heartbeat looks whether its flow was cancelled


class Lease:
    """Made by a successful claim. Times are seconds; `token` fences every later write."""

    def __init__(self, engine: Engine, run: RunId, stage: Stage, token: str, claimed: Snap, *, attempt: int) -> None:
        self.run = run
        self.stage = stage
        self.token = token
        self.body = claimed.body  # as it was claimed
        self.attempt = attempt
        self.meter = Meter()
        self._engine = engine
        self._version: Version = claimed.version
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._progress: Json | None = None
        self._written: Json | None = None
        self._began = self._moved = self._beaten = self._looked = time.monotonic()

    def note(self, done: float, total: float, unit: str) -> None:
        """Remember how far the work is; the next beat writes it."""
        self._moved = time.monotonic()
        self._progress = {"done": round(done, 3), "total": round(total, 3), "unit": unit}

    def overrun(self) -> CutroomError | None:
        """Why the attempt must stop now, if it must."""
        now = time.monotonic()
        if now - self._began > self.stage.timeout_s:
            return DeadlineExceeded(
                f"it took longer than {self.stage.timeout_s / 60:.0f} min and was stopped; use a shorter video"
            )
        if now - self._moved > self.stage.stall_s:
            return DeadlineExceeded(
                f"it made no progress for {self.stage.stall_s / 60:.0f} min and was stopped; the file may be damaged"
            )
        if now - self._looked > _CANCEL_S:
            self._looked = now
            flow = self._engine.flow(self.run)
            if flow is None or flow.cancel:
                return Cancelled("the flow was cancelled")
        return None

    def beat(self) -> bool:
        """Hold on: move `due` ahead and write the progress. False when the run is no longer ours."""
        now = time.monotonic()
        fresh = self._progress is not self._written
        if not fresh and now - self._beaten < min(20.0, self.stage.lease_s / 3):
            return True
        with self._lock:
            if self._closed.is_set():
                return True
            written = self._progress
            due = self._engine.clock.now() + timedelta(seconds=self.stage.lease_s)
            try:
                self._update({"progress": written, "due": stamp(due)}, ())
            except Fenced:
                return False
            self._written, self._beaten = written, now
            return True

    def settle(self, fields: Json, writes: Sequence[Write] = ()) -> None:
        """End the attempt: the run's fields and the stage's documents in one batch. Raises Fenced."""
        with self._lock:
            if self._closed.is_set():
                raise Fenced("this attempt has settled already")
            try:
                self._update(fields, writes)
            finally:
                self._closed.set()

    @property
    def closed(self) -> threading.Event:
        return self._closed

    def _update(self, fields: Json, writes: Sequence[Write]) -> None:
        while True:
            try:
                versions = self._engine.documents.commit([Update(self.run.key, fields, self._version), *writes])
                self._version = versions[self.run.key]
                return
            except Conflict:
                snap = self._engine.run(self.run)
                mine = snap is not None and snap.body.get("token") == self.token
                if snap is None or not mine:
                    raise Fenced(f"{self.run.key} is held by another attempt") from None
                if snap.body["state"] == fields.get("state"):
                    self._version = snap.version
                    return  # our own write landed and its answer was lost
                if snap.body["state"] != "running":
                    raise Fenced(f"{self.run.key} has settled") from None
                self._version = snap.version


class Heartbeat(threading.Thread):
    """Beats until the lease is settled; ends an attempt that overran, was cancelled, or lost its run."""

    def __init__(self, lease: Lease, *, every_s: float, give_up: Callable[[CutroomError], None]) -> None:
        super().__init__(daemon=True, name=f"heartbeat-{lease.run.stage}")
        self._lease = lease
        self._every_s = every_s
        self._give_up = give_up
        self._context = copy_context()  # a thread has none of its own, and its log lines are about this run

    def run(self) -> None:
        self._context.run(self._beat)

    def _beat(self) -> None:
        if self._lease.closed.wait(min(self._every_s, _SOON_S)):
            return
        self._lease.meter.sample()
        while not self._lease.closed.wait(self._every_s):
            self._lease.meter.sample()
            try:
                why = self._lease.overrun()
                if why is None and not self._lease.beat():
                    why = Fenced(f"{self._lease.run.key} is held by another attempt")
            except Transient as error:  # a store that is silent for a moment must not cost a healthy lease
                log.warning("a heartbeat of %s was lost: %s", self._lease.run.key, error)
                continue
            if why is not None:
                self._give_up(why)
                return
