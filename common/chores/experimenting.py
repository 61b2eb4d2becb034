"""An experiment's daily look: shares moved, frozen or ended by what was counted, money handed out, and another look."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from common.chores import chore
from common.chores.ads import handing, winding
from common.chores.chore import Again, Done, End, Hold
from common.chores.tools import Tools
from common.events import deliveries
from common.learning.experiments import looking
from common.pipeline.engine import Engine
from common.ports.documents import Create

FROZEN_S: Final = 3600.0  # what is frozen is looked at more often: it may be whole again
HANDING_S, SLOW_S = 5.0, 900.0  # while budgets are being changed: at first, and from some time on
AFTER: Final = timedelta(minutes=10)  # midnight, when a day's figures ripen


def key_of(tenant: str, experiment: str) -> str:
    return f"tenants/{tenant}/chores/experiment-{experiment}"


def planned(engine: Engine, tenant: str, experiment: str, by: str) -> Create:
    """The chore, to be written along with its start."""
    return chore.created(
        engine, key_of(tenant, experiment), "experiment", by=by, memo={"experiment": experiment}, fields={}
    )


def run(tools: Tools, hold: Hold) -> End:
    engine = tools.engine
    name, ending = hold.memo["experiment"], partial(winding.planned, engine, hold.tenant, by=hold.body["by"])
    looked = looking.look(engine.documents, engine.clock, hold.tenant, name, ending)
    if looked is None:
        return Done()
    now = engine.clock.now()
    deliveries.wake_all(engine.wake, looked.rows, now)
    if looked.state == "frozen":
        return Again(after_s=FROZEN_S)
    if looked.state != "running":
        winding.hastened(engine, hold.tenant, name)
        return Done()
    waits = int(hold.memo.get("waits", 0))
    if handing.handed(engine, hold, name):
        hold.note(waits=min(10, waits + 1))
        return Again(after_s=min(SLOW_S, HANDING_S * 2.0**waits))
    if waits:
        hold.note(waits=0)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Again(after_s=(midnight + AFTER - now).total_seconds())
