"""What several stages read of the stages before them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from common.domain.asset import Probe
from common.domain.codec import from_json, loads
from common.domain.footage import Curve, Footage
from common.domain.observed import Observed, Vectors
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Reading
from common.domain.transcript import Sentence, Transcript
from common.errors import Permanent
from common.ports.work import Work
from common.scoring import pulling
from common.scoring.parts import not_english
from common.scoring.sentences import sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The part of a video that a run looks at, and all its shots, those that reach into it among them."""

    probe: Probe
    start: Fraction
    end: Fraction | None  # None for the last one, whose frames may go on longer than the file says
    shots: Sequence[Shot]

    @property
    def span(self) -> Span:
        end = self.probe.duration if self.end is None else self.end
        return Span(self.start, max(self.start, end))

    @property
    def inside(self) -> list[Shot]:
        """The shots that reach into it."""
        return [shot for shot in self.shots if shot.span.overlap(self.span)]


def segment(work: Work) -> Segment:
    """The run's own."""
    ingest, shots = work.need("ingest"), work.need("shots")
    if ingest is None or shots is None or work.member is None:
        raise Permanent("there is no segment with known shots to look at; run again from ingest")
    return Segment(
        probe=from_json(Probe, ingest["probe"]),
        start=Fraction(work.member["start"]),
        end=None if work.member["end"] is None else Fraction(work.member["end"]),
        shots=from_json(tuple[Shot, ...], loads(work.get(shots["shots"]))),
    )


def footage(work: Work) -> Footage:
    """Picture and sound as they were measured."""
    shots, heard = work.need("shots"), work.need("listen")
    if shots is None:
        raise Permanent("the footage cannot be weighed before its shots are found; run again from ingest")
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


def said(work: Work) -> tuple[Sentence, ...]:
    """The sentences that are spoken; none where no words are known."""
    spoken = work.need("transcribe")
    if spoken is None:
        return ()
    return sentences(from_json(Transcript, loads(work.get(spoken["transcript"]))).words)


def draft(work: Work) -> bool:
    """Whether many of the words are wrong."""
    spoken = work.need("transcribe")
    return spoken is not None and spoken["quality"] == "draft"


def english(work: Work, said: tuple[Sentence, ...]) -> bool:
    """Whether English word lists have something to say of what is spoken."""
    spoken = work.need("transcribe")
    if spoken is None or not said:
        return True
    language = from_json(Transcript, loads(work.get(spoken["transcript"]))).language
    whole = Span(said[0].span.start, said[-1].span.end)
    return not_english(Observed(span=whole, sentences=said, language=language)) is None


def vectors(work: Work) -> Vectors | None:
    """One per sentence; None where no model weighed what is said."""
    weighed = work.need("meaning")
    if weighed is None or weighed["source"] is None:
        return None
    with np.load(io.BytesIO(work.get(weighed["vectors"]))) as arrays:
        found: Vectors = arrays["vectors"]
    return found


def worths(work: Work) -> tuple[float | None, ...] | None:
    """Of each sentence as an opening, by the hook model that is shipped; None where it did not read them."""
    weighed = work.need("meaning")
    if weighed is None or weighed.get("pull") is None or weighed["pull"] != pulling.name():
        return None
    return tuple(one["worth"] for one in loads(work.get(weighed["meaning"]))["sentences"])


def readings(work: Work) -> tuple[Reading, ...] | None:
    """What stills say, of all segments; None where nobody read them."""
    parts = work.needs("read")
    if not any(part["source"] for part in parts):
        return None
    return tuple(one for part in parts for one in from_json(list[Reading], loads(work.get(part["readings"]))))
