"""Where a sound was recorded or exported too loud: its peaks are cut flat at full scale."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.timebase import Span

STEP = Fraction(1, 2)  # seconds of one window
FULL = 32_735  # of 32,768: 0.999 of full scale
AUDIBLE = 0.001  # share of a window's samples from which it is listed
_RUN = 3  # equal samples at full scale in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipping:
    """`share` of all samples that lie on flat peaks; `spans` where it is at least AUDIBLE, in windows of STEP."""

    share: float
    spans: tuple[Span, ...]


class ClipMeter:
    """Counts samples on flat peaks: _RUN or more in a row at FULL or beyond, all of one value.

    To be fed at the rate and with the channels of the source, as integers: a resampler or a mix bends a flat peak, and
    a decoder's values beyond full scale are cut where they become integers, as they are when played. Not seen is a
    peak that was cut and then turned down, or that a coder bent: AAC leaves a hundredth of them flat, MP3 often none.
    """

    def __init__(self, rate: int, channels: int) -> None:
        self._rate = rate
        self._window = round(rate * STEP)
        self._channels = channels
        self._tail = np.zeros((0, channels), np.int16)
        self._open = np.zeros((1, channels), bool)  # whether the last sample seen lies on a flat peak
        self._seen = 0
        self._counts = np.zeros(0, np.int64)

    def add(self, samples: NDArray[np.int16]) -> None:
        """Measure the next samples, (n, channels)."""
        joined = np.concatenate((self._tail, samples))
        first = self._seen - len(self._tail)
        self._seen += len(samples)
        self._tail = joined[-(_RUN - 1) :].copy()
        if len(joined) < _RUN:
            return
        if joined.max() < FULL and joined.min() > -FULL:
            self._open = np.zeros((1, self._channels), bool)
            return
        loud = (joined >= FULL) | (joined <= -FULL)
        third = loud[2:] & (joined[2:] == joined[1:-1]) & (joined[1:-1] == joined[:-2])
        begins = third & ~np.concatenate((self._open, third[:-1]))  # with it, the two before it are flat too
        self._open = third[-1:].copy()
        each = third.sum(axis=1) + (_RUN - 1) * begins.sum(axis=1)
        at = np.flatnonzero(each)
        if len(at):
            counts = np.bincount((at + first + 2) // self._window, weights=each[at]).astype(np.int64)
            self._counts = np.pad(self._counts, (0, max(0, len(counts) - len(self._counts))))
            self._counts[: len(counts)] += counts

    def found(self, *, start: Fraction) -> Clipping:
        """All that was counted, of a sound that begins at `start`."""
        if not self._seen:
            return Clipping(share=0.0, spans=())
        end = start + Fraction(self._seen, self._rate)
        spans: list[Span] = []
        for n in np.flatnonzero(self._counts >= AUDIBLE * self._window * self._channels).tolist():
            a, b = start + n * STEP, min(end, start + (n + 1) * STEP)
            spans.append(Span(spans.pop().start if spans and spans[-1].end == a else a, b))
        return Clipping(share=int(self._counts.sum()) / (self._seen * self._channels), spans=tuple(spans))
