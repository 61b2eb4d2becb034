"""Texts on screen with their spans, out of what single stills say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine, believed

SAME_TEXT = 0.75  # share of characters two readings of one text have in common
SAME_PLACE = 0.4  # intersection over union
LOW, LOWEST = 0.6, 0.97  # of the height: where the middle of a lower third is
BIG, CENTRED = 0.06, 0.17  # height of a title's line; how far its middle may be from the picture's
EARLY = Fraction(10)  # seconds from the start in which a big line is the title, in a quarter of the video at most
LATE = Fraction(8)  # seconds before the end in which an end card stands, in a fifth of the video at most
CARD = 0.02  # share of the picture that the text of a card covers at least

Place = Literal["lower third", "title", "end card", "sign/other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line and when it stands there; known at the stills alone, so its edges lie half way to the next ones.

    `place` is a guess from where it stands, how large and when; a sign in the street may be taken for a title.
    """

    text: str
    span: Span
    shot: int  # the one in which it was first seen
    box: Box
    confidence: float  # of the best reading, whose words and box these are
    place: Place
    source: str


def texts(readings: Sequence[Reading], shots: Sequence[Shot]) -> list[Text]:
    """Lines believed, joined where neighbouring stills have the same at the same place; in order of time, then row."""
    if not shots:
        return []
    readings = sorted(readings, key=lambda one: one.at)
    spans = _seen_at(readings, shots)
    still = {shot.number for shot in shots if shot.frozen}
    end = max(shot.span.end for shot in shots)
    done: list[Text] = []
    open_: list[Text] = []
    for reading, span in zip(readings, spans, strict=True):
        going: list[Text] = []
        for line in reading.lines:
            if not believed(line):
                continue
            before = _before(line, open_)
            if before is not None and before.span.end >= span.start:
                open_.remove(before)
                going.append(_longer(before, line, span))
            else:
                place = _place(line, reading, end, stands=reading.shot in still)
                going.append(
                    Text(
                        text=line.text,
                        span=span,
                        shot=reading.shot,
                        box=line.box,
                        confidence=line.confidence,
                        place=place,
                        source=reading.source,
                    )
                )
        done += open_
        open_ = going
    return sorted([*done, *open_], key=lambda one: (one.span, one.box.y, one.box.x))


def coverage(boxes: Sequence[Box]) -> float:
    """The share of the picture that boxes cover together, 0 to 1: the area of their union."""
    edges = sorted({x for box in boxes for x in (box.x, box.x + box.width)})
    area = 0.0
    for left, right in pairwise(edges):
        covered, reached = 0.0, -1.0
        for box in sorted(boxes, key=lambda box: box.y):
            if box.x <= left and box.x + box.width >= right and box.y + box.height > reached:
                covered += box.y + box.height - max(box.y, reached)
                reached = box.y + box.height
        area += covered * (right - left)
    return min(1.0, area)


def _seen_at(readings: Sequence[Reading], shots: Sequence[Shot]) -> list[Span]:
    """What each still stands for: half way to its neighbours, inside its shot."""
    known = {shot.number: shot.span for shot in shots}
    spans = []
    for n, reading in enumerate(readings):
        shot = known.get(reading.shot, Span(reading.at, reading.at))
        start, end = shot.start, shot.end
        if n and readings[n - 1].shot == reading.shot:
            start = (readings[n - 1].at + reading.at) / 2
        if n + 1 < len(readings) and readings[n + 1].shot == reading.shot:
            end = (reading.at + readings[n + 1].at) / 2
        spans.append(Span(min(start, reading.at), max(end, reading.at)))
    return spans


def _before(line: TextLine, others: Sequence[Text]) -> Text | None:
    """The text of the still before that this line goes on with."""
    same = [one for one in others if one.box.overlap(line.box) >= SAME_PLACE and _alike(one.text, line.text)]
    return max(same, key=lambda one: one.box.overlap(line.box), default=None)


def _alike(one: str, other: str) -> bool:
    one, other = (re.sub(r"\W+", "", text).casefold() for text in (one, other))
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= SAME_TEXT


def _longer(text: Text, line: TextLine, span: Span) -> Text:
    longer = replace(text, span=Span(text.span.start, max(text.span.end, span.end)))
    if line.confidence > text.confidence:
        longer = replace(longer, text=line.text, box=line.box, confidence=line.confidence)
    return longer


def _place(line: TextLine, reading: Reading, end: Fraction, *, stands: bool) -> Place:
    across, down = line.box.middle
    centred = abs(across - 0.5) <= CENTRED
    if reading.at >= end - min(LATE, end / 5) and reading.coverage >= CARD and (stands or centred):
        return "end card"
    if centred and line.box.height >= BIG and down < LOW + 0.1 and (stands or reading.at < min(EARLY, end / 4)):
        return "title"
    if LOW <= down <= LOWEST and line.box.height < 2 * BIG:
        return "lower third"
    return "sign/other"
