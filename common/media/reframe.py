"""How a picture fills another shape: shown whole, cropped, or laid over a blurred copy of itself. Geometry only."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from common.domain.clip import Aspect, Layout

SHAPES: dict[Aspect, Fraction] = {
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
    "16:9": Fraction(16, 9),
    "4:5": Fraction(4, 5),
}
SAME_SHAPE = Fraction(15, 1000)  # shapes this near are the same; the rest is trimmed, never stretched
KEEP = Fraction(55, 100)  # a crop that keeps less of the picture than this loses too much
FULL, REDUCED = 1080, 720  # pixels of the short side of a rendition
PREVIEW = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels, all even, from the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`crop` is the part of the displayed picture that fills the frame of `width` x `height`.

    For the layout "blur" that part is the blurred ground, and the whole picture lies at `picture` in the frame.
    """

    layout: Layout
    reason: str
    width: int
    height: int
    crop: Box
    picture: Box | None = None


def plan(display_width: int, display_height: int, aspect: Aspect) -> Plan:
    """Lay out a picture of `display_width` x `display_height` square pixels (each at least 2) in `aspect`."""
    if min(display_width, display_height) < 2:
        raise ValueError(f"a picture of {display_width}x{display_height} cannot be laid out")
    shape = SHAPES[aspect]
    given = Fraction(display_width, display_height)
    kept = min(shape / given, given / shape)
    width, height = frame_size(aspect, FULL if min(display_width, display_height) >= REDUCED else REDUCED)
    crop = _largest(display_width, display_height, shape)
    if 1 - kept <= SAME_SHAPE:
        return Plan(layout="whole", reason=f"the video is {aspect} already", width=width, height=height, crop=crop)
    percent = int(kept * 100)
    if kept >= KEEP:
        reason = f"the middle {percent} % of the picture fills {aspect}"
        return Plan(layout="crop", reason=reason, width=width, height=height, crop=crop)
    reason = f"a crop to {aspect} would keep only {percent} % of the picture, so all of it lies over a blurred copy"
    inside = _fitted(given, width, height)
    return Plan(layout="blur", reason=reason, width=width, height=height, crop=crop, picture=inside)


def frame_size(aspect: Aspect, short: int) -> tuple[int, int]:
    """Width and height in even pixels of a frame whose short side has `short`."""
    shape = SHAPES[aspect]
    if shape <= 1:
        return _even(short), _even(short / shape)
    return _even(short * shape), _even(short)


def _largest(width: int, height: int, shape: Fraction) -> Box:
    """The largest centred part of a picture that has `shape`, but for the rounding to even pixels."""
    part = (height * shape, Fraction(height)) if Fraction(width, height) > shape else (Fraction(width), width / shape)
    return _centred(_even_below(part[0]), _even_below(part[1]), width, height)


def _fitted(shape: Fraction, width: int, height: int) -> Box:
    """Where a whole picture of `shape` lies in the middle of a frame."""
    scale = min(width / shape, Fraction(height))  # height of the picture
    return _centred(min(width, _even(scale * shape)), min(height, _even(scale)), width, height)


def _centred(width: int, height: int, within_width: int, within_height: int) -> Box:
    x, y = (within_width - width) // 2, (within_height - height) // 2
    return Box(x=x - x % 2, y=y - y % 2, width=width, height=height)


def _even(value: Fraction | int) -> int:
    return max(2, 2 * round(Fraction(value) / 2))


def _even_below(value: Fraction) -> int:
    return max(2, 2 * int(value / 2))
