"""Pictures with known text on them: five sizes, three contrasts, on plain, noisy and real grounds. Seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from common.domain.track import TextLine

WIDTH, HEIGHT = 1280, 720
SIZES = (16, 24, 36, 52, 72)  # pixels, from one line to the next below it
CONTRASTS = (12.0, 4.5, 2.5)  # of the text and the mean of its ground, as WCAG 2 has it
FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf")
NOISE = 10.0  # of 255, standard deviation

_TEXT = (
    "quick brown fox jumps over lazy dog while seven wizards mix vivid potions Maria Keller Head of Research "
    "Thomas Ngata Vice President Europe London Friday 14 March 2025 live from studio 9 breaking news market falls "
    "by 3.7% after record quarter chapter two what changed why it matters subscribe for more www.example.org "
    "John O'Hara joint venture growth & jobs zero waste kitchen budget query exam"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    text: str
    size: int
    top: float  # fractions of the height
    bottom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    picture: NDArray[np.uint8]
    lines: tuple[Line, ...]
    contrast: float
    ground: str


def pictures(grounds: Mapping[str, Sequence[NDArray[np.uint8]]], *, seed: int = 5) -> Iterator[Rendered]:
    """One picture per ground and contrast, each with two lines of every size."""
    chance = random.Random(seed)
    for name, choices in grounds.items():
        for ground in choices:
            for n, contrast in enumerate(CONTRASTS):
                yield _drawn(ground, name, contrast, FONTS[n % len(FONTS)], chance)


def plain_and_noisy(seed: int = 5) -> dict[str, list[NDArray[np.uint8]]]:
    """Grounds made here: dark and light, each flat and with noise."""
    noise = np.random.default_rng(seed)
    flat = [np.full((HEIGHT, WIDTH, 3), colour, np.uint8) for colour in ((24, 32, 48), (225, 222, 214))]
    noisy = [np.clip(one + noise.normal(0, NOISE, one.shape), 0, 255).astype(np.uint8) for one in flat]
    return {"a plain ground": flat, "a noisy ground": noisy}


def edits(line: Line, found: Sequence[TextLine]) -> int:
    """Characters to change, add or take away to make what was read in a line's place what it is (Levenshtein)."""
    inside = [one for one in found if line.top <= one.box.middle[1] < line.bottom]
    return distance(" ".join(one.text for one in sorted(inside, key=lambda one: one.box.x)), line.text)


def distance(one: str, other: str) -> int:
    """Levenshtein's."""
    before = list(range(len(other) + 1))
    for n, left in enumerate(one, 1):
        row = [n]
        for m, right in enumerate(other, 1):
            row.append(min(before[m] + 1, row[-1] + 1, before[m - 1] + (left != right)))
        before = row
    return before[-1]


def _drawn(ground: NDArray[np.uint8], name: str, contrast: float, font: str, chance: random.Random) -> Rendered:
    picture = Image.fromarray(ground).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    lines = []
    y = 18
    sizes = [size for size in SIZES for _ in range(2)]
    spare = (HEIGHT - 2 * y - sum(round(size * 1.3) for size in sizes)) // len(sizes)
    for size in sizes:
        face = ImageFont.truetype(font, size)
        height = round(size * 1.3) + spare
        text = _phrase(face, chance)
        x = chance.randrange(30, 90)
        box = (x, y, round(x + face.getlength(text)), y + size)
        shade = _shade(np.asarray(picture.crop(box)), contrast)
        ImageDraw.Draw(picture).text((x, y), text, fill=(shade, shade, shade), font=face)
        lines.append(Line(text=text, size=size, top=y / HEIGHT, bottom=(y + height) / HEIGHT))
        y += height
    return Rendered(picture=np.asarray(picture), lines=tuple(lines), contrast=contrast, ground=name)


def _phrase(face: ImageFont.FreeTypeFont, chance: random.Random) -> str:
    words = [chance.choice(_WORDS)]
    while len(words) < 9 and face.getlength(" ".join(words)) < WIDTH * 0.6:
        words.append(chance.choice(_WORDS))
    while face.getlength(" ".join(words)) > WIDTH - 130:
        words.pop()
    return " ".join(words)


def _shade(under: NDArray[np.uint8], contrast: float) -> int:
    """The grey that has a contrast to the mean of what is under it, lighter if it can be, else darker."""
    mean = float(_luminance(under).mean())
    light, dark = contrast * (mean + 0.05) - 0.05, (mean + 0.05) / contrast - 0.05
    wanted = light if light <= 1 else max(0.0, dark)
    greys = _luminance(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1))
    return int(np.argmin(np.abs(greys - wanted)))


def _luminance(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance of sRGB, 0 to 1 (WCAG 2)."""
    part = colours.astype(np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    made: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return made
