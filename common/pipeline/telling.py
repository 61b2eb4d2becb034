"""What of a flow is told: that it begins, that a stage is over, that it has ended. Told twice, it is one event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.events import deliveries, log
from common.events.event import Data, Trouble, Type
from common.events.log import Happening
from common.pipeline import progress
from common.pipeline.engine import Engine
from common.pipeline.run import Flow
from common.pipeline.stage import Stage
from common.ports.clock import parse, stamp
from common.ports.documents import Json, Snap, Update, Where, Write

OWN: dict[str, Type] = {"transcribe": "transcription.complete"}  # stages whose success is told of by a name of its own


def started(engine: Engine, flow: Flow) -> None:
    data = Data(flow=flow.id, asset=flow.asset, percent=0, message="It has begun.")
    _record(engine, flow.tenant, [Happening(type="video.generation.started", data=data)])


def resumed(engine: Engine, flow: Flow, writes: list[Write]) -> None:
    """With the writes that take a flow up again. Raises Conflict."""
    data = Data(flow=flow.id, asset=flow.asset, message="It is taken up again.")
    which = [stamp(engine.clock.now())]
    _record(engine, flow.tenant, [Happening(type="video.generation.started", data=data, which=which)], *writes)


def stage_over(engine: Engine, flow: Flow, stage: Stage) -> None:
    """A stage is over, with all its members. One that was skipped as a whole is not told of: nothing was at work."""
    runs, pace, footage_s = _known(engine, flow)
    own = [run for run in runs if run.body["stage"] == stage.name]
    if all(run.body["state"] == "skipped" for run in own):
        return
    failed = [run.body["error"] for run in own if run.body["state"] == "failed"]
    data = Data(
        flow=flow.id,
        asset=flow.asset,
        stage=stage.name,
        percent=progress.percent("running", runs),
        message=f"{stage.title}: {'failed' if failed else 'done'}",
        left_s=progress.left_s(pace, footage_s, progress.took_s(runs, engine.clock.now())),
        error=Trouble(**failed[0], stage=stage.name) if failed else None,
    )
    # The same however often it is looked at; another once a flow that failed is taken up again and its runs are anew.
    which = sorted(f"{run.key} {run.body.get('token') or run.body['planned']}" for run in own)
    told = [Happening(type="video.generation.progress", data=data, which=[stage.name, *which])]
    if stage.name in OWN and not failed:
        told.append(Happening(type=OWN[stage.name], data=data, which=which))
    _record(engine, flow.tenant, told)


def ended(engine: Engine, flow: Flow, snap: Snap, fields: Json) -> None:
    """With the write that ends a flow: done, failed or cancelled. Raises Conflict where it has changed meanwhile."""
    state, pace = fields["state"], None
    runs, _, footage_s = _known(engine, flow)
    if state == "done" and footage_s and not any(run.body.get("reused") for run in runs):
        took = progress.took_s(runs, parse(fields["ended"]))
        pace = None if took is None else round(took / footage_s, 4)
    error = fields.get("error")
    if state == "cancelled":
        error = {"code": "cancelled", "text": "It was cancelled."}
    data = Data(
        flow=flow.id,
        asset=flow.asset,
        percent=progress.percent(state, runs),
        message="It is done." if error is None else str(error["text"]),
        left_s=0,
        error=None if error is None else Trouble(**error),
    )
    kind: Type = "video.generation.completed" if state == "done" else "video.generation.failed"
    told = Happening(type=kind, data=data, which=[str(snap.version)])
    _record(engine, flow.tenant, [told], Update(snap.key, fields, snap.version), pace=pace)


def now(engine: Engine, tenant: str, pace: float | None) -> list[Data]:
    """How far each flow is that is at work."""
    documents, parent, at = engine.documents, f"tenants/{tenant}", engine.clock.now()
    running = documents.query("flows", [Where("state", "==", "running")], parent=parent)
    footage = _footage(engine, tenant, {str(snap.body["asset"]) for snap in running})
    found = []
    for snap in running:
        runs = documents.query("runs", [Where("flow", "==", snap.id)], parent=parent, limit=100_000)
        how: dict[str, Any] = {"pace": pace, "footage_s": footage.get(str(snap.body["asset"])), "now": at}
        found.append(progress.current(engine.definition, snap, runs, **how))
    return found


def _known(engine: Engine, flow: Flow) -> tuple[list[Snap], float | None, float | None]:
    """A flow's runs, the organisation's pace, and the seconds of its footage."""
    of = [Where("flow", "==", flow.id)]
    runs = engine.documents.query("runs", of, parent=f"tenants/{flow.tenant}", limit=100_000)
    pace = log.head(engine.documents, flow.tenant).pace
    return runs, pace, _footage(engine, flow.tenant, {flow.asset}).get(flow.asset)


def _footage(engine: Engine, tenant: str, assets: set[str]) -> dict[str, float]:
    there = engine.documents.get_many([f"tenants/{tenant}/assets/{asset}" for asset in assets])
    return {snap.id: float(snap.body["duration_s"]) for snap in there.values() if snap.body.get("duration_s")}


def _record(engine: Engine, tenant: str, told: list[Happening], *also: Write, pace: float | None = None) -> None:
    at: datetime = engine.clock.now()
    made = log.record(engine.documents, engine.clock, tenant, told, *also, pace=pace)
    deliveries.wake_all(engine.wake, made, at)
