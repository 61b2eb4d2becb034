"""How somebody speaks: the pitch of the voice, how far it moves, and how fast syllables follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from common.domain.timebase import Span
from common.signals.sound import RATE, STEP, Floats, Read, shares

LOWEST, HIGHEST = 60, 500  # Hz, of a voice
_HOP, _FRAME = 320, 640  # samples: a pitch of 40 ms every 20 ms
_LONGEST = RATE // LOWEST + 2  # samples of one period, and neighbours to compare it with
_SHORTEST = RATE // HIGHEST
_AT_ONCE = 3000  # frames: a minute
_DULL = 8  # samples that are averaged: above 1 kHz a voice is breath and hiss
_DIP, _VOICED = 0.15, 0.3  # how much of a frame may differ from itself a period later: at a first dip, at the deepest

_GRAIN = 160  # samples: intensity is taken every 10 ms
_SMOOTH = 7  # grains: 70 ms, so that pulses of the voice are no syllables
_BELOW = 25.0  # dB under the loudest of a stretch: nuclei are louder
_DEPTH = 2.0  # dB of the dip before a nucleus
_AROUND = 3  # windows on either side that a rate is taken over, so 3.5 s
_LEAST = 1.0  # seconds of speech that a rate needs


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The voice over time: one pitch per 20 ms in Hz (NaN where there is none), and when syllables peak, in seconds."""

    pitch: Floats
    syllables: NDArray[np.float64]

    def windows(self, speech: Sequence[Span], count: int) -> tuple[list[float | None], list[float | None]]:
        """Of each of `count` windows of STEP: the median pitch in Hz, and syllables a second of speech around it."""
        size = int(RATE * STEP) // _HOP
        pitch: list[float | None] = []
        for n in range(count):
            here = self.pitch[n * size : (n + 1) * size]
            voiced = here[~np.isnan(here)]
            pitch.append(round(float(np.median(voiced)), 1) if len(voiced) >= size // 5 else None)
        spoken = np.concatenate(([0.0], np.cumsum(shares(speech, count), dtype=np.float64))) * float(STEP)
        rate: list[float | None] = []
        for n in range(count):
            a, b = max(0, n - _AROUND), min(count, n + _AROUND + 1)
            seconds = float(spoken[b] - spoken[a])
            inside = np.searchsorted(self.syllables, [a * float(STEP), b * float(STEP)])
            heard = spoken[n + 1] > spoken[n] and seconds >= _LEAST
            rate.append(round(int(inside[1] - inside[0]) / seconds, 2) if heard else None)
        return pitch, rate

    def summary(self, speech: Sequence[Span]) -> Summary:
        """Of some stretches of speech, or of all."""
        edges = [(float(span.start), float(span.end)) for span in speech]
        seconds = sum(b - a for a, b in edges)
        inside = sum(int(np.diff(np.searchsorted(self.syllables, edge))[0]) for edge in edges)
        parts = [self.pitch[int(a * RATE / _HOP) : int(b * RATE / _HOP)] for a, b in edges]
        voiced = np.concatenate([part[~np.isnan(part)] for part in parts] or [np.zeros(0, np.float32)])
        found: tuple[float | None, float | None] = (None, None)
        if len(voiced) >= 5:
            median = float(np.median(voiced))
            near = voiced[(voiced > median / 2) & (voiced < median * 2)]  # a period taken double is an octave off
            low, high = np.percentile(near, [5, 95])
            found = (round(median, 1), round(12 * float(np.log2(high / low)), 2))
        rate = round(inside / seconds, 2) if seconds >= _LEAST else None
        return Summary(pitch_hz=found[0], pitch_range_st=found[1], rate_per_s=rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Median pitch in Hz; from its 5th to its 95th percentile in semitones; syllables per second of speech."""

    pitch_hz: float | None
    pitch_range_st: float | None
    rate_per_s: float | None


class Follower:
    """Follows the voice of a sound of `length` samples through the stretches of speech it is given."""

    def __init__(self, length: int) -> None:
        self._pitch = np.full(-(-length // _HOP), np.nan, np.float32)
        self._syllables: list[NDArray[np.float64]] = []

    def hear(self, read: Read, speech: Span) -> Iterator[Fraction]:
        """Hear one stretch, later than those before, a minute at a time; yields how far it came, in seconds."""
        start, end = (int(at * RATE) // _HOP for at in (speech.start, speech.end))
        for first in range(start, min(end, len(self._pitch)), _AT_ONCE):
            last = min(first + _AT_ONCE, end, len(self._pitch))
            self._pitch[first:last] = pitches(_frames(read, first, last))
            margin = _SMOOTH * _GRAIN
            peaks = first * _HOP - margin + nuclei(read(first * _HOP - margin, last * _HOP + margin)) * RATE
            frames = (peaks // _HOP).astype(np.int64)
            own = [
                peak / RATE
                for peak, n in zip(peaks.tolist(), frames.tolist(), strict=True)
                if first <= n < last and not np.isnan(self._pitch[max(0, n - 1) : n + 2]).all()
            ]
            self._syllables.append(np.array(own, np.float64))
            yield Fraction(last * _HOP, RATE)

    def voice(self) -> Voice:
        """All that was heard."""
        return Voice(pitch=self._pitch, syllables=np.concatenate(self._syllables or [np.zeros(0)]))


def _frames(read: Read, first: int, last: int) -> Floats:
    """What the pitch of each frame is found in: 40 ms and one longest period, its middle in the middle of the hop."""
    before = (_FRAME + _LONGEST + _DULL - _HOP) // 2
    sound = read(first * _HOP - before, (last - 1) * _HOP - before + _FRAME + _LONGEST + _DULL)
    sums = np.cumsum(sound, dtype=np.int64)
    dull = ((sums[_DULL:] - sums[:-_DULL]) / _DULL).astype(np.float32)
    return sliding_window_view(dull, _FRAME + _LONGEST)[::_HOP]


def pitches(frames: Floats) -> Floats:
    """The pitch of each frame in Hz, NaN where it has none; (n, 640 + 268) samples at 16 kHz.

    YIN, steps 1 to 5: de Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music",
    JASA 111 (2002): the difference of the frame with itself a lag later, over the mean difference of all shorter
    lags; the first dip that goes below _DIP, or else the deepest if it is below _VOICED,
    refined by a parabola.
    """
    size = 1 << (frames.shape[1] - 1).bit_length()
    centred = frames - frames.mean(axis=1, keepdims=True)
    same = np.fft.irfft(
        np.fft.rfft(centred, size, axis=1) * np.conj(np.fft.rfft(centred[:, :_FRAME], size, axis=1)), axis=1
    )[:, :_LONGEST]
    squares = np.concatenate((np.zeros((len(frames), 1)), np.cumsum(np.square(centred, dtype=np.float64), axis=1)), 1)
    energy = squares[:, _FRAME : _FRAME + _LONGEST] - squares[:, :_LONGEST]
    difference = np.maximum(energy[:, :1] + energy - 2 * same, 0)
    lags = np.arange(1, _LONGEST)
    mean = np.cumsum(difference[:, 1:], axis=1) / lags
    share = np.ones_like(difference)
    np.divide(difference[:, 1:], mean, out=share[:, 1:], where=mean > 1.0)  # of digital silence there is no share
    inner = share[:, _SHORTEST : _LONGEST - 1]
    bottom = (inner <= share[:, _SHORTEST + 1 : _LONGEST]) & (inner <= share[:, _SHORTEST - 1 : -2])
    early = bottom & (inner < _DIP)
    first, deepest = early.argmax(axis=1), np.where(bottom, inner, 1.0).argmin(axis=1)
    at = np.where(early.any(axis=1), first, deepest) + _SHORTEST
    rows = np.arange(len(frames))
    before, here, after = share[rows, at - 1], share[rows, at], share[rows, at + 1]
    curve = before - 2 * here + after
    shift = np.where(curve > 1e-9, (before - after) / np.where(curve > 1e-9, 2 * curve, 1), 0)
    found = RATE / (at + np.clip(shift, -1, 1))
    return np.where((here < _VOICED) & (found >= LOWEST) & (found <= HIGHEST), found, np.nan).astype(np.float32)


def nuclei(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """When syllables peak, in seconds: peaks of intensity after a dip of at least _DEPTH dB.

    After de Jong and Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
    Research Methods 41 (2009); whether a peak is voiced, which they ask too, the caller knows.
    """
    grains = samples[: len(samples) // _GRAIN * _GRAIN].reshape(-1, _GRAIN).astype(np.float64)
    if len(grains) < _SMOOTH:
        return np.zeros(0)
    shape = np.hanning(_SMOOTH + 2)[1:-1]
    level = 10 * np.log10(np.convolve(np.square(grains).mean(axis=1), shape / shape.sum(), "same") + 1e-3)
    least = float(np.percentile(level, 95)) - _BELOW
    turns = np.flatnonzero(np.diff(np.sign(np.diff(level)))) + 1
    found: list[int] = []
    lowest = float(level[0])  # since the last nucleus
    for n in turns.tolist():
        here = float(level[n])
        rising = level[n] >= level[n - 1]
        if rising and found and here - lowest < _DEPTH:
            if here > level[found[-1]]:  # the same syllable goes on to its peak
                found[-1], lowest = n, here
        elif rising and here >= least and here - lowest >= _DEPTH:
            found.append(n)
            lowest = here
        lowest = min(lowest, here)
    return (np.array(found, np.float64) + 0.5) * _GRAIN / RATE
