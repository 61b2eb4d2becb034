"""Choose the clips: whole sentences where words are known, shots and motion where they are not."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, to_json
from common.domain.timebase import Span
from common.errors import Permanent
from common.ports.work import Outcome, Work
from common.scoring import candidates, choice
from common.stages import inputs

HELD = Fraction(1, 5)  # seconds; the slowest of moving pictures change more often
Edges = tuple[NDArray[np.int64], Fraction, Fraction]  # of frames: ticks, seconds per tick, end of the last frame


def run(work: Work) -> Outcome:
    """At most `settings.clips` clips, ranked; their edges are edges of frames."""
    footage, said = inputs.footage(work), inputs.said(work)
    edges = _edges(work, footage.duration)
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


def _edges(work: Work, end: Fraction) -> Edges:
    ingest, shots = work.need("ingest"), work.need("shots")
    if ingest is None or shots is None:
        raise Permanent("clips cannot be chosen before the shots are found; run again from ingest")
    with np.load(io.BytesIO(work.get(shots["times"]))) as arrays:
        ticks: NDArray[np.int64] = arrays["ticks"]
    return ticks, from_json(Probe, ingest["probe"]).video.timebase, end


def _on_frames(clip: Clip, edges: Edges, longest: Fraction) -> Clip:
    """Start with the frame on show at the start; end at the last frame's edge that is not past the end or too long.

    A frame that is on show for longer than HELD may be cut in its midst: it stands, or others are missing behind it.
    """
    ticks, timebase, end = edges

    def edge(at: Fraction) -> Fraction:
        begun = int(ticks[max(0, int(np.searchsorted(ticks, int(at / timebase), side="right")) - 1)]) * timebase
        return begun if at - begun < HELD else at

    start = edge(clip.span.start)
    stop = min(clip.span.end, start + longest)
    if stop < end and edge(stop) > start:
        stop = edge(stop)
    return replace(clip, span=Span(start, min(stop, end)))
