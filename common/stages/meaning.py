"""What the talk is about: sentences as vectors, topics, key moments, and how lively each stretch is."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import dumps, to_json
from common.domain.transcript import Sentence
from common.errors import ModelMissing, ModelRefused, Permanent
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.engagement import engagement
from common.scoring.meaning import Meaning, meaning
from common.scoring.pull.model import shipped
from common.stages import inputs

DIMENSIONS = 384
FEW = 12  # words; fewer are about nothing
AT_ONCE = 128  # sentences given to the model between two words of progress


def run(work: Work) -> Outcome:
    """Without words there are no topics, and liveliness comes from sound and picture alone."""
    footage, said = inputs.footage(work), inputs.said(work)
    source: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    vectors: NDArray[np.float32] = np.zeros((0, DIMENSIONS), np.float32)
    words = sum(one.last - one.first + 1 for one in said)
    why = f"{words} words are too few to tell what it is about" if 0 < words < FEW else None
    if words >= FEW:
        try:
            source, depths = _depths(work, said)
            vectors = depths[:, :DIMENSIONS]
        except ModelMissing as missing:
            why = str(missing)
    if why is not None:
        left_out = (LeftOut(what="topics and key moments", why=why),)
    asked: str | None = None
    worths: list[float | None] = [None] * len(said)
    if source is not None:
        try:
            asked, worths = _worths(said, depths, source)
        except ModelRefused as refused:
            left_out = (
                *left_out,
                LeftOut(what="how well each sentence would pull", why=str(refused)),
            )
    found = meaning(said if source else (), vectors)
    kept = {
        "source": source,
        "sentences": [_sentence(one, found.key[n] if found.key else None, worths[n]) for n, one in enumerate(said)],
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
            "pull": asked,
        },
        left_out=left_out,
    )


def _depths(work: Work, said: tuple[Sentence, ...]) -> tuple[str, NDArray[np.float32]]:
    """The model's name and one row per sentence, its vector first; raises ModelMissing, ModelRefused."""
    parts = []
    with work.models.sentences(work.scratch) as embedder:
        source = embedder.source
        for first in range(0, len(said), AT_ONCE):
            texts = [one.text for one in said[first : first + AT_ONCE]]
            part = np.asarray(embedder.depths(texts), np.float32)
            if part.ndim != 2 or len(part) != len(texts) or part.shape[1] < DIMENSIONS or not np.isfinite(part).all():
                raise Permanent(f"{source} gave {part.shape} for {len(texts)} sentences; run scripts/setup again")
            parts.append(part)
            work.progress(first + len(texts), len(said), "sentences")
    return source, np.concatenate(parts)


def _worths(said: tuple[Sentence, ...], depths: NDArray[np.float32], source: str) -> tuple[str, list[float | None]]:
    """The hook model's name, and what each sentence would be worth as an opening; raises ModelRefused."""
    asked = shipped()
    asked.suits(source)
    return asked.name, [
        asked.worth(one.text, row.tolist()) for one, row in zip(said, depths[:, DIMENSIONS:], strict=True)
    ]


def _sentence(one: Sentence, key: float | None, worth: float | None) -> Json:
    return {"first": one.first, "last": one.last, **to_json(one.span), "text": one.text, "key": key, "worth": worth}


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
