"""What was made: renditions and where they are wanted, captions, thumbnails, reports. Given as links, one at a time.

A list holds no links: on the cloud each is signed by a call to IAM.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from common.domain.clip import Aspect
from common.domain.platforms import platforms
from common.errors import BadInput, NotFound
from common.pipeline.run import RunId
from common.ports.documents import Snap
from functions.api import clips, flows
from functions.api.route import Answer, Ask, Shape

CAPTIONS = {"srt": "application/x-subrip", "vtt": "text/vtt", "ass": "text/x-ssa"}


class Link(Shape):
    """Where a file can be taken from, whole or by ranges, for a quarter of an hour. `note`: what is amiss with it."""

    url: str
    note: str | None = None


class Destination(Shape):
    """One file, and the platforms it is to go to."""

    aspect: Aspect
    platforms: Annotated[list[Annotated[str, msgspec.Meta(max_length=50)]], msgspec.Meta(max_length=50)]


class Renditions(Shape):
    """The files there are, and which of them a publication is to take; `wanted` null: nobody chose yet."""

    items: list[clips.Rendition]
    wanted: list[Destination] | None


class Choice(Shape):
    wanted: Annotated[list[Destination], msgspec.Meta(max_length=4)]


def renditions(ask: Ask) -> Answer:
    snap = clips.read(ask)
    wanted = snap.body.get("wanted")
    return Answer(
        body=Renditions(
            items=[clips.rendition(one) for one in _renditions(ask, snap)],
            wanted=None if wanted is None else [Destination(**one) for one in wanted],
        ),
        version=str(snap.version),
    )


def choose(ask: Ask) -> Answer:
    """Say which files go where. With If-Match only if the clip is still what was read; an approval is taken back."""
    snap, wanted = clips.read(ask), ask.body.wanted
    there, known = [one["aspect"] for one in _renditions(ask, snap)], {one.name for one in platforms()}
    aspects = [one.aspect for one in wanted]
    if missing := sorted(set(aspects) - set(there)):
        raise BadInput(f"there is no file of {missing[0]}; choose from {', '.join(there) or 'none: wait for them'}")
    if len(set(aspects)) < len(aspects):
        raise BadInput("an aspect is there twice; name all its platforms in one place")
    for one in wanted:
        if strange := sorted(set(one.platforms) - known):
            raise BadInput(f"there is no platform {strange[0]!r}; choose from {', '.join(sorted(known))}")
    clips.settle(ask, snap, "clips.renditions", {"wanted": msgspec.to_builtins(wanted)})
    return renditions(ask)


def rendition(ask: Ask) -> Answer:
    """A link to one rendition's file."""
    snap, wanted = clips.read(ask), ask.path["aspect"].replace("x", ":")
    for one in _renditions(ask, snap):
        if one["aspect"] == wanted:
            return _link(ask, one, _title(snap, f"{ask.path['aspect']}.mp4"), "video/mp4")
    raise NotFound(f"clip {snap.id} has no file of {wanted}; GET /v1/clips/{snap.id} lists them")


def cover(ask: Ask) -> Answer:
    """A link to what stands for one rendition before it plays."""
    snap, wanted = clips.read(ask), ask.path["aspect"].replace("x", ":")
    kept = _made(ask, snap).get("covers", {}).get(wanted)  # what was rendered by an earlier version has none
    if kept is None:
        raise NotFound(f"clip {snap.id} has no cover of {wanted}; GET /v1/clips/{snap.id}/thumbnail is of the video")
    return _link(ask, kept, _title(snap, f"{ask.path['aspect']}.jpg"), "image/jpeg")


def captions(ask: Ask) -> Answer:
    """A link to the words with their times: the same for every aspect."""
    snap, kind = clips.read(ask), ask.path["format"]
    if kind not in CAPTIONS:
        raise NotFound(f"captions are not kept as {kind}; ask for {', '.join(CAPTIONS)}")
    made = _made(ask, snap)
    if made[kind] is None:
        raise NotFound(f"clip {snap.id} has no captions: no words are known of it; GET /v1/flows/FLOW says why")
    run = clips.run_of(ask, snap, "render")
    left_out = run.body.get("left_out", ()) if run else ()
    unsure = [one["why"] for one in left_out if one["what"] == "captions in the picture"]
    return _link(ask, made[kind], _title(snap, kind), CAPTIONS[kind], unsure[0] if unsure else None)


def thumbnail(ask: Ask) -> Answer:
    snap = clips.read(ask)
    made = _made(ask, snap)
    if made["thumbnail"] is None:
        raise NotFound(f"clip {snap.id} has no thumbnail: every picture tried is black, blank or broken")
    return _link(ask, made["thumbnail"], _title(snap, "jpg"), "image/jpeg")


def preview(ask: Ask) -> Answer:
    snap = clips.read(ask)
    return _link(ask, _made(ask, snap)["preview"], _title(snap, "preview.mp4"), "video/mp4")


def report(ask: Ask) -> Answer:
    return _of_flow(ask, "report", "html", "text/html")


def result(ask: Ask) -> Answer:
    return _of_flow(ask, "result", "json", "application/json")


def _of_flow(ask: Ask, name: str, suffix: str, kind: str) -> Answer:
    flow = flows.read(ask, ask.path["flow"])
    snap = ask.parts.engine.run(RunId(ask.who.tenant, flow.id, "report"))
    made = ask.parts.engine.result(snap) if snap is not None else None
    if made is None:
        raise NotFound(f"flow {flow.id} has no {name} yet; GET /v1/flows/{flow.id} says how far it is")
    return _link(ask, made[name], f"{flow.id} {name}.{suffix}", kind)


def _renditions(ask: Ask, clip: Snap) -> list[dict[str, Any]]:
    made = clips.result(ask, clip, "render")
    return list(made["renditions"]) if made else []


def _made(ask: Ask, clip: Snap) -> dict[str, Any]:
    made = clips.result(ask, clip, "render")
    if made is None:
        raise NotFound(f"the files of clip {clip.id} are not made yet; GET /v1/flows/FLOW says how far they are")
    return made


def _title(clip: Snap, ending: str) -> str:
    between = " " if "." in ending else "."
    return f"{clip.body['title'][:80]}{between}{ending}"


def _link(ask: Ask, kept: dict[str, Any], name: str, kind: str, note: str | None = None) -> Answer:
    return Answer(body=Link(url=ask.parts.links.link(kept["object"], name=name, kind=kind), note=note))
