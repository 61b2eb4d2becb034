"""Flows: a passage of an asset through the pipeline, and how far each of its runs is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from common.domain.clip import Aspect
from common.domain.codec import from_json
from common.domain.settings import FlowSettings
from common.errors import BadInput, NotFound
from common.pipeline import flows, progress
from common.ports.documents import Snap
from functions.api import assets
from functions.api.judgements import LeftOut
from functions.api.pages import Page, held, page
from functions.api.route import Answer, Ask, Shape, matching

State = Literal["waiting", "running", "done", "failed", "cancelled"]
RunState = Literal["queued", "running", "waiting", "done", "failed", "skipped"]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=3600)]


class Settings(Shape):
    """What a person chooses; what is left out is as the product has it."""

    clips: Annotated[int, msgspec.Meta(ge=1, le=50)] = 6
    min_s: Seconds = 15
    max_s: Seconds = 60
    aspects: Annotated[tuple[Aspect, ...], msgspec.Meta(min_length=1, max_length=4)] = ("9:16",)
    language: Annotated[str, matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")] | None = None
    captions: Literal["pop", "box", "clean", "none"] = "pop"
    burn_draft: bool = False


class NewFlow(Shape):
    """Look at an asset again, with these settings."""

    asset: Annotated[str, msgspec.Meta(max_length=128)]
    settings: Settings = msgspec.field(default_factory=Settings)


class Error(Shape):
    """Why something did not come. `code` keeps its meaning."""

    code: str
    text: str
    stage: str | None = None


class Progress(Shape):
    done: float
    total: float
    unit: str


class Run(Shape):
    """One stage, or one part of it."""

    stage: str
    title: str
    number: int | None
    state: RunState
    attempt: int
    progress: Progress | None
    place: str | None
    place_reason: str | None
    error: Error | None
    left_out: list[LeftOut]


class Flow(Shape):
    """`percent` is of its runs so far, by the time each was thought to take; null until anything is known."""

    id: str
    asset: str
    name: str | None
    state: State
    started: str
    ended: str | None
    error: Error | None
    percent: int | None = None
    runs: list[Run] | None = None


class Flows(Shape):
    items: list[Flow]
    next: str | None


class Wanted(Page):
    """Which flows."""

    asset: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    state: State | None = None


def create(ask: Ask) -> Answer:
    wanted: NewFlow = ask.body
    if wanted.settings.min_s > wanted.settings.max_s:
        raise BadInput("settings: min_s is over max_s; a clip cannot be both")
    asset = assets.read(ask, wanted.asset)
    if asset.body["state"] == "erasing":
        raise NotFound(f"{wanted.asset} is being erased; GET /v1/assets lists the others")
    if "source" not in asset.body:
        raise BadInput(f"the file of {wanted.asset} has not come yet; send it first")
    settings = from_json(FlowSettings, msgspec.to_builtins(wanted.settings))
    submitted = flows.start(ask.parts.engine, ask.who.tenant, wanted.asset, settings)
    return Answer(body=shown(ask, submitted.flow.id))


def every(ask: Ask) -> Answer:
    wanted: Wanted = ask.query or Wanted()

    where = held(asset=wanted.asset, state=wanted.state)
    found, following = page(ask.parts.engine.documents, "flows", ask.parent, "started", wanted, where=where)
    names = _names(ask, found)
    return Answer(body=Flows(items=[_flow(snap, names.get(snap.body["asset"])) for snap in found], next=following))


def one(ask: Ask) -> Answer:
    return Answer(body=shown(ask, ask.path["flow"]))


def cancel(ask: Ask) -> Answer:
    read(ask, ask.path["flow"])
    flows.cancel(ask.parts.engine, flows.read(ask.parts.engine, ask.who.tenant, ask.path["flow"]))
    return Answer(body=shown(ask, ask.path["flow"]))


def read(ask: Ask, flow: str) -> Snap:
    """Raises NotFound."""
    snap = ask.snap(f"{ask.parent}/flows/{flow}")
    if snap is None:
        raise NotFound(f"there is no flow {flow}; GET /v1/flows lists them")
    return snap


def shown(ask: Ask, flow: str) -> Flow:
    snap, engine = read(ask, flow), ask.parts.engine
    order = {name: n for n, name in enumerate(engine.definition.names)}
    found = flows.runs(engine, flows.read(engine, ask.who.tenant, flow))
    found.sort(key=lambda run: (order.get(run.body["stage"], len(order)), run.body.get("number") or 0))
    titles = {stage.name: stage.title for stage in engine.definition}
    runs = [_run(run.body, titles) for run in found]
    return _flow(
        snap,
        _names(ask, [snap]).get(snap.body["asset"]),
        runs=runs,
        percent=progress.percent(snap.body["state"], found),
    )


def _names(ask: Ask, found: list[Snap]) -> dict[str, str]:
    keys = {f"{ask.parent}/assets/{snap.body['asset']}" for snap in found}
    return {snap.id: assets.name_of(snap.body) for snap in ask.parts.engine.documents.get_many(keys).values()}


def _flow(snap: Snap, name: str | None, *, runs: list[Run] | None = None, percent: int | None = None) -> Flow:
    body = snap.body
    return Flow(
        id=snap.id,
        asset=body["asset"],
        name=name,
        state=body["state"],
        started=body["started"],
        ended=body.get("ended"),
        error=_error(body),
        percent=percent,
        runs=runs,
    )


def _run(body: dict[str, Any], titles: dict[str, str]) -> Run:
    progress = body.get("progress")
    return Run(
        stage=body["stage"],
        title=titles.get(body["stage"], body["stage"]),
        number=body.get("number"),
        state=body["state"],
        attempt=int(body.get("attempt", 0)),
        progress=Progress(**progress) if progress else None,
        place=body.get("place"),
        place_reason=body.get("place_reason"),
        error=_error(body),
        left_out=[LeftOut(what=one["what"], why=one["why"]) for one in body.get("left_out", ())],
    )


def _error(body: dict[str, Any]) -> Error | None:
    error = body.get("error")
    return Error(code=error["code"], text=error["text"], stage=error.get("stage")) if error else None
