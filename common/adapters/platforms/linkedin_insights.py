"""What LinkedIn counts of a post: of a page's by its share statistics, of a member's one kind of figure at a time.

Both need scopes that only an app with the Community Management product has; without them all stays None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from common.adapters.platforms import answer
from common.adapters.platforms.web import Json
from common.domain.publication import Metrics
from common.ports.platforms import Measured

Get = Callable[[str], Json | None]  # None: it may not be read

PAGE_VIEW: Final = "VIDEO_VIEW: at least 3 seconds"
MEMBER_VIEW: Final = "VIDEO_PLAY: as LinkedIn counts it for members"
OF_MEMBERS: Final = {
    "impressions": "IMPRESSION",
    "reach": "MEMBERS_REACHED",
    "clicks": "LINK_CLICKS",
    "likes": "REACTION",
    "comments": "COMMENT",
    "shares": "RESHARE",
    "saves": "POST_SAVE",
    "follows": "FOLLOWER_GAINED_FROM_CONTENT",
}
OF_MEMBERS_VIDEO: Final = {"views": "VIDEO_PLAY", "watch_ms": "VIDEO_WATCH_TIME"}
OF_PAGES: Final = {
    "impressions": "impressionCount",
    "reach": "uniqueImpressionsCount",
    "clicks": "clickCount",
    "likes": "likeCount",
    "comments": "commentCount",
    "shares": "shareCount",
}
OF_PAGES_VIDEO: Final = {"views": "VIDEO_VIEW", "watch_ms": "TIME_WATCHED_FOR_VIDEO_VIEWS"}


def measured(get: Get, account: str, posted: str) -> Measured:
    return _page(get, account, posted) if ":organization:" in account else _member(get, posted)


def _page(get: Get, account: str, posted: str) -> Measured:
    which = "ugcPosts" if ":ugcPost:" in posted else "shares"
    path = f"/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={_urn(account)}"
    told = get(f"{path}&{which}=List({_urn(posted)})")
    raw: Json = {"share": told}
    figures = {
        name: answer.whole(told, "elements", 0, "totalShareStatistics", field) for name, field in OF_PAGES.items()
    }
    for name, kind in OF_PAGES_VIDEO.items():
        raw[kind] = get(f"/videoAnalytics?q=entity&entity={_urn(posted)}&type={kind}")
        figures[name] = answer.whole(raw[kind], "elements", 0, "value")
    return Measured(metrics=_metrics(figures), view=PAGE_VIEW, raw=raw)


def _member(get: Get, posted: str) -> Measured:
    which = "ugc" if ":ugcPost:" in posted else "share"
    raw: Json = {}
    figures: dict[str, int | None] = {}
    for api, names in (("memberCreatorPostAnalytics", OF_MEMBERS), ("memberCreatorVideoAnalytics", OF_MEMBERS_VIDEO)):
        for name, kind in names.items():
            path = f"/{api}?q=entity&entity=({which}:{_urn(posted)})&queryType={kind}&aggregation=TOTAL"
            raw[kind] = get(path)
            figures[name] = answer.whole(raw[kind], "elements", 0, "count")
            if not any(raw.values()):  # the first is refused, and so would all be
                break
    return Measured(metrics=_metrics(figures), view=MEMBER_VIEW, raw=raw)


def _metrics(figures: dict[str, int | None]) -> Metrics:
    return Metrics(**figures)  # type: ignore[arg-type]


def _urn(name: str) -> str:
    return quote(name, safe="")
