"""The audit trail of an organisation: who did what, on what, when, in which request. Lines are added, never changed.

A line goes into the batch of the change it tells of. It names people by their subject alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Documents, Snap, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    id: str  # also the cursor of the lines before it
    at: str  # stamp
    by: str  # a person's subject, or key:ID
    what: str
    on: str
    detail: dict[str, str]
    request: str


def line(
    clock: Clock, tenant: str, *, by: str, what: str, on: str, request: str, detail: dict[str, str] | None = None
) -> Create:
    """What to write along with a change."""
    at = stamp(clock.now())
    place = f"{at}-{secrets.token_hex(8)}"  # sorts by time, and no two are the same
    body = {"schema": 1, "place": place, "at": at, "by": by, "what": what, "on": on, "request": request}
    return Create(f"tenants/{tenant}/audit/{place}", {**body, "detail": detail or {}})


def lines(
    documents: Documents,
    tenant: str,
    *,
    by: str | None = None,
    what: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> list[Line]:
    """The newest first; of one who acted, or of one kind of act; with a cursor, those before the line of that id."""
    where = [Where(field, "==", value) for field, value in (("by", by), ("what", what)) if value is not None]
    if cursor is not None:
        where.append(Where("place", "<", cursor))
    parent = f"tenants/{tenant}"
    found = documents.query("audit", where, parent=parent, order="place", last_first=True, limit=limit)
    return [_line(snap) for snap in found]


def _line(snap: Snap) -> Line:
    body = snap.body
    names = ("at", "by", "what", "on", "detail", "request")
    return Line(id=snap.id, **{name: body[name] for name in names})
