"""What the detectors of MediaPipe share: their files, how they are run, anchors, crops, and the joining of boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.child import Here
from common.adapters.models.wheels import check
from common.errors import ModelMissing, ModelRefused

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]  # (height, width, 3), RGB

SHA256 = {
    "face_detection_short_range.tflite": "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    "face_detection_full_range_sparse.tflite": "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
    "face_landmark.tflite": "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    "pose_detection.tflite": "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
}


@cache  # asked for each flow, and read from a long file
def _version() -> str:
    return version("mediapipe")


def here(name: str, *files: str) -> Here:
    """The model `name` in the files of the mediapipe package; raises ModelMissing, ModelRefused."""
    try:
        package = distribution("mediapipe")
    except PackageNotFoundError:
        raise ModelMissing(f"{name} comes with the package mediapipe; run scripts/setup") from None
    paths = [Path(str(package.locate_file(f"mediapipe/modules/{file}"))) for file in files]
    for path in paths:
        if not path.is_file():
            raise ModelRefused(f"{path.name} is missing from the package mediapipe; remove .venv, run scripts/setup")
    arguments = {path.stem: str(path) for path in paths}
    return Here(source=f"{name}@mediapipe-{_version()}", arguments=arguments)


class Network:
    """One TFLite network on one thread: a picture of (height, width, 3) floats in, its outputs by size out."""

    def __init__(self, path: str) -> None:
        name = Path(path).name
        check(Path(path).parent, {name: SHA256[name]}, "mediapipe")
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped]

        try:
            self._interpreter: Any = Interpreter(model_path=path, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelRefused(f"{name} cannot be read ({error}); remove .venv, run scripts/setup") from error
        given = self._interpreter.get_input_details()[0]
        self._input = given["index"]
        self.size = int(given["shape"][1])
        self._outputs = self._interpreter.get_output_details()

    def __call__(self, picture: Floats) -> list[Floats]:
        self._interpreter.set_tensor(self._input, picture[None].astype(np.float32))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output["index"])[0] for output in self._outputs]


@dataclass(frozen=True, slots=True)
class Window:
    """A square of a picture, in pixels: its top left and its side. It may stick out; what is outside is black."""

    x: float
    y: float
    side: float

    def cut(self, picture: Picture, size: int) -> Floats:
        """The window at `size` x `size`, 0 to 255."""
        import cv2

        height, width = picture.shape[:2]
        canvas = np.zeros((size, size, 3), np.float32)
        left, top = max(0, math.floor(self.x)), max(0, math.floor(self.y))
        right, bottom = min(width, math.ceil(self.x + self.side)), min(height, math.ceil(self.y + self.side))
        scale = size / self.side
        x, y = (min(size, max(0, round(value * scale))) for value in (left - self.x, top - self.y))
        u, v = (min(size, max(0, round(value * scale))) for value in (right - self.x, bottom - self.y))
        if u > x and v > y and right > left and bottom > top:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            canvas[y:v, x:u] = cv2.resize(picture[top:bottom, left:right], (u - x, v - y), interpolation=how)
        return canvas


def anchors(size: int, strides: tuple[tuple[int, int], ...]) -> Floats:
    """Middles (n, 2) in fractions; `strides` are (pixels, anchors per cell). SSD as in MediaPipe's calculator."""
    found = []
    for stride, per_cell in strides:
        cells = size // stride
        y, x = np.mgrid[:cells, :cells]
        middles = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], axis=-1).reshape(-1, 2)
        found.append(np.repeat(middles, per_cell, axis=0))
    return np.concatenate(found).astype(np.float32)


def sigmoid(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -60, 60))), np.float32)


def joined(found: Floats, overlap: float) -> list[Floats]:
    """Rows (score, x, y, width, height, points …), those that overlap as one: the mean weighted by score.

    Weighted non-maximum suppression of Bazarevsky et al., BlazeFace, 2019; the best score stands.
    """
    rest = found[np.argsort(-found[:, 0], kind="stable")]
    kept = []
    while len(rest):
        same = shared(rest[0], rest) >= overlap
        same[0] = True  # a row without area overlaps nothing, not even itself
        weights = rest[same, :1]
        mean = (rest[same] * weights).sum(axis=0) / weights.sum()
        mean[0] = rest[0, 0]
        kept.append(mean.astype(np.float32))
        rest = rest[~same]
    return kept


def shared(one: Floats, others: Floats) -> Floats:
    """Intersection over the union; over the smaller one where that lies almost wholly inside."""
    low = np.maximum(one[1:3], others[:, 1:3])
    high = np.minimum(one[1:3] + one[3:5], others[:, 1:3] + others[:, 3:5])
    inside = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 3:5], axis=1)
    own = float(np.prod(one[3:5]))
    union = inside / np.maximum(areas + own - inside, 1e-9)
    smaller = inside / np.maximum(np.minimum(areas, own), 1e-9)
    overlap: Floats = np.where(smaller > 0.8, np.maximum(union, smaller * 0.5), union).astype(np.float32)
    return overlap
