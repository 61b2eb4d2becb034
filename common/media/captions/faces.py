"""Where captions must not go: eyes and mouths, as they lie in the frame of a rendition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.track import Box, Track
from common.media.captions.place import Avoid
from common.media.reframe import Part, Plan, Stretch

STEP = Fraction(2, 5)  # seconds for which one rectangle stands
TOP, BOTTOM = 0.15, 1.0  # of a face's box: from above the eyes to the chin


def avoided(
    plan: Plan, faces: Sequence[Track], span: Span, rate: Fraction, display: tuple[int, int]
) -> Iterator[Avoid]:
    """The rectangles, in seconds of the clip and pixels of its frame, for a video of `display` square pixels."""
    for stretch in plan.stretches:
        end = (stretch.first + stretch.frames) / rate
        start = stretch.first / rate
        while start < end:
            stop = min(end, start + STEP)
            for face in faces:
                at = [box for t in (start, stop) if (box := face.at(span.start + t)) is not None]
                for part in stretch.parts if at else ():
                    yield from _in_frame(part, stretch, at, Span(start, stop), rate, display)
            start = stop


def _in_frame(
    part: Part, stretch: Stretch, boxes: Sequence[Box], span: Span, rate: Fraction, display: tuple[int, int]
) -> Iterator[Avoid]:
    """The part of a face that shows, over a moment."""
    edges = []
    for t, box in zip((span.start, span.end), boxes, strict=False):
        x, y = _corner(part, float(t * rate) - stretch.first)
        across, down = part.place.width / part.width, part.place.height / part.height
        left, right = ((box.x + n * box.width) * display[0] for n in (0, 1))
        top, bottom = ((box.y + n * box.height) * display[1] for n in (TOP, BOTTOM))
        edges.append(((left - x) * across, (top - y) * down, (right - x) * across, (bottom - y) * down))
    left, top = (max(0.0, min(edge[n] for edge in edges)) for n in (0, 1))
    right = min(float(part.place.width), max(edge[2] for edge in edges))
    bottom = min(float(part.place.height), max(edge[3] for edge in edges))
    if right > left and bottom > top:
        yield Avoid(span=span, x=part.place.x + left, y=part.place.y + top, width=right - left, height=bottom - top)


def _corner(part: Part, frame: float) -> tuple[float, float]:
    """The part's top left at a frame of its stretch."""
    before = [key for key in part.keys if key[0] <= frame] or [part.keys[0]]
    after = [key for key in part.keys if key[0] > frame] or [part.keys[-1]]
    (n, x, y), (m, u, v) = before[-1], after[0]
    share = (frame - n) / (m - n) if m > n else 0.0
    return x + (u - x) * share, y + (v - y) * share
