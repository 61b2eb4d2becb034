"""Telling people what became of a campaign."""

from __future__ import annotations

from common.chores.chore import Hold
from common.chores.tools import Tools
from common.events import deliveries, log
from common.events.event import Data, Trouble
from common.events.log import Happening


def tell(tools: Tools, hold: Hold, what: str, text: str) -> None:
    """Once for each slice it is told in, however often that is tried."""
    trouble = Trouble(code=what, text=text) if what in ("unknown", "rejected", "failed") else None
    of = {name: hold.body[name] for name in ("flow", "asset", "channel")}
    data = Data(**of, message=text, error=trouble)
    happened = [Happening(type="alert.system", data=data, which=[hold.id, what, hold.token])]
    rows = log.record(tools.engine.documents, tools.engine.clock, hold.tenant, happened)
    deliveries.wake_all(tools.engine.wake, rows, tools.engine.clock.now())


def title(hold: Hold) -> str:
    return f"The campaign {hold.body['plan']['name']}"
