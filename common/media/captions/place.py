"""Where captions may stand: clear of the platforms' buttons and of faces, and steady."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache

from common.domain.clip import Aspect
from common.domain.platforms import Safe, platforms
from common.domain.timebase import Span

PLACES = 17  # heights that are tried, from the lowest to the highest
_MARGIN = 0.05  # of each side, where no platform covers a part
_COVERED = 1000.0  # cost of covering a whole face; anything else is cheaper
_TOUCHED = 40.0  # cost of covering any of it
_FAR = 2.0  # cost of the highest place against the lowest
_MOVE = 1.0  # cost of moving between two groups
_MOVE_AT_CUT = 0.1  # where the picture changes as well
_REST = Fraction(3, 2)  # seconds of silence after which nobody sees a move


@dataclass(frozen=True, slots=True, kw_only=True)
class Avoid:
    """A part of the picture that no word may cover for a time: pixels of the frame, seconds of the clip."""

    span: Span
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    """Edges in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: Rect) -> float:
        """The share of `other` that lies under this one, 0 to 1."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        area = (other.right - other.left) * (other.bottom - other.top)
        return across * down / area if across > 0 and down > 0 and area > 0 else 0.0

    def moved(self, x: float, y: float) -> Rect:
        return Rect(left=self.left + x, top=self.top + y, right=self.right + x, bottom=self.bottom + y)

    def scaled(self, by: float) -> Rect:
        """About 0, 0."""
        return Rect(left=self.left * by, top=self.top * by, right=self.right * by, bottom=self.bottom * by)

    def grown(self, by: float) -> Rect:
        return Rect(left=self.left - by, top=self.top - by, right=self.right + by, bottom=self.bottom + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A group to be placed: what it paints, around its middle, and when."""

    span: Span
    painted: Rect


@cache
def safe_zone(aspect: Aspect) -> Safe:
    """What to keep clear so that a file fits every platform of its shape; only of 9:16 frames is anything known."""
    zones = [asdict(one.safe) for one in platforms() if one.safe] if aspect == "9:16" else []
    sides = {side: max((zone[side] for zone in zones), default=_MARGIN) for side in ("top", "bottom", "left", "right")}
    return Safe(**sides)


def middles(
    blocks: Sequence[Block],
    zone: Rect,
    avoid: Sequence[Avoid],
    *,
    x: float,
    tallest: float,
    air: float,
    cuts: Sequence[Fraction],
) -> list[tuple[float, float]]:
    """For each block the height of its middle and the largest share of a face it covers there (0 when it covers none).

    The cheapest way through all blocks: low is best, a face costs more than any height, and moving costs something, so
    that captions stay where they are unless a face drives them away. `tallest` is the height kept free for a block,
    `air` what should stay between it and a face.
    """
    low, high = zone.bottom - tallest / 2, zone.top + tallest / 2
    places = [low + (min(high, low) - low) * n / (PLACES - 1) for n in range(PLACES)]
    faces = [
        (float(a.span.start), float(a.span.end), Rect(left=a.x, top=a.y, right=a.x + a.width, bottom=a.y + a.height))
        for a in avoid
    ]
    covered: list[list[float]] = []
    best: list[list[tuple[float, int]]] = []
    for n, block in enumerate(blocks):
        start, end = float(block.span.start), float(block.span.end)
        near = [face for begins, ends, face in faces if begins < end and start < ends]
        shares, costs = [], []
        for k, y in enumerate(places):
            painted = inside(block.painted.moved(x, y), zone)
            share = max((painted.covers(face) for face in near), default=0.0)
            close = max((painted.grown(air).covers(face) for face in near), default=0.0)
            shares.append(share)
            costs.append(_COVERED * share + _TOUCHED * ((share > 0) + (close > 0)) + _FAR * k / (PLACES - 1))
        covered.append(shares)
        if n == 0:
            best.append([(cost, 0) for cost in costs])
            continue
        move = _MOVE_AT_CUT if _unseen(blocks[n - 1].span, block.span, cuts) else _MOVE
        stay = min(range(PLACES), key=lambda k: best[-1][k][0])
        row = []
        for k, cost in enumerate(costs):
            moved = best[-1][stay][0] + move
            came = (best[-1][k][0], k) if best[-1][k][0] <= moved else (moved, stay)
            row.append((came[0] + cost, came[1]))
        best.append(row)
    return _followed(blocks, best, covered, places)


def _followed(
    blocks: Sequence[Block], best: list[list[tuple[float, int]]], covered: list[list[float]], places: list[float]
) -> list[tuple[float, float]]:
    if not blocks:
        return []
    k = min(range(PLACES), key=lambda k: best[-1][k][0])
    found = []
    for n in range(len(blocks) - 1, -1, -1):
        found.append((places[k], covered[n][k]))
        k = best[n][k][1]
    return found[::-1]


def _unseen(before: Span, after: Span, cuts: Sequence[Fraction]) -> bool:
    """Whether a move goes with a change of the picture, or comes after a silence."""
    first = bisect_left(cuts, before.end - Fraction(1, 5))
    at_cut = first < len(cuts) and cuts[first] <= after.start + Fraction(1, 5)
    return at_cut or after.start - before.end > _REST


def inside(rect: Rect, zone: Rect) -> Rect:
    """Pushed into the zone; where it is larger, its left and top edges count."""
    x = min(0.0, zone.right - rect.right)
    y = min(0.0, zone.bottom - rect.bottom)
    x = max(x, zone.left - rect.left)
    y = max(y, zone.top - rect.top)
    return rect.moved(x, y)
