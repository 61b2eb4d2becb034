"""Words with times, and the sentences they make."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from common.domain.timebase import Span

Timing = Literal["measured", "estimated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One spoken word as it is written, with its punctuation."""

    text: str
    span: Span
    confidence: float | None = None  # 0 to 1; None where the source gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Words in order of time. `timing` is estimated where the source timed lines, not words."""

    language: str | None  # BCP 47, None where unknown
    source: str  # "srt", "vtt", "ass", "json" or a recogniser's name@version
    timing: Timing
    words: tuple[Word, ...]
    notes: tuple[str, ...] = ()  # what was mended or passed over in reading it, in plain words


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
