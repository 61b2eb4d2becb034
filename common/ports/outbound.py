"""Outbound: requests to addresses that people gave us, of which any may be meant to reach what only we can reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server said. Names of headers are in lower case; of the body no more is read than was to be."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A reply whose body is still to come: `blocks` gives it once, as it comes.

    Iterating raises Unreachable where it is cut off or too slow, and Refused where it is too much.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]


class Outbound(Protocol):
    """Addresses are https alone, to a name of the public internet, and no redirect leads anywhere else.

    All raise Refused (for good; the text says why) and Unreachable (try again later).
    """

    def check(self, address: str) -> str:
        """The address as it will be asked, so far as that can be told without asking anybody."""

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_s: float = 10.0,
        most_bytes: int = 16 << 10,
    ) -> Reply:
        """Send once; a redirect is a reply like any other. Of the reply's body `most_bytes` are read."""

    def fetch(
        self,
        address: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float,
        most_bytes: int,
    ) -> AbstractContextManager[Coming]:
        """Ask for what is there, as it is (never compressed), following a few redirects.

        `headers` may name a Range; what may be a secret goes to the first host alone. `timeout_s` is for all of it.
        """
