"""What one small frame says, alone and against the frame before: how bright, how sharp, how much has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 10  # pixels of a small frame to a side of one block
DARK = 32  # luma (16 is black in television range) up to which a pixel counts as black
FULL = 32.0  # mean change or gradient, in luma steps, that counts as 1

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One value per frame (n,), float32. Against the frame before, the very first frame has 0."""

    change: Floats  # mean absolute change, luma + 1.5 (u + v), in steps of 255: the strength of a cut
    motion: Floats  # mean change of luma, 0 still to 1
    peak: Floats  # change of luma in the block of 10x10 pixels that changed most, in steps of 255
    brightness: Floats  # mean luma, 0 black to 1 white
    contrast: Floats  # standard deviation of the luma of blocks, 0 to 1
    sharpness: Floats  # mean difference of neighbouring pixels, 0 to 1
    dark: Floats  # share of pixels that are black
    tiny: Bytes  # (n, 144 + 2 * 40) mean luma of each block of 10x10, then u, then v, of each block of 9x10 or 10x9

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The measures by name, as they are stored."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def joined(cls, parts: Sequence[Mapping[str, NDArray[Any]]]) -> Measures:
        """Measures of stretches that follow each other, from the arrays of each."""
        return cls(**{field.name: np.concatenate([part[field.name] for part in parts]) for field in fields(cls)})


class Meter:
    """Measures frames in order; remembers the last one of a batch for the first of the next.

    All sums are of integers, so a frame measures the same to the bit however the frames are batched.
    """

    def __init__(self) -> None:
        self._before: tuple[Bytes, Bytes, Bytes] | None = None

    def add(self, y: Bytes, u: Bytes, v: Bytes) -> Measures:
        """Measure frames: `y` (n, 90, 160) or (n, 160, 90), `u` and `v` of half the size, uint8; n >= 1."""
        before = self._before or (y[:1], u[:1], v[:1])
        self._before = (y[-1:].copy(), u[-1:].copy(), v[-1:].copy())
        moved = _blocks(_difference(y, np.concatenate((before[0], y[:-1]))), BLOCK, BLOCK)
        luma_change = _mean(moved, y)
        u_change = _share(_difference(u, np.concatenate((before[1], u[:-1]))))
        v_change = _share(_difference(v, np.concatenate((before[2], v[:-1]))))
        luma = _blocks(y, BLOCK, BLOCK)
        mean = _mean(luma, y)
        return Measures(
            change=luma_change + (u_change + v_change) * np.float32(1.5),
            motion=np.minimum(np.float32(1), luma_change / np.float32(FULL)),
            peak=moved.max(axis=(1, 2)).astype(np.float32) / np.float32(BLOCK * BLOCK),
            brightness=np.clip((mean - np.float32(16)) / np.float32(219), 0, 1),
            contrast=_deviation(luma),
            sharpness=_sharpness(y),
            dark=_share((y <= DARK).view(np.uint8)),
            tiny=np.concatenate([_tiny(luma, BLOCK * BLOCK), *(_tiny(*_chroma_blocks(plane)) for plane in (u, v))], 1),
        )


def _difference(a: Bytes, b: Bytes) -> Bytes:
    return np.maximum(a, b) - np.minimum(a, b)


def _share(planes: Bytes) -> Floats:
    """Mean over each plane; the sum stays below 2^24, so it is exact as float32."""
    return _divided(planes.reshape(len(planes), -1).sum(axis=1, dtype=np.uint32), planes[0].size)


def _divided(sums: NDArray[np.uint32], by: int) -> Floats:
    quotient: Floats = sums.astype(np.float32) / np.float32(by)
    return quotient


def _blocks(planes: Bytes, high: int, wide: int) -> NDArray[np.uint32]:
    """Sums over blocks, (n, rows, columns)."""
    n, height, width = planes.shape
    rows = planes.reshape(n, height // high, high, width).sum(axis=2, dtype=np.uint16)
    blocks: NDArray[np.uint32] = rows.reshape(n, height // high, width // wide, wide).sum(axis=3, dtype=np.uint32)
    return blocks


def _mean(blocks: NDArray[np.uint32], planes: Bytes) -> Floats:
    return _divided(blocks.sum(axis=(1, 2), dtype=np.uint32), planes[0].size)


def _chroma_blocks(plane: Bytes) -> tuple[NDArray[np.uint32], int]:
    high, wide = (9, 10) if plane.shape[1] < plane.shape[2] else (10, 9)
    return _blocks(plane, high, wide), high * wide


def _tiny(blocks: NDArray[np.uint32], pixels: int) -> Bytes:
    return ((blocks + pixels // 2) // pixels).astype(np.uint8).reshape(len(blocks), -1)


def _deviation(blocks: NDArray[np.uint32]) -> Floats:
    flat = blocks.reshape(len(blocks), -1).astype(np.int64)
    n = flat.shape[1]
    variance = (n * (flat * flat).sum(axis=1) - flat.sum(axis=1) ** 2) / n**2
    deviation: Floats = np.minimum(1, np.sqrt(variance) / (BLOCK * BLOCK * 219)).astype(np.float32)
    return deviation


def _sharpness(y: Bytes) -> Floats:
    across = _share(_difference(y[:, :, 1:], y[:, :, :-1]))
    down = _share(_difference(y[:, 1:], y[:, :-1]))
    sharpness: Floats = np.minimum(np.float32(1), (across + down) / np.float32(2 * FULL))
    return sharpness
