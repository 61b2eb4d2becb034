"""Objects: bytes under a name, written once, whole or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.errors import BadInput

_SEGMENT = re.compile(r"[A-Za-z0-9@_=][A-Za-z0-9@._=-]{0,127}")


def check_key(key: str) -> str:
    """The key itself if it is one: slash-separated plain segments, none starting with a dot."""
    parts = key.split("/")
    if len(key) > 900 or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise BadInput(f"{key!r} is no object key; use letters, digits and @ . _ = - between slashes")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object that is there. `created` tells whether this call made it."""

    key: str
    sha256: str
    size: int
    created: bool = False


class Objects(Protocol):
    """The media bucket."""

    def put_new(self, key: str, content: bytes | Path) -> Stored:
        """Write an object that is not there yet; where one is, it stays and is returned: the first writer wins.

        A file given as content may be moved or linked, and must not be written to afterwards.
        """

    def stat(self, key: str) -> Stored | None:
        """The object's digest and size, or None."""

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises Permanent (code `no_object`) when there is none."""

    def part(self, key: str, start: int, size: int) -> bytes:
        """Bytes from `start` on, `size` of them or what there is. Raises Permanent (code `no_object`)."""

    def fetch(self, key: str, folder: Path) -> Path:
        """The object as a local, read-only file: in `folder`, or where it already lies."""

    def list(self, prefix: str) -> list[str]:
        """Keys below a prefix, sorted."""

    def delete(self, key: str) -> None:
        """Remove an object; a missing one is no error."""
