"""Limits: how often somebody may do something, counted over all instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """At most `most` in any window of `seconds`; windows follow one another from the epoch on, for everybody alike.

    So in any `seconds` that are not a window up to twice as many can come.
    """

    name: str
    most: int
    seconds: int

    def window(self, at: float) -> int:
        """The number of the window in which a time lies; `at` in seconds since the epoch."""
        return int(at // self.seconds)

    def left(self, at: float) -> float:
        """Seconds until the next window begins."""
        return (self.window(at) + 1) * self.seconds - at


PER_ADDRESS = (Rule(name="address", most=60, seconds=60),)
PER_PERSON = (Rule(name="minute", most=30, seconds=60), Rule(name="hour", most=1000, seconds=3600))
PER_PLATFORM = (Rule(name="notices", most=600, seconds=60),)  # that tells what becomes of posts, from an address
UPLOADS = (Rule(name="uploads", most=10, seconds=60),)


class Limits(Protocol):
    def take(self, who: str, rules: tuple[Rule, ...]) -> float | None:
        """Count one. None when it is within all rules, else the seconds after which to come again.

        What is refused is not counted. It may ask a store, and so take as long as that does; raises Transient where
        that does not answer.
        """
