"""What an ended run sets going.

`act` reads the truth, creates the runs that are now due, closes the flow when all is over, and only then
takes the ended run off the list. Done twice, or by two at once, it makes the same runs: Creates collapse.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from common.domain.codec import from_json
from common.domain.timebase import Span
from common.errors import Conflict, CutroomError
from common.pipeline import run as runs
from common.pipeline.conditions import CONDITIONS
from common.pipeline.engine import Engine
from common.pipeline.place import place
from common.pipeline.run import OPEN, TERMINAL, Flow, RunId
from common.pipeline.stage import Need, Stage, Where
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Update
from common.ports.documents import Where as Field

_BATCH = 200  # runs created in one commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a stage of a flow is. `cause` says why it has nothing to give, if so."""

    over: bool
    cause: str | None = None


def start(engine: Engine, flow: Flow) -> None:
    """Plan the stages that wait for nothing."""
    for stage in engine.definition:
        if not stage.after:
            _plan(engine, flow, stage)


def act(engine: Engine, run: RunId) -> bool:
    """Plan what comes after a run that has ended; whether its flow is over with it. One that has not is left alone."""
    snap, closed = engine.run(run), False
    if snap is None or snap.body["state"] not in TERMINAL or "due" not in snap.body:
        return False
    flow = engine.flow(run)
    if flow is not None and not flow.cancel:
        waiting = list(engine.definition.consumers(run.stage))
        while waiting:
            stage = waiting.pop(0)
            if _plan(engine, flow, stage, run):
                waiting.extend(engine.definition.consumers(stage.name))
        closed = _close_if_over(engine, flow)
    with suppress(Conflict):  # somebody acted on it, or it was resumed, in the meantime
        engine.documents.commit([Update(snap.key, {"due": ABSENT}, snap.version)])
    return closed


def status(engine: Engine, flow: Flow, stage: Stage, number: int | None = None) -> Status:
    """How far a stage is; with `number`, one member of it."""
    alone = RunId(flow.tenant, flow.id, stage.name)
    source = engine.definition.source_of(stage)
    keys = [alone.key]
    if source is not None:
        keys.append(RunId(flow.tenant, flow.id, source.name).key)
        if number is not None:
            keys.append(RunId(flow.tenant, flow.id, stage.name, number).key)
    snaps = engine.documents.get_many(keys)
    one = snaps.get(alone.key) or (snaps.get(keys[-1]) if number is not None else None)
    if one is not None:
        if one.body["state"] not in TERMINAL:
            return Status(over=False)
        return Status(over=True, cause=_cause(engine, stage, one))
    if source is None or number is not None:
        return Status(over=False)
    maker = snaps.get(keys[1])
    if maker is None or maker.body["state"] != "done":
        return Status(over=False)
    total = maker.body["result"]["members"].get(stage.each, 0)
    of_stage = [Field("flow", "==", flow.id), Field("stage", "==", stage.name)]
    parent = f"tenants/{flow.tenant}"
    # Most members see another one open; only the last ones have to count, for some may not be planned yet.
    if engine.documents.query("runs", [*of_stage, Field("state", "in", OPEN)], parent=parent, limit=1):
        return Status(over=False)
    if engine.documents.count("runs", [*of_stage, Field("state", "in", TERMINAL)], parent=parent) < total:
        return Status(over=False)
    lost = engine.documents.query(
        "runs", [*of_stage, Field("state", "in", ("failed", "skipped"))], parent=parent, limit=1
    )
    return Status(over=True, cause=_cause(engine, stage, lost[0]) if lost else None)


def _cause(engine: Engine, stage: Stage, snap: Snap) -> str | None:
    if snap.body["state"] == "done":
        return None
    text = str(snap.body["error"]["text"])
    return text if snap.body["state"] == "skipped" else f"“{stage.title}” failed: {text}"


def _plan(engine: Engine, flow: Flow, stage: Stage, ended: RunId | None = None) -> bool:
    """Create the stage's runs if all it waits for is over. True when it is over itself, having no members."""
    results: dict[str, Any] = {}
    cause, code = None, "unreached"
    number = ended.number if ended is not None and _side_by_side(engine, stage, ended.stage) else None
    for need in stage.after:
        before = engine.definition[need.stage]
        found = status(engine, flow, before, number if _side_by_side(engine, stage, need.stage) else None)
        if not found.over:
            return False
        if found.cause is not None and need.required and cause is None:
            cause = found.cause
    if cause is None:
        code = "skipped"
        results = _results(engine, flow, stage.after)
        for name in stage.when:
            cause = cause or CONDITIONS[name](results, flow.settings)
    now = engine.clock.now()
    later = now + timedelta(seconds=engine.wake_s)
    if cause is not None:
        alone = RunId(flow.tenant, flow.id, stage.name, number)
        _create(engine, {alone: _skipped(flow, stage, alone, code, cause, now, later)})
        return False
    members = _members(engine, flow, stage, number)
    planned: dict[RunId, Json] = {}
    for at, member in members:
        identity = RunId(flow.tenant, flow.id, stage.name, at)
        try:
            chosen = place(stage, _seconds(results or _results(engine, flow, stage.after), member))
        except CutroomError as error:
            planned[identity] = _skipped(flow, stage, identity, code, str(error), now, later)
            continue
        planned[identity] = runs.queued(
            identity,
            version=stage.version,
            asset=flow.asset,
            member=member,
            place=chosen.where.value,
            pool=chosen.pool(stage),
            reason=chosen.reason,
            seconds=chosen.seconds,
            trace=flow.trace,
            planned=now,
            due=now if chosen.where is Where.POOL else later,  # a pool asks for what is due: nothing has to reach it
        )
    _create(engine, planned)
    return not members


def _skipped(flow: Flow, stage: Stage, run: RunId, code: str, why: str, now: datetime, due: datetime) -> Json:
    return runs.skipped(
        run, version=stage.version, asset=flow.asset, code=code, why=why, trace=flow.trace, planned=now, due=due
    )


def _side_by_side(engine: Engine, stage: Stage, before: str) -> bool:
    """Whether a stage waits for one member of the stage before, not for all: both run for each of a kind."""
    return stage.each is not None and engine.definition[before].each == stage.each


def _members(engine: Engine, flow: Flow, stage: Stage, number: int | None) -> list[tuple[int | None, Json | None]]:
    source = engine.definition.source_of(stage)
    if source is None or stage.each is None:
        return [(None, None)]
    key = RunId(flow.tenant, flow.id, source.name).key
    named = engine.members(engine.documents.get_many([key])[key], stage.each)
    return [(at, member) for at, member in enumerate(named) if number is None or at == number]


def _results(engine: Engine, flow: Flow, needs: Iterable[Need]) -> dict[str, Any]:
    """Results of the stages that run once and are done, by stage, for conditions and estimates."""
    once = [need.stage for need in needs if engine.definition[need.stage].each is None]
    keys = {RunId(flow.tenant, flow.id, name).key: name for name in once}
    snaps = engine.documents.get_many(keys)
    found = {keys[key]: engine.result(snap) for key, snap in snaps.items()}
    return {name: result for name, result in found.items() if result is not None}


def _seconds(results: dict[str, Any], member: Json | None) -> float:
    """How much video a run will look at: its member's span or utterances, else the whole file."""
    if member is not None and "utterances" in member:
        return float(sum(Fraction(end) - Fraction(start) for start, end in member["utterances"]))
    whole = results.get("ingest", {}).get("probe", {}).get("duration")
    span = (member or {}).get("span", member) or {}
    if span.get("start") is not None and (span.get("end") or whole) is not None:
        return float(from_json(Span, {"start": span["start"], "end": span["end"] or whole}).duration)
    return float(Fraction(whole)) if whole is not None else 0.0


def _create(engine: Engine, bodies: dict[RunId, Json]) -> None:
    """Create the runs that are not there yet, and wake what works on them."""
    todo = list(bodies)
    while todo:
        part, todo = todo[:_BATCH], todo[_BATCH:]
        try:
            engine.documents.commit([Create(run.key, bodies[run]) for run in part])
        except Conflict:
            there = engine.documents.get_many(run.key for run in part)
            missing = [run for run in part if run.key not in there]
            if len(missing) == len(part):
                raise
            todo = missing + todo
            continue
        for run in part:
            if bodies[run]["state"] == "queued":
                engine.wake.work(engine.errand(run, bodies[run]), engine.clock.now())
            else:
                engine.wake.ended(run.key, trace=bodies[run].get("trace"))


def _close_if_over(engine: Engine, flow: Flow) -> bool:
    """Settle the flow when its last stages are over: failed if a run failed that something had to have.

    True when they are, whoever wrote it.
    """
    last = [stage for stage in engine.definition if not engine.definition.consumers(stage.name)]
    if not all(status(engine, flow, stage).over for stage in last):
        return False
    failed = engine.documents.query(
        "runs", [Field("flow", "==", flow.id), Field("state", "==", "failed")], parent=f"tenants/{flow.tenant}"
    )
    fatal = [snap for snap in failed if not _optional(engine, snap.body["stage"])]
    snap = engine.documents.get_many([flow.key])[flow.key]
    fields: Json = {"state": "failed" if fatal else "done", "ended": stamp(engine.clock.now())}
    if fatal:
        fatal.sort(key=lambda snap: engine.definition.names.index(snap.body["stage"]))
        fields["error"] = {**fatal[0].body["error"], "stage": fatal[0].body["stage"]}
    if snap.body["state"] != "running":
        return True
    with suppress(Conflict):  # the other one that saw the end wrote the same
        engine.documents.commit([Update(flow.key, fields, snap.version)])
    return True


def _optional(engine: Engine, stage: str) -> bool:
    """Whether every stage that comes after can do without this one."""
    consumers = engine.definition.consumers(stage)
    return bool(consumers) and not any(
        need.required for consumer in consumers for need in consumer.after if need.stage == stage
    )
