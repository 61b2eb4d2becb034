"""People by MediaPipe's BlazePose detector, which finds a body by its face, shoulders and hips.

Bazarevsky et al., BlazePose: On-device Real-time Body Pose tracking, 2020.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.mediapipe import Network, Window, anchors, here, joined, sigmoid
from common.domain.track import Box
from common.ports.models import SeenThing

LEAST = 0.5
SAME = 0.4
NARROW = 48  # pixels; in a strip no person can be told


class BlazePose:
    @staticmethod
    def here(store: Path) -> Here:
        return here("blazepose", "pose_detection/pose_detection.tflite")

    def __init__(self, pose_detection: str) -> None:
        self._network = Network(pose_detection)
        self._anchors = anchors(224, ((8, 2), (16, 2), (32, 6)))

    def people(self, picture: NDArray[np.uint8]) -> list[SeenThing]:
        height, width = picture.shape[:2]
        side = max(width, height)
        windows = [Window((width - side) / 2, (height - side) / 2, side)]
        short = min(width, height)
        if side > short * 1.2 and short >= NARROW:  # squares along the picture see people larger
            count = math.ceil(side / short) + 1
            windows += [
                Window(n * (width - short) / (count - 1), n * (height - short) / (count - 1), short)
                for n in range(count)
            ]
        found = [row for window in windows for row in self._detect(picture, window)]
        if not found:
            return []
        return [_person(row, width, height) for row in joined(np.stack(found), SAME)]

    def _detect(self, picture: NDArray[np.uint8], window: Window) -> list[NDArray[np.float32]]:
        """Rows (score, box of the whole body, box of the face) in pixels.

        The network gives the middle of the hips and a point on the circle around the body; the box is that circle's.
        """
        outputs = self._network(window.cut(picture, self._network.size) / 127.5 - 1)
        raw, scores = sorted(outputs, key=lambda output: -output.shape[-1])
        sure = sigmoid(scores[:, 0])
        rows = []
        for n in np.flatnonzero(sure >= LEAST):
            points = raw[n].reshape(-1, 2) / self._network.size
            hips, edge = points[2] + self._anchors[n], points[3] + self._anchors[n]
            radius = float(np.hypot(*(edge - hips)))
            middle = hips * window.side + (window.x, window.y)
            reach = radius * window.side
            head = (points[0] + self._anchors[n] - points[1] / 2) * window.side + (window.x, window.y)
            face = points[1] * window.side
            rows.append(np.array([sure[n], *(middle - reach), 2 * reach, 2 * reach, *head, *face], np.float32))
        return rows


def _person(row: NDArray[np.float32], width: int, height: int) -> SeenThing:
    """The circle's square is too wide for somebody who stands: the middle half of it, cut at the picture's edges."""
    score, x, y, side, _, *head = (float(value) for value in row)
    left, right = max(0.0, x + side / 4), min(float(width), x + side * 3 / 4)
    top, bottom = max(0.0, y), min(float(height), y + side)
    box = Box(
        x=left / width, y=top / height, width=max(0.0, right - left) / width, height=max(0.0, bottom - top) / height
    )
    face = Box(x=head[0] / width, y=head[1] / height, width=head[2] / width, height=head[3] / height)
    return SeenThing(label="person", box=box, confidence=round(score, 4), head=face)
