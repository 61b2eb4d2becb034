"""Time, as the engine sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Steady: never steps back within one life of the runner, whatever happens to the machine's clock."""

    def now(self) -> datetime:
        """Aware UTC."""


def stamp(at: datetime) -> str:
    """A time as documents hold it: ISO 8601 with milliseconds, so that text order is time order."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def parse(text: str) -> datetime:
    """The time `stamp` wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
