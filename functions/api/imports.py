"""Imports: videos that Cutroom fetches, from an address or from Google Drive; each becomes an asset."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated
from urllib.parse import unquote, urlsplit

import msgspec

from common.chores import chore, imports
from common.chores.imports import Wanted
from common.errors import BadInput, Conflict, Permanent
from common.ports.clock import stamp
from common.ports.documents import Create, Json, Where
from common.ports.drive import Shared
from functions.api import assets
from functions.api.route import Answer, Ask, Shape, matching

MOST_OF_A_FOLDER = 100
DriveId = Annotated[str, matching(r"[A-Za-z0-9_-]{10,100}", description="As it stands in the link.")]


class NewImport(Shape):
    """Where the file lies: https alone, open to whoever has the address."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None = None


class NewDriveImport(Shape):
    """One of both, shared with everybody who has the link. Of a folder the videos right in it, at most 100."""

    file: DriveId | None = None
    folder: DriveId | None = None


class Imports(Shape):
    items: list[assets.Asset]


def create(ask: Ask) -> Answer:
    wanted: NewImport = ask.body
    address = ask.parts.outbound.check(wanted.address)
    name = wanted.name or unquote(urlsplit(address).path).rpartition("/")[2][:255] or "video"
    return Answer(body=_planned(ask, secrets.token_hex(8), name, None, address=address))


def drive(ask: Ask) -> Answer:
    """The same file asked for twice is one asset, so long as its content is the same."""
    wanted: NewDriveImport = ask.body
    if (wanted.file is None) == (wanted.folder is None):
        raise BadInput("send the id of a file or of a folder, and not both")
    if wanted.file is not None:
        found = [ask.parts.drive.file(wanted.file)]
    else:
        found = ask.parts.drive.folder(str(wanted.folder), MOST_OF_A_FOLDER)
    return Answer(body=Imports(items=[_of_drive(ask, one) for one in found]))


def _of_drive(ask: Ask, one: Shared) -> assets.Asset:
    asset = hashlib.sha256(f"{ask.who.tenant}\n{one.id}\n{one.mark}".encode()).hexdigest()[:16]
    there = ask.snap(f"{ask.parent}/assets/{asset}")
    if there is not None:
        return assets.shown(asset, there.body)
    return _planned(ask, asset, one.name[:255] or "video", one.size, drive=one.id)


def _planned(
    ask: Ask, asset: str, name: str, size: int | None, *, address: str | None = None, drive: str | None = None
) -> assets.Asset:
    """The asset, and the chore that fetches it."""
    engine = ask.parts.engine
    open_ = [Where("kind", "==", "import"), Where("state", "in", chore.OPEN)]
    if engine.documents.count("chores", open_, parent=ask.parent) >= imports.MOST_OPEN:
        raise Permanent(f"{imports.MOST_OPEN} imports are under way; wait until one is over", code="too_many")
    body: Json = {"schema": 1, "state": "importing", "name": name, "size": size or None}
    body |= {"created": stamp(engine.clock.now()), "by": ask.who.subject}
    place = f"t/{ask.who.tenant}/{asset}/{assets.plain(name) or 'video'}"
    planned = imports.planned(
        engine, Wanted(tenant=ask.who.tenant, asset=asset, name=place, address=address, drive=drive), ask.who.subject
    )
    made = Create(f"{ask.parent}/assets/{asset}", body)
    try:
        ask.acting.commit("imports.make", asset, made, planned)
    except Conflict:
        there = engine.documents.get_many([made.key]).get(made.key)
        if there is None:
            raise Conflict(f"{name[:50]!r} was imported and is being erased; wait until it is") from None
        return assets.shown(asset, there.body)
    chore.wake(engine, planned.key, planned.body)
    return assets.shown(asset, body)
