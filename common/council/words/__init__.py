"""Words of many languages by what they mean to who is to judge a clip, so that one set of weights serves them all.

A file per language, a line per meaning: `meaning: stem, stem, ...`. A stem is the beginning of a word, `^` says that
the word ends there, and a stem of several words stands for words one after the other. Chinese, Japanese and Thai stems
stand anywhere. Stems and texts are folded alike (no accents, lower case).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

from common.council.unmasking import folded

MEANINGS: Final = (
    "machine", "thing", "judge", "judging", "watching", "clip", "mark", "top", "give", "accept", "forget", "rules",
    "prior", "answer", "yes", "every", "question", "only", "frame", "format", "role", "you", "must", "please", "need",
    "threat", "post", "secret", "done", "call", "lenient", "cheat", "audience", "others", "self", "not", "if", "this",
    "past", "lecture", "aspect", "fault", "sign", "trusted", "hold", "mind", "agreed", "story", "rival", "number",
    "reply", "shape",
)  # fmt: skip
SHAPE: Final = re.compile(  # of what is no prose
    r"[\"'“”]\w+[\"'“”]\s*:|\w\s?={1,2}>?\s?\w|\[[^\]\n]{3,40}\]|^[^\w\n]{0,9}[^\W\d_]+(?: [^\W\d_]+)?: |\w/>",
    re.MULTILINE,
)
_UNPARTED: Final = "\u0e00-\u0e7f\u3005-\u30ff\u3400-\u9fff"
_MARKS: Final = "\u0900-\u0963\u0966-\u0dff\u1000-\u109f\u1780-\u17ff\u200c"  # vowel signs, which are no letters
_TOKEN: Final = re.compile(rf"([{_UNPARTED}]+)|((?:[^\W_{_UNPARTED}]|[{_MARKS}])+)")
_RUN: Final = re.compile(f"[{_UNPARTED}]")
_JOINED: Final = re.compile("[\u0590-\u06ff]")  # scripts that join small words to the front of the next
_LETTER: Final = 0.5  # words that a letter of a script without spaces counts for
_LONG: Final = 14  # letters from which words may be written together
_INNER: Final = 4  # letters of a stem within a word, at least
LEAST: Final = 5  # letters by which a word is known to begin like a stem
_PART: Final = re.compile(r"([^\s^%/]+)\s?(\^?)")


@dataclass(frozen=True, slots=True)
class Hit:
    """A word that means something: where in words from the start of the text, where in characters, and its stem."""

    kind: int  # a place in MEANINGS
    at: float
    start: int
    end: int
    stem: str = ""  # as the English file has it, "" for those of others


class Word(NamedTuple):
    text: str
    start: int
    at: float


@dataclass(frozen=True, slots=True)
class _Stem:
    exact: bool
    rest: tuple[tuple[str, bool], ...]
    meaning: int
    name: str


@lru_cache(maxsize=1)
def stems() -> dict[str, tuple[_Stem, ...]]:
    """By the first word, or the beginning of it."""
    found: dict[str, dict[_Stem, None]] = {}
    for language, meaning, item in _listed():
        first, exact = item[0]
        name = " ".join(part for part, _ in item) if language == "en" else ""
        found.setdefault(first, {})[_Stem(exact, item[1:], meaning, name)] = None
    return {first: tuple(those) for first, those in found.items()}


def _listed() -> Iterator[tuple[str, int, tuple[tuple[str, bool], ...]]]:
    """Language, meaning and the words of each stem, and whether they end."""
    files = [one for one in resources.files(__package__).iterdir() if one.name.endswith(".txt")]
    for file in sorted(files, key=lambda one: one.name):
        for line in file.read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                meaning, _, items = folded(line).partition(":")
                for item in items.split(","):
                    parts = _PART.findall(item)
                    yield (
                        file.name.removesuffix(".txt"),
                        MEANINGS.index(meaning),
                        tuple((a, b == "^") for a, b in parts),
                    )


@lru_cache(maxsize=1)
def _begun() -> frozenset[str]:
    """All beginnings of stems, so that a word is given up as soon as none goes on like it."""
    return frozenset(first[:last] for first in stems() for last in range(1, len(first) + 1))


@lru_cache(maxsize=1)
def beginnings() -> frozenset[str]:
    """The first LEAST letters of stems that have as many."""
    return frozenset(first[:LEAST] for first in stems() if len(first) >= LEAST)


def means(word: str) -> bool:
    """Whether a folded word by itself means something in any language."""
    known = stems()
    return any(
        not stem.rest and (not stem.exact or last == len(word))
        for last in range(1, len(word) + 1)
        for stem in known.get(word[:last], ())
    )


def read(view: str) -> tuple[list[Hit], list[Word]]:
    """The words of a folded text that mean something; and all words, of scripts without spaces what stands together."""
    known, begun = stems(), _begun()
    found: dict[Hit, None] = {}
    at = 0.0
    tokens = list(_TOKEN.finditer(view))
    every = []
    for n, token in enumerate(tokens):
        every.append(Word(token[0], token.start(), at))
        run, word = token[1] or "", token[2] or token[1]
        for first in _beginnings(word, bool(run)):
            for last in range(first + 1, len(word) + 1):
                if (part := word[first:last]) not in begun:
                    break
                if first and not run and last < first + _INNER:
                    continue
                for stem in known.get(part, ()):
                    if run:
                        here = token.start() + first
                        found[Hit(stem.meaning, at + first * _LETTER, here, here + len(part), stem.name)] = None
                    elif (not stem.exact or last == len(word)) and (end := _rest(stem, tokens, n)):
                        found[Hit(stem.meaning, at, token.start(), end, stem.name)] = None
        at += len(run) * _LETTER if run else 1
    return list(found), every


def place(word: Word, start: int) -> float:
    """Where in words from the start of the text a place within a word is, or behind it."""
    if not _RUN.match(word.text):
        return word.at
    return word.at + min(max(0, start - word.start), len(word.text)) * _LETTER


def _beginnings(word: str, run: bool) -> range:
    """Where in a token a stem may begin."""
    if run or len(word) >= _LONG:
        return range(len(word))
    return range(4 if _JOINED.match(word) else 1)


def _rest(stem: _Stem, tokens: Sequence[re.Match[str]], n: int) -> int:
    """Where the phrase ends that begins with this word, 0 if it is not there."""
    if len(stem.rest) >= len(tokens) - n:
        return 0
    for offset, (part, exact) in enumerate(stem.rest, 1):
        word = tokens[n + offset][0]
        if not (word == part if exact else word.startswith(part)):
            return 0
    return tokens[n + len(stem.rest)].end()
