"""Start workers of a pool: as many as its queue needs, and no more however many ask at once.

    asked ──up──> up ──ended──> ended         what a worker writes of itself
      │            └──silent──> lost          what `reap` writes of it
      ├──did not come up──────> lost
      └──the platform's no────> refused       what the launcher writes at once

Whoever launches reads `pools/{name}`, then counts, then writes it in ONE batch with the launches it asks for: of many
at once one wins, and the others, counting again, see what it asked for. Nothing is counted up and down. Alive are the
launches whose `due` is still to come, so that a crash at any step costs a slot for a while and never for good.

`launches/{pool}-{n}`: pool, state, token of who wrote it last, execution, due, lease_s. `due` is when `reap` should
look: at the end of the time to start, of the lease, or, once it is over, of the time it is kept.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import Conflict, CutroomError
from common.pipeline.run import OPEN
from common.ports.clock import Clock, stamp
from common.ports.documents import ABSENT, Create, Documents, Json, Merge, Snap, Update, Version, Where
from common.ports.documents import Delete as Remove
from common.ports.jobs import Jobs

log = logging.getLogger("cutroom.launcher")

ALIVE = ("asked", "up")
SCHEMA = 1
KEPT_S = 24 * 3600.0  # for which a launch that is over can be looked at
_TRIES = 8  # to ask; each that fails means that somebody else has just launched
_SAMPLE = 50  # runs whose estimates stand for the whole queue's


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPolicy:
    """How a pool grows, and how its workers behave. Seconds, but for `cap`, the most workers alive at once.

    `target_s`  how much queued work is left to one worker
    `start_s`   for which a launch is awaited; longer than the slowest start, or the late come for nothing
    `lease_s`   for which a worker that says nothing counts as alive; it speaks every `beat_s`
    `hold_s`    for which nothing is asked of a platform that has refused
    `idle_s`    for which a worker waits for more work, asking after a pause between the two of `poll_s`
    """

    cap: int = 8
    target_s: float = 600.0
    start_s: float = 300.0
    lease_s: float = 90.0
    beat_s: float = 20.0
    hold_s: float = 30.0
    idle_s: float = 60.0
    poll_s: tuple[float, float] = (2.0, 5.0)


# A worker with a GPU costs more, and takes longer to come up: fewer of them, and each waits longer for more work.
POLICIES = {"cpu": PoolPolicy(cap=20), "gpu": PoolPolicy(cap=3, target_s=900.0, start_s=600.0, idle_s=180.0)}


def want(*, cap: int, target_s: float, alive: int, idle: int, queued: int, queued_s: float) -> int:
    """How many workers to ask for; `idle` of the `alive` have no run yet, `queued_s` is the work of the queued runs.

    Never more than one worker per run, nor more than finish the queue in `target_s`; one at least for a queue that
    nobody is there for.
    """
    number = min(cap - alive, queued - idle, math.ceil(queued_s / target_s) - idle)
    if queued and not alive:
        number = max(number, min(1, cap))
    return max(0, number)


def launch(documents: Documents, clock: Clock, jobs: Jobs, pool: str, policy: PoolPolicy) -> list[str]:
    """Start the workers that the pool lacks; the ids of the launches that the platform took.

    A refusal is marked at once and holds the pool for a while: it is logged and stands in `pools/{name}`.
    """
    left = dict(_ask(documents, clock, pool, policy))
    started: list[str] = []
    for name in list(left):
        try:
            execution = jobs.start(pool, name)
        except CutroomError as error:
            log.log(logging.WARNING if error.retryable else logging.ERROR, "%s was refused: %s", name, error)
            _refused(documents, clock, pool, policy, left, error)
            break
        del left[name]
        started.append(name)
        documents.commit([Merge(_key(name), {"execution": execution})])
    return started


def reap(documents: Documents, clock: Clock, jobs: Jobs) -> list[str]:
    """End the launches that never came up or whose worker is silent, and forget old ones; the ids of those lost.

    `tick` calls it before it launches. Their executions are cancelled, lest one that hangs goes on beside its heir.
    """
    now, lost = clock.now(), []
    for snap in documents.query("launches", [Where("due", "<=", stamp(now))], order="due", limit=200):
        body = snap.body
        with suppress(Conflict):  # it came up, beat or ended in this very moment
            if body["state"] not in ALIVE:
                documents.commit([Remove(snap.key, snap.version)])
            elif snap.age >= body["lease_s"]:  # by the store's clock too: a worker's own may go wrong
                why = "it did not come up" if body["state"] == "asked" else "its worker stopped without a word"
                documents.commit([Update(snap.key, _over("lost", now, error=why), snap.version)])
                log.warning("launch %s is lost: %s", snap.id, why)
                lost.append(snap.id)
                _cancel(jobs, body.get("execution"))
    return lost


class Slot:
    """A worker's hold on its launch. Written by its worker alone once it is up, under a token of the worker's own."""

    def __init__(self, documents: Documents, clock: Clock, launch: str, policy: PoolPolicy) -> None:
        self._documents, self._clock, self._policy = documents, clock, policy
        self._key = _key(launch)
        self._token = uuid.uuid4().hex
        self._beaten = clock.now()

    def up(self) -> bool:
        """Come up, once per launch. False: another did, or nobody waits for it any more, and the worker ends."""
        fields: Json = {"state": "up", "token": self._token, "lease_s": self._policy.lease_s}
        return self._write("asked", {**fields, "due": self._until()})

    def beat(self) -> bool:
        """Say that the worker lives, when it is time to. False: it was given up, and takes no more work."""
        now = self._clock.now()
        if (now - self._beaten).total_seconds() < self._policy.beat_s:
            return True
        self._beaten = now
        return self._write("up", {"due": self._until()})

    def ended(self) -> None:
        """Give the slot back."""
        self._write("up", _over("ended", self._clock.now()))

    def _write(self, state: str, fields: Json) -> bool:
        """Write what follows on a state; False if the launch is in another, or up with another worker."""
        while True:
            snap = self._documents.get_many([self._key]).get(self._key)
            if snap is None:
                return False
            mine = snap.body["token"] == self._token
            if mine and snap.body["state"] == fields.get("state"):
                return True  # our own write, whose answer was lost
            if snap.body["state"] != state or (state == "up" and not mine):
                return False
            with suppress(Conflict):  # the launcher noted the execution, or the write landed and its answer did not
                self._documents.commit([Update(self._key, fields, snap.version)])
                return True

    def _until(self) -> str:
        return stamp(self._clock.now() + timedelta(seconds=self._policy.lease_s))


def _key(launch: str) -> str:
    return f"launches/{launch}"


def _ask(documents: Documents, clock: Clock, pool: str, policy: PoolPolicy) -> Mapping[str, Version]:
    """Put down the launches that the pool lacks; their versions by id."""
    pool_key, token = f"pools/{pool}", uuid.uuid4().hex
    for _ in range(_TRIES):
        now = clock.now()
        snap = documents.get_many([pool_key]).get(pool_key)  # before the count: what is asked for since is a Conflict
        number = _lacking(documents, pool, policy, snap, stamp(now))
        if not number:
            return {}
        last = int(snap.body["launches"]) if snap else 0
        asked: Json = {
            "schema": SCHEMA,
            "pool": pool,
            "state": "asked",
            "token": token,
            "asked": stamp(now),
            "lease_s": policy.start_s,
            "due": stamp(now + timedelta(seconds=policy.start_s)),
        }
        names = [f"{pool}-{last + n}" for n in range(1, number + 1)]
        counted: Json = {"schema": SCHEMA, "launches": last + number}
        pooled = Update(pool_key, {**counted, "hold": ABSENT}, snap.version) if snap else Create(pool_key, counted)
        try:
            versions = documents.commit([pooled, *(Create(_key(name), asked) for name in names)])
        except Conflict:
            there = documents.get_many(map(_key, names))
            if len(there) == number and all(one.body["token"] == token for one in there.values()):
                return {one.id: one.version for one in there.values()}  # our own write, whose answer was lost
            continue
        return {name: versions[_key(name)] for name in names}
    return {}


def _lacking(documents: Documents, pool: str, policy: PoolPolicy, snap: Snap | None, now: str) -> int:
    if snap is not None and snap.body.get("hold", "") > now:
        return 0
    here = Where("pool", "==", pool)
    alive = documents.count("launches", [here, Where("state", "in", ALIVE), Where("due", ">", now)])
    if alive >= policy.cap:
        return 0
    waiting = [here, Where("state", "in", OPEN), Where("due", "<=", now)]  # those of dead workers among them
    queued = documents.count("runs", waiting)
    if not queued:
        return 0
    busy = documents.count("runs", [here, Where("state", "==", "running"), Where("due", ">", now)])
    oldest = documents.query("runs", waiting, order="due", limit=_SAMPLE)
    seconds = sum(float(run.body["estimate_s"]) for run in oldest) / max(1, len(oldest)) * queued
    return want(
        cap=policy.cap,
        target_s=policy.target_s,
        alive=alive,
        idle=max(0, alive - busy),
        queued=queued,
        queued_s=seconds,
    )


def _refused(
    documents: Documents,
    clock: Clock,
    pool: str,
    policy: PoolPolicy,
    left: Mapping[str, Version],
    error: CutroomError,
) -> None:
    """Give back the launches that the platform did not take, and leave it alone for a while."""
    now = clock.now()
    for name, version in left.items():
        with suppress(Conflict):  # the answer alone was lost, and its worker is up already
            documents.commit([Update(_key(name), _over("refused", now, error=str(error)), version)])
    hold: Json = {"hold": stamp(now + timedelta(seconds=policy.hold_s)), "refused": str(error), "at": stamp(now)}
    documents.commit([Merge(f"pools/{pool}", hold)])


def _over(state: str, now: datetime, *, error: str | None = None) -> Json:
    fields: Json = {"state": state, "ended": stamp(now), "due": stamp(now + timedelta(seconds=KEPT_S))}
    return fields if error is None else {**fields, "error": error}


def _cancel(jobs: Jobs, execution: str | None) -> None:
    if execution is None:
        return
    try:
        jobs.cancel(execution)
    except CutroomError as error:
        log.warning("%s could not be cancelled: %s", execution, error)
