"""Read a transcript from hostile bytes: SRT, WebVTT, ASS or JSON, told by what it holds and not by its name.

What can be mended is, and said in `notes`; what cannot is a BadInput that names the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

import msgspec

from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.errors import BadInput
from common.media.captions.lines import INLINE, TIME, Line, counted, in_order, seconds
from common.media.captions.text import decode, plain, split

MOST_BYTES = 20 << 20
MOST_WORDS = 200_000
Format = Literal["srt", "vtt", "ass", "json"]

_ARROW = re.compile(rf"^\s*(-?){TIME}\s*-+>\s*(-?){TIME}(?:\D.*)?$")
_ASS_TIME = re.compile(rf"^\s*(-?){TIME}\s*$")
_NUMBER = re.compile(r"^\s*\d+\s*$")
_BLOCK = re.compile(r"^(NOTE|STYLE|REGION)(\s|$)")


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
        language, words, exact = _json(text, notes)
    else:
        words, exact = _spread(in_order(_READERS[kind](re.sub("\n{3,}", "\n\n", text), notes), notes))
        language = None
    if words and duration is not None and min(word.span.start for word in words) >= duration:
        raise BadInput("all words lie past the end of the video; check that the transcript belongs to it")
    words = _ordered(words, duration, notes)
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
    if re.match(r"\[[\w +]+\]\s*$", head, re.M) or re.search(r"^Dialogue:", head, re.M):
        return "ass"
    if head.startswith(("{", "[")):
        return "json"
    if any(_ARROW.match(line) for line in text.split("\n")[:2000]):
        return "srt"
    raise BadInput(f"{name or 'the transcript'} is no SRT, WebVTT, ASS or JSON with times; give one of these")


def _vtt(text: str, notes: list[str]) -> list[Line]:
    return _cues(text, notes, blocks=True)


def _cues(text: str, notes: list[str], *, blocks: bool = False) -> list[Line]:
    """SRT and WebVTT: a row with an arrow, then text until an empty row or the next arrow.

    `blocks`: NOTE, STYLE and REGION begin what nobody says.
    """
    found: list[Line] = []
    rows = text.split("\n")
    at, wrong = 0, 0
    while at < len(rows):
        row = rows[at]
        if blocks and _BLOCK.match(row):
            while at < len(rows) and rows[at].strip():
                at += 1
            continue
        match = _ARROW.match(row) if "->" in row else None
        at += 1
        if match is None:
            continue
        parts = match.groups()
        start, end = seconds(*parts[:5]), seconds(*parts[5:])
        said: list[str] = []
        while at < len(rows) and rows[at].isspace():  # a blank that is not empty: the row above is still to come
            at += 1
        while at < len(rows) and rows[at].strip() and not ("->" in rows[at] and _ARROW.match(rows[at])):
            said.append(rows[at])
            at += 1
        if said and at < len(rows) and _ARROW.match(rows[at]) and _NUMBER.match(said[-1]):
            said.pop()  # the next cue's number: the empty line before it is missing
        if start < 0 or end <= start:
            wrong += 1
            continue
        found.append(Line(start, end, "\n".join(said)))
    if wrong:
        notes.append(f"{counted(wrong, 'line')} with impossible times left out")
    return found


def _ass(text: str, notes: list[str]) -> list[Line]:
    """ASS: the Dialogue rows, by the columns that the Format row names."""
    columns = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    found: list[Line] = []
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
            line = Line(seconds(*start.groups()), seconds(*end.groups()), named["text"])
            if line.start < 0 or line.end <= line.start:
                wrong += 1
            else:
                found.append(line)
    if wrong:
        notes.append(f"{counted(wrong, 'line')} with impossible times left out")
    return found


_READERS: dict[Format, Callable[[str, list[str]], list[Line]]] = {"srt": _cues, "vtt": _vtt, "ass": _ass}


def _spread(lines: list[Line]) -> tuple[list[Word], bool]:
    """Words of lines: by WebVTT's inline times where there are some, else sharing the line's time by length."""
    words: list[Word] = []
    exact = bool(lines)
    for line in lines:
        pieces = INLINE.split(line.text)
        edges = [line.start]
        for n in range(1, len(pieces), 5):
            at = seconds("", *pieces[n : n + 4])
            edges.append(min(max(at, edges[-1]), line.end))
        edges.append(line.end)
        for text, start, end in zip(pieces[::5], edges, edges[1:], strict=False):
            tokens = split(plain(text))
            exact = exact and len(tokens) <= 1
            words += _shared(tokens, start, end)
            _not_too_many(len(words))
    return words, exact


def _not_too_many(words: int) -> None:
    if words > MOST_WORDS:
        raise BadInput(f"the transcript has over {MOST_WORDS} words; split the video")


def _shared(tokens: list[str], start: Fraction, end: Fraction, confidence: float | None = None) -> list[Word]:
    """Each word its share of the time, by length."""
    _not_too_many(len(tokens))
    if len(tokens) == 1:
        return [Word(text=tokens[0], span=Span(start, end), confidence=confidence)]
    lengths = [len(token) + 1 for token in tokens]
    total, done = sum(lengths), 0
    words = []
    for token, length in zip(tokens, lengths, strict=True):
        begin = start + (end - start) * Fraction(done, total)
        done += length
        span = Span(begin, start + (end - start) * Fraction(done, total))
        words.append(Word(text=token, span=span, confidence=confidence))
    return words


def _json(text: str, notes: list[str]) -> tuple[str | None, list[Word], bool]:
    """Our own form, {"language", "words": [{"text", "start", "end"}]}, and Whisper's, with segments."""
    try:
        data = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadInput(f"the transcript is broken JSON ({error}); export it again") from error
    if isinstance(data, list):
        data = {"words": data}
    language = data.get("language")
    language = language if isinstance(language, str) and re.fullmatch(r"[A-Za-z0-9-]{2,35}", language) else None
    entries, segments = data.get("words"), data.get("segments")
    exact = data.get("timing") != "estimated"
    words: list[Word] = []
    backwards = 0

    def take(entry: Any, place: str, *keys: str) -> None:
        nonlocal backwards, exact
        said, start, end, confidence = _entry(entry, place, keys)
        if end < start:
            backwards += 1
            return
        exact = exact and len(said) <= 1
        words.extend(_shared(said, start, end, confidence))
        _not_too_many(len(words))

    if isinstance(entries, list) and (entries or not isinstance(segments, list)):
        for n, entry in enumerate(entries):
            take(entry, f"words[{n}]", "text", "word")
    elif isinstance(segments, list):
        for n, segment in enumerate(segments):
            inner = segment.get("words") if isinstance(segment, dict) else None
            if isinstance(inner, list) and inner:
                for m, entry in enumerate(inner):
                    take(entry, f"segments[{n}].words[{m}]", "word", "text")
            else:
                exact = False
                take(segment, f"segments[{n}]", "text")
    else:
        raise BadInput('the transcript\'s JSON has neither "words" nor "segments"; see docs/result.md')
    if backwards:
        notes.append(f"{counted(backwards, 'timed item')} with impossible times left out")
    return language, words, exact


def _entry(entry: Any, place: str, keys: tuple[str, ...]) -> tuple[list[str], Fraction, Fraction, float | None]:
    """The words, start, end and confidence of one timed thing."""
    if not isinstance(entry, dict):
        raise BadInput(f"{place} of the transcript is no object; export it again")
    text = next((entry[key] for key in keys if key in entry), None)
    if not isinstance(text, str):
        raise BadInput(f"{place} of the transcript has no text; export it again")
    start, end = (_time(entry.get(key), f"{place}.{key}") for key in ("start", "end"))
    chance = entry.get("confidence", entry.get("probability"))
    known = isinstance(chance, float | int) and not isinstance(chance, bool) and 0 <= chance <= 1
    return split(plain(text)), start, end, float(chance) if known and chance is not None else None


def _time(value: Any, place: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{place} of the transcript is no number of seconds; export it again")
    if not 0 <= value < 1_000_000:  # not a number is none of these
        raise BadInput(f"{place} of the transcript is {str(value)[:40]}, no time in a video; export it again")
    return Fraction(round(value * 1_000_000), 1_000_000)


def _ordered(words: list[Word], duration: Fraction | None, notes: list[str]) -> list[Word]:
    """In order of time, inside the video, each ending no later than the next one starts."""
    placed = sorted(words, key=lambda word: word.span.start)
    if placed != words:
        notes.append("the words were not in order of time and were sorted")
    if duration is not None:
        inside = [word for word in placed if word.span.start < duration]
        if len(inside) < len(placed):
            notes.append(f"{counted(len(placed) - len(inside), 'word')} past the end of the video left out")
        placed = inside
    mended: list[Word] = []
    overlaps = 0
    for n, word in enumerate(placed):
        end = word.span.end if duration is None else min(word.span.end, duration)
        if n + 1 < len(placed) and placed[n + 1].span.start < end:
            end = max(word.span.start, placed[n + 1].span.start)
            overlaps += 1
        mended.append(replace(word, span=Span(word.span.start, end)))
    if overlaps:
        notes.append(f"{counted(overlaps, 'word')} overlapped the next and ended where that begins")
    return mended
