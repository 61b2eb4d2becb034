"""What is set in type for each spoken word: its letters and emoji, cased, measured and broken where it must be."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from common.domain.timebase import Span
from common.domain.transcript import Word, joined
from common.media.captions import emoji
from common.media.captions.fonts import Face, face_of
from common.media.captions.styles import Look
from common.media.captions.text import visible

EMOJI = 1.12  # em an emoji takes, with the air beside it
MOST_EMOJI = 60  # in a clip; each is a filter of its own
_MOST_MARKS = 4  # on one letter; some scripts need three
_SMALLEST = 0.7  # of its size, that a word gets before it is broken
_LONGEST = 400  # signs of a word that are shown; real words end far before
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_CLOSING = "\"'”’»›)]」』"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Letters of one face, or one emoji; `width` in em."""

    text: str
    width: float
    face: Face
    emoji: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A word, or a part of one far too long for a line. Times in seconds of the clip, `width` in em."""

    pieces: tuple[Piece, ...]
    span: Span
    width: float
    glued: bool = False  # no space before it
    ends: bool = False  # a sentence
    rests: bool = False  # a comma or the like
    rtl: bool | None = None  # None: neither letters nor a direction


def units(words: Sequence[Word], span: Span, look: Look, face: Face, widest: float) -> tuple[list[Unit], list[str]]:
    """The words spoken in `span`, and what had to be left out, in plain words.

    A unit wider than `widest` em fits once it is set smaller: a word is read at once, and its halves are not.
    """
    found: list[Unit] = []
    lacking: set[str] = set()
    foreign = pictures = crowded = 0
    before = ""
    for word in sorted(words, key=lambda word: word.span.start):
        if word.span.start >= span.end or word.span.end <= span.start:
            continue
        said = _tamed(word.text)
        pieces: list[Piece] = []
        for text, is_emoji in emoji.parts(_trimmed(said, look)):
            if not is_emoji:
                shown = _cased(text, look, face)
                pieces.append(_piece(shown, face_of(shown, face)))
                foreign += not pieces[-1].face.has(shown)
            elif pictures == MOST_EMOJI:
                crowded += 1
            elif picture := emoji.known(text):
                pictures += 1
                pieces.append(Piece(text=picture, width=EMOJI, face=face, emoji=True))
            else:
                lacking.add(text)
        if not any(piece.emoji or piece.text.strip() for piece in pieces):
            continue
        bare = said.rstrip(_CLOSING)
        unit = Unit(
            pieces=tuple(pieces),
            span=Span(max(word.span.start, span.start) - span.start, min(word.span.end, span.end) - span.start),
            width=sum(piece.width for piece in pieces),
            glued=bool(before) and " " not in joined([before[-1:], said[:1]]),
            ends=bare.endswith(_ENDS),
            rests=bare.endswith((",", ";", ":", "，", "、", "；", "،")),
            rtl=_direction(said),
        )
        most = widest if _breaks_anywhere(said) else widest / _SMALLEST
        found += [unit] if unit.width <= most else _broken(unit, widest)
        before = said
    return found, _notes(lacking, foreign, crowded)


def _piece(text: str, face: Face) -> Piece:
    return Piece(text=text, width=face.length(text), face=face)


def _notes(lacking: set[str], foreign: int, crowded: int) -> list[str]:
    notes = []
    if lacking and not emoji.available():
        notes.append("emoji were left out of the captions: install fonts-noto-color-emoji (scripts/setup does)")
    elif lacking:
        notes.append(f"{len(lacking)} kinds of emoji have no picture in this machine's font and were left out")
    if crowded:
        notes.append(f"{crowded} emoji were left out of the captions; a clip shows {MOST_EMOJI} at most")
    if foreign:
        some = "1 word has" if foreign == 1 else f"{foreign} words have"
        notes.append(
            f"{some} letters the caption fonts lack, which may show as boxes; "
            "install a font that has them, such as fonts-noto-cjk"
        )
    return notes


def _tamed(text: str) -> str:
    """On one line, written in whole characters, with no more marks on a letter than a script needs."""
    kept: list[str] = []
    marks = 0
    whole = visible(text)[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
    for sign in unicodedata.normalize("NFC", whole):
        marks = marks + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS and unicodedata.category(sign) != "Cn":
            kept.append(sign)
    return "".join(kept)


def _trimmed(said: str, look: Look) -> str:
    """Without the marks that the look leaves out, as long as something is left."""
    return said.rstrip(look.silent) or said


def _cased(text: str, look: Look, face: Face) -> str:
    """Capitals and small letters only as far as the font has them."""
    if look.letters == "as spoken":
        return text
    other = text.upper() if look.letters == "upper" else text.lower()
    return other if face.has(other) or other.isascii() else text


def _direction(text: str) -> bool | None:
    for sign in text:
        kind = unicodedata.bidirectional(sign)
        if kind in ("R", "AL", "L"):
            return kind != "L"
    return None


def _breaks_anywhere(text: str) -> bool:
    """Whether it is written in signs that fill a square each, without spaces: no line of those keeps words whole."""
    return any(unicodedata.east_asian_width(sign) in "WF" for sign in text)


def _broken(unit: Unit, widest: float) -> list[Unit]:
    """A unit as several of about equal width, each with its share of the time."""
    atoms = list(_atoms(unit.pieces))
    count = math.ceil(unit.width / (widest * 0.92))
    while True:
        rows = list(_rows(atoms, unit.width / count))
        if all(sum(atom.width for atom in row) <= widest for row in rows) or count > len(atoms):
            break
        count += 1
    made, at = [], unit.span.start
    total = sum(atom.width for row in rows for atom in row) or 1.0
    for n, row in enumerate(rows):
        share = Fraction(sum(atom.width for atom in row) / total).limit_denominator(1000)
        end = unit.span.end if n == len(rows) - 1 else min(unit.span.end, at + unit.span.duration * share)
        pieces = _merged(row, hyphen=n < len(rows) - 1 and _hyphenates(row, rows[n + 1]))
        part = replace(
            unit,
            pieces=pieces,
            span=Span(at, end),
            width=sum(piece.width for piece in pieces),
            glued=unit.glued if n == 0 else True,
            ends=unit.ends and n == len(rows) - 1,
            rests=unit.rests and n == len(rows) - 1,
        )
        made.append(part)
        at = end
    return made


def _atoms(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Emoji, and letters with the marks and joiners that belong to them."""
    for piece in pieces:
        if piece.emoji:
            yield piece
            continue
        start = 0
        for n in range(1, len(piece.text) + 1):
            if n == len(piece.text) or unicodedata.category(piece.text[n]) not in ("Mn", "Me", "Mc", "Cf"):
                text = piece.text[start:n]
                yield _piece(text, piece.face)
                start = n


def _rows(atoms: Sequence[Piece], target: float) -> Iterator[list[Piece]]:
    row: list[Piece] = []
    width = 0.0
    for atom in atoms:
        if row and width + atom.width / 2 > target:
            yield row
            row, width = [], 0.0
        row.append(atom)
        width += atom.width
    yield row


def _hyphenates(row: Sequence[Piece], following: Sequence[Piece]) -> bool:
    """Between letters of scripts that have capitals."""
    return all(not atom.emoji and atom.text[0].upper() != atom.text[0].lower() for atom in (row[-1], following[0]))


def _merged(row: Iterable[Piece], *, hyphen: bool) -> tuple[Piece, ...]:
    """Neighbouring letters as one piece again."""
    found: list[Piece] = []
    for atom in row:
        if found and not atom.emoji and not found[-1].emoji and atom.face == found[-1].face:
            found[-1] = _piece(found[-1].text + atom.text, atom.face)
        else:
            found.append(atom)
    if hyphen:
        found[-1] = _piece(found[-1].text + "-", found[-1].face)
    return tuple(found)
