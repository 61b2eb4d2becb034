"""Notices: what a platform tells by itself. One only says where to look, now: what is so is read from the platform.

So a notice that is lost, late, doubled or made up changes nothing but when something is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.ports.platforms import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """As it came. `subscription` is what stands at the end of the address it came to, "" where one address serves all;
    `signature` the header by which the platform proves that it is its own.
    """

    subscription: str
    signature: str
    content: bytes
    came: datetime


class Herald(Protocol):
    """What hears the notices of one platform."""

    def claimed(self, notice: Notice) -> Sequence[str]:
        """What it says that it is about, by the ids that publications are found by (`handle`): as far as that shows
        without a secret, for whoever has none. Raises Unauthorized, BadInput where `heard` would for any app.
        """

    def heard(self, app: App, notice: Notice) -> Sequence[str]:
        """What was claimed, once it is proven. Raises Unauthorized where it is not the platform's, BadInput where
        nothing can be read from it.
        """

    def topic(self, account: str) -> str | None:
        """What is subscribed to, to be told of an account; None where the platform tells of all by itself."""

    def subscribe(self, app: App, account: str, subscription: str, address: str) -> float:
        """Ask the platform to tell of an account at an address; for how many seconds. It then asks back at that
        address whether that is meant. Raises PlatformSaid, Unreachable.
        """
