"""The account's own winners and losers, made anew from what is known of how its clips did; each time is a snapshot.

tenants/T/snapshots/AT    when, by whom, and the clips that won and lost, with their outcomes then
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from common.accounts.acting import Acting
from common.knowledge import notes
from common.knowledge.notes import OUTCOMES, Kind
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap, Where, Write

LEAST = 8  # clips with outcomes; among fewer nobody has won
EACH = 20  # winners, and losers, at most
WON, LOST = 75.0, 25.0  # outcomes, 0 to 100: the rank among the account's clips
_KNOWN = Where("outcome", ">=", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    at: str  # stamp
    by: str
    winners: int
    losers: int


def refresh(acting: Acting) -> Snapshot | None:
    """Put notes on winners and losers in place of those of the last time.

    None where too few outcomes are known: what is there then stays. Raises Conflict where two do it at once.
    """
    acting.must("knowledge.write")
    documents, parent = acting.documents, f"tenants/{acting.tenant}"
    if documents.count("embeddings", [_KNOWN], parent=parent) < LEAST:
        return None
    at, number = stamp(acting.clock.now()), secrets.token_hex(4)
    won = documents.query("embeddings", [_KNOWN], parent=parent, order="outcome", last_first=True, limit=EACH)
    lost = documents.query("embeddings", [_KNOWN], parent=parent, order="outcome", limit=EACH)
    chosen: list[tuple[Kind, Snap]] = [("winner", one) for one in won if one.body["outcome"] >= WON]
    chosen += [("loser", one) for one in lost if one.body["outcome"] <= LOST]
    clips = documents.get_many(f"{parent}/clips/{one.id}" for _, one in chosen)
    told = [(kind, one, clips[key]) for kind, one in chosen if (key := f"{parent}/clips/{one.id}") in clips]
    made: list[Write] = [
        Create(
            f"{parent}/knowledge/{number}-{one.id}",
            notes.body_of(kind, str(clip.body["title"]), one, by=OUTCOMES, snapshot=at[:10]),
        )
        for kind, one, clip in told
    ]
    old = documents.query("knowledge", [Where("by", "==", OUTCOMES)], parent=parent, limit=2 * EACH)
    kept: Json = {"schema": 1, "at": at, "by": acting.subject}
    for kind in ("winner", "loser"):
        kept[f"{kind}s"] = [{"clip": one.id, "outcome": one.body["outcome"]} for its, one, _ in told if its == kind]
    snapshot = Create(f"{parent}/snapshots/{at}-{number}", kept)
    acting.commit("knowledge.refresh", at, *(Delete(snap.key, snap.version) for snap in old), *made, snapshot)
    return _snapshot(kept)


def snapshots(documents: Documents, tenant: str, limit: int = 10) -> list[Snapshot]:
    """The last ones, the newest first."""
    found = documents.query("snapshots", parent=f"tenants/{tenant}", order="at", last_first=True, limit=limit)
    return [_snapshot(snap.body) for snap in found]


def _snapshot(body: Json) -> Snapshot:
    return Snapshot(at=body["at"], by=body["by"], winners=len(body["winners"]), losers=len(body["losers"]))
