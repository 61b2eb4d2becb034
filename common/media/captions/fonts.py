"""The typefaces captions are set in: found once, measured as libass will draw them."""

from __future__ import annotations

import os
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from common.domain.codec import digest

if TYPE_CHECKING:
    from PIL import ImageFont

Weight = Literal["black", "bold", "medium"]

# In order of taste; the last of each is on every machine that scripts/setup has seen. Arial is macOS's.
_FILES: dict[Weight, tuple[str, ...]] = {
    "black": ("InterDisplay-Black.otf", "Inter-Black.otf", "Lato-Black.ttf", "Arial Black.ttf", "DejaVuSans-Bold.ttf"),
    "bold": ("InterDisplay-Bold.otf", "Inter-Bold.otf", "Lato-Bold.ttf", "Arial Bold.ttf", "DejaVuSans-Bold.ttf"),
    "medium": ("Inter-SemiBold.otf", "Lato-Semibold.ttf", "Arial Bold.ttf", "DejaVuSans-Bold.ttf"),
}
_SECOND = ("DejaVuSans-Bold.ttf",)  # for letters the first lacks: Arabic, Hebrew, Georgian, Armenian
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
_FINE = 1000  # pixels of an em while measuring: so large that no hint and no rounding counts
_WIDE, _OTHER = 1.25, 0.95  # em of a letter from a font unknown here, at the most
_TALL = (-1.1, 0.4)  # em of such letters above and below the baseline, marks included


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One font file. Lengths are in em. libass takes letters that it lacks from a font of the system's choice.

    libass sets a size by `ascent` + `descent`, so letters whose em is 100 pixels need the size 100 x their sum.
    """

    family: str
    bold: bool  # which of the family's two faces of that name it is
    path: Path | None  # None: no file was found, all widths are estimates
    ascent: float
    descent: float

    @property
    def body(self) -> float:
        """What libass calls the size, of an em of 1."""
        return self.ascent + self.descent

    def has(self, text: str) -> bool:
        """Whether each letter is in this file."""
        return all(_has(self.path, sign) for sign in text)

    def length(self, text: str) -> float:
        """How far a text advances; on the safe side where letters come from another font."""
        return _length(self.path, text)

    def ink(self, text: str) -> tuple[float, float, float, float]:
        """The painted part: left, top, right and bottom from the start of the baseline, down is positive."""
        return _ink(self.path, text)


@cache
def find_face(weight: Weight) -> Face:
    """The best face there is for a weight; without any, the system's own sans serif by name."""
    for name in _FILES[weight]:
        path = find_file(name)
        if path is not None and (face := _read(path)) is not None:
            return face
    return Face(family="sans-serif", bold=True, path=None, ascent=0.95, descent=0.25)


def face_of(text: str, first: Face) -> Face:
    """`first`, or where it lacks a letter of the text a second font that has them all."""
    if not first.has(text):
        for name in _SECOND:
            path = find_file(name)
            if path is not None and (face := _read(path)) is not None and face.has(text):
                return face
    return first


@cache
def find_file(name: str) -> Path | None:
    """The font file of this name in the folders where systems keep fonts."""
    return _installed().get(name)


def installed() -> str:
    """A name for all fonts of this machine: with another one, letters may look otherwise."""
    return digest(sorted((name, _size(path)) for name, path in _installed().items()))


def _size(path: Path) -> int | None:
    """None for a link that leads nowhere."""
    try:
        return path.stat().st_size
    except OSError:
        return None


@cache
def _installed() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in _FOLDERS:
        for base, _, names in os.walk(os.path.expanduser(folder)):
            for name in names:
                found.setdefault(name, Path(base, name))
    return found


@cache
def _read(path: Path) -> Face | None:
    """Names and heights as libass takes them: names 1 and 2, usWinAscent and usWinDescent."""
    try:
        data = path.read_bytes()
        tables = {tag: (at, size) for tag, at, size in _tables(data)}
        (em,) = struct.unpack_from(">H", data, tables[b"head"][0] + 18)
        ascent, descent = struct.unpack_from(">HH", data, tables[b"OS/2"][0] + 74)
        names = _names(data, tables[b"name"][0])
    except (OSError, struct.error, KeyError, UnicodeDecodeError):
        return None
    if not names.get(1) or not em or not ascent + descent:
        return None
    bold = names.get(2, "").startswith("Bold")
    return Face(family=names[1], bold=bold, path=path, ascent=ascent / em, descent=descent / em)


def _tables(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    (count,) = struct.unpack_from(">H", data, 4)
    for n in range(count):
        tag, _, at, size = struct.unpack_from(">4sIII", data, 12 + 16 * n)
        yield tag, at, size


def _names(data: bytes, table: int) -> dict[int, str]:
    """The English names for Windows by their numbers."""
    found: dict[int, str] = {}
    _, count, store = struct.unpack_from(">HHH", data, table)
    for n in range(count):
        platform, _, language, name, size, at = struct.unpack_from(">6H", data, table + 6 + 12 * n)
        if (platform, language) == (3, 0x409):
            found[name] = data[table + store + at : table + store + at + size].decode("utf-16-be")
    return found


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # here, not above: an image that draws no letters has none

    return ImageFont.truetype(str(path), _FINE)


@lru_cache(maxsize=4096)
def _has(path: Path | None, sign: str) -> bool:
    """Told by its picture: what a font lacks, it draws as it draws what no font has."""
    if path is None:
        return False
    if sign.isspace() or unicodedata.category(sign) in ("Cf", "Cn", "Co", "Cs", "Cc"):
        return sign == " "
    from PIL import ImageFont

    font = ImageFont.truetype(str(path), 24)
    lacking = font.getmask("\U0010ffff")
    mask = font.getmask(sign)
    return (mask.size, bytes(mask)) != (lacking.size, bytes(lacking))


@lru_cache(maxsize=16384)
def _length(path: Path | None, text: str) -> float:
    if path is not None and all(_has(path, sign) for sign in text):
        return _font(path).getlength(text) / _FINE
    return sum(_length(path, sign) if _has(path, sign) else _guess(sign) for sign in text)


@lru_cache(maxsize=16384)
def _ink(path: Path | None, text: str) -> tuple[float, float, float, float]:
    if path is not None and all(_has(path, sign) for sign in text):
        left, top, right, bottom = _font(path).getbbox(text, anchor="ls")
        return left / _FINE, top / _FINE, right / _FINE, bottom / _FINE
    return 0.0, _TALL[0], _length(path, text), _TALL[1]


def _guess(sign: str) -> float:
    """A ligature such as the basmala counts as the letters it stands for."""
    if unicodedata.category(sign) in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    letters = len(unicodedata.normalize("NFKC", sign))
    return letters * (_WIDE if unicodedata.east_asian_width(sign) in "WF" else _OTHER)
