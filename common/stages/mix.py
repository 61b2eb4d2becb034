"""Make the sound of one clip: cut, brought to the common loudness, encoded; what changes only the picture reuses it."""

from __future__ import annotations

from fractions import Fraction

from common.domain.asset import Probe
from common.domain.clip import Clip
from common.domain.codec import from_json, loads, to_json
from common.errors import Permanent
from common.media.audio import Momentary, integrated
from common.media.probe import choose_audio
from common.media.rates import frames_of, steady_rate
from common.media.soundtrack import cut, level, measured
from common.ports.work import LeftOut, Outcome, Work


def run(work: Work) -> Outcome:
    clip, ingest = from_json(Clip, work.member), work.need("ingest")
    if ingest is None:
        raise Permanent("a clip's sound cannot be cut before the file is looked at; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    audio = choose_audio(probe.audio, ingest["audio_track"])
    if audio is None:
        raise Permanent("the video has no sound to cut; run again from ingest")
    rate = steady_rate(probe.video)
    length = frames_of(clip.span, rate) / rate
    scratch = work.scratch
    samples = cut(work.local_source(), probe, clip.span, audio, length, out=scratch, scratch=scratch)
    work.progress(1, 3, "steps")
    heard = work.need("listen")
    if heard is None:
        before = measured(samples, scratch=scratch).integrated
    else:
        levels = loads(work.get(heard["levels"]))
        momentary = Momentary(start=Fraction(levels["start"]), values=tuple(levels["momentary"]))
        before = integrated(momentary, clip.span)
    work.progress(2, 3, "steps")
    path, levelled = level(samples, before, out=scratch, scratch=scratch)
    work.progress(3, 3, "steps")
    said = f"the full loudness of clip {clip.number}"
    return Outcome(
        result={"sound": to_json(work.put(path.name, path)), "levelled": to_json(levelled)},
        left_out=(LeftOut(what=said, why=levelled.why),) if levelled.why else (),
    )
