"""One still that stands for a clip: a face with open eyes where there is one, sharp, with room for text.

Where nobody shows a face it is the sharpest; never black, and never in the middle of a cut.
"""

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
from common.domain.track import Track
from common.media.portrait import Face, Grey, faces_at, open_eyes, part, promise, room
from common.media.stills import stills

LONG_SIDE = 720  # pixels of the thumbnail
JUDGED = 320  # pixels of the long side of what is judged
CANDIDATES, WITH_FACES = 4, 8  # stills looked at; eyes blink
CLEAR = Fraction(1, 4)  # seconds kept from cuts, and from the clip's edges where it is long enough
FACE, SHARP, ROOM = 0.5, 0.35, 0.15  # what a face with open eyes, sharpness and room for text count
BLINK = 0.2  # how much of its worth a face keeps whose eyes look shut
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A still and what is to be said for it."""

    at: Fraction
    picture: Image.Image
    sharp: float  # of the tallest face where there is one; compares with its like only
    face: float  # 0 to 1
    room: float  # 0 to 1


def thumbnail(
    source: Path,
    probe: Probe,
    span: Span,
    *,
    activity: Activity,
    cuts: Sequence[Fraction],
    scratch: Path,
    faces: Sequence[Track] = (),
) -> Thumbnail | None:
    """The best of a few stills of `span`; None when all of them are black, blank or broken. Raises as `stills`.

    `faces` are tracks; those of other kinds do not count.
    """
    times = candidates(span, activity, cuts, faces)
    found = []
    for at, still in zip(times, stills(source, probe, times, long_side=LONG_SIDE, scratch=scratch), strict=True):
        if still is not None:
            found.append(_seen(at, Image.fromarray(still), faces_at(faces, at)))
    best = _best([one for one in found if one is not None])
    if best is None:
        return None
    _sized(best.picture, LONG_SIDE).save(scratch / "thumbnail.jpg", quality=90)
    return Thumbnail(path=scratch / "thumbnail.jpg", at=best.at)


def candidates(span: Span, activity: Activity, cuts: Sequence[Fraction], faces: Sequence[Track] = ()) -> list[Fraction]:
    """Up to CANDIDATES times in `span`, or WITH_FACES where faces are in it, apart from each other and away from cuts.

    The most promising first.
    """
    margin = min(CLEAR * 2, span.duration / 4)
    first, last = span.start + margin, span.end - margin
    here = [track for track in faces if track.span.overlap(span)]
    most = WITH_FACES if here else CANDIDATES
    promising = []
    for n in range(int(first / activity.step), int(last / activity.step) + 1):
        at = (n + Fraction(1, 2)) * activity.step
        if first <= at <= last and all(abs(at - cut) >= CLEAR for cut in cuts):
            promising.append((_promise(activity, n) * (BLINK + promise(faces_at(here, at))), at))
    chosen: list[Fraction] = []
    for _, at in sorted(promising, key=lambda one: (-one[0], one[1])):
        if len(chosen) < most and all(abs(at - other) >= span.duration / 8 for other in chosen):
            chosen.append(at)
    return chosen or [span.start + span.duration / 2]


def _seen(at: Fraction, picture: Image.Image, faces: Sequence[Face]) -> _Seen | None:
    """None for a black or blank picture."""
    grey = picture.convert("L")
    sharp = quality(np.asarray(_sized(grey, JUDGED)))
    if sharp is None:
        return None
    luma = _luma(np.asarray(grey))
    worth = 0.0
    if faces:
        eyes = open_eyes(luma, faces[0])
        worth = promise(faces) * (BLINK + (1 - BLINK) * (0.5 if eyes is None else eyes))
        face = part(luma, faces[0].box)
        sharp = _detail(face) * _well_lit(float(face.mean())) if min(face.shape) > 2 else sharp
    return _Seen(at=at, picture=picture, sharp=sharp, face=worth, room=room(luma, faces))


def _best(stills: Sequence[_Seen]) -> _Seen | None:
    """Sharpness against the sharpest of those that show a face, or of those that do not; the first of equals."""
    sharpest = {
        shown: max((one.sharp for one in stills if bool(one.face) is shown), default=0.0) or 1.0
        for shown in (True, False)
    }

    def worth(one: _Seen) -> float:
        return FACE * one.face + SHARP * one.sharp / sharpest[bool(one.face)] + ROOM * one.room

    return max(stills, key=worth, default=None)


def quality(grey: NDArray[np.uint8]) -> float | None:
    """How good a still is, from its luma: the variance of its Laplacian, less where it is dark or glaring.

    None for a black or blank picture. Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    luma = _luma(grey)
    mean = float(luma.mean())
    if mean < BLACK or float(luma.std()) < FLAT:
        return None
    return _detail(luma) * _well_lit(mean)


def _luma(grey: NDArray[np.uint8]) -> Grey:
    return grey.astype(np.float32) / np.float32(255)


def _detail(luma: Grey) -> float:
    """The variance of the Laplacian."""
    middle = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * middle
    return float(laplacian.var())


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
