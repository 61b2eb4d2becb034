"""Wakes: tell somebody that a run is to be worked on, or has ended. They may be lost, doubled or late."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What is to be done for a run next. It names the run and where it belongs; whoever gets it reads the truth."""

    run: str  # key of its document
    stage: str
    place: Literal["in_place", "task", "pool"]
    image: Literal["light", "media", "gpu"]
    timeout_s: float  # of its stage
    attempt: int  # how often it was claimed
    wake: int  # how often it was woken again since it was planned
    trace: str | None = None  # W3C traceparent of its flow

    @property
    def name(self) -> str:
        """The same for the same errand: sent twice it is one, and one that was lost is sent again as another."""
        return hashlib.sha256(f"{self.run}\n{self.attempt}\n{self.wake}".encode()).hexdigest()


class Wake(Protocol):
    def work(self, errand: Errand, at: datetime) -> None:
        """Somebody should execute this run, not before `at`."""

    def ended(self, run: str, *, trace: str | None = None) -> None:
        """This run, by its key, is done, failed or skipped: somebody should plan what comes after."""
