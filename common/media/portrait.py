"""How well somebody comes out in a still, from its luma and where the tracks have the face.

Nothing here knows who it is. An open eye has white beside dark and a closed one is skin, so the contrast in its middle
tells one from the other for the same face; it compares stills of one video and says nothing between people.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.track import Box, Sighting, Track

NEAR = Fraction(3, 20)  # seconds from a sighting in which its eyes are where it has them
TALL = 0.3  # of the picture's height: a face from which it counts fully
PUPIL = 0.12  # of the distance of the eyes: half the side of what is looked at in each
WIDE = 0.4  # spread of luma between dark and light in an eye, over the light, from which it is surely open
FEWEST = 3  # pixels of that half side; with fewer nothing can be told
BAND = 1 / 3  # of the height, at the top or the bottom: where a line of text would stand
BUSY = 0.05  # mean step of luma between neighbours from which a band has no room for text

Grey = NDArray[np.float32]  # (height, width), 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A face at one time; `sighting` is the nearest look at it, None where none is near enough."""

    box: Box
    sighting: Sighting | None


def faces_at(tracks: Sequence[Track], at: Fraction) -> list[Face]:
    """Whoever shows a face at a time, the tallest first."""
    found = []
    for track in tracks:
        box = track.at(at) if track.kind == "face" else None
        if box is not None:
            found.append(Face(box=box, sighting=_nearest(track.sightings, at)))
    return sorted(found, key=lambda one: -one.box.height)


def promise(faces: Sequence[Face]) -> float:
    """0 to 1: how tall the tallest face is and whether it shows both eyes, before anything is decoded."""
    if not faces:
        return 0.0
    seen = faces[0].sighting
    frontal = 0.5 if seen is None or seen.frontal is None else seen.frontal
    return min(1.0, faces[0].box.height / TALL) * frontal


def open_eyes(luma: Grey, face: Face) -> float | None:
    """0 to 1: how open the eyes look, the less open of the two; None where they are too small or were not seen."""
    if face.sighting is None or face.sighting.eyes is None:
        return None
    height, width = luma.shape
    points = [(x * width, y * height) for x, y in face.sighting.eyes]
    half = PUPIL * float(np.hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]))
    if half < FEWEST:
        return None
    found = []
    for x, y in points:
        eye = luma[
            max(0, round(y - half)) : round(y + half) + 1, max(0, round(x - 1.5 * half)) : round(x + 1.5 * half) + 1
        ]
        if not eye.size:
            return None
        dark, light = np.percentile(eye, (5, 95))
        found.append(min(1.0, float(light - dark) / max(0.05, float(light)) / WIDE))
    return min(found)


def part(luma: Grey, box: Box) -> Grey:
    """What of the picture a box covers."""
    height, width = luma.shape
    top, left = max(0, int(box.y * height)), max(0, int(box.x * width))
    return luma[top : int((box.y + box.height) * height), left : int((box.x + box.width) * width)]


def room(luma: Grey, faces: Sequence[Face]) -> float:
    """0 to 1: how calm the calmer of the upper and the lower band is, and free of faces."""
    found = []
    for y in (0.0, 1 - BAND):
        band = Box(x=0.0, y=y, width=1.0, height=BAND)
        pixels = part(luma, band)
        if min(pixels.shape) < 2:
            return 0.0
        steps = (np.abs(np.diff(pixels, axis=0)).mean() + np.abs(np.diff(pixels, axis=1)).mean()) / 2
        taken = min(1.0, sum(band.shared(face.box) for face in faces) / band.area * 2)
        found.append(max(0.0, 1 - float(steps) / BUSY) * (1 - taken))
    return max(found)


def _nearest(sightings: Sequence[Sighting], at: Fraction) -> Sighting | None:
    after = bisect_left(sightings, at, key=lambda one: one.at)
    near = sightings[max(0, after - 1) : after + 1]
    best = min(near, key=lambda one: abs(one.at - at), default=None)
    return best if best is not None and abs(best.at - at) <= NEAR else None
