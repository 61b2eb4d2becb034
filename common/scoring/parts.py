"""What the parts of a score are made with, and what several of them read of a clip."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from common.domain.clip import Evidence
from common.domain.footage import Cover
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.domain.track import Reading, Track, believed
from common.domain.transcript import Sentence
from common.scoring.sentences import sentences

STANDS = Fraction(2)  # seconds about a still for which the text in it is taken to stand, within its shot
EDGE = Fraction(1, 10)  # seconds by which a clip may cut into a word: its edges are edges of frames
FEW = 8  # words among which English has at least one of its commonest

_FOREIGN = re.compile(r"[^\W\d_a-zA-Z]")
_LETTER = re.compile(r"[^\W\d_]")
_COMMON = re.compile(
    r"\b(?:the|and|to|of|in|is|it|you|that|this|for|with|are|we|have|not|but|what|how|your|my|was|they|be|on)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an editor could do, and what it would add to the part's value, 0 to 1."""

    aim: str  # what it changes, such as "start"; of several changes to one thing only the best is told
    text: str
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A part before it is weighed against the others. Weights of its evidence are shares of its own value."""

    value: float | None
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[Change, ...] = ()
    why: str | None = None  # what is missing where the value is None


def untold(why: str) -> Weighed:
    """A part that cannot be told."""
    return Weighed(value=None, why=why)


def unit(value: float) -> float:
    """Held to 0 to 1; what is no number is 0."""
    return 0.0 if math.isnan(value) else min(1.0, max(0.0, value))


def finite(value: float | None) -> float | None:
    """The value, None where it is no number: damaged files give some."""
    return value if value is not None and math.isfinite(value) else None


def merged(weights: Mapping[str, float], values: Mapping[str, float | None]) -> float | None:
    """Weighted mean of the values that are known, None where none is."""
    told = {name: value for name, value in values.items() if value is not None}
    whole = sum(weights[name] for name in told)
    return sum(weights[name] * value for name, value in told.items()) / whole if whole > 0 else None


def head(observed: Observed, seconds: int) -> Span:
    """The first seconds of the clip, all of it where it is shorter."""
    return Span(observed.span.start, min(observed.span.end, observed.span.start + seconds))


def within(span: Span, other: Span) -> Span:
    """The part of a span that lies in another one; empty, at its nearest edge, where none does."""
    start = min(max(span.start, other.start), other.end)
    return Span(start, max(start, min(span.end, other.end)))


def said(observed: Observed) -> tuple[Sentence, ...] | None:
    """The sentences that begin inside; None where no words are known."""
    if observed.sentences is None:
        return None if observed.words is None else sentences(observed.words)
    return tuple(one for one in observed.sentences if observed.span.contains(one.span.start))


def starts_inside(observed: Observed) -> bool:
    """Whether the clip begins in the midst of a sentence."""
    found = said(observed)
    first = min((one.span.start for one in found or ()), default=observed.span.end)
    return any(
        word.span.end > observed.span.start + EDGE and word.span.start < min(first, observed.span.end)
        for word in observed.words or ()
    )


def pieces(observed: Observed) -> tuple[Span, ...] | None:
    """The shots of the clip, each cut to it, in order; None where nobody looked for them."""
    shots = observed.shots
    if shots is None:
        if observed.footage is None:
            return None
        shots = observed.footage.shots
    return tuple(sorted(within(one.span, observed.span) for one in shots if one.span.overlap(observed.span)))


def dead(observed: Observed, span: Span) -> float | None:
    """The share of a span that is black or stands still; None where nobody looked."""
    if observed.footage is not None:
        return observed.footage.dead(span)
    if observed.shots is None:
        return None
    return Cover(one.span for one in observed.shots if one.black or one.frozen).share(span)


def faces(observed: Observed) -> tuple[Track, ...] | None:
    """The faces that are seen in the clip; None where nobody looked."""
    if observed.tracks is None:
        return None
    return tuple(one for one in observed.tracks if one.kind == "face" and one.span.overlap(observed.span))


def shown(observed: Observed) -> tuple[tuple[Reading, Span], ...] | None:
    """Stills with text in them, and how long each is taken to stand; None where nobody looked."""
    if observed.readings is None:
        return None
    shots = {one.number: one.span for one in observed.shots or ()}
    found = []
    for one in observed.readings:
        if text_of(one) and observed.span.contains(one.at):
            near = Span(one.at - STANDS, one.at + STANDS)
            found.append((one, within(within(near, shots.get(one.shot, near)), observed.span)))
    return tuple(found)


def text_of(reading: Reading) -> str:
    """The lines of a still that are believed, as running text."""
    return " ".join(line.text for line in reading.lines if believed(line))


def not_english(observed: Observed) -> str | None:
    """Why the English word lists say nothing here; None where they do.

    Where no language is known, text that does not look like another one is taken to be English.
    """
    if observed.language:
        if re.split("[-_]", observed.language)[0].casefold() in ("en", "eng"):
            return None
        return f"the word lists are English, and the words are in {observed.language}"
    text = " ".join([*(one.text for one in said(observed) or ()), *map(text_of, observed.readings or ())])
    letters = len(_LETTER.findall(text))
    foreign = len(_FOREIGN.findall(text)) > letters / 20
    if foreign or (len(text.split()) >= FEW and not _COMMON.search(text)):
        return "the word lists are English, and the words do not look it; give the language"
    return None
