"""Judge each chosen clip: its score with all its parts, and the features that a model may learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.domain.track import believed
from common.errors import Permanent
from common.ports.documents import Vector, plain
from common.ports.work import Json, Outcome, Work
from common.scoring import reweighing, searchable
from common.scoring.advice import why
from common.scoring.judging import judge
from common.signals.features.registry import VERSION, vector
from common.stages.observe import history, known

MOST_SENTENCES, MOST_LINES = 300, 100  # of one clip, in its document


def run(work: Work) -> Outcome:
    """The proposed clips with their judgement, ranked by it; `scores` has what each is made of, and its features."""
    proposed, weighed = work.need("propose"), work.need("meaning")
    if proposed is None:
        raise Permanent("there are no clips to judge; run again from propose")
    model = weighed["source"] if weighed else None
    whole, past = known(work), history(work, model)
    composite = reweighing.counted(work.settings.weights)
    judged: list[tuple[Clip, Observed, Judgement]] = []
    topics = loads(work.get(weighed["meaning"]))["topics"] if weighed else []
    found = from_json(list[Clip], loads(work.get(proposed["clips"])))
    for clip in found:
        observed = replace(whole.of(clip.span), own=past.vectors if past else None)
        judged.append((clip, observed, judge(observed, composite)))
        work.progress(len(judged), len(found), "clips")
    judged.sort(key=lambda one: (-one[2].score, one[0].number))
    clips: list[Clip] = []
    scores: list[Json] = []
    documents: dict[str, Json] = {}
    for rank, (clip, observed, judgement) in enumerate(judged, 1):
        ranked = _ranked(clip, rank, judgement)
        clips.append(ranked)
        features = vector(observed, judgement)
        scores.append({"number": rank, "judgement": to_json(judgement), "features": features})
        body = {"schema": 1, "state": "chosen", "asset": work.asset, "flow": None, "created": None}
        body |= to_json(ranked) | _around(observed, topics)
        documents[f"clips/{{flow}}.{rank}"] = body
        documents[f"words/{searchable.name(f'{{flow}}.{rank}', ranked.score)}"] = plain(searchable.fields(body))
        documents |= _kept(work, ranked, observed, model)
    return Outcome(
        result={
            "clips": to_json(work.put("clips.json", dumps(clips))),
            "scores": to_json(work.put("scores.json", dumps(scores))),
            "features_version": VERSION,
            "count": len(clips),
        },
        members={"clip": to_json(clips)},
        documents=documents,
    )


def _ranked(clip: Clip, rank: int, judgement: Judgement) -> Clip:
    """A clip with the judgement in place of what it was proposed for."""
    reasons = [one for part in judgement.parts for one in part.evidence]
    reasons += [one for one in clip.evidence if one.name == "whole_video"]
    evidence = tuple(sorted(reasons, key=lambda one: -abs(one.weight)))
    return replace(
        clip,
        number=rank,
        proposed=clip.number,
        score=round(judgement.score, 4),
        scores={part.name: round(part.value, 3) for part in judgement.parts if part.value is not None},
        evidence=tuple(replace(one, weight=round(one.weight, 3)) for one in evidence),
        why=why(evidence),
        raise_by=judgement.raise_by or clip.raise_by,
    )


def _around(observed: Observed, topics: list[Json]) -> Json:
    """What the clip is looked for by besides its texts: where each sentence begins, its topics, what stills show."""
    lines = dict.fromkeys(line.text for one in observed.readings or () for line in one.lines if believed(line))
    return {
        "sentences": [
            {"start": to_json(one.span.start), "text": one.text} for one in (observed.sentences or ())[:MOST_SENTENCES]
        ],
        "topics": [one["label"] for one in topics if from_json(Span, _span(one)).overlap(observed.span)],
        "read": list(lines)[:MOST_LINES],
    }


def _span(one: Json) -> Json:
    return {"start": one["start"], "end": one["end"]}


def _kept(work: Work, clip: Clip, observed: Observed, model: str | None) -> dict[str, Json]:
    """What the clip says as one vector, for later clips to be compared with; nothing where nothing is said."""
    if model is None or observed.vectors is None or not len(observed.vectors):
        return {}
    mean = observed.vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length == 0:
        return {}
    said = Vector(tuple((mean / length).tolist()))
    body = {"schema": 2, "asset": work.asset, "flow": None, "model": model, "vector": said, "outcome": None}
    body["words"] = searchable.name("", clip.score)  # the beginning of its other document's name
    return {f"embeddings/{{flow}}.{clip.number}": plain(body)}
