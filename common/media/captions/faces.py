"""Where captions must not go: eyes and mouths, as they lie in the frame of a rendition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.track import Box, Track
from common.media.captions.place import Avoid
from common.media.reframe import Part, Plan, Stretch

STEP = Fraction(2, 5)  # seconds for which one rectangle stands, at most
WITHIN = Fraction(49, 100)  # of its stay: when a frame is of one shot for a face as for the plan, which rounds cuts
TOP, BOTTOM = 0.15, 1.0  # of a face's box: from above the eyes to the chin


def avoided(
    plan: Plan, faces: Sequence[Track], span: Span, rate: Fraction, display: tuple[int, int]
) -> Iterator[Avoid]:
    """The rectangles, in seconds of the clip and pixels of its frame, for a video of `display` square pixels."""
    step = max(1, round(STEP * rate))
    near = [face for face in faces if face.span.overlap(span)]
    for stretch in plan.stretches:
        end = stretch.first + stretch.frames
        for first in range(stretch.first, end, step):
            for face in near:
                frames = range(first, min(first + step, end))
                times = {n: span.start + (n + WITHIN) / rate for n in frames}
                boxes = {n: box for n, t in times.items() if (box := face.at(t)) is not None}
                for part in stretch.parts if boxes else ():
                    yield from _in_frame(part, stretch, boxes, rate, display)


def _in_frame(
    part: Part, stretch: Stretch, boxes: Mapping[int, Box], rate: Fraction, display: tuple[int, int]
) -> Iterator[Avoid]:
    """What shows of a face in some frames of the clip, as one rectangle."""
    edges = []
    for n, box in boxes.items():
        x, y = _corner(part, n - stretch.first)
        across, down = part.place.width / part.width, part.place.height / part.height
        left, right = ((box.x + n * box.width) * display[0] for n in (0, 1))
        top, bottom = ((box.y + n * box.height) * display[1] for n in (TOP, BOTTOM))
        edges.append(((left - x) * across, (top - y) * down, (right - x) * across, (bottom - y) * down))
    left, top = (max(0.0, min(edge[n] for edge in edges)) for n in (0, 1))
    right = min(float(part.place.width), max(edge[2] for edge in edges))
    bottom = min(float(part.place.height), max(edge[3] for edge in edges))
    if right > left and bottom > top:
        span = Span(min(boxes) / rate, (max(boxes) + 1) / rate)
        yield Avoid(span=span, x=part.place.x + left, y=part.place.y + top, width=right - left, height=bottom - top)


def _corner(part: Part, frame: int) -> tuple[float, float]:
    """The part's top left at a frame of its stretch."""
    before = [key for key in part.keys if key[0] <= frame] or [part.keys[0]]
    after = [key for key in part.keys if key[0] > frame] or [part.keys[-1]]
    (n, x, y), (m, u, v) = before[-1], after[0]
    share = (frame - n) / (m - n) if m > n else 0.0
    return x + (u - x) * share, y + (v - y) * share
