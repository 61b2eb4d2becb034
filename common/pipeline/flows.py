"""Flows: an asset enters, is looked at again, is resumed or cancelled. The use cases of the CLI and the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from common.domain.asset import Source
from common.domain.codec import digest, to_json
from common.domain.settings import FlowSettings, Weighing
from common.errors import BadInput, Conflict
from common.pipeline import admission, planner, telling
from common.pipeline.engine import Engine
from common.pipeline.run import TERMINAL, Flow, RunId
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Create, Delete, Json, Merge, Snap, Update, Where, Write

SCHEMA = 1
UPLOAD_KEPT = timedelta(days=30)  # the note that an upload was seen; no event comes again as late as that


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A flow, and what became of the request for it."""

    flow: Flow
    news: str  # new, resumed, running or done: whether there was such a flow before


def submit(
    engine: Engine,
    tenant: str,
    source: Source,
    location: str,
    settings: FlowSettings,
    *,
    asset: str | None = None,
    again: str | None = None,
    trace: str | None = None,
) -> Submitted:
    """Bring a source in and start a flow on it, once: the same bytes and settings give the same flow.

    A flow is taken up again where it was cancelled or anything in it failed; one that is done is followed by a new one
    where a stage, a model or the fonts have changed since, or what was learned from the organisation's own outcomes,
    and only what they change is made anew. `again` names a
    stage from which on all is. `asset` is under which name the source is awaited, if it is.
    """
    if again is not None and again not in engine.definition:
        raise BadInput(f"there is no stage {again!r}; choose one of {', '.join(engine.definition.names)}")
    return start(engine, tenant, _asset(engine, tenant, source, location, asset), settings, again=again, trace=trace)


def start(
    engine: Engine,
    tenant: str,
    asset: str,
    settings: FlowSettings,
    *,
    again: str | None = None,
    trace: str | None = None,
) -> Submitted:
    """Start a flow on an asset that is in, or take up the one that has these settings."""
    parent = f"tenants/{tenant}"
    learned = _learned(engine, tenant)
    settings = replace(settings, weights=learned.weights)
    made_by = [engine.makers(stage) for stage in engine.definition]
    wanted, makers = digest(settings), digest([*made_by, learned.model] if learned.model else made_by)
    while True:
        known = engine.documents.query("flows", [Where("asset", "==", asset)], parent=parent, limit=10_000)
        same = [snap for snap in known if snap.body["settings_digest"] == wanted]
        if same and again is None:
            newest = max(same, key=lambda snap: snap.body["n"])
            if newest.body["state"] != "done" or newest.body.get("makers") == makers:
                return _take_up(engine, Flow.of(newest), newest)
        n = len(known) + 1
        flow_id = f"{asset}-{n}"
        body: Json = {
            "schema": SCHEMA,
            "asset": asset,
            "n": n,
            "settings": to_json(settings),
            "settings_digest": wanted,
            "makers": makers,
            "again": {"stage": again, "nonce": flow_id} if again else None,
            "state": "running" if engine.active is None else "waiting",
            "trace": trace,
            "started": stamp(engine.clock.now()),
        }
        try:
            turn = [] if engine.active is None else [admission.queue(engine, tenant)]
            engine.documents.commit([Create(f"{parent}/flows/{flow_id}", body), *turn])
        except Conflict:
            continue
        _set_going(engine, read(engine, tenant, flow_id))
        return Submitted(flow=read(engine, tenant, flow_id), news="new")


def act(engine: Engine, run: RunId) -> None:
    """Plan what comes after a run that has ended; where it was its flow's last, another flow gets its turn."""
    if planner.act(engine, run):
        admission.admit(engine, run.tenant)


def read(engine: Engine, tenant: str, flow: str) -> Flow:
    key = f"tenants/{tenant}/flows/{flow}"
    return Flow.of(engine.documents.get_many([key])[key])


def runs(engine: Engine, flow: Flow) -> list[Snap]:
    """All runs of a flow so far."""
    return engine.documents.query(
        "runs", [Where("flow", "==", flow.id)], parent=f"tenants/{flow.tenant}", limit=100_000
    )


def cancel(engine: Engine, flow: Flow) -> None:
    """Stop a flow: running attempts notice at their next heartbeat, nothing more is planned."""
    snap = engine.documents.get_many([flow.key])[flow.key]
    if snap.body["state"] in ("waiting", "running"):
        telling.ended(engine, flow, snap, {"state": "cancelled", "cancel": True})
        admission.admit(engine, flow.tenant)


def relocate(engine: Engine, tenant: str, asset: str, source: Source, location: str) -> None:
    """Note that an asset's bytes are to be found elsewhere now; the caller has seen that they are the same."""
    fields: Json = {"source": to_json(source), "location": location}
    engine.documents.commit([Merge(f"tenants/{tenant}/assets/{asset}", fields)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """Of the organisation's own outcomes: the model that foretells, the weights of a score; None until there are."""

    model: str | None
    weights: Weighing | None


def _learned(engine: Engine, tenant: str) -> _Learned:
    ctr, own = f"tenants/{tenant}/models/ctr", f"tenants/{tenant}/models/weights"
    there = engine.documents.get_many([ctr, own])
    model = there[ctr].body.get("live") if ctr in there else None
    kept = there[own].body if own in there else {}
    live = next((one for one in kept.get("versions", ()) if one["version"] == kept.get("live")), None)
    told = live and Weighing(version=live["version"], since=kept["since"], parts=live["parts"])
    return _Learned(model=model, weights=told or None)


def _asset(engine: Engine, tenant: str, source: Source, location: str, awaited: str | None) -> str:
    """The asset these bytes are; the awaited one, or a new one, if this is the first time they come in."""
    parent, documents = f"tenants/{tenant}", engine.documents
    upload = f"{parent}/uploads/{digest([source.bucket, source.name, source.generation, location], 32)}"
    while True:
        now = engine.clock.now()
        place = f"{parent}/assets/{awaited}"
        there = documents.get_many([upload, place] if awaited else [upload])
        if upload in there:
            return str(there[upload].body["asset"])
        known = there.get(place)
        said = known.body.get("announced", {}) if known is not None and known.body["state"] == "awaiting" else {}
        body: Json = {"source": to_json(replace(source, **said)), "location": location, "state": "new"}
        write: Write
        if known is not None and known.body["state"] in ("awaiting", "importing"):
            asset = known.id
            write = Update(place, {**body, "arrived": stamp(now), "expires": ABSENT}, known.version)
        else:
            asset = secrets.token_hex(5)
            write = Create(f"{parent}/assets/{asset}", {"schema": SCHEMA, **body, "created": stamp(now)})
        seen = {"schema": SCHEMA, "asset": asset, "created": stamp(now), "expires": stamp(now + UPLOAD_KEPT)}
        try:
            documents.commit([Create(upload, seen), write])
        except Conflict:
            continue  # the same news at the same moment, or another file for the same place
        return asset


def _set_going(engine: Engine, flow: Flow) -> None:
    if flow.state == "waiting":
        admission.admit(engine, flow.tenant)
    else:
        planner.start(engine, flow)


def _take_up(engine: Engine, flow: Flow, snap: Snap) -> Submitted:
    if flow.state == "done" and not any(run.body["state"] == "failed" for run in runs(engine, flow)):
        return Submitted(flow=flow, news="done")
    if flow.state in ("waiting", "running"):
        _set_going(engine, flow)  # the first runs may be missing if the submitter died in between
        return Submitted(flow=read(engine, flow.tenant, flow.id), news="running")
    _reopen(engine, flow, snap)
    return Submitted(flow=read(engine, flow.tenant, flow.id), news="resumed")


def _reopen(engine: Engine, flow: Flow, snap: Snap) -> None:
    """Queue what failed again, and forget what came after it, in one batch."""
    now = stamp(engine.clock.now())
    known = runs(engine, flow)
    failed = [run for run in known if run.body["state"] == "failed"]
    stale: set[str] = set()
    for run in failed:
        stale |= engine.definition.downstream(run.body["stage"]) - {run.body["stage"]}
    writes: list[Write] = [
        Update(flow.key, {"state": "running", "cancel": False, "error": ABSENT, "ended": ABSENT}, snap.version)
    ]
    for run in known:
        if run.body["state"] == "failed":
            again: Json = {"state": "queued", "attempt": 0, "wake": run.body["wake"] + 1, "due": now}
            again |= dict.fromkeys(("interrupted", "error", "ended"), ABSENT)
            writes.append(Update(run.key, again, run.version))
        elif run.body["stage"] in stale and run.body["state"] in TERMINAL:
            writes.append(Delete(run.key, run.version))
        elif run.body["state"] in TERMINAL:
            writes.append(Update(run.key, {"due": now}, run.version))  # plan again what came after it
    telling.resumed(engine, flow, writes)
    for run in failed:
        identity = RunId.parse(run.key)
        errand = engine.errand(identity, {**run.body, "attempt": 0, "wake": run.body["wake"] + 1})
        engine.wake.work(errand, engine.clock.now())
