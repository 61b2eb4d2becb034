"""One still that stands for a clip: sharp, not black, not in the middle of a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.domain.asset import Probe
from common.domain.timebase import Span
from common.media.stills import stills

LONG_SIDE = 720  # pixels of the thumbnail
JUDGED = 320  # pixels of the long side of what is judged
CANDIDATES = 4
CLEAR = Fraction(1, 4)  # seconds kept from cuts, and from the clip's edges where it is long enough
BLACK, FLAT = 0.06, 0.015  # mean and spread of luma (0 to 1) below which a picture shows nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the picture pass saw in each `step` seconds since zero, 0 to 1; None where it saw nothing."""

    step: Fraction
    motion: Sequence[float | None]
    brightness: Sequence[float | None]
    sharpness: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    path: Path  # a JPEG, LONG_SIDE pixels long
    at: Fraction  # seconds since zero


def thumbnail(
    source: Path, probe: Probe, span: Span, *, activity: Activity, cuts: Sequence[Fraction], scratch: Path
) -> Thumbnail | None:
    """The best of a few stills of `span`; None when all of them are black, blank or broken. Raises as `stills`."""
    times = candidates(span, activity, cuts)
    best: tuple[float, Fraction, Image.Image] | None = None
    for at, still in zip(times, stills(source, probe, times, long_side=LONG_SIDE, scratch=scratch), strict=True):
        if still is None:
            continue
        picture = Image.fromarray(still)
        worth = quality(np.asarray(_sized(picture.convert("L"), JUDGED)))
        if worth is not None and (best is None or worth > best[0]):
            best = (worth, at, picture)
    if best is None:
        return None
    _sized(best[2], LONG_SIDE).save(scratch / "thumbnail.jpg", quality=90)
    return Thumbnail(path=scratch / "thumbnail.jpg", at=best[1])


def candidates(span: Span, activity: Activity, cuts: Sequence[Fraction]) -> list[Fraction]:
    """Up to CANDIDATES times in `span`, the most promising first, apart from each other and away from cuts."""
    margin = min(CLEAR * 2, span.duration / 4)
    first, last = span.start + margin, span.end - margin
    promising = []
    for n in range(int(first / activity.step), int(last / activity.step) + 1):
        at = (n + Fraction(1, 2)) * activity.step
        if first <= at <= last and all(abs(at - cut) >= CLEAR for cut in cuts):
            promising.append((_promise(activity, n), at))
    chosen: list[Fraction] = []
    for _, at in sorted(promising, key=lambda one: (-one[0], one[1])):
        if len(chosen) < CANDIDATES and all(abs(at - other) >= span.duration / 8 for other in chosen):
            chosen.append(at)
    return chosen or [span.start + span.duration / 2]


def quality(grey: NDArray[np.uint8]) -> float | None:
    """How good a still is, from its luma: the variance of its Laplacian, less where it is dark or glaring.

    None for a black or blank picture. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    luma = grey.astype(np.float32) / 255
    mean = float(luma.mean())
    if mean < BLACK or float(luma.std()) < FLAT:
        return None
    middle = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * middle
    return float(laplacian.var()) * _well_lit(mean)


def _sized(picture: Image.Image, long_side: int) -> Image.Image:
    scale = Fraction(long_side, max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)


def _promise(activity: Activity, n: int) -> float:
    def value(values: Sequence[float | None]) -> float | None:
        return values[n] if n < len(values) else None

    brightness, sharpness, motion = (value(v) for v in (activity.brightness, activity.sharpness, activity.motion))
    lit = 0.0 if brightness is None or brightness < BLACK else _well_lit(brightness)
    return lit * (0.1 + (sharpness or 0.0)) * (1 - min(1.0, motion or 0.0) / 2)


def _well_lit(mean: float) -> float:
    """1 in the middle of the scale, 0.2 at its ends."""
    return 1 - 1.6 * abs(mean - 0.5)
