"""Pictures of circles, squares and triangles, and where they are: what a tiny detector is trained and tested on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from common.domain.track import Box

NAMES = ("circle", "square", "triangle")


def drawn(seed: int, *, side: int, width: int | None = None) -> tuple[NDArray[np.uint8], list[tuple[str, Box]]]:
    """A picture (side, width or side, 3; RGB) of one to three shapes that do not touch, on noise."""
    random = np.random.default_rng(seed)
    width = width or side
    picture = random.integers(0, 70, (side, width, 3), dtype=np.uint8)
    y, x = np.mgrid[:side, :width].astype(float)
    found: list[tuple[str, Box]] = []
    for _ in range(int(random.integers(1, 4))):
        kind = NAMES[int(random.integers(3))]
        radius = side * random.uniform(0.12, 0.2)
        middle = (random.uniform(radius, width - radius), random.uniform(radius, side - radius))
        box = Box(
            x=(middle[0] - radius) / width,
            y=(middle[1] - radius) / side,
            width=2 * radius / width,
            height=2 * radius / side,
        )
        if any(box.shared(other) > 0 for _, other in found):
            continue
        picture[inside(kind, x - middle[0], y - middle[1], radius)] = random.integers(120, 256, 3)
        found.append((kind, box))
    return picture, found


def inside(kind: str, x: NDArray[np.float64], y: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
    """Which points, counted from the middle of the shape, lie in it."""
    if kind == "circle":
        return np.hypot(x, y) <= radius
    square = np.maximum(np.abs(x), np.abs(y)) <= radius
    return square if kind == "square" else square & (2 * np.abs(x) <= y + radius)
