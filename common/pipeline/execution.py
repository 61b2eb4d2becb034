"""Run one stage so that it settles once. The only place where this is solved.

read -> terminal?   announce again, nothing to do
     -> held?       Busy: somebody works on it; acknowledged, not an error
     -> not due?    early
     -> tried out?  failed: "stopped without an answer n times"
     -> claim       compare-and-set: running, a new token, due = now + lease
work -> the handler, beside a heartbeat
settle -> ONE batch: the run's end and the stage's documents, if the token still holds
announce -> whoever hears it plans what comes next; if nobody does, `due` stands and the sweep will
"""

from __future__ import annotations

import importlib
import logging
import random
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, cast

import msgspec

from common.domain.codec import digest, dumps, loads, to_json
from common.domain.usage import COUNTED
from common.errors import Cancelled, Conflict, CutroomError, Fenced, Later, NoSpace, Permanent, RejectedMedia
from common.pipeline import logs, metering
from common.pipeline.engine import Engine
from common.pipeline.lease import Heartbeat, Lease
from common.pipeline.run import OPEN, TERMINAL, Flow, RunId
from common.pipeline.stage import Stage
from common.pipeline.work import RunWork
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Json, Merge, Snap, Update, Write, rich
from common.ports.work import Outcome, Work

log = logging.getLogger("cutroom.execution")
_CHANCE = random.SystemRandom()  # its own: the one all share may be seeded, alike in every instance

Ending = Literal["done", "failed", "waiting", "replayed", "busy", "early", "fenced", "gone"]

ANNOUNCE_S = 30.0  # when the sweep looks after an ended run that nobody acted on
SMALL = 16_000  # bytes of a result that stay in the document
LARGEST = 48_000  # bytes a result may have at all
INTERRUPTIONS = 100  # attempts that may end without counting: with the runner, or since others are not ready


def execute(engine: Engine, run: RunId) -> Ending:
    """Claim, work, settle, announce; returns how it ended. Safe to call twice, late, or by two at once."""
    stage = engine.definition[run.stage]
    flow = engine.flow(run)
    if flow is None:
        return _forget(engine, run)
    claimed = claim(engine, run, stage)
    if not isinstance(claimed, Lease):
        if claimed in ("replayed", "failed"):
            engine.wake.ended(run.key, trace=flow.trace)
        return claimed
    with logs.about(run.key, claimed.body):
        if flow.cancel:
            return settle_error(engine, claimed, Cancelled("the flow was cancelled"))
        return _attempt(engine, flow, stage, claimed)


def _attempt(engine: Engine, flow: Flow, stage: Stage, lease: Lease) -> Ending:
    """Work on a run that is ours, and settle it."""

    def give_up(why: CutroomError) -> None:
        settle_error(engine, lease, why)
        engine.abandon()

    Heartbeat(lease, every_s=engine.beat_s, give_up=give_up).start()
    try:
        fields, writes = _work(engine, flow, stage, lease)
    except Exception as error:
        return settle_error(engine, lease, error)
    return _settle(engine, lease, fields, writes)


def claim(engine: Engine, run: RunId, stage: Stage) -> Lease | Ending:
    """Take the run if it is free; else say why not."""
    for _ in range(5):
        snap = engine.run(run)
        if snap is None:
            return "gone"
        body = snap.body
        now = engine.clock.now()
        if body["state"] in TERMINAL:
            return "replayed"
        held = snap.age < stage.lease_s and body.get("epoch", engine.epoch) == engine.epoch
        if body["state"] == "running" and held:
            return "busy"
        if body["state"] == "waiting" and parse(body["due"]) > now:
            return "early"
        tried = int(body["attempt"]) - int(body.get("interrupted", 0))
        token = uuid.uuid4().hex
        fields: Json
        if tried >= stage.retry.attempts:
            last = (body.get("error") or {}).get("text", "no answer was kept")
            text = f"it stopped without an answer {tried} times (last: {last}); look at the log, then run again"
            fields = {
                "state": "failed",
                "error": {"code": "no_answer", "text": text},
                "due": stamp(now + timedelta(seconds=ANNOUNCE_S)),
            }
        else:
            fields = {
                "state": "running",
                "attempt": int(body["attempt"]) + 1,
                "token": token,
                "epoch": engine.epoch,
                "lease_s": stage.lease_s,
                "deadline": stamp(now + timedelta(seconds=stage.timeout_s)),
                "started": stamp(now),
                "progress": None,
                "due": stamp(now + timedelta(seconds=stage.lease_s)),
            }
        try:
            versions = engine.documents.commit([Update(run.key, fields, snap.version)])
        except Conflict:
            again = engine.run(run)
            if again is not None and again.body.get("token") == token:
                return Lease(engine, run, stage, token, again, attempt=tried + 1)  # our own; answer lost
            continue
        if fields["state"] == "failed":
            return "failed"
        held_now = replace(snap, body={**body, **fields}, version=versions[run.key])
        return Lease(engine, run, stage, token, held_now, attempt=tried + 1)
    return "busy"


def _forget(engine: Engine, run: RunId) -> Ending:
    """End a run whose flow is gone: nobody waits for it, and nobody is to look at it again."""
    snap = engine.run(run)
    if snap is not None and snap.body["state"] in OPEN:
        fields: Json = {"state": "failed", "error": {"code": "gone", "text": "its flow was removed"}, "due": ABSENT}
        with suppress(Conflict):  # whoever works on it still will find the same
            engine.documents.commit([Update(run.key, fields, snap.version)])
    return "gone"


def _work(engine: Engine, flow: Flow, stage: Stage, lease: Lease) -> tuple[Json, list[Write]]:
    """The handler's outcome, or the kept one of an earlier run with equal inputs."""
    work = RunWork(engine, flow, stage, lease)
    if stage.reuse and (there := engine.objects.stat(work.result_key)) is not None:
        kept = loads(engine.objects.get(there.key))
        return _ending(engine, flow, work, lease, kept, reused=lease.attempt == 1)
    with engine.scratch.folder(lease.run.key, needs_bytes=int(stage.disk_per_byte * work.source.size)) as folder:
        work.folder = folder
        outcome = _handler(stage)(work)
        kept = _checked(stage, outcome)
        kept["timings"] = lease.meter.read()
        kept["used"]["made_bytes"] = work.made_bytes
        return _ending(engine, flow, work, lease, kept, reused=False)


def _handler(stage: Stage) -> Callable[[Work], Outcome]:
    module, _, name = stage.handler.partition(":")
    return cast(Callable[[Work], Outcome], getattr(importlib.import_module(module), name))


def _checked(stage: Stage, outcome: object) -> Json:
    """The outcome as JSON; anything else a handler may return is refused by name."""

    def refuse(what: str) -> Permanent:
        return Permanent(
            f"stage {stage.name} returned {what}; this is a fault of Cutroom, please report it", code="bug"
        )

    if not isinstance(outcome, Outcome):
        raise refuse(f"a {type(outcome).__name__} instead of an Outcome")
    try:
        kept = loads(dumps(to_json(outcome)))
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        raise refuse(f"something that is no JSON ({error})") from error
    if not isinstance(kept["result"], dict):
        raise refuse("a result that is no object")
    if (size := len(dumps(kept["result"]))) > LARGEST:
        raise refuse(f"a result of {size} bytes, over the {LARGEST} a document may hold")
    if strangers := set(kept["members"]) - {stage.fans_out}:
        raise refuse(f"members {strangers} it does not declare")
    if strangers := set(kept["used"]) - set(COUNTED):
        raise refuse(f"a use of {strangers}, which nobody counts")
    return dict(kept)


def _ending(
    engine: Engine, flow: Flow, work: RunWork, lease: Lease, kept: Json, *, reused: bool
) -> tuple[Json, list[Write]]:
    """Keep the outcome as an object, then the fields and documents that settle the run."""
    stored = engine.objects.put_new(work.result_key, dumps(kept))
    if not stored.created:
        kept = loads(engine.objects.get(stored.key))  # an earlier attempt's stands; both are made of equal inputs
    result = dumps(kept["result"])
    body: Json = {
        "object": stored.key,
        "sha256": stored.sha256,
        "digest": digest(kept["result"], 64),
        "members": {kind: len(named) for kind, named in kept["members"].items()},
    }
    if len(result) <= SMALL:
        body["small"] = kept["result"]
    now = engine.clock.now()
    fields: Json = {
        "state": "done",
        "result": body,
        "inputs_digest": work.inputs,
        "left_out": kept["left_out"],
        "timings": kept["timings"],
        "reused": reused,
        "cost_micros": 0 if reused else kept.get("cost_micros", 0),
        "error": ABSENT,
        "ended": stamp(now),
        "due": stamp(now + timedelta(seconds=ANNOUNCE_S)),
    }
    prefix, here = f"tenants/{flow.tenant}/", {"flow": flow.id, "created": stamp(now)}
    writes: list[Write] = [
        Merge(
            prefix + path.replace("{flow}", flow.id),
            rich(content) | {name: value for name, value in here.items() if name in content},
        )
        for path, content in kept["documents"].items()
    ]
    if not reused:
        writes += _counted(lease, now, kept["timings"], kept.get("used", {}))
    return fields, writes


def _counted(lease: Lease, now: datetime, timings: Mapping[str, float], used: Mapping[str, int]) -> list[Write]:
    return metering.counted(lease.run, lease.stage.image.value, now, timings, used)


def _settle(engine: Engine, lease: Lease, fields: Json, writes: list[Write]) -> Ending:
    try:
        lease.settle(fields, writes)
    except Fenced as error:
        log.warning("%s", error)
        return "fenced"
    engine.wake.ended(lease.run.key, trace=lease.body.get("trace"))
    return cast(Ending, fields["state"])


def settle_error(engine: Engine, lease: Lease, error: Exception) -> Ending:
    """Settle an attempt that raised: wait and try again, or fail with a reason a person can act on."""
    if isinstance(error, Fenced):
        return "fenced"
    now = engine.clock.now()
    code, text, retryable = _explain(engine.definition[lease.run.stage], error)
    timings = lease.meter.read()
    fields: Json = {"error": {"code": code, "text": text}, "timings": timings}
    writes = _counted(lease, now, timings, {})
    uncounted = int(lease.body.get("interrupted", 0))
    pause = None
    if isinstance(error, Later) and uncounted < INTERRUPTIONS:
        pause, fields["interrupted"] = error.after_s, uncounted + 1
    elif retryable and lease.attempt < lease.stage.retry.attempts:
        pause = lease.stage.retry.pause(lease.attempt) * _CHANCE.uniform(0.5, 1.0)
    if pause is not None:
        due = now + timedelta(seconds=pause)
        ending = _settle_quietly(lease, {**fields, "state": "waiting", "due": stamp(due)}, writes)
        if ending == "waiting":
            engine.wake.work(engine.errand(lease.run, lease.body), due)
        return ending
    if isinstance(error, RejectedMedia):
        asset = f"tenants/{lease.run.tenant}/assets/{lease.body['asset_id']}"
        writes.append(Merge(asset, {"state": "rejected", "rejected": fields["error"]}))
    due = now + timedelta(seconds=ANNOUNCE_S)
    return _settle(engine, lease, {**fields, "state": "failed", "ended": stamp(now), "due": stamp(due)}, writes)


def _settle_quietly(lease: Lease, fields: Json, writes: list[Write]) -> Ending:
    """Settle without announcing: a waiting run has not ended."""
    try:
        lease.settle(fields, writes)
    except Fenced as fenced:
        log.warning("%s", fenced)
        return "fenced"
    return "waiting"


def _explain(stage: Stage, error: Exception) -> tuple[str, str, bool]:
    """Code, sentence, and whether trying again can help."""
    if isinstance(error, CutroomError):
        return error.code, str(error), error.retryable
    if isinstance(error, OSError) and error.errno == 28:
        full = NoSpace("the disk is full; free some space and run again")
        return full.code, str(full), False
    if isinstance(error, MemoryError):
        return "no_memory", "it needs more memory than there is; close other programs or use a smaller video", False
    log.exception("stage %s raised", stage.name, exc_info=error)
    text = f"a fault of Cutroom in {stage.name}: {type(error).__name__}: {error}; please report it"
    return "bug", text, False


def release(engine: Engine, run: RunId, why: str, *, interrupted: bool = False, if_stale: bool = False) -> None:
    """Free a run whose holder is known to be dead, so that it need not wait for the lease to pass.

    `if_stale`: only where its lease has passed. Between a sweep's look and this one somebody may have claimed it.

    `interrupted`: not the run's own doing (a person stopped the runner, or it was killed), so the attempt does
    not count; up to a bound, because a file that kills the runner each time must end somewhere.
    """
    snap = engine.run(run)
    if snap is None or snap.body["state"] != "running" or (if_stale and not is_stale(engine, snap)):
        return
    freed: Json = {
        "state": "waiting",
        "token": ABSENT,
        "error": {"code": "crash", "text": why},
        "wake": int(snap.body["wake"]) + 1,
        "due": stamp(engine.clock.now()),
    }
    if interrupted:
        freed["interrupted"] = min(INTERRUPTIONS, int(snap.body.get("interrupted", 0)) + 1)
    try:
        engine.documents.commit([Update(run.key, freed, snap.version)])
    except Conflict:
        return  # it beat or settled in the same moment: then it is not dead, or has ended
    engine.wake.work(engine.errand(run, {**snap.body, **freed}), engine.clock.now())


def is_stale(engine: Engine, snap: Snap) -> bool:
    """Whether a running run has lost its holder."""
    lease_s = engine.definition[snap.body["stage"]].lease_s
    return snap.age >= lease_s or snap.body.get("epoch") != engine.epoch
