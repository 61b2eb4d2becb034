"""Faces by MediaPipe's BlazeFace (near and far) and its face mesh.

Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs, 2019; Kartynnik et al.,
Real-time Facial Surface Geometry from Monocular Video, 2019.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.mediapipe import Network, Picture, Window, anchors, here, joined, shared, sigmoid
from common.domain.track import Box
from common.ports.models import Search, SeenFace

LEAST = 0.35  # score of a look that counts, and confidence of what is handed on
SAME = 0.3  # overlap from which two boxes are one face
FRONTAL = 0.5  # of the mesh; below, its points mean nothing
NEAR_BY = (3.0, 3.8)  # windows of a second look, in sizes of the face
AFAR = 8.0  # the window in which the other network looks again
SURE = 0.9  # of the near network and of the mesh
SMALLEST = 24  # pixels of a part: in a strip that is narrower no face can be told
MOVED = 0.2  # overlap of what the second look sees with the first, at least
MESH_MARGIN = 1.5  # the mesh looks at this many times the box
# Points of the mesh: corners of the eyes, inner edges of the lips.
_LEFT, _RIGHT, _LIPS = (33, 133), (362, 263), (13, 14)


class BlazeFace:
    @staticmethod
    def here(store: Path) -> Here:
        return here(
            "blazeface",
            "face_detection/face_detection_short_range.tflite",
            "face_detection/face_detection_full_range_sparse.tflite",
            "face_landmark/face_landmark.tflite",
        )

    def __init__(
        self, face_detection_short_range: str, face_detection_full_range_sparse: str, face_landmark: str
    ) -> None:
        self._near, self._near_anchors = Network(face_detection_short_range), anchors(128, ((8, 2), (16, 6)))
        self._far, self._far_anchors = Network(face_detection_full_range_sparse), anchors(192, ((4, 1),))
        self._mesh = Network(face_landmark)

    def faces(self, picture: NDArray[np.uint8], *, around: list[Box], search: Search) -> list[SeenFace]:
        height, width = picture.shape[:2]
        whole = _whole(width, height)
        near, far = [], []
        if search != "nowhere":
            near = self._detect(self._near, self._near_anchors, picture, whole)
            smaller = _parts(width, height, 2) if search == "parts" else []
            for window in (*(_parts(width, height, 1) or [whole]), *smaller):  # what is large the near network sees
                far += self._detect(self._far, self._far_anchors, picture, window)
        known = [np.array([1, *_pixels(box, width, height)], np.float32) for box in around]
        if not (near or far or known):
            return []
        doubtful = joined(np.stack([row[:5] for row in (*near, *far, *known)]), SAME)
        again = [row for one in doubtful for row in self._from_near(picture, one)]
        if not again:
            return []
        found = (self._face(row, picture, far) for row in joined(np.stack(again), SAME))
        return [face for face in found if face.confidence >= LEAST]

    def _from_near(self, picture: Picture, doubtful: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """What is seen where a face may be, looked at from near by: better placed, and not by chance.

        Its score is the mean of several looks, none seeing it counting as 0.
        """
        rows: list[NDArray[np.float32]] = []
        best = 0.0
        for times in NEAR_BY:
            seen = self._detect(self._near, self._near_anchors, picture, _about(doubtful, times), edges=False)
            seen = [row for row in seen if shared(doubtful, row[None])[0] >= MOVED]
            best += max((float(row[0]) for row in seen), default=0.0)
            rows += seen
        if not rows:
            return []
        face = joined(np.stack(rows), SAME)[0]
        face[0] = best / len(NEAR_BY)
        return [face]

    def _from_afar(self, row: NDArray[np.float32], picture: Picture, far: list[NDArray[np.float32]]) -> float:
        """How sure the other network is of the same face."""
        same = [float(one[0]) for one in far if shared(row, one[None])[0] >= SAME]
        if not same:
            seen = self._detect(self._far, self._far_anchors, picture, _about(row, AFAR), edges=False)
            same = [float(one[0]) for one in seen if shared(row, one[None])[0] >= SAME]
        return max(same, default=0.0)

    def _detect(
        self, network: Network, middles: NDArray[np.float32], picture: Picture, window: Window, *, edges: bool = True
    ) -> list[NDArray[np.float32]]:
        """Rows (score, x, y, width, height, six points) in pixels of the picture."""
        outputs = network(window.cut(picture, network.size) / np.float32(127.5) - 1)
        raw, scores = sorted(outputs, key=lambda output: -output.shape[-1])
        sure = sigmoid(scores[:, 0])
        rows = []
        for n in np.flatnonzero(sure >= LEAST):
            points = raw[n].reshape(-1, 2) / network.size
            points[0] += middles[n]
            points[2:] += middles[n]
            points[0] -= points[1] / 2
            if edges and _cut_off(points[0], points[1], window, picture):
                continue
            points = points * window.side
            points[0] += (window.x, window.y)
            points[2:] += (window.x, window.y)
            rows.append(np.concatenate(([sure[n]], points.reshape(-1))).astype(np.float32))
        return rows

    def _face(self, row: NDArray[np.float32], picture: Picture, far: list[NDArray[np.float32]]) -> SeenFace:
        """A row of _detect as a face; its points are the eyes, the tip of the nose, the mouth, the ears.

        Both networks and the mesh have their say: what only one of them sees is seldom a face. Where one network and
        the mesh are very sure, the other, the slowest of all, is not asked.
        """
        height, width = picture.shape[:2]
        scale = np.array([width, height])
        score, x, y, across, down = (float(value) for value in row[:5])
        points = row[5:].reshape(-1, 2)
        eyes, mouth, opening = points[:2], points[3], None
        mesh, frontal = self._look(picture, Window(x, y, 0), across, down)
        if frontal >= FRONTAL:
            eyes = np.stack([mesh[list(corners)].mean(axis=0) for corners in (_LEFT, _RIGHT)])
            upper, lower = mesh[list(_LIPS)]
            mouth, apart = (upper + lower) / 2, max(1e-6, math.dist(*eyes))
            opening = round(math.dist(upper, lower) / apart, 4)
        left, right = sorted(_point(eye / scale) for eye in eyes)
        sure = score if min(score, frontal) >= SURE else (score + self._from_afar(row, picture, far)) / 2
        doubt = (1 - sure) * (1 - 0.6 * frontal)
        return SeenFace(
            box=Box(x=x / width, y=y / height, width=across / width, height=down / height),
            confidence=round(1 - doubt, 4),
            frontal=round(frontal, 4),
            eyes=(left, right),
            mouth=_point(mouth / scale),
            opening=opening,
        )

    def _look(self, picture: Picture, at: Window, across: float, down: float) -> tuple[NDArray[np.floating], float]:
        """The 468 points of the mesh in pixels, and how sure it is of a face."""
        side = MESH_MARGIN * max(across, down, 2)
        window = Window(at.x + (across - side) / 2, at.y + (down - side) / 2, side)
        outputs = self._mesh(window.cut(picture, self._mesh.size) / np.float32(255))
        shape, presence = sorted((output.reshape(-1) for output in outputs), key=len, reverse=True)
        points = shape.reshape(-1, 3)[:, :2] / self._mesh.size * side + (window.x, window.y)
        return points, float(sigmoid(presence)[0])


def _whole(width: int, height: int) -> Window:
    side = max(width, height)
    return Window((width - side) / 2, (height - side) / 2, side)


def _parts(width: int, height: int, of: int) -> list[Window]:
    """Squares of the short side over `of`, side by side, each overlapping the next."""
    side = min(width, height) / of
    if side < SMALLEST or (of == 1 and width == height):
        return []
    return [Window(x, y, side) for x in _steps(width, side) for y in _steps(height, side)]


def _pixels(box: Box, width: int, height: int) -> tuple[float, float, float, float]:
    """A box as square as a face is, in pixels."""
    x, y = box.middle
    side = max(box.width * width, box.height * height)
    return x * width - side / 2, y * height - side / 2, side, side


def _about(row: NDArray[np.float32], times: float) -> Window:
    """A window `times` as large as a row's box, around it."""
    x, y, across, down = (float(value) for value in row[1:5])
    side = times * max(across, down, 4)
    return Window(x + (across - side) / 2, y + (down - side) / 2, side)


def _steps(length: int, side: float) -> list[float]:
    count = max(1, math.ceil((length - side) / (side * 0.7)) + 1) if length > side else 1
    return [n * (length - side) / max(1, count - 1) for n in range(count)]


def _cut_off(corner: NDArray[np.floating], size: NDArray[np.floating], window: Window, picture: Picture) -> bool:
    """Whether a box touches an edge of its window that is none of the picture: another window sees it whole."""
    height, width = picture.shape[:2]
    margin = 0.02
    (x, y), (u, v) = corner, corner + size
    return bool(
        (x < margin and window.x > 1)
        or (y < margin and window.y > 1)
        or (u > 1 - margin and window.x + window.side < width - 1)
        or (v > 1 - margin and window.y + window.side < height - 1)
        or min(size) < 0.02
    )


def _point(value: NDArray[np.floating]) -> tuple[float, float]:
    return float(value[0]), float(value[1])
