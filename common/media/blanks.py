"""Where a picture shows nothing, or stands still."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.timebase import Span

BLACK = 0.01  # of relative luminance: a pixel below it is black
MOSTLY = 0.98  # of the pixels: a picture with so many black ones is black
STILL = 0.5  # of 255, on average: frames that differ by less show the same; coding alone changes a picture as much
BRIEFEST = Fraction(1, 2)  # seconds: shorter stretches are nothing anybody would mind


class BlankMeter:
    """Fed frame by frame with relative luminance (h, w) and with the picture itself (h, w, 3), both small."""

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        self._frames = 0
        self._black = _Runs()
        self._frozen = _Runs()
        self._shown: NDArray[np.int16] | None = None  # the frame since which nothing changed

    def add(self, luminance: NDArray[np.float32], picture: NDArray[np.uint8]) -> None:
        """The next frame."""
        self._black.add(self._frames, float((luminance < BLACK).mean()) >= MOSTLY)
        now = picture.astype(np.int16)
        same = self._shown is not None and float(np.abs(now - self._shown).mean()) < STILL
        self._frozen.add(self._frames, same)
        if not same:
            self._shown = now
        self._frames += 1

    def black(self) -> tuple[Span, ...]:
        return self._black.spans(self._frames, self._rate, before=0)

    def frozen(self) -> tuple[Span, ...]:
        """Each from the first of the frames that are the same."""
        return self._frozen.spans(self._frames, self._rate, before=1)


class _Runs:
    """Frames in a row of which something holds."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int | None]] = []
        self._open = False

    def add(self, n: int, holds: bool) -> None:
        if holds and not self._open:
            self._found.append((n, None))
        elif self._open and not holds:
            self._found[-1] = self._found[-1][0], n
        self._open = holds

    def spans(self, frames: int, rate: Fraction, *, before: int) -> tuple[Span, ...]:
        """In seconds, each begun `before` frames earlier; those that are too brief are left out."""
        found = [Span((first - before) / rate, (frames if end is None else end) / rate) for first, end in self._found]
        return tuple(span for span in found if span.duration >= BRIEFEST)
