"""Text from strangers made plain: bytes to characters, markup away, nothing that a printer or parser could obey."""

from __future__ import annotations

import html
import re
import unicodedata

LONGEST_WORD = 40  # columns; what is longer is broken, so that it fits a line

_TAG = re.compile(r"<(?:[^\s<>][^<>\n]{0,200})?>")  # "a < b" is none
_OVERRIDE = re.compile(r"\{[^{}\n]{0,500}\}")  # ASS, and what SRT files borrow from it: {\an8}
_PEN = re.compile(r"\\p(\d)")  # in an override: from here on strokes, with 0 letters again
_BREAK = re.compile(r"\\[Nnh]|\u200b")
# Controls, and marks without width; the joiners U+200C and U+200D stay, they shape letters and emoji.
_UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
# Han and kana are written without spaces; Korean is not.
_UNSPACED = r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_WIDE = re.compile(f"[{_UNSPACED}]")
_PIECE = re.compile(
    f"[「『（【《〈]*[{_UNSPACED}]{{1,4}}[、。，．！？：；…」』）】》〉]*|(?:(?![「『（【《〈]*[{_UNSPACED}]).)+"
)


def decode(raw: bytes) -> tuple[str, str | None]:
    """The text, and a note when its encoding had to be guessed."""
    marks = (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    )
    for mark, name in marks:
        if raw.startswith(mark):
            return raw.decode(name, "replace"), None
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "the text is no UTF-8 and was read as Windows-1252"


def plain(text: str) -> str:
    """Without tags, overrides, drawings, entities and control characters; white space folded."""
    return visible(html.unescape(_TAG.sub("", _lettered(_BREAK.sub(" ", text)))))


def _lettered(text: str) -> str:
    """Without overrides and the strokes of drawings."""
    kept, at, drawing = [], 0, False
    for tag in _OVERRIDE.finditer(text):
        kept.append("" if drawing else text[at : tag.start()])
        for pen in _PEN.findall(tag[0]):
            drawing = pen != "0"
        at = tag.end()
    return "".join(kept) + ("" if drawing else text[at:])


def visible(text: str) -> str:
    """On one line, without control characters and what has no width."""
    return " ".join(_UNSEEN.sub("", " ".join(text.replace("\u200b", " ").split())).split())


def split(text: str) -> list[str]:
    """Words as they are written; scripts without spaces in groups of a few characters."""
    words: list[str] = []
    for token in text.split():
        for piece in _PIECE.findall(token) if _WIDE.search(token) else [token]:
            words += _broken(piece)
    return words


def _broken(word: str) -> list[str]:
    """A word in pieces that fit a line, marks left with their letters."""
    if 2 * len(word) <= LONGEST_WORD or width(word) <= LONGEST_WORD:
        return [word]
    pieces, start, columns = [], 0, 0
    for n, sign in enumerate(word):
        wide = width(sign)
        if columns + wide > LONGEST_WORD:
            pieces.append(word[start:n])
            start, columns = n, 0
        columns += wide
    return [*pieces, word[start:]]


def width(text: str) -> int:
    """How many columns a text takes: wide characters count twice, marks not at all."""
    if text.isascii():
        return len(text)
    columns = 0
    for sign in text:
        if unicodedata.category(sign) not in ("Mn", "Me", "Cf"):
            columns += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
    return columns
