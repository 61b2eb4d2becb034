"""What is known of the picture and the sound, and its means over any span, at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from common.domain.shot import Shot
from common.domain.timebase import Span


class Curve:
    """A value per step from `start` on, None where nothing is known; means over spans by prefix sums."""

    def __init__(self, values: Sequence[float | None], *, start: Fraction, step: Fraction) -> None:
        self._start, self._step, self.values = start, step, values
        self._sums = [0.0, *accumulate(value or 0.0 for value in values)]
        self._known = [0, *accumulate(value is not None for value in values)]

    def mean(self, span: Span) -> float | None:
        """Over the steps that begin in the span; None where none is known."""
        low = min(max(math.ceil((span.start - self._start) / self._step), 0), len(self.values))
        high = min(max(math.ceil((span.end - self._start) / self._step), low), len(self.values))
        known = self._known[high] - self._known[low]
        return (self._sums[high] - self._sums[low]) / known if known else None

    def lowest(self, span: Span) -> Fraction | None:
        """When, within a span, the value is least; None where none is known."""
        low = max(math.ceil((span.start - self._start) / self._step), 0)
        high = min(math.ceil((span.end - self._start) / self._step), len(self.values))
        known = [(value, n) for n in range(low, high) if (value := self.values[n]) is not None]
        return self._start + min(known)[1] * self._step if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """All but the words. `loudness` is momentary LUFS, None for a file without sound."""

    duration: Fraction
    shots: tuple[Shot, ...]
    motion: Curve
    brightness: Curve
    black: tuple[Span, ...]
    frozen: tuple[Span, ...]
    loudness: Curve | None

    def dead(self, span: Span) -> float:
        """The share of a span that is black or stands still."""
        if not span.duration:
            return 0.0
        lost = sum(span.overlap(other) for other in (*self.black, *self.frozen))
        return min(1.0, float(lost / span.duration))

    def cuts(self, span: Span) -> int:
        """How many shots begin inside."""
        return sum(1 for shot in self.shots if span.start < shot.span.start < span.end)

    def energy(self, span: Span) -> float | None:
        """How loud a span is against the whole file: 0.5 as loud, 1 at 6 dB more, 0 at 6 dB less."""
        if self.loudness is None:
            return None
        whole = self.loudness.mean(Span(Fraction(0), self.duration))
        here = self.loudness.mean(span)
        if whole is None or here is None:
            return None
        return min(1.0, max(0.0, 0.5 + (here - whole) / 12))
