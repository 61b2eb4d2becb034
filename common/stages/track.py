"""Look at some frames of one segment and follow the faces and people in them, shot by shot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Sighting, Track
from common.errors import ModelMissing, ModelRefused, Permanent
from common.media.looks import looks
from common.ports.models import FaceDetector, PersonDetector, Search, SeenFace
from common.ports.work import LeftOut, Outcome, Work
from common.scoring.tracks import Follower, tracks
from common.signals.saliency import attention

EVERY = Fraction(1, 10)  # seconds between two frames looked at
WHOLE = 2  # one frame in so many is searched for new faces
PARTS = 10  # one frame in so many is searched for small faces and people too
LONG_SIDE = 768  # pixels


def run(work: Work) -> Outcome:
    ingest, shots = work.need("ingest"), work.need("shots")
    if ingest is None or shots is None or work.member is None:
        raise Permanent("there is no segment with known shots to look at; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    start = Fraction(work.member["start"])
    end = probe.duration if work.member["end"] is None else Fraction(work.member["end"])
    inside = Span(start, max(start, end))
    known = [shot for shot in from_json(list[Shot], loads(work.get(shots["shots"]))) if shot.span.overlap(inside)]
    left_out: list[LeftOut] = []
    with ExitStack() as stack:
        try:
            faces = stack.enter_context(work.models.faces(work.scratch))
            people = stack.enter_context(work.models.people(work.scratch))
        except (ModelMissing, ModelRefused) as missing:
            why = LeftOut(what="faces and people", why=str(missing))
            return Outcome(result={"tracks": None, "count": 0, "attention": None, "sources": []}, left_out=(why,))
        found: list[Track] = []
        eyed: list[Attention] = []
        source = work.local_source()
        frames = stack.enter_context(
            closing(looks(source, probe, every=EVERY, long_side=LONG_SIDE, scratch=work.scratch, start=start, end=end))
        )
        for shot, pictures in _by_shot(frames, known):
            found += _of_shot(shot, pictures, inside, faces, people, eyed, first=len(found), work=work)
    return Outcome(
        result={
            "tracks": to_json(work.put("tracks.json", dumps(found))),
            "count": len(found),
            "attention": to_json(work.put("attention.json", dumps(eyed))),
            "sources": [faces.source, people.source],
        },
        left_out=tuple(left_out),
    )


def _by_shot(
    frames: Iterator[tuple[Fraction, NDArray[np.uint8]]], shots: list[Shot]
) -> Iterator[tuple[Shot, Iterator[tuple[Fraction, NDArray[np.uint8]]]]]:
    """The frames of each shot that has any, one shot after the other; take all of one before the next."""
    waiting = next(frames, None)

    def of(shot: Shot) -> Iterator[tuple[Fraction, NDArray[np.uint8]]]:
        nonlocal waiting
        while waiting is not None and waiting[0] < shot.span.end:
            yield waiting
            waiting = next(frames, None)

    for n, shot in enumerate(shots):
        if n + 1 == len(shots):
            shot = replace(shot, span=Span(shot.span.start, shot.span.end + 1))  # frames that showed no time of theirs
        if waiting is not None and waiting[0] < shot.span.end:
            yield shots[n], of(shot)


def _of_shot(
    shot: Shot,
    pictures: Iterator[tuple[Fraction, NDArray[np.uint8]]],
    inside: Span,
    faces: FaceDetector,
    people: PersonDetector,
    eyed: list[Attention],
    *,
    first: int,
    work: Work,
) -> list[Track]:
    follow, bodies = Follower(EVERY), Follower(EVERY * PARTS)
    heads: list[Box] = []
    before: NDArray[np.uint8] | None = None
    for n, (at, picture) in enumerate(pictures):
        search: Search = "parts" if n % PARTS == 0 else "whole" if n % WHOLE == 0 else "nowhere"
        if search == "parts":
            seen = people.people(picture)
            bodies.add([Sighting(at=at, box=one.box, confidence=one.confidence) for one in seen])
            heads = [one.head for one in seen if one.head is not None]
            x, y, width, height = attention(picture, before)
            eyed.append(Attention(at=at, shot=shot.number, box=Box(x=x, y=y, width=width, height=height)))
            before = picture
        around = [*follow.again(), *(heads if search != "nowhere" else ())]
        follow.add([_sighting(at, face) for face in faces.faces(picture, around=around, search=search)])
        work.progress(float(at - inside.start), float(inside.duration), "s")
    span = Span(max(shot.span.start, inside.start), max(min(shot.span.end, inside.end), inside.start))
    real = tracks(
        follow.found(), kind="face", shot=shot.number, span=span, source=faces.source, first=first, step=EVERY
    )
    real += tracks(
        bodies.found(),
        kind="person",
        shot=shot.number,
        span=span,
        source=people.source,
        first=first + len(real),
        step=EVERY * PARTS,
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
