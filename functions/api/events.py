"""What happens, as it happens: of one flow, or of all the organisation's."""

from __future__ import annotations

import re

from common.errors import BadInput
from common.events import log
from functions.api import flows
from functions.api.route import Answer, Ask

_NUMBER = re.compile(r"[0-9]{1,15}")


def every(ask: Ask) -> Answer:
    """From now on, or from after the event whose id is sent."""
    return _stream(ask, _after(ask), None)


def of_flow(ask: Ask) -> Answer:
    """From the flow's beginning, or from after the event whose id is sent."""
    flow = flows.read(ask, ask.path["flow"]).id
    after = _after(ask)
    if after is None:
        first = log.first_of(ask.parts.engine.documents, ask.who.tenant, flow)
        after = None if first is None else first - 1
    return _stream(ask, after, flow)


def _stream(ask: Ask, after: int | None, flow: str | None) -> Answer:
    engine, tenant = ask.parts.engine, ask.who.tenant
    return Answer(stream=ask.hub.listen(engine, tenant, after=after, flow=flow, again=ask.again))


def _after(ask: Ask) -> int | None:
    if ask.after is None:
        return None
    if not _NUMBER.fullmatch(ask.after):
        raise BadInput("Last-Event-ID is none of ours; send the id of the last event that came, or leave it out")
    # None of ours is ahead of the last; whoever says so would hear nothing until there are as many.
    return min(int(ask.after), log.head(ask.parts.engine.documents, ask.who.tenant).n)
