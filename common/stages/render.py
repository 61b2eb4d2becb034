"""Make the files of one clip: every aspect with its captions, a preview, covers, and caption files beside them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from PIL import Image

from common.domain.asset import Probe
from common.domain.clip import Aspect, Clip, Rendition, Shown
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.framing import Framing
from common.domain.gate import Levelled
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Track
from common.domain.transcript import Transcript
from common.errors import Permanent
from common.media.captions import cues_from_words, write_ass, write_srt, write_vtt
from common.media.captions.burn import Burned, burned
from common.media.captions.faces import avoided
from common.media.captions.place import safe_zone
from common.media.cover import cover
from common.media.manifest import manifest
from common.media.rates import steady_rate
from common.media.reframe import Plan
from common.media.render import Made, planned, render
from common.media.stills import stills
from common.media.thumbnail import Activity, thumbnail
from common.ports.work import Json, LeftOut, ObjectRef, Outcome, Work

SIDECARS = {"srt": write_srt, "vtt": write_vtt, "ass": write_ass}


def run(work: Work) -> Outcome:
    clip = from_json(Clip, work.member)
    ingest, shots, framed = work.need("ingest"), work.need("shots"), work.need("frame")
    identified = work.need("fingerprint")
    if ingest is None or identified is None or shots is None or framed is None:
        raise Permanent("a clip cannot be rendered before its shots are framed; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    framings = from_json(list[Framing], loads(work.get(framed["framings"])))
    plans = [planned(probe, clip.span, framings, aspect) for aspect in work.settings.aspects]
    spoken = _spoken(work)
    captions, left_out = _captions(work, probe, clip, plans, spoken, framed, shots)
    total = float(clip.span.duration) * len(plans)
    sound = _sound(work, clip, ingest)
    made = render(
        work.local_source(),
        probe,
        clip.span,
        plans=plans,
        captions=captions,
        sound=None if sound is None else work.local(sound[0]),
        out=work.scratch,
        scratch=work.scratch,
        progress=lambda done: work.progress(done * len(plans), total, "s"),
    )
    preview = next(file for file in made if file.plan is None)
    renditions = []
    manifests: Json = {}
    for file in made:
        if file.plan is None:
            continue
        told = manifest(
            file,
            file.plan,
            clip.span,
            source_sha256=identified["sha256"],
            sound_sha256=None if sound is None else sound[0].sha256,
            levelled=None if sound is None else sound[1],
            captions=captions.get(file.aspect),
            scratch=work.scratch,
        )
        noted = work.put(f"{file.path.stem}.manifest.json", dumps(told))
        manifests[file.aspect] = to_json(noted)
        kept = work.put(file.path.name, file.path)
        renditions.append(_rendition(file, file.plan, kept, noted, clip, work.settings.captions, captions))
    result: Json = {
        "number": clip.number,
        "renditions": to_json(renditions),
        "manifests": manifests,
        "preview": to_json(work.put(preview.path.name, preview.path)),
        **_sidecars(work, clip, spoken),
    }
    at, still, blank = _thumbnail(work, probe, clip, shots, framed)
    covers, lost = ({}, ()) if at is None else _covers(work, probe, clip, plans, at)
    return Outcome(result={**result, **still, "covers": covers}, left_out=(*left_out, *blank, *lost))


def _sound(work: Work, clip: Clip, ingest: Json) -> tuple[ObjectRef, Levelled] | None:
    """The clip's sound, made before; None for a video without."""
    if ingest["audio_track"] is None:
        return None
    mixed = work.need("mix")
    if mixed is None:
        raise Permanent(f"clip {clip.number} cannot be rendered without its sound; run again with --again mix")
    return from_json(ObjectRef, mixed["sound"]), from_json(Levelled, mixed["levelled"])


def _spoken(work: Work) -> Transcript | None:
    told = work.need("transcribe")
    return from_json(Transcript, loads(work.get(told["transcript"]))) if told else None


def _captions(
    work: Work, probe: Probe, clip: Clip, plans: list[Plan], spoken: Transcript | None, framed: Json, shots: Json
) -> tuple[dict[Aspect, Burned], tuple[LeftOut, ...]]:
    """What is burned into each aspect, and what could not be as it should."""
    style = work.settings.captions
    if style == "none" or spoken is None or not any(word.span.overlap(clip.span) for word in spoken.words):
        return {}, ()
    if spoken.quality == "draft" and not work.settings.burn_draft:
        why = "the words are a draft with many wrong ones; --burn-draft burns them all the same"
        return {}, (LeftOut(what="captions in the picture", why=why),)
    faces = [track for track in from_json(list[Track], loads(work.get(framed["tracks"]))) if track.kind == "face"]
    opened = [shot.span.start - clip.span.start for shot in from_json(list[Shot], loads(work.get(shots["shots"])))]
    cuts = [at for at in opened if 0 < at < clip.span.duration]
    display = (probe.video.display_width, probe.video.display_height)
    found: dict[Aspect, Burned] = {}
    notes: list[str] = []
    for plan in plans:
        made = burned(
            spoken.words,
            clip.span,
            width=plan.width,
            height=plan.height,
            style=style,
            safe=safe_zone(plan.aspect),
            avoid=list(avoided(plan, faces, clip.span, steady_rate(probe.video), display)),
            cuts=cuts,
        )
        notes += made.notes
        found[plan.aspect] = made
    what = f"parts of the captions of clip {clip.number}"
    return found, tuple(LeftOut(what=what, why=note) for note in dict.fromkeys(notes))


def _rendition(
    file: Made, plan: Plan, kept: ObjectRef, noted: ObjectRef, clip: Clip, style: str, captions: dict[Aspect, Burned]
) -> Rendition:
    return Rendition(
        aspect=file.aspect,
        shown=_shown(clip, plan),
        captions=style if file.aspect in captions else None,
        object=kept.object,
        sha256=kept.sha256,
        size=kept.size,
        width=file.wanted.width,
        height=file.wanted.height,
        duration=file.wanted.duration,
        frame_rate=file.wanted.frame_rate,
        frames=file.wanted.frames,
        checks=file.checks,
        manifest=noted.sha256,
    )


def _shown(clip: Clip, plan: Plan) -> tuple[Shown, ...]:
    """Each shot's layout and reason, neighbours that say the same as one."""
    found: list[Shown] = []
    for one in plan.framings:
        span = Span(max(one.span.start, clip.span.start), min(one.span.end, clip.span.end))
        if found and (found[-1].layout, found[-1].reason) == (one.layout, one.reason):
            span = Span(found.pop().span.start, span.end)
        found.append(Shown(span=span, layout=one.layout, reason=one.reason))
    return tuple(found)


def _sidecars(work: Work, clip: Clip, spoken: Transcript | None) -> dict[str, Any]:
    cues = cues_from_words(spoken.words, clip.span) if spoken else []
    if not cues:
        return dict.fromkeys(SIDECARS)
    return {kind: to_json(work.put(f"clip.{kind}", write(cues).encode())) for kind, write in SIDECARS.items()}


def _thumbnail(
    work: Work, probe: Probe, clip: Clip, shots: Json, framed: Json
) -> tuple[Fraction | None, Json, tuple[LeftOut, ...]]:
    """The time of the best still, and it."""
    activity = from_json(Activity, loads(work.get(shots["activity"])))
    cuts = [shot.span.start for shot in from_json(list[Shot], loads(work.get(shots["shots"])))]
    found = thumbnail(
        work.local_source(),
        probe,
        clip.span,
        activity=activity,
        cuts=cuts,
        scratch=work.scratch,
        faces=from_json(list[Track], loads(work.get(framed["tracks"]))),
    )
    if found is None:
        why = "every picture tried is black, blank or broken"
        left_out = (LeftOut(what=f"thumbnail of clip {clip.number}", why=why),)
        return None, {"thumbnail": None, "thumbnail_at": None}, left_out
    kept = work.put("thumbnail.jpg", found.path)
    return found.at, {"thumbnail": to_json(kept), "thumbnail_at": to_json(found.at)}, ()


def _covers(work: Work, probe: Probe, clip: Clip, plans: list[Plan], at: Fraction) -> tuple[Json, tuple[LeftOut, ...]]:
    """Of each aspect, the best still as its file shows it: of the same shape, and with who is seen in the middle."""
    display = (probe.video.display_width, probe.video.display_height)
    (still,) = stills(work.local_source(), probe, [at], long_side=max(display), scratch=work.scratch)
    if still is None:
        why = "the picture of its thumbnail could not be decoded a second time"
        return {}, (LeftOut(what=f"covers of clip {clip.number}", why=why),)
    frame = int((at - clip.span.start) * steady_rate(probe.video))
    found: Json = {}
    for plan in plans:
        path = work.scratch / f"cover-{plan.aspect.replace(':', 'x')}.jpg"
        cover(Image.fromarray(still), plan, frame, display).save(path, quality=90)
        found[plan.aspect] = to_json(work.put(path.name, path))
    return found, ()
