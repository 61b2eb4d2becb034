"""Erase an asset: its flows stopped, what is at work on it over, and then everything that was made of it.

    cancel ──> wait (until no attempt holds a run) ──> remove ──> a grace, for what began before
    ──> remove again, recount ──> after: for as long as an upload may still come, what comes is removed

Its document stays till the last, in state "erasing". The chore's own document is the receipt, and by it a file that
comes later is not let in. Originals outside our folders are never touched; lines of the trail stay, which name its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from common.chores import chore
from common.chores.ads import winding
from common.chores.chore import Again, End, Hold
from common.chores.erasing import removing
from common.chores.tools import Tools
from common.errors import Conflict
from common.events import deliveries
from common.learning import registry
from common.learning.experiments import erasing
from common.pipeline.engine import Engine
from common.ports.documents import Create, Delete, Documents, Snap, Where

KEPT = ("audit", "chores", "idempotency")
POSTS = ("publications", "campaigns")
FINDING = ("events", "embeddings", *POSTS, erasing.USES)
OF_POSTS = ("taken", "assignments")
_FIELDS = ("asset", "asset_id", "value")  # that name an asset: of what is made of it, of runs, of claims
OUTCOMES = "documents: outcomes"
_ALL = 100_000


def key_of(tenant: str, asset: str) -> str:
    return f"tenants/{tenant}/chores/erase-{asset}"


def planned(engine: Engine, tenant: str, asset: str, by: str) -> Create:
    """The chore, to be written along with the asset's new state."""
    memo = {"asset": asset, "phase": "cancel", "counts": {}}
    return chore.created(engine, key_of(tenant, asset), "asset", by=by, memo=memo, fields={"asset": asset})


def run(tools: Tools, hold: Hold) -> End:
    """One phase of it."""
    engine, asset, phase = tools.engine, hold.memo["asset"], hold.memo["phase"]
    parent = f"tenants/{hold.tenant}"
    prefixes = {"uploads": f"t/{hold.tenant}/{asset}/", "media": f"t/{hold.tenant}/a/{asset}/"}
    if phase == "after":
        return removing.after(tools, hold)
    mine = engine.documents.query("flows", [Where("asset", "==", asset)], parent=parent, limit=_ALL)
    if phase == "cancel":
        removing.cancelled(tools, mine)
        flows = sorted({*hold.memo.get("flows", ()), *(snap.id for snap in mine)})
        hold.note(writes=[Delete(f"{parent}/chores/import-{asset}")], phase="wait", flows=flows)
        return Again()
    if phase == "wait":
        if any(removing.at_work(tools, parent, [Where("flow", "==", flow)]) for flow in hold.memo["flows"]):
            return Again(after_s=10)
        if any(chore.held(engine, snap) for snap in _posts(engine.documents, parent, asset)):
            return Again(after_s=10)  # it may be going out this moment
        hold.note(phase="remove")
    experiments = _experiments(engine.documents, parent, asset)
    ending = partial(winding.planned, engine, hold.tenant, by=hold.body["by"])
    told = erasing.forget(engine.documents, engine.clock, hold.tenant, asset, experiments, ending)
    deliveries.wake_all(engine.wake, told, engine.clock.now())
    for one in experiments:
        winding.hastened(engine, hold.tenant, one)
    for store, found in _of(tools, hold, parent):
        removing.documents(tools, hold, store, found)
    _flagged(tools, hold)
    removing.objects(tools, hold, prefixes)
    if phase != "recount":
        hold.note(phase="recount")
        return Again(after_s=tools.grace_s)
    there = {store: len(found) for store, found in _of(tools, hold, parent)} | removing.left(tools, prefixes)
    last = Delete(f"{parent}/assets/{asset}")
    return removing.ended(tools, hold, there, prefixes, last, {"what": "asset", "asset": asset})


def _flagged(tools: Tools, hold: Hold) -> None:
    """Models may have learned from outcomes that are gone: each says so, once, and the next look trains another."""
    gone, told = hold.memo["counts"].get(OUTCOMES, {}).get("gone", 0), int(hold.memo.get("flagged", 0))
    while gone > told:
        shelf = registry.read(tools.engine.documents, hold.tenant)
        write = registry.erased(shelf, gone - told, now=tools.engine.clock.now())
        try:
            hold.note(writes=[] if write is None else [write], flagged=gone)
            return
        except Conflict:
            continue  # a model was moved in this moment


def _of(tools: Tools, hold: Hold, parent: str) -> Iterator[tuple[str, Sequence[Snap]]]:
    """What documents there are of it, by collection: by id, since flows, runs and clips bear its id, and by field."""
    store, asset = tools.engine.documents, hold.memo["asset"]
    flows = [Where("flow", "==", flow) for flow in hold.memo["flows"]]
    told = [one for where in flows for one in store.query("events", [where], parent=parent, limit=_ALL)]
    indirect = [Where("event", "==", one.id) for one in told]  # deliveries
    indirect += [Where("clip", "==", one.id) for one in _named(store, parent, "embeddings", asset)]  # notes
    posts = [snap.id for snap in _posts(store, parent, asset)]
    # What others are found by goes last.
    for collection in sorted(store.collections(parent), key=lambda name: name in FINDING):
        if collection in KEPT:
            continue
        found = {one.key: one for one in _named(store, parent, collection, asset)}
        asked = [*flows, *(Where(name, "==", asset) for name in _FIELDS)]
        asked += indirect if collection in ("deliveries", "knowledge") else []
        asked += [Where("publication", "==", post) for post in posts] if collection in OF_POSTS else []
        if collection == "experiment_figures":
            told_of = erasing.figures(store, hold.tenant, _experiments(store, parent, asset))
            found |= {one.key: one for one in told_of}
        if collection == "calls":
            found |= {one.key: one for post in posts for one in _named(store, parent, collection, post)}
        for where in asked:
            found |= {one.key: one for one in store.query(collection, [where], parent=parent, limit=_ALL)}
        found.pop(f"{parent}/assets/{asset}", None)
        if found:
            yield f"documents: {collection}", list(found.values())


def _posts(store: Documents, parent: str, asset: str) -> list[Snap]:
    """What was made of it for others to see: posts, and campaigns."""
    where = [Where("asset", "==", asset)]
    return [snap for name in POSTS for snap in store.query(name, where, parent=parent, limit=_ALL)]


def _experiments(store: Documents, parent: str, asset: str) -> set[str]:
    """Those with an arm of it."""
    return {str(snap.body["experiment"]) for snap in _named(store, parent, erasing.USES, asset)}


def _named(store: Documents, parent: str, collection: str, asset: str) -> list[Snap]:
    """Those whose id is the asset's, or goes on from it: as ids of flows, runs and clips do."""
    found: list[Snap] = []
    after = ""
    while page := store.named(collection, parent=parent, begins=asset, after=after, limit=removing.PAGE):
        found += [one for one in page if one.id[len(asset) :][:1] in ("", "-", ".")]
        after = page[-1].id
    return found
