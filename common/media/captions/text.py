"""Text from strangers made plain: bytes to characters, markup away, nothing that a printer or parser could obey."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"<[^<>\n]{0,200}>")
_OVERRIDE = re.compile(r"\{[^{}\n]{0,500}\}")  # ASS, and what SRT files borrow from it: {\an8}
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PIECE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{1,4}[\u3001\u3002\uff01\uff0c\uff1f\u300d\u300f]*|\S")
_JOINERS = frozenset("\u200c\u200d")  # they shape letters and emoji; all other format characters go


def decode(raw: bytes) -> tuple[str, str | None]:
    """The text, and a note when its encoding had to be guessed."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return raw.decode(name, "replace"), None
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "the text is no UTF-8 and was read as Windows-1252"


def plain(text: str) -> str:
    """Without tags, overrides, entities and control characters; white space folded."""
    text = html.unescape(_TAG.sub("", _OVERRIDE.sub("", text)))
    text = text.replace("\\N", " ").replace("\\n", " ").replace("\\h", " ")
    kept = (sign if not unicodedata.category(sign).startswith("C") or sign in _JOINERS else " " for sign in text)
    return " ".join("".join(kept).split())


def split(text: str) -> list[str]:
    """Words as they are written; scripts without spaces in groups of a few characters."""
    words: list[str] = []
    for token in text.split():
        if not _WIDE.search(token):
            words.append(token)
            continue
        latin = ""
        for piece in _PIECE.findall(token):
            if _WIDE.match(piece):
                words += [latin] if latin else []
                latin = ""
                words.append(piece)
            else:
                latin += piece
        if latin:
            words.append(latin)
    return words


def width(text: str) -> int:
    """How many columns a text takes: wide characters count twice, marks not at all."""
    columns = 0
    for sign in text:
        if not unicodedata.combining(sign):
            columns += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
    return columns
