"""Instagram and Facebook: Reels of one sign-in with Meta."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from common.domain.publication import Network, Post
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.meta import CAPTION, Meta, Page
from tests.standins.platforms.network import running


class MetaWorld(World):
    """One sign-in has several accounts, each with a token of its own."""

    site: Meta

    @property
    def owner(self) -> str:
        return "ann"

    def signed_in(self) -> str:
        return self.site.token_of(self.account)

    def whose(self, account: str) -> str:
        return self.site.page(account).id

    def another(self, n: int) -> str:
        """Its posts are as many as a test has time for: what a day's quota is is not told by the clock there."""
        page = Page(id=f"{5000 + n}", name=f"Ann {n}", username=f"ann{n}", instagram=f"{178_414_000_100_000 + n}")
        self.site.pages += (page,)
        self.site.quota = self.site.reels = 1_000_000
        return str(page.instagram if self.network == "instagram" else page.id)


class InstagramWorld(MetaWorld):
    def shown(self, post: Any) -> str:
        return str(post.made["caption"])

    def zeros(self) -> dict[str, Any]:
        names = ("views", "reach", "likes", "comments", "shares", "saved", "ig_reels_video_view_total_time")
        return dict.fromkeys(names, 0)

    def longest(self) -> Post:
        return Post(title="", body="\u8336" * (CAPTION - 1) + "a")


class FacebookWorld(MetaWorld):
    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def said(self) -> list[str]:
        made = self.last().made
        return [made.get("title", ""), made["description"]]

    def posting(self, title: str, body: str) -> Post:
        return Post(title=title, body=body)

    def texts(self, post: Post) -> list[str]:
        return [post.title, post.body]

    def zeros(self) -> dict[str, Any]:
        names = ("blue_reels_play_count", "post_impressions_unique", "post_video_view_time")
        return dict.fromkeys(names, 0)

    def longest(self) -> Post:
        return Post(title="\u8336" * 255, body="\u8336" * 63_206)


@contextmanager
def _world(world: type[MetaWorld], network: Network, account: str) -> Iterator[World]:
    """A file goes as one request, from the byte on that is there; a container is published once."""
    kind = f"{network}_reels"
    how: Any = {"late": False, "rotates": False, "parted": False}
    with running(Meta()) as site:
        yield world(network=network, site=site, kind=kind, account=account, part=0, **how)


def instagram() -> AbstractContextManager[World]:
    return _world(InstagramWorld, "instagram", "17841400000000001")


def facebook() -> AbstractContextManager[World]:
    return _world(FacebookWorld, "facebook", "1001")
