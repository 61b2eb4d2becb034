"""Fetch a file from an address, into where people bring theirs: what begins with an upload then begins with it.

What has come is kept by the session of the intake, and asked for no more (Range), so long as the server says that it is
the same file (If-Range); else it begins anew. The address is looked at and asked by the outbound port alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.tools import Tools
from common.errors import NotFound, Refused, Unreachable
from common.pipeline.engine import Engine
from common.ports.documents import Create, Update, Write
from common.ports.intake import QUANTUM
from common.ports.outbound import Coming

MOST_BYTES = 20 << 30
MOST_OPEN = 20  # of one organisation at once
PART = 32 * QUANTUM  # bytes kept in memory, and sent on at once
_SAID_S = 5.0  # between two notes of how far it is
_PAGES = ("text/html", "application/xhtml+xml")
_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to fetch: an address, or a file of Drive by its id."""

    tenant: str
    asset: str
    name: str  # of the object
    address: str | None = None
    drive: str | None = None


def key_of(tenant: str, asset: str) -> str:
    return f"tenants/{tenant}/chores/import-{asset}"


def planned(engine: Engine, wanted: Wanted, by: str) -> Create:
    """The chore, to be written along with its asset."""
    memo = {"asset": wanted.asset, "name": wanted.name, "address": wanted.address, "drive": wanted.drive}
    key = key_of(wanted.tenant, wanted.asset)
    return chore.created(engine, key, "import", by=by, memo=memo, fields={"asset": wanted.asset})


def run(tools: Tools, hold: Hold) -> End:
    """One slice of it. Raises Refused, Unreachable, and what the intake and Drive raise."""
    asset = tools.engine.documents.get_many([_asset(hold)]).get(_asset(hold))
    if asset is None or asset.body["state"] == "erasing":
        return Done()
    if asset.body["state"] != "importing" and hold.memo.get("session") is None:
        return Done()
    at = _begun(tools, hold)
    if at is None or asset.body["state"] != "importing":
        return Done()  # it came; and who died while telling of it has told now
    address: str = hold.memo["address"]
    headers: dict[str, str] = {}
    if hold.memo["drive"] is not None:
        address, kept = tools.drive.where(hold.memo["drive"])
        headers = dict(kept)
    mark: str | None = hold.memo.get("mark")
    if at and mark is None:  # nobody could tell that what is to come belongs to what has come
        at = _anew(tools, hold)
    elif at and mark:
        headers |= {"Range": f"bytes={at}-", "If-Range": mark}
    with tools.outbound.fetch(
        address, headers, timeout_s=chore.SLICE_S + 60, most_bytes=MOST_BYTES + 1 - (at or 0)
    ) as coming:
        first, total = _looked_at(coming, at or 0)
        if first is None:
            _anew(tools, hold)
            return Again()
        hold.note({"progress": {"done": first, "total": total}}, mark=_mark(coming))
        return _taken(tools, hold, coming, first, total)


def failed(tools: Tools, hold: Hold, code: str, text: str) -> Sequence[Write]:
    """The asset says why nothing came."""
    asset = tools.engine.documents.get_many([_asset(hold)]).get(_asset(hold))
    if asset is None or asset.body["state"] != "importing":
        return ()
    return [Update(asset.key, {"state": "failed", "error": {"code": code, "text": text}}, asset.version)]


def _begun(tools: Tools, hold: Hold) -> int | None:
    """How much of it is here; None where all is, and whoever must know of that was told."""
    session = hold.memo.get("session")
    if session is not None:
        try:
            return tools.intake.came(session)
        except NotFound:
            pass  # a week has passed, or another home: what had come is gone
    return _anew(tools, hold)


def _anew(tools: Tools, hold: Hold) -> int | None:
    """Begin with the first byte; None where the file is there whole, by an earlier session."""
    session = tools.intake.begin(hold.memo["name"], most_bytes=MOST_BYTES)
    if session is None:
        return None
    hold.note(session=session, mark=None)
    return 0


def _looked_at(coming: Coming, at: int) -> tuple[int | None, int | None]:
    """From which byte on it comes, None where that does not fit what is here, and how many there are in all."""
    status, told = coming.status, coming.headers
    if status == 416 or (status == 200 and at):
        return None, None
    if status in (408, 425, 429) or status >= 500:
        raise Unreachable(f"the server answers {status}; it is tried again")
    if status not in (200, 206):
        raise Refused(
            f"the server answers {status}; open the file to everybody who has its address, then send it again"
        )
    if told.get("content-type", "").partition(";")[0].strip().lower() in _PAGES:
        raise Refused("the address leads to a page, not to a file; send the address of the file itself", code="page")
    length = told.get("content-length", "")
    total = int(length) if status == 200 and length.isdecimal() and len(length) < 16 else None
    if status == 206:
        shape = _RANGE.fullmatch(told.get("content-range", ""))
        if shape is None or int(shape[1]) != at:
            return None, None
        total = None if shape[2] == "*" else int(shape[2])
    if total is not None and total > MOST_BYTES:
        raise Refused(
            f"the file has {total} bytes; at most {MOST_BYTES} are taken, send a smaller one", code="too_large"
        )
    return at, total


def _taken(tools: Tools, hold: Hold, coming: Coming, at: int, total: int | None) -> End:
    """Hand on what comes, until it is whole or the slice is over."""
    session, said = hold.memo["session"], time.monotonic()
    waiting = next(parts := _parts(coming.blocks), None)
    if waiting is None and not at:
        raise Refused("the file is empty; send the address of another one", code="empty")
    while waiting is not None:
        following = next(parts, None)
        at = tools.intake.add(session, at, waiting, last=following is None)
        waiting = following
        if time.monotonic() - said > _SAID_S and waiting is not None:
            hold.note({"progress": {"done": at, "total": total}})
            said = time.monotonic()
            if hold.spent:
                return Again()
    return Done(fields={"progress": {"done": at, "total": at}})


def _parts(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size, but for the last, which is none of those only where all is over."""
    part = bytearray()
    for block in blocks:
        part += block
        while len(part) > PART:
            yield bytes(part[:PART])
            del part[:PART]
    if part:
        yield bytes(part)


def _mark(coming: Coming) -> str | None:
    """What tells one content from another: a strong ETag, or no If-Range can be asked (RFC 9110, 13.1.5)."""
    tag = coming.headers.get("etag", "")
    return tag if re.fullmatch(r'"[\x21\x23-\x7e]{0,200}"', tag) else None


def _asset(hold: Hold) -> str:
    return f"tenants/{hold.tenant}/assets/{hold.memo['asset']}"
