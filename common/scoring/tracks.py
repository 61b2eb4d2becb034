"""Follow what a detector saw from picture to picture: which boxes are one thing, and which are nothing at all.

A detector is asked for its doubts too. What is real comes again in the next pictures, near where it was; what is
not comes once. So a track is kept for what all its sightings say together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from statistics import median

from common.domain.timebase import Span
from common.domain.track import Box, Sighting, Track, between

SURE = 0.62  # mean confidence from which a track is of something
DOUBT = 0.6  # confidence below which a track neither begins nor ends
FEW, SURER = 4, 0.72  # what is seen less often must be surer
AGAIN = 0.4  # confidence from which it is worth another look
LOST = 5  # pictures; a track unseen in so many has ended
NEAR = 0.9  # distance of two middles over the mean size, at most, to be one thing
LIKE = 1.5  # sizes of one thing differ by no more from one picture to the next
MANY = 8  # sightings from which a track speaks for itself
SMALL, SMALL_MORE = 0.12, 0.08  # of the picture's height; how much surer what is smaller must be: chance makes it often
WORSE = 0.06  # than the track's mean confidence: where such a box lies is no news
SIZED = 2  # neighbours to either side that a size is the median of
STRAY = 0.3  # of its size: a middle that strays so far from its neighbours' is an error
EDGE_S = Fraction(3, 20)  # before its first and after its last sighting a thing is there for this long


@dataclass(slots=True)
class _Open:
    """A track that may go on."""

    sightings: list[Sighting] = field(default_factory=list)

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]

    def places(self, at: Fraction) -> list[Box]:
        """Where it should be; then, of one that speaks for itself, where it was before the last, maybe stray, one."""
        strayed = [self.sightings[-2].box] if len(self.sightings) > MANY else []
        return [self._expected(at), *strayed]

    def _expected(self, at: Fraction) -> Box:
        """Where it should be: on from the last two sightings, for a moment."""
        if len(self.sightings) < 2:
            return self.last.box
        before, last = self.sightings[-2:]
        gap = float(last.at - before.at)
        share = 1 + min(1.0, float(at - last.at) / gap) * 0.5 if gap else 1.0
        return before.box.towards(last.box, share)


class Follower:
    """Takes the boxes of one picture after the other, within one shot; `step` seconds lie between two pictures."""

    def __init__(self, step: Fraction) -> None:
        self._lost = LOST * step
        self._open: list[_Open] = []
        self._over: list[_Open] = []
        self._last: tuple[Sighting, ...] = ()

    def again(self) -> list[Box]:
        """Where to look again in the next picture: what the last one showed and is no mere doubt."""
        return [one.box for one in self._last if one.confidence > AGAIN]

    def add(self, seen: Sequence[Sighting]) -> None:
        """The boxes of one picture, all at one time; each goes to the nearest track that it fits."""
        self._last = tuple(seen)
        if not seen:
            return
        at = seen[0].at
        self._over += [track for track in self._open if at - track.last.at > self._lost]
        self._open = [track for track in self._open if at - track.last.at <= self._lost]
        pairs = sorted(
            (choice, cost, n, m)
            for n, track in enumerate(self._open)
            for choice, place in enumerate(track.places(at))
            for m, one in enumerate(seen)
            if (cost := _apart(place, one.box)) < NEAR
        )
        tracks, boxes = set[int](), set[int]()
        for _, _, n, m in pairs:
            if n not in tracks and m not in boxes:
                self._open[n].sightings.append(seen[m])
                tracks.add(n)
                boxes.add(m)
        self._open += [_Open([one]) for m, one in enumerate(seen) if m not in boxes]

    def found(self) -> list[tuple[Sighting, ...]]:
        """All tracks so far, in order of their beginnings."""
        return sorted((tuple(track.sightings) for track in (*self._over, *self._open)), key=lambda one: one[0].at)


def _apart(one: Box, other: Box) -> float:
    """Distance of the middles over the mean size; infinite where the sizes differ too much or there is none."""
    (x, y), (u, v) = one.middle, other.middle
    if min(one.width, one.height, other.width, other.height) <= 0:
        return math.inf
    if max(one.width, other.width) > LIKE * min(one.width, other.width):
        return math.inf
    return math.hypot(2 * (x - u) / (one.width + other.width), 2 * (y - v) / (one.height + other.height))


def tracks(
    found: Sequence[tuple[Sighting, ...]], *, kind: str, shot: int, span: Span, source: str, first: int, step: Fraction
) -> list[Track]:
    """The real ones among what a Follower found in a shot of `span`, numbered from `first`.

    `step` is the time between two pictures.
    """
    trimmed = [_trimmed(one) for one in found]
    real = _one_each([one for one in trimmed if _is_real(one, step, span)])
    kept: list[Track] = []
    for sightings in (_steadied(_clear(one)) for one in real):
        start, end = max(span.start, sightings[0].at - EDGE_S), min(span.end, sightings[-1].at + EDGE_S)
        if start >= end:  # seen in frames that claim times outside the shot
            continue
        number, there = first + len(kept), Span(start, end)
        kept.append(Track(number=number, kind=kind, shot=shot, source=source, sightings=sightings, span=there))
    return kept


def _trimmed(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    """Without the doubtful ones at either end, where a thing comes into view or the track runs off it."""
    clear = [n for n, one in enumerate(sightings) if one.confidence >= DOUBT]
    return sightings[clear[0] : clear[-1] + 1] if clear else ()


def _is_real(sightings: tuple[Sighting, ...], step: Fraction, span: Span) -> bool:
    """Whether the sightings, taken together, are of something."""
    least = 2 if span.duration >= 3 * step else 1
    if len(sightings) < least:
        return False
    wanted = SURE if len(sightings) >= FEW else SURER
    if len(sightings) < MANY and median(one.box.height for one in sightings) < SMALL:
        wanted += SMALL_MORE
    return _mean(sightings) >= wanted


def _mean(sightings: Sequence[Sighting]) -> float:
    return sum(one.confidence for one in sightings) / len(sightings)


def _one_each(found: Sequence[tuple[Sighting, ...]]) -> list[tuple[Sighting, ...]]:
    """Tracks that share one place while both are there are of one thing: joined, of two boxes at a time the surer."""
    kept: list[tuple[Sighting, ...]] = []
    for one in sorted(found, key=lambda sightings: -sum(s.confidence for s in sightings)):
        same = next((n for n, other in enumerate(kept) if _same_place(one, other)), None)
        if same is None:
            kept.append(one)
        else:
            best = {s.at: s for s in sorted((*one, *kept[same]), key=lambda s: s.confidence)}
            kept[same] = tuple(best[at] for at in sorted(best))
    return sorted(kept, key=lambda sightings: sightings[0].at)


def _same_place(one: tuple[Sighting, ...], other: tuple[Sighting, ...]) -> bool:
    pairs = [(s.box, box) for s in one if (box := between(other, s.at)) is not None]
    shared = sum(a.shared(b) > 0.2 * min(a.area, b.area) for a, b in pairs)
    return 2 * shared > len(pairs)


def _clear(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    """Without those in between that are seen worse than the rest: a straight line is nearer to where the thing is."""
    if len(sightings) < MANY:
        return sightings
    least = _mean(sightings) - WORSE
    return (sightings[0], *(one for one in sightings[1:-1] if one.confidence >= least), sightings[-1])


def _steadied(sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    """Each box as large as the median of those about it; a middle far from that of its neighbours is replaced by it."""
    steady = []
    for n, one in enumerate(sightings):
        near, wide = sightings[max(0, n - 1) : n + 2], sightings[max(0, n - SIZED) : n + SIZED + 1]
        width, height = median(s.box.width for s in wide), median(s.box.height for s in wide)
        x, y = one.box.middle
        if len(near) == 3:
            u, v = (median(s.box.middle[axis] for s in near) for axis in (0, 1))
            if abs(x - u) > STRAY * width or abs(y - v) > STRAY * height:
                x, y = u, v
        steady.append(replace(one, box=Box(x=x - width / 2, y=y - height / 2, width=width, height=height)))
    return tuple(steady)
