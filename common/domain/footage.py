"""What is known of the picture and the sound, and its means over any span, at once."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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

    def known(self, span: Span) -> list[float]:
        """The known values of the steps that begin in the span."""
        low = max(math.ceil((span.start - self._start) / self._step), 0)
        high = max(math.ceil((span.end - self._start) / self._step), low)
        return [value for value in self.values[low:high] if value is not None]

    def lowest(self, span: Span) -> Fraction | None:
        """When, within a span, the value is least; None where none is known."""
        low = max(math.ceil((span.start - self._start) / self._step), 0)
        high = min(math.ceil((span.end - self._start) / self._step), len(self.values))
        known = [(value, n) for n in range(low, high) if (value := self.values[n]) is not None]
        return self._start + min(known)[1] * self._step if known else None


class Cover:
    """What several spans cover together; how much of any other span that is, at once."""

    def __init__(self, spans: Iterable[Span]) -> None:
        starts: list[float] = []
        ends: list[float] = []
        for span in sorted(spans):
            if ends and span.start <= ends[-1]:
                ends[-1] = max(ends[-1], float(span.end))
            else:
                starts.append(float(span.start))
                ends.append(float(span.end))
        self._starts, self._ends = starts, ends
        self._sums = [0.0, *accumulate(end - start for start, end in zip(starts, ends, strict=True))]

    def share(self, span: Span) -> float:
        """Of a span, 0 to 1."""
        if not span.duration:
            return 0.0
        covered = self._until(float(span.end)) - self._until(float(span.start))
        return min(1.0, max(0.0, covered / float(span.duration)))

    def _until(self, t: float) -> float:
        n = bisect_left(self._starts, t)
        return self._sums[n] - max(0.0, self._ends[n - 1] - t) if n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """All but the words. `loudness` is momentary LUFS, None for a file without sound."""

    duration: Fraction
    shots: tuple[Shot, ...]  # in order of time
    motion: Curve
    brightness: Curve
    black: tuple[Span, ...]
    frozen: tuple[Span, ...]
    loudness: Curve | None
    _starts: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _dead: Cover = field(init=False, repr=False, compare=False)
    _usual: float | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Hours hold thousands of candidates and shots: what each candidate asks for is prepared once.
        object.__setattr__(self, "_starts", tuple(float(shot.span.start) for shot in self.shots))
        object.__setattr__(self, "_dead", Cover((*self.black, *self.frozen)))
        usual = self.loudness.mean(Span(Fraction(0), self.duration)) if self.loudness else None
        object.__setattr__(self, "_usual", usual)

    def dead(self, span: Span) -> float:
        """The share of a span that is black or stands still."""
        return self._dead.share(span)

    def cuts(self, span: Span) -> int:
        """How many shots begin inside."""
        first = bisect_right(self._starts, float(span.start))
        return max(0, bisect_left(self._starts, float(span.end)) - first)

    def energy(self, span: Span) -> float | None:
        """How loud a span is against the whole file: 0.5 as loud, 1 at 6 dB more, 0 at 6 dB less."""
        here = self.loudness.mean(span) if self.loudness else None
        if self._usual is None or here is None:
            return None
        return min(1.0, max(0.0, 0.5 + (here - self._usual) / 12))
