"""Choose the clips: whole sentences where words are known, shots and motion where they are not."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.footage import Footage
from common.domain.observed import Vectors
from common.domain.timebase import Span
from common.errors import Permanent
from common.ports.work import Outcome, Work
from common.scoring import candidates, choice
from common.scoring.proposing import Told, clip
from common.scoring.texts import Text, texts
from common.stages import inputs

HELD = Fraction(1, 5)  # seconds; the slowest of moving pictures change more often
Edges = tuple[NDArray[np.int64], Fraction, Fraction]  # of frames: ticks, seconds per tick, end of the last frame


def run(work: Work) -> Outcome:
    """At most `settings.clips` clips, by what was weighed in choosing them; their edges are edges of frames."""
    footage, said = inputs.footage(work), inputs.said(work)
    key, vectors = _weighed(work, len(said))
    edges = _edges(work, footage.duration)
    wanted = work.settings
    shortest, longest = Fraction(wanted.min_s), Fraction(wanted.max_s)
    if footage.duration < shortest:
        found = [candidates.whole(footage, said, key=key)]
    else:
        # A few words in a long video make no clip: then the picture decides, as it does without any.
        found = candidates.spoken(footage, said, shortest=shortest, longest=longest, key=key) or candidates.silent(
            footage, shortest=shortest, longest=longest
        )
    work.progress(1, 2, "steps")
    made = choice.choose(found, wanted.clips, vectors)
    told = Told(
        footage=footage,
        said=said,
        key=key,
        texts=_texts(work, footage),
        file=PurePath(work.source.name).stem,
        draft=inputs.draft(work),
        english=inputs.english(work, said),
    )
    clips = [
        _on_frames(clip(number, one, other, told), edges, longest)
        for number, (one, other) in enumerate(zip(made.chosen, made.runners_up, strict=True), 1)
    ]
    numbers = {id(one): number for number, one in enumerate(made.chosen, 1)}
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
            "fewer": choice.fewer(made, wanted.clips, least=wanted.min_s),
            "speech": bool(said),
        },
    )


def _weighed(work: Work, sentences: int) -> tuple[list[float] | None, Vectors | None]:
    """How key each sentence is, and its vector; None where nobody weighed them."""
    weighed = work.need("meaning")
    vectors = inputs.vectors(work)
    if weighed is None or vectors is None or len(vectors) != sentences:
        return None, None
    return [one["key"] for one in loads(work.get(weighed["meaning"]))["sentences"]], vectors


def _texts(work: Work, footage: Footage) -> list[Text]:
    return texts(inputs.readings(work) or (), footage.shots)


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
