"""Sources: the bytes that somebody brought, where they were brought."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from common.domain.asset import Source


class Sources(Protocol):
    def fetch(self, location: str, source: Source, scratch: Path) -> Path:
        """The bytes at `location` as a read-only file below `scratch`, under a plain name.

        No stranger's file name reaches a tool or a library. Raises Permanent (code `source_gone` or
        `source_changed`) where they are not those of `source` any more.
        """
