"""Words whose times are only estimated, put where an aligner finds them.

Here is which words go to it together, and what becomes of those it cannot find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.transcript import Word

SLACK = Fraction(1, 2)  # seconds by which a line may come too early or end too late
_GAP = Fraction(1)  # seconds between two lines that have nothing to do with each other
_LONGEST = Fraction(25)  # seconds of estimated time that are aligned at once; no word takes longer
_AROUND = 4  # words before and after that are aligned too, so that their sound is not taken for others


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Words [first, last) to be aligned in the sound of `span`; those of them in [keep_first, keep_last) count."""

    first: int
    last: int
    keep_first: int
    keep_last: int
    span: Span


def blocks(words: Sequence[Word], duration: Fraction) -> list[Block]:
    """All words in blocks, in order; every word counts in exactly one. `duration` is the video's, in seconds."""
    found: list[Block] = []
    first = 0
    while first < len(words):
        last = _end(words, first)
        before = first
        while before > 0 and first - before < _AROUND and _near(words, before - 1):
            before -= 1
        after = last
        while after < len(words) and after - last < _AROUND and _near(words, after - 1):
            after += 1
        found.append(
            Block(
                first=before,
                last=after,
                keep_first=first,
                keep_last=last,
                span=Span(
                    max(Fraction(0), words[before].span.start - SLACK),
                    max(words[before].span.start, min(duration, _end_of(words[after - 1]) + SLACK)),
                ),
            )
        )
        first = last
    return found


def halves(block: Block, words: Sequence[Word]) -> tuple[Block, Block] | None:
    """A block whose words do not fit, in two, so that one wrong line does not spoil all; None for a short one."""
    middle = (block.keep_first + block.keep_last) // 2
    if block.keep_last - block.keep_first < 2 * _AROUND:
        return None
    left_end, right_start = min(block.last, middle + _AROUND), max(block.first, middle - _AROUND)
    left, right = _end_of(words[left_end - 1]) + SLACK, words[right_start].span.start - SLACK
    return (
        replace(block, last=left_end, keep_last=middle, span=Span(block.span.start, _within(left, block.span))),
        replace(block, first=right_start, keep_first=middle, span=Span(_within(right, block.span), block.span.end)),
    )


def placed(words: Sequence[Word], found: Sequence[Span | None]) -> tuple[Word, ...]:
    """The words at the times that were found. One that was not keeps its estimate, between the ones that were."""
    starts = [span.start if span is not None else None for span in found]
    ceilings: list[Fraction | None] = [None] * len(words)
    following: Fraction | None = None
    for n in range(len(words) - 1, -1, -1):
        start = starts[n]
        if start is not None and (following is None or start <= following):
            following = start
        ceilings[n] = following
    done: list[Word] = []
    floor = Fraction(0)
    for word, span, ceiling in zip(words, found, ceilings, strict=True):
        wanted = span or word.span
        start, end = max(wanted.start, floor), max(wanted.end, floor)
        if span is None and ceiling is not None:
            start, end = max(floor, min(start, ceiling)), max(floor, min(end, ceiling))
        if done and done[-1].span.end > start:
            done[-1] = replace(done[-1], span=Span(done[-1].span.start, start))
        done.append(replace(word, span=Span(start, max(start, end))))
        floor = start
    return tuple(done)


def _end(words: Sequence[Word], first: int) -> int:
    """One past the last word of the block that begins with `first`."""
    last = first + 1
    while last < len(words) and _near(words, last - 1):
        if _end_of(words[last]) - words[first].span.start > _LONGEST:
            break
        last += 1
    return last


def _near(words: Sequence[Word], n: int) -> bool:
    """Whether a word and the next belong together."""
    return words[n + 1].span.start - _end_of(words[n]) < _GAP


def _end_of(word: Word) -> Fraction:
    """When a word is over at the latest: a line that stands for hours is not spoken for hours."""
    return min(word.span.end, word.span.start + _LONGEST)


def _within(at: Fraction, span: Span) -> Fraction:
    return min(max(at, span.start), span.end)
