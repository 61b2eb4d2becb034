"""Whether what is asked about still looks like what was learned from, by an alarm that knows how few were looked at.

The population stability index is large by chance where few are compared: with nothing changed it is about
chi-squared (bins - 1) times (1/n + 1/m). An alarm needs more than that allows once in a hundred, all features taken
together (Holm, 1979), and a change that is large enough to matter. To act, calibration must have moved too.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.errors import BadInput

LEVEL: Final = 0.01  # how often nothing may raise an alarm, over all features of one look
LARGE: Final = 0.1  # of the index, below which a change does not matter
MOST_BINS: Final = 10
PER_BIN: Final = 10  # values of the smaller side in one bin, at least
FEWEST: Final = 20  # values of one side that are compared at all
OFF: Final = (0.9, 1.1)  # foretold clicks over clicks
SURELY: Final = 2.576  # standard errors: once in a hundred by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How far one feature has moved, how often chance moves one as far, and whether that is an alarm."""

    name: str
    index: float
    chance: float
    alarm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """Clicks foretold over clicks that came, and by how many standard errors they differ."""

    ratio: float | None  # None: nobody clicked
    errors: float
    alarm: bool


def shifts(
    before: Mapping[str, Sequence[float | None]], after: Mapping[str, Sequence[float | None]]
) -> tuple[Shift, ...]:
    """Of every feature that both have at least FEWEST values of, None among them; those that moved most first."""
    found: list[tuple[str, float, float]] = []
    for name in sorted(before.keys() & after.keys()):
        if min(len(before[name]), len(after[name])) >= FEWEST:
            index, chance = _moved(before[name], after[name])
            found.append((name, index, chance))
    alarmed: set[str] = set()
    for at, (name, index, chance) in enumerate(sorted(found, key=lambda one: one[2])):
        if chance > LEVEL / (len(found) - at):
            break
        if index >= LARGE:
            alarmed.add(name)
    made = [Shift(name=name, index=index, chance=chance, alarm=name in alarmed) for name, index, chance in found]
    return tuple(sorted(made, key=lambda one: (-one.index, one.name)))


def off(foretold: Sequence[float], clicks: Sequence[float], impressions: Sequence[float], *, tau: float) -> Off:
    """Whether clicks are others than were foretold, beyond chance and beyond `tau`, which no feature holds.

    Raises BadInput where there is not one of each.
    """
    if not len(foretold) == len(clicks) == len(impressions):
        raise BadInput("give as many foretold shares as clicks and impressions")
    said = math.fsum(q * n for q, n in zip(foretold, impressions, strict=True))
    came = sum(clicks)
    variance = math.fsum(
        n * q * (1 - q) + (n * tau * q * (1 - q)) ** 2 for q, n in zip(foretold, impressions, strict=True)
    )
    errors = (came - said) / math.sqrt(variance) if variance > 0 else 0.0
    ratio = said / came if came else None
    outside = ratio is None or not OFF[0] <= ratio <= OFF[1]
    return Off(ratio=ratio, errors=errors, alarm=outside and abs(errors) > SURELY)


def _moved(before: Sequence[float | None], after: Sequence[float | None]) -> tuple[float, float]:
    """The index and how often chance makes it as large. What is not known is a bin of its own."""
    pooled = sorted(value for side in (before, after) for value in side if value is not None)
    bins = max(2, min(MOST_BINS, min(len(before), len(after)) // PER_BIN))
    edges = sorted({pooled[round(len(pooled) * at / bins)] for at in range(1, bins)}) if len(pooled) >= bins else []
    counts = [_counts(side, edges) for side in (before, after)]
    kept = [(old, new) for old, new in zip(*counts, strict=True) if old + new]
    if len(kept) < 2:
        return 0.0, 1.0
    n, m = (len(side) + 0.5 * len(kept) for side in (before, after))
    index = 0.0
    for old, new in kept:
        share, other = (old + 0.5) / n, (new + 0.5) / m
        index += (share - other) * math.log(share / other)
    return index, chance(index / (1 / len(before) + 1 / len(after)), len(kept) - 1)


def _counts(side: Sequence[float | None], edges: Sequence[float]) -> list[int]:
    found = [0] * (len(edges) + 2)
    for value in side:
        found[-1 if value is None else bisect_right(edges, value)] += 1
    return found


def chance(value: float, freedom: int) -> float:
    """How often chi-squared of so many degrees of freedom is above a value (Abramowitz & Stegun, 26.4.4 and 26.4.5)."""
    if value <= 0:
        return 1.0
    half = value / 2
    if freedom % 2:
        total, term = math.erfc(math.sqrt(half)), math.exp(-half) / math.sqrt(math.pi * half)
        for at in range(1, (freedom + 1) // 2):
            term *= half / (at - 0.5)
            total += term
        return min(1.0, total)
    total = term = math.exp(-half)
    for at in range(1, freedom // 2):
        term *= half / at
        total += term
    return min(1.0, total)
