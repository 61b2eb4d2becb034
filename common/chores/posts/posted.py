"""What is told of a publication, kept of it, and begun once it is out."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from common.chores import chore
from common.chores.chore import Hold
from common.chores.connections import channels
from common.chores.tools import Tools
from common.domain.codec import dumps
from common.events import deliveries, log
from common.events.event import Data, Trouble, Type
from common.events.log import Happening
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json, Where

DAY: Final = timedelta(days=1)
MOST_RAW = 4096  # bytes of a platform's answer that are kept in the document
TYPES: Final[dict[str, Type]] = {
    "published": "publication.published",
    "unknown": "publication.unknown",
    "held": "publication.held",
    "failed": "publication.failed",
    "cancelled": "publication.cancelled",
}


def tell(tools: Tools, hold: Hold, step: str, text: str, *, url: str | None = None) -> None:
    """Once for each slice it is told in, however often that is tried."""
    told(tools.engine, hold.tenant, hold.id, hold.body, step, text, url=url, which=hold.token)


def told(
    engine: Engine,
    tenant: str,
    publication: str,
    body: Json,
    step: str,
    text: str,
    *,
    which: str,
    url: str | None = None,
) -> None:
    """What became of a publication, by itself or by a person; once for each `which`, and that it is out once."""
    trouble = Trouble(code=step, text=text) if step in ("failed", "held", "unknown") else None
    data = Data(
        flow=body["flow"],
        asset=body["asset"],
        publication=publication,
        channel=body["channel"],
        url=url,
        message=text,
        error=trouble,
    )
    own = [publication] if step == "published" else [publication, which]
    _record(engine, tenant, Happening(type=TYPES[step], data=data, which=own))


def quota(tools: Tools, hold: Hold) -> float | None:
    """Seconds until the channel may post again; None where it may now, or nobody knows."""
    key = channels.key_of(hold.tenant, hold.body["channel"])
    channel = tools.engine.documents.get_many([key]).get(key)
    most = None if channel is None else channel.body.get("posts_a_day")
    if not most:  # who was told none is told by the platform whether that still is so
        return None
    now = tools.engine.clock.now()
    since = [Where("channel", "==", hold.body["channel"]), Where("published", ">", stamp(now - DAY))]
    parent = f"tenants/{hold.tenant}"
    last = tools.engine.documents.query("publications", since, parent=parent, order="published", limit=most)
    if len(last) < most:
        return None
    data = Data(
        channel=hold.body["channel"],
        service=hold.body["network"],
        usage=len(last),
        limit=most,
        message=f"{hold.body['network']} takes no more than {most} posts of this channel in 24 hours; the rest waits.",
    )
    which = [hold.body["channel"], stamp(now)[:10]]
    _record(tools.engine, hold.tenant, Happening(type="alert.quota", data=data, which=which))
    return max(60.0, (parse(last[0].body["published"]) + DAY - now).total_seconds())


def watched(tools: Tools, hold: Hold, published: str) -> list[Create]:
    """The chore that reads how it does."""
    memo: Json = {"publication": hold.id, "published": published}
    key = f"tenants/{hold.tenant}/chores/insights-{hold.id}"
    return [chore.created(tools.engine, key, "insights", by=hold.body["by"], memo=memo)]


def _record(engine: Engine, tenant: str, happened: Happening) -> None:
    rows = log.record(engine.documents, engine.clock, tenant, [happened])
    deliveries.wake_all(engine.wake, rows, engine.clock.now())


def short(raw: Json) -> Json:
    """A platform's answer as it is kept: whole, or its beginning where it is long."""
    told = dumps(raw)
    return raw if len(told) <= MOST_RAW else {"beginning": told[:MOST_RAW].decode(errors="replace")}
