"""Captions as they stood in a file, put in order before their words are taken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from common.media.captions.text import plain

TIME = r"(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?"  # hours, minutes, seconds, part of a second
INLINE = re.compile(f"<{TIME}>")
BLINK = Fraction(1, 10)  # seconds; a caption that stands no longer is there for the roll alone


@dataclass(frozen=True, slots=True)
class Line:
    """One caption: its times in seconds, its text with inline times still inside."""

    start: Fraction
    end: Fraction
    text: str


def seconds(sign: str, hours: str | None, minutes: str, whole: str, part: str | None) -> Fraction:
    """What TIME matched, with the sign before it."""
    value = Fraction(int(hours or 0) * 3600 + int(minutes) * 60 + int(whole))
    if part:
        value += Fraction(int(part), 10 ** len(part))
    return -value if sign else value


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def in_order(lines: Sequence[Line], notes: list[str]) -> list[Line]:
    """By time; lines that start together as one, each ending before the next starts unless its words have times."""
    placed = sorted(lines, key=lambda line: line.start)
    if placed != list(lines):
        notes.append("the lines were not in order of time and were sorted")
    merged: list[Line] = []
    for line in _unrolled(placed, notes):
        if merged and merged[-1].start == line.start:
            last = merged[-1]
            merged[-1] = Line(last.start, max(last.end, line.end), f"{last.text}\n{line.text}")
        else:
            merged.append(line)
    shortened = 0
    for n, (line, following) in enumerate(pairwise(merged)):
        if line.end > following.start and not INLINE.search(line.text):
            merged[n] = replace(line, end=following.start)
            shortened += 1
    if shortened:
        notes.append(f"{counted(shortened, 'line')} overlapped the next and ended where that begins")
    return merged


def _unrolled(lines: list[Line], notes: list[str]) -> list[Line]:
    """Without the rows that captions which roll up, as live ones and YouTube's do, carry over from the one before."""
    rows = [[row for row in line.text.split("\n") if plain(row)] for line in lines]
    texts = [[plain(row) for row in block] for block in rows]
    carried = [0] * len(lines)
    for n in range(1, len(lines)):
        before, now = texts[n - 1], texts[n]
        short = lines[n].end - lines[n].start <= BLINK
        most = min(len(before), len(now) if short else len(now) - 1)
        if lines[n].start - lines[n - 1].end <= BLINK:
            carried[n] = next((k for k in range(min(most, 4), 0, -1) if before[-k:] == now[:k]), 0)
    # Somebody may well say a thing twice; a file that does it all the time rolls.
    if sum(map(bool, carried)) * 3 < len(lines) or not any(carried):
        return lines
    notes.append("the captions roll up; rows repeated from the one before were left out")
    kept = [replace(line, text="\n".join(block[k:])) for line, block, k in zip(lines, rows, carried, strict=True)]
    return [line for line in kept if line.text]
