"""Exact time inside a video.

Zero is the first instant of the file: the smallest start of the streams Cutroom uses.
Times are `Fraction` seconds, so a frame edge compares equal to itself whatever the frame rate.
Outside (result.json) they are decimal seconds with six places.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of video time, `start <= t < end`, in seconds."""

    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span cannot end ({self.end}) before it starts ({self.start})")

    @property
    def duration(self) -> Fraction:
        return self.end - self.start

    def overlap(self, other: Span) -> Fraction:
        """Seconds both spans share, 0 when they do not meet."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))

    def contains(self, t: Fraction) -> bool:
        return self.start <= t < self.end


def rational(text: str | None) -> Fraction | None:
    """Read ffprobe's `30000/1001` or `12.5`; None for an absent, zero-denominator, non-finite or overlong value."""
    if not text or len(text) > 40 or "e" in text.lower():  # 1e999999999 would fill the memory
        return None
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def decimal(seconds: Fraction) -> float:
    """Seconds as people and JSON read them: six decimal places."""
    return round(float(seconds), 6)


def clock(seconds: Fraction | float) -> str:
    """`1:02:03` or `2:03`, whole seconds, for people."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"
