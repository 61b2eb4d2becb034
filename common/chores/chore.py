"""The document of a chore, and how it is done once: claimed, held, taken up again after any death.

    queued ──claim──> running ──settle──> done | failed
      ^                  │ └──again────> waiting ──claim──> running
      └──────────────────┴ its holder died: its lease passes, and whoever looks claims it

`tenants/{t}/chores/{id}`, or `erasures/{id}` for what must outlive its tenant. `due` is when somebody should look;
absent once nothing more is to come. A holder writes under its version alone, so that of two nobody undoes the other.
A chore is done in slices: what takes longer than one request of the cloud says `Again`, and goes on from what it noted.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from common.errors import Conflict, CutroomError, Fenced
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Update, Version, Write
from common.ports.wake import Errand

log = logging.getLogger("cutroom.chores")

LEASE_S = 60.0
BEAT_S = 15.0
SLICE_S = 420.0  # after which a chore lets go, to be called again
CALL_S = 540.0  # that a call may last: the slice, and what was begun in it
OPEN = ("queued", "running", "waiting")

Image = Literal["light", "media"]  # what a chore may load: nothing heavy, or what counts and learns


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is over. `fields` go into its document, along with `writes`."""

    fields: Json = field(default_factory=dict)
    writes: Sequence[Write] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """It is to be gone on with after a while. `fields` go into its document."""

    after_s: float = 0.0
    fields: Json = field(default_factory=dict)


End = Done | Again


def created(
    engine: Engine,
    key: str,
    kind: str,
    *,
    by: str,
    memo: Mapping[str, Any],
    fields: Mapping[str, Any] | None = None,
    image: Image = "light",
) -> Create:
    """The document of a new one. `memo` is the handler's own, `fields` may be asked for; `image` as its kind says."""
    now = engine.clock.now()
    body: Json = {"schema": 1, "kind": kind, "state": "queued", "attempt": 0, "tries": 0, "wake": 0, "by": by}
    body |= {"created": stamp(now), "due": stamp(now + timedelta(seconds=engine.wake_s)), "memo": dict(memo)}
    body |= {} if image == "light" else {"image": image}
    return Create(key, {**body, **(fields or {})})


def wake(engine: Engine, key: str, body: Mapping[str, Any], after_s: float = 0.0) -> None:
    """Have somebody look at it. What is lost is found by its `due`."""
    errand = Errand(
        run=key,
        stage=body["kind"],
        place="task",
        image=body.get("image", "light"),
        timeout_s=CALL_S,
        attempt=int(body["attempt"]),
        wake=int(body["wake"]),
    )
    engine.wake.work(errand, engine.clock.now() + timedelta(seconds=after_s))


def hasten(
    engine: Engine, key: str, when: Callable[[Json], bool] = lambda body: True, **fields: Any
) -> Mapping[str, Any] | None:
    """Have one that waits gone on with now, and with these fields in its document; None where it is over, or not to.

    What is at work looks for them before it lets go. Safe to call again.
    """
    while (snap := engine.documents.get_many([key]).get(key)) is not None:
        body, now = snap.body, engine.clock.now()
        if "due" not in body or not when(body):
            return None
        told = dict(fields)
        if body["state"] == "waiting" and parse(body["due"]) > now:
            told |= {"due": stamp(now), "wake": body["wake"] + 1}
        try:
            if told:
                engine.documents.commit([Update(key, told, snap.version)])
        except Conflict:
            continue
        if body["state"] != "running":
            wake(engine, key, {**body, **told})
        return {**body, **told}
    return None


class Hold:
    """A chore that is ours for now. Every write of it raises Fenced once it is not."""

    def __init__(self, engine: Engine, snap: Snap, token: str) -> None:
        self.key, self.body, self.token = snap.key, dict(snap.body), token
        self._engine = engine
        self._version: Version = snap.version
        self._lock = threading.Lock()
        self._began = self._beaten = time.monotonic()
        self._over = False

    @property
    def tenant(self) -> str:
        """Whose it is; of an erasure whose data it is about."""
        return str(self.body["memo"]["tenant"]) if self.key.startswith("erasures/") else self.key.split("/")[1]

    @property
    def id(self) -> str:
        return self.key.rsplit("/", 1)[1]

    @property
    def memo(self) -> Json:
        return dict(self.body["memo"])

    @property
    def spent(self) -> bool:
        """Whether the slice is over, and `Again` is due."""
        return time.monotonic() - self._began > SLICE_S

    def note(self, fields: Mapping[str, Any] | None = None, writes: Sequence[Write] = (), **memo: Any) -> None:
        """Write down how far it is; a later slice, or another's, goes on from there."""
        kept: Json = {"memo": {**self.body["memo"], **memo}} if memo else {}
        self._write({**kept, **(fields or {}), "due": self._later()}, writes)

    def beat(self) -> None:
        if time.monotonic() - self._beaten > BEAT_S:
            self._write({"due": self._later()})

    def asked(self, name: str) -> Any:
        """A field that somebody else may have written meanwhile."""
        snap = self._engine.documents.get_many([self.key]).get(self.key)
        return None if snap is None else snap.body.get(name)

    def settle(self, fields: Json, writes: Sequence[Write] = ()) -> None:
        self._write(fields, writes, over=True)

    def _later(self) -> str:
        return stamp(self._engine.clock.now() + timedelta(seconds=LEASE_S))

    def _write(self, fields: Json, writes: Sequence[Write] = (), *, over: bool = False) -> None:
        with self._lock:
            if self._over:
                raise Fenced(f"{self.key} is over")
            while True:
                try:
                    versions = self._engine.documents.commit([Update(self.key, fields, self._version), *writes])
                    break
                except Conflict:
                    self._adopt(fields, writes)
            self._version = versions.get(self.key, self._version)
            self.body = {name: value for name, value in {**self.body, **fields}.items() if value is not ABSENT}
            self._beaten, self._over = time.monotonic(), over

    def _adopt(self, fields: Json, writes: Sequence[Write]) -> None:
        """Go on from the version there is, where it is ours still; raises Fenced, or Conflict where a write met one."""
        snap = self._engine.documents.get_many([self.key]).get(self.key)
        if snap is None or snap.body.get("token") != self.token or snap.body["state"] != "running":
            raise Fenced(f"{self.key} is held by another, or is over")
        if snap.version == self._version:
            raise Conflict(f"{self.key}: what it changes has changed meanwhile; it is tried again")
        self._version = snap.version


def held(engine: Engine, snap: Snap) -> bool:
    """Whether somebody who may be alive is at work on it."""
    return snap.body["state"] == "running" and snap.age < LEASE_S and snap.body["epoch"] == engine.epoch


def claim(engine: Engine, key: str) -> Hold | str:
    """Take it where it is free; else why not: gone, over, busy or early."""
    while True:
        snap = engine.documents.get_many([key]).get(key)
        if snap is None:
            return "gone"
        body, now = snap.body, engine.clock.now()
        if "due" not in body:
            return "over"
        if held(engine, snap):
            return "busy"
        if body["state"] == "waiting" and parse(body["due"]) > now:
            return "early"
        token = uuid.uuid4().hex
        fields: Json = {"state": "running", "attempt": body["attempt"] + 1, "tries": body["tries"] + 1}
        fields |= {"token": token, "epoch": engine.epoch, "due": stamp(now + timedelta(seconds=LEASE_S))}
        try:
            version = engine.documents.commit([Update(key, fields, snap.version)])[key]
        except Conflict:
            continue
        return Hold(engine, Snap(key, {**body, **fields}, version, 0.0), token)


@contextmanager
def beating(hold: Hold) -> Iterator[None]:
    """Keep it ours while something takes long."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(1.0):
            try:
                hold.beat()
            except Fenced:
                return  # whoever works finds out with its next write
            except CutroomError as error:  # a store that is silent for a moment
                log.warning("a beat of %s was lost: %s", hold.key, error)

    thread = threading.Thread(target=beat, daemon=True, name="chore-beat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
