"""The mean and the spread of many numbers. None of none; what is not finite stays so, to be refused by its name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.float64]


def mean(values: Numbers) -> float | None:
    """The arithmetic mean."""
    with np.errstate(all="ignore"):
        return float(np.mean(np.asarray(values, np.float64))) if len(values) else None


def deviation(values: Numbers) -> float | None:
    """The standard deviation of all there are (not of a sample); 0 of one."""
    with np.errstate(all="ignore"):
        return float(np.std(np.asarray(values, np.float64))) if len(values) else None


def root_mean_square(values: Numbers) -> float | None:
    """The square root of the mean of the squares."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(np.asarray(values, np.float64))))) if len(values) else None
