"""Decide what of a shot is shown in another shape: who matters, whether they fit, and how the view moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.domain.clip import SHAPES, Aspect, Layout
from common.domain.framing import Framing, Key, View
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Track
from common.scoring.path import corners, path

SAME_SHAPE = Fraction(15, 1000)  # shapes this near are the same; the rest is trimmed, never stretched
KEEP = 0.55  # a part of nobody in particular that keeps less of the picture than this loses too much
STEP = Fraction(1, 10)  # seconds between two places of a path
REST = 4  # places at either end of a shot that do not move: 0.2 s and more
MATTERS = 0.4  # of the most important one: what a face needs to be one of those who matter
ROOM = 0.25  # of a face's size, left free on either side of several
ALONE = 0.1  # the same of a single one: its hair and ears
COMFORT = 0.16  # of the view: how far from its middle a face may be before the view moves
EYE_LINE = 0.42  # of the view's height: where a face's middle is put, where there is a choice
HALF = 0.5  # of the picture's width: the most that half a split frame shows
MOST_WIDE = 0.8  # of the picture; a wide part larger than this is the whole picture
SPEAKS = 1.6  # times as much as the next one the mouth of a speaker moves
LEAST_TALK = 0.25  # of the eyes' distance a second: the least that a mouth moves that speaks
TEXT = 0.012  # of the picture: text that covers less is no reason to show all of it

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of one shot."""

    shot: Shot
    tracks: tuple[Track, ...] = ()
    texts: tuple[Box, ...] = ()
    attention: tuple[Attention, ...] = ()


class Framed(Protocol):
    """Makes a Framing of the shot at hand."""

    def __call__(self, layout: Layout, reason: str, *views: View, of: Sequence[Track] = ()) -> Framing: ...


@dataclass(frozen=True, slots=True)
class _Shape:
    """The largest part of a picture that has a shape: its size in fractions, and the axis along which it can move."""

    width: float
    height: float

    @property
    def axis(self) -> int:
        return 0 if self.width < self.height else 1

    @property
    def length(self) -> float:
        return min(self.width, self.height)

    def view(self, times: Sequence[Fraction], places: Floats) -> View:
        """The part at places along its axis."""
        kept = corners(places, 0.0005, rest=REST)
        middles = [(float(places[n]), 0.5) if self.axis == 0 else (0.5, float(places[n])) for n in kept]
        if np.ptp(places) == 0:
            kept, middles = kept[:1], middles[:1]
        keys = tuple(Key(at=times[n], x=round(x, 5), y=round(y, 5)) for n, (x, y) in zip(kept, middles, strict=True))
        return View(width=self.width, height=self.height, keys=keys)

    def fixed(self, at: Fraction, place: float) -> View:
        half = self.length / 2
        return self.view([at], np.array([min(max(place, half), 1 - half)]))


def shape_of(display_width: int, display_height: int, aspect: Aspect) -> _Shape:
    """The part of a displayed picture of so many square pixels that has the shape `aspect`."""
    kept = SHAPES[aspect] / Fraction(display_width, display_height)
    return _Shape(float(min(Fraction(1), kept)), float(min(Fraction(1), 1 / kept)))


def frame(seen: Seen, display_width: int, display_height: int, aspect: Aspect) -> Framing:
    """How the shot fills `aspect`."""
    shape = shape_of(display_width, display_height, aspect)
    span, number = seen.shot.span, seen.shot.number

    def framing(layout: Layout, reason: str, *views: View, of: Sequence[Track] = ()) -> Framing:
        tracks = tuple(track.number for track in of)
        return Framing(aspect=aspect, shot=number, span=span, layout=layout, reason=reason, views=views, tracks=tracks)

    if 1 - shape.length <= SAME_SHAPE:
        return framing("whole", f"the video is {aspect} already", shape.fixed(span.start, 0.5))
    times = _times(span)
    faces = _who_matter([track for track in seen.tracks if track.kind == "face"], span)
    if faces:
        return _of_faces(faces, seen.texts, shape, times, framing)
    people = _who_matter([track for track in seen.tracks if track.kind == "person"], span)
    if people:
        return _of_people(people, shape, times, framing)
    return _of_nobody(seen, shape, times, framing)


def _of_faces(
    faces: list[Track], texts: Sequence[Box], shape: _Shape, times: list[Fraction], framing: Framed
) -> Framing:
    def follow(tracks: list[Track], whom: str) -> Framing:
        view = _following(tracks, shape, times)
        part = view.at(times[len(times) // 2])
        cut = any(part.shared(box) < 0.9 * box.area for box in texts)
        return framing("follow", f"follows {whom}" + ("; text in the picture is cut" if cut else ""), view, of=tracks)

    together = _reach(faces, times, shape.axis, ROOM if len(faces) > 1 else ALONE)
    if together <= shape.length:
        return follow(faces, "the face" if len(faces) == 1 else f"{len(faces)} faces that fit side by side")
    speaker = _speaker(faces)
    if speaker is not None:
        return follow([speaker], f"the one who speaks, of {len(faces)}")
    if len(faces) == 1:
        return framing("blur", "the face is larger than a part of this shape, so all of the picture is shown", of=faces)
    if len(faces) == 2 and shape.axis == 0:
        views = _halves(faces, shape, times)
        if views is not None:
            return framing("split", "two faces too far apart for one part, one above the other", *views, of=faces)
    return _wide(faces, shape, times, framing, f"{len(faces)} faces")


def _of_people(people: list[Track], shape: _Shape, times: list[Fraction], framing: Framed) -> Framing:
    together = _reach(people, times, shape.axis, 0.0)
    one = len(people) == 1
    if together <= shape.length or (one and together <= shape.length * 1.5):
        reason = "follows the person" if one else f"follows {len(people)} people that fit side by side"
        return framing("follow", reason, _following(people, shape, times), of=people)
    return _wide(people, shape, times, framing, "the person" if one else f"{len(people)} people")


def _of_nobody(seen: Seen, shape: _Shape, times: list[Fraction], framing: Framed) -> Framing:
    start = times[0]
    if sum(box.area for box in seen.texts) >= TEXT:
        low, high = _hull(seen.texts, shape.axis)
        if high - low <= shape.length:
            return framing("crop", "keeps the text in view", shape.fixed(start, (low + high) / 2))
        return framing("blur", "a part of it would cut its text, so all of it is shown")
    eyed = [(one.at, _along(one.box, shape.axis)) for one in seen.attention]
    if eyed:
        low, high = (float(np.median([edge[n] for _, edge in eyed])) for n in (0, 1))
        if high - low <= 0.9 * shape.length:
            middles = np.interp([float(t) for t in times], [float(at) for at, _ in eyed], [sum(e) / 2 for _, e in eyed])
            half = shape.length / 2
            places = path(middles, COMFORT * shape.length * 1.5, half, 1 - half, rest=REST)
            return framing("follow", "follows what catches the eye; nobody is seen", shape.view(times, places))
        if shape.length >= KEEP:
            return framing(
                "crop", "nobody is seen; the part that catches the eye", shape.fixed(start, (low + high) / 2)
            )
    if shape.length >= KEEP:
        return framing("crop", "nobody is seen; the middle of the picture", shape.fixed(start, 0.5))
    percent = int(shape.length * 100)
    return framing("blur", f"nobody is seen, and a part would keep only {percent} % of the picture")


def _wide(tracks: list[Track], shape: _Shape, times: list[Fraction], framing: Framed, who: str) -> Framing:
    """A still part with all of them, as wide as it must be."""
    if shape.axis == 0:
        boxes = [box for track in tracks for t in times if (box := track.at(t)) is not None]
        low, high = _hull(boxes, 0)
        room = 0.3 * float(np.median([box.width for box in boxes])) if boxes else 0.0
        low, high = max(0.0, low - room), min(1.0, high + room)
        width = max(high - low, shape.width)
        if width <= MOST_WIDE:
            x = min(max((low + high) / 2, width / 2), 1 - width / 2)
            view = View(width=width, height=1.0, keys=(Key(at=times[0], x=x, y=0.5),))
            return framing(
                "wide", f"a part of this shape would lose some of {who}, so a wider one is shown", view, of=tracks
            )
    return framing("blur", f"a part of this shape would lose some of {who}, so all of it is shown", of=tracks)


def _halves(faces: list[Track], shape: _Shape, times: list[Fraction]) -> list[View] | None:
    """Two still parts, each of the shape of half the frame, the left face above; None where a face is too large."""
    width = min(HALF, 2 * shape.width)
    height = width / (2 * shape.width)  # half as high as the whole shape would be at this width
    views = []
    for face in sorted(faces, key=lambda track: _middle(track, 0)):
        if _reach([face], times, 0, ROOM) > width or _reach([face], times, 1, 0.1) > height:
            return None
        x = min(max(_middle(face, 0), width / 2), 1 - width / 2)
        y = min(max(_middle(face, 1) + (0.5 - EYE_LINE) * height, height / 2), 1 - height / 2)
        views.append(View(width=width, height=height, keys=(Key(at=times[0], x=round(x, 5), y=round(y, 5)),)))
    return views


def _middle(track: Track, axis: int) -> float:
    return float(np.median([one.box.middle[axis] for one in track.sightings]))


def _following(tracks: list[Track], shape: _Shape, times: list[Fraction]) -> View:
    """The view whose middle keeps near the middle of those who are there."""
    known = [(n, boxes) for n, t in enumerate(times) if (boxes := [b for k in tracks if (b := k.at(t)) is not None])]
    middles = []
    for _, boxes in known:
        low, high = _hull(boxes, shape.axis)
        middle = (low + high) / 2
        middles.append(middle + (0.5 - EYE_LINE) * shape.length if shape.axis == 1 else middle)
    wanted = np.interp(np.arange(len(times)), [n for n, _ in known], middles)
    size = float(np.median([_hull(boxes, shape.axis)[1] - _hull(boxes, shape.axis)[0] for _, boxes in known]))
    comfort = max(0.02 * shape.length, min(COMFORT * shape.length, (shape.length - size) / 2))
    half = shape.length / 2
    return shape.view(times, path(wanted, comfort, half, 1 - half, rest=REST))


def _who_matter(tracks: list[Track], span: Span) -> list[Track]:
    """The large ones that are there for long, by importance; a short glimpse or a face in a crowd is none of them."""
    weights = {track.number: _weight(track, span) for track in tracks}
    most = max(weights.values(), default=0.0)
    chosen = [track for track in tracks if weights[track.number] >= MATTERS * most]
    return sorted(chosen, key=lambda track: -weights[track.number])


def _weight(track: Track, span: Span) -> float:
    height = float(np.median([one.box.height for one in track.sightings]))
    there = float(track.span.duration / span.duration) if span.duration else 1.0
    return height * math.sqrt(min(1.0, there))


def _speaker(faces: list[Track]) -> Track | None:
    """The face whose mouth moves while there is speech, far more than any other's; None where that is not clear."""
    told = sorted((face for face in faces if face.speaking is not None), key=lambda face: -(face.speaking or 0.0))
    if not told or (told[0].speaking or 0) < LEAST_TALK:
        return None
    if len(told) > 1 and (told[0].speaking or 0) < SPEAKS * (told[1].speaking or 0):
        return None
    return told[0]


def _reach(tracks: list[Track], times: list[Fraction], axis: int, room: float) -> float:
    """The length along an axis that holds all of them, with room, at nine times of ten."""
    lengths = []
    for t in times:
        boxes = [box for track in tracks if (box := track.at(t)) is not None]
        if boxes:
            low, high = _hull(boxes, axis)
            size = max(box.width if axis == 0 else box.height for box in boxes)
            lengths.append(high - low + 2 * room * size)
    return float(np.quantile(lengths, 0.9)) if lengths else 1.0


def _hull(boxes: Sequence[Box], axis: int) -> tuple[float, float]:
    edges = [_along(box, axis) for box in boxes]
    return min(low for low, _ in edges), max(high for _, high in edges)


def _along(box: Box, axis: int) -> tuple[float, float]:
    return (box.x, box.x + box.width) if axis == 0 else (box.y, box.y + box.height)


def _times(span: Span) -> list[Fraction]:
    """From the first instant of a shot to its last, at even steps but for the last one."""
    count = int(span.duration / STEP)
    found = [span.start + n * STEP for n in range(count + 1)]
    last = span.end - Fraction(1, 1000)
    return [t for t in found if t < last] + [max(last, span.start)]
