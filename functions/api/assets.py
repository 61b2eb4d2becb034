"""Assets: the videos somebody brought. The bytes never pass through the API: it gives a signed place for them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore, imports
from common.chores.ads import campaign_plans
from common.chores.erasing import erase_asset
from common.errors import BadInput, Conflict, NotFound, Stale
from common.ports import uploads
from common.ports.clock import stamp
from common.ports.documents import Create, Snap, Update
from functions.api.pages import Page, Time, held, page, span
from functions.api.route import Answer, Ask, Shape, matching

AWAITED = timedelta(days=8)  # a resumable upload, once begun, has a week
_PLAIN = re.compile(r"[^\w.() -]+")


Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", description="Of the file; other bytes are rejected.")]
State = Literal["awaiting", "importing", "new", "accepted", "rejected", "failed", "erasing"]


class WantedAssets(Page):
    """Which videos: of a state, announced from `since` on and before `until`."""

    state: State | None = None
    since: Time | None = None
    until: Time | None = None


class NewAsset(Shape):
    """What is about to be sent."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255, description="The file's name.")]
    size: Annotated[int, msgspec.Meta(ge=1, le=imports.MOST_BYTES, description="Bytes, exactly.")]
    type: Annotated[str, matching(r"(video|audio|application)/[A-Za-z0-9.+-]{1,80}", description="MIME type.")] = (
        "application/octet-stream"
    )
    sha256: Sha256 | None = None


class AssetChange(Shape):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Request(Shape):
    """An HTTP request to send as it stands: any other method or header is refused."""

    method: str
    url: str
    headers: dict[str, str]


class Upload(Shape):
    """Where the file may be sent: whole, or begun by `resumable` and sent in parts that can be taken up again."""

    whole: Request
    resumable: Request
    expires: str


class Fetched(Shape):
    """How much of an import is here, in bytes; `total` is null where the server does not say."""

    done: int
    total: int | None


class Fault(Shape):
    """Why nothing came. `code` keeps its meaning."""

    code: str
    text: str


class Rejected(Shape):
    """Why a file cannot become clips; docs/rejections.md lists the codes."""

    code: str
    text: str


class Asset(Shape):
    """One video. What is not known yet is null. `fetched` and `error` are of an import."""

    id: str
    name: str
    state: State
    size: int | None
    created: str
    title: str | None
    duration: float | None
    width: int | None
    height: int | None
    sound: bool | None
    duplicate_of: str | None
    rejected: Rejected | None
    upload: Upload | None = None
    fetched: Fetched | None = None
    error: Fault | None = None


class Assets(Shape):
    items: list[Asset]
    next: str | None


def create(ask: Ask) -> Answer:
    wanted: NewAsset = ask.body
    name = plain(wanted.name)
    if not name:
        raise BadInput("name: it has no letter or figure in it")
    asset, now = secrets.token_hex(8), ask.parts.engine.clock.now()
    slot = ask.parts.uploads.slot(
        f"t/{ask.who.tenant}/{asset}/{name}", content_type=wanted.type, most_bytes=wanted.size
    )
    body = {
        "schema": 1,
        "state": "awaiting",
        "name": wanted.name,
        "size": wanted.size,
        "created": stamp(now),
        "expires": stamp(now + AWAITED),
        "by": ask.who.subject,
    }
    if wanted.sha256 is not None:
        body["announced"] = {"sha256": wanted.sha256}
    ask.parts.engine.documents.commit([Create(f"{ask.parent}/assets/{asset}", body)])
    return Answer(body=shown(asset, body, _upload(slot)))


def every(ask: Ask) -> Answer:
    wanted: WantedAssets = ask.query or WantedAssets()
    where = [*held(state=wanted.state), *span("created", wanted.since, wanted.until)]
    found, following = page(ask.parts.engine.documents, "assets", ask.parent, "created", wanted, where=where)
    chores = _chores(ask, found)
    items = [shown(snap.id, snap.body, fetching=chores.get(snap.id)) for snap in found]
    return Answer(body=Assets(items=items, next=following))


def one(ask: Ask) -> Answer:
    snap = read(ask, ask.path["asset"])
    return Answer(body=shown(snap.id, snap.body, fetching=_chores(ask, [snap]).get(snap.id)), version=str(snap.version))


def erase(ask: Ask) -> Answer:
    """From now on it is shown as being erased; asked for again, nothing changes."""
    snap, engine = read(ask, ask.path["asset"]), ask.parts.engine
    if snap.body["state"] != "erasing":
        if ask.if_match is not None and ask.if_match != str(snap.version):
            raise Stale("the asset has changed since you looked; look again and send that version")
        if (campaign := campaign_plans.running(engine, ask.who.tenant, snap.id)) is not None:
            # once it is erased here, nobody would know any more of what spends money there
            raise BadInput(f"an ad of it runs; pause campaign {campaign} first, then erase it", code="ad_runs")
        planned = erase_asset.planned(engine, ask.who.tenant, snap.id, ask.who.subject)
        ask.acting.commit("assets.erase", snap.id, Update(snap.key, {"state": "erasing"}, snap.version), planned)
        chore.wake(engine, planned.key, planned.body)
        snap = read(ask, snap.id)
    return Answer(body=shown(snap.id, snap.body), version=str(snap.version))


def change(ask: Ask) -> Answer:
    """Call it otherwise. With If-Match only if it is still what was read."""
    snap = read(ask, ask.path["asset"])
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"asset {snap.id} has changed; read it again, then change it")
    try:
        ask.acting.commit("assets.change", snap.id, Update(snap.key, {"name": ask.body.name}, snap.version))
    except Conflict:
        raise Stale(f"asset {snap.id} has changed this moment; read it again, then change it") from None
    return one(ask)


def read(ask: Ask, asset: str) -> Snap:
    """Raises NotFound."""
    snap = ask.snap(f"{ask.parent}/assets/{asset}")
    if snap is None:
        raise NotFound(f"there is no asset {asset}; GET /v1/assets lists them")
    return snap


def name_of(body: dict[str, Any]) -> str:
    """As its owner named it."""
    return str(body["name"] if "name" in body else body["source"]["name"])


def plain(name: str) -> str:
    """A file's name as the bucket gets it: its last part, without what is no letter, figure or plain sign."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = _PLAIN.sub("_", last).strip("._ ")
    return kept[-200:]


def _upload(slot: uploads.Slot) -> Upload:
    return Upload(whole=_request(slot.whole), resumable=_request(slot.resumable), expires=stamp(slot.expires))


def _request(one: uploads.Request) -> Request:
    return Request(method=one.method, url=one.url, headers=dict(one.headers))


def _chores(ask: Ask, found: Sequence[Snap]) -> dict[str, dict[str, Any]]:
    """The chores that fetch some of these, by asset."""
    keys = {
        imports.key_of(ask.who.tenant, snap.id): snap.id
        for snap in found
        if snap.body["state"] in ("importing", "failed")
    }
    there = ask.parts.engine.documents.get_many(keys)
    return {keys[key]: snap.body for key, snap in there.items()}


def shown(
    identity: str, body: dict[str, Any], upload: Upload | None = None, fetching: dict[str, Any] | None = None
) -> Asset:
    known = {name: body.get(name) for name in ("title", "duration", "width", "height", "sound", "duplicate_of")}
    return Asset(
        id=identity,
        name=name_of(body),
        state=body["state"],
        size=body["source"]["size"] if "source" in body else body["size"],
        created=body["created"],
        upload=upload,
        rejected=Rejected(**body["rejected"]) if body["state"] == "rejected" else None,
        fetched=Fetched(**fetching["progress"]) if fetching and fetching.get("progress") else None,
        error=Fault(**body["error"]) if body.get("error") else None,
        **known,
    )
