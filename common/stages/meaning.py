"""What the talk is about: sentences as vectors, topics, key moments, and how lively each stretch is."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.domain.codec import dumps, to_json
from common.domain.transcript import Sentence
from common.errors import ModelMissing, ModelRefused, Permanent
from common.ports.work import Json, LeftOut, Outcome, Work
from common.scoring.engagement import engagement
from common.scoring.meaning import Meaning, meaning
from common.scoring.pull.model import Model, shipped
from common.stages import inputs

DIMENSIONS = 384
FEW = 12  # words; fewer are about nothing
AT_ONCE = 128  # sentences given to the model between two words of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What models say of the sentences. `asked` is the hook model, or why it was not asked."""

    source: str
    vectors: NDArray[np.float32]
    asked: Model | str
    worths: list[float | None]


def run(work: Work) -> Outcome:
    """Without words there are no topics, and liveliness comes from sound and picture alone."""
    footage, said = inputs.footage(work), inputs.said(work)
    read: _Read | None = None
    left_out: tuple[LeftOut, ...] = ()
    words = sum(one.last - one.first + 1 for one in said)
    why = f"{words} words are too few to tell what it is about" if 0 < words < FEW else None
    if words >= FEW:
        try:
            read = _read(work, said)
        except ModelMissing as missing:
            why = str(missing)
    if why is not None:
        left_out = (LeftOut(what="topics and key moments", why=why),)
    elif read is not None and isinstance(read.asked, str):
        left_out = (LeftOut(what="how well each sentence would pull", why=read.asked),)
    source = read.source if read else None
    vectors = read.vectors if read else np.zeros((0, DIMENSIONS), np.float32)
    worths = read.worths if read else [None] * len(said)
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
            "pull": read.asked.name if read and not isinstance(read.asked, str) else None,
        },
        left_out=left_out,
    )


def _read(work: Work, said: tuple[Sentence, ...]) -> _Read:
    """What the models say of each sentence; raises ModelMissing, ModelRefused."""
    parts: list[NDArray[np.float32]] = []
    worths: list[float | None] = []
    with work.models.sentences(work.scratch) as embedder:
        source = embedder.source
        asked: Model | str = ""
        for first in range(0, len(said), AT_ONCE):
            texts = [one.text for one in said[first : first + AT_ONCE]]
            part = np.asarray(embedder.depths(texts), np.float32)
            if part.ndim != 2 or len(part) != len(texts) or part.shape[1] < DIMENSIONS or not np.isfinite(part).all():
                raise Permanent(f"{source} gave {part.shape} for {len(texts)} sentences; run scripts/setup again")
            asked = asked or _asked(source, part.shape[1] - DIMENSIONS)
            parts.append(part[:, :DIMENSIONS].copy())  # the depths are thirty times as much, and not needed after
            for text, row in zip(texts, part[:, DIMENSIONS:], strict=True):
                worths.append(None if isinstance(asked, str) else asked.worth(text, row.tolist()))
            work.progress(first + len(texts), len(said), "sentences")
    return _Read(source=source, vectors=np.concatenate(parts), asked=asked, worths=worths)


def _asked(source: str, depths: int) -> Model | str:
    """The hook model, or why it cannot be asked about what this model of sentences reads."""
    try:
        found = shipped()
        found.suits(source, depths)
    except ModelRefused as refused:
        return str(refused)
    return found


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
