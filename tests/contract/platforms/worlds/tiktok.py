"""TikTok: its last chunk is its commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.network import running
from tests.standins.platforms.tiktok import TikTok


class TikTokWorld(World):
    site: TikTok

    def shown(self, post: Any) -> str:
        return str(post.made["title"])

    def another(self, n: int) -> str:
        account = f"open-id-{n}"
        self.site.people[account] = f"ann{n}"
        return account

    def zeros(self) -> dict[str, Any]:
        names = ("view_count", "like_count", "comment_count", "share_count")
        return dict.fromkeys(names, 0)

    def longest(self) -> Post:
        return Post(title="", body="💸" * 100 + "a" * 2000)

    def fails(self) -> None:
        self.site.verdict = "frame_rate_check_failed"

    def sent(self) -> int:
        """With the last chunk of each, which goes with its commit."""
        uploads = self.site.uploads.values()
        last = [one.size - one.had for one in uploads if one.had == (one.count - 1) * one.chunk]
        return self.site.taken + sum(last)


@contextmanager
def tiktok() -> Iterator[World]:
    with running(TikTok()) as site:
        how: dict[str, Any] = {"late": False, "parted": False, "signed": False, "judged": "after"}
        yield TikTokWorld(network="tiktok", site=site, kind="tiktok", account="open-id-of-ann", part=8 << 20, **how)
