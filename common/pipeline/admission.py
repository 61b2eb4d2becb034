"""Fairness: at most so many flows of one tenant are at work at once; the others wait their turn.

Active flows are counted each time, never kept in a counter, which a crash would leave wrong. Whoever submits a flow or
closes one admits; two at once meet at `admission/{tenant}`. Only that document carries `due`: a sweep that finds it
admits again, so a crash at any step loses nothing and thousands of waiting flows cost it nothing.
"""

from __future__ import annotations

from datetime import timedelta

from common.errors import Conflict
from common.pipeline import planner
from common.pipeline.engine import Engine
from common.pipeline.run import Flow
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json, Merge, Snap, Update, Where, Write

_AGAIN_S = 60.0  # when the sweep looks whether somebody died between admitting and starting, or none was left to admit


def admit(engine: Engine, tenant: str) -> list[str]:
    """Let the tenant's oldest waiting flows in, as far as there is room; returns their ids."""
    if engine.active is None:
        return []
    key, parent = f"admission/{tenant}", f"tenants/{tenant}"
    while True:
        gate = engine.documents.get_many([key]).get(key)
        active = engine.documents.count("flows", [Where("state", "==", "running")], parent=parent)
        waiting = engine.documents.query(
            "flows", [Where("state", "==", "waiting")], parent=parent, order="started", limit=engine.active + 1
        )
        let_in = waiting[: max(0, engine.active - active)]
        if gate is None:
            return []  # it is made with the first flow that waits
        unstarted = [*gate.body.get("starting", ()), *(snap.id for snap in let_in)]
        fields: Json = {"starting": unstarted, "due": _later(engine)}
        try:
            engine.documents.commit([Update(key, fields, gate.version), *map(_enter, let_in)])
        except Conflict:
            continue
        break
    for flow in unstarted:
        planner.start(engine, _read(engine, tenant, flow))
    _started(engine, key, unstarted, more=len(waiting) > len(let_in))
    return [snap.id for snap in let_in]


def queue(engine: Engine, tenant: str) -> Write:
    """What goes into the batch that makes a flow wait: with it, the sweep admits even if nobody else does."""
    return Merge(f"admission/{tenant}", {"schema": 1, "due": _later(engine)})


def _later(engine: Engine) -> str:
    return stamp(engine.clock.now() + timedelta(seconds=_AGAIN_S))


def _enter(waiting: Snap) -> Write:
    return Update(waiting.key, {"state": "running"}, waiting.version)


def _started(engine: Engine, key: str, started: list[str], *, more: bool) -> None:
    """Take those off that have their first runs; nothing is left to look at where no flow waits either."""
    while True:
        gate = engine.documents.get_many([key])[key]
        left = [flow for flow in gate.body.get("starting", ()) if flow not in started]
        fields: Json = {"starting": left}
        if not left and not more:
            fields["due"] = ABSENT
        try:
            engine.documents.commit([Update(key, fields, gate.version)])
        except Conflict:
            continue
        return


def _read(engine: Engine, tenant: str, flow: str) -> Flow:
    key = f"tenants/{tenant}/flows/{flow}"
    return Flow.of(engine.documents.get_many([key])[key])
