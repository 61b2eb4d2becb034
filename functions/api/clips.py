"""Clips: what was chosen and why, its finished files, and what a person decided about it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from common.domain.timebase import decimal
from common.errors import Conflict, NotFound, Stale
from common.pipeline.run import RunId
from common.ports.documents import Snap, Update
from functions.api import flows
from functions.api.route import Answer, Ask, Shape

Decision = Literal["chosen", "approved", "rejected"]


class Reason(Shape):
    """Something that was seen or heard, and its part of the score; where in the video, if in one place."""

    name: str
    text: str
    weight: float
    start: float | None
    end: float | None


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


class Clip(Shape):
    """Times in seconds of the video. `score` ranks clips of one video and predicts nothing.

    `ready`: its files have passed every check; null until they are made, and in lists.
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
    evidence: list[Reason]
    raise_by: list[str]
    verdict: Verdict | None
    ready: bool | None = None
    renditions: list[Rendition] | None = None


class Clips(Shape):
    items: list[Clip]


class Change(Shape):
    state: Decision


class Link(Shape):
    """Where a file can be taken from, whole or by ranges, for a quarter of an hour."""

    url: str


def of_flow(ask: Ask) -> Answer:
    flow = flows.read(ask, ask.path["flow"])
    found = ask.parts.engine.documents.get_many(
        f"{ask.parent}/clips/{flow.id}.{number}" for number in range(1, _count(ask, flow.id) + 1)
    )
    shown = sorted((_clip(snap) for snap in found.values()), key=lambda clip: clip.number)
    return Answer(body=Clips(items=shown))


def one(ask: Ask) -> Answer:
    snap = _read(ask)
    ready, renditions = _files(ask, snap)
    return Answer(body=_clip(snap, ready=ready, renditions=renditions), version=str(snap.version))


def change(ask: Ask) -> Answer:
    """Approve or reject it. With If-Match only if it is still what was read."""
    snap = _read(ask)
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"clip {snap.id} has changed; read it again, then decide")
    try:
        ask.parts.engine.documents.commit([Update(snap.key, {"state": ask.body.state}, snap.version)])
    except Conflict:
        raise Stale(f"clip {snap.id} has changed this moment; read it again, then decide") from None
    return one(ask)


def link(ask: Ask) -> Answer:
    """To one rendition's file."""
    snap, wanted = _read(ask), ask.path["aspect"].replace("x", ":")
    for rendition in _rendered(ask, snap):
        if rendition["aspect"] == wanted:
            name = f"{snap.body['title'][:80]} {ask.path['aspect']}.mp4"
            return Answer(body=Link(url=ask.parts.links.link(rendition["object"], name=name, kind="video/mp4")))
    raise NotFound(f"clip {snap.id} has no file of {wanted}; GET /v1/clips/{snap.id} lists them")


def _read(ask: Ask) -> Snap:
    key = f"{ask.parent}/clips/{ask.path['clip']}"
    snap = ask.parts.engine.documents.get_many([key]).get(key)
    if snap is None:
        raise NotFound(f"there is no clip {ask.path['clip']}; GET /v1/flows/FLOW/clips lists them")
    return snap


def _count(ask: Ask, flow: str) -> int:
    """How many clips the flow chose; 0 until it has."""
    snap = ask.parts.engine.run(RunId(ask.who.tenant, flow, "score"))
    if snap is None or snap.body["state"] != "done":
        return 0
    return int(snap.body["result"]["members"]["clip"])


def _rendered(ask: Ask, clip: Snap) -> list[dict[str, Any]]:
    """The renditions as its run left them; none until it is done."""
    result = _result(ask, clip, "render")
    return list(result["renditions"]) if result else []


def _files(ask: Ask, clip: Snap) -> tuple[bool | None, list[Rendition]]:
    checked = _result(ask, clip, "check")
    found = [
        Rendition(
            aspect=one["aspect"],
            width=one["width"],
            height=one["height"],
            duration=decimal(Fraction(one["duration"])),
            size=one["size"],
            sha256=one["sha256"],
            captions=one["captions"],
        )
        for one in _rendered(ask, clip)
    ]
    return (bool(checked["ready"]) if checked else None), found


def _result(ask: Ask, clip: Snap, stage: str) -> dict[str, Any] | None:
    flow, _, number = clip.id.rpartition(".")
    snap = ask.parts.engine.run(RunId(ask.who.tenant, flow, stage, int(number) - 1))
    return ask.parts.engine.result(snap) if snap is not None else None


def _clip(snap: Snap, *, ready: bool | None = None, renditions: list[Rendition] | None = None) -> Clip:
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
        ready=ready,
        renditions=renditions,
    )


def _reason(one: dict[str, Any]) -> Reason:
    span = one.get("span")
    return Reason(
        name=one["name"],
        text=one["text"],
        weight=one["weight"],
        start=_seconds(span["start"]) if span else None,
        end=_seconds(span["end"]) if span else None,
    )


def _seconds(text: str) -> float:
    return decimal(Fraction(text))
