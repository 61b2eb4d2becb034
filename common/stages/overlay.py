"""Draw what was seen over the video, for whoever wants to know why it was framed so."""

from __future__ import annotations

from dataclasses import replace

from common.domain.asset import Probe
from common.domain.codec import from_json, loads, to_json
from common.domain.framing import Framing
from common.domain.shot import Shot
from common.domain.track import Reading, Track, believed
from common.errors import Permanent
from common.media.overlay import overlay
from common.media.probe import choose_audio
from common.ports.work import Outcome, Work


def run(work: Work) -> Outcome:
    ingest, shots, framed = work.need("ingest"), work.need("shots"), work.need("frame")
    if ingest is None or shots is None or framed is None:
        raise Permanent("nothing can be drawn before the shots are framed; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    total = float(probe.duration)
    made = overlay(
        work.local_source(),
        probe,
        shots=from_json(list[Shot], loads(work.get(shots["shots"]))),
        tracks=from_json(list[Track], loads(work.get(framed["tracks"]))),
        readings=[
            replace(one, lines=tuple(line for line in one.lines if believed(line)))
            for part in work.needs("read")
            for one in from_json(list[Reading], loads(work.get(part["readings"])))
        ],
        framings=from_json(list[Framing], loads(work.get(framed["framings"]))),
        audio=None if ingest["audio_track"] is None else choose_audio(probe.audio, ingest["audio_track"]),
        scratch=work.scratch,
        progress=lambda done: work.progress(done, total, "s"),
    )
    return Outcome(result={"overlay": to_json(work.put("overlay.mp4", made))})
