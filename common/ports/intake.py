"""Intake: bytes that we fetch ourselves, put where people bring theirs; what begins then begins for both alike."""

from __future__ import annotations

from typing import Protocol

QUANTUM = 256 << 10  # bytes, of which every part but the last is a multiple


class Intake(Protocol):
    """A file comes in parts that are taken up again by the token of its session, which is a secret, for a week."""

    def begin(self, name: str, *, most_bytes: int) -> str | None:
        """A session for a file that is not there yet; None where it is there, whole."""

    def came(self, session: str) -> int | None:
        """How many bytes are there; None where it is whole. Raises NotFound where there is no such session any more."""

    def add(self, session: str, at: int, part: bytes, *, last: bool) -> int:
        """Add what comes at an offset; how many bytes are there then. With the last part the file is whole.

        Done twice it is done once. Raises NotFound as `came` does.
        """
