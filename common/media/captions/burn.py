"""Captions burned into a clip, word by word, as a script for libass and pictures of the emoji.

The caller writes `Burned.ass` into its scratch folder and filters the picture, scaled to the frame, through
`ass=filename=clip.ass:fontsdir=DIR` with `Burned.fonts` as DIR (left out where it is None). Then each overlay's PNG
goes over it: `overlay=x=X:y=Y:enable='gte(t,START)*lt(t,END)'`. Time 0 is the clip's first frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from common.domain.platforms import Safe
from common.domain.timebase import Span
from common.domain.transcript import Word
from common.media.captions import ass, emoji
from common.media.captions.emoji import EmojiOverlay
from common.media.captions.fonts import Face, find_face
from common.media.captions.layout import SetGroup, Setting, emoji_box, grown, line_middle, set_group, tallest, widest
from common.media.captions.phrases import PAUSE, phrases
from common.media.captions.place import Avoid, Block, Rect, inside, middles
from common.media.captions.styles import LOOKS, CaptionStyle, Ink, Look
from common.media.captions.units import Unit, units

HOLD = Fraction(1, 10)  # seconds; over a gap this short the highlight waits, since it would only flicker
LINGER = Fraction(3, 10)  # seconds a group stays when nothing follows
LARGEST = 1.1  # the square a size is taken from is at most this, in heights of the frame
AIR = 0.12  # em between a caption and a face
_JUMP = 90  # milliseconds in which a word grows or its box slides
_GLOW = 120  # milliseconds in which a word brightens
_SHADE, _EDGE, _BOX, _FILL, _ACTIVE = range(5)  # layers: no word's outline lies over its neighbour's letters


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionBox:
    """All that a group ever paints: pixels of the frame, seconds of the clip.

    `covered` is the largest share of an Avoid that it covers, 0 when it covers none.
    """

    text: str
    span: Span
    x: float
    y: float
    width: float
    height: float
    covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Burned:
    """`notes` say in plain words what could not be done as it should."""

    ass: str
    fonts: Path | None  # the folder for libass to look for its typeface in
    overlays: tuple[EmojiOverlay, ...]
    boxes: tuple[CaptionBox, ...]
    notes: tuple[str, ...] = ()


def burned(
    words: Sequence[Word],
    span: Span,
    *,
    width: int,
    height: int,
    style: CaptionStyle,
    safe: Safe,
    avoid: Sequence[Avoid] = (),
    cuts: Sequence[Fraction] = (),
) -> Burned:
    """The captions of the words spoken in `span` (seconds of the video) for a frame of `width` x `height` pixels.

    They stand low in what `safe` leaves, and move only where they would cover an `avoid`; `cuts` are the clip's changes
    of shot, in order, at which a move disturbs least. Nothing in a word's text can become markup.
    """
    look = LOOKS[style]
    face = find_face(look.weight)
    zone = Rect(
        left=width * safe.left, top=height * safe.top, right=width * (1 - safe.right), bottom=height * (1 - safe.bottom)
    )
    room = zone.right - zone.left, zone.bottom - zone.top
    em = min(look.size * min((width * height) ** 0.5, LARGEST * height), room[1] / 4)
    limit = widest(look, em, room[0])
    found, notes = units(words, span, look, face, limit)
    groups = phrases(found, look, limit)
    spans = _spans(groups, span.duration)
    shown = [(group, when) for group, when in zip(groups, spans, strict=True) if _length(when) > 0]
    if len(shown) < len(groups):
        notes.append(f"{len(groups) - len(shown)} caption groups had no time to be shown in and were left out")
    rtl = sum(unit.rtl is True for unit in found) > sum(unit.rtl is False for unit in found)
    laid = [set_group(group, look, face, em=em, width=room[0], height=room[1], rtl=rtl) for group, _ in shown]
    blocks = [Block(span=when, painted=group.painted) for group, (_, when) in zip(laid, shown, strict=True)]
    tall = min(room[1], tallest(look, face, em))
    x = _middle(width / 2, zone, [group.painted for group in laid])
    heights = middles(blocks, zone, avoid, x=x, tallest=tall, air=AIR * em, cuts=cuts)

    events: list[str] = []
    overlays: list[EmojiOverlay] = []
    boxes: list[CaptionBox] = []
    for group, block, (y, covered) in zip(laid, blocks, heights, strict=True):
        painted = inside(block.painted.moved(x, y), zone)
        at = painted.left - group.painted.left, painted.top - group.painted.top
        events += _Painter(look, face, group, block.span, at, zone).events()
        overlays += _overlays(group, block.span, at, look, face)
        boxes.append(_boxed(group, block.span, painted, covered))
    if over := sum(box.covered > 0 for box in boxes):
        most = max(box.covered for box in boxes)
        notes.append(
            f"{over} of {len(boxes)} captions found no place clear of faces; they cover up to {most:.0%} of one"
        )
    script = ass.script(width, height, [_style_row(look, face, em)], events)
    folder = face.path.parent if face.path is not None else None
    return Burned(ass=script, fonts=folder, overlays=tuple(overlays), boxes=tuple(boxes), notes=tuple(notes))


def _middle(wanted: float, zone: Rect, painted: Sequence[Rect]) -> float:
    """One middle for the whole clip: as near to the frame's as its widest caption leaves inside the zone."""
    left = max((zone.left - rect.left for rect in painted), default=wanted)
    right = min((zone.right - rect.right for rect in painted), default=wanted)
    return min(max(wanted, left), right) if left <= right else (zone.left + zone.right) / 2


def _spans(groups: Sequence[Sequence[Unit]], duration: Fraction) -> list[Span]:
    """When each group stands: to the next one's start, or shortly beyond its last word before a pause."""
    found = []
    for n, group in enumerate(groups):
        start = group[0].span.start
        spoken = max(unit.span.end for unit in group)
        following = groups[n + 1][0].span.start if n + 1 < len(groups) else duration
        near = n + 1 < len(groups) and following - spoken <= PAUSE
        end = following if near else min(spoken + LINGER, following)
        found.append(Span(start, max(start, min(end, duration))))
    return found


def _length(span: Span) -> int:
    return ass.hundredths(span.end) - ass.hundredths(span.start)


def _style_row(look: Look, face: Face, em: float) -> str:
    return ass.style(
        "word",
        font=face.family,
        bold=face.bold,
        size=em * face.body,
        fill=_colour(look.before),
        edge=_colour(look.edge),
        shade=_colour(look.shade),
        outline=0,
        shadow=0,
    )


def _colour(ink: Ink) -> str:
    return ass.colour(ink.rgb, ink.opacity)


def _overlays(group: SetGroup, when: Span, at: tuple[float, float], look: Look, face: Face) -> Iterator[EmojiOverlay]:
    for setting in (setting for placed in group.units for setting in placed.settings if setting.piece.emoji):
        box = emoji_box(setting, look, face, group.em).moved(*at)
        size = max(1, int(box.right - box.left))
        yield EmojiOverlay(
            name=emoji.name(setting.piece.text, size),
            png=emoji.picture(setting.piece.text, size),
            span=when,
            x=round(box.left),
            y=round(box.top),
            size=size,
        )


def _boxed(group: SetGroup, when: Span, painted: Rect, covered: float) -> CaptionBox:
    return CaptionBox(
        text=" ".join("".join(piece.text for piece in placed.unit.pieces) for placed in group.units),
        span=when,
        x=painted.left,
        y=painted.top,
        width=painted.right - painted.left,
        height=painted.bottom - painted.top,
        covered=covered,
    )


class _Painter:
    """Writes the events of one group, in hundredths of a second."""

    def __init__(
        self, look: Look, face: Face, group: SetGroup, when: Span, at: tuple[float, float], zone: Rect
    ) -> None:
        self.look, self.face, self.group, self.at = look, face, group, at
        self.start, self.end = ass.hundredths(when.start), ass.hundredths(when.end)
        # Letters from a font unknown here may be wider than guessed: what leaves the zone is cut off.
        edges = (zone.left, zone.top, zone.right, zone.bottom)
        self.clip = r"\clip({},{},{},{})".format(*(round(edge) for edge in edges))

    def events(self) -> Iterator[str]:
        active = self._active()
        for n, placed in enumerate(self.group.units):
            start, end = active[n]
            for begin, stop, ink, now in (
                (self.start, start, self.look.before, False),
                (start, end, self.look.active, True),
                (end, self.end, self.look.after, False),
            ):
                if stop <= begin:
                    continue
                if now and self.look.box is not None:
                    yield self._box(n, begin, stop, slides=n > 0 and active[n - 1][1] >= start - 1)
                for setting in placed.settings:
                    if not setting.piece.emoji:
                        yield from self._letters(setting, begin, stop, ink, now)

    def _active(self) -> list[tuple[int, int]]:
        """When each unit is highlighted: its own time, up to the next word's where only an instant lies between."""
        spans = [placed.unit.span for placed in self.group.units]
        found = []
        for n, span in enumerate(spans):
            end = span.end
            if n + 1 < len(spans) and 0 < spans[n + 1].start - end <= HOLD:
                end = spans[n + 1].start
            start = min(max(ass.hundredths(span.start), self.start), self.end)
            found.append((start, max(start, min(ass.hundredths(end), self.end))))
        return found

    def _letters(self, setting: Setting, begin: int, stop: int, ink: Ink, now: bool) -> Iterator[str]:
        look, em = self.look, self.group.em
        x = setting.x + self.at[0]
        face = setting.piece.face
        y = setting.baseline - line_middle(face) * em + self.at[1]
        place = rf"\pos({x:.2f},{y:.2f}){self.clip}\fs{em * face.body:.2f}"
        if face != self.face:
            place += rf"\fn{face.family}\b{int(face.bold)}"
        more = grown(look, setting.piece) * 100
        grow = rf"\t(0,{_JUMP},\fscx{more:.1f}\fscy{more:.1f})" if now and more > 100 else ""
        text = ass.literal(setting.piece.text)
        boxed = now and look.box is not None  # on its box a word needs no outline
        if look.outline and not boxed:
            edge = rf"\bord{look.outline * em:.2f}\blur{look.blur * em:.2f}\1a&HFF&{_inked(3, look.edge)}"
            yield ass.dialogue(_EDGE, begin, stop, "word", f"{{{place}{edge}{grow}}}{text}")
        if look.shadow and not boxed:
            shade = rf"\bord{look.outline * em:.2f}\shad{look.shadow * em:.2f}\blur{look.blur * em:.2f}"
            shade += rf"\1a&HFF&\3a&HFF&{_inked(4, look.shade)}"
            yield ass.dialogue(_SHADE, begin, stop, "word", f"{{{place}{shade}{grow}}}{text}")
        fill = _inked(1, ink)
        if now and look.before.opacity != ink.opacity:
            fill = rf"{_inked(1, look.before)}\t(0,{_GLOW},{_inked(1, ink)})"
        yield ass.dialogue(_ACTIVE if now else _FILL, begin, stop, "word", f"{{{place}{fill}{grow}}}{text}")

    def _box(self, n: int, begin: int, stop: int, *, slides: bool) -> str:
        """The rounded box under unit `n`, coming from the unit before it on the same line."""
        assert self.look.box is not None
        placed = self.group.units[n]
        body = placed.body.moved(*self.at)
        x, y = (body.left + body.right) / 2, (body.top + body.bottom) / 2
        move = rf"\pos({x:.2f},{y:.2f})\fscx86\fscy86\t(0,{_JUMP},\fscx100\fscy100)"
        last = self.group.units[n - 1]
        if slides and last.line == placed.line:
            old = last.body.moved(*self.at)
            ratio = (old.right - old.left) / (body.right - body.left) * 100
            from_x = (old.left + old.right) / 2
            move = rf"\move({from_x:.2f},{y:.2f},{x:.2f},{y:.2f},0,{_JUMP})\fscx{ratio:.1f}\t(0,{_JUMP},\fscx100)"
        shape = rounded(body.right - body.left, body.bottom - body.top, self.look.round * self.group.em)
        return ass.dialogue(
            _BOX, begin, stop, "word", f"{{{move}{self.clip}\\bord0\\shad0{_inked(1, self.look.box)}\\p4}}{shape}"
        )


def _inked(part: int, ink: Ink) -> str:
    """Colour and transparency of the fill (1), the outline (3) or the shadow (4)."""
    both = ass.colour(ink.rgb, ink.opacity)
    return rf"\{part}c&H{both[4:]}&\{part}a&H{both[2:4]}&"


def rounded(width: float, height: float, radius: float) -> str:
    r"""A drawing of a rectangle with round corners, its corner at 0, 0; in eighths of a pixel, for \p4."""
    w, h = round(width * 8), round(height * 8)
    r = min(round(radius * 8), w // 2, h // 2)
    k = round(r * 0.45)  # a curve's handles for a quarter of a circle
    return (
        f"m {r} 0 l {w - r} 0 b {w - k} 0 {w} {k} {w} {r} l {w} {h - r} b {w} {h - k} {w - k} {h} {w - r} {h}"
        f" l {r} {h} b {k} {h} 0 {h - k} 0 {h - r} l 0 {r} b 0 {k} {k} 0 {r} 0"
    )
