"""All that a flow knows of one clip, read from what its stages left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import numpy as np

from common.domain.annotation import Annotations
from common.domain.asset import Probe
from common.domain.codec import from_json, loads
from common.domain.footage import Curve, Footage
from common.domain.observed import Observed, Vectors
from common.domain.timebase import Span
from common.domain.track import Reading, Track
from common.domain.transcript import Sentence, Transcript
from common.domain.verdict import History
from common.ports.work import Json, Work
from common.stages import inputs

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Of the whole video, read once; `of` gives a clip's part. None: nobody looked."""

    probe: Probe | None
    footage: Footage
    spoken: Transcript | None
    said: tuple[Sentence, ...]
    vectors: Vectors | None  # of the sentences
    worths: tuple[float | None, ...] | None  # of the sentences, by the hook model
    tracks: tuple[Track, ...] | None
    readings: tuple[Reading, ...] | None
    sounds: tuple[tuple[str, Span], ...] | None
    clipped: tuple[Span, ...] | None
    curves: dict[str, Curve]
    watched: Annotations | None = None

    def of(self, span: Span) -> Observed:
        """What lies in, or reaches into, a span."""
        here = [n for n, one in enumerate(self.said) if span.contains(one.span.start)]
        words = None
        if self.spoken is not None:
            words = tuple(word for word in self.spoken.words if word.span.overlap(span))
        return Observed(
            span=span,
            probe=self.probe,
            footage=self.footage,
            shots=tuple(shot for shot in self.footage.shots if shot.span.overlap(span)),
            words=words,
            sentences=None if self.spoken is None else tuple(self.said[n] for n in here),
            before=self.said[here[0] - 1] if here and here[0] else None,
            quality=self.spoken.quality if self.spoken else None,
            language=self.spoken.language if self.spoken else None,
            tracks=_those(self.tracks, lambda one: one.span, span),
            readings=None if self.readings is None else tuple(one for one in self.readings if span.contains(one.at)),
            watched=None if self.watched is None else self.watched.within(span),
            sounds=_those(self.sounds, lambda one: one[1], span),
            pitch=self.curves.get("pitch"),
            rate=self.curves.get("rate"),
            energy=self.curves.get("energy"),
            clipped=_those(self.clipped, lambda one: one, span),
            vectors=None if self.vectors is None else self.vectors[here],
            worths=None if self.worths is None else tuple(self.worths[n] for n in here),
        )


def known(work: Work) -> Known:
    """What the stages before have left."""
    ingest, heard, spoken, framed = (work.need(name) for name in ("ingest", "listen", "transcribe", "frame"))
    looked = any(part["tracks"] is not None for part in work.needs("track"))
    sounds = loads(work.get(heard["spans"])) if heard else None
    return Known(
        probe=from_json(Probe, ingest["probe"]) if ingest else None,
        footage=inputs.footage(work),
        spoken=from_json(Transcript, loads(work.get(spoken["transcript"]))) if spoken and spoken["words"] else None,
        said=inputs.said(work),
        vectors=inputs.vectors(work),
        worths=inputs.worths(work),
        tracks=from_json(tuple[Track, ...], loads(work.get(framed["tracks"]))) if framed and looked else None,
        readings=inputs.readings(work),
        sounds=None if sounds is None else tuple((one["kind"], _span(one)) for one in sounds["kinds"]),
        clipped=None if sounds is None else from_json(tuple[Span, ...], sounds["clipping"]),
        curves=_curves(work, heard),
    )


def history(work: Work, model: str | None) -> History | None:
    """Up to a hundred clips of the account's other videos; None where there are none that this model has read.

    How they did is not known before they are posted and read back.
    """
    kept = work.find("embeddings", "model", model) if model else []
    found = [one for one in kept if one["asset"] != work.asset and one["schema"] == 2]  # those of 1 are no vectors yet
    if not found:
        return None
    found.sort(key=lambda one: str(one["id"]))
    vectors = np.array([one["vector"].numbers for one in found])
    return History(
        names=tuple(str(one["id"]) for one in found),
        vectors=vectors.astype(np.float32),
        outcomes=tuple(one["outcome"] for one in found),
    )


def _those(things: Iterable[T] | None, span_of: Callable[[T], Span], span: Span) -> tuple[T, ...] | None:
    return None if things is None else tuple(one for one in things if span_of(one).overlap(span))


def _span(one: Json) -> Span:
    return Span(Fraction(one["start"]), Fraction(one["end"]))


def _curves(work: Work, heard: Json | None) -> dict[str, Curve]:
    if heard is None:
        return {}
    kept = loads(work.get(heard["prosody"]))
    return {
        name: Curve(kept[name], start=Fraction(0), step=Fraction(kept["step"])) for name in ("pitch", "energy", "rate")
    }
