"""The whole pipeline on one machine: sweep, act, start workers, sleep until something is due.

A worker is a process per run, or a thread for work that is light. Both call `execute`, as the cloud does;
nothing here decides how a run ends.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from common.errors import Conflict
from common.pipeline import execution, planner, sweep
from common.pipeline.engine import Engine
from common.pipeline.run import TERMINAL, RunId
from common.pipeline.stage import Where
from common.ports.clock import stamp
from common.ports.documents import Snap, Update
from common.ports.documents import Where as Field

log = logging.getLogger("cutroom.runner")

_ALL = 1_000_000
_MOMENT_S = 0.25


class Worker(Protocol):
    """Somebody at work on one run."""

    def over(self) -> bool:
        """Whether it has stopped, with or without an answer."""

    def stop(self) -> None:
        """End it now, with all it started."""


class Workers(Protocol):
    """Starts workers, and knows when one of them is over."""

    def start(self, stage: str, subject: str, *, in_place: bool) -> Worker:
        """Somebody to execute this run: a process of its own, or a thread when it is light."""

    def announced(self) -> list[str]:
        """Keys of runs that ended in this process since the last call."""

    def wait(self, seconds: float) -> None:
        """Sleep until a worker is over or a wake came, at most this long."""


class Runner:
    """Runs flows to their end. One per state folder."""

    def __init__(self, engine: Engine, workers: Workers, *, cores: int) -> None:
        self._engine = engine
        self._workers = workers
        self._cores = cores
        self._busy: dict[RunId, Worker] = {}

    def recover(self) -> int:
        """Make every open run of an earlier life claimable at once; returns how many there were.

        Called once, before any work, when nothing of the earlier life is alive any more.
        """
        open_runs = self._engine.documents.query("runs", [Field("due", ">", "")], order="due", limit=_ALL)
        return sum(self._free(snap) for snap in open_runs)

    def until(
        self, over: Callable[[], bool], *, flow: str | None = None, tick: Callable[[], None] | None = None
    ) -> None:
        """Work until `over` holds, on one flow if it is named; `tick` is called between steps, a few times a second.

        Somebody who waits for a flow must not wait for another that was left unfinished before.
        """
        try:
            while not over():
                moved = self.step(flow)
                if tick is not None:
                    tick()
                if not moved:
                    self.wait()
        finally:
            self.stop()

    def step(self, flow: str | None = None) -> bool:
        """One round: see who is over, act on what ended, start what is due. True if anything moved."""
        moved = self._reap()
        for key in self._workers.announced():
            self._busy.pop(RunId.parse(key), None)  # a thread that overran has settled, and may hang for good
            planner.act(self._engine, RunId.parse(key))
            moved = True
        for found in sweep.due(self._engine, limit=2 * self._cores + 8, flow=flow):
            if found.act:
                planner.act(self._engine, found.run)
                moved = True
            elif found.run in self._busy:
                if found.stale:  # it no longer beats: whatever holds it hangs
                    log.warning("%s does not answer and is stopped", found.run.key)
                    self._busy.pop(found.run).stop()
            elif self._fits(found.run):
                self._start(found.run)
                moved = True
        return moved

    def wait(self) -> None:
        """Sleep until something may have moved, a moment at most."""
        self._workers.wait(_MOMENT_S)

    def stop(self) -> None:
        """End all workers; their runs can be claimed again at the next start."""
        for worker in self._busy.values():
            worker.stop()
        for run in self._busy:
            execution.release(self._engine, run, "the runner was stopped", interrupted=True)
        self._busy.clear()

    def _start(self, run: RunId) -> None:
        snap = self._engine.run(run)
        in_place = snap is not None and snap.body.get("place") == Where.IN_PLACE.value
        self._busy[run] = self._workers.start(run.stage, run.subject, in_place=in_place)

    def _reap(self) -> bool:
        over = [run for run, worker in self._busy.items() if worker.over()]
        for run in over:
            del self._busy[run]
            planner.act(self._engine, run)
            execution.release(self._engine, run, "its process ended without an answer")
        return bool(over)

    def _fits(self, run: RunId) -> bool:
        used = sum(self._engine.definition[busy.stage].cores for busy in self._busy)
        return used == 0 or used + self._engine.definition[run.stage].cores <= self._cores

    def _free(self, snap: Snap) -> bool:
        run = RunId.parse(snap.key)
        if snap.body["state"] == "running":
            execution.release(self._engine, run, "the runner was stopped", interrupted=True)
        elif snap.body["due"] > (now := stamp(self._engine.clock.now())):
            try:
                self._engine.documents.commit([Update(snap.key, {"due": now}, snap.version)])
            except Conflict:
                return False
        return snap.body["state"] not in TERMINAL
