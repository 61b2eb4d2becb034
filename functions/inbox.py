"""What an event sets going, and where one is kept that cannot be used."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from pathlib import PurePosixPath

from common.adapters.google.sources import location
from common.bootstrap.cloud import CloudParts
from common.chores.erasing import late
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import BadInput
from common.pipeline import flows
from common.pipeline.run import RunId
from common.ports.clock import stamp
from common.ports.documents import Merge
from functions.events import Ended, Event, Uploaded

_NAME = re.compile(r"t/([A-Za-z0-9_-]{1,128})/([A-Za-z0-9_-]{1,128})/([^/\x00-\x1f]{1,255})")
_HEAD = 500  # bytes kept of what is refused
_KEPT = timedelta(days=90)


def take(cloud: CloudParts, event: Event) -> str:
    """Do what the event asks for; says what that was. What can never be used is recorded, and that is all."""
    if isinstance(event, Ended):
        flows.act(cloud.engine, RunId.parse(event.run))
        return "planned"
    if not isinstance(event, Uploaded):
        return "nothing"  # a well-formed event of another kind: a filter lets too much through
    placed = _NAME.fullmatch(event.name)
    if event.bucket != cloud.settings.uploads or placed is None:
        refuse(cloud, event.name.encode(), BadInput(f"{event.name!r} is not where uploads go: t/TENANT/ID/NAME"))
        return "refused"
    if late.unwelcome(cloud.engine, placed[1], placed[2]):
        return "erased"
    source = Source(bucket="uploads", name=PurePosixPath(placed[3]).name, generation=event.generation, size=event.size)
    where = location(event.bucket, event.name, event.generation)
    trace = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"  # one of its own: its event may come hours later
    return flows.submit(cloud.engine, placed[1], source, where, FlowSettings(), asset=placed[2], trace=trace).news


def refuse(cloud: CloudParts, body: bytes, why: BadInput) -> None:
    """Note what was refused, once however often it is sent; what it holds is kept as text, never acted on."""
    told, now = hashlib.sha256(body).hexdigest()[:32], cloud.engine.clock.now()
    fields = {
        "schema": 1,
        "why": str(why),
        "size": len(body),
        "head": body[:_HEAD].decode("utf-8", "replace"),
        "at": stamp(now),
        "expires": stamp(now + _KEPT),
    }
    cloud.engine.documents.commit([Merge(f"refusals/{told}", fields)])
