"""What Pinterest counts of a pin: by days, of the last 90, and some of its whole life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from common.adapters.platforms.web import Web
from common.domain.publication import Metrics
from common.errors import PlatformSaid
from common.ports.platforms import Json, Measured

VIEW: Final = "Pinterest's MRC view: at least half of the video in sight for two seconds"
BACK: Final = timedelta(days=89)  # that can be asked for, today beside
TYPES: Final = (
    "IMPRESSION",
    "OUTBOUND_CLICK",
    "SAVE",
    "VIDEO_MRC_VIEW",
    "VIDEO_10S_VIEW",
    "VIDEO_V50_WATCH_TIME",
    "VIDEO_AVG_WATCH_TIME",
    "TOTAL_COMMENTS",
    "TOTAL_REACTIONS",
)


def measured(web: Web, api: str, token: str, posted: str, since: datetime, now: datetime) -> Measured:
    """Of a pin older than 90 days only what is told of its whole life: the rest would be of a part of it."""
    today, begun = now.astimezone(UTC).date(), since.astimezone(UTC).date()
    start = max(begun, today - BACK)
    query = {"start_date": start.isoformat(), "end_date": today.isoformat(), "metric_types": ",".join(TYPES)}
    reply = web.ask("GET", f"{api}/pins/{posted}/analytics", token=token, query=query, good=(404,))
    if reply.status == 404:
        raise PlatformSaid(
            "Pinterest has no such pin any more; nothing of it is read again", code="post_gone", raw=reply.raw
        )
    told = reply.json
    found = told.get("all") or {}
    sums: Json = found.get("summary_metrics") or {} if start == begun else {}
    life: Json = found.get("lifetime_metrics") or {}
    metrics = Metrics(
        impressions=_count(sums, "IMPRESSION"),
        views=_count(sums, "VIDEO_MRC_VIEW"),
        engaged_views=_count(sums, "VIDEO_10S_VIEW"),
        watch_ms=_count(sums, "VIDEO_V50_WATCH_TIME"),
        average_watch_ms=_count(sums, "VIDEO_AVG_WATCH_TIME"),
        clicks=_count(sums, "OUTBOUND_CLICK"),
        saves=_count(sums, "SAVE"),
        likes=_count(life, "TOTAL_REACTIONS"),
        comments=_count(life, "TOTAL_COMMENTS"),
    )
    return Measured(metrics=metrics, view=VIEW, raw=told)


def _count(told: Json, name: str) -> int | None:
    value = told.get(name)
    return round(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
