"""Models: what has been learned from an organisation's own figures, which version speaks, and who had it speak."""

from __future__ import annotations

from typing import Any, Literal

from common.chores import learning
from common.errors import NotFound
from common.learning import registry
from common.learning.registry import Shelf
from common.learning.retraining import FRESH
from common.ports.documents import Json
from functions.api.publications import Name
from functions.api.route import Answer, Ask, Shape

LOOKS = 10  # that are shown, the last first
WEEKS = 26

Standing = Literal["live", "previous", "shadow", "kept"]


class ModelVersion(Shape):
    """`rows`: creatives that it was trained from; `erased_rows`: outcomes that were erased since, of which some may be
    among them. `metrics`: on creatives that were held back from it.
    """

    version: str
    state: Standing
    at: str
    by: str
    features_version: str | None
    rows: int | None
    accounts: int
    erased_rows: int
    metrics: dict[str, Any] | None


class ModelMove(Shape):
    """What was live, before that, and in the shadow from then on."""

    at: str
    by: str
    what: Literal["put", "shadow", "promote", "rollback", "refuse", "erase"]
    why: str
    live: str | None
    previous: str | None
    shadow: str | None


class ModelSummary(Shape):
    """`have`: creatives that have been out for 7 days, with known impressions and clicks; at `need` a first version is
    trained. `why` is why nothing is live.
    """

    name: str
    live: str | None
    previous: str | None
    shadow: str | None
    have: int
    need: int
    why: str | None


class Models(Shape):
    items: list[ModelSummary]


class LookPart(Shape):
    what: str
    why: str


class LookLacks(Shape):
    have: int
    need: int
    why: str


class ModelLook(Shape):
    """`unripe`: creatives that have not been out for 7 days. `why` is why a version was trained, null where none was;
    `lacks`: what there was too little of. `asked`: by whom it was asked for.
    """

    at: str
    have: int
    unripe: int
    left_out: list[LookPart]
    without_features: list[LookPart]
    asked: str | None
    why: str | None
    did: list[str]
    lacks: LookLacks | None


class Drifted(Shape):
    """A feature that is distributed otherwise than when the model was trained: its population stability index, and how
    often chance alone makes one as large.
    """

    feature: str
    index: float
    chance: float


class ModelWeek(Shape):
    """How the live version did with creatives that came out after it was trained; shares of `creatives`, null where
    there is none. `calibration`: clicks foretold over clicks that came. `importance_drift`: from 0, that features
    weigh as in the version before, to 1.
    """

    week: str
    at: str
    model: str
    predictions: int
    creatives: int
    silent: int
    in_band: float | None
    covered: float | None
    promised: float | None
    calibration: float | None
    calibration_low: float | None
    calibration_high: float | None
    alarm: str | None
    days_since_training: int
    importance_drift: float | None
    drifted: list[Drifted]


class ModelDetails(ModelSummary):
    """Versions, moves, looks and weeks: the newest first. `trouble`: why the last look could not end; it is tried
    again by itself.
    """

    trouble: str | None
    versions: list[ModelVersion]
    history: list[ModelMove]
    looks: list[ModelLook]
    weeks: list[ModelWeek]


class WantedReport(Shape):
    version: Name | None = None


class ModelReport(Shape):
    """What was found when the version was trained: what its manifest says of it, and a backtest beside simple models;
    `why_not` stands in its place where there was too little before any later slice.
    """

    version: str
    manifest: dict[str, Any]
    report: dict[str, Any]


class NewPromotion(Shape):
    version: Name


def every(ask: Ask) -> Answer:
    return Answer(body=Models(items=[ModelSummary(**_summary(_shelf(ask)))]))


def one(ask: Ask) -> Answer:
    _known(ask)
    return _told(ask, _shelf(ask))


def report(ask: Ask) -> Answer:
    """Of the live version where none is named."""
    _known(ask)
    shelf, objects = _shelf(ask), ask.parts.engine.objects
    wanted: WantedReport = ask.query or WantedReport()
    version = wanted.version or shelf.live
    if version is None:
        raise NotFound("no version is live; name one, as GET /v1/models/ctr lists them")
    found = registry.report(objects, shelf, version)
    manifest = dict(registry.model(objects, shelf, version).manifest)
    return Answer(body=ModelReport(version=version, manifest=manifest, report=found))


def train(ask: Ask) -> Answer:
    """Now, whether it is time or not; what came of it stands in the next look."""
    _known(ask)
    ask.acting.commit("models.train", registry.NAME)
    learning.hastened(ask.parts.engine, ask.who.tenant, ask.who.subject)
    return _told(ask, _shelf(ask))


def promote(ask: Ask) -> Answer:
    _known(ask)
    wanted: NewPromotion = ask.body
    engine = ask.parts.engine
    shelf = registry.promote(
        engine.documents,
        engine.objects,
        engine.clock,
        ask.who.tenant,
        wanted.version,
        by=ask.who.subject,
        why="a person chose it",
        commit=lambda write: ask.acting.commit("models.promote", registry.NAME, write, version=wanted.version),
    )
    return _told(ask, shelf)


def rollback(ask: Ask) -> Answer:
    _known(ask)
    engine = ask.parts.engine
    shelf = registry.rollback(
        engine.documents,
        engine.objects,
        engine.clock,
        ask.who.tenant,
        by=ask.who.subject,
        why="a person went back",
        commit=lambda write: ask.acting.commit("models.rollback", registry.NAME, write),
    )
    return _told(ask, shelf)


def _known(ask: Ask) -> None:
    if ask.path["model"] != registry.NAME:
        raise NotFound(f"there is no model {ask.path['model'][:50]}; GET /v1/models lists them")


def _shelf(ask: Ask) -> Shelf:
    return registry.read(ask.parts.engine.documents, ask.who.tenant)


def _told(ask: Ask, shelf: Shelf) -> Answer:
    chore = ask.snap(learning.key_of(ask.who.tenant))
    looks = [] if chore is None else chore.body["looks"]
    documents = ask.parts.engine.documents
    weeks = documents.query("learning", parent=ask.parent, order="week", last_first=True, limit=WEEKS)
    error = None if chore is None else chore.body.get("error")
    body = ModelDetails(
        **_summary(shelf),
        trouble=None if error is None else str(error["text"]),
        versions=[_version(shelf, entry) for entry in reversed(shelf.versions)],
        history=[ModelMove(**line) for line in reversed(shelf.body.get("history", ()))],
        looks=[_look(told) for told in reversed(looks[-LOOKS:])],
        weeks=[_week(snap.body) for snap in weeks],
    )
    return Answer(body=body, version=None if shelf.snap is None else str(shelf.snap.version))


def _summary(shelf: Shelf) -> Json:
    silence = None if shelf.live is not None else registry.silence(shelf)
    same = {"live": shelf.live, "previous": shelf.previous, "shadow": shelf.shadow}
    told = {"have": int(shelf.body.get("have", 0)), "need": FRESH, "why": None if silence is None else silence.why}
    return {"name": registry.NAME, **same, **told}


def _version(shelf: Shelf, entry: Json) -> ModelVersion:
    named: dict[str | None, Standing] = {shelf.previous: "previous", shelf.shadow: "shadow", shelf.live: "live"}
    same = ("version", "at", "by", "features_version", "rows", "accounts", "erased_rows", "metrics")
    return ModelVersion(state=named.get(entry["version"], "kept"), **{name: entry[name] for name in same})


def _look(told: Json) -> ModelLook:
    parts = {name: [LookPart(**one) for one in told[name]] for name in ("left_out", "without_features")}
    lacks = None if told["lacks"] is None else LookLacks(**told["lacks"])
    return ModelLook(**{**told, **parts, "lacks": lacks})


def _week(body: Json) -> ModelWeek:
    told = {name: body[name] for name in ModelWeek.__struct_fields__ if name != "drifted"}
    return ModelWeek(**told, drifted=[Drifted(**one) for one in body["drifted"]])
