"""An experiment's daily look: shares moved, frozen or ended by what was counted, and looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.tools import Tools
from common.events import deliveries
from common.learning.experiments import looking
from common.pipeline.engine import Engine
from common.ports.documents import Create

FROZEN_S: Final = 3600.0  # what is frozen is looked at more often: it may be whole again
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
    looked = looking.look(engine.documents, engine.clock, hold.tenant, hold.memo["experiment"])
    if looked is None:
        return Done()
    now = engine.clock.now()
    deliveries.wake_all(engine.wake, looked.rows, now)
    if looked.state == "frozen":
        return Again(after_s=FROZEN_S)
    if looked.state != "running":
        return Done()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Again(after_s=(midnight + AFTER - now).total_seconds())
