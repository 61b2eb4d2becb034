"""Look at some frames of one segment and follow the faces and people in them, shot by shot."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import dumps, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Sighting, Track
from common.errors import ModelMissing
from common.media.looks import looks
from common.ports.models import FaceDetector, PersonDetector, Search, SeenFace
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.tracks import Follower, tracks
from common.signals.saliency import attention
from common.stages.inputs import Segment, segment

EVERY = Fraction(1, 10)  # seconds between two frames looked at, where there are so many
WHOLE = 2  # one frame in so many is searched for new faces
SEARCH = Fraction(1)  # seconds between two frames that are searched for small faces and people too
LONG_SIDE = 768  # pixels

Picture = NDArray[np.uint8]
Look = tuple[Fraction, Picture]


def run(work: Work) -> Outcome:
    """The tracks of the segment, and once a second what catches the eye: that needs no model."""
    part = segment(work)
    every = max(EVERY, 1 / part.probe.video.frame_rate)
    eyed: list[Attention] = []
    found: list[Track] = []
    try:
        with (
            work.models.faces(work.scratch) as faces,
            work.models.people(work.scratch) as people,
            closing(_frames(work, part, every)) as frames,
        ):
            for shot, pictures in _by_shot(frames, part.inside):
                seen = _watched(work, part, shot, pictures, every, eyed)
                found += _of_shot(shot, seen, every, part.span, faces, people, first=len(found))
            sources = [faces.source, people.source]
    except ModelMissing as missing:
        with closing(_frames(work, part, every)) as frames:
            for shot, pictures in _by_shot(frames, part.inside):
                for _ in _watched(work, part, shot, pictures, every, eyed):
                    pass
        return Outcome(
            result={"tracks": None, "count": 0, "attention": _kept(work, eyed), "sources": []},
            left_out=(LeftOut(what="faces and people", why=str(missing)),),
        )
    return Outcome(
        result={
            "tracks": to_json(work.put("tracks.json", dumps(found))),
            "count": len(found),
            "attention": _kept(work, eyed),
            "sources": sources,
        }
    )


def _frames(work: Work, part: Segment, every: Fraction) -> Generator[Look]:
    return looks(
        work.local_source(),
        part.probe,
        every=every,
        long_side=LONG_SIDE,
        scratch=work.scratch,
        start=part.start,
        end=part.end,
    )


def _kept(work: Work, eyed: list[Attention]) -> Json:
    kept: Json = to_json(work.put("attention.json", dumps(eyed)))
    return kept


def _by_shot(frames: Iterator[Look], shots: list[Shot]) -> Iterator[tuple[Shot, Iterator[Look]]]:
    """The frames of each shot that has any, one shot after the other; take all of one before the next."""
    waiting = next(frames, None)

    def of(shot: Shot) -> Iterator[Look]:
        nonlocal waiting
        while waiting is not None and waiting[0] < shot.span.end:
            yield waiting
            waiting = next(frames, None)

    for n, shot in enumerate(shots):
        if n + 1 == len(shots):
            shot = replace(shot, span=Span(shot.span.start, shot.span.end + 1))  # frames that showed no time of theirs
        if waiting is not None and waiting[0] < shot.span.end:
            yield shots[n], of(shot)


def _watched(
    work: Work, part: Segment, shot: Shot, pictures: Iterator[Look], every: Fraction, eyed: list[Attention]
) -> Iterator[tuple[Fraction, Picture, Search]]:
    """The pictures of a shot and how each is to be searched; notes in `eyed` what catches the eye."""
    seldom = max(1, int(SEARCH / every))
    before: Picture | None = None
    for n, (at, picture) in enumerate(pictures):
        search: Search = "parts" if n % seldom == 0 else "whole" if n % WHOLE == 0 else "nowhere"
        if search == "parts":
            x, y, width, height = attention(picture, before)
            eyed.append(Attention(at=at, shot=shot.number, box=Box(x=x, y=y, width=width, height=height)))
            before = picture
        yield at, picture, search
        work.progress(float(at - part.start), float(part.span.duration), "s")


def _of_shot(
    shot: Shot,
    watched: Iterator[tuple[Fraction, Picture, Search]],
    every: Fraction,
    inside: Span,
    faces: FaceDetector,
    people: PersonDetector,
    *,
    first: int,
) -> list[Track]:
    seldom = every * max(1, int(SEARCH / every))
    follow, bodies = Follower(every), Follower(seldom)
    heads: list[Box] = []
    for at, picture, search in watched:
        if search == "parts":
            seen = people.people(picture)
            bodies.add([Sighting(at=at, box=one.box, confidence=one.confidence) for one in seen])
            heads = [one.head for one in seen if one.head is not None and min(one.head.width, one.head.height) > 0]
        around = [*follow.again(), *(heads if search != "nowhere" else ())]
        follow.add([_sighting(at, face) for face in faces.faces(picture, around=around, search=search)])
    span = Span(max(shot.span.start, inside.start), max(min(shot.span.end, inside.end), inside.start))
    real = tracks(
        follow.found(), kind="face", shot=shot.number, span=span, source=faces.source, first=first, step=every
    )
    real += tracks(
        bodies.found(),
        kind="person",
        shot=shot.number,
        span=span,
        source=people.source,
        first=first + len(real),
        step=seldom,
    )
    return real


def _sighting(at: Fraction, face: SeenFace) -> Sighting:
    return Sighting(
        at=at,
        box=face.box,
        confidence=face.confidence,
        frontal=face.frontal,
        eyes=face.eyes,
        mouth=face.mouth,
        opening=face.opening,
    )
