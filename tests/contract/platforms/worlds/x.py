"""X: a file goes in parts, and what came can be put together again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.network import running
from tests.standins.platforms.x import X


class XWorld(World):
    site: X

    def shown(self, post: Any) -> str:
        return str(post.made["text"])

    def another(self, n: int) -> str:
        account = str(3_000_000 + n)
        self.site.people[account] = f"ann{n}"
        return account

    def arrived(self) -> bytes | None:
        asked = [one for one in self.site.requests if one.op == "part"]
        parts = [dict(one.parts) for one in asked if one.found["id"] == asked[-1].found["id"]]
        whole = {int(part["segment_index"]): part["media"] for part in parts}
        return b"".join(whole[index] for index in sorted(whole))

    def zeros(self) -> dict[str, Any]:
        public = ("repost_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count")
        own = ("url_link_clicks", "user_profile_clicks", "engagements", "impression_count")
        counts: dict[str, Any] = {"public_metrics": dict.fromkeys(public, 0)}
        counts |= {"non_public_metrics": dict.fromkeys(own, 0), "media": {"public_metrics": {"view_count": 0}}}
        return {**counts, "watch_time_ms": 0}

    def longest(self) -> Post:
        return Post(title="", body="茶" * 100 + "a" * 80)


@contextmanager
def x() -> Iterator[World]:
    with running(X()) as site:
        yield XWorld(network="x", site=site, kind="x", account="2244994945", part=4 << 20)
