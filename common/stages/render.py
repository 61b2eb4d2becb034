"""Make the files of one clip: every aspect, a preview, a thumbnail, and captions beside them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from common.domain.asset import Probe
from common.domain.clip import Clip, Rendition
from common.domain.codec import from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.transcript import Transcript
from common.errors import Permanent
from common.media.audio import Momentary, gain_to_target, integrated
from common.media.captions import cues_from_words, write_srt, write_vtt
from common.media.probe import choose_audio
from common.media.render import Made, render
from common.media.thumbnail import Activity, thumbnail
from common.ports.work import Json, LeftOut, ObjectRef, Outcome, Work


def run(work: Work) -> Outcome:
    clip = from_json(Clip, work.member)
    ingest, shots = work.need("ingest"), work.need("shots")
    if ingest is None or shots is None:
        raise Permanent("a clip cannot be rendered before the file and its shots are known; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    total = float(clip.span.duration) * len(work.settings.aspects)
    made = render(
        work.local_source(),
        probe,
        clip.span,
        aspects=work.settings.aspects,
        audio=None if ingest["audio_track"] is None else choose_audio(probe.audio, ingest["audio_track"]),
        gain_db=_gain(work, clip),
        out=work.scratch,
        scratch=work.scratch,
        progress=lambda done: work.progress(done * len(work.settings.aspects), total, "s"),
    )
    preview = next(file for file in made if file.plan is None)
    result: Json = {
        "number": clip.number,
        "renditions": to_json([_rendition(file, work.put(file.path.name, file.path)) for file in made if file.plan]),
        "preview": to_json(work.put(preview.path.name, preview.path)),
        **_captions(work, clip),
    }
    still, left_out = _thumbnail(work, probe, clip, shots)
    return Outcome(result={**result, **still}, left_out=left_out)


def _gain(work: Work, clip: Clip) -> float:
    """dB that bring the clip to the common loudness; 0 where nothing was heard."""
    heard = work.need("listen")
    if heard is None:
        return 0.0
    levels = loads(work.get(heard["levels"]))
    momentary = Momentary(start=Fraction(levels["start"]), values=tuple(levels["momentary"]))
    return gain_to_target(integrated(momentary, clip.span))


def _rendition(file: Made, kept: ObjectRef) -> Rendition:
    assert file.plan is not None
    return Rendition(
        aspect=file.aspect,
        layout=file.plan.layout,
        layout_reason=file.plan.reason,
        object=kept.object,
        sha256=kept.sha256,
        size=kept.size,
        width=file.wanted.width,
        height=file.wanted.height,
        duration=file.wanted.duration,
        frame_rate=file.wanted.frame_rate,
        frames=file.wanted.frames,
        checks=file.checks,
    )


def _captions(work: Work, clip: Clip) -> dict[str, Any]:
    spoken = work.need("transcribe")
    if spoken is None:
        return {"srt": None, "vtt": None}
    transcript = from_json(Transcript, loads(work.get(spoken["transcript"])))
    cues = cues_from_words(transcript.words, clip.span)
    if not cues:
        return {"srt": None, "vtt": None}
    return {
        "srt": to_json(work.put("clip.srt", write_srt(cues).encode())),
        "vtt": to_json(work.put("clip.vtt", write_vtt(cues).encode())),
    }


def _thumbnail(work: Work, probe: Probe, clip: Clip, shots: Json) -> tuple[Json, tuple[LeftOut, ...]]:
    activity = from_json(Activity, loads(work.get(shots["activity"])))
    cuts = [shot.span.start for shot in from_json(list[Shot], loads(work.get(shots["shots"])))]
    found = thumbnail(work.local_source(), probe, clip.span, activity=activity, cuts=cuts, scratch=work.scratch)
    if found is None:
        why = "every picture tried is black or blank"
        return {"thumbnail": None, "thumbnail_at": None}, (LeftOut(what=f"thumbnail of clip {clip.number}", why=why),)
    return {"thumbnail": to_json(work.put("thumbnail.jpg", found.path)), "thumbnail_at": to_json(found.at)}, ()
