"""Choose the clips: whole sentences where words are known, shots and motion where they are not."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Sentence, Transcript
from common.errors import Permanent
from common.ports.work import Outcome, Work
from common.scoring import candidates, choice
from common.scoring.footage import Curve, Footage
from common.scoring.sentences import sentences


def run(work: Work) -> Outcome:
    """At most `settings.clips` clips, ranked; their edges are edges of frames."""
    footage, edges = _footage(work)
    said = _said(work)
    wanted = work.settings
    shortest, longest = Fraction(wanted.min_s), Fraction(wanted.max_s)
    if footage.duration < shortest:
        found = [candidates.whole(footage, said)]
    else:
        # A few words in a long video make no clip: then the picture decides, as it does without any.
        found = candidates.spoken(footage, said, shortest=shortest, longest=longest) or candidates.silent(
            footage, shortest=shortest, longest=longest
        )
    work.progress(1, 2, "steps")
    chosen = choice.choose(found, wanted.clips)
    clips = [
        _on_frames(choice.clip(number, one, footage, said), edges, longest) for number, one in enumerate(chosen, 1)
    ]
    numbers = {id(one): number for number, one in enumerate(chosen, 1)}
    listed = [
        {**to_json(one.span), "score": one.score, "chosen": numbers.get(id(one))}
        for one in sorted(found, key=lambda one: (one.span, -one.score))
    ]
    work.progress(2, 2, "steps")
    return Outcome(
        result={
            "clips": to_json(work.put("clips.json", dumps(clips))),
            "count": len(clips),
            "candidates": to_json(work.put("candidates.json", dumps(listed))),
            "fewer": choice.fewer(len(clips), wanted.clips, len(found), least=wanted.min_s),
            "speech": bool(said),
        },
        members={"clip": to_json(clips)},
        documents={
            f"clips/{{flow}}.{clip.number}": {"schema": 1, "state": "chosen", **to_json(clip)} for clip in clips
        },
    )


def _footage(work: Work) -> tuple[Footage, tuple[NDArray[np.int64], Fraction, Fraction]]:
    """Picture and sound, and the frame edges: ticks, seconds per tick, end of the last frame."""
    ingest, shots, heard = work.need("ingest"), work.need("shots"), work.need("listen")
    if ingest is None or shots is None:
        raise Permanent("clips cannot be chosen before the shots are found; run again from ingest")
    probe = from_json(Probe, ingest["probe"])
    activity = loads(work.get(shots["activity"]))
    step = Fraction(activity["step"])
    found = from_json(tuple[Shot, ...], loads(work.get(shots["shots"])))
    end = found[-1].span.end
    with np.load(io.BytesIO(work.get(shots["times"]))) as arrays:
        ticks: NDArray[np.int64] = arrays["ticks"]
    loudness = None
    if heard is not None:
        levels = loads(work.get(heard["levels"]))
        loudness = Curve(levels["momentary"], start=Fraction(levels["start"]), step=Fraction(levels["step"]))
    footage = Footage(
        duration=end,
        shots=found,
        motion=Curve(activity["motion"], start=Fraction(0), step=step),
        brightness=Curve(activity["brightness"], start=Fraction(0), step=step),
        black=from_json(tuple[Span, ...], shots["black"]),
        frozen=from_json(tuple[Span, ...], shots["frozen"]),
        loudness=loudness,
    )
    return footage, (ticks, probe.video.timebase, end)


def _said(work: Work) -> tuple[Sentence, ...]:
    spoken = work.need("transcribe")
    if spoken is None:
        return ()
    return sentences(from_json(Transcript, loads(work.get(spoken["transcript"]))).words)


def _on_frames(clip: Clip, edges: tuple[NDArray[np.int64], Fraction, Fraction], longest: Fraction) -> Clip:
    """Start with the frame on show at the start; end at the last frame's edge that is not past the end or too long."""
    ticks, timebase, end = edges
    first = max(0, int(np.searchsorted(ticks, int(clip.span.start / timebase), side="right")) - 1)
    start = int(ticks[first]) * timebase
    stop = min(clip.span.end, start + longest)
    if stop < end and first + 1 < len(ticks):
        last = int(np.searchsorted(ticks, int(stop / timebase), side="right")) - 1
        stop = int(ticks[max(last, first + 1)]) * timebase
    return replace(clip, span=Span(start, min(stop, end)))
