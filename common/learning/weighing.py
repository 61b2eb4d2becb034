"""An organisation's own weights of a score: moved once a week at most, each step kept, taken back by one call.

tenants/T/models/weights   which version counts and since when; every version with its parts; what moved, who, why

A flow takes what counts when it begins (common.pipeline.flows), and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from common.domain.learning import RIPE
from common.errors import BadInput, Conflict, NotEnough
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Write
from common.scoring import reweighing
from common.scoring.reweighing import Came
from common.scoring.weights import COMPOSITE, Weights

NAME: Final = "weights"
WEEK: Final = timedelta(days=7)
LEAST: Final = 0.005  # that a weight must move, or nothing does
PAGE: Final = 300
MOST: Final = 50_000  # outcomes that are read
MOST_VERSIONS: Final = 60  # over a year of weeks
CUTROOM: Final = "cutroom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Whether they moved, and in words what became of it."""

    moved: bool
    text: str


def key_of(tenant: str) -> str:
    return f"tenants/{tenant}/models/{NAME}"


def step(documents: Documents, tenant: str, now: datetime, *, by: str = CUTROOM) -> Stepped:
    """Move them by one step, if a week has passed since they moved last.

    A week is counted from any move, a person's too: what was taken back is not undone the next morning.
    """
    while True:
        snap = documents.get_many([key_of(tenant)]).get(key_of(tenant))
        body = snap.body if snap is not None else {}
        moved = parse(body["since"]) if body.get("since") else None
        if moved is not None and now - moved < WEEK:
            told = f"the weights of the score moved on {moved:%Y-%m-%d}; they move once a week at most"
            return Stepped(moved=False, text=told)
        start = live(body)
        try:
            found = reweighing.stepped(start, list(_came(documents, tenant, now)))
        except NotEnough as error:
            return Stepped(moved=False, text=str(error))
        furthest = max(found, key=lambda name: abs(found[name] - start[name]))
        if abs(found[furthest] - start[furthest]) < LEAST:
            return Stepped(moved=False, text="the weights of the score stand: what clips came to asks for no others")
        n = int(body.get("n", 0)) + 1
        version: Json = {"version": str(n), "at": stamp(now), "parts": dict(found), "from": body.get("live")}
        told = f"{furthest} went from {start[furthest]:.2f} to {found[furthest]:.2f}"
        fields: Json = {"n": n, "live": str(n), "previous": body.get("live")}
        fields["versions"] = [*body.get("versions", ()), version][-MOST_VERSIONS:]
        try:
            documents.commit([_moved(tenant, snap, fields, what="step", why=told, by=by, now=now)])
        except Conflict:
            continue  # somebody else moved them in this moment
        return Stepped(moved=True, text=f"the weights of the score moved: {told}")


def rollback(
    documents: Documents, tenant: str, now: datetime, *, by: str, commit: Callable[[Write], object] | None = None
) -> str | None:
    """Take the last step back; the version that counts now, None for those that all begin with. Raises BadInput.

    `commit` writes what else goes along with it.
    """
    while True:
        snap = documents.get_many([key_of(tenant)]).get(key_of(tenant))
        if snap is None or snap.body["live"] is None:
            raise BadInput("the weights of the score are those that all begin with; there is nothing to take back")
        entry = _entry(snap.body, snap.body["live"])
        to = entry["from"] if entry else None
        if to is not None and _entry(snap.body, to) is None:
            to = None  # longer ago than is kept
        fields: Json = {"live": to, "previous": snap.body["live"]}
        write = _moved(tenant, snap, fields, what="rollback", why="taken back", by=by, now=now)
        try:
            documents.commit([write]) if commit is None else commit(write)
        except Conflict:
            continue
        return to


def live(body: Mapping[str, Any]) -> Weights:
    """Those that count by this document; as all begin where it has none, or other parts than there are."""
    entry = _entry(body, body.get("live"))
    parts = entry["parts"] if entry else {}
    return dict(parts) if parts.keys() == COMPOSITE.keys() else COMPOSITE


def _entry(body: Mapping[str, Any], version: str | None) -> Json | None:
    return next((one for one in body.get("versions", ()) if one["version"] == version), None)


def _moved(tenant: str, snap: Snap | None, fields: Json, *, what: str, why: str, by: str, now: datetime) -> Write:
    """The write that changes the document, if it is still as it was read, with a line of what moved."""
    line: Json = {"at": stamp(now), "by": by, "what": what, "why": why, "live": fields["live"]}
    history = [*(snap.body.get("history", ()) if snap is not None else ()), line][-MOST_VERSIONS:]
    told: Json = {**fields, "since": stamp(now), "history": history}
    if snap is None:
        return Create(key_of(tenant), {"schema": 1, "name": NAME, **told})
    return Update(snap.key, told, snap.version)


def _came(documents: Documents, tenant: str, now: datetime) -> Iterator[Came]:
    """What clips of ours came to that were scored before they went out and have been out for RIPE."""
    after, read = "", 0
    while read < MOST and (page := documents.named("outcomes", parent=f"tenants/{tenant}", after=after, limit=PAGE)):
        read, after = read + len(page), page[-1].id
        for snap in page:
            if (one := _told(snap.body, now)) is not None:
                yield one


def _told(body: Json, now: datetime) -> Came | None:
    """None where it is too young, or not told; a part that is not there was not told either."""
    metrics, predicted = body.get("metrics") or {}, body.get("predicted") or {}
    account, published = body.get("account") or body.get("channel"), body.get("launched") or body.get("published")
    shown, clicks, scores = metrics.get("impressions"), metrics.get("clicks"), predicted.get("scores")
    if not (account and published and body.get("as_of") and scores) or shown is None or clicks is None:
        return None
    if min(now, parse(body["as_of"])) - parse(published) < RIPE or not 0 <= clicks <= shown:
        return None
    parts = {name: float(scores[name]) if scores.get(name) is not None else None for name in COMPOSITE}
    return Came(account=str(account), parts=parts, impressions=int(shown), clicks=int(clicks))
