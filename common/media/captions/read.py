"""Read a transcript from hostile bytes: SRT, WebVTT, ASS or JSON, told by what it holds and not by its name.

What can be mended is, and said in `notes`; what cannot is a BadInput that names the place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import msgspec

from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.errors import BadInput
from common.media.captions.text import decode, plain, split

MOST_BYTES = 20 << 20
MOST_WORDS = 200_000
Format = Literal["srt", "vtt", "ass", "json"]

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?"
_ARROW = re.compile(rf"^\s*(-?){_TIME}\s*-+>\s*(-?){_TIME}(?:\s.*)?$")
_INLINE = re.compile(rf"<{_TIME}>")
_ASS_TIME = re.compile(rf"^\s*(-?){_TIME}\s*$")
_NUMBER = re.compile(r"^\s*\d+\s*$")


@dataclass(frozen=True, slots=True)
class _Line:
    """One caption: its time in seconds, its text with inline times still inside."""

    start: Fraction
    end: Fraction
    text: str


def read_transcript(raw: bytes, *, name: str = "", duration: Fraction | None = None) -> Transcript:
    """The words of a transcript, in order of time, none past `duration` (seconds) if it is given.

    Words without times of their own share their line's by length; `timing` is then "estimated".
    Raises BadInput for what is no transcript, is empty, or passes the limits.
    """
    if len(raw) > MOST_BYTES:
        raise BadInput(f"the transcript is over {MOST_BYTES >> 20} MB; check that it is the right file")
    text, note = decode(raw)
    notes = [note] if note else []
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    kind = _kind(text, name)
    if kind == "json":
        language, words, exact = _json(text)
    else:
        lines = _READERS[kind](text, notes)
        words, exact = _spread(lines)
        language = None
    words = _ordered(words, duration, notes)
    if len(words) > MOST_WORDS:
        raise BadInput(f"the transcript has over {MOST_WORDS} words; split the video")
    if not words:
        raise BadInput("the transcript holds no words with times; check that it is the right file")
    return Transcript(
        language=language,
        source=kind,
        timing="measured" if exact else "estimated",
        words=tuple(words),
        notes=tuple(notes),
    )


def _kind(text: str, name: str) -> Format:
    head = text.lstrip("\ufeff \n\t")[:2000]
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.startswith(("{", "[")) and not head.lower().startswith("[script info]"):
        return "json"
    if "[script info]" in head.lower() or re.search(r"^Dialogue:", head, re.M):
        return "ass"
    if any(_ARROW.match(line) for line in text.split("\n")[:2000]):
        return "srt"
    raise BadInput(f"{name or 'the transcript'} is no SRT, WebVTT, ASS or JSON with times; give one of these")


def _seconds(sign: str, hours: str | None, minutes: str, seconds: str, part: str | None) -> Fraction:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    value = whole + (Fraction(int(part), 10 ** len(part)) if part else 0)
    return -Fraction(value) if sign else Fraction(value)


def _cues(text: str, notes: list[str]) -> list[_Line]:
    """SRT and WebVTT: a line with an arrow, then text until an empty line or the next arrow."""
    found: list[_Line] = []
    rows = text.split("\n")
    at, wrong = 0, 0
    while at < len(rows):
        row = rows[at]
        if re.match(r"^(NOTE|STYLE|REGION)(\s|$)", row):
            while at < len(rows) and rows[at].strip():
                at += 1
            continue
        match = _ARROW.match(row)
        at += 1
        if match is None:
            continue
        parts = match.groups()
        start, end = _seconds(*parts[:5]), _seconds(*parts[5:])
        said: list[str] = []
        while at < len(rows) and rows[at].strip() and not _ARROW.match(rows[at]):
            said.append(rows[at])
            at += 1
        if said and at < len(rows) and _ARROW.match(rows[at]) and _NUMBER.match(said[-1]):
            said.pop()  # the next cue's number: the empty line before it is missing
        if start < 0 or end <= start:
            wrong += 1
            continue
        found.append(_Line(start, end, "\n".join(said)))
    if wrong:
        notes.append(f"{wrong} lines end before they start and were left out")
    return found


def _ass(text: str, notes: list[str]) -> list[_Line]:
    """ASS: the Dialogue rows, by the columns that the Format row names."""
    columns = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    found: list[_Line] = []
    wrong, events = 0, False
    for row in text.split("\n"):
        key, _, rest = row.partition(":")
        if row.strip().lower().startswith("["):
            events = row.strip().lower() == "[events]"
        elif key == "Format" and events:
            columns = [column.strip().lower() for column in rest.split(",")]
        elif key == "Dialogue":
            cells = rest.split(",", len(columns) - 1)
            named = dict(zip(columns, cells, strict=False))
            start, end = (_ASS_TIME.match(named.get(column, "")) for column in ("start", "end"))
            if start is None or end is None or "text" not in named:
                wrong += 1
                continue
            line = _Line(_seconds(*start.groups()), _seconds(*end.groups()), named["text"])
            if line.start < 0 or line.end <= line.start:
                wrong += 1
            elif not re.search(r"\\p[1-9]", line.text):  # a drawing, no words
                found.append(line)
    if wrong:
        notes.append(f"{wrong} lines have no usable time and were left out")
    return found


_READERS: dict[Format, Callable[[str, list[str]], list[_Line]]] = {"srt": _cues, "vtt": _cues, "ass": _ass}


def _spread(lines: list[_Line]) -> tuple[list[Word], bool]:
    """Words of lines: by WebVTT's inline times where there are some, else sharing the line's time by length."""
    words: list[Word] = []
    exact = bool(lines)
    for line in lines:
        pieces = _INLINE.split(line.text)
        edges = [line.start]
        for n in range(1, len(pieces), 5):
            at = _seconds("", *pieces[n : n + 4])
            edges.append(min(max(at, edges[-1]), line.end))
        edges.append(line.end)
        for text, start, end in zip(pieces[::5], edges, edges[1:], strict=False):
            tokens = split(plain(text))
            exact = exact and len(tokens) <= 1
            words += _shared(tokens, start, end)
    return words, exact


def _shared(tokens: list[str], start: Fraction, end: Fraction) -> list[Word]:
    lengths = [len(token) + 1 for token in tokens]
    total, done = sum(lengths), 0
    words = []
    for token, length in zip(tokens, lengths, strict=True):
        begin = start + (end - start) * Fraction(done, total)
        done += length
        words.append(Word(text=token, span=Span(begin, start + (end - start) * Fraction(done, total))))
    return words


def _json(text: str) -> tuple[str | None, list[Word], bool]:
    """Our own form, {"language", "words": [{"text", "start", "end"}]}, and Whisper's, with segments."""
    try:
        data = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadInput(f"the transcript is broken JSON ({error}); export it again") from error
    if isinstance(data, list):
        data = {"words": data}
    language = data.get("language")
    language = language if isinstance(language, str) and re.fullmatch(r"[A-Za-z0-9-]{2,35}", language) else None
    entries = data.get("words")
    if isinstance(entries, list):
        return language, _timed(entries, "words"), data.get("timing") != "estimated"
    segments = data.get("segments")
    if not isinstance(segments, list):
        raise BadInput('the transcript\'s JSON has neither "words" nor "segments"; see docs/result.md')
    words: list[Word] = []
    exact = True
    for n, segment in enumerate(segments):
        if not isinstance(segment, dict):
            raise BadInput(f"segments[{n}] of the transcript is no object; export it again")
        inner = segment.get("words")
        if isinstance(inner, list) and inner:
            words += _timed(inner, f"segments[{n}].words")
        else:
            exact = False
            start, end = _times(segment, f"segments[{n}]")
            words += _shared(split(plain(str(segment.get("text", "")))), start, end)
    return language, words, exact


def _timed(entries: list[Any], where: str) -> list[Word]:
    words = []
    for n, entry in enumerate(entries[: MOST_WORDS + 1]):
        place = f"{where}[{n}]"
        if not isinstance(entry, dict):
            raise BadInput(f"{place} of the transcript is no object; export it again")
        text = entry.get("text", entry.get("word"))
        if not isinstance(text, str):
            raise BadInput(f"{place} of the transcript has no text; export it again")
        start, end = _times(entry, place)
        chance = entry.get("confidence", entry.get("probability"))
        known = isinstance(chance, float | int) and not isinstance(chance, bool) and 0 <= chance <= 1
        confidence = float(chance) if known and chance is not None else None
        if said := plain(text):
            words.append(Word(text=said, span=Span(start, end), confidence=confidence))
    return words


def _times(entry: dict[str, Any], place: str) -> tuple[Fraction, Fraction]:
    found = []
    for key in ("start", "end"):
        value = entry.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadInput(f"{place}.{key} of the transcript is no number of seconds; export it again")
        if not 0 <= value < 1_000_000:
            raise BadInput(f"{place}.{key} of the transcript is {value}, no time in a video; export it again")
        found.append(Fraction(round(value * 1_000_000), 1_000_000))
    return found[0], max(found)


def _ordered(words: list[Word], duration: Fraction | None, notes: list[str]) -> list[Word]:
    """In order of time, inside the video, each starting no earlier than the one before ends."""
    placed = sorted(words, key=lambda word: (word.span.start, word.span.end))
    if placed != words:
        notes.append("the lines are not in order of time and were sorted")
    if duration is not None:
        inside = [word for word in placed if word.span.start < duration]
        if len(inside) < len(placed):
            notes.append(f"{len(placed) - len(inside)} words lie past the end of the video and were left out")
        placed = inside
    mended: list[Word] = []
    overlaps = 0
    for n, word in enumerate(placed):
        end = word.span.end if duration is None else min(word.span.end, duration)
        if n + 1 < len(placed) and placed[n + 1].span.start < end:
            end = max(word.span.start, placed[n + 1].span.start)
            overlaps += 1
        mended.append(Word(text=word.text, span=Span(word.span.start, end), confidence=word.confidence))
    if overlaps:
        notes.append(f"{overlaps} words overlap the next one and were shortened")
    return mended
