"""Shots, black and frozen spans, and activity over time: what per-frame measures say of a whole video."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.domain.shot import Shot
from common.domain.timebase import Span
from common.scoring import boundaries
from common.scoring.gradual import runs

LEAST = Fraction(1, 2)  # seconds that black or a standing picture lasts before it is worth telling
STEP = Fraction(1, 2)  # seconds of one value of activity
BLACK = 0.98  # share of black pixels of a black frame
STILL = 1.0  # change of the block that changed most, in steps of 255, up to which a frame repeats the one before
DRIFT = 10  # steps of 255 by which any block of a standing picture may have moved from its first frame to its last
MOSTLY = 0.9  # share of its frames that makes a shot black or frozen

Values = list[float | None]


class Measured(boundaries.Measured, Protocol):
    """Per-frame arrays, as common.signals.picture.Measures has them."""

    @property
    def motion(self) -> NDArray[np.float32]: ...
    @property
    def peak(self) -> NDArray[np.float32]: ...
    @property
    def brightness(self) -> NDArray[np.float32]: ...
    @property
    def dark(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When each frame is shown: `ticks` int64 (n,), n >= 1, rising, since zero; `end` (seconds) of the last one."""

    ticks: NDArray[np.int64]
    timebase: Fraction  # seconds per tick
    end: Fraction

    def at(self, frame: int) -> Fraction:
        """Seconds at which a frame appears; for the one past the last, the end."""
        return self.end if frame == len(self.ticks) else int(self.ticks[frame]) * self.timebase

    def span(self, first: int, stop: int) -> Span:
        return Span(self.at(first), self.at(stop))


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One value per STEP from zero on, 0 to 1; None where no frame begins."""

    step: Fraction
    motion: Values
    brightness: Values
    sharpness: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the picture of a whole video says."""

    shots: tuple[Shot, ...]
    black: tuple[Span, ...]
    frozen: tuple[Span, ...]
    activity: Activity


def read(measured: Measured, times: Times) -> Picture:
    """Shots without gaps from the first frame to the end, spans of at least LEAST seconds, activity."""
    count = len(times.ticks)
    per_second = float(count / (times.end - times.at(0)))
    found = boundaries.find(measured, per_second)
    black = [run for run in runs(measured.dark >= BLACK) if _lasts(times, *run)]
    frozen = _standing(measured, times)
    black_frames, frozen_frames = _within(black, count), _within(frozen, count)
    opens = [boundaries.Boundary(frame=0, opens_with="start", confidence=1.0, first=0, last=0), *found]
    stops = [*(boundary.frame for boundary in found), count]
    shots = tuple(
        Shot(
            number=number,
            span=times.span(opening.frame, stop),
            opens_with=opening.opens_with,
            confidence=opening.confidence,
            brightness=_average(measured.brightness[opening.frame : stop]),
            motion=_average(measured.motion[opening.frame + 1 : stop]),
            black=bool(black_frames[opening.frame : stop].mean() >= MOSTLY),
            frozen=bool(frozen_frames[opening.frame : stop].mean() >= MOSTLY),
            transition=times.span(opening.first, opening.last) if opening.first < opening.last else None,
        )
        for number, (opening, stop) in enumerate(zip(opens, stops, strict=True))
    )
    return Picture(
        shots=shots,
        black=tuple(times.span(*run) for run in black),
        frozen=tuple(times.span(*run) for run in frozen),
        activity=_activity(measured, times, [boundary.frame for boundary in opens]),
    )


def _lasts(times: Times, first: int, stop: int) -> bool:
    return times.at(stop) - times.at(first) >= LEAST


def _standing(measured: Measured, times: Times) -> list[tuple[int, int]]:
    """Runs of frames that all show the picture of their first one; a single frame shown long enough counts too."""
    heads = np.flatnonzero(measured.peak > STILL)
    heads = np.unique(np.concatenate(([0], heads)))
    stops = np.append(heads[1:], len(times.ticks))
    edges = np.append(times.ticks, math.ceil(times.end / times.timebase))
    long_enough = edges[stops] - edges[heads] >= math.floor(LEAST / times.timebase)
    chosen = zip(heads[long_enough].tolist(), stops[long_enough].tolist(), strict=True)
    tiny = measured.tiny
    return [
        (first, stop)
        for first, stop in chosen
        if _lasts(times, first, stop) and np.abs(tiny[first].astype(np.int16) - tiny[stop - 1]).max() <= DRIFT
    ]


def _within(stretches: list[tuple[int, int]], count: int) -> NDArray[np.bool_]:
    flags = np.zeros(count, np.bool_)
    for first, stop in stretches:
        flags[first:stop] = True
    return flags


def _average(values: NDArray[np.float32]) -> float:
    return round(float(values.mean(dtype=np.float64)), 4) if len(values) else 0.0


def _activity(measured: Measured, times: Times, opens: list[int]) -> Activity:
    """Means over the frames that begin in each step; the change at a cut is no motion."""
    ratio = times.timebase / STEP
    steps = np.maximum(times.ticks, 0) * ratio.numerator // ratio.denominator
    count = max(math.ceil(times.end / STEP), int(steps[-1]) + 1)
    inside = np.ones(len(steps), np.bool_)
    inside[opens] = False
    return Activity(
        step=STEP,
        motion=_per_step(steps[inside], measured.motion[inside], count),
        brightness=_per_step(steps, measured.brightness, count),
        sharpness=_per_step(steps, measured.sharpness, count),
    )


def _per_step(steps: NDArray[np.int64], values: NDArray[np.float32], count: int) -> Values:
    frames = np.bincount(steps, minlength=count)
    sums = np.bincount(steps, weights=values, minlength=count)
    return [round(float(total / n), 4) if n else None for total, n in zip(sums, frames, strict=True)]
