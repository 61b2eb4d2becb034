"""Look at about one picture per second of one segment, name the things in it and follow them, shot by shot.

A thing that is still there when the segment ends is another track in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import dumps, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Sighting, Track
from common.errors import ModelMissing
from common.media.looks import looks
from common.ports.models import ObjectDetector, SeenThing
from common.ports.work import LeftOut, Outcome, Work
from common.stages.inputs import segment

EVERY = Fraction(1)  # seconds between two pictures
LONG_SIDE = 640  # pixels; what such models are trained on
AT_ONCE = 16  # pictures sent to the model together: 11 MB
SAME = 0.2  # overlap from which boxes of one label, a second apart, are one thing
LOST_S = Fraction(5, 2)  # a track unseen for this long has ended

Look = tuple[Fraction, NDArray[np.uint8]]
Seen = tuple[Fraction, list[SeenThing]]


def run(work: Work) -> Outcome:
    part = segment(work)
    inside = part.span
    try:
        with work.models.objects(work.scratch) as model:
            frames = looks(
                work.local_source(),
                part.probe,
                every=EVERY,
                long_side=LONG_SIDE,
                scratch=work.scratch,
                start=part.start,
                end=part.end,
            )
            seen: list[Seen] = []
            with closing(frames):
                for batch in _batches(frames):
                    seen += _things(model, batch)
                    done = min(float(seen[-1][0] - part.start), float(inside.duration))
                    work.progress(done, float(inside.duration), "s")
            source = model.source
    except ModelMissing as missing:
        why = LeftOut(what="objects", why=str(missing))
        return Outcome(result={"tracks": None, "count": 0, "source": None}, left_out=(why,))
    tracks = _tracks(seen, part.inside, inside, source)
    kept = to_json(work.put("objects.json", dumps(tracks)))
    return Outcome(result={"tracks": kept, "count": len(tracks), "source": source})


def _batches(frames: Iterable[Look]) -> Iterator[list[Look]]:
    batch: list[Look] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _things(model: ObjectDetector, batch: list[Look]) -> list[Seen]:
    found = model.objects(np.stack([picture for _, picture in batch]))
    return [(at, things) for (at, _), things in zip(batch, found, strict=True)]


def _tracks(seen: list[Seen], shots: list[Shot], inside: Span, source: str) -> list[Track]:
    """The things of all shots, numbered from 0 in order of shot and first sighting."""
    found: list[Track] = []
    for shot in shots:
        looked = [(at, things) for at, things in seen if shot.span.contains(at) and inside.contains(at)]
        for label, sightings in follow(looked):
            first, last = sightings[0].at - EVERY / 2, sightings[-1].at + EVERY / 2
            there = Span(max(first, shot.span.start, inside.start), min(last, shot.span.end, inside.end))
            found.append(
                Track(
                    number=len(found),
                    kind=label,
                    shot=shot.number,
                    source=source,
                    sightings=tuple(sightings),
                    span=there,
                )
            )
    return found


def follow(looked: list[Seen]) -> list[tuple[str, list[Sighting]]]:
    """The things of one shot: a sighting goes to the track of its label that it overlaps most, the best pair first.

    Greedy intersection over union: the IOU tracker of Bochinski, Eiselein and Sikora, 2017.
    """
    tracks: list[tuple[str, list[Sighting]]] = []
    for at, things in looked:
        open_now = [track for track in tracks if at - track[1][-1].at < LOST_S]
        pairs = sorted(
            (
                (-overlap, n, m)
                for n, (label, sightings) in enumerate(open_now)
                for m, thing in enumerate(things)
                if thing.label == label and (overlap := sightings[-1].box.overlap(thing.box)) >= SAME
            )
        )
        taken: dict[int, int] = {}
        for _, n, m in pairs:
            if m not in taken and n not in taken.values():
                taken[m] = n
        for m, thing in enumerate(things):
            sighting = Sighting(at=at, box=thing.box, confidence=thing.confidence)
            if m in taken:
                open_now[taken[m]][1].append(sighting)
            else:
                tracks.append((thing.label, [sighting]))
    return tracks
