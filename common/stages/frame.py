"""Decide how each shot fills each shape, from who was seen in all segments, who speaks, and what is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from common.domain.asset import Probe
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.framing import Framing
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Reading, Track, believed
from common.errors import Permanent
from common.ports.work import Outcome, Work
from common.scoring.framing import Seen, frame
from common.scoring.merging import joined, unknown
from common.scoring.speaking import speaking


def run(work: Work) -> Outcome:
    ingest, shots, heard = work.need("ingest"), work.need("shots"), work.need("listen")
    if ingest is None or shots is None:
        raise Permanent("shots cannot be framed before they are found; run again from ingest")
    video = from_json(Probe, ingest["probe"]).video
    speech = from_json(list[Span], loads(work.get(heard["spans"]))["speech"]) if heard else []
    tracks = [
        replace(track, speaking=speaking(track, speech) if track.kind == "face" else None) for track in _tracks(work)
    ]
    seen = _seen(work, from_json(list[Shot], loads(work.get(shots["shots"]))), tracks)
    framings: list[Framing] = []
    for n, one in enumerate(seen):
        work.progress(n, len(seen), "shots")
        for aspect in work.settings.aspects:
            framings.append(frame(one, video.display_width, video.display_height, aspect))
    return Outcome(
        result={
            "tracks": to_json(work.put("tracks.json", dumps(tracks))),
            "framings": to_json(work.put("framings.json", dumps(framings))),
            "faces": sum(track.kind == "face" for track in tracks),
        }
    )


def _tracks(work: Work) -> list[Track]:
    """Of all segments, numbered through."""

    def of(stage: str) -> list[Track]:
        kept = [part["tracks"] for part in work.needs(stage)]
        return joined(from_json(list[Track], loads(work.get(one))) if one is not None else [] for one in kept)

    found = of("track")
    found += unknown(of("objects"), found)
    return [replace(track, number=number) for number, track in enumerate(found)]


def _seen(work: Work, shots: list[Shot], tracks: list[Track]) -> list[Seen]:
    """What each shot holds."""
    by_shot: dict[int, list[Track]] = defaultdict(list)
    texts: dict[int, list[Box]] = defaultdict(list)
    eyed: dict[int, list[Attention]] = defaultdict(list)
    for track in tracks:
        by_shot[track.shot].append(track)
    for part in work.needs("read"):
        for reading in from_json(list[Reading], loads(work.get(part["readings"]))):
            texts[reading.shot] += [line.box for line in reading.lines if believed(line)]
    for part in work.needs("track"):
        for one in from_json(list[Attention], loads(work.get(part["attention"]))) if part["attention"] else ():
            eyed[one.shot].append(one)
    return [
        Seen(
            shot=shot,
            tracks=tuple(by_shot[shot.number]),
            texts=tuple(texts[shot.number]),
            attention=tuple(eyed[shot.number]),
        )
        for shot in shots
    ]
