"""Candidates: every stretch that could be a clip, each with named parts of its score and the evidence for them.

With words, a candidate is whole sentences, its edges in the pauses around them; where no marks tell sentences, it runs
from pause to pause. Without words it runs from shot to shot, or between still moments inside a long one. All scores are
0 to 1 and compare candidates of one video only.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from common.domain.clip import Evidence
from common.domain.footage import Footage
from common.domain.timebase import Span
from common.domain.transcript import Sentence
from common.scoring.hooks import opening_signs, strength
from common.scoring.sentences import begins, ends, punctuated
from common.scoring.weights import SILENT, SPOKEN, Weights

T = TypeVar("T")

LEAD = Fraction(1, 4)  # seconds of the pause before a sentence that a clip may take along
TAIL = Fraction(7, 20)
ENDS_PER_START = 6  # ends tried for each start, spread over the lengths allowed
PACE = 2.5  # words per second of lively speech
MOST_POINTS = 600  # edges tried in a video without speech
STRETCH = 2.0  # how far from 0.5 a candidate's key score is taken, times what its words' mean is
SUMS_UP = 0.85  # how key a sentence is, 0 to 1, that is named as evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One stretch. `sentences` are [first, last] of the transcript's, None without speech."""

    span: Span
    score: float
    parts: dict[str, float]
    evidence: tuple[Evidence, ...]
    sentences: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """What is said, how key each sentence is where that is known, and the lengths asked for in seconds."""

    footage: Footage
    said: Sequence[Sentence]
    key: Sequence[float] | None
    shortest: Fraction
    longest: Fraction


def spoken(
    footage: Footage,
    said: Sequence[Sentence],
    *,
    shortest: Fraction,
    longest: Fraction,
    key: Sequence[float] | None = None,
) -> list[Candidate]:
    """Runs of whole sentences of an allowed length; `key` is how key each sentence is, 0 to 1."""
    talk = _Talk(footage=footage, said=said, key=key, shortest=shortest, longest=longest)
    marked = punctuated(said)
    # Marks may be too far apart for any allowed length; then a pause is the next best place to cut.
    return _runs(talk, marked=marked) or (_runs(talk, marked=False) if marked else [])


def _runs(talk: _Talk, *, marked: bool) -> list[Candidate]:
    said = talk.said
    found: dict[Span, Candidate] = {}  # of two that are cut alike, the one with the words of no length at its edges
    lasts = [ends(said, n, marked=marked) for n in range(len(said))]
    for first in range(len(said)):
        if not begins(said, first, marked=marked):
            continue
        start = max(Fraction(0), said[first].span.start - min(LEAD, said[first].pause_before / 2))
        stops: dict[Fraction, int] = {}
        for last in range(first, len(said)):
            end = min(talk.footage.duration, said[last].span.end + min(TAIL, said[last].pause_after / 2))
            if end - start > talk.longest:
                break
            if end - start >= talk.shortest and lasts[last]:
                stops[end] = last
        for end, last in _spread(list(stops.items()), ENDS_PER_START):
            if (span := Span(start, end)) not in found:
                found[span] = _of_words(talk, first, last, span)
    return list(found.values())


def silent(footage: Footage, *, shortest: Fraction, longest: Fraction) -> list[Candidate]:
    """Stretches between shot boundaries and still moments, of an allowed length."""
    points = _points(footage, shortest)
    found = []
    for n, start in enumerate(points):
        ends = []
        for end in points[bisect_left(points, start + shortest, lo=n + 1) :]:
            if end - start > longest:
                break
            ends.append(end)
        for end in _spread(ends, ENDS_PER_START):
            found.append(_of_picture(footage, Span(start, end), shortest, longest))
    return found


def whole(footage: Footage, said: Sequence[Sentence], *, key: Sequence[float] | None = None) -> Candidate:
    """A video too short to choose from: all of it, but for black at either end."""
    start, end = Fraction(0), footage.duration
    for black in footage.black:
        if black.start <= start < black.end < end:
            start = black.end
        if black.start > start and black.end >= end:
            end = black.start
    span = Span(start, end)
    reason = Evidence(name="whole_video", text="the video is shorter than the least length asked for", weight=0.0)
    talk = _Talk(footage=footage, said=said, key=key, shortest=span.duration, longest=span.duration)
    made = _of_words(talk, 0, len(said) - 1, span) if said else _of_picture(footage, span, span.duration, span.duration)
    return Candidate(
        span=span,
        score=made.score,
        parts=made.parts,
        evidence=(reason, *made.evidence),
        sentences=made.sentences,
    )


def _of_words(talk: _Talk, first: int, last: int, span: Span) -> Candidate:
    footage, said = talk.footage, talk.said
    opening, closing = said[first], said[last]
    evidence: list[Evidence] = []
    signs = opening_signs(opening.text)
    for sign in signs:
        evidence.append(Evidence(name=sign.name, text=sign.text, weight=sign.worth * SPOKEN["hook"], span=opening.span))
    complete = 0.4
    if closing.closed:
        complete += 0.4
        evidence.append(
            _seen("ends_on_sentence", "ends where a sentence ends", 0.15 * SPOKEN["complete"], closing.span)
        )
    else:
        evidence.append(_seen("ends_open", "ends before the sentence does", -0.3 * SPOKEN["complete"], closing.span))
    if closing.text.rstrip("\"'”’)").endswith(("?", "？", "؟")):
        complete -= 0.3
        evidence.append(
            _seen("ends_with_question", "ends with a question left open", -0.3 * SPOKEN["complete"], closing.span)
        )
    if closing.pause_after >= 0.6:
        complete += 0.1
    if opening.pause_before >= 0.6:
        complete += 0.1
        evidence.append(_seen("starts_after_pause", "starts after a pause", 0.1 * SPOKEN["complete"], opening.span))
    elif first and not said[first - 1].closed:
        complete -= 0.3
        evidence.append(
            _seen("starts_inside_sentence", "starts inside a sentence", -0.3 * SPOKEN["complete"], opening.span)
        )
    if any(sign.name in ("opens_mid_thought", "opens_with_pronoun") for sign in signs):
        complete -= 0.3
    words = closing.last - opening.first + 1
    pace = words / float(span.duration)
    density = max(0.0, 1 - abs(pace - PACE) / PACE)
    if pace < PACE / 2:
        evidence.append(_seen("slow_speech", f"little is said ({pace:.1f} words a second)", -0.05, span))
    parts: dict[str, float | None] = {
        "hook": strength(signs),
        "complete": min(1.0, max(0.0, complete)),
        "density": density,
        "energy": _energy(footage, span, evidence, SPOKEN["energy"]),
        "picture": _picture(footage, span, evidence, SPOKEN["picture"]),
        "length": _length(span, talk.shortest, talk.longest),
        "key": _key(talk, first, last, evidence),
    }
    return _scored(span, parts, SPOKEN, footage, evidence, (first, last))


def _key(talk: _Talk, first: int, last: int, evidence: list[Evidence]) -> float | None:
    """How key its words are on the whole, stretched: means of many sentences differ by little."""
    if talk.key is None:
        return None
    said, key, here = talk.said, talk.key, range(first, last + 1)
    words = [said[n].last - said[n].first + 1 for n in here]
    mean = sum(key[n] * count for n, count in zip(here, words, strict=True)) / sum(words)
    best = max(here, key=lambda n: key[n])
    if key[best] >= SUMS_UP:
        weight = (key[best] - 0.5) * SPOKEN["key"]
        evidence.append(_seen("says_key_sentence", "says a key sentence of its topic", weight, said[best].span))
    return min(1.0, max(0.0, 0.5 + STRETCH * (mean - 0.5)))


def _of_picture(footage: Footage, span: Span, shortest: Fraction, longest: Fraction) -> Candidate:
    evidence: list[Evidence] = []
    motion = footage.motion.mean(span) or 0.0
    usual = footage.motion.mean(Span(Fraction(0), footage.duration)) or 0.0
    lively = min(1.0, 0.5 * motion / usual) if usual else 0.0
    if usual and motion > 1.2 * usual:
        evidence.append(_seen("much_motion", "moves more than the rest of the video", 0.2, span))
    elif usual and motion < 0.6 * usual:
        evidence.append(_seen("little_motion", "moves less than the rest of the video", -0.1, span))
    cuts = footage.cuts(span)
    if cuts:
        evidence.append(_seen("cuts", f"has {cuts} cut{'s' if cuts > 1 else ''}", 0.1, span))
    light = footage.brightness.mean(span)
    if light is not None and light < 0.12:
        evidence.append(_seen("dark", "is dark", -0.1, span))
    parts: dict[str, float | None] = {
        "motion": lively,
        "change": min(1.0, cuts / max(1.0, float(span.duration) / 4)),
        "energy": _energy(footage, span, evidence, SILENT["energy"]),
        "light": 1 - abs((0.5 if light is None else light) - 0.45) / 0.55,
        "length": _length(span, shortest, longest),
    }
    return _scored(span, parts, SILENT, footage, evidence, None)


def _scored(
    span: Span,
    parts: dict[str, float | None],
    weights: Weights,
    footage: Footage,
    evidence: list[Evidence],
    said: tuple[int, int] | None,
) -> Candidate:
    known = {name: min(1.0, max(0.0, value)) for name, value in parts.items() if value is not None}
    score = sum(weights[name] * value for name, value in known.items()) / sum(weights[name] for name in known)
    if (dead := footage.dead(span)) > 0.1:
        score *= 1 - 0.7 * dead
        evidence.append(_seen("black_or_frozen", f"{dead:.0%} of it is black or stands still", -0.7 * dead, span))
    return Candidate(
        span=span,
        score=round(score, 4),
        parts={name: round(value, 3) for name, value in known.items()},
        evidence=tuple(sorted(evidence, key=lambda one: -abs(one.weight))),
        sentences=said,
    )


def _energy(footage: Footage, span: Span, evidence: list[Evidence], weight: float) -> float | None:
    energy = footage.energy(span)
    if energy is None:
        return None
    if energy > 0.65:
        evidence.append(_seen("loud", "is louder than the rest", (energy - 0.5) * weight, span))
    elif energy < 0.3:
        evidence.append(_seen("quiet", "is quieter than the rest", (energy - 0.5) * weight, span))
    return energy


def _picture(footage: Footage, span: Span, evidence: list[Evidence], weight: float) -> float:
    cuts = footage.cuts(span)
    if cuts >= 2:
        evidence.append(_seen("changing_picture", f"the picture changes {cuts} times", 0.5 * weight, span))
    return min(1.0, 0.4 + cuts / max(1.0, float(span.duration) / 5))


def _length(span: Span, shortest: Fraction, longest: Fraction) -> float:
    """1 at a third of the way from the shortest to the longest, falling to either side."""
    room = float(longest - shortest)
    if room <= 0:
        return 1.0
    return max(0.0, 1 - abs((float(span.duration - shortest) / room) - 1 / 3))


def _seen(name: str, text: str, weight: float, span: Span) -> Evidence:
    return Evidence(name=name, text=text, weight=round(weight, 3), span=span)


def _points(footage: Footage, shortest: Fraction) -> list[Fraction]:
    """Where a clip without words may begin or end."""
    edges = sorted({shot.span.start for shot in footage.shots} | {shot.span.end for shot in footage.shots})
    every = max(Fraction(2), shortest / 3, footage.duration / MOST_POINTS)
    points = set(edges)
    for start, end in pairwise(edges):
        for n in range(1, math.ceil((end - start) / every)):
            at = start + n * every
            still = footage.motion.lowest(Span(max(start, at - every / 3), min(end, at + every / 3)))
            points.add(still if still is not None and start < still < end else at)
    found = sorted(point for point in points if 0 <= point <= footage.duration)
    return list(_spread(found, MOST_POINTS))


def _spread(things: Sequence[T], most: int) -> Iterator[T]:
    """All of them, or `most` at even distances with the first and the last among them."""
    if len(things) <= most:
        yield from things
        return
    for n in range(most):
        yield things[round(n * (len(things) - 1) / (most - 1))]
