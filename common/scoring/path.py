"""The path of a camera: as still as it can be while what matters stays in view.

Grundmann, Kwatra, Essa: Auto-Directed Video Stabilization with Robust L1 Optimal Camera Paths, CVPR 2011. The sum of
the absolute first, second and third differences is least, so that a path is made of still, evenly moving and evenly
accelerating pieces, as a steady hand's is.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOVES, TURNS, JERKS = 10.0, 1.0, 100.0  # what a step of each difference costs, as in the paper
STRAYS = 400.0  # what leaving the comfortable middle costs
LONGEST = 600  # samples solved at once
REST = 1e-9


def still(wanted: Floats, comfort: float, low: float, high: float) -> float | None:
    """A place that keeps all of `wanted` within `comfort` of it, nearest to their median; None where there is none."""
    first, last = float(wanted.max()) - comfort, float(wanted.min()) + comfort
    if first > last:
        return None
    return min(max(min(max(float(np.median(wanted)), first), last), low), high)


def path(wanted: Floats, comfort: float, low: float, high: float, *, rest: int) -> Floats:
    """A place for each sample: within `comfort` of `wanted` (n,) where it can be, always within `low` to `high`.

    The first and the last `rest` samples do not move.
    """
    kept = still(wanted, comfort, low, high)
    if kept is not None or len(wanted) <= 2 * rest:
        return np.full(len(wanted), min(max(float(np.median(wanted)), low), high) if kept is None else kept)
    found: list[Floats] = []
    begun: float | None = None
    for first in range(0, len(wanted), LONGEST):
        part = wanted[first : first + LONGEST]
        if len(part) <= 2 * rest and begun is not None:
            found.append(np.full(len(part), begun))
            continue
        solved = _solve(part, comfort, low, high, min(rest, len(part) // 2), begun)
        found.append(solved)
        begun = float(solved[-1])
    return np.concatenate(found)


def _solve(wanted: Floats, comfort: float, low: float, high: float, rest: int, begun: float | None) -> Floats:
    """One linear programme over the places and the absolute values of all their differences and strayings."""
    from scipy.optimize import linprog  # type: ignore[import-untyped]  # a second to load: not for every stage
    from scipy.sparse import csr_matrix, eye, hstack, vstack  # type: ignore[import-untyped]

    n = len(wanted)
    differences = [csr_matrix(np.diff(np.eye(n), order, axis=0)) for order in (1, 2, 3) if order < n]
    weights = (MOVES, TURNS, JERKS)
    terms = vstack([*differences, eye(n)], format="csr")
    costs = np.concatenate([np.full(d.shape[0], w) for d, w in zip(differences, weights, strict=False)])
    costs = np.concatenate([np.zeros(n), costs, np.full(n, STRAYS)])
    size = terms.shape[0]
    about, slack = np.zeros(size), np.zeros(size)
    about[-n:], slack[-n:] = wanted, comfort
    ends = [*range(rest - 1), *range(n - rest, n - 1)]
    held = hstack([differences[0][ends], csr_matrix((len(ends), size))]) if ends else None
    places = [(low, high)] * n
    if begun is not None:
        places[:rest] = [(begun - REST, begun + REST)] * rest
    solved = linprog(
        costs,
        A_ub=vstack([hstack([terms, -eye(size)]), hstack([-terms, -eye(size)])], format="csr"),
        b_ub=np.concatenate([about + slack, slack - about]),
        A_eq=held,
        b_eq=None if held is None else np.zeros(len(ends)),
        bounds=places + [(0, None)] * size,
        method="highs",
    )
    if solved.x is None:
        raise ValueError(f"a camera path could not be found: {solved.message}")
    return np.asarray(solved.x[:n], np.float64)


def corners(places: Floats, tolerance: float, *, rest: int = 1) -> list[int]:
    """The samples to keep so that straight lines between them are within `tolerance` of all. Douglas, Peucker 1973.

    The ends of the first and last `rest` samples are kept, so that what rests there does not begin to creep.
    """
    last = len(places) - 1
    kept = {0, last, min(rest - 1, last), max(last - rest + 1, 0)}
    spans = list(pairwise(sorted(kept)))
    while spans:
        a, b = spans.pop()
        if b - a < 2:
            continue
        line = np.linspace(places[a], places[b], b - a + 1)
        far = int(np.abs(places[a : b + 1] - line).argmax())
        if abs(places[a + far] - line[far]) > tolerance:
            kept.add(a + far)
            spans += [(a, a + far), (a + far, b)]
    return sorted(kept)
