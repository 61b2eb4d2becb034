"""The even pace that a clip gets, whatever its source's is."""

from __future__ import annotations

import math
from fractions import Fraction

from common.domain.asset import VideoStream
from common.domain.timebase import Span

NTSC = Fraction(1000, 1001)
STANDARD_RATES = (24 * NTSC, *map(Fraction, (24, 25)), 30 * NTSC, *map(Fraction, (30, 48, 50)), 60 * NTSC, Fraction(60))
FASTEST = Fraction(60)
SLOWEST = Fraction(10)  # frames per second of a steady source that are kept; below, frames are held


def frames_of(span: Span, rate: Fraction) -> int:
    """How many frames a clip has."""
    return max(1, round(span.duration * rate))


def steady_rate(video: VideoStream) -> Fraction:
    """The constant frame rate a clip of this video gets, at most FASTEST.

    Steady video keeps its own rate, told from its average by the standard rates near it: a rate whose frames last a
    whole number of ticks goes before one that does not. Video of changing rate gets the standard rate nearest to its
    average. Halved, or thirded, where it is too fast.
    """
    rate = video.frame_rate / max(1, math.ceil(video.frame_rate / (FASTEST + Fraction(1, 2))))
    if video.variable_rate or rate < SLOWEST:
        return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    near = [standard for standard in STANDARD_RATES if abs(standard - rate) <= standard / 200]
    if not near:
        return min(FASTEST, rate.limit_denominator(1001))
    return min(near, key=lambda standard: ((1 / (standard * video.timebase)).denominator != 1, abs(standard - rate)))
