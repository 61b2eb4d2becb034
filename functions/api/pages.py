"""Lists a page at a time. A cursor names the last document seen, so that what is added meanwhile moves no page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec

from common.errors import BadInput
from common.ports.clock import stamp
from common.ports.documents import Documents, Snap, Where
from functions.api.route import Shape

T = TypeVar("T")

Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str, msgspec.Meta(max_length=500, description="`next` of the page before.")]


Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Page(Shape):
    """Which part of a list."""

    limit: Limit = 20
    cursor: Cursor | None = None


def held(**equal: str | None) -> list[Where]:
    """The conditions that are asked for: fields and their values."""
    return [Where(field, "==", value) for field, value in equal.items() if value is not None]


def span(field: str, since: datetime | None, until: datetime | None) -> list[Where]:
    """Conditions on a field of times, `until` excluded."""
    found = [] if since is None else [Where(field, ">=", told(since))]
    return found if until is None else [*found, Where(field, "<", told(until))]


def told(at: datetime) -> str:
    """A time of any zone as documents hold it; raises BadInput."""
    return stamp(utc(at))


def utc(at: datetime) -> datetime:
    """Raises BadInput where there is no such time there."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise BadInput("a time is between the years 1 and 9999; send such a one") from error


def page(
    documents: Documents,
    collection: str,
    parent: str,
    order: str,
    asked: Page,
    keep: Callable[[Snap], bool] = lambda snap: True,
    where: Sequence[Where] = (),
) -> tuple[list[Snap], str | None]:
    """The next documents by `order`, the last first, and the cursor of those after them.

    `where` needs an index with `order` (common/adapters/google/indexes.py). `keep` says which are wanted. What it
    leaves out is read all the same, so it is for what is seldom.
    """
    found: list[Snap] = []
    at = _opened(asked.cursor, order)
    while True:
        wanted = asked.limit + 1 - len(found)
        batch = _after(documents, collection, parent, order, at, wanted, where)
        found += [snap for snap in batch if keep(snap)]
        if len(found) > asked.limit:
            found = found[: asked.limit]
            return found, _closed(found[-1], order)
        if len(batch) < wanted:
            return found, None
        at = (batch[-1].body[order], batch[-1].id)


def _after(
    documents: Documents,
    collection: str,
    parent: str,
    order: str,
    at: tuple[Any, str] | None,
    wanted: int,
    conditions: Sequence[Where],
) -> Sequence[Snap]:
    """The documents after a place in the list; those that share its time and were seen are read again and dropped."""
    where = [*conditions, *([] if at is None else [Where(order, "<=", at[0])])]
    again = 0
    while True:
        limit = wanted + again
        batch = documents.query(collection, where, parent=parent, order=order, last_first=True, limit=limit)
        fresh = [snap for snap in batch if at is None or (snap.body[order], snap.id) < at]
        if len(fresh) >= wanted or len(batch) < limit:
            return fresh[:wanted]
        again = len(batch) - len(fresh) + wanted


def _closed(last: Snap, order: str) -> str:
    return sealed([order, last.body[order], last.id])


def _opened(cursor: str | None, order: str) -> tuple[Any, str] | None:
    if cursor is None:
        return None
    known, value, name = unsealed(cursor, tuple[str, str | float, str])
    if known != order:
        raise BadInput("this cursor is of another order; begin anew without it")
    return value, name


def sealed(told: object) -> str:
    """A cursor that says this."""
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def unsealed(cursor: str, kind: type[T]) -> T:
    """What a cursor says; raises BadInput where it is none of ours."""
    try:
        return msgspec.json.decode(base64.b64decode(cursor, altchars=b"-_", validate=True), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise BadInput("this is no cursor of ours; take `next` of the page before") from error
