"""Pinterest: posted to is a board; its owner signs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import SIZE, World
from tests.standins.platforms.network import running
from tests.standins.platforms.pinterest import Pinterest


class PinterestWorld(World):
    site: Pinterest

    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def another(self, n: int) -> str:
        owner, board = str(4_000_000 + n), str(5_000_000 + n)
        self.site.people[owner] = f"ann{n}"
        self.site.boards[board] = (f"Board {n}", owner)
        return board

    def whose(self, account: str) -> str:
        return str(self.site.boards[account][1])

    def arrived(self) -> bytes | None:
        return dict([one for one in self.site.requests if one.op == "part"][-1].parts)["file"]

    @property
    def owner(self) -> str:
        return "2783136121146311751"

    def said(self) -> list[str]:
        made = self.last().made
        return [made.get("title", ""), made.get("description", "")]

    def posting(self, title: str, body: str) -> Post:
        return Post(title=title, body=body)

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body]

    def zeros(self) -> dict[str, Any]:
        names = ("IMPRESSION", "OUTBOUND_CLICK", "SAVE", "VIDEO_MRC_VIEW", "VIDEO_V50_WATCH_TIME", "TOTAL_COMMENTS")
        return dict.fromkeys(names, 0)

    def longest(self) -> Post:
        return Post(title="茶" * 100, body="茶é" * 400)


@contextmanager
def pinterest() -> Iterator[World]:
    with running(Pinterest()) as site:
        board = next(iter(site.boards))
        yield PinterestWorld(
            network="pinterest", site=site, kind="pinterest", account=board, part=SIZE, parted=False, pkce=False
        )
