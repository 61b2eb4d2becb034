"""When posts go out: weekly times of a channel in its own time zone, and periods in which nothing does.

A local time that a clock skips in spring is taken by the offset before (02:30 becomes 03:30), and of one that comes
twice in autumn the first: as RFC 5545 (3.3.5) has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from common.errors import BadInput

FARTHEST = timedelta(days=366)  # that is looked ahead for a free time
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A time of each week. `day` 0 is Monday, `time` as "18:30". `kind`: of content, such as tip; for people."""

    day: int
    time: str
    topic: str | None = None
    kind: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """In which nothing goes out by itself. `end` is not in it."""

    start: datetime
    end: datetime
    why: str


def zone_of(name: str) -> ZoneInfo:
    """Raises BadInput where there is none of this name."""
    if name not in _zones():
        raise BadInput(f"there is no time zone {name[:60]!r}; name one such as Europe/Berlin")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput(f"there is no time zone {name[:60]!r}; name one such as Europe/Berlin") from error


def instant(local: datetime, zone: str) -> datetime:
    """In UTC, of a time as a clock in the zone shows it."""
    return local.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)


def occurrences(slots: Sequence[Slot], zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, Slot]]:
    """Each time from `start` on and before `end`, in order; of two at one instant the one of more priority."""
    place = zone_of(zone)
    day = (start.astimezone(place) - timedelta(days=1)).date()
    last: datetime | None = None
    while True:
        today = [slot for slot in slots if slot.day == day.weekday()]
        found = [(instant(datetime.combine(day, time.fromisoformat(slot.time)), zone), slot) for slot in today]
        for at, slot in sorted(found, key=lambda one: (one[0], -one[1].priority)):
            if at >= end:
                return
            if at >= start and at != last:
                last = at
                yield at, slot
        if datetime.combine(day, time.min, UTC) > end + timedelta(days=2):
            return
        day += timedelta(days=1)


def pausing(at: datetime, pauses: Sequence[Pause]) -> Pause | None:
    return next((one for one in pauses if one.start <= at < one.end), None)


def following(
    slots: Sequence[Slot], zone: str, after: datetime, taken: Collection[datetime], pauses: Sequence[Pause]
) -> tuple[datetime, Slot] | None:
    """The first time after this one that is free; None within a year."""
    for at, slot in occurrences(slots, zone, after, after + FARTHEST):
        if at > after and at not in taken and pausing(at, pauses) is None:
            return at, slot
    return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
