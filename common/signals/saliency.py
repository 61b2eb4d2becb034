"""What catches the eye in a picture where nobody is: what its surroundings do not foretell, and what moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 48  # pixels of the small picture that is judged
SHARE = 0.6  # of all that catches the eye lies inside the part that is named


def attention(picture: NDArray[np.uint8], before: NDArray[np.uint8] | None = None) -> tuple[float, float, float, float]:
    """x, y, width, height in fractions of the part of an RGB picture (h, w, 3) that catches the eye most.

    Spectral residual: Hou, Zhang, Saliency Detection: A Spectral Residual Approach, CVPR 2007; motion against the
    picture `before` counts as much where there is any.
    """
    small = _small(picture)
    spectrum = np.fft.fft2(small)
    size = np.log1p(np.abs(spectrum))  # waves too weak for one step of luma are the rounding of a plain picture
    residual = size - _blurred(size, 1)
    found = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    map_ = _blurred(found, 2)
    map_ /= max(float(map_.sum()), 1e-9)
    if before is not None and before.shape == picture.shape:
        moved = _blurred(np.abs(small - _small(before)), 2)
        if float(moved.mean()) > 1.0:
            map_ = map_ / 2 + moved / moved.sum() / 2
    x0, x1 = _middle(map_.sum(axis=0))
    y0, y1 = _middle(map_.sum(axis=1))
    return x0, y0, x1 - x0, y1 - y0


def _small(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Luma of a picture in SIDE x SIDE means."""
    step = max(1, min(picture.shape[:2]) // 240)
    luma = picture[::step, ::step].astype(np.float64) @ (0.299, 0.587, 0.114)
    rows, columns = (np.arange(SIDE) * length // SIDE for length in luma.shape)
    sums = np.add.reduceat(np.add.reduceat(luma, rows, axis=0), columns, axis=1)
    tall, wide = (np.diff(starts, append=length) for starts, length in zip((rows, columns), luma.shape, strict=True))
    return np.asarray(sums / np.outer(np.maximum(tall, 1), np.maximum(wide, 1)), np.float64)


def _blurred(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """The mean of a square about each value, twice."""
    for _ in range(2):
        for axis in (0, 1):
            padded = np.pad(values, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            sums = np.cumsum(np.insert(padded, 0, 0, axis=axis), axis=axis)
            high = np.take(sums, range(2 * radius + 1, sums.shape[axis]), axis=axis)
            low = np.take(sums, range(sums.shape[axis] - 2 * radius - 1), axis=axis)
            values = (high - low) / (2 * radius + 1)
    return values


def _middle(mass: NDArray[np.float64]) -> tuple[float, float]:
    """The shortest stretch that holds SHARE of the mass, in fractions."""
    sums = np.concatenate(([0.0], np.cumsum(mass)))
    wanted = SHARE * sums[-1]
    ends = np.searchsorted(sums, sums + wanted - 1e-12)
    lengths = np.where(ends < len(sums), ends - np.arange(len(sums)), len(sums) + 1)
    first = int(lengths.argmin())
    return first / len(mass), min(1.0, (first + int(lengths[first])) / len(mass))
