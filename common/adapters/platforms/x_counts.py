"""What X counts of a post: to everybody, to its owner for 30 days, and of its video over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from common.adapters.platforms.web import Web
from common.domain.publication import Metrics
from common.errors import PlatformSaid
from common.ports.platforms import Json, Measured

VIEW: Final = "X's count of plays of the video, each of two seconds with at least half of it on the screen"
OWNERS: Final = timedelta(days=29, hours=12)  # in which X tells its owner what it tells nobody else, with a margin
_PUBLIC: Final = "public_metrics"
_OWNERS: Final = "public_metrics,non_public_metrics,organic_metrics"


def measured(web: Web, api: str, token: str, posted: str, since: datetime, now: datetime) -> Measured:
    """Raises PlatformSaid where the post is there no more."""
    told = _post(web, api, token, posted, _OWNERS if now - since < OWNERS else _PUBLIC)
    if "data" not in told and now - since < OWNERS:  # it refuses the whole post for a field that it does not show
        told = _post(web, api, token, posted, _PUBLIC)
    if "data" not in told:
        raise PlatformSaid("X has no such post any more; nothing of it is read again", code="post_gone", raw=told)
    post = told["data"]
    video: Json = next(iter((told.get("includes") or {}).get("media") or ()), {})
    public, own = post.get("public_metrics") or {}, post.get("non_public_metrics") or {}
    over = _over_time(web, api, token, post, since, now)
    plays = _count(video.get("public_metrics") or {}, "view_count")
    metrics = Metrics(
        impressions=_count(public, "impression_count"),
        views=_count(over, "video_views") if plays is None else plays,
        watch_ms=_count(over, "watch_time_ms"),
        clicks=_count(own, "url_link_clicks"),
        likes=_count(public, "like_count"),
        comments=_count(public, "reply_count"),
        shares=_sum(_count(public, "repost_count"), _count(public, "quote_count")),
        saves=_count(public, "bookmark_count"),
    )
    return Measured(metrics=metrics, view=VIEW, raw={"post": told, "video": over})


def _post(web: Web, api: str, token: str, posted: str, counts: str) -> Json:
    query = {"post.fields": f"attachments,{counts}", "expansions": "attachments.media_keys", "media.fields": counts}
    return web.ask("GET", f"{api}/tweets/{posted}", token=token, query=query).json


def _over_time(web: Web, api: str, token: str, post: Json, since: datetime, now: datetime) -> Json:
    """What is counted of its video; {} where X does not tell this account."""
    keys = (post.get("attachments") or {}).get("media_keys") or ()
    if not keys:
        return {}
    query = {
        "media_keys": keys[0],
        "start_time": stamp(since),
        "end_time": stamp(now),
        "granularity": "total",
        "media_analytics.fields": "video_views,watch_time_ms",
    }
    try:
        told = web.ask("GET", f"{api}/media/analytics", token=token, query=query).json
    except PlatformSaid as error:
        if error.action != "stop":
            raise
        return {"refused": str(error)}
    return next((one for one in told.get("data") or () if isinstance(one, dict)), {})


def stamp(when: datetime) -> str:
    """As X takes a time."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _count(told: Any, name: str) -> int | None:
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sum(*counts: int | None) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if len(known) == len(counts) else None
