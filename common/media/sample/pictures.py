"""The sample's pictures: flat drawings made at twice the size and scaled down, so that edges are smooth."""

from __future__ import annotations

import math
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
CARD = 1.06  # a card is this much larger than the frame, so that the camera can move over it
_S = 2  # supersampling

CREAM, PAPER, INK, SOFT = "#fdf1df", "#fffaf2", "#22283a", "#7d8296"
CORAL, TEAL, MUSTARD, NAVY, SKY = "#f2694b", "#2a9d8f", "#f2b544", "#2b3a67", "#bfe3ec"
SKIN, BLUSH, HAIR = "#f0b592", "#e6957a", "#3b2a2a"
_FONTS = {
    False: ("DejaVuSans.ttf", "Arial.ttf", "Helvetica.ttc"),
    True: ("DejaVuSans-Bold.ttf", "Arial Bold.ttf", "Helvetica.ttc"),
}


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font by size in pixels of the finished picture; Pillow's own where the system has none of the usual ones."""
    for name in _FONTS[bold]:
        try:
            return ImageFont.truetype(name, size * _S)
        except OSError:
            continue
    return ImageFont.load_default(size * _S)


class Canvas:
    """Draws in finished pixels on a picture twice that size."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, colour: str | None = None) -> None:
        mode, fill = ("RGB", colour) if colour else ("RGBA", (0, 0, 0, 0))
        self.image = Image.new(mode, (width * _S, height * _S), fill)
        self._draw = ImageDraw.Draw(self.image)

    def box(self, x: float, y: float, x2: float, y2: float, colour: str, radius: float = 0) -> None:
        self._draw.rounded_rectangle((x * _S, y * _S, x2 * _S, y2 * _S), radius * _S, fill=colour)

    def disc(self, x: float, y: float, rx: float, ry: float, colour: str) -> None:
        self._draw.ellipse(((x - rx) * _S, (y - ry) * _S, (x + rx) * _S, (y + ry) * _S), fill=colour)

    def shape(self, points: list[tuple[float, float]], colour: str) -> None:
        self._draw.polygon([(x * _S, y * _S) for x, y in points], fill=colour)

    def line(self, points: list[tuple[float, float]], colour: str, width: float) -> None:
        self._draw.line([(x * _S, y * _S) for x, y in points], fill=colour, width=round(width * _S), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, width / 2, colour)

    def arc(self, x: float, y: float, rx: float, ry: float, start: int, end: int, colour: str, width: float) -> None:
        box = ((x - rx) * _S, (y - ry) * _S, (x + rx) * _S, (y + ry) * _S)
        self._draw.arc(box, start, end, fill=colour, width=round(width * _S))

    def slice(self, x: float, y: float, rx: float, ry: float, start: int, end: int, colour: str) -> None:
        self._draw.chord(((x - rx) * _S, (y - ry) * _S, (x + rx) * _S, (y + ry) * _S), start, end, fill=colour)

    def text(
        self, x: float, y: float, words: str, size: int, colour: str, *, bold: bool = False, anchor: str = "la"
    ) -> None:
        self._draw.text((x * _S, y * _S), words, font=font(size, bold), fill=colour, anchor=anchor)

    def finished(self, scale: float = 1.0) -> Image.Image:
        size = (round(self.image.width * scale / _S), round(self.image.height * scale / _S))
        return self.image.resize(size, Image.Resampling.LANCZOS)


@cache
def presenter(mouth: int, blink: bool, hand: bool, scale: float) -> Image.Image:
    """The presenter, 620 x 760 at scale 1: mouth 0 closed to 3 wide, eyes open or shut, a hand raised or not."""
    c = Canvas(620, 760)
    c.disc(310, 262, 142, 158, HAIR)
    c.box(172, 262, 236, 420, HAIR, 32)
    c.box(384, 262, 448, 420, HAIR, 32)
    c.box(92, 470, 528, 860, NAVY, 120)
    c.shape([(258, 380), (362, 380), (372, 500), (248, 500)], BLUSH)
    c.shape([(232, 474), (388, 474), (310, 590)], PAPER)
    c.shape([(232, 474), (310, 590), (262, 606), (196, 486)], CORAL)
    c.shape([(388, 474), (310, 590), (358, 606), (424, 486)], CORAL)
    c.disc(202, 284, 20, 30, SKIN)
    c.disc(418, 284, 20, 30, SKIN)
    c.disc(310, 284, 110, 136, SKIN)
    c.slice(310, 214, 116, 96, 180, 360, HAIR)
    c.shape([(196, 216), (330, 150), (424, 216), (424, 190), (310, 118), (196, 190)], HAIR)
    c.disc(236, 330, 24, 15, BLUSH)
    c.disc(384, 330, 24, 15, BLUSH)
    for x in (264, 356):
        c.line([(x - 24, 250), (x, 243), (x + 24, 250)], HAIR, 8)
        if blink:
            c.line([(x - 17, 284), (x, 289), (x + 17, 284)], INK, 5)
        else:
            c.disc(x, 282, 19, 16, PAPER)
            c.disc(x + 1, 283, 10, 11, INK)
            c.disc(x + 5, 278, 3.5, 3.5, PAPER)
    c.arc(310, 312, 15, 13, 20, 160, BLUSH, 6)
    if mouth == 0:
        c.arc(310, 348, 34, 20, 25, 155, "#9c3b32", 7)
    else:
        height = (0, 9, 16, 25)[mouth]
        c.disc(310, 362, 34 - mouth, height, "#7c2731")
        c.slice(310, 362 + height * 0.5, 20, height * 0.5, 180, 360, CORAL)
        c.box(288, 362 - height, 332, 362 - height + 5, PAPER, 2)
    if hand:
        c.line([(510, 700), (560, 560)], NAVY, 74)
        c.disc(566, 520, 36, 40, SKIN)
        for n, (dx, dy) in enumerate(((-26, -52), (-6, -64), (14, -62), (32, -48))):
            c.line([(556 + n * 7, 506), (566 + dx, 520 + dy)], SKIN, 15)
        c.line([(540, 520), (520, 494)], SKIN, 16)
    return c.finished(scale)


@cache
def studio(mirrored: bool) -> Image.Image:
    """A room: wall, window, shelf, plant; the presenter stands on the left, or on the right when mirrored."""
    c = Canvas(colour=CREAM)
    c.box(0, 600, WIDTH, HEIGHT, "#e8c9a0")
    c.box(0, 592, WIDTH, 604, "#d9b585")
    c.box(760, 90, 1120, 430, PAPER, 14)
    c.box(776, 106, 1104, 414, SKY, 8)
    c.disc(1010, 190, 44, 44, MUSTARD)
    c.shape([(776, 414), (776, 330), (880, 262), (990, 360), (1040, 320), (1104, 372), (1104, 414)], TEAL)
    c.box(932, 106, 946, 414, PAPER)
    c.box(700, 480, 1180, 496, "#c98f5a", 6)
    for x, height, colour in (
        (730, 96, CORAL),
        (768, 120, NAVY),
        (806, 84, TEAL),
        (842, 108, MUSTARD),
        (878, 92, NAVY),
    ):
        c.box(x, 480 - height * 0.5, x + 28, 480, colour, 4)
    c.box(1060, 440, 1120, 480, CORAL, 8)
    for angle in range(200, 341, 20):
        turn = math.radians(angle)
        c.line([(1090, 442), (1090 + 66 * math.cos(turn), 440 + 90 * math.sin(turn))], TEAL, 11)
    picture = c.finished()
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else picture


@cache
def backdrop() -> Image.Image:
    """Behind the near shot: the room out of focus."""
    c = Canvas(colour="#f6dcb8")
    for x, y, r, colour in ((180, 160, 190, "#fbe8cc"), (1090, 250, 240, "#cfe6e4"), (960, 640, 180, "#f3c9a6")):
        c.disc(x, y, r, r, colour)
    c.box(0, 620, WIDTH, HEIGHT, "#ecc79b")
    return c.finished()


@cache
def title() -> Image.Image:
    c = Canvas(colour=NAVY)
    c.disc(1130, 110, 270, 270, "#34467a")
    c.disc(140, 690, 220, 220, "#34467a")
    c.box(112, 210, 124, 470, CORAL, 6)
    c.text(160, 196, "Why people", 84, PAPER, bold=True)
    c.text(160, 296, "stop scrolling", 84, PAPER, bold=True)
    c.text(162, 420, "A sample talk, drawn and spoken by Cutroom", 32, MUSTARD)
    return c.finished(CARD)


@cache
def end() -> Image.Image:
    c = Canvas(colour=TEAL)
    c.disc(1180, 640, 330, 330, "#31ada0")
    c.text(WIDTH / 2, 290, "Now try it on your own video", 60, PAPER, bold=True, anchor="mm")
    c.text(WIDTH / 2, 380, "This talk was made by a machine.", 32, PAPER, anchor="mm")
    c.box(WIDTH / 2 - 60, 440, WIDTH / 2 + 60, 448, MUSTARD, 4)
    return c.finished(CARD)


@cache
def openings(shown: int) -> Image.Image:
    """The slide with three openings, the first `shown` of them lit."""
    c = Canvas(colour=PAPER)
    c.text(96, 70, "Three openings", 60, INK, bold=True)
    for n, (words, colour) in enumerate((("A question", CORAL), ("A promise", TEAL), ("A moment that moves", NAVY))):
        y, lit = 210 + n * 150, n < shown
        c.box(96, y, 1010, y + 116, colour if lit else "#efe7da", 22)
        c.disc(160, y + 58, 34, 34, PAPER)
        c.text(160, y + 58, str(n + 1), 38, colour if lit else SOFT, bold=True, anchor="mm")
        c.text(224, y + 58, words, 44, PAPER if lit else SOFT, bold=True, anchor="lm")
    return c.finished(CARD)


@lru_cache(maxsize=2)
def curve(part: int) -> Image.Image:
    """A falling line, drawn up to `part` of 60; it is a drawing, and says so."""
    c = Canvas(colour=PAPER)
    c.text(96, 70, "Who is still watching?", 60, INK, bold=True)
    c.text(96, 150, "a drawing, not a measurement", 28, SOFT)
    c.line([(130, 230), (130, 600), (1150, 600)], INK, 5)
    points = []
    for n in range(part + 1):
        t = n / 60
        points.append((140 + 990 * t, 250 + 300 * (1 - math.exp(-3.2 * t))))
    c.box(132, 232, 300, 597, "#fde3d8")
    if len(points) > 1:
        c.line(points, CORAL, 12)
    c.disc(*points[-1], 16, 16, CORAL)
    c.text(216, 632, "first ten seconds", 26, SOFT, anchor="ma")
    return c.finished(CARD)


@cache
def street() -> Image.Image:
    c = Canvas(colour=SKY)
    houses = (
        (0, 250, CORAL),
        (190, 180, MUSTARD),
        (400, 290, TEAL),
        (590, 150, NAVY),
        (800, 240, CORAL),
        (1010, 190, TEAL),
    )
    for x, top, colour in houses:
        c.box(x, top, x + 200, 580, colour, 6)
        for row in range(top + 40, 520, 84):
            for column in range(x + 30, x + 180, 58):
                c.box(column, row, column + 32, row + 46, PAPER if (row + column) % 3 else MUSTARD, 4)
    c.box(0, 560, WIDTH, 600, "#d8cfc2")
    c.box(0, 600, WIDTH, HEIGHT, "#6b7080")
    for x in range(20, WIDTH, 160):
        c.box(x, 655, x + 80, 664, PAPER, 4)
    return c.finished()


@cache
def walker(step: int, turned: bool) -> Image.Image:
    """Somebody who walks; `step` 0 to 7; `turned` when the head looks back."""
    c = Canvas(220, 380)
    swing = 34 * math.sin(step / 8 * 2 * math.pi)
    c.line([(110, 230), (110 + swing, 350)], INK, 30)
    c.line([(110, 230), (110 - swing, 350)], NAVY, 30)
    c.box(68, 110, 152, 250, MUSTARD, 36)
    c.line([(110, 140), (110 - swing * 0.9, 220)], CORAL, 24)
    c.disc(110, 66, 42, 46, SKIN)
    c.slice(110, 58, 46, 46, 180, 360, HAIR)
    eye = 90 if turned else 130
    c.disc(eye, 66, 6, 7, INK)
    return c.finished()


@cache
def cloud() -> Image.Image:
    c = Canvas(300, 120)
    for x, y, r in ((80, 74, 40), (140, 56, 52), (206, 72, 42)):
        c.disc(x, y, r, r * 0.8, PAPER)
    return c.finished()
