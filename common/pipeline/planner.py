"""What an ended run sets going.

`act` reads the truth, creates the runs that are now due, closes the flow when all is over, and only then
takes the ended run off the list. Done twice, or by two at once, it makes the same runs: Creates collapse.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from common.domain.codec import from_json
from common.domain.timebase import Span
from common.errors import Conflict, CutroomError
from common.pipeline import run as runs
from common.pipeline import telling
from common.pipeline.conditions import CONDITIONS
from common.pipeline.engine import Engine
from common.pipeline.place import place
from common.pipeline.run import TERMINAL, Flow, RunId
from common.pipeline.stage import Stage, Where
from common.pipeline.standing import Standing
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Create, Json, Update
from common.ports.documents import Where as Field

_BATCH = 200  # runs created in one commit


def start(engine: Engine, flow: Flow) -> None:
    """Plan the stages that wait for nothing."""
    telling.started(engine, flow)
    standing = Standing(engine, flow)
    for stage in engine.definition:
        if not stage.after:
            _plan(engine, flow, standing, stage)


def act(engine: Engine, run: RunId) -> bool:
    """Plan what comes after a run that has ended; whether its flow is over with it. One that has not is left alone."""
    snap, closed = engine.run(run), False
    if snap is None or snap.body["state"] not in TERMINAL or "due" not in snap.body:
        return False
    flow = engine.flow(run)
    if flow is not None and not flow.cancel:
        standing = Standing(engine, flow, [snap])
        ended = [run.stage]  # and the stages that have no members, which are over by being planned
        for name in ended:
            following = engine.definition.following(name)
            ended += [stage.name for stage in following if _plan(engine, flow, standing, stage, run)]
        if standing.of(stage := engine.definition[run.stage]).over:
            telling.stage_over(engine, flow, stage)
        if any(not engine.definition.consumers(name) for name in ended):
            closed = _close_if_over(engine, flow, standing)
    with suppress(Conflict):  # somebody acted on it, or it was resumed, in the meantime
        engine.documents.commit([Update(snap.key, {"due": ABSENT}, snap.version)])
    return closed


def _plan(engine: Engine, flow: Flow, standing: Standing, stage: Stage, ended: RunId | None = None) -> bool:
    """Create the stage's runs if all it waits for is over. True when it is over itself, having no members."""
    results: dict[str, Any] = {}
    cause, code = None, "unreached"
    number = ended.number if ended is not None and _side_by_side(engine, stage, ended.stage) else None
    for need in reversed(stage.after):  # the last of the table is the likeliest to be at work still
        one = number if _side_by_side(engine, stage, need.stage) else None
        found = standing.of(engine.definition[need.stage], one)
        if not found.over:
            return False
        if need.required and found.cause is not None:
            cause = found.cause
    if cause is None:
        code = "skipped"
        results = standing.results(need.stage for need in stage.after)
        for name in stage.when:
            cause = cause or CONDITIONS[name](results, flow.settings, engine.evidence().wanted)
    now = engine.clock.now()
    later = now + timedelta(seconds=engine.wake_s)
    if cause is not None:
        alone = RunId(flow.tenant, flow.id, stage.name, number)
        _create(engine, {alone: _skipped(flow, stage, alone, code, cause, now, later)})
        return False
    named = standing.members(stage)
    members = [(None, None)] if named is None else [(at, one) for at, one in enumerate(named) if number in (None, at)]
    planned: dict[RunId, Json] = {}
    for at, member in members:
        identity = RunId(flow.tenant, flow.id, stage.name, at)
        try:
            chosen = place(stage, _seconds(results, member))
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
        pools = set()
        for run in part:
            body = bodies[run]
            if body["state"] != "queued":
                engine.wake.ended(run.key, trace=body.get("trace"))
            elif body["pool"] is None or body["pool"] not in pools:  # who comes for the first of a pool counts them all
                pools.add(body["pool"])
                engine.wake.work(engine.errand(run, body), engine.clock.now())


def _close_if_over(engine: Engine, flow: Flow, standing: Standing) -> bool:
    """Settle the flow when its last stages are over: failed if a run failed that something had to have.

    True when they are, whoever wrote it.
    """
    last = [stage for stage in engine.definition if not engine.definition.consumers(stage.name)]
    if not all(standing.of(stage).over for stage in last):
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
        telling.ended(engine, flow, snap, fields)
    return True


def _optional(engine: Engine, stage: str) -> bool:
    """Whether every stage that comes after can do without this one."""
    consumers = engine.definition.consumers(stage)
    return bool(consumers) and not any(
        need.required for consumer in consumers for need in consumer.after if need.stage == stage
    )
