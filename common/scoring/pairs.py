"""Which clip holds longer, from answers about pairs of clips that were each asked twice, in both orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations
from typing import Literal

Pair = tuple[int, int]  # the numbers of two clips, in the order in which they were named
Choice = Literal["first", "second", "equal"]

AGREED = 0.5  # of the pairs: whoever contradicts themselves more often has no opinion
MOST_MOVED = 10.0  # points by which a place moves a score


def pairs(clips: Sequence[int]) -> list[Pair]:
    """Each with each, in both orders."""
    return list(permutations(clips, 2))


def places(clips: Sequence[int], chosen: Mapping[Pair, Choice]) -> dict[int, float] | None:
    """For each clip the share of the others that it beats, 0 to 1; None where the answers contradict themselves.

    A pair whose two answers differ is a draw, so that one who always takes the first, or the last, has all clips draw.
    Where all meet equally often, the numbers of wins order the clips as Bradley and Terry's model does (Rank Analysis
    of Incomplete Block Designs, 1952).
    """
    wins = dict.fromkeys(clips, 0.0)
    agreed = 0
    met = list(combinations(clips, 2))
    for one, other in met:
        there, back = _won(one, other, chosen[one, other]), _won(other, one, chosen[other, one])
        if there != back:
            there = None
        else:
            agreed += 1
        for clip in (one, other):
            wins[clip] += 0.5 if there is None else float(there == clip)
    if not met or agreed < AGREED * len(met):
        return None
    return {clip: won / (len(clips) - 1) for clip, won in wins.items()}


def moved(score: float, place: float) -> float:
    """A score, 0 to 100, with what its clip's place among the others adds or takes: MOST_MOVED at most."""
    return min(100.0, max(0.0, score + MOST_MOVED * (2 * place - 1)))


def _won(first: int, second: int, choice: Choice) -> int | None:
    return {"first": first, "second": second, "equal": None}[choice]
