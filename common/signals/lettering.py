"""How much of a picture looks like lettering, and whether two pictures look alike: cheap, to choose what to read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEP = 40  # of 255: brightness across a stroke's edge
CELL = (8, 32)  # rows (of every second) and columns in which strokes are counted
LOWER = 0.55  # of the height, from where captions and names are
CELLS = (36, 64)  # of a tiny picture
SAME = 5.0  # of 255: what noise and compression change in one cell

Picture = NDArray[np.uint8]  # (height, width, 3), RGB


def lettering(picture: Picture) -> float:
    """0 to 1: strokes seen from both sides close together, twice as weighty in the lower part of the picture.

    A stroke is an edge up and an edge down beside each other; a cell counts as many as it has pairs of.
    """
    grey = picture[::2, :, 1].astype(np.int16)
    if grey.shape[0] < CELL[0] or grey.shape[1] < CELL[1] + 2:
        return 0.0
    change = grey[:, 2:] - grey[:, :-2]
    rows, columns = change.shape[0] // CELL[0], change.shape[1] // CELL[1]
    change = change[: rows * CELL[0], : columns * CELL[1]]
    cells = (rows, CELL[0], columns, CELL[1])
    up = (change > STEP).reshape(cells).mean((1, 3))
    down = (change < -STEP).reshape(cells).mean((1, 3))
    pairs = np.minimum(up, down)
    weights = np.where(np.arange(rows) >= LOWER * rows, 2.0, 1.0)
    return float((pairs.mean(1) * weights).sum() / weights.sum() * 2)


def tiny(picture: Picture) -> NDArray[np.float32]:
    """The picture as means of CELLS, 0 to 255; of a smaller one every pixel."""
    grey: NDArray[np.float32] = picture.mean(2, dtype=np.float32)
    for axis, most in enumerate(CELLS):
        edges = np.unique(np.linspace(0, grey.shape[axis], most + 1).astype(np.intp))[:-1]
        grey = np.add.reduceat(grey, edges, axis=axis)
        counts = np.diff([*edges, grey.shape[axis]]).astype(np.float32)
        grey /= counts[:, None] if axis == 0 else counts
    return grey


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Two tiny pictures that differ nowhere by more than noise; a line of text that came or went is seen."""
    return one.shape == other.shape and float(np.abs(one - other).max()) <= SAME
