"""Words with times, and the sentences they make."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from common.domain.timebase import Span

_UNSPACED = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]")

Timing = Literal["measured", "estimated"]
Quality = Literal["given", "good", "draft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word as it is written, with its punctuation."""

    text: str
    span: Span
    confidence: float | None = None  # 0 to 1; None where the source gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Words in order of time. `timing` is estimated where the source timed lines, not words.

    `quality` says who wrote the words: given by a person, or recognised, where a draft has many wrong ones; None
    where there are none.
    """

    language: str | None  # BCP 47, None where unknown
    source: str  # "srt", "vtt", "ass", "json" or a recogniser's name@version
    timing: Timing
    words: tuple[Word, ...]
    notes: tuple[str, ...] = ()  # what was mended or passed over in reading it, in plain words
    quality: Quality | None = "given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Words [first, last] of a transcript, inclusive."""

    first: int
    last: int
    text: str
    span: Span
    pause_before: Fraction  # seconds of silence
    pause_after: Fraction
    closed: bool  # ends in punctuation that ends a sentence


def joined(words: Iterable[str]) -> str:
    """Running text: a space between words, none where both sides are of a script that is written without."""
    parts: list[str] = []
    last = ""
    for word in words:
        if last and word and not (_UNSPACED.match(last[-1]) and _UNSPACED.match(word[0])):
            parts.append(" ")
        parts.append(word)
        last = word or last
    return "".join(parts)
