"""Choose among candidates: the best first, none in the way of one already chosen, and for each the runner-up.

Two are in each other's way where they share time or say much the same. After Carbonell and Goldstein, The use of MMR,
1998, with a bound in place of a price: so a clip's place does not depend on how many were asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.clip import RunnerUp
from common.domain.observed import Vectors
from common.scoring.advice import behind
from common.scoring.candidates import Candidate

OVERLAP = 0.2  # of the shorter of two clips
ALIKE = 0.7  # cosine of what two clips say; of the stretches of one talk one pair in a hundred is more alike
WORTH = 0.5  # of the best one's score; below, a clip is not worth its maker's time

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The chosen, best first, with their runners-up, and how many that were well made were left out for what."""

    chosen: tuple[Candidate, ...]
    runners_up: tuple[RunnerUp | None, ...]
    repeats: bool  # some were left out for what they say alone
    poor: bool  # some were left out for their score alone


def choose(candidates: Sequence[Candidate], most: int, vectors: Vectors | None = None) -> Choice:
    """At most `most`; equal scores in order of time. The best is always taken, others where they are worth it.

    The best ones first, so that asking for more keeps those there are. Only where a long one leaves no room for as
    many as were asked for, the set with the highest sum of scores is taken instead. `vectors` are the sentences'.
    """
    ordered = sorted(candidates, key=lambda one: (-one.score, one.span))
    ways = _Ways(ordered, vectors)
    worthy = [n for n, one in enumerate(ordered) if one.score >= WORTH * ordered[0].score]
    chosen = _apart(worthy, ways, most)
    if len(chosen) < most:
        at = {id(one): n for n, one in enumerate(ordered)}
        fullest = sorted(at[id(one)] for one in _fullest([ordered[n] for n in worthy], most))
        fullest = _apart(fullest, ways, most)
        chosen = fullest if len(fullest) > len(chosen) else chosen
    shared = [ways.shared(n) for n in chosen]
    said = [ways.said(n) for n in chosen]
    free = ~np.logical_or.reduce([*shared, np.zeros(len(ordered), np.bool_)])
    new = ~np.logical_or.reduce([*said, np.zeros(len(ordered), np.bool_)])
    good = np.arange(len(ordered)) < len(worthy)
    return Choice(
        chosen=tuple(ordered[n] for n in chosen),
        runners_up=tuple(_runner_up(ordered, chosen, n, shared, said) for n in range(len(chosen))),
        repeats=bool((free & ~new & good).any()),
        poor=bool((free & new & ~good).any()),
    )


class _Ways:
    """Which candidates are in the way of one, over all at once: hours hold many thousands."""

    def __init__(self, candidates: Sequence[Candidate], vectors: Vectors | None) -> None:
        self._starts = np.array([float(one.span.start) for one in candidates])
        self._ends = np.array([float(one.span.end) for one in candidates])
        self._means = None if vectors is None else _means(candidates, vectors)

    def shared(self, n: int) -> Mask:
        """Those that share more than OVERLAP of their time with number `n`, itself among them."""
        shared = np.minimum(self._ends, self._ends[n]) - np.maximum(self._starts, self._starts[n])
        shorter = np.minimum(self._ends - self._starts, self._ends[n] - self._starts[n])
        found: Mask = shared > OVERLAP * shorter
        found[n] = True
        return found

    def said(self, n: int) -> Mask:
        """Those that say much the same as number `n`."""
        if self._means is None:
            return np.zeros(len(self._starts), np.bool_)
        found: Mask = self._means @ self._means[n] > ALIKE
        return found


def _means(candidates: Sequence[Candidate], vectors: Vectors) -> Vectors:
    """What each says as one vector of length 1; zero where nothing is said."""
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0, dtype=np.float64)])
    spans = [one.sentences or (0, -1) for one in candidates]
    means = sums[[last + 1 for _, last in spans]] - sums[[first for first, _ in spans]]
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    found: Vectors = (means / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return found


def _apart(numbers: Iterable[int], ways: _Ways, most: int) -> list[int]:
    """The first of them, then each that is in no earlier one's way, `most` at most."""
    chosen: list[int] = []
    taken: Mask | None = None
    for n in numbers:
        if len(chosen) == most:
            break
        if taken is None or not taken[n]:
            chosen.append(n)
            blocked = ways.shared(n) | ways.said(n)
            taken = blocked if taken is None else taken | blocked
    return chosen


def _runner_up(
    ordered: Sequence[Candidate], chosen: Sequence[int], place: int, shared: Sequence[Mask], said: Sequence[Mask]
) -> RunnerUp | None:
    """The best that this one alone was in the way of; the best that it was in the way of, where there is none."""
    mine = (shared[place] | said[place]).copy()
    mine[list(chosen)] = False
    others = [shared[n] | said[n] for n in range(len(chosen)) if n != place]
    alone = mine & ~np.logical_or.reduce([*others, np.zeros(len(ordered), np.bool_)])
    found = np.flatnonzero(alone if alone.any() else mine)
    if not len(found):
        return None
    clip, other = ordered[chosen[place]], ordered[found[0]]
    where = "shares its time" if shared[place][found[0]] else "says much the same"
    return RunnerUp(
        span=other.span,
        score=other.score,
        behind=round(clip.score - other.score, 4),
        why=f"{where}; {behind(other, clip)}",
    )


def _fullest(candidates: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most `most` that do not overlap, with the highest sum of scores: weighted interval scheduling."""
    ordered = sorted(candidates, key=lambda one: (one.span.end, one.span.start))
    ends = [one.span.end for one in ordered]
    before = [bisect_right(ends, one.span.start, hi=n) for n, one in enumerate(ordered)]
    # best[n] is the highest sum among the first n; taken[k][n] whether the k-th pick among them is the n-th.
    best = [0.0] * (len(ordered) + 1)
    taken: list[list[bool]] = []
    for _ in range(most):
        now, took = [0.0], [False]
        for n, one in enumerate(ordered):
            with_it = best[before[n]] + one.score
            took.append(with_it > now[n])
            now.append(max(now[n], with_it))
        if now[-1] <= best[-1]:
            break
        best = now
        taken.append(took)
    found, n = [], len(ordered)
    for took in reversed(taken):
        while n and not took[n]:
            n -= 1
        if not n:
            break
        found.append(ordered[n - 1])
        n = before[n - 1]
    return found


def fewer(choice: Choice, wanted: int, *, least: int) -> str | None:
    """Why there are fewer clips than asked for, in plain words; `least` seconds is the shortest length asked for."""
    found = len(choice.chosen)
    if found >= wanted:
        return None
    if not found:
        return f"no stretch of at least {least} s begins and ends well; try a smaller --min"
    if choice.repeats:
        return f"{found} are worth it: the others say much the same again; ask for fewer with --clips"
    if choice.poor:
        return f"{found} are worth it: the others score less than half of the best one; ask for fewer with --clips"
    return f"the video has room for {found} without overlap; try a smaller --min for more"
