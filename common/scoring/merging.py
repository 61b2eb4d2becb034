"""Tracks that were found apart, as one list: those of a shot's segments, and those of two detectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.track import Track

GAP = Fraction(2)  # seconds unseen at most across the edge of two segments
SAME = 0.3  # overlap of the boxes on either side of the edge from which they are of one thing


def joined(segments: Iterable[Sequence[Track]]) -> list[Track]:
    """The tracks of all segments, in order; one that goes on in the next segment, in the same shot, is one track."""
    done: list[Track] = []
    before: list[Track] = []
    for segment in segments:
        pairs = sorted(
            (-overlap, n, m)
            for n, one in enumerate(before)
            for m, other in enumerate(segment)
            if (overlap := _goes_on(one, other)) >= SAME
        )
        taken: dict[int, int] = {}
        for _, n, m in pairs:
            if m not in taken and n not in taken.values():
                taken[m] = n
        now = [_one(before[taken[m]], track) if m in taken else track for m, track in enumerate(segment)]
        done += [one for n, one in enumerate(before) if n not in taken.values()]
        before = now
    return done + before


def unknown(tracks: Iterable[Track], known: Sequence[Track]) -> list[Track]:
    """Those of `tracks` that are of nothing in `known`: of each kind, none is seen twice by two detectors."""
    return [one for one in tracks if not any(_same(one, other) for other in known)]


def _goes_on(one: Track, other: Track) -> float:
    """How far the end of a track and the beginning of another are one place; 0 where they cannot be one thing."""
    if (one.shot, one.kind, one.source) != (other.shot, other.kind, other.source):
        return 0.0
    last, first = one.sightings[-1], other.sightings[0]
    return last.box.overlap(first.box) if 0 < first.at - last.at <= GAP else 0.0


def _one(track: Track, rest: Track) -> Track:
    return replace(track, sightings=(*track.sightings, *rest.sightings), span=Span(track.span.start, rest.span.end))


def _same(one: Track, other: Track) -> bool:
    """Whether most sightings of a track lie on another of its kind: each middle inside the other box."""
    if (one.shot, one.kind) != (other.shot, other.kind):
        return False
    pairs = [(sighting.box, box) for sighting in one.sightings if (box := other.at(sighting.at)) is not None]
    inside = sum(a.holds(b.middle) or b.holds(a.middle) for a, b in pairs)
    return bool(pairs) and 2 * inside > len(one.sightings)
