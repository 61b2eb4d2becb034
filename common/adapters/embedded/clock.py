"""A clock that runs from an anchor: all processes of one runner share it, and no step of the wall clock reaches it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from common.adapters.embedded import boot


class SteadyClock:
    """Wall time at the anchor plus the seconds the machine has run since."""

    def __init__(self, anchor: tuple[float, float] | None = None) -> None:
        self.anchor = anchor or (time.time(), boot.seconds())

    def now(self) -> datetime:
        wall, booted = self.anchor
        return datetime.fromtimestamp(wall, UTC) + timedelta(seconds=boot.seconds() - booted)
