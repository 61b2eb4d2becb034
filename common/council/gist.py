"""What a text is about as a whole: how much it reads like a word to whoever is to judge the clip.

A window, a sentence or NARROW or WIDTH words from its start, is the set of what its words mean (common.council.words,
whatever the language) and of the cues in it. A logistic regression over these, their pairs, English stems and words,
and two English words one after the other says how far the window is from honest talk; scripts/injection learns its
weights and says from what. It knows no grammar, only company.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from common.council import unmasking, words
from common.council.cues import SAID, Sort

WIDTH: Final = 36  # words
NARROW: Final = 14  # words of a sentence that are weighed without the rest of it
STRIDE: Final = 9  # words from one window to the next where no sentence begins
SORTS: Final[tuple[Sort, ...]] = tuple(sort for sort in SAID if sort not in ("gist", "hidden"))
FOREIGN: Final = 0.5  # of the words of a text that nobody knows: more, and it is no English
HEARD: Final = (  # words that who speaks to a judge needs, to be known by their sound
    "language", "model", "please", "publish", "approve", "approved", "hundred", "video", "score", "rate", "robot",
    "reviewer", "review", "machine", "grader", "evaluator", "perfect", "maximum", "points", "rating", "number",
    "highest", "ignore", "rules", "instructions", "computer", "algorithm", "system", "assistant", "clip", "upload",
    "give", "judge", "max", "grade", "beautiful", "release", "through", "recommend", "problems", "nothing", "favour",
    "full", "marks", "verdict",
)  # fmt: skip
KINDS: Final = (*words.MEANINGS, *(f"cue {sort}" for sort in SORTS))

_END: Final = re.compile(r"[.!?。！？।؟…](?=\s|$|[^\W\d_a-z])|\n")  # of a sentence, or of a line
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")
_LETTERS_APART: Final = re.compile(r"([a-z]{3,})")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """From where to where in the view; how often each of KINDS is in it; the English stems, and =words, in it."""

    start: int
    end: int
    counts: tuple[int, ...]
    stems: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Of the kinds (n), of those there twice (n), of two of them (n, n; above the diagonal), and of English stems."""

    bias: float
    kinds: Floats
    twice: Floats
    pairs: Floats
    stems: dict[str, float]

    def margin(self, windows: Sequence[Window]) -> Floats:
        """Of each window; above 0 it reads like an instruction."""
        counts = np.array([window.counts for window in windows], np.float64)
        there = (counts > 0).astype(np.float64)
        known = np.array([sum(self.stems.get(stem, 0.0) for stem in sorted(window.stems)) for window in windows])
        made: Floats = self.bias + there @ self.kinds + ((there @ self.pairs) * there).sum(1) + known
        made += (counts > 1) @ self.twice
        return made


def found(view: str, cues: Iterable[tuple[Sort, int]]) -> Window | None:
    """The window of a folded text that reads most like an instruction, None if none does. `cues` with their places."""
    weighed = weights()
    windows = list(split(view, cues, weighed.stems))
    if not windows:
        return None
    margins = weighed.margin(windows)
    best = int(np.argmax(margins))
    return windows[best] if margins[best] > 0 else None


def known(view: str) -> int:
    """How many words of a folded text are English ones that have a weight, or begin like one that means something."""
    weighed, begun = weights().stems, words.beginnings()
    return sum(f"={word}" in weighed or word[: words.LEAST] in begun for word in _WORDS.findall(view))


def spelt(view: str) -> str:
    """A folded English text with words that are none put right by their sound, "" if there are not two of them."""
    weighed, sounds = weights().stems, _sounds()
    parts = _LETTERS_APART.split(view)  # words stand at odd places
    strange = [n for n in range(1, len(parts), 2) if f"={parts[n]}" not in weighed and not words.means(parts[n])]
    right = [n for n in strange if unmasking.sound(parts[n]) in sounds]
    if len(right) < 2 or len(strange) - len(right) > FOREIGN * (len(parts) // 2):
        return ""
    for n in right:
        parts[n] = sounds[unmasking.sound(parts[n])]
    return "".join(parts)


@lru_cache(maxsize=1)
def _sounds() -> dict[str, str]:
    return {unmasking.sound(word): word for word in HEARD}


def split(view: str, cues: Iterable[tuple[Sort, int]], known: Container[str] | None = None) -> Iterator[Window]:
    """The windows of a text: where sentences begin, and every STRIDE words of a long one. Of =words those `known`."""
    hits, every = words.read(view)
    starts = [word.start for word in every]

    def at(start: int) -> float:
        return words.place(every[max(0, bisect_right(starts, start) - 1)], start) if every else 0.0

    shape = words.MEANINGS.index("shape")
    hits += [words.Hit(shape, at(one.start()), one.start(), one.end()) for one in words.SHAPE.finditer(view)]
    first = len(words.MEANINGS)
    hits += [words.Hit(first + SORTS.index(sort), at(start), start, start) for sort, start in cues if sort in SORTS]
    hits.sort(key=lambda hit: (hit.at, hit.start, hit.kind, hit.end, hit.stem))
    plain = [[one for one in some if known is None or one in known] for some in _english(every)]
    ats = [hit.at for hit in hits]
    ends = [one.start() for one in _END.finditer(view)]
    sentences = [bisect_right(ends, hit.start) for hit in hits]
    last, sentence = -float(STRIDE), -1
    for n, hit in enumerate(hits):
        if hit.at < last + STRIDE and sentences[n] == sentence:
            continue
        last, sentence = hit.at, sentences[n]
        whole, own = bisect_left(ats, hit.at + WIDTH), bisect_right(sentences, sentence)
        close_by = bisect_left(ats, hit.at + NARROW)
        for end in sorted({whole, min(own, whole), min(own, close_by)}):
            here = hits[n:end]
            close = max(one.end for one in here)
            said = plain[max(0, bisect_right(starts, hit.start) - 1) : bisect_left(starts, close)]
            yield _window(here, close, said)


def _english(every: Sequence[words.Word]) -> Iterator[list[str]]:
    """Each word of Latin letters, and it with the next."""
    for n, word in enumerate(every):
        if not word.text.isascii():
            yield []
        elif n + 1 < len(every) and every[n + 1].text.isascii():
            yield [f"={word.text}", f"={word.text} {every[n + 1].text}"]
        else:
            yield [f"={word.text}"]


def _window(hits: Sequence[words.Hit], end: int, said: Sequence[Sequence[str]]) -> Window:
    counts = [0] * len(KINDS)
    for hit in hits:
        counts[hit.kind] += 1
    named = {hit.stem for hit in hits if hit.stem}
    return Window(hits[0].start, end, tuple(counts), frozenset(named.union(*said)))


@lru_cache(maxsize=1)
def weights() -> Weights:
    return read(json.loads(resources.files(__package__).joinpath("gist.json").read_text("utf-8")))


def read(written: dict[str, Any]) -> Weights:
    """As scripts/injection writes them: `kinds`, `pairs` (two names and a bar between them), `stems`, `bias`."""
    kinds, pairs = np.zeros(len(KINDS)), np.zeros((len(KINDS), len(KINDS)))
    for name, weight in written["kinds"].items():
        kinds[KINDS.index(name)] = weight
    for names, weight in written["pairs"].items():
        one, other = sorted(KINDS.index(name) for name in names.split("|"))
        pairs[one, other] = weight
    twice = np.diag(pairs).copy()
    return Weights(bias=written["bias"], kinds=kinds, twice=twice, pairs=pairs - np.diag(twice), stems=written["stems"])
