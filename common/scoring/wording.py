"""Texts to the words they are found by, in any script; the same for what is kept and for what is asked.

Letters are folded: case, width (NFKC) and accents make no difference. Scripts that are written without spaces give
their characters and their pairs of characters; who asks for more than one character asks for the pairs. English words
that every talk is full of are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from common.scoring.contentwords import carries

LONGEST = 40  # characters of a word that count
_ENGLISH = "a am an as at be by do go he i if in is it me my no of oh ok on or so to up us we"
_SHORT = frozenset(_ENGLISH.split())
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = "".join(chr(one) for one in range(0x300, 0x1CFF) if unicodedata.category(chr(one)).startswith("M"))
_LETTER = rf"(?:(?![{_UNSPACED}])(?:[^\W_]|[{re.escape(_MARKS)}]))"
_WORD = re.compile(rf"([{_UNSPACED}]+)|({_LETTER}+(?:'{_LETTER}+)*)")
_ACCENT = re.compile("[\u0300-\u036f]")


def kept(texts: Iterable[str]) -> frozenset[str]:
    """All that texts are found by."""
    found: set[str] = set()
    for text in texts:
        for run, word in _WORD.findall(_folded(text)):
            found |= {*run, *_pairs(run)} if run else _plain(word)
    return frozenset(found)


def asked(text: str) -> tuple[str, ...]:
    """The words to look for, each once, in the order they are asked for."""
    found: list[str] = []
    for run, word in _WORD.findall(_folded(text)):
        found += (_pairs(run) or [run]) if run else _plain(word)
    return tuple(dict.fromkeys(found))


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    return unicodedata.normalize("NFKC", _ACCENT.sub("", apart).casefold())


def _plain(word: str) -> set[str]:
    """No word where it carries nothing, else the word without its apostrophes."""
    bare = word.removesuffix("'s")
    return {bare.replace("'", "")[:LONGEST]} if carries(bare) and carries(word) and bare not in _SHORT else set()


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]
