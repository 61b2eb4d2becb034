"""LinkedIn: posted as a member."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from common.domain.publication import Post
from tests.contract.platforms.worlds.world import World
from tests.standins.platforms.linkedin import ANN, OF_MEMBERS, LinkedIn
from tests.standins.platforms.network import running


class LinkedInWorld(World):
    site: LinkedIn

    def shown(self, post: Any) -> str:
        return str(post.made["shown"])

    def another(self, n: int) -> str:
        account = f"urn:li:person:ann-{n + 1}"
        self.site.people[account] = f"Ann {n}"
        return account

    def zeros(self) -> dict[str, Any]:
        kinds = [kind for kinds in OF_MEMBERS.values() for kind in kinds]
        return dict.fromkeys(kinds, 0)

    def longest(self) -> Post:
        return Post(title="", body="(#茶_|)" * 500)


@contextmanager
def linkedin() -> Iterator[World]:
    with running(LinkedIn()) as site:
        how: dict[str, Any] = {"pkce": False, "rotates": False, "anew": None}
        yield LinkedInWorld(network="linkedin", site=site, kind="linkedin", account=ANN, part=4 << 20, **how)
