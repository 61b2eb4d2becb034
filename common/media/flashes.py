"""Flashes that may harm people with photosensitive epilepsy, counted as WCAG 2.2, success criterion 2.3.1, has them.

Two areas are watched: a quarter of the whole picture, the limit of broadcasting (ITU-R BT.1702), and the guideline's.

A general flash is a pair of opposing changes in relative luminance of 10 % or more of the most there is, where the
darker of both is below 0.80. More than three in any one second are too many, unless the area that flashes is small:
at most a quarter of any 10 degrees of the visual field, for which the guideline takes a third of the width and of the
height of the screen. Saturated red, which has a limit of its own there, is not looked for.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

CHANGE = 0.10  # of relative luminance
DARK = 0.80  # the darker of both lies below
AREA = 0.25  # of a field: what flashes together counts if it is more
GRAIN = 3  # places of a picture of 64 are joined by so many: finer patterns do no harm
FIELD, WHOLE = 3, 1  # a field is this part of the width and of the height
TOGETHER = Fraction(1, 10)  # seconds within which changes are one

_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LINEAR = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255.0], np.float32
)

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def luminance(picture: NDArray[np.uint8]) -> Floats:
    """Relative luminance of (height, width, 3) sRGB, 0 to 1 (WCAG 2.2, "relative luminance")."""
    made: Floats = _LINEAR[picture] @ _WEIGHTS
    return made


class FlashMeter:
    """Fed frame by frame with relative luminance (height, width) at `rate` frames a second; small pictures will do.

    A place changes where its luminance turns by CHANGE, as a zigzag does that ignores what is smaller. It counts where
    in some field around it more than AREA changed the same way within TOGETHER than the other way: what moves through
    a picture lightens as many places as it darkens.
    """

    def __init__(self, shape: tuple[int, int], rate: Fraction, *, field: int = FIELD) -> None:
        self._shape = shape[0] // GRAIN, shape[1] // GRAIN
        self._field = max(1, self._shape[0] // field), max(1, self._shape[1] // field)
        self._low: Floats | None = None
        self._high: Floats | None = None
        self._rising = np.zeros(self._shape, np.int8)  # the last change was up (1), down (-1), or there was none yet
        self._together = max(1, round(TOGETHER * rate))
        self._since = np.full(self._shape, self._together, np.int16)  # frames since the last change
        self._open = np.zeros(self._shape, np.bool_)  # it has not been counted
        self._changes: deque[Mask] = deque()
        self._counts = np.zeros(self._shape, np.int16)  # of changes in the last second
        self._second = max(1, round(rate)) + 1  # frames, that of its end with it
        self._most = 0

    def add(self, luminance: Floats) -> None:
        """The next frame."""
        height, width = self._shape
        blocks = luminance[: height * GRAIN, : width * GRAIN].reshape(height, GRAIN, width, GRAIN)
        now: Floats = blocks.mean((1, 3))
        if self._low is None or self._high is None:
            self._low, self._high = now.copy(), now.copy()
        low, high = np.minimum(self._low, now), np.maximum(self._high, now)
        up: Mask = (self._rising <= 0) & (now - low >= CHANGE) & (low < DARK)
        down: Mask = (self._rising >= 0) & (high - now >= CHANGE) & (now < DARK)
        changed = up | down
        # from a change on, the extremes begin anew: the next one opposes it
        self._low, self._high = np.where(changed, now, low), np.where(changed, now, high)
        self._rising = np.where(up, np.int8(1), np.where(down, np.int8(-1), self._rising))
        self._since = np.where(changed, np.int16(0), np.minimum(self._since + np.int16(1), np.int16(self._together)))
        recent = self._since < self._together
        self._open = (self._open & recent) | changed
        least = AREA * self._field[0] * self._field[1]
        if changed.any():
            lighter, darker = recent & (self._rising > 0), recent & (self._rising < 0)
            net = _inside(lighter, self._field) - _inside(darker, self._field)
            large = (lighter & _around(net > least, self._field)) | (darker & _around(-net > least, self._field))
            changed = self._open & large
            self._open &= ~changed
        self._changes.append(changed)
        self._counts += changed
        if len(self._changes) > self._second:
            self._counts -= self._changes.popleft()
        while bool((_inside(self._counts > self._most, self._field) > least).any()):
            self._most += 1

    @property
    def most(self) -> int:
        """The most flashes, pairs of opposing changes, in any one second."""
        return self._most // 2


def _inside(places: Mask, field: tuple[int, int]) -> NDArray[np.int32]:
    """How many places are set in each field, by its top left place."""
    height, width = field
    sums = np.pad(places.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32), ((1, 0), (1, 0)))
    found: NDArray[np.int32] = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    )
    return found


def _around(fields: Mask, field: tuple[int, int]) -> Mask:
    """The places that lie in any of the fields."""
    height, width = field
    found: Mask = _inside(np.pad(fields, ((height - 1, height - 1), (width - 1, width - 1))), field) > 0
    return found
