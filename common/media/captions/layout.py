"""A group set in type: where each word and emoji stands, and all that is painted, in pixels around its middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.media.captions.fonts import Face
from common.media.captions.phrases import length, lines
from common.media.captions.place import Rect
from common.media.captions.styles import Look
from common.media.captions.units import Piece, Unit

_GROWTH = 0.3  # em that an active word gains in width, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One piece of a unit: `x` is its middle, `baseline` where its letters stand."""

    piece: Piece
    x: float
    baseline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUnit:
    """One unit: its pieces, and the part of the line that belongs to it (for the box under it)."""

    unit: Unit
    line: int
    settings: tuple[Setting, ...]
    body: Rect


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGroup:
    """A group around the middle (0, 0). `em` is its size in pixels, `painted` all that is ever drawn."""

    units: tuple[SetUnit, ...]
    em: float
    painted: Rect


def set_group(
    group: Sequence[Unit], look: Look, face: Face, *, em: float, width: float, height: float, rtl: bool
) -> SetGroup:
    """Set `group` at `em` pixels, or smaller where it would not fit `width` x `height`; `rtl`: read from the right."""
    rows = lines(group, look, widest(look, em, width))
    for _ in range(8):
        made = _set(rows, look, face, em, rtl)
        over = max(
            (made.painted.right - made.painted.left) / width, (made.painted.bottom - made.painted.top) / height, 1e-9
        )
        if over <= 1.0:
            break
        em /= over * 1.001
    return made


def widest(look: Look, em: float, width: float) -> float:
    """The longest line, in em, that fits `width` pixels with its outline and the growth of its words."""
    return max(1.0, width / em - 2 * reach(look) - 2 * look.pad - (_GROWTH if look.grow > 1 else 0))


def grown(look: Look, piece: Piece) -> float:
    """How many times its size an active piece has; a long word grows less, so that it stays clear of the next."""
    return min(look.grow, 1 + _GROWTH / max(piece.width, 0.1))


def tallest(look: Look, face: Face, em: float) -> float:
    """Pixels of a group with all its lines."""
    top, bottom = _heights(look, face)
    return em * ((look.lines - 1) * look.pitch + (bottom - top) * look.grow + 2 * reach(look) + 2 * look.pad)


def reach(look: Look) -> float:
    """How far beyond the letters is painted, in em."""
    return look.outline + look.shadow + 2 * look.blur


def _heights(look: Look, face: Face) -> tuple[float, float]:
    """From the baseline up and down to the ends of plain letters, in em; up is negative."""
    if look.letters == "upper":
        return face.ink("H")[1], 0.0
    return face.ink("l")[1], face.ink("p")[3]


def _set(rows: Sequence[Sequence[Unit]], look: Look, face: Face, em: float, rtl: bool) -> SetGroup:
    top, bottom = _heights(look, face)
    tall = (len(rows) - 1) * look.pitch + bottom - top
    made: dict[int, SetUnit] = {}
    painted: list[Rect] = []
    for n, row in enumerate(rows):
        baseline = (-tall / 2 - top + n * look.pitch) * em
        x = -length(row, look) / 2
        seen = _in_sight(row, rtl)
        for k, unit in enumerate(seen):
            if k and not _joined(row, seen[k - 1], unit):
                x += look.space
            placed = _placed(unit, n, x * em, baseline, (top, bottom), look, em)
            made[id(unit)] = placed
            painted += _painted(placed, look, face, em)
            x += unit.width
    everything = Rect(
        left=min(rect.left for rect in painted),
        top=min(rect.top for rect in painted),
        right=max(rect.right for rect in painted),
        bottom=max(rect.bottom for rect in painted),
    )
    return SetGroup(units=tuple(made[id(unit)] for row in rows for unit in row), em=em, painted=everything)


def _in_sight(row: Sequence[Unit], rtl: bool) -> list[Unit]:
    """From left to right as it is seen: runs of the other direction than the clip's keep an order of their own.

    A unit without a direction goes with the clip's.
    """
    seen: list[Unit] = []
    run: list[Unit] = []
    for unit in row:
        if unit.rtl is (not rtl):
            run.insert(0, unit)
        else:
            seen += [*run, unit]
            run = []
    seen += run
    return seen[::-1] if rtl else seen


def _joined(row: Sequence[Unit], one: Unit, other: Unit) -> bool:
    """Whether two neighbours have no space between them: they follow each other in speech, and the later is glued."""
    at = sorted((_index(row, one), _index(row, other)))
    return at[1] - at[0] == 1 and row[at[1]].glued


def _index(row: Sequence[Unit], unit: Unit) -> int:
    return next(n for n, each in enumerate(row) if each is unit)


def _placed(
    unit: Unit, line: int, x: float, baseline: float, heights: tuple[float, float], look: Look, em: float
) -> SetUnit:
    settings = []
    at = x
    for piece in reversed(unit.pieces) if unit.rtl else unit.pieces:
        settings.append(Setting(piece=piece, x=at + piece.width * em / 2, baseline=baseline))
        at += piece.width * em
    low = heights[1] * (1 - look.pad * 2)  # a box reaches below the letters anyway
    body = Rect(left=x, top=baseline + heights[0] * em, right=at, bottom=baseline + low * em)
    return SetUnit(unit=unit, line=line, settings=tuple(settings), body=body.grown(look.pad * em))


def _painted(placed: SetUnit, look: Look, face: Face, em: float) -> list[Rect]:
    found = [placed.body] if look.box else []
    for setting in placed.settings:
        if setting.piece.emoji:
            found.append(emoji_box(setting, look, face, em))
            continue
        left, top, right, bottom = (side * em for side in setting.piece.face.ink(setting.piece.text))
        start = setting.x - setting.piece.width * em / 2
        ink = Rect(left=start + left, top=setting.baseline + top, right=start + right, bottom=setting.baseline + bottom)
        more, x, y = grown(look, setting.piece), setting.x, setting.baseline - line_middle(setting.piece.face) * em
        ink = ink.moved(-x, -y).scaled(more).moved(x, y)
        found.append(ink.grown(reach(look) * em))
    return found


def line_middle(face: Face) -> float:
    """How far above the baseline libass has the middle of a line, in em: what it aligns, and scales about."""
    return (face.ascent - face.descent) / 2


def emoji_box(setting: Setting, look: Look, face: Face, em: float) -> Rect:
    """The square an emoji fills, in the middle of the letters' height."""
    half = em * 0.52
    y = setting.baseline + face.ink("H")[1] * em / 2
    return Rect(left=setting.x - half, top=y - half, right=setting.x + half, bottom=y + half)
