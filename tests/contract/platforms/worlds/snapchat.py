"""Snapchat: Spotlight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.network import running
from tests.standins.platforms.snapchat import ANN, Snapchat


class SnapchatWorld(World):
    site: Snapchat

    def shown(self, post: Any) -> str:
        return str(post.made["description"])

    def another(self, n: int) -> str:
        account = f"9c1d2b3a-0000-4000-8000-{n:012x}"
        self.site.people[account] = f"ann{n}"
        return account

    def zeros(self) -> dict[str, Any]:
        return {"SPOTLIGHT_VIEWS": 0}

    def longest(self) -> Post:
        return Post(title="", body="茶💸" * 80)


@contextmanager
def snapchat() -> Iterator[World]:
    with running(Snapchat()) as site:
        how: dict[str, Any] = {"parted": False, "judged": "at commit"}
        kind = "snapchat_spotlight"
        yield SnapchatWorld(network="snapchat", site=site, kind=kind, account=ANN, part=16 << 20, **how)
