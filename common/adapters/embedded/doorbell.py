"""Wakes on one machine: truth is in the documents, so a wake only says "look now"."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime

from common.ports.wake import Errand


class Doorbell:
    """Rung by whoever has news in this process; the runner sleeps on it and asks what ended."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._ended: deque[str] = deque()

    def work(self, errand: Errand, at: datetime) -> None:
        self._rung.set()

    def ended(self, run: str, *, trace: str | None = None) -> None:
        self._ended.append(run)
        self._rung.set()

    def announced(self) -> list[str]:
        """Runs that ended since the last call."""
        found = []
        while self._ended:
            found.append(self._ended.popleft())
        return found

    def wait(self, seconds: float) -> bool:
        """Sleep until rung, or the time is over: then False."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung

    def ring(self) -> None:
        self._rung.set()


class NoBell:
    """For a worker process: its runner sees it end, and looks."""

    def work(self, errand: Errand, at: datetime) -> None:
        """The runner finds it by `due`."""

    def ended(self, run: str, *, trace: str | None = None) -> None:
        """The runner sees this process end."""
