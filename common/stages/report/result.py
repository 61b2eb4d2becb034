"""result.json: what was found, in one document with a schema (docs/result.schema.json)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from common.domain.asset import Probe
from common.domain.clip import Clip, Rendition
from common.domain.codec import from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import decimal
from common.media.captions.lines import counted
from common.media.probe import choose_audio
from common.ports.work import Ended, Json, Work
from common.scoring import telling
from common.scoring.telling import span_of
from common.stages.report import judged, senses

SCHEMA = "cutroom.result/1"

DRAFT = "the words were heard by a small model and many are wrong: good for choosing clips, not for reading"
BROKEN = "broken in the file: skipped, or shown as far as they can be decoded; a better copy has them"
WHEN_ASKED = (
    "hear",
    "overlay",
    "watch",
)  # stages that are skipped where nobody asked for them: nothing is missing then


_TOLD_APART = ("object", "shown", "manifest", "checks")  # of a rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result, the files it names, and what only the page shows, by rank."""

    result: Json
    files: list[Json]
    previews: dict[int, Json] = field(default_factory=dict)
    stills: dict[int, Json] = field(default_factory=dict)
    covers: dict[int, Json] = field(default_factory=dict)  # of the first file
    loudness: Json | None = None  # {"start", "step", "momentary"}


def collect(work: Work) -> Found:
    """Everything the flow knows; parts that are missing are empty and named in `left_out`."""
    ingest, fingerprint = work.need("ingest"), work.need("fingerprint")
    assert ingest is not None and fingerprint is not None, "the table makes both required"
    ended = work.ended()
    shots, heard, spoken, proposed = (work.need(name) for name in ("shots", "listen", "transcribe", "propose"))
    framed, weighed, drawn = (work.need(name) for name in ("frame", "meaning", "overlay"))
    scored, asked, named = work.need("score"), work.need("council"), work.need("name")
    watched = work.need("watch")
    known = Judged(
        judgements=judged.judgements(work, scored),
        predictions=judged.predictions(work, work.need("predict")),
        verdicts=judged.verdicts(work, asked),
        names=judged.names(work, named),
        gates=judged.gates(work, work.needs("check")),
    )
    rendered = {one["number"]: one for one in work.needs("render")}
    chosen = from_json(list[Clip], loads(work.get(scored["clips"]))) if scored else []
    files: list[Json] = []
    clips = [_clip(work, clip, rendered.get(clip.number), known, files) for clip in chosen]
    result: Json = {
        "schema": SCHEMA,
        "asset": _asset(work, from_json(Probe, ingest["probe"]), ingest["audio_track"], fingerprint),
        "flow": {"id": work.flow, "settings": to_json(work.settings)},
        "shots": _shots(work, shots),
        "sound": senses.sound(work, heard),
        "transcript": senses.transcript(work, spoken),
        "tracks": senses.tracks(work, framed),
        "texts": senses.on_screen(work, work.needs("read"), shots),
        "meaning": senses.meaning(work, weighed, judged.topic_names(work, named)),
        "evidence": senses.evidence(work, watched),
        "candidates": _candidates(work, proposed, chosen),
        "clips": clips,
        "overlay": _overlay(drawn, files),
        "left_out": _left_out(ended, shots, proposed, spoken),
        "timings": _timings(ended),
        "cost": {"currency": "USD", "micros": sum(one.cost_micros for one in ended)},
    }
    return Found(
        result=result,
        files=files,
        previews={number: one["preview"] for number, one in rendered.items() if one["preview"]},
        stills={number: one["thumbnail"] for number, one in rendered.items() if one["thumbnail"]},
        covers={number: next(iter(one["covers"].values())) for number, one in rendered.items() if one["covers"]},
        loudness=loads(work.get(heard["levels"])) if heard else None,
    )


def seconds(text: str) -> float:
    """A time of a stage's result as decimal seconds."""
    return decimal(Fraction(text))


def _asset(work: Work, probe: Probe, track: int | None, fingerprint: Json) -> Json:
    sound = choose_audio(probe.audio, track) if track is not None else None
    video = probe.video
    return {
        "id": work.asset,
        "name": PurePath(work.source.name).name,
        "sha256": fingerprint["sha256"],
        "size": probe.size,
        "container": probe.container,
        "duration": decimal(probe.duration),
        "width": video.display_width,
        "height": video.display_height,
        "rotation": video.rotation,
        "frame_rate": decimal(video.frame_rate),
        "variable_frame_rate": video.variable_rate,
        "dynamic_range": video.dynamic_range,
        "video_codec": video.codec,
        "audio_codec": sound.codec if sound else None,
        "audio_track": track,
        "similar_to": fingerprint["similar_to"],
        "warnings": list(probe.warnings),
    }


def _shots(work: Work, shots: Json | None) -> list[Json]:
    if shots is None:
        return []
    found = []
    for shot in from_json(list[Shot], loads(work.get(shots["shots"]))):
        measures = {key: value for key, value in to_json(shot).items() if key != "span"}
        transition = span_of(shot.transition) if shot.transition else None
        found.append({**measures, **span_of(shot.span), "transition": transition})
    return found


def _candidates(work: Work, proposed: Json | None, chosen: list[Clip]) -> list[Json]:
    """Each with the rank it got, None where it was not chosen."""
    if proposed is None:
        return []
    ranks = {clip.proposed: clip.number for clip in chosen}
    listed = loads(work.get(proposed["candidates"]))
    return [
        {**one, "start": seconds(one["start"]), "end": seconds(one["end"]), "chosen": ranks.get(one["chosen"])}
        for one in listed
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """By rank, what was thought of each clip and what was found on its finished files."""

    judgements: dict[int, Json]
    predictions: dict[int, Json]
    verdicts: dict[int, Json]
    names: dict[int, Json]
    gates: dict[int, Json]


def _clip(work: Work, clip: Clip, made: Json | None, known: Judged, files: list[Json]) -> Json:
    """A clip as the result has it; the files it names are added to `files`."""
    stem = f"clips/{clip.number:02}"

    def file(ref: Json | None, suffix: str) -> str | None:
        if ref is None:
            return None
        files.append({"path": stem + suffix, "object": ref["object"]})
        return stem + suffix

    gate = known.gates.get(clip.number, {"ready": None, "gates": {}})
    renditions = []
    for one in from_json(list[Rendition], made["renditions"]) if made else []:
        shape = one.aspect.replace(":", "x")
        path = file({"object": one.object}, f"-{shape}.mp4")
        main = max(one.shown, key=lambda part: part.span.duration)
        renditions.append(
            {
                **{key: value for key, value in to_json(one).items() if key not in _TOLD_APART},
                "path": path,
                "cover": file(made["covers"].get(one.aspect), f"-{shape}.jpg") if made else None,
                "layout": main.layout,
                "layout_reason": main.reason,
                "shown": [{**span_of(part.span), "layout": part.layout, "reason": part.reason} for part in one.shown],
                "duration": decimal(one.duration),
                "frame_rate": decimal(one.frame_rate),
                **gate["gates"].get(one.aspect, _unchecked(one)),
            }
        )
    return {
        "id": f"{work.flow}.{clip.number}",
        "rank": clip.number,
        **span_of(clip.span),
        "score": clip.score,
        "scores": clip.scores,
        **known.judgements.get(clip.number, {"judgement": None, "features": None}),
        "prediction": known.predictions.get(clip.number),
        **known.verdicts.get(clip.number, {"votes": [], "verdict": None}),
        "ready": gate["ready"],
        "why": clip.why,
        "evidence": telling.evidence(clip.evidence),
        "text": clip.text,
        **judged.naming(clip, known.names.get(clip.number)),
        "renditions": renditions,
        "thumbnail": file(made["thumbnail"], ".jpg") if made else None,
        "captions": {kind: file(made[kind], f".{kind}") if made else None for kind in ("srt", "vtt", "ass")},
    }


def _unchecked(rendition: Rendition) -> Json:
    """What was seen of a file while it was made; nobody has looked at it since."""
    made = [{**to_json(one), "verdict": "pass" if one.ok else "fail"} for one in rendition.checks]
    return {"ready": None, "checks": [{**one, "fix": None, "platform": None} for one in made], "platforms": []}


def _overlay(drawn: Json | None, files: list[Json]) -> str | None:
    if drawn is None:
        return None
    files.append({"path": "overlay.mp4", "object": drawn["overlay"]["object"]})
    return "overlay.mp4"


def _left_out(ended: tuple[Ended, ...], shots: Json | None, proposed: Json | None, spoken: Json | None) -> list[Json]:
    """What failed or was skipped, and what stages said they lack."""
    found: list[tuple[str, str]] = []
    for one in ended:
        name = one.title.lower() if one.member is None else f"{one.title.lower()}, part {one.member + 1}"
        if one.state != "done" and not (one.state == "skipped" and one.stage in WHEN_ASKED):
            found.append((name, one.error or one.state))
        found += [(entry.what, entry.why) for entry in one.left_out]
    if shots is not None and shots["damaged"]:
        found.append((f"{counted(shots['damaged'], 'frame')} of the picture", BROKEN))
    if proposed is not None and proposed["fewer"]:
        found.append(("more clips", proposed["fewer"]))
    if spoken is not None:
        found += [("parts of the transcript", note) for note in spoken["notes"]]
        if spoken["quality"] == "draft":
            found.append(("sure words", DRAFT))
    return [{"what": what, "why": why} for what, why in dict.fromkeys(found)]


def _timings(ended: tuple[Ended, ...]) -> Json:
    """By stage: seconds summed over its runs, memory of the largest one."""
    timings: dict[str, dict[str, Any]] = {}
    for one in ended:
        if one.state == "skipped":
            continue
        stage = timings.setdefault(one.stage, {"wall_s": 0.0, "cpu_s": 0.0, "peak_mb": 0.0, "runs": 0, "reused": 0})
        stage["wall_s"] = round(stage["wall_s"] + (one.wall_s or 0), 3)
        stage["cpu_s"] = round(stage["cpu_s"] + (one.cpu_s or 0), 3)
        stage["peak_mb"] = max(stage["peak_mb"], one.peak_mb or 0)
        stage["runs"] += 1
        stage["reused"] += one.reused
    return timings
