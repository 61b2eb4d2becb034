"""The ways in which a sentence can be hidden from a reader of patterns, undone: each gives another view of the text.

plain      lower case, no accents, no hidden characters, look-alike letters of other scripts as they look
bare       letters alone, look-alike figures too: "1 g n 0 r e" and "ig-nore" are "ignore"
figured    figures within words as the letters they look like, l and i told apart
turned     rot13, backwards, and each word backwards
decoded    what base64, base32, hex, binary, Morse, escapes, tag characters, s p a c e d and camelCase letters give
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from common.council.untrusted import visible

DEEP = 2  # codes within codes
LEAST = 12  # characters that a run of code decodes to, or it is taken for chance

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_BROKEN64 = re.compile(r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{4,}={0,2}\s+){3,}[A-Za-z0-9+/_-]{2,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x)?[0-9a-fA-F]{2}[\s:,]?){12,}")
_BINARY = re.compile(r"(?:[01]{8}\s?){12,}")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4}){4,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPACED = re.compile(r"(?<!\w)(?:\w[ ._*|-]{1,4}){5,}\w(?!\w)")  # i g n o r e
_APART = re.compile(r"[ ._*|-]+")
_PARTED = re.compile(r"(?<!\w)\w(?:[._*|-]\w){3,}(?!\w)")  # i-g-n-o-r-e, words apart
_WORD_PARTED = re.compile(r"(?<!\w)\w(?:[._*|-]\w)+(?!\w)")
_CLAUSES = re.compile(r"(?<=[.:;!?,])\s+")
_PARTS = re.compile(r"(\W+)")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{16,}={0,6}")
_MORSE = re.compile(r"(?:[.·•-]{1,5}|[–—_]{1,5})(?:[ /|]+[.·•–—_-]{1,5}){9,}")
_DOTS = str.maketrans("·•–—_|", "..---/")
_MORSE_SIGNS = """.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..-
-.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."""
_SIGNS = dict(zip(_MORSE_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))
_TAGS = 0xE0000
# Letters of other scripts, and small capitals, that look like Latin ones.
_LATIN_LOOK = str.maketrans(
    "аеорсхуіјѕԁԛԝһӏкмнтвгпиαεορυικντγᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡ",
    "aeopcxyijsdqwhikmhtbrnuaeopuikvtyabcdeghijklmnoprstuvwyzag",
)
# Letters in squares and circles that have no compatible form, and those of which flags are made.
_ENCLOSED = {first + n: chr(ord("a") + n) for first in (0x1F150, 0x1F170, 0x1F1E6) for n in range(26)}
_FIGURED = re.compile(r"[^\W\d_][\d$@!|]|[\d$@!|][^\W\d_]")  # a figure beside a letter
_WORD = re.compile(r"([\w$@!|]+)")
_FIGURES = str.maketrans("0134578$@!|l", "oieastbsaiii")
_CYRILLIC = re.compile(r"[а-яіїєґ]")
_CYRILLIC_LOOK = str.maketrans("0346abcehikmoptxy", "озчбавсенікмортху")
# English as it sounds: what is written differently and said alike, then vowels and what is hardly heard.
_ALIKE = (("dg", "j"), ("ph", "f"), ("ck", "k"), ("wr", "r"), ("x", "ks"), ("q", "k"), ("z", "s"))
_SOFT = (re.compile(r"c(?=[eiy])"), re.compile(r"g(?=[eiy])"))
_UNHEARD = re.compile(r"[aeiouywh]")
_TWICE = re.compile(r"(.)\1+")


def folded(text: str) -> str:
    """Lower case, compatible forms made one, accents and hidden characters gone. Patterns are folded alike."""
    shown = unicodedata.normalize("NFKC", visible(text).translate(_ENCLOSED)).casefold().replace("ı", "i")
    marks = unicodedata.normalize("NFD", shown)
    return unicodedata.normalize("NFC", "".join(sign for sign in marks if unicodedata.category(sign) != "Mn"))


def latin(text: str) -> str:
    """Folded text with letters of other scripts as they look."""
    return text.translate(_LATIN_LOOK)


def bare(text: str) -> str:
    """Letters of folded text with the vowels written on them, and figures as the letters they look like; l, i and 1 are
    one."""
    return "".join(sign for sign in text.translate(_FIGURES) if sign.isalnum() or unicodedata.category(sign) == "Mc")


def figured(text: str) -> Iterator[str]:
    """Folded text whose words with figures in them are read as letters; nothing where there are none."""
    if _CYRILLIC.search(text):
        parts = _WORD.split(text)
        parts[1::2] = [word.translate(_CYRILLIC_LOOK) if _CYRILLIC.search(word) else word for word in parts[1::2]]
        if (read := "".join(parts)) != text:
            yield read
    if not _FIGURED.search(text):
        return
    for one in ("i", "l"):
        look = _FIGURES | str.maketrans("1|!l", f"{one}{one}il")
        parts = _WORD.split(text)  # words stand at odd places
        parts[1::2] = [word.translate(look) if _FIGURED.search(word) else word for word in parts[1::2]]
        yield "".join(parts)


def turned(text: str) -> tuple[str, str]:
    """The text by rot13, and backwards; there is such a view of every text."""
    return codecs.encode(text, "rot13"), text[::-1]


def backwards(text: str) -> str:
    """Each word backwards, in the order of the text."""
    return "".join(part[::-1] for part in _PARTS.split(text))


def sound(word: str) -> str:
    """How an English word sounds, roughly: alike for "language" and "langwidge"."""
    for one, other in _ALIKE:
        word = word.replace(one, other)
    heard = _SOFT[1].sub("j", _SOFT[0].sub("s", word)).replace("c", "k")
    return _TWICE.sub(r"\1", heard[:1] + _UNHEARD.sub("", heard[1:]))


def clauses(text: str) -> list[str]:
    """The parts of a line that may be turned each by itself."""
    return [part for part in _CLAUSES.split(text) if part]


def decoded(text: str, deep: int = DEEP) -> Iterator[str]:
    """What can be read in the raw text by undoing codes; nothing where there is no code in it."""
    for found in {*_whole(text), *_runs(text)}:
        yield found
        if deep > 1:
            yield from decoded(found, deep - 1)


def hidden(text: str) -> str:
    """What tag characters and variation selectors spell, which no reader sees."""
    tags = "".join(chr(ord(sign) - _TAGS) for sign in text if 0x20 <= ord(sign) - _TAGS < 0x7F)
    spelt = bytes(
        ord(sign) - 0xFE00 if ord(sign) < 0xFE10 else ord(sign) - 0xE0100 + 16
        for sign in text
        if 0xFE00 <= ord(sign) < 0xFE10 or 0xE0100 <= ord(sign) < 0xE01F0
    )
    return tags + _text(spelt)


def _whole(text: str) -> Iterator[str]:
    spaced = _SPACED.sub(lambda run: _APART.sub(lambda gap: " " if len(gap[0]) > 1 else "", run[0]), text)
    parted = _WORD_PARTED.sub(lambda run: _APART.sub("", run[0]), text) if _PARTED.search(text) else text
    for read in (html.unescape(text), unquote(text, errors="ignore"), _CAMEL.sub(" ", text), spaced, parted):
        if read != text:
            yield read
    if smuggled := hidden(text):
        yield smuggled


def _runs(text: str) -> Iterator[str]:
    for found in _BASE64.findall(text):
        yield from _read(_base64(found))
    for found in _BROKEN64.findall(text):
        yield from _read(_base64("".join(found.split())))
    for found in _BASE32.findall(text):
        yield from _read(_base32(found))
    for found in _MORSE.findall(text):
        words = (word.split() for word in re.split(r" ?/+ ?| {2,}", found.translate(_DOTS)))
        yield " ".join("".join(_SIGNS.get(sign, "") for sign in word) for word in words)
    for match in _HEX.finditer(text):
        yield from _read(bytes.fromhex("".join(re.findall(r"[0-9a-fA-F]{2}", re.sub(r"0x|\\x", "", match[0])))))
    for match in _BINARY.finditer(text):
        yield from _read(bytes(int(byte, 2) for byte in re.findall(r"[01]{8}", match[0])))
    for found in _ESCAPES.findall(text):
        yield "".join(chr(int(code, 16)) for code in found.split("\\u") if code)


def _base64(run: str) -> bytes:
    letters = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return b""


def _base32(run: str) -> bytes:
    letters = run.rstrip("=")
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        return b""


def _read(content: bytes) -> Iterator[str]:
    if text := _text(content):
        yield text


def _text(content: bytes) -> str:
    """Bytes as text, "" where they are none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    return text if len(text) >= LEAST and all(sign.isprintable() or sign.isspace() for sign in text) else ""
