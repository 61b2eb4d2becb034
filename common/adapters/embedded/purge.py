"""Objects of the state folder taken away for good."""

from __future__ import annotations

from datetime import datetime

from common.ports.objects import Objects


class ObjectsPurge:
    """Of a store that keeps one version of each, and nothing of what was removed."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def count(self, prefix: str) -> int:
        return len(self._objects.list(prefix.rstrip("/")))

    def remove(self, prefix: str, *, most: int = 1000) -> int:
        found = self._objects.list(prefix.rstrip("/"))[:most]
        for key in found:
            self._objects.delete(key)
        return len(found)

    def lingers(self, prefix: str) -> datetime | None:
        return None
