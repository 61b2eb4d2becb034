"""How key each sentence of one topic is, seen in its words, its place and its vector.

The weights are those of a logistic regression on the first 75 lectures of VT-SSum (Lv et al., 2021), where a sentence
is key if its author's slide repeats it; scripts/benches/choosing.py scores them on the other 75.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from common.domain.observed import Vectors
from common.scoring.contentwords import words_of

# What a deviation from the mean of the topic counts: how many words carry matter, how early it comes, what share of
# its words carry matter, how much it speaks of "I" and "you", how much it leads to what follows.
MATTER, EARLY, DENSE, ADDRESS, LEADS = 0.59, 0.28, 0.14, -0.10, 0.26
FOLLOWING = 3  # sentences that one may lead to

_ADDRESS = frozenset(
    {"i", "i'm", "i've", "i'd", "i'll", "me", "my", "you", "you're", "you've", "your", "let's", "we'll"}
)


def scores(texts: Sequence[str], words: Sequence[Sequence[str]], vectors: Vectors) -> list[float]:
    """One number per sentence of a topic, in deviations, 0 for a usual one.

    `words` are the content words of each text, `vectors` its rows.
    """
    count = len(texts)
    if count < 2:
        return [0.0] * count
    said = [words_of(text) for text in texts]
    parts = (
        (MATTER, [np.log1p(len(set(one))) for one in words]),
        (EARLY, [-n for n in range(count)]),
        (DENSE, [len(one) / max(1, len(every)) for one, every in zip(words, said, strict=True)]),
        (ADDRESS, [sum(word in _ADDRESS for word in one) / max(1, len(one)) for one in said]),
        (LEADS, [_leads(vectors, n) for n in range(count)]),
    )
    total = np.zeros(count)
    for weight, values in parts:
        total += weight * _deviations(np.asarray(values, np.float64))
    return [float(value) for value in total]


def _leads(vectors: Vectors, n: int) -> float:
    """The mean cosine to the sentences that follow; 0 for the last one."""
    after = vectors[n + 1 : n + 1 + FOLLOWING]
    return float((after @ vectors[n]).mean()) if len(after) else 0.0


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))
