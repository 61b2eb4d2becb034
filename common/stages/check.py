"""Look at the finished files of one clip as a stranger would, and say what of it is fit to be shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from common.domain.clip import Clip, Rendition
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.gate import Finding, Gate
from common.domain.platforms import platforms
from common.domain.timebase import Span
from common.domain.track import Track
from common.domain.transcript import Transcript
from common.errors import Permanent, ToolFailed
from common.media.captions.place import safe_zone
from common.media.hashing import sha256_of
from common.media.inspect import inspect
from common.media.manifest import Manifest, Timeline
from common.ports.work import Json, Outcome, Work
from common.scoring.gate import AGAIN, Made, altered, judged, refused


def run(work: Work) -> Outcome:
    rendered, ingest = work.need("render"), work.need("ingest")
    if rendered is None or ingest is None:
        raise Permanent("there are no finished files to check; run again with --again render")
    clip = from_json(Clip, work.member)
    renditions = from_json(list[Rendition], rendered["renditions"])
    total = float(sum((one.duration for one in renditions), Fraction(0)))
    gates: list[Gate] = []
    done = 0.0
    for rendition in renditions:
        path = work.local({"object": rendition.object})
        gates.append(_gate(work, clip, rendition, path, rendered["manifests"][rendition.aspect], done, total))
        done += float(rendition.duration)
        work.progress(done, total, "s")
    return Outcome(
        result={
            "number": clip.number,
            "ready": bool(gates) and all(gate.ready for gate in gates),
            "gates": to_json(work.put("gates.json", dumps(gates))),
            "failed": sorted({one.name for gate in gates for one in gate.findings if _blocks(one)}),
        }
    )


def _blocks(finding: Finding) -> bool:
    return finding.verdict == "fail" and finding.platform is None


def _gate(work: Work, clip: Clip, rendition: Rendition, path: Path, noted: Json, done: float, total: float) -> Gate:
    """One file; whatever is wrong with it is a finding, never an end of the run."""
    other = altered(rendition, sha256_of(path, lambda read, size: work.progress(done, total, "s")))
    if other is not None:
        return refused(rendition, other)
    try:
        finished = inspect(path, scratch=work.scratch, progress=lambda at: work.progress(done + at, total, "s"))
    except ToolFailed as error:
        return refused(rendition, Finding(name="playable", verdict="fail", measured=str(error), limit="", fix=AGAIN))
    timeline = from_json(Manifest, loads(work.get(noted))).timeline
    return judged(finished, _made(work, clip, rendition, timeline), platforms())


def _made(work: Work, clip: Clip, rendition: Rendition, timeline: Timeline) -> Made:
    framed, shots, spoken = work.need("frame"), work.need("shots"), work.need("transcribe")
    return Made(
        rendition=rendition,
        span=clip.span,
        levelled=timeline.levelled,
        framings=timeline.framings,
        tracks=from_json(list[Track], loads(work.get(framed["tracks"]))) if framed else (),
        captions=timeline.captions,
        words=from_json(Transcript, loads(work.get(spoken["transcript"]))).words if spoken else None,
        safe=safe_zone(rendition.aspect),
        frozen=from_json(list[Span], shots["frozen"]) if shots else (),
    )
