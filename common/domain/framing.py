"""What of each shot is shown in another shape, and why."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from common.domain.clip import Aspect, Layout
from common.domain.timebase import Span
from common.domain.track import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The middle of a view at a time, in fractions of the picture; it moves straight from key to key."""

    at: Fraction  # seconds
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A part of the picture of one size, still or moving: `width` and `height` in fractions of the picture."""

    width: float
    height: float
    keys: tuple[Key, ...]  # in order of time, at least one

    def at(self, t: Fraction) -> Box:
        """The part that is seen at a time."""
        after = bisect_right(self.keys, t, key=lambda key: key.at)
        a, b = self.keys[max(0, after - 1)], self.keys[min(after, len(self.keys) - 1)]
        share = float((t - a.at) / (b.at - a.at)) if a.at < t < b.at else 0.0
        x, y = a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share
        return Box(x=x - self.width / 2, y=y - self.height / 2, width=self.width, height=self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How one shot fills one shape.

    whole   the picture has that shape already (its one view trims a little)
    crop    a still part of the picture, of nobody in particular
    follow  a part that follows who or what matters
    split   two parts, one above the other
    wide    a wider part with all who matter, over a blurred ground
    blur    the whole picture over a blurred ground
    """

    aspect: Aspect
    shot: int
    span: Span
    layout: Layout
    reason: str
    views: tuple[View, ...]
    tracks: tuple[int, ...] = ()  # numbers of those it was made for
