"""Shots, faces and framings for tests."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from common.domain.clip import Aspect
from common.domain.framing import Framing
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Sighting, Track
from common.scoring.framing import Seen, frame


def shot_of(start: Fraction | int | str, end: Fraction | int | str, number: int = 0) -> Shot:
    return Shot(
        number=number,
        span=Span(Fraction(start), Fraction(end)),
        opens_with="cut" if number else "start",
        confidence=1.0,
        brightness=0.5,
        motion=0.1,
        black=False,
        frozen=False,
    )


def unseen(span: Span, width: int, height: int, *aspects: Aspect) -> list[Framing]:
    """One shot in which nobody and nothing was seen."""
    shot = shot_of(span.start, span.end)
    return [frame(Seen(shot=shot), width, height, aspect) for aspect in aspects]


def face(
    place: Callable[[float], tuple[float, float]],
    span: Span,
    *,
    number: int = 0,
    size: float = 0.1,
    shot: int = 0,
    kind: str = "face",
    speaking: float | None = None,
    height: float | None = None,
) -> Track:
    """A face whose middle is at `place(seconds)`, seen ten times a second."""
    sightings = []
    for n in range(int(span.duration * 10) + 1):
        at = span.start + Fraction(n, 10)
        x, y = place(float(at))
        tall = height or size * 16 / 9
        box = Box(x=x - size / 2, y=y - tall / 2, width=size, height=tall)
        sightings.append(Sighting(at=at, box=box, confidence=0.9, frontal=0.9))
    return Track(
        number=number, kind=kind, shot=shot, source="test@1", sightings=tuple(sightings), span=span, speaking=speaking
    )
