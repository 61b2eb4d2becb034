"""What the talk is about: sentences as vectors, topics, key moments, and how lively each stretch is."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Sentence, Transcript
from common.errors import ModelMissing, ModelRefused, Permanent
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.engagement import engagement
from common.scoring.footage import Curve, Footage
from common.scoring.meaning import Meaning, meaning
from common.scoring.sentences import sentences

DIMENSIONS = 384
AT_ONCE = 128  # sentences given to the model between two words of progress


def run(work: Work) -> Outcome:
    """Without words there are no topics, and liveliness comes from sound and picture alone."""
    footage = _footage(work)
    said = _said(work)
    source: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    vectors: NDArray[np.float32] = np.zeros((0, DIMENSIONS), np.float32)
    known = said
    if said:
        try:
            source, vectors = _vectors(work, said)
        except (ModelMissing, ModelRefused) as missing:
            left_out = (LeftOut(what="topics and key moments", why=str(missing)),)
            known = ()
    found = meaning(known, vectors)
    kept = {
        "source": source,
        "sentences": [_sentence(one, found.key[n] if found.key else None) for n, one in enumerate(said)],
        **_listed(found, said),
        "engagement": [
            {**to_json(one.span), "value": one.value, "parts": one.parts} for one in engagement(footage, said, vectors)
        ],
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, vectors=vectors)
    return Outcome(
        result={
            "meaning": to_json(work.put("meaning.json", dumps(kept))),
            "vectors": to_json(work.put("vectors.npz", packed.getvalue())),
            "topics": len(found.topics),
            "moments": len(found.moments),
            "source": source,
        },
        left_out=left_out,
    )


def _vectors(work: Work, said: tuple[Sentence, ...]) -> tuple[str, NDArray[np.float32]]:
    """The model's name and one vector per sentence; raises ModelMissing, ModelRefused."""
    parts = []
    with work.models.sentences(work.scratch) as embedder:
        source = embedder.source
        for first in range(0, len(said), AT_ONCE):
            texts = [one.text for one in said[first : first + AT_ONCE]]
            part = np.asarray(embedder.embed(texts), np.float32)
            if part.shape != (len(texts), DIMENSIONS) or not np.isfinite(part).all():
                raise Permanent(f"{source} gave {part.shape} for {len(texts)} sentences; run scripts/setup again")
            parts.append(part)
            work.progress(first + len(texts), len(said), "sentences")
    return source, np.concatenate(parts)


def _sentence(one: Sentence, key: float | None) -> Json:
    return {"first": one.first, "last": one.last, **to_json(one.span), "text": one.text, "key": key}


def _listed(found: Meaning, said: tuple[Sentence, ...]) -> Json:
    topics = [
        {
            **to_json(one.span),
            "first": one.first,
            "last": one.last,
            "label": one.label,
            "words": list(one.words),
            "central": one.central,
        }
        for one in found.topics
    ]
    moments = [
        {
            **to_json(said[one.sentence].span),
            "sentence": one.sentence,
            "topic": one.topic,
            "text": said[one.sentence].text,
            "worth": one.worth,
        }
        for one in found.moments
    ]
    return {"topics": topics, "moments": moments}


def _footage(work: Work) -> Footage:
    shots, heard = work.need("shots"), work.need("listen")
    if shots is None:
        raise Permanent("meaning needs the shots of the video; run again from ingest")
    activity = loads(work.get(shots["activity"]))
    step = Fraction(activity["step"])
    found = from_json(tuple[Shot, ...], loads(work.get(shots["shots"])))
    loudness = None
    if heard is not None:
        levels = loads(work.get(heard["levels"]))
        loudness = Curve(levels["momentary"], start=Fraction(levels["start"]), step=Fraction(levels["step"]))
    return Footage(
        duration=found[-1].span.end,
        shots=found,
        motion=Curve(activity["motion"], start=Fraction(0), step=step),
        brightness=Curve(activity["brightness"], start=Fraction(0), step=step),
        black=from_json(tuple[Span, ...], shots["black"]),
        frozen=from_json(tuple[Span, ...], shots["frozen"]),
        loudness=loudness,
    )


def _said(work: Work) -> tuple[Sentence, ...]:
    spoken = work.need("transcribe")
    if spoken is None or not spoken["words"]:
        return ()
    return sentences(from_json(Transcript, loads(work.get(spoken["transcript"]))).words)
