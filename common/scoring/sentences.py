"""Sentences from timed words: by punctuation where there is any, by pauses where there is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.transcript import Sentence, Word, joined

PAUSE = Fraction(3, 5)  # seconds of silence that end a sentence without punctuation
LONGEST = Fraction(20)  # seconds; a longer run is split at its longest pause
_FAR = Fraction(3600)

_END = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]」』]*$")
_ABBREVIATION = re.compile(r"^(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|no|vol|fig|approx|[a-z])\.$", re.IGNORECASE)


def sentences(words: Sequence[Word]) -> tuple[Sentence, ...]:
    """Every word in exactly one sentence, in order."""
    found: list[Sentence] = []
    for first, last in _runs(words):
        closed = _closes(words, last)
        before = words[first].span.start - words[first - 1].span.end if first else _FAR
        after = words[last + 1].span.start - words[last].span.end if last + 1 < len(words) else _FAR
        found.append(
            Sentence(
                first=first,
                last=last,
                text=joined(word.text for word in words[first : last + 1]),
                span=Span(words[first].span.start, max(word.span.end for word in words[first : last + 1])),
                pause_before=max(before, Fraction(0)),
                pause_after=max(after, Fraction(0)),
                closed=closed,
            )
        )
    return tuple(found)


def _runs(words: Sequence[Word]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    first = 0
    punctuated = sum(_closes(words, n) for n in range(len(words))) * 60 >= len(words)
    for n in range(len(words)):
        gap = words[n + 1].span.start - words[n].span.end if n + 1 < len(words) else _FAR
        # Where sentences are marked, a breath inside one does not end it; a long silence does.
        if _closes(words, n) or gap >= (2 * PAUSE if punctuated else PAUSE):
            runs += _split(words, first, n)
            first = n + 1
    return runs


def _split(words: Sequence[Word], first: int, last: int) -> list[tuple[int, int]]:
    """A run as it is, or cut at its longest pause until no part is too long."""
    todo, done = [(first, last)], []
    while todo:
        begin, end = todo.pop()
        if end - begin < 4 or words[end].span.end - words[begin].span.start <= LONGEST:
            done.append((begin, end))
            continue
        middle = (begin + end) / 2
        cut = max(
            range(begin + 1, end - 1),
            key=lambda n: (words[n + 1].span.start - words[n].span.end, -abs(n - middle)),
        )
        todo += [(begin, cut), (cut + 1, end)]
    return sorted(done)


def _closes(words: Sequence[Word], n: int) -> bool:
    text = words[n].text
    return bool(_END.search(text)) and not _ABBREVIATION.match(text)
