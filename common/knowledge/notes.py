"""Notes: a sentence about a clip of the account, with that clip's vector, so that it is found for clips like it.

    tenants/T/knowledge/ID    kind, text, clip, model, vector, outcome, snapshot (its date), by (a person, or outcomes)

There are at most MOST of them, so that they are compared one by one, everywhere alike (ADR 0033).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from common.accounts.acting import Acting
from common.errors import NotFound, Permanent
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap

Kind = Literal["winner", "loser", "pattern"]

MOST = 100  # of an account
MOST_PUT = 50  # of them by people; the rest is for what outcomes tell
OUTCOMES = "outcomes"  # who made a note that no person did


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    id: str
    kind: Kind
    text: str
    clip: str
    model: str  # of sentences, that made its vector
    outcome: float | None  # of its clip when the note was made, 0 to 100
    snapshot: str  # a date
    by: str


def put(acting: Acting, kind: Kind, text: str, clip: str) -> Note:
    """A person's note on a clip. Raises NotFound where nothing is known of what the clip says."""
    acting.must("knowledge.write")
    parent = f"tenants/{acting.tenant}"
    if sum(one.by != OUTCOMES for one in every(acting.documents, acting.tenant)) >= MOST_PUT:
        raise Permanent(f"there are {MOST_PUT} notes by people, as many as can be; remove one", code="too_many")
    where = f"{parent}/embeddings/{clip}"
    read = acting.documents.get_many([where]).get(where)
    if read is None:
        raise NotFound(f"there is no clip {clip[:80]} whose words are known; GET /v1/flows/FLOW/clips lists clips")
    name = secrets.token_hex(8)
    body = body_of(kind, text, read, by=acting.subject, snapshot=stamp(acting.clock.now())[:10])
    acting.commit("knowledge.put", name, Create(f"{parent}/knowledge/{name}", body), clip=clip)
    return _note(name, body)


def remove(acting: Acting, name: str) -> None:
    acting.must("knowledge.write")
    where = f"tenants/{acting.tenant}/knowledge/{name}"
    found = acting.documents.get_many([where]).get(where)
    if found is None:
        raise NotFound(f"there is no note {name[:80]}; GET /v1/knowledge lists them")
    acting.commit("knowledge.remove", name, Delete(where, found.version))


def every(documents: Documents, tenant: str) -> list[Note]:
    """In order of their ids."""
    found = documents.query("knowledge", parent=f"tenants/{tenant}", limit=MOST + MOST_PUT)
    return sorted((_note(snap.id, snap.body) for snap in found), key=lambda one: one.id)


def body_of(kind: Kind, text: str, read: Snap, *, by: str, snapshot: str) -> Json:
    """Of a note about the clip whose words were read."""
    return {
        "schema": 1,
        "kind": kind,
        "text": text,
        "clip": read.id,
        "model": read.body["model"],
        "vector": read.body["vector"],
        "outcome": read.body["outcome"],
        "snapshot": snapshot,
        "by": by,
    }


def _note(name: str, body: Json) -> Note:
    fields = ("kind", "text", "clip", "model", "outcome", "snapshot", "by")
    return Note(id=name, **{field: body[field] for field in fields})
