"""What is found by words and what is found by meaning, in one order.

Each way of finding ranks by itself, and the two are joined by their ranks alone: reciprocal rank fusion (Cormack,
Clarke and Büttcher, 2009). What has all the words that were asked for stands before what has not, as people expect of a
search. The order follows from the candidates and from nothing else: not from where they are kept, nor in what order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

K = 60  # of the fusion: how little the first ranks stand out; the paper's
STRONG = 2.0  # how many words of the text a word of the title counts for


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """`strong`: the words of its title and tags, which are among its `words`; `score` decides between equals.

    `near`: the cosine of what it means and what was asked for; None where that is not near.
    """

    id: str
    words: frozenset[str]
    strong: frozenset[str]
    near: float | None
    score: float


def ranked(asked: Sequence[str], candidates: Collection[Candidate]) -> list[Candidate]:
    """The candidates that have a word or are near, the best first."""
    wanted = frozenset(asked)
    weight = _weights(wanted, candidates)

    def told(one: Candidate) -> float:
        words = one.words & wanted
        return math.fsum(weight[word] * (STRONG if word in one.strong else 1.0) for word in sorted(words))

    by_words = sorted(
        (one for one in candidates if one.words & wanted), key=lambda one: (-told(one), -one.score, one.id)
    )
    by_meaning = sorted(
        ((one, one.near) for one in candidates if one.near is not None),
        key=lambda pair: (-pair[1], -pair[0].score, pair[0].id),
    )
    value: dict[str, float] = {}
    for way in (by_words, [one for one, _ in by_meaning]):
        for rank, one in enumerate(way, 1):
            value[one.id] = value.get(one.id, 0.0) + 1 / (K + rank)
    found = [one for one in candidates if one.id in value]
    return sorted(found, key=lambda one: (not (wanted and wanted <= one.words), -value[one.id], -one.score, one.id))


def _weights(wanted: frozenset[str], candidates: Collection[Candidate]) -> dict[str, float]:
    """How much a word tells: more, the fewer candidates have it (Spärck Jones, 1972)."""
    count = Counter(word for one in candidates for word in one.words & wanted)
    return {word: math.log(1 + len(candidates) / count[word]) for word in sorted(count)}
