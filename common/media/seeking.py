"""Where to begin to decode for a clip: near it where that works, else further ahead, at last from the file's start."""

from __future__ import annotations

from fractions import Fraction

AHEAD = (Fraction(2), Fraction(20))  # seconds before the clip; failing these, from the file's start


class TooLate(Exception):
    """Decoding began behind the first frame or sample wanted."""


def tries(start: Fraction) -> tuple[Fraction | None, ...]:
    """Seconds since zero to seek to, one after the other; None is the file's start."""
    return (*(start - ahead for ahead in AHEAD if start > ahead), None)
