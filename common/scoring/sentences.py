"""Sentences from timed words: by punctuation where there is any, by pauses where there is not.

A long sentence comes in parts; `begins` and `ends` say where a clip may be cut without cutting a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.transcript import Sentence, Word, joined

PAUSE = Fraction(3, 5)  # seconds of silence that end a sentence without punctuation
LONGEST = Fraction(20)  # seconds; a longer run is split at its longest pause
BREATH = Fraction(1, 5)  # seconds of silence at which speech without punctuation may be cut
SPARSE = 60  # words for each mark that ends a sentence; with fewer marks they are an accident, not punctuation
_FAR = Fraction(3600)

_END = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]」』]*$")
_ABBREVIATION = re.compile(r"^\W*(?:mr|mrs|ms|dr|prof|st|vs|etc|vol|fig|approx)\.$", re.IGNORECASE)
_INITIALS = re.compile(r"^\W*(?:[^\W\d_]\.)+$")  # J. Smith, U.S., e.g.
_NUMBER = re.compile(r"^\W*no\.$", re.IGNORECASE)


def sentences(words: Sequence[Word]) -> tuple[Sentence, ...]:
    """Every word in exactly one sentence, in order."""
    closes = [_closes(words, n) for n in range(len(words))]
    found: list[Sentence] = []
    for first, last in _runs(words, closes):
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
                closed=closes[last],
            )
        )
    return tuple(found)


def punctuated(said: Sequence[Sentence]) -> bool:
    """Whether marks tell where sentences end."""
    return bool(said) and _marked(sum(one.closed for one in said), said[-1].last - said[0].first + 1)


def begins(said: Sequence[Sentence], n: int, *, marked: bool) -> bool:
    """Whether a clip may begin with this one: a sentence begins, or, without marks, somebody has paused."""
    return n == 0 or (said[n - 1].closed if marked else said[n].pause_before >= BREATH)


def ends(said: Sequence[Sentence], n: int, *, marked: bool) -> bool:
    """Whether a clip may end with this one."""
    return n == len(said) - 1 or (said[n].closed if marked else said[n].pause_after >= BREATH)


def _marked(marks: int, words: int) -> bool:
    return marks * SPARSE >= words


def _runs(words: Sequence[Word], closes: Sequence[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    first = 0
    marked = _marked(sum(closes), len(words))
    for n in range(len(words)):
        gap = words[n + 1].span.start - words[n].span.end if n + 1 < len(words) else _FAR
        # Where sentences are marked, a breath inside one does not end it; a long silence does.
        if closes[n] or gap >= (2 * PAUSE if marked else PAUSE):
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
    if not _END.search(text) or _ABBREVIATION.match(text):
        return False
    if n + 1 == len(words):
        return True
    after = words[n + 1].text.lstrip("\"'“‘«([")[:1]
    if _NUMBER.match(text):
        return not after.isdigit()
    if _INITIALS.match(text):
        return words[n + 1].span.start - words[n].span.end >= PAUSE and not after.islower()
    return not (after.islower() and text.rstrip("\"'”’»)").endswith(("...", "…")))
