"""Lists a page at a time. A cursor names the last document seen, so that what is added meanwhile moves no page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from common.errors import BadInput
from common.ports.documents import Documents, Snap, Where
from functions.api.route import Shape

Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[str, msgspec.Meta(max_length=500, description="`next` of the page before.")]


class Page(Shape):
    """Which part of a list."""

    limit: Limit = 20
    cursor: Cursor | None = None


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

    `keep` says which are wanted. What it leaves out is read all the same, so it is for what is seldom. `where` is on
    `order` alone: which stretch of it there is at all.
    """
    found: list[Snap] = []
    at = _opened(asked.cursor)
    while True:
        wanted = asked.limit + 1 - len(found)
        batch = _after(documents, collection, parent, order, at, wanted, where)
        found += [snap for snap in batch if keep(snap)]
        if len(found) > asked.limit:
            found = found[: asked.limit]
            return found, _closed(found[-1], order)
        if len(batch) < wanted:
            return found, None
        at = (str(batch[-1].body[order]), batch[-1].id)


def _after(
    documents: Documents,
    collection: str,
    parent: str,
    order: str,
    at: tuple[str, str] | None,
    wanted: int,
    within: Sequence[Where],
) -> Sequence[Snap]:
    """The documents after a place in the list; those that share its time and were seen are read again and dropped."""
    where = [*within, *([] if at is None else [Where(order, "<=", at[0])])]
    again = 0
    while True:
        limit = wanted + again
        batch = documents.query(collection, where, parent=parent, order=order, last_first=True, limit=limit)
        fresh = [snap for snap in batch if at is None or (str(snap.body[order]), snap.id) < at]
        if len(fresh) >= wanted or len(batch) < limit:
            return fresh[:wanted]
        again = len(batch) - len(fresh) + wanted


def _closed(last: Snap, order: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([last.body[order], last.id]).encode()).decode()


def _opened(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        value, name = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadInput("this is no cursor of ours; take `next` of the page before") from error
    if not isinstance(value, str) or not isinstance(name, str):
        raise BadInput("this is no cursor of ours; take `next` of the page before")
    return value, name
