"""Dissolves and fades, and how long each lasts, from tiny pictures.

While one picture dissolves into another, each frame is a blend of the two: going from the last frame of the old one to
the first of the new one, the share of the new one rises from 0 to 1, and what a blend cannot explain stays small,
however people move meanwhile. All stretches of all likely lengths are tried; they need nothing but the products of
each frame with those that follow. What moves or pans may pass by chance; so a dissolve must also change most of the
picture, in step, and blur it in the middle, as two pictures on top of each other do. A fade is a dissolve to or from
one flat colour. The numbers were chosen on seeds of scripts/benches/transitions.py that it does not report.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SHORTEST_S, LONGEST_S, LENGTHS = 0.12, 2.6, 24  # seconds that a change lasts, and how many lengths are tried
RATE = 30.0  # frames a second that are looked at, about
SAMPLES = 8  # parts of a stretch after each of which the blend is looked at
BLOCK = 8192  # frames looked at at a time

# What all stretches are held to. Shares are of the squared distance from end to end.
FAR = 9.0  # root mean square change from end to end, in steps of 255, at least
OFF = 0.2  # share that no blend of the ends explains, at most
UNEVEN = 0.16  # how far the share of the new picture is from rising evenly, at most; root mean square
UNEVEN_COSTS = 3.0  # what unevenness costs against distance where stretches overlap
EASED = 0.02  # what an eased rise counts as uneven, so that an even one is preferred

# What a dissolve is held to, beyond that.
DISSOLVE_S, DISSOLVE_FRAMES = 0.24, 5  # how long it lasts at least
DISSOLVE_FAR, DISSOLVE_OFF, DISSOLVE_UNEVEN = 18.0, 0.15, 0.1
RESTLESS = 0.5  # share that changes in a third of the time just before or after it, at most
PACE = 0.9  # speed just before or just after it, on the calmer side, over its own, at most; a pan is as fast beside
BACK, ON = -0.35, 0.15  # how far the change may go on before and after it, in its own speed; a zoom goes on
ALIKE = 0.7  # correlation from which two pictures are one under another light
SPREAD = 0.55  # share of blocks that change by more than a third of the mean, at least
IN_STEP = 0.12  # how far a block may be from the blend, over its change, to be in step with it
# Share of blocks in step, plus three times the loss of sharpness in the middle, less half of `restless`: at least, and
# so much more over the seconds it lasts, as a quick turn of the camera looks more like a dissolve than a slow one.
EVIDENCE, EVIDENCE_S = 0.36, 0.08

FLAT = 0.02  # contrast below which a picture is one colour
DIP, DIP_S = 0.28, 0.8  # so is one with less than this share of the contrast within these seconds on both sides
PALE = 0.35  # contrast at the flat end of a fade over that at the other, at most
COLOUR_S = 1.0  # from this length on, one flat colour is a shot of its own
BLINK_S, SAME = 0.6, 0.9  # a shorter dip between pictures that correlate more is a lamp or a blink, no fade

LUMA = 144  # the part of a tiny picture that is luma

Floats = NDArray[np.floating]
Tiny = NDArray[np.uint8]


class Measured(Protocol):
    """Per-frame arrays, as common.signals.picture.Measures has them."""

    @property
    def contrast(self) -> NDArray[np.float32]: ...
    @property
    def sharpness(self) -> NDArray[np.float32]: ...
    @property
    def tiny(self) -> Tiny: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradual:
    """A change from frame `first`, the first to show both pictures, to `last`, the first to show the new one alone."""

    kind: Literal["fade", "dissolve"]
    first: int
    middle: int  # first < middle <= last
    last: int
    confidence: float  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """Candidates, one value each: frame `start` shows the old picture alone, frame `end` the new one."""

    start: NDArray[np.intp]
    end: NDArray[np.intp]
    far: Floats
    off: Floats
    uneven: Floats
    restless: Floats
    pace: Floats
    onward: Floats  # infinite where the shot has no frame beside it

    def only(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Stretches:
        return Stretches(
            start=self.start[chosen],
            end=self.end[chosen],
            far=self.far[chosen],
            off=self.off[chosen],
            uneven=self.uneven[chosen],
            restless=self.restless[chosen],
            pace=self.pace[chosen],
            onward=self.onward[chosen],
        )

    @classmethod
    def joined(cls, parts: list[Stretches]) -> Stretches:
        return cls(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)})


def find(measured: Measured, cuts: list[int], frames_per_second: float) -> list[Gradual]:
    """Fades and dissolves in order, none over another nor over one of the `cuts`, which are frame numbers."""
    step = max(1, round(frames_per_second / RATE))
    candidates = _candidates(measured.tiny, cuts, frames_per_second, step)
    if not len(candidates.start):
        return []
    flat = _flat(measured.contrast, frames_per_second)
    found = _fades(measured, candidates, flat, frames_per_second)
    found += _dissolves(measured, candidates, flat, found, frames_per_second)
    return sorted(found, key=lambda gradual: gradual.first)


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True: (first, one past the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _candidates(tiny: Tiny, cuts: list[int], per_second: float, step: int) -> Stretches:
    """Stretches that blend from end to end, best first; every `step`th frame is looked at."""
    seen = tiny[::step]
    shot = np.searchsorted(np.array(cuts, np.intp), np.arange(0, len(tiny), step), side="right")
    tried = np.geomspace(SHORTEST_S, LONGEST_S, LENGTHS) * per_second / step
    lengths = [length for length in sorted({round(length) for length in tried.tolist()}) if length >= 3]
    if not lengths:
        return _none()
    around = lengths[-1] + _beside(lengths[-1])
    parts = [_none()]
    for first in range(0, len(seen), BLOCK):
        begin = max(0, first - around)
        stop = min(len(seen), first + BLOCK + around)
        for part in _blends(seen[begin:stop], shot[begin:stop], lengths):
            mine = (part.start + begin >= first) & (part.start + begin < first + BLOCK)
            parts.append(part.only(mine & (part.off < OFF) & (part.uneven < UNEVEN)))
            parts[-1].start[:] = (parts[-1].start + begin) * step
            parts[-1].end[:] = (parts[-1].end + begin) * step
    found = Stretches.joined(parts)
    worth = found.far * (1 - UNEVEN_COSTS * found.uneven - found.off)
    return found.only(np.lexsort((found.start, found.end - found.start, -worth)))


def _none() -> Stretches:
    frames, values = np.zeros(0, np.intp), np.zeros(0, np.float32)
    return Stretches(
        start=frames, end=frames, far=values, off=values, uneven=values, restless=values, pace=values, onward=values
    )


def _beside(length: int) -> int:
    return max(2, round(length / 3))


def _blends(tiny: Tiny, shot: NDArray[np.intp], lengths: list[int]) -> Iterator[Stretches]:
    """What all stretches of one length say, length by length; none has a cut in it."""
    count = len(tiny)
    products = _products(tiny, lengths[-1] + _beside(lengths[-1]))
    own = products[:, 0]
    opens, closes = np.searchsorted(shot, shot), np.searchsorted(shot, shot, side="right") - 1

    def apart(a: NDArray[np.intp], b: NDArray[np.intp]) -> Floats:
        """Squared distance of each frame of `a` from that of `b`; a <= b."""
        squared: Floats = own[a] + own[b] - 2 * products[a, b - a]
        return squared

    for length in lengths:
        start = np.arange(0, count - length)
        start = start[shot[start] == shot[start + length]]
        start = start[apart(start, start + length) >= FAR * FAR * tiny.shape[1]]
        end = start + length
        whole = apart(start, end)
        off, even, eased = (np.zeros(len(start), np.float32) for _ in range(3))
        for part in range(1, SAMPLES):
            gone = round(part * length / SAMPLES)
            from_start, to_end = apart(start, start + gone), apart(start + gone, end)
            share = (from_start - to_end + whole) / (2 * whole)
            off += np.maximum(from_start / whole - share * share, 0)
            time = gone / length
            even += (share - time) ** 2
            eased += (share - time * time * (3 - 2 * time)) ** 2
        samples = SAMPLES - 1
        before = np.maximum(start - _beside(length), opens[start])
        after = np.minimum(end + _beside(length), closes[end])
        moved_before, moved_after = apart(before, start), apart(end, after)
        # the products of these moves with the whole change
        along_before = (apart(before, end) - moved_before - whole) / 2
        along_after = (apart(start, after) - moved_after - whole) / 2
        beside = (start - before) + (after - end)
        speeds = [
            np.where(frames > 0, np.sqrt(moved / whole) * length / np.maximum(frames, 1), np.inf)
            for moved, frames in ((moved_before, start - before), (moved_after, after - end))
        ]
        yield Stretches(
            start=start,
            end=end,
            far=np.sqrt(whole / tiny.shape[1]),
            off=off / samples,
            uneven=np.minimum(np.sqrt(even / samples), np.sqrt(eased / samples) + np.float32(EASED)),
            restless=np.maximum(moved_before, moved_after) / whole,
            pace=np.minimum(*speeds),
            onward=np.where(beside > 0, (along_before + along_after) / whole * length / np.maximum(beside, 1), np.inf),
        )


def _products(tiny: Tiny, reach: int) -> NDArray[np.float32]:
    """Inner product of each frame with itself and the `reach` frames after it, (n, reach + 1).

    Values are centred integers, so that float32 holds every sum exactly, whatever order they are added in.
    """
    count, size = tiny.shape
    padded = np.zeros((count + reach, size), np.float32)
    padded[:count] = tiny
    padded[:count] -= 128
    products = np.empty((count, reach + 1), np.float32)
    for first in range(0, count, 256):
        stop = min(count, first + 256)
        block = padded[first:stop] @ padded[first : stop + reach].T
        rows = np.arange(stop - first)[:, None]
        products[first:stop] = block[rows, rows + np.arange(reach + 1)]
    return products


def _flat(contrast: NDArray[np.float32], per_second: float) -> NDArray[np.bool_]:
    """Frames of one colour, or nearly so between pictures that are not: a quick fade may have no wholly black frame."""
    count, reach = len(contrast), max(3, round(DIP_S * per_second))
    most = sliding_window_view(np.pad(contrast, reach, mode="edge"), reach + 1).max(axis=1)
    flat: NDArray[np.bool_] = (contrast < FLAT) | (contrast <= DIP * np.minimum(most[:count], most[reach:]))
    return flat


def _fades(measured: Measured, candidates: Stretches, flat: NDArray[np.bool_], per_second: float) -> list[Gradual]:
    """Dips to one colour as one change each; where the colour stays, the way out and the way in as one each."""
    pale = measured.contrast * PALE
    ends_pale = measured.contrast[candidates.end] < pale[candidates.start]
    starts_pale = measured.contrast[candidates.start] < pale[candidates.end]
    fades_out = candidates.only(ends_pale & ~flat[candidates.start])
    fades_in = candidates.only(starts_pale & ~flat[candidates.end])
    found: list[Gradual] = []
    for first, stop in runs(flat):
        leaving = (fades_out.end >= first - 1) & (fades_out.end <= stop) & (fades_out.start < first)
        coming = (fades_in.start >= first - 1) & (fades_in.start <= stop) & (fades_in.end >= stop)
        out = fades_out.only(np.flatnonzero(leaving)[:1])
        into = fades_in.only(np.flatnonzero(coming)[:1])
        if stop - first >= COLOUR_S * per_second:
            found += [_fade(out, out, first)] if len(out.start) else []
            found += [_fade(into, into, stop)] if len(into.start) else []
        elif len(out.start) and len(into.start) and not _blink(measured.tiny, out, into, per_second):
            found.append(_fade(out, into, (first + stop) // 2))
    return found


def _blink(tiny: Tiny, out: Stretches, into: Stretches, per_second: float) -> bool:
    """Whether the same picture is soon back."""
    same = _correlation(tiny[out.start], tiny[into.end])[0] > SAME
    return bool(same and into.end[0] - out.start[0] < BLINK_S * per_second)


def _fade(out: Stretches, into: Stretches, middle: int) -> Gradual:
    first, last = int(out.start[0]) + 1, int(into.end[0])
    sure = 1 - max(float(side.off[0] + side.uneven[0]) for side in (out, into))
    return Gradual(
        kind="fade", first=first, middle=min(max(middle, first + 1), last), last=last, confidence=round(sure, 3)
    )


def _dissolves(
    measured: Measured, candidates: Stretches, flat: NDArray[np.bool_], fades: list[Gradual], per_second: float
) -> list[Gradual]:
    """The best of the candidates that overlap, as long as they hold all that a dissolve must."""
    taken = np.zeros(len(flat), np.bool_)
    for fade in fades:
        taken[fade.first - 1 : fade.last + 1] = True
    least = max(DISSOLVE_FRAMES, math.ceil(DISSOLVE_S * per_second))
    likely = candidates.only(
        (candidates.end - candidates.start >= least)
        & (candidates.far >= DISSOLVE_FAR)
        & (candidates.off <= DISSOLVE_OFF)
        & (candidates.uneven <= DISSOLVE_UNEVEN)
        & (candidates.restless <= RESTLESS)
        & (candidates.pace <= PACE)
        & (candidates.onward >= BACK)
        & (candidates.onward <= ON)
        & ~flat[candidates.start]
        & ~flat[candidates.end]
    )
    likely = likely.only(_different(measured.tiny, likely))
    found: list[Gradual] = []
    for number in range(len(likely.start)):
        start, end = int(likely.start[number]), int(likely.end[number])
        if taken[start + 1 : end].any():
            continue
        least_shown = EVIDENCE + EVIDENCE_S * per_second / (end - start) + float(likely.restless[number]) / 2
        middle = _middle(measured, start, end, least_shown)
        if middle is None:
            continue
        taken[start : end + 1] = True
        sure = round(1 - float(likely.off[number] + likely.uneven[number]), 3)
        found.append(Gradual(kind="dissolve", first=start + 1, middle=middle, last=end, confidence=sure))
    return found


def _different(tiny: Tiny, stretches: Stretches) -> NDArray[np.bool_]:
    """Whether the ends are two pictures, and most of the picture changes; in parts, for hours of frames."""
    found = [np.zeros(0, np.bool_)]
    for part in np.array_split(np.arange(len(stretches.start)), len(stretches.start) // BLOCK + 1):
        old, new = tiny[stretches.start[part], :LUMA], tiny[stretches.end[part], :LUMA]
        change = np.abs(old.astype(np.float32) - new)
        spread = (change > change.mean(axis=1, keepdims=True) / 3).mean(axis=1)
        found.append((spread >= SPREAD) & (_correlation(old, new) < ALIKE))
    return np.concatenate(found)


def _correlation(a: Tiny, b: Tiny) -> Floats:
    """Of the luma of each picture of `a` with that of `b`; 1 where one of them is flat."""
    a_centred = a[:, :LUMA] - a[:, :LUMA].mean(axis=1, keepdims=True)
    b_centred = b[:, :LUMA] - b[:, :LUMA].mean(axis=1, keepdims=True)
    norms = np.sqrt((a_centred**2).sum(axis=1) * (b_centred**2).sum(axis=1))
    correlation: Floats = np.where(norms > 0, (a_centred * b_centred).sum(axis=1) / np.maximum(norms, 1e-9), 1.0)
    return correlation


def _middle(measured: Measured, start: int, end: int, least: float) -> int | None:
    """The frame from which the new picture outweighs the old one; None for what moves but does not dissolve."""
    stretch = measured.tiny[start : end + 1].astype(np.float32)
    gone, change = stretch - stretch[0], stretch[-1] - stretch[0]
    share = gone @ change / (change @ change)
    off = np.sqrt(((gone - share[:, None] * change) ** 2).mean(axis=0))
    large = np.abs(change) >= 0.5 * np.sqrt((change**2).mean())
    in_step = float((off[large] < IN_STEP * np.abs(change[large])).mean())
    fifth = (end - start) / 5
    between = measured.sharpness[start + round(2 * fifth) : start + round(3 * fifth) + 1].mean()
    ends = (measured.sharpness[start] + measured.sharpness[end]) / 2
    blurred = 1 - float(between / ends) if ends > 0 else 0.0
    if in_step + 3 * blurred < least:
        return None
    return start + max(2, int(np.argmax(share >= 0.5)))
