"""What a talk is about: its topics with labels, and the sentences that stand for them.

Everything is measured against the rest of the same talk. Vectors are of length 1, so products are cosines.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.timebase import Span
from common.domain.transcript import Sentence
from common.scoring.contentwords import content_words
from common.scoring.keysentences import scores

LEAST = 4  # sentences of a topic
LONGEST = 150  # sentences of a topic
FULL = 8  # words from which a sentence counts fully
CAUTION = 2.0  # how many times what a needless cut seems to gain a cut must gain
NEAR = 3  # sentences apart that are taken to be of one topic when that gain is estimated
LABEL = 3  # words of a label at most
MOMENTS = 12  # at most
APART = 0.75  # cosine above which a moment says what one before it said

Vectors = NDArray[np.float32]  # (n, dimensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Sentences [first, last], inclusive. `central` is the number of the one closest to all of them."""

    first: int
    last: int
    span: Span
    words: tuple[str, ...]  # the most telling first
    label: str
    central: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A sentence worth seeing: `worth` 0 to 1, how well it stands for its topic."""

    sentence: int
    topic: int
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`key` per sentence: 0 to 1, 0.5 for the mean of its topic."""

    topics: tuple[Topic, ...]
    key: tuple[float, ...]
    moments: tuple[Moment, ...]


def meaning(said: Sequence[Sentence], vectors: Vectors) -> Meaning:
    """Topics in order of time; moments the most worthy first. Without sentences all are empty."""
    if not said:
        return Meaning(topics=(), key=(), moments=())
    words = content_words([sentence.text for sentence in said])
    stretches = cut(said, vectors)
    labels = telling([[word for words_ in words[a:b] for word in words_] for a, b in stretches])
    key: list[float] = []
    topics = []
    for (first, end), label in zip(stretches, labels, strict=True):
        key += scores([one.text for one in said[first:end]], words[first:end], vectors[first:end])
        centre = vectors[first:end].mean(0)
        topics.append(
            Topic(
                first=first,
                last=end - 1,
                span=Span(said[first].span.start, max(one.span.end for one in said[first:end])),
                words=label,
                label=", ".join(label[:LABEL]) or said[first].text[:40],
                central=first + int(np.argmax(vectors[first:end] @ centre)),
            )
        )
    key = [1 / (1 + math.exp(-value)) for value in key]
    return Meaning(topics=tuple(topics), key=tuple(key), moments=_moments(topics, key, vectors))


def cut(said: Sequence[Sentence], vectors: Vectors) -> list[tuple[int, int]]:
    """Stretches [first, end) of one topic each, by the best of all ways to cut.

    Maximises the sum over stretches of the length of their summed vectors (Alemi and Ginsparg, Text Segmentation
    based on Semantic Word Embeddings, 2015), less a price per stretch. For vectors with a mean cosine c among
    themselves a needless cut in two gains about (1 - c) / (2 sqrt c); the price is CAUTION times that.
    """
    count = len(said)
    weights = np.array([min(1.0, (one.last - one.first + 1) / FULL) for one in said])
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors.astype(np.float64) * weights[:, None], axis=0)])
    price = CAUTION * _needless(vectors)
    best = np.full(count + 1, -np.inf)
    best[0] = 0.0
    back = np.zeros(count + 1, np.int64)
    least = min(LEAST, count)
    for end in range(least, count + 1):
        low = max(0, end - LONGEST)
        starts = np.arange(low, end - least + 1)
        worth = best[starts] + np.linalg.norm(sums[end] - sums[starts], axis=1) - price
        chosen = int(np.argmax(worth))
        best[end], back[end] = worth[chosen], starts[chosen]
    stretches = []
    end = count
    while end:
        stretches.append((int(back[end]), end))
        end = int(back[end])
    return stretches[::-1]


def _needless(vectors: Vectors) -> float:
    """What a cut inside a topic seems to gain, from the cosines of near neighbours."""
    near = [float((vectors[n:] * vectors[:-n]).sum(1).mean()) for n in range(1, NEAR + 1) if n < len(vectors)]
    alike = min(0.95, max(0.02, sum(near) / len(near))) if near else 0.5
    return (1 - alike) / (2 * math.sqrt(alike))


def telling(topics: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Per topic up to LABEL + 3 words that tell it from the others, the best first.

    Class-based tf-idf, tf * ln(1 + words per topic / uses of the word in all): Grootendorst, BERTopic, 2022.
    """
    everywhere = Counter(word for words in topics for word in words)
    usual = sum(everywhere.values()) / max(1, len(topics))
    labels = []
    for words in topics:
        uses = Counter(words)
        often = {word: count for word, count in uses.items() if count > 1} or uses
        ranked = sorted(often, key=lambda word: (-often[word] * math.log(1 + usual / everywhere[word]), word))
        chosen: list[str] = []
        for word in ranked:
            if len(chosen) < LABEL + 3 and not any(_of_one_stem(word, other) for other in chosen):
                chosen.append(word)
        labels.append(tuple(chosen))
    return labels


def _moments(topics: Sequence[Topic], key: Sequence[float], vectors: Vectors) -> tuple[Moment, ...]:
    """The best sentence of each topic, then the next ones, without saying a thing twice.

    After Carbonell and Goldstein, The use of MMR, 1998. A sentence is worth more the more its topic differs from the
    talk, and its first place in its topic counts before any second.
    """
    whole = vectors.mean(0)
    found = []
    for number, topic in enumerate(topics):
        sentences = sorted(range(topic.first, topic.last + 1), key=lambda n: (-key[n], n))
        for place, n in enumerate(sentences[: 1 + MOMENTS // len(topics)]):
            special = 1 - max(0.0, float(vectors[n] @ whole))
            found.append(Moment(sentence=n, topic=number, worth=key[n] * (0.7 + 0.3 * special) * 0.8**place))
    chosen: list[Moment] = []
    for moment in sorted(found, key=lambda one: (-one.worth, one.sentence)):
        said_before = any(float(vectors[moment.sentence] @ vectors[one.sentence]) > APART for one in chosen)
        if len(chosen) < MOMENTS and not said_before:
            chosen.append(moment)
    return tuple(chosen)


def _of_one_stem(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return long.startswith(short[: max(4, len(short) - 2)]) and len(long) - len(short) <= 3
