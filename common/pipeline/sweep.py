"""Find what is due: the one query that stands for outbox, lease, schedule and retry tables.

Embedded, the runner sweeps all the time. On the cloud `tick` does once a minute, and what it finds is
what the fast path lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from common.errors import Conflict
from common.pipeline import admission, flows
from common.pipeline.engine import Engine
from common.pipeline.execution import is_stale, release
from common.pipeline.run import OPEN, TERMINAL, RunId
from common.pipeline.stage import Where as Place
from common.ports.clock import stamp
from common.ports.documents import Json, Update, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A run somebody should look at: to `act` on its end, or to `work` on it."""

    run: RunId
    act: bool
    stale: bool  # it is running, and its holder's lease is over


def rescue(engine: Engine, limit: int = 500) -> int:
    """What `tick` does once a minute: act on ends nobody acted on, wake again what nobody woke; how many it found.

    A run of a pool needs no wake: whoever pulls from the pool asks for what is due.
    """
    found = 0
    # Asked for apart, so that a long queue of a pool hides nothing: its runs are all due, and none of them is late.
    ended = [Where("state", "in", TERMINAL)]
    unwoken = [Where("state", "in", OPEN), Where("place", "in", (Place.IN_PLACE.value, Place.TASK.value))]
    for one in (*_due(engine, ended, limit), *_due(engine, unwoken, limit)):
        if one.act:
            flows.act(engine, one.run)
        elif one.stale:
            release(engine, one.run, "its worker stopped answering", if_stale=True)
        elif not _wake_again(engine, one.run):
            continue
        found += 1
    late = [Where("due", "<=", stamp(engine.clock.now()))]
    for snap in engine.documents.query("admission", late, order="due", limit=limit):
        admission.admit(engine, snap.id)
    return found


def _wake_again(engine: Engine, run: RunId) -> bool:
    snap = engine.run(run)
    if snap is None or snap.body["state"] not in ("queued", "waiting"):
        return False
    now = engine.clock.now()
    fields: Json = {"wake": int(snap.body["wake"]) + 1}
    if snap.body["state"] == "queued":  # of a waiting one it is the time before which it is not to be claimed
        fields["due"] = stamp(now + timedelta(seconds=engine.wake_s))
    try:
        engine.documents.commit([Update(run.key, fields, snap.version)])
    except Conflict:
        return False  # somebody claimed it, or woke it, in this very moment
    engine.wake.work(engine.errand(run, {**snap.body, **fields}), now)
    return True


def due(engine: Engine, limit: int = 100, *, flow: str | None = None) -> Iterator[Due]:
    """Runs whose `due` has come, oldest first, of one flow if it is named; safe to overlap with any other."""
    yield from _due(engine, [] if flow is None else [Where("flow", "==", flow)], limit)


def _due(engine: Engine, which: Sequence[Where], limit: int) -> Iterator[Due]:
    wanted = [*which, Where("due", "<=", stamp(engine.clock.now()))]
    for snap in engine.documents.query("runs", wanted, order="due", limit=limit):
        if snap.body["stage"] not in engine.definition:
            continue  # planned by another version, which will see to it
        running = snap.body["state"] == "running"
        if running and not is_stale(engine, snap):
            continue
        yield Due(run=RunId.parse(snap.key), act=snap.body["state"] in TERMINAL, stale=running)
