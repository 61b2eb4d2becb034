"""A worker of a pool: it asks for what is due, takes one run after the other, and ends when there is no more.

    up ─> ask for the oldest due ─> claim one at random ─> execute ─> ask again ...
          nothing for a while, no time left, or told to stop ─> `ended` ─> launch again if anything is queued

New runs, retries and those of dead workers come by one query, so that no message can be lost. What comes after a run
is not planned here: its end is announced.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal

from common.errors import CutroomError
from common.pipeline import execution
from common.pipeline.engine import Engine
from common.pipeline.execution import Ending, execute, is_stale
from common.pipeline.launcher import PoolPolicy, Slot
from common.pipeline.launcher import launch as launch_workers
from common.pipeline.run import OPEN, RunId
from common.ports.clock import stamp
from common.ports.documents import Snap, Where
from common.ports.jobs import Jobs

log = logging.getLogger("cutroom.pull")
_CHANCE = random.SystemRandom()  # its own: the one all share may be seeded, alike in every instance

OLDEST = 8  # runs to choose from: of one alone, many workers would claim the same
LOOK_S = 0.2  # how often a worker at work looks whether it is to stop
GRACE_S = 1.0  # for a run that is about to settle when its worker is told to stop
LOST_S = (0.0, 0.2)  # pause after a claim that another won

Why = Literal["idle", "time", "stopped", "given up", "not needed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What a worker did: runs worked on, claims lost to others, why it ended, and the run it let go of, if any.

    Why: "idle" there was no work; "time" what there was takes longer than was left; "stopped" it was told to;
    "given up" it was taken for dead; "not needed" its launch was taken, or is over.
    """

    why: Why
    done: int = 0
    lost: int = 0
    left: RunId | None = None  # its handler is still at work, in a thread: the process has to end


def pull(
    engine: Engine,
    pool: str,
    *,
    policy: PoolPolicy,
    left_s: Callable[[], float],
    stop: threading.Event,
    launch: str | None = None,
    jobs: Jobs | None = None,
) -> Shift:
    """Work for a pool until there is no more to do, or no time to do it in.

    `left_s` says how many seconds this process may still take, and `stop` that it is to end now. `launch` is what it
    was started for and `jobs` what starts its successor; without them it keeps no launch document and starts nobody.
    """
    slot = Slot(engine.documents, engine.clock, launch, policy) if launch is not None else None
    if slot is not None and not slot.up():
        return Shift(why="not needed")
    try:
        return _Worker(engine, pool, policy, left_s, stop, slot).serve()
    finally:
        _leave(engine, pool, policy, slot, jobs)


def _leave(engine: Engine, pool: str, policy: PoolPolicy, slot: Slot | None, jobs: Jobs | None) -> None:
    """Give the slot back, and only then look whether somebody else is needed: else each would count the other."""
    try:
        if slot is not None:
            slot.ended()
            if jobs is not None:
                launch_workers(engine.documents, engine.clock, jobs, pool, policy)
    except CutroomError as error:
        log.warning("the end of a worker of %s is left to the sweep: %s", pool, error)


class _Worker:
    def __init__(
        self,
        engine: Engine,
        pool: str,
        policy: PoolPolicy,
        left_s: Callable[[], float],
        stop: threading.Event,
        slot: Slot | None,
    ) -> None:
        self._engine, self._pool, self._policy = engine, pool, policy
        self._left_s, self._stop, self._slot = left_s, stop, slot
        self._given_up = False
        self._done = self._lost = 0
        self._left: RunId | None = None
        self._busy = time.monotonic()  # when there was last something to do

    def serve(self) -> Shift:
        hands = _Hands(self._engine)
        try:
            why = self._serve(hands)
        finally:
            hands.rest()
        return Shift(why=why, done=self._done, lost=self._lost, left=self._left)

    def _serve(self, hands: _Hands) -> Why:
        while not self._stop.is_set():
            self._beat()
            if self._given_up:
                return "given up"
            due = self._due()
            fitting = self._fitting(due)
            if due and not fitting:
                return "time"
            if fitting and self._take(hands, _CHANCE.choice(fitting)):
                self._busy = time.monotonic()
                continue
            if time.monotonic() - self._busy >= self._policy.idle_s:
                return "idle"
            self._stop.wait(_CHANCE.uniform(*(LOST_S if fitting else self._policy.poll_s)))
        return "stopped"

    def _due(self) -> list[Snap]:
        """The oldest runs that somebody may claim; none when the documents can't be reached."""
        engine = self._engine
        wanted = [
            Where("pool", "==", self._pool),
            Where("state", "in", OPEN),
            Where("due", "<=", stamp(engine.clock.now())),
        ]
        try:
            found = engine.documents.query("runs", wanted, order="due", limit=OLDEST)
        except CutroomError as error:
            log.warning("the queue of %s can't be read: %s", self._pool, error)
            return []
        known = [snap for snap in found if snap.body["stage"] in engine.definition]
        return [snap for snap in known if snap.body["state"] != "running" or is_stale(engine, snap)]

    def _fitting(self, due: list[Snap]) -> list[Snap]:
        """Those there is time for. A fresh worker takes any, and first what no worker takes later in its life."""
        left = self._left_s()
        long = [snap for snap in due if snap.body["estimate_s"] > left]
        if self._done:
            return [snap for snap in due if snap not in long]
        return long or due

    def _take(self, hands: _Hands, snap: Snap) -> bool:
        """Work on a run; False if it was not to be had."""
        run = RunId.parse(snap.key)
        work = hands.take(run)
        while not wait([work], timeout=LOOK_S).done:
            self._beat()
            if self._stop.is_set() and not wait([work], timeout=GRACE_S).done:
                self._let_go(run, snap)
                return True
        error = work.exception()
        if isinstance(error, Exception):
            log.error("%s could not be worked on", run.key, exc_info=error)
            return False
        ending = work.result()
        log.info("%s ended: %s", run.key, ending)
        if ending in ("busy", "early", "replayed", "gone"):
            self._lost += 1
            return False
        self._done += 1
        return True

    def _let_go(self, run: RunId, seen: Snap) -> None:
        """Free the run at once, if it is still ours: every claim counts an attempt, and there was ours alone since."""
        self._left = run
        try:
            now = self._engine.run(run)
            if now is not None and now.body["attempt"] == seen.body["attempt"] + 1:
                execution.release(self._engine, run, "its worker was told to stop", interrupted=True)
        except CutroomError as error:
            log.warning("%s is left to its lease: %s", run.key, error)

    def _beat(self) -> None:
        if self._slot is None or self._given_up:
            return
        try:
            self._given_up = not self._slot.beat()
        except CutroomError as error:
            log.warning("a beat of a worker of %s was lost: %s", self._pool, error)


class _Hands:
    """One thread for all runs of a worker: what a handler starts, such as a model, ends with the thread it was in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._todo: SimpleQueue[tuple[RunId, Future[Ending]] | None] = SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="hands").start()

    def take(self, run: RunId) -> Future[Ending]:
        """Begin to execute a run; what comes of it."""
        work: Future[Ending] = Future()
        self._todo.put((run, work))
        return work

    def rest(self) -> None:
        """End the thread, once it has finished what it is at."""
        self._todo.put(None)

    def _work(self) -> None:
        while (given := self._todo.get()) is not None:
            run, work = given
            try:
                work.set_result(execute(self._engine, run))
            except BaseException as error:
                work.set_exception(error)
