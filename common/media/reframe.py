"""Framings as ffmpeg needs them: whole pixels and whole frames. Geometry only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from common.domain.clip import SHAPES, Aspect, Layout
from common.domain.framing import Framing, View
from common.domain.timebase import Span

FULL, REDUCED = 1080, 720  # pixels of the short side of a rendition
PREVIEW = 360
WHOLE = ("whole", "crop", "follow")  # layouts in which one part fills the frame
MOST_STRETCHES = 24  # each holds a scaler and its buffers
RESTLESS = "the clip changes its layout too often, so all of the picture is shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels, all even, from the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the displayed picture of one size, and where in the frame it lies.

    `keys` are (frame of the stretch, x, y): the part's top left, which moves straight from key to key.
    """

    width: int
    height: int
    keys: tuple[tuple[int, float, float], ...]
    place: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Frames of a clip that are laid out alike; `ground` is the part that lies blurred behind, None for none."""

    first: int
    frames: int
    layout: Layout
    parts: tuple[Part, ...]
    ground: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a clip is laid out in a frame of `width` x `height`."""

    aspect: Aspect
    width: int
    height: int
    stretches: tuple[Stretch, ...]
    framings: tuple[Framing, ...]  # as they are shown, those of the clip's shots in order


def plan(
    framings: Sequence[Framing],
    aspect: Aspect,
    display: tuple[int, int],
    span: Span,
    rate: Fraction,
    frames: int,
) -> Plan:
    """The clip `span`, `frames` long at `rate` a second, of a picture of `display` square pixels (each at least 2)."""
    if min(display) < 2:
        raise ValueError(f"a picture of {display[0]}x{display[1]} cannot be laid out")
    width, height = frame_size(aspect, FULL if min(display) >= REDUCED else REDUCED)
    own = [one for one in framings if one.aspect == aspect and one.span.overlap(span)]
    found = _stretches(own, display, (width, height), span, rate, frames)
    for calm in (WHOLE, ()):  # what may stay as it is where the layout changes too often
        if len(found) > MOST_STRETCHES:
            own = [one if one.layout in calm else replace(one, layout="blur", reason=RESTLESS, views=()) for one in own]
            found = _stretches(own, display, (width, height), span, rate, frames)
    return Plan(aspect=aspect, width=width, height=height, stretches=tuple(found), framings=tuple(own))


def frame_size(aspect: Aspect, short: int) -> tuple[int, int]:
    """Width and height in even pixels of a frame whose short side has `short`."""
    shape = SHAPES[aspect]
    if shape <= 1:
        return _even(short), _even(short / shape)
    return _even(short * shape), _even(short)


def _stretches(
    framings: Sequence[Framing],
    display: tuple[int, int],
    frame: tuple[int, int],
    span: Span,
    rate: Fraction,
    frames: int,
) -> list[Stretch]:
    """One after the other, from the first frame to the last; shots laid out alike are one stretch."""
    found: list[Stretch] = []
    for n, framing in enumerate(framings):
        first = 0 if n == 0 else min(frames, max(0, _frame(framing.span.start - span.start, rate)))
        last = frames if n + 1 == len(framings) else min(frames, _frame(framings[n + 1].span.start - span.start, rate))
        if last <= first:
            continue
        made = _of_one(framing, display, frame, span, rate, first, last)
        if found and (joined := _joined(found[-1], made)) is not None:
            found[-1] = joined
        else:
            found.append(made)
    return found or [_blurred(display, frame, 0, frames)]


def _of_one(
    framing: Framing,
    display: tuple[int, int],
    frame: tuple[int, int],
    span: Span,
    rate: Fraction,
    first: int,
    last: int,
) -> Stretch:
    width, height = frame
    whole = Box(x=0, y=0, width=width, height=height)
    if framing.layout == "blur" or not framing.views:
        return _blurred(display, frame, first, last - first)
    if framing.layout == "wide":
        view = framing.views[0]
        shape = Fraction(_even(view.width * display[0]), _even(view.height * display[1]))
        parts = [_part(view, display, _fitted(shape, width, height), span, rate, first, last)]
        return replace(_blurred(display, frame, first, last - first), layout="wide", parts=tuple(parts))
    if framing.layout == "split":
        upper = _even(height / 2)
        places = [replace(whole, height=upper), replace(whole, y=upper, height=height - upper)]
    else:
        places = [whole]
    parts = [
        _part(view, display, place, span, rate, first, last) for view, place in zip(framing.views, places, strict=True)
    ]
    return Stretch(first=first, frames=last - first, layout=framing.layout, parts=tuple(parts))


def _part(view: View, display: tuple[int, int], place: Box, span: Span, rate: Fraction, first: int, last: int) -> Part:
    """A view in pixels, from frame `first` of the clip to before `last`."""
    width, height = (
        min(_even_below(side), _even_below(size * side))
        for size, side in zip((view.width, view.height), display, strict=True)
    )
    times = sorted(
        {first, last - 1, *(n for key in view.keys if first < (n := _frame(key.at - span.start, rate)) < last)}
    )
    keys: list[tuple[int, float, float]] = []
    for n in times:
        box = view.at(span.start + n / rate)
        x, y = box.middle
        keys.append(
            (
                n - first,
                round(min(max(x * display[0] - width / 2, 0), display[0] - width), 2),
                round(min(max(y * display[1] - height / 2, 0), display[1] - height), 2),
            )
        )
    if len({key[1:] for key in keys}) == 1:
        keys = keys[:1]
    return Part(width=width, height=height, keys=tuple(keys), place=place)


def _blurred(display: tuple[int, int], frame: tuple[int, int], first: int, frames: int) -> Stretch:
    """The whole picture, over a blurred part of itself."""
    width, height = frame
    shape = Fraction(width, height)
    part = (display[1] * shape, Fraction(display[1]))
    if Fraction(*display) < shape:
        part = (Fraction(display[0]), display[0] / shape)
    across, down = _even_below(part[0]), _even_below(part[1])
    ground = Part(
        width=across,
        height=down,
        keys=((0, (display[0] - across) / 2, (display[1] - down) / 2),),
        place=Box(x=0, y=0, width=width, height=height),
    )
    whole = Part(
        width=display[0], height=display[1], keys=((0, 0.0, 0.0),), place=_fitted(Fraction(*display), width, height)
    )
    return Stretch(first=first, frames=frames, layout="blur", parts=(whole,), ground=ground)


def _joined(one: Stretch, other: Stretch) -> Stretch | None:
    """Two that follow each other as one, where they differ in nothing but the place of their one part."""
    alike = one.layout == other.layout or (one.layout in WHOLE and other.layout in WHOLE)
    if not alike or one.ground != other.ground or len(one.parts) != 1 or len(other.parts) != 1:
        return None
    a, b = one.parts[0], other.parts[0]
    if (a.width, a.height, a.place) != (b.width, b.height, b.place):
        return None
    keys = [*a.keys, *(() if a.keys[-1][0] == one.frames - 1 else ((one.frames - 1, *a.keys[-1][1:]),))]
    keys += [(n + one.frames, x, y) for n, x, y in b.keys]
    if len({key[1:] for key in keys}) == 1:
        keys = keys[:1]
    layout: Layout = one.layout if one.layout == other.layout else "follow"
    return replace(one, frames=one.frames + other.frames, layout=layout, parts=(replace(a, keys=tuple(keys)),))


def _frame(seconds: Fraction, rate: Fraction) -> int:
    """The first frame at or after a time, as ffmpeg's fps filter rounds: half up."""
    return int((seconds * rate + Fraction(1, 2)) // 1)


def _fitted(shape: Fraction, width: int, height: int) -> Box:
    """Where a whole picture of `shape` lies in the middle of a frame."""
    scale = min(width / shape, Fraction(height))  # height of the picture
    across, down = min(width, _even(scale * shape)), min(height, _even(scale))
    x, y = (width - across) // 2, (height - down) // 2
    return Box(x=x - x % 2, y=y - y % 2, width=across, height=down)


def _even(value: Fraction | float) -> int:
    return max(2, 2 * round(Fraction(value) / 2))


def _even_below(value: Fraction | float) -> int:
    return max(2, 2 * int(value / 2))
