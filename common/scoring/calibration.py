"""What a member's scores are worth in the coin of outcomes, learned from the clips both are known of.

A member may be too kind, too harsh or too narrow. With few outcomes a line corrects it, with many a rising step
function; a line of few outcomes stays near what the member said. Scores and outcomes are 0 to 100.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from common.errors import BadInput

PRIOR = 30  # outcomes that count as much as the belief that the member needs no correction
STEPS_FROM = 200  # outcomes from which the shape is learned, not only a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Rising, by pieces: `scores` ascending, and what each is worth. Their line between two, flat beyond the ends."""

    scores: tuple[float, ...]
    worth: tuple[float, ...]
    outcomes: int  # it was learned from

    def __call__(self, score: float) -> float:
        at = bisect_right(self.scores, score)
        if at == 0:
            return self.worth[0]
        if at == len(self.scores):
            return self.worth[-1]
        x0, x1, y0, y1 = self.scores[at - 1], self.scores[at], self.worth[at - 1], self.worth[at]
        return y0 + (y1 - y0) * (score - x0) / (x1 - x0)


NONE = Calibration(scores=(0.0, 100.0), worth=(0.0, 100.0), outcomes=0)


def learned(pairs: Sequence[tuple[float, float]]) -> Calibration:
    """From pairs of score and outcome. Raises BadInput where one is not in [0, 100].

    Up to STEPS_FROM pairs: ridge regression of what the outcome is above the score, towards no correction by PRIOR
    pairs, its slope never below 0. Above: isotonic regression (pool adjacent violators; Ayer et al., 1955).
    """
    for pair in pairs:
        if not all(0 <= value <= 100 for value in pair):
            raise BadInput(f"{pair} is no score with an outcome; give two numbers from 0 to 100")
    if not pairs:
        return NONE
    return _steps(pairs) if len(pairs) > STEPS_FROM else _line(pairs)


def _line(pairs: Sequence[tuple[float, float]]) -> Calibration:
    count = len(pairs)
    mean = fmean(score for score, _ in pairs)
    shift = math.fsum(outcome - score for score, outcome in pairs) / (count + PRIOR)
    spread = math.fsum((score - mean) ** 2 for score, _ in pairs)
    prior = PRIOR * 100**2 / 12  # as if PRIOR scores all over the scale had been right
    lean = math.fsum((score - mean) * (outcome - score) for score, outcome in pairs) / (spread + prior)
    slope = max(0.0, 1 + lean)
    if not slope:
        return Calibration(scores=(mean,), worth=(_held(mean + shift),), outcomes=count)
    # Where the line enters and leaves the scale: beyond, it is flat.
    ends = [_held(mean + (edge - mean - shift) / slope) for edge in (0.0, 100.0)]
    worth = [_held(mean + shift + slope * (end - mean)) for end in ends]
    if ends[0] == ends[1]:
        return Calibration(scores=(ends[0],), worth=(worth[0],), outcomes=count)
    return Calibration(scores=tuple(ends), worth=tuple(worth), outcomes=count)


def _steps(pairs: Sequence[tuple[float, float]]) -> Calibration:
    at: dict[float, list[float]] = {}
    for score, outcome in pairs:
        at.setdefault(score, []).append(outcome)
    blocks: list[tuple[float, float, list[float]]] = []  # mean outcome, how many, the scores in it
    for score in sorted(at):
        blocks.append((fmean(at[score]), float(len(at[score])), [score]))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (y1, n1, x1), (y0, n0, x0) = blocks.pop(), blocks.pop()
            blocks.append(((y0 * n0 + y1 * n1) / (n0 + n1), n0 + n1, x0 + x1))
    scores, worth = [], []
    for value, _, held in blocks:
        for score in dict.fromkeys((held[0], held[-1])):
            scores.append(score)
            worth.append(value)
    return Calibration(scores=tuple(scores), worth=tuple(worth), outcomes=len(pairs))


def _held(value: float) -> float:
    return min(100.0, max(0.0, value))
