"""Wakes: tell somebody that a run is to be worked on, or has ended. They may be lost, doubled or late."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Wake(Protocol):
    """A message carries a run's key and nothing else: whoever gets it reads the truth."""

    def work(self, run: str, at: datetime) -> None:
        """Somebody should execute this run, not before `at`."""

    def ended(self, run: str) -> None:
        """This run is done, failed or skipped: somebody should plan what comes after."""
