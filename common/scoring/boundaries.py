"""Where one shot ends and the next begins: hard cuts, fades and dissolves, from per-frame measures.

A cut is one frame that differs from the one before far more than its neighbours do, and stays different (a flash
comes back). A fade or a dissolve goes in a straight line from one picture to another, step by even step; real
movement wanders. The numbers were chosen on footage with known cuts; scripts/benches/detect.py scores them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from common.domain.shot import Transition

AROUND = 6  # frames to each side that a cut is compared with
FLASH = 3  # frames; a picture that is back by then was a flash, not a cut
CUT = 14.0  # least change at a cut, in steps of 255
SPREAD = 0.3  # share of the picture that changes at a cut, at least; a title that pops up changes less
OVER_MEAN, OVER_MAX = 3.0, 1.5  # times the neighbours' mean and largest change
RAMPS_S = (0.32, 0.48, 0.72, 1.0, 1.5, 2.0)  # lengths of fades and dissolves looked for, seconds
STRAIGHT = 0.85  # distance from end to end over the way gone, at least
EVEN = 2.5  # the largest step over the mean step, at most
FAR = 12.0  # mean change over a fade or dissolve, at least, in steps of 255
BLEND = 0.12  # how far frames of a fade or dissolve may be from a blend of its ends, over the distance of these
ALIKE = 0.5  # correlation from which two pictures are one picture under another light
FLAT = 0.02  # contrast below which a picture is one colour
COLOUR_S = 0.5  # from this length on, one flat colour is a shot of its own

LUMA = 144  # the part of a tiny picture that is luma

Floats = NDArray[np.floating]


class Measured(Protocol):
    """Per-frame arrays, as common.signals.picture.Measures has them."""

    @property
    def change(self) -> NDArray[np.float32]: ...
    @property
    def contrast(self) -> NDArray[np.float32]: ...
    @property
    def tiny(self) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A shot opens at frame number `frame`; `confidence` 0 to 1."""

    frame: int
    opens_with: Transition
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Frames `first` to `last` lead straight from one picture to another; `middle` is half way."""

    first: int
    middle: int
    last: int
    straightness: float


def find(measured: Measured, frames_per_second: float) -> list[Boundary]:
    """All boundaries in order, at least 3 frames apart; the start of the video is none of them."""
    cuts = find_cuts(measured)
    gradual = _transitions(measured, find_ramps(measured, frames_per_second), cuts, frames_per_second)
    chosen: list[Boundary] = []
    for boundary in sorted([*cuts, *gradual], key=lambda b: (b.opens_with != "cut", -b.confidence)):
        if all(abs(boundary.frame - other.frame) >= 3 for other in chosen):
            chosen.append(boundary)
    last = len(measured.change) - 3
    return sorted((b for b in chosen if 3 <= b.frame <= last), key=lambda b: b.frame)


def find_cuts(measured: Measured) -> list[Boundary]:
    """Hard cuts: the frame with the strongest change around, clear of its neighbours, unless it is part of a flash."""
    change = measured.change
    if len(change) < 2:
        return []
    padded = np.pad(change.astype(np.float64), AROUND, mode="reflect" if len(change) > AROUND else "edge")
    around = sliding_window_view(padded, 2 * AROUND + 1)
    cuts = []
    for frame in np.flatnonzero(change > CUT).tolist():
        limit = _limit(np.delete(around[frame], AROUND))
        if change[frame] > limit and _spread(measured.tiny, frame) >= SPREAD and not _flash(measured.tiny, frame):
            confidence = 1 - limit / (2 * float(change[frame]))
            cuts.append(Boundary(frame=frame, opens_with="cut", confidence=round(confidence, 3)))
    return cuts


def _limit(neighbours: Floats) -> float:
    """What a change must exceed to be a cut; one more cut to each side, three frames off or more, is no objection."""
    near = float(neighbours[AROUND - 2 : AROUND + 2].max())
    usual = np.sort(neighbours)[:-2]
    return max(CUT, OVER_MEAN * float(usual.mean()), OVER_MAX * float(usual[-1]), OVER_MAX * near)


def _distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Floats:
    """Mean absolute difference of tiny pictures, over their last axis."""
    distance: Floats = np.abs(a.astype(np.int16) - b).mean(axis=-1)
    return distance


def _apart(tiny: NDArray[np.uint8], firsts: NDArray[np.intp], length: int) -> Floats:
    """Distance from each of `firsts` to the frame `length` later; in parts, for hours of frames."""
    parts = np.array_split(firsts, len(firsts) // 4096 + 1)
    return np.concatenate([_distance(tiny[part + length], tiny[part]) for part in parts])


def _spread(tiny: NDArray[np.uint8], frame: int) -> float:
    """Share of blocks that changed by more than a third of the mean change."""
    change = np.abs(tiny[frame].astype(np.int16) - tiny[frame - 1])
    return float((change > change.mean() / 3).mean())


def _flash(tiny: NDArray[np.uint8], frame: int) -> bool:
    """Whether the picture before `frame` is soon seen again, or the one at `frame` was seen shortly before."""
    after = _distance(tiny[frame : frame + FLASH + 1], tiny[frame - 1])
    before = _distance(tiny[max(0, frame - FLASH - 1) : frame], tiny[frame])
    return bool(min(after.min(), before.min()) < 0.4 * after[0])


def find_ramps(measured: Measured, frames_per_second: float) -> list[Ramp]:
    """Stretches that lead straight and evenly to a picture far off; the farthest, then the shortest, first."""
    tiny = measured.tiny
    steps = np.concatenate((np.zeros(1), _apart(tiny, np.arange(len(tiny) - 1), 1)))  # from the frame before
    way = np.cumsum(steps)
    found: list[tuple[int, Ramp]] = []
    for length in sorted({max(4, round(seconds * frames_per_second)) for seconds in RAMPS_S}):
        if length >= len(tiny):
            break
        gone = way[length:] - way[:-length]
        largest = sliding_window_view(steps[1:], length).max(axis=1)
        firsts = np.flatnonzero((gone >= FAR) & (largest * length <= EVEN * gone))
        distance = _apart(tiny, firsts, length)
        straight = distance / gone[firsts]
        for n in np.flatnonzero((distance >= FAR) & (straight >= STRAIGHT)).tolist():
            first = int(firsts[n])
            last = first + length
            middle = int(np.searchsorted(way[: last + 1], (way[first] + way[last]) / 2))
            ramp = Ramp(first=first, middle=middle, last=last, straightness=float(straight[n]))
            found.append((round(float(distance[n] * straight[n])), ramp))
    chosen: list[Ramp] = []
    for _, ramp in sorted(found, key=lambda pair: (-pair[0], pair[1].last - pair[1].first, pair[1].first)):
        if all(ramp.last <= other.first or ramp.first >= other.last for other in chosen) and _blends(tiny, ramp, way):
            chosen.append(ramp)
    return chosen


def _blends(tiny: NDArray[np.uint8], ramp: Ramp, way: Floats) -> bool:
    """Whether each frame is a blend of the two ends, everywhere at once; a wipe or something that moves is not."""
    stretch = tiny[ramp.first : ramp.last + 1].astype(np.float64)
    share = (way[ramp.first : ramp.last + 1] - way[ramp.first]) / (way[ramp.last] - way[ramp.first])
    blend = stretch[0] + share[:, None] * (stretch[-1] - stretch[0])
    return bool(np.abs(stretch - blend).mean() <= BLEND * np.abs(stretch[-1] - stretch[0]).mean())


def _transitions(measured: Measured, ramps: list[Ramp], cuts: list[Boundary], per_second: float) -> list[Boundary]:
    flat = measured.contrast < FLAT
    found = [_dissolve(measured, ramp) for ramp in ramps if not flat[ramp.first] and not flat[ramp.last]]
    out = {ramp.last: ramp.straightness for ramp in ramps if flat[ramp.last] and not flat[ramp.first]}
    into = {ramp.first: ramp.straightness for ramp in ramps if flat[ramp.first] and not flat[ramp.last]}
    for first, stop in runs(flat):
        faded_out = max((sure for frame, sure in out.items() if first <= frame < stop), default=0.0)
        faded_in = max((sure for frame, sure in into.items() if first <= frame < stop), default=0.0)
        if stop - first >= COLOUR_S * per_second:
            found += [_fade(first, faded_out)] if faded_out else []
            found += [_fade(stop, faded_in)] if faded_in else []
        elif (faded_out or faded_in) and not any(first <= cut.frame <= stop for cut in cuts):
            found.append(_fade((first + stop) // 2, max(faded_out, faded_in)))
    return [boundary for boundary in found if boundary is not None]


def _fade(frame: int, straightness: float) -> Boundary:
    return Boundary(frame=frame, opens_with="fade", confidence=round(straightness, 3))


def _dissolve(measured: Measured, ramp: Ramp) -> Boundary | None:
    """The middle of a blend of two different pictures; None for one picture under a changing light."""
    before, after = measured.tiny[ramp.first, :LUMA].astype(float), measured.tiny[ramp.last, :LUMA].astype(float)
    if before.std() == 0 or after.std() == 0 or np.corrcoef(before, after)[0, 1] >= ALIKE:
        return None
    return Boundary(frame=ramp.middle, opens_with="dissolve", confidence=round(ramp.straightness, 3))


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True: (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
