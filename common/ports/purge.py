"""Purge: take bytes away for good, whatever versions of them a store keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Purge(Protocol):
    """One store, whose names begin with `t/TENANT/`. A prefix ends in a slash."""

    def count(self, prefix: str) -> int:
        """How many there are, each version for itself; what was removed and can be restored for a while is not one."""

    def remove(self, prefix: str, *, most: int = 1000) -> int:
        """Remove so many; how many that were. 0: nothing is left."""

    def lingers(self, prefix: str) -> datetime | None:
        """Until when the store itself could still restore something that was removed; None where nothing is."""
