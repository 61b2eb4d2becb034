"""Pools in a test: parts that are pulled, documents of any age, a platform that refuses, processes that die."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NoReturn

from common.errors import CutroomError
from common.pipeline import planner
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.launcher import PoolPolicy
from common.pipeline.run import Flow, RunId, queued
from common.pipeline.stage import Definition, Stage, Where
from common.ports.clock import Clock
from common.ports.documents import Create, Documents, Json, Snap, Version, Write
from common.ports.documents import Where as Field
from common.ports.work import Outcome, Work
from tests import toy
from tests.harness import TENANT, Meddling, submit

POOL = "cpu"  # the one of the toy's images
QUICK = PoolPolicy(cap=4, target_s=2.0, idle_s=0.0, poll_s=(0.0, 0.0))


def pulled(stage: Stage) -> Stage:
    return replace(stage, places=(Where.POOL,))


def definition(**handlers: str) -> Definition:
    """The toy pipeline with its parts worked on by a pool, all else in place."""
    return Definition(tuple(pulled(one) if one.name == "part" else one for one in toy.definition(**handlers)))


def square(work: Work) -> Outcome:
    """A part that tells no progress: its heartbeat writes nothing, so that commits come in one order."""
    assert work.member is not None
    return Outcome(result={"square": work.member["value"] ** 2})


def planned(engine: Engine, parts: int) -> Flow:
    """A flow that has come to its parts, which wait in the pool."""
    flow = submit(engine, parts=parts).flow
    first = RunId(TENANT, flow.id, "split")
    assert execute(engine, first) == "done"
    planner.act(engine, first)
    return flow


def enqueue(documents: Documents, clock: Clock, count: int, *, seconds: float = 1.0, pool: str = POOL) -> None:
    """Runs that wait in a pool, without a flow: for who only counts them."""
    now = clock.now()
    for number in range(count):
        run = RunId(TENANT, "a1-1", "part", number)
        body = queued(
            run,
            version=1,
            asset="a1",
            member=None,
            place="pool",
            pool=pool,
            reason="a test",
            seconds=seconds,
            trace=None,
            planned=now,
            due=now,
        )
        documents.commit([Create(run.key, body)])


def launches(documents: Documents, *states: str) -> list[str]:
    """Ids of the launches, those in these states if any are named."""
    where = [Field("state", "in", states)] if states else []
    return sorted(snap.id for snap in documents.query("launches", where, limit=9999))


def launch_of(documents: Documents, name: str) -> Json:
    return documents.get_many([f"launches/{name}"])[f"launches/{name}"].body


class Dated(Meddling):
    """Documents whose ages are told by a clock that is moved by hand."""

    def __init__(self, inner: Documents, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock
        self._written: dict[str, datetime] = {}

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        return {key: self._dated(snap) for key, snap in super().get_many(keys).items()}

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        versions = super().commit(writes)
        self._written |= dict.fromkeys((write.key for write in writes), self._clock.now())
        return versions

    def query(
        self,
        collection: str,
        where: Sequence[Field] = (),
        *,
        parent: str | None = None,
        order: str | None = None,
        last_first: bool = False,
        limit: int = 100,
    ) -> list[Snap]:
        return [
            self._dated(snap)
            for snap in super().query(collection, where, parent=parent, order=order, last_first=last_first, limit=limit)
        ]

    def _dated(self, snap: Snap) -> Snap:
        written = self._written.get(snap.key)
        return snap if written is None else replace(snap, age=(self._clock.now() - written).total_seconds())


@dataclass
class Platform:
    """Implements Jobs: keeps what was started, as (pool, launch), and answers with `refusals` first."""

    started: list[tuple[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    refusals: list[CutroomError | None] = field(default_factory=list)

    def start(self, pool: str, launch: str) -> str:
        if self.refusals and (error := self.refusals.pop(0)) is not None:
            raise error
        self.started.append((pool, launch))
        return f"executions/{launch}"

    def cancel(self, execution: str) -> None:
        self.cancelled.append(execution)


class Died(BaseException):
    """The process is gone: no code of its own runs after this."""


@dataclass
class Fate:
    """Which commit, counted over all processes, somebody dies at: before it (`landed` false) or after."""

    at: int | None = None
    landed: bool = False
    commits: int = 0


class Mortal(Meddling):
    """The documents as one process sees them; once it has died it reads and writes nothing more."""

    def __init__(self, inner: Documents, fate: Fate) -> None:
        super().__init__(inner)
        self._fate = fate
        self._dead = False

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        if self._dead:
            raise Died
        return super().get_many(keys)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        if self._dead:
            raise Died
        self._fate.commits += 1
        last = self._fate.commits == self._fate.at
        if last and not self._fate.landed:
            self._die()
        versions = super().commit(writes)
        if last:
            self._die()
        return versions

    def _die(self) -> NoReturn:
        self._dead = True
        raise Died
