"""The end of an experiment that handed out money: what ran is paused, and its campaigns and its money are given back.

Stopped, all campaigns that run are paused; decided, all but the best arm's, which goes on with the budget it has. Each
is asked once, in the write that gives it back: what somebody does then holds. The chore is written with the end itself,
whoever ends it, so that no death and no haste is between them.
"""

from __future__ import annotations

from typing import Final

from common.chores import chore
from common.chores.ads import campaign_plans, handing
from common.chores.chore import Again, Done, End, Hold
from common.chores.tools import Tools
from common.errors import Conflict
from common.learning.experiments.kept import key_of as experiment_key
from common.pipeline.engine import Engine
from common.ports.documents import ABSENT, Create, Json, Snap

SOON_S: Final = 2.0  # after which a campaign that was being worked on is looked at again


def key_of(tenant: str, experiment: str) -> str:
    return f"tenants/{tenant}/chores/experiment-end-{experiment}"


def planned(engine: Engine, tenant: str, experiment: Snap, by: str) -> list[Create]:
    """To be written along with the end of one, as it was read; nothing where it hands out no money."""
    if experiment.body.get("money") is None:
        return []
    memo: Json = {"experiment": experiment.id}
    return [chore.created(engine, key_of(tenant, experiment.id), "experiment_end", by=by, memo=memo)]


def hastened(engine: Engine, tenant: str, experiment: str) -> None:
    """Have it begun now, where there is one."""
    chore.hasten(engine, key_of(tenant, experiment))


def run(tools: Tools, hold: Hold) -> End:
    engine, name = tools.engine, hold.memo["experiment"]
    key = experiment_key(hold.tenant, name)
    snap = engine.documents.get_many([key]).get(key)
    if snap is None:
        return Done()
    terms, best = snap.body["money"], snap.body["best"] if snap.body["state"] == "decided" else None
    left = False
    for one, each in handing.read(engine, hold.tenant, terms["campaigns"]).items():
        if each.body.get("experiment") != name:
            continue
        free: Json = {"experiment": ABSENT}
        if terms["campaigns"][one] == best:
            freed = handing.written(hold, each, free)
        else:
            freed = handing.stopped(engine, hold, each, free)
        left = left or not freed
    if left:
        return Again(after_s=SOON_S)
    while (back := campaign_plans.released(engine, hold.tenant, terms["channel"], name)) is not None:
        try:
            hold.note(writes=[back])
        except Conflict:
            continue
    return Done()
