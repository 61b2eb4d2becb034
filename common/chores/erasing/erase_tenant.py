"""Erase all that is kept of an organisation, or of a person: every collection there is, and every object.

The phases are those of an asset. Nothing lists what is to go: all below `tenants/{t}` is asked of the store, so that a
new collection is erased without anybody having thought of it. What lies elsewhere is in OUTSIDE, which a test holds
against the code. The ledger `erasures/{id}` is the chore and then the receipt; its id cannot be guessed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence

from common.chores import chore
from common.chores.chore import Again, End, Hold
from common.chores.connections import renewing
from common.chores.erasing import removing
from common.chores.erasing.receipts import counted
from common.chores.tools import Tools
from common.pipeline.engine import Engine
from common.ports.clock import stamp
from common.ports.documents import Delete, Json, Merge, Snap, Where, Write

# Collections outside of any tenant, and what becomes of a tenant's data in them.
OUTSIDE = {
    "admission": "the document of its name is removed",
    "devices": "those of a person go with them, by PERSONAL; an organisation has none",
    "erasures": "the receipt stays, without a name",
    "global": "none of a tenant",
    "launches": "none of a tenant",
    "limits": "counts under digests of who asked; they expire within two hours",
    "models": "none of a tenant",
    "notices": "ids that a platform gave to posts and channels; emptied once looked into, and expire after 4 days",
    "pools": "none of a tenant",
    "refusals": "heads of events that were of no tenant; they expire after 90 days",
    "sessions": "when a sign-in, named by a digest, was last used; they expire",
    "tenants": "the document of its name is removed last",
    "tombstones": "the id alone, so that a file that comes late is not let in; it expires",
}
# Where a person is named in the organisations of others: collections, and the field that names them.
PERSONAL = (("members", "subject"), ("invitations", "made_by"), ("devices", "subject"), ("deliveries", "subject"))
SIGN_IN = "the account that the person signs in with"
_ALL = 10_000


def key_of(identity: str) -> str:
    return f"erasures/{identity}"


def planned(engine: Engine, tenant: str, by: str, person: str | None = None) -> tuple[str, list[Write]]:
    """The id of a new one, and what to write along with the closing of the tenant."""
    identity = secrets.token_urlsafe(32)
    memo: Json = {"tenant": tenant, "person": person, "phase": "cancel", "counts": {}}
    fields = {"of": owner(by), "what": what(person)}
    tomb = {"schema": 1, "erasure": identity, "expires": stamp(engine.clock.now() + removing.KEPT)}
    return identity, [
        chore.created(engine, key_of(identity), "erasure", by="", memo=memo, fields=fields),
        Merge(f"tombstones/{tenant}", tomb),
    ]


def what(person: str | None) -> str:
    """Of what it is: of a person, or of an organisation where there is none."""
    return "organisation" if person is None else "person"


def owner(subject: str) -> str:
    """Who asked for it, without their name."""
    return hashlib.sha256(f"erasure of {subject}".encode()).hexdigest()


def run(tools: Tools, hold: Hold) -> End:
    """One phase of it."""
    engine, tenant, phase = tools.engine, hold.tenant, hold.memo["phase"]
    parent, prefixes = f"tenants/{tenant}", {"uploads": f"t/{tenant}/", "media": f"t/{tenant}/"}
    if phase == "after":
        return removing.after(tools, hold)
    if phase == "cancel":
        for state in ("waiting", "running"):
            while True:
                alive = engine.documents.query("flows", [Where("state", "==", state)], parent=parent, limit=100)
                if not removing.cancelled(tools, alive):
                    break
                if hold.spent:
                    return Again()
        hold.note(phase="wait")
    if phase in ("cancel", "wait"):
        if removing.at_work(tools, parent, []):
            return Again(after_s=10)
        hold.note(phase="revoke")
    if phase in ("cancel", "wait", "revoke"):
        _give_back(tools, hold, parent)
        hold.note(phase="remove")
    _sign_in(tools, hold)
    for store, found in _of(tools, hold, parent):
        removing.documents(tools, hold, store, found)
        if hold.spent:
            return Again()
    removing.objects(tools, hold, prefixes)
    if phase != "recount":
        hold.note(phase="recount")
        return Again(after_s=tools.grace_s)
    there = _left(tools, hold, parent) | removing.left(tools, prefixes)
    told = {"what": hold.body["what"], **_left_out(tools, hold)}
    return removing.ended(tools, hold, there, prefixes, Delete(parent), told, person=None)


def _sign_in(tools: Tools, hold: Hold) -> None:
    """Remove the account that the person signs in with, before the grace: when their own tenant is open again, as to
    anybody who is new, no token of theirs is left. It is counted first, for a removal may lose its answer.
    """
    person, sign_ins = hold.memo["person"], tools.sign_ins
    if person is None or sign_ins is None:
        return
    if SIGN_IN not in hold.memo["counts"]:
        hold.note(counts=counted(hold.memo["counts"], SIGN_IN, int(sign_ins.known(person))))
    sign_ins.remove(person)


def _give_back(tools: Tools, hold: Hold, parent: str) -> None:
    """Tell platforms that what they gave is over, each once; what cannot be told so is said in the receipt."""
    store, kept = tools.engine.documents, [Where("kind", "==", "channel")]
    for snap in store.query("chores", kept, parent=parent, limit=_ALL):
        if snap.body["memo"].get("tokens") is None or snap.id in (told := hold.memo.get("revoked", {})):
            continue
        why = renewing.revoked(tools, snap.key, snap.body["memo"])
        hold.note(revoked={**told, snap.id: None if why is None else f"{snap.body['memo']['network']}: {why}"})


def _left_out(tools: Tools, hold: Hold) -> Json:
    whys = sorted(why for why in hold.memo.get("revoked", {}).values() if why is not None)
    left = [{"what": "the sign-in at a platform", "why": why} for why in whys]
    if hold.memo["person"] is not None and tools.sign_ins is None:
        left.append({"what": SIGN_IN, "why": "there is none on this machine: its key, which stays, opens it"})
    return {"left_out": left} if left else {}


def _of(tools: Tools, hold: Hold, parent: str) -> Iterator[tuple[str, Sequence[Snap]]]:
    """What documents there are, a page at a time until none are."""
    store = tools.engine.documents
    for collection in store.collections(parent):
        while found := store.named(collection, parent=parent, limit=removing.PAGE):
            yield f"documents: {collection}", found
    gate = store.get_many([f"admission/{hold.tenant}"])
    if gate:
        yield "documents: admission", list(gate.values())
    if (person := hold.memo["person"]) is not None:
        for collection, name in PERSONAL:
            if found := store.query(collection, [Where(name, "==", person)], limit=_ALL):
                yield f"elsewhere: {collection}", found


def _left(tools: Tools, hold: Hold, parent: str) -> dict[str, int]:
    """A recount, of each collection as far as one page."""
    store = tools.engine.documents
    there = {
        f"documents: {name}": len(store.named(name, parent=parent, limit=removing.PAGE))
        for name in store.collections(parent)
    }
    there["documents: admission"] = len(store.get_many([f"admission/{hold.tenant}"]))
    if (person := hold.memo["person"]) is not None:
        there |= {f"elsewhere: {name}": store.count(name, [Where(field, "==", person)]) for name, field in PERSONAL}
        there |= {} if tools.sign_ins is None else {SIGN_IN: int(tools.sign_ins.known(person))}
    return there
