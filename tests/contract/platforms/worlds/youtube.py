"""YouTube: a Short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import Work, World
from tests.standins.platforms.network import running
from tests.standins.platforms.youtube import YouTube


class YouTubeWorld(World):
    """Its file goes out with its last bytes: there is no processing before that. It takes no < and no >."""

    site: YouTube

    def shown(self, post: Any) -> str:
        return str(post.made["snippet"]["description"])

    def another(self, n: int) -> str:
        return f"UC-ann-{n}"

    def work(self, post: Post | None = None, **more: Any) -> Work:
        return super().work(post or Post(title="Tea", body="How to make tea", tags=("tea",)), **more)

    def said(self) -> list[str]:
        told = self.last().made["snippet"]
        return [told["title"], told["description"], *told.get("tags", ())]

    def zeros(self) -> dict[str, Any]:
        live = dict.fromkeys(("viewCount", "likeCount", "commentCount"), 0)
        return {"live": live, "counted": {}}

    def posting(self, title: str, body: str) -> Post:
        none = str.maketrans("", "", "<>")
        return Post(title=title.translate(none), body=body.translate(none), tags=("tea",))

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body, *post.tags]

    def longest(self) -> Post:
        return Post(title="茶" * 100, body="茶" * 1666 + "ab", tags=("a" * 249, "b" * 250))


@contextmanager
def youtube() -> Iterator[World]:
    with running(YouTube()) as site:
        made = YouTubeWorld(
            network="youtube",
            site=site,
            kind="youtube_short",
            account="UC-ann",
            part=8 << 20,
            late=False,
            rotates=False,
            judged="once out",
            rides=True,
        )
        yield made
