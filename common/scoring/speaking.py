"""Who speaks: the one whose mouth moves while there is speech."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from common.domain.timebase import Span
from common.domain.track import Track

GAP = Fraction(1, 4)  # seconds between two looks at a mouth, at most
LEAST = 8  # looks during speech from which it can be told


def speaking(face: Track, speech: Sequence[Span]) -> float | None:
    """How far the lips move per second while there is speech, over the distance of the eyes; None if seldom seen."""
    moved, seconds, looks = 0.0, Fraction(0), 0
    spans = [span for span in speech if span.overlap(face.span)]
    for one, other in pairwise(face.sightings):
        if one.opening is None or other.opening is None or other.at - one.at > GAP:
            continue
        if any(span.contains(one.at) for span in spans):
            moved += abs(other.opening - one.opening)
            seconds += other.at - one.at
            looks += 1
    return round(moved / float(seconds), 4) if looks >= LEAST else None
