"""What half a second of sound is: speech, music, both, noise or silence; and how strong.

Where somebody speaks is a model's to say. Music is known by what speech and noise lack, after Scheirer and Slaney,
"Construction and evaluation of a robust multifeature speech/music discriminator" (ICASSP 1997), who tell the two apart
by how steady the spectrum is and by a pulse. The rule:

- steady: partials stay where they are. Each spectrum, whitened, is compared with the one 160 ms later; the mean
  correlation of the 3 s around is 0 for noise, up to 0.1 for speech, whose pitch glides, and 0.2 to 0.5 for music.
- hum does not count: what is as steady over 3 s as it is over 160 ms is a mains tone or a fan, not a tune.
- pulse: the onsets of the 8 s around come at even distances (0.28 to 1.5 s). It finds drums, which have no partials.
  A clap or a bird that repeats can pass for them; it counts where nobody speaks.

Thresholds were set on 13 pieces of music, 24 recordings of speech and 6 of noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from common.domain.timebase import Span

RATE = 16_000  # Hz, of the samples
STEP = Fraction(1, 2)  # seconds of one window
LOWEST = -100.0  # dBFS of digital silence

Read = Callable[[int, int], NDArray[np.int16]]  # samples from the first to before the last; zeros outside the sound
Floats = NDArray[np.float32]
Kind = Literal["speech", "music", "both", "noise", "silence"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_WINDOW = int(RATE * STEP)
_HOP, _FRAME = 640, 2048  # samples: a spectrum of 128 ms every 40 ms
_AT_ONCE = 120  # windows: a minute
_AROUND = 100  # frames: 4 s of context on either side
_NEAR = 37  # frames: 1.5 s on either side
_LAG = 4  # frames: 160 ms, past which two spectra share little sound
_LONG_LAGS = (64, 89)  # frames: 2.56 and 3.56 s; two, as a tune may come round after one of them
_LOW, _HIGH = 8, 520  # bins: 62 Hz to 4 kHz
_SMOOTH = 13  # bins: 100 Hz, the width of what whitening takes away
_BEATS = range(7, 38)  # frames between two beats
_RANGE = 30.0  # dB; frames that much below the loudest around say nothing of it

_STEADY, _STEADY_WIDTH = 0.135, 0.03  # where music is as likely as not, and how fast that changes
_UNDER = 0.135  # of `under`, where somebody speaks, whose own vowels are steady
_PULSE, _PULSE_WIDTH = 0.42, 0.04
_HUM = 0.85  # share of the steadiness that is left after 3 s
_WITHOUT_MODEL = 0.5  # what a guess of speech is worth at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """One value per window of STEP from zero, (n,) float32."""

    energy: Floats  # dBFS of the mean power
    steady: Floats  # correlation of whitened spectra 160 ms apart, -1 to 1
    held: Floats  # the same some 3 s apart
    under: Floats  # `steady` of the quieter half of frames: what goes on beneath a voice
    pulse: Floats  # how evenly onsets come, -1 to 1

    @classmethod
    def joined(cls, parts: Sequence[Windows]) -> Windows:
        """Windows that follow each other."""
        empty = [np.zeros(0, np.float32)]
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts] or empty) for f in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of one kind; `confidence` 0 to 1."""

    kind: Kind
    start: Fraction
    end: Fraction
    confidence: float

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def windows(read: Read, length: int) -> Iterator[Windows]:
    """Measure the whole windows of `length` samples (and the last piece), a minute at a time.

    A window's values depend on the sound up to 8 s around it alone, not on where the minutes begin.
    """
    count = -(-length // _WINDOW)
    for first in range(0, count, _AT_ONCE):
        yield _measured(read, first, min(count, first + _AT_ONCE), length)


def _measured(read: Read, first: int, last: int, length: int) -> Windows:
    frames = range(first * _WINDOW // _HOP - _AROUND, -(-last * _WINDOW // _HOP) + _AROUND + _LONG_LAGS[-1])
    frames = range(max(0, frames.start), min(-(-length // _HOP), frames.stop))
    middle = _FRAME // 2 - _HOP // 2
    sound = read(frames.start * _HOP - middle, (frames.stop - 1) * _HOP - middle + _FRAME).astype(
        np.float32
    ) / np.float32(32768)
    power, white, onsets = _spectra(sound)
    steady, later = _alike(white, _LAG), [_alike(white, lag) for lag in _LONG_LAGS]
    found = Windows(**{f.name: np.full(last - first, 0, np.float32) for f in fields(Windows)})
    own = read(first * _WINDOW, last * _WINDOW).astype(np.float32).reshape(-1, _WINDOW) / 32768
    full = np.minimum(_WINDOW, length - np.arange(first, last) * _WINDOW)
    found.energy[:] = _decibels(np.square(own).sum(axis=1) / full)
    for n in range(last - first):
        at = int((first + n + 0.5) * _WINDOW / _HOP) - frames.start
        near = slice(max(0, at - _NEAR), at + _NEAR)
        level = _decibels(power[near])
        loud = level > max(level.max(initial=LOWEST) - _RANGE, LOWEST)
        if loud.any():
            found.steady[n] = steady[near][loud].mean()
            found.held[n] = min(held[near][loud].mean() for held in later)
            found.under[n] = steady[near][loud & (level <= np.median(level[loud]))].mean()
        found.pulse[n] = _pulse(onsets[max(0, at - _AROUND) : at + _AROUND])
    return found


def _spectra(sound: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each frame: its power, its whitened spectrum (of length 1, mean 0), and how much it rises over the last."""
    shape = np.hanning(_FRAME).astype(np.float32)
    frames = sliding_window_view(sound, _FRAME)[::_HOP] * shape
    spectrum = np.square(np.abs(np.fft.rfft(frames, axis=1))).astype(np.float32)
    power = spectrum.sum(axis=1) * np.float32(2 / (_FRAME * np.square(shape).sum()))
    logs = np.log(spectrum[:, _LOW:_HIGH] + np.float32(1e-9))
    sums = np.cumsum(np.pad(logs, ((0, 0), (_SMOOTH // 2 + 1, _SMOOTH // 2)), mode="edge"), axis=1, dtype=np.float64)
    white = np.maximum(logs - (sums[:, _SMOOTH:] - sums[:, :-_SMOOTH]) / _SMOOTH, -2)
    white -= white.mean(axis=1, keepdims=True)
    white /= np.sqrt(np.square(white).sum(axis=1, keepdims=True)) + 1e-9
    bands = 10 * np.log10(np.add.reduceat(spectrum, _mel_bins(), axis=1)[:, :-1] + np.float32(1e-7))
    onsets = np.zeros(len(bands), np.float32)
    onsets[1:] = np.maximum(0, np.diff(bands, axis=0)).mean(axis=1)
    return power, white.astype(np.float32), onsets


def _mel_bins() -> NDArray[np.int64]:
    """The first bins of 21 bands of equal width in mel from 60 Hz to 7 kHz, and the end of the last."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7000 / 700), 22)
    return np.unique(np.round(700 * (10 ** (mel / 2595) - 1) * _FRAME / RATE).astype(np.int64))


def _alike(white: Floats, lag: int) -> Floats:
    """Correlation of each frame with the one `lag` frames later, at the end with the one before; 0 where none is."""
    count = len(white) - lag
    if count <= 0:
        return np.zeros(len(white), np.float32)
    found = np.einsum("ij,ij->i", white[:-lag], white[lag:])
    at = np.arange(len(white))
    return np.asarray(found[np.where(at < count, at, np.maximum(at - lag, 0))], np.float32)


def _pulse(onsets: Floats) -> float:
    """The best mean of the autocorrelation of onsets at a distance and at twice that distance."""
    if len(onsets) < 2 * _BEATS.stop:
        return 0.0
    centred = onsets - onsets.mean()
    spectrum = np.square(np.abs(np.fft.rfft(centred, 512)))
    most = 2 * _BEATS.stop + 1
    same = np.fft.irfft(spectrum)[:most] * len(onsets) / (len(onsets) - np.arange(most))
    if same[0] < 1e-6:
        return 0.0
    same /= same[0]
    return float(max((same[n] + same[2 * n - 1 : 2 * n + 2].max()) / 2 for n in _BEATS))


def kinds(
    measured: Windows, silences: Sequence[Span], speech: Sequence[Span] | None, *, duration: Fraction
) -> list[Stretch]:
    """The kinds of the whole sound, in order, without gaps, equal neighbours as one; see the rule above.

    A window is silent or spoken where at least half of it is. Without `speech`, all that is neither silent nor music
    is taken for speech, half sure at most.
    """
    count = len(measured.energy)
    silent = shares(silences, count) >= 0.5
    silent |= measured.energy <= LOWEST
    spoken = np.zeros(count, np.float32) if speech is None else shares(speech, count)
    music = _music(measured, ~silent if speech is None else spoken >= 0.5, known=speech is not None)
    found: list[Stretch] = []
    weights: list[float] = []
    for n in range(count):
        kind, sure = _kind(bool(silent[n]), None if speech is None else float(spoken[n]), float(music[n]))
        start, end = n * STEP, min((n + 1) * STEP, duration)
        if end <= start:
            break
        if found and found[-1].kind == kind:
            weights[-1] += 1
            mean = found[-1].confidence + (sure - found[-1].confidence) / weights[-1]
            found[-1] = Stretch(kind=kind, start=found[-1].start, end=end, confidence=mean)
        else:
            found.append(Stretch(kind=kind, start=start, end=end, confidence=sure))
            weights.append(1)
    return found


def _kind(silent: bool, spoken: float | None, music: float) -> tuple[Kind, float]:
    if spoken is None:
        spoken_here, share = not silent and music < 0.5, min(_WITHOUT_MODEL, 1 - music)
    else:
        spoken_here, share = spoken >= 0.5, spoken
    if spoken_here:
        return ("both", min(share, music)) if music >= 0.5 else ("speech", min(share, 1 - music))
    if silent:
        return "silence", 1.0
    return ("music", music) if music >= 0.5 else ("noise", 1 - music)


def _music(measured: Windows, spoken: NDArray[np.bool_], *, known: bool) -> NDArray[np.float64]:
    """How likely each window holds music, 0 to 1."""
    steady = _chance((np.where(spoken, measured.under - _UNDER, measured.steady - _STEADY)) / _STEADY_WIDTH)
    hum = (measured.held > _HUM * measured.steady) & (measured.pulse < _PULSE)
    beat = np.where(spoken & known, 0.0, _chance((measured.pulse - _PULSE) / _PULSE_WIDTH))
    return np.asarray(np.maximum(np.where(hum, 0.0, steady), beat), np.float64)


def _chance(x: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float64)


def shares(spans: Sequence[Span], count: int) -> NDArray[np.float32]:
    """The share of each of `count` windows that lies in spans, which are in order and apart."""
    edges = np.array([[float(span.start / STEP), float(span.end / STEP)] for span in spans]).reshape(-1, 2)
    before = np.concatenate(([0.0], np.cumsum(edges[:, 1] - edges[:, 0])))
    at = np.arange(count + 1, dtype=np.float64)
    inside = np.searchsorted(edges[:, 0], at, side="right")  # spans begun
    open_ = np.maximum(0, edges[np.maximum(inside - 1, 0), 1] - at) * (inside > 0) if len(edges) else 0.0
    return np.asarray(np.diff(before[inside] - open_), np.float32)


def _decibels(power: Floats) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-10)), np.float32)
