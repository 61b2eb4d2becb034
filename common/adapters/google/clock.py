"""Time in the cloud: the machine's, which Google keeps right."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class WallClock:
    """The wall clock, held still where it would step back. Not counted from an anchor: instances are frozen."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Aware UTC."""
        with self._lock:
            self._last = max(self._last, datetime.now(UTC))
            return self._last
