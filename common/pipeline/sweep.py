"""Find what is due: the one query that stands for outbox, lease, schedule and retry tables.

Embedded, the runner sweeps all the time. On the cloud `tick` does once a minute, and what it finds is
what the fast path lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from common.pipeline.engine import Engine
from common.pipeline.execution import is_stale
from common.pipeline.run import TERMINAL, RunId
from common.ports.clock import stamp
from common.ports.documents import Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A run somebody should look at: to `act` on its end, or to `work` on it."""

    run: RunId
    act: bool
    stale: bool  # it is running, and its holder's lease is over


def due(engine: Engine, limit: int = 100, *, flow: str | None = None) -> Iterator[Due]:
    """Runs whose `due` has come, oldest first, of one flow if it is named; safe to overlap with any other."""
    wanted = [Where("due", "<=", stamp(engine.clock.now()))]
    if flow is not None:
        wanted.append(Where("flow", "==", flow))
    for snap in engine.documents.query("runs", wanted, order="due", limit=limit):
        if snap.body["stage"] not in engine.definition:
            continue  # planned by another version, which will see to it
        running = snap.body["state"] == "running"
        if running and not is_stale(engine, snap):
            continue
        yield Due(run=RunId.parse(snap.key), act=snap.body["state"] in TERMINAL, stale=running)
