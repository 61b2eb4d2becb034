"""How lively each stretch of a video is: a heuristic against the rest of the same video, no prediction of anything.

Its parts are 0 to 1 and 0.5 where a stretch is as the video usually is; those that cannot be known are absent.

pace      words per second against the whole talk: 1 at twice as many, 0 where nobody speaks
energy    loudness against the whole file: 1 at 6 dB more, 0 at 6 dB less
novelty   how far its sentences are in meaning from what was said in the RECENT seconds before, against the talk
motion    of the picture, against the whole video: 1 at twice as much
cuts      per second, against the whole video: 1 at twice as many
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from common.domain.footage import Footage
from common.domain.timebase import Span
from common.domain.transcript import Sentence

LENGTH = Fraction(15)  # seconds of a stretch, about
RECENT = Fraction(60)  # seconds
WEIGHTS = {"pace": 0.25, "energy": 0.25, "novelty": 0.2, "motion": 0.2, "cuts": 0.1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """`value` is the mean of the parts that are known, by WEIGHTS."""

    span: Span
    value: float
    parts: dict[str, float]


def engagement(footage: Footage, said: Sequence[Sentence], vectors: NDArray[np.float32]) -> tuple[Engagement, ...]:
    """Stretches of equal length without gaps, to the end of the video; without vectors nothing is known of novelty."""
    duration = footage.duration
    count = max(1, round(duration / LENGTH))
    edges = [duration * n / count for n in range(count + 1)]
    stretches = [Span(start, end) for start, end in pairwise(edges)]
    fresh = _novelty(said, vectors) if len(vectors) else []
    spoken = sum(one.last - one.first + 1 for one in said) / float(duration) if duration else 0.0
    usual = sum(fresh) / len(fresh) if fresh else 0.0
    cuts = len(footage.shots) - 1
    moving = footage.motion.mean(Span(Fraction(0), duration))
    found = []
    for span in stretches:
        parts: dict[str, float] = {}
        if said and spoken:
            parts["pace"] = _against(_words(said, span) / float(span.duration), spoken)
        energy = footage.energy(span)
        if energy is not None:
            parts["energy"] = energy
        new = [value for one, value in zip(said, fresh, strict=False) if span.contains(one.span.start)]
        if new and usual:
            parts["novelty"] = _against(sum(new) / len(new), usual)
        motion = footage.motion.mean(span)
        if motion is not None and moving:
            parts["motion"] = _against(motion, moving)
        if cuts > 0:
            parts["cuts"] = _against(footage.cuts(span) / float(span.duration), cuts / float(duration))
        weight = sum(WEIGHTS[name] for name in parts)
        value = sum(WEIGHTS[name] * part for name, part in parts.items()) / weight if weight else 0.0
        found.append(Engagement(span=span, value=value, parts=parts))
    return tuple(found)


def _against(value: float, usual: float) -> float:
    return min(1.0, 0.5 * value / usual)


def _words(said: Sequence[Sentence], span: Span) -> float:
    """Spoken in a span; those of a sentence are taken to be spread evenly."""
    total = 0.0
    for one in said:
        if one.span.duration and (shared := one.span.overlap(span)):
            total += (one.last - one.first + 1) * float(shared / one.span.duration)
    return total


def _novelty(said: Sequence[Sentence], vectors: NDArray[np.float32]) -> list[float]:
    """Per sentence 1 less its closest cosine to one that began in the RECENT seconds before; 1 for the first."""
    fresh = []
    first = 0
    for n, one in enumerate(said):
        while said[first].span.start < one.span.start - RECENT:
            first += 1
        closest = float((vectors[first:n] @ vectors[n]).max()) if first < n else 0.0
        fresh.append(1 - min(1.0, max(0.0, closest)))
    return fresh
