"""Removing documents and bytes in pages, noting in the chore how many went, so that a death forgets none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.chores.chore import Again, Done, End, Hold
from common.chores.erasing.receipts import counted, receipt
from common.chores.tools import Tools
from common.pipeline import flows
from common.pipeline.run import Flow
from common.ports.clock import parse, stamp
from common.ports.documents import Delete, Snap, Where

PAGE = 200  # documents removed in one commit
LEASE_S = 60.0  # of a run, by which an attempt that was cancelled has noticed
KEPT = timedelta(days=9)  # for which a late file is looked for: an upload, once begun, has a week
LOGS = timedelta(days=30)


def cancelled(tools: Tools, found: Iterable[Snap]) -> int:
    """Stop those of these flows that are not over."""
    alive = [snap for snap in found if snap.body["state"] in ("waiting", "running")]
    for snap in alive:
        flows.cancel(tools.engine, Flow.of(snap))
    return len(alive)


def at_work(tools: Tools, parent: str, which: Sequence[Where]) -> bool:
    """Whether a run is held still, by somebody whose lease is not over."""
    found = tools.engine.documents.query("runs", [*which, Where("state", "==", "running")], parent=parent, limit=1000)
    return any(snap.age < LEASE_S for snap in found)


def documents(tools: Tools, hold: Hold, store: str, found: Sequence[Snap]) -> None:
    """Remove them, whatever their versions: nobody may write to them any more."""
    for at in range(0, len(found), PAGE):
        part = found[at : at + PAGE]
        counts = counted(hold.memo.get("counts", {}), store, len(part))
        hold.note(writes=[Delete(snap.key) for snap in part], counts=counts)


def objects(tools: Tools, hold: Hold, prefixes: Mapping[str, str]) -> None:
    """Remove all below a prefix of each store."""
    for store, prefix in prefixes.items():
        while removed := tools.stores[store].remove(prefix):
            hold.note(counts=counted(hold.memo.get("counts", {}), store, removed))


def left(tools: Tools, prefixes: Mapping[str, str]) -> dict[str, int]:
    """A recount of what lies there."""
    return {store: tools.stores[store].count(prefix) for store, prefix in prefixes.items()}


def remains(tools: Tools, prefixes: Mapping[str, str]) -> list[dict[str, str]]:
    """What nobody can remove sooner, and when it goes by itself."""
    found: list[dict[str, str]] = []
    for store, prefix in prefixes.items():
        if (until := tools.stores[store].lingers(prefix)) is not None:
            found.append({"what": f"removed objects of {store}, which the bucket could restore", "until": stamp(until)})
    if tools.backups:
        now: datetime = tools.engine.clock.now()
        found.append({"what": "backups of the database", "until": stamp(now + tools.backups)})
        found.append({"what": "lines of the log, which name ids alone", "until": stamp(now + LOGS)})
    return found


def ended(
    tools: Tools,
    hold: Hold,
    there: Mapping[str, int],
    prefixes: Mapping[str, str],
    last: Delete,
    told: Mapping[str, Any],
    **memo: Any,
) -> End:
    """The receipt, once a recount found nothing; along with it the `last` document goes."""
    if any(there.values()):
        return Again(after_s=10)
    asked, done = hold.body["created"], stamp(tools.engine.clock.now())
    made = receipt(hold.memo["counts"], there, remains(tools, prefixes), asked=asked, done=done, **told)
    hold.note({"receipt": made}, [last], phase="after", **memo)
    return after(tools, hold)


def after(tools: Tools, hold: Hold) -> End:
    """Remove files that came late, of assets that nobody has made anew, for as long as one may come."""
    store = tools.engine.documents
    for tenant, asset in (name.split("/") for name in hold.body.get("late", ())):
        if not store.get_many([f"tenants/{tenant}/assets/{asset}"]):
            while tools.stores["uploads"].remove(f"t/{tenant}/{asset}/"):
                hold.beat()
    left_s = (parse(hold.body["created"]) + KEPT - tools.engine.clock.now()).total_seconds()
    if left_s > 0:
        return Again(after_s=left_s)
    return Done(fields={"memo": {"phase": "over", "counts": hold.memo["counts"]}, "late": []})
