"""Clips: what was chosen and why, its finished files, what it is called, and what a person decided about it.

Who approves a clip approves its texts and files as they are that moment: a digest of them is kept with the decision.
Changing them takes the approval back.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec

from common.chores.posts.scheduling import TEXTS, posted_of
from common.domain.platforms import platforms
from common.domain.timebase import decimal
from common.errors import BadInput, Conflict, NotFound, Stale
from common.pipeline.run import RunId
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json, Merge, Snap, Update, Where, Write
from common.scoring import searchable
from common.scoring.posting import Naming, worded
from functions.api import flows
from functions.api.findings import Finding, shown
from functions.api.judgements import Evidence
from functions.api.pages import Page, held, page
from functions.api.route import Answer, Ask, Shape, matching

Decision = Literal["chosen", "approved", "rejected"]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Description = Annotated[str, msgspec.Meta(max_length=10_000)]
Hashtag = Annotated[str, matching(r"[^\s#]{1,100}", description='Without its "#".')]
Hashtags = Annotated[list[Hashtag], msgspec.Meta(max_length=60)]


class Verdict(Shape):
    """Of the council. `degraded` says what it lacked."""

    score: float | None
    confidence: float | None
    degraded: str | None


class Rendition(Shape):
    """A finished file."""

    aspect: str
    width: int
    height: int
    duration: float
    size: int
    sha256: str
    captions: str | None


class Decided(Shape):
    """By whom, when, and of what: a digest of its texts and files. `stands`: whether they are the same still."""

    by: str
    at: str
    of: str
    stands: bool


class Clip(Shape):
    """Times in seconds of the video. `score` ranks clips of one video and predicts nothing.

    `ready`: its files have passed every check; null until they are made. `texts`: on which platforms its title,
    description and hashtags are too long. These, `decided` and `renditions` are null in lists.
    """

    id: str
    flow: str
    number: int
    state: Decision
    title: str
    description: str
    hashtags: list[str]
    start: float
    end: float
    text: str
    score: float
    scores: dict[str, float]
    why: str
    evidence: list[Evidence]
    raise_by: list[str]
    verdict: Verdict | None
    ready: bool | None = None
    renditions: list[Rendition] | None = None
    texts: list[Finding] | None = None
    decided: Decided | None = None


class Clips(Shape):
    items: list[Clip]


class WantedClips(Page):
    """Which clips, and in what order: the newest or the best scored first. `least_score` goes with order=score."""

    order: Literal["created", "score"] = "created"
    state: Decision | None = None
    asset: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    least_score: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class ClipsPage(Shape):
    items: list[Clip]
    next: str | None


class Change(Shape):
    """What is left out stays. `state` takes the right to approve."""

    state: Decision | None = None
    title: Title | None = None
    description: Description | None = None
    hashtags: Hashtags | None = None


def of_flow(ask: Ask) -> Answer:
    flow = flows.read(ask, ask.path["flow"])
    found = ask.parts.engine.documents.get_many(
        f"{ask.parent}/clips/{flow.id}.{number}" for number in range(1, _count(ask, flow.id) + 1)
    )
    shown = sorted((_clip(snap) for snap in found.values()), key=lambda clip: clip.number)
    return Answer(body=Clips(items=shown))


def every(ask: Ask) -> Answer:
    """Of all videos. Those of flows before clips kept when they were made are not among them."""
    wanted: WantedClips = ask.query or WantedClips()
    where = held(state=wanted.state, asset=wanted.asset)
    if wanted.least_score is not None:
        if wanted.order != "score":
            raise BadInput("least_score goes with order=score; send both, or neither")
        where.append(Where("score", ">=", wanted.least_score))
    found, following = page(ask.parts.engine.documents, "clips", ask.parent, wanted.order, wanted, where=where)
    return Answer(body=ClipsPage(items=[_clip(snap) for snap in found], next=following))


def one(ask: Ask) -> Answer:
    snap = read(ask)
    made, checked = result(ask, snap, "render"), result(ask, snap, "check")
    clip = _clip(snap)
    clip.ready = bool(checked["ready"]) if checked else None
    clip.renditions = [rendition(one) for one in made["renditions"]] if made else []
    told = Naming(title=clip.title, description=clip.description, hashtags=tuple(clip.hashtags))
    found = [(one, rules) for rules in platforms() for one in worded(told, rules) if one.verdict != "pass"]
    clip.texts = [shown(one, rules=rules) for one, rules in found]
    if (decided := snap.body.get("decided")) and clip.state != "chosen":
        clip.decided = Decided(**decided, stands=decided["of"] == posted_of(snap.body, made))
    return Answer(body=clip, version=str(snap.version))


def change(ask: Ask) -> Answer:
    """Decide about it, or call it otherwise. With If-Match only if it is still what was read."""
    snap, wanted = read(ask), ask.body
    texts = {name: value for name in TEXTS if (value := getattr(wanted, name)) is not None}
    if not texts and wanted.state is None:
        raise BadInput("nothing is to change; send a state, a title, a description or hashtags")
    fields: Json = {**texts}
    if wanted.state is not None:
        ask.acting.must("clips.approve")
        fields["state"] = wanted.state
        of = posted_of({**snap.body, **texts}, result(ask, snap, "render"))
        now = stamp(ask.parts.engine.clock.now())
        fields["decided"] = ABSENT if wanted.state == "chosen" else {"by": ask.who.subject, "at": now, "of": of}
    settle(ask, snap, "clips.change", fields)
    return one(ask)


def settle(ask: Ask, snap: Snap, what: str, fields: Json) -> None:
    """Write a change of a clip with its line of the trail; it takes an approval back unless it says a state itself.

    Raises Stale where the clip is no longer what was read.
    """
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"clip {snap.id} has changed; read it again, then decide")
    if "state" not in fields and snap.body["state"] == "approved":
        fields = {**fields, "state": "chosen", "decided": ABSENT}
    detail = {"changed": " ".join(sorted(fields.keys() - {"decided"}))}
    if "state" in fields:
        detail["state"] = fields["state"]
    try:
        changed = Update(snap.key, fields, snap.version)
        ask.acting.commit(what, snap.id, changed, _found_by(ask, snap, fields), **detail)
    except Conflict:
        raise Stale(f"clip {snap.id} has changed this moment; read it again, then decide") from None


def read(ask: Ask) -> Snap:
    """The clip that the path names. Raises NotFound."""
    return named(ask, ask.path["clip"])


def named(ask: Ask, clip: str) -> Snap:
    """Raises NotFound."""
    snap = ask.snap(f"{ask.parent}/clips/{clip}")
    if snap is None:
        raise NotFound(f"there is no clip {clip}; GET /v1/flows/FLOW/clips lists them")
    return snap


def run_of(ask: Ask, clip: Snap, stage: str) -> Snap | None:
    """The run of a stage that works on each clip."""
    flow, _, number = clip.id.rpartition(".")
    return ask.parts.engine.run(RunId(ask.who.tenant, flow, stage, int(number) - 1))


def result(ask: Ask, clip: Snap, stage: str) -> dict[str, Any] | None:
    """What such a run left; None until it is done."""
    snap = run_of(ask, clip, stage)
    return ask.parts.engine.result(snap) if snap is not None else None


def rendition(told: dict[str, Any]) -> Rendition:
    return Rendition(
        duration=decimal(Fraction(told["duration"])),
        **{name: told[name] for name in ("aspect", "width", "height", "size", "sha256", "captions")},
    )


def _found_by(ask: Ask, clip: Snap, fields: Json) -> Write:
    """What a clip is found by, written with its changes."""
    body = {**clip.body, **fields}
    return Merge(f"{ask.parent}/words/{searchable.name(clip.id, body['score'])}", searchable.fields(body))


def _count(ask: Ask, flow: str) -> int:
    """How many clips the flow chose; 0 until it has."""
    snap = ask.parts.engine.run(RunId(ask.who.tenant, flow, "score"))
    if snap is None or snap.body["state"] != "done":
        return 0
    return int(snap.body["result"]["members"]["clip"])


def _clip(snap: Snap) -> Clip:
    body = snap.body
    verdict = body.get("verdict")
    return Clip(
        id=snap.id,
        flow=snap.id.rpartition(".")[0],
        number=body["number"],
        state=body["state"],
        title=body["title"],
        description=body["description"],
        hashtags=list(body["hashtags"]),
        start=_seconds(body["span"]["start"]),
        end=_seconds(body["span"]["end"]),
        text=body["text"],
        score=body["score"],
        scores=body["scores"],
        why=body["why"],
        evidence=[_reason(one) for one in body["evidence"]],
        raise_by=list(body["raise_by"]),
        verdict=Verdict(**{name: verdict[name] for name in ("score", "confidence", "degraded")}) if verdict else None,
    )


def _reason(one: dict[str, Any]) -> Evidence:
    span = one.get("span")
    return Evidence(
        name=one["name"],
        text=one["text"],
        weight=one["weight"],
        start=_seconds(span["start"]) if span else None,
        end=_seconds(span["end"]) if span else None,
    )


def _seconds(text: str) -> float:
    return decimal(Fraction(text))
