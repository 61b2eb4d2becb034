"""Exports: everything that is kept of an organisation, as one archive with a link to it."""

from __future__ import annotations

import secrets
from typing import Any, Literal

from common.chores import chore, exports
from common.errors import NotFound, Permanent
from common.ports.documents import Json, Where
from functions.api.assets import Fault
from functions.api.route import Answer, Ask, Shape

MOST_OPEN = 3  # that wait or are written at once


class Export(Shape):
    """An archive: JSON lines of every collection, and the names of all files. `url` is good for 15 minutes."""

    id: str
    state: Literal["writing", "ready", "failed", "expired"]
    asked: str
    documents: dict[str, int] | None
    size: int | None
    sha256: str | None
    expires: str | None
    url: str | None
    error: Fault | None


def create(ask: Ask) -> Answer:
    engine = ask.parts.engine
    open_ = [Where("kind", "==", "export"), Where("state", "in", ("queued", "running"))]
    if engine.documents.count("chores", open_, parent=ask.parent) >= MOST_OPEN:
        raise Permanent(f"{MOST_OPEN} exports are being written; wait for one of them", code="too_many")
    identity = secrets.token_hex(8)
    planned = exports.planned(engine, ask.who.tenant, identity, ask.who.subject)
    ask.acting.commit("exports.make", identity, planned)
    chore.wake(engine, planned.key, planned.body)
    return Answer(body=_shown(ask, identity, planned.body))


def one(ask: Ask) -> Answer:
    identity = ask.path["export"]
    snap = ask.snap(exports.key_of(ask.who.tenant, identity))
    if snap is None:
        raise NotFound(f"there is no export {identity}; POST /v1/exports makes one")
    return Answer(body=_shown(ask, identity, snap.body))


def _shown(ask: Ask, identity: str, body: Json) -> Export:
    archive: dict[str, Any] = body.get("archive") or {}
    states = {"failed": "failed", "done": "expired"}
    state: Any = "ready" if archive else states.get(body["state"], "writing")
    url = None
    if archive:
        url = ask.parts.links.link(archive["object"], name=f"cutroom-{identity}.zip", kind="application/zip")
    return Export(
        id=identity,
        state=state,
        asked=body["created"],
        url=url,
        error=Fault(**body["error"]) if state == "failed" else None,
        **{name: archive.get(name) for name in ("documents", "size", "sha256", "expires")},
    )
