"""A table of somebody's own as text: which characters, which separator, which line is the head, which lines are rows.

Nothing here knows what a column means (common.learning.columns) or what a row says (common.learning.imports).
"""

from __future__ import annotations

import csv
import io
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from common.errors import BadInput

MOST_BYTES: Final = 32 << 20  # unpacked
MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 300
MOST_CELLS: Final = 3_000_000  # each takes twenty times what it does in the file
_BETWEEN: Final = ",;\t|"
_ABOVE: Final = 10  # lines that may stand above the head: a report's name, its time
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_OTHERS: Final = (
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`line` of the file, from 1, in which it begins."""

    line: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`between`: what separates its fields. A row may have more or fewer fields than the head."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    between: str


def opened(content: bytes, is_head: Callable[[Sequence[str]], bool]) -> Table:
    """The table in a file. Raises BadInput where there is none; what is wrong with a row is not looked at."""
    text = _text(_unpacked(content))
    if not text.strip():
        raise BadInput("the file is empty; export it again, with its rows")
    first = text.partition("\n")[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:
        if first[4] not in _BETWEEN:
            raise BadInput(f"its first line names {first[4]!r} as separator; save it with a comma, semicolon or tab")
        between, lines = first[4], _lines(text, first[4])[1:]
    else:
        between, lines = _separated(text, is_head)
    at = next((n for n, row in enumerate(lines[:_ABOVE]) if is_head(row.fields)), 0)
    if not lines:
        raise BadInput("the file is empty; export it again, with its rows")
    head, rows = tuple(shown(one) for one in lines[at].fields), lines[at + 1 :]
    if len(head) < 2:
        raise BadInput("the head has one column; put a comma, semicolon or tab between its columns, and save it as CSV")
    if len(head) > MOST_COLUMNS:
        raise BadInput(
            f"the table has {len(head)} columns; keep those that docs/learning.md names, at most {MOST_COLUMNS}"
        )
    if not rows:
        raise BadInput("the table has no rows below its head; export it for a time in which something ran")
    if len(rows) > MOST_ROWS:
        raise BadInput(f"the table has {len(rows)} rows; send at most {MOST_ROWS} at once, each ad in one file")
    return Table(head=head, rows=tuple(rows), between=between)


def plain(text: str) -> str:
    """A column's name as it is compared: no case, one space where there were spaces, dashes or underscores."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ").replace("-", " ").replace("’", "'")
    return " ".join(folded.split())


def shown(text: str) -> str:
    """In one line, without the marks that turn or hide what follows, or tell a terminal what to do."""
    if not text.isprintable():
        text = "".join(one if unicodedata.category(one)[0] != "C" else " " for one in text)
    return " ".join(text.split())


def _unpacked(content: bytes) -> bytes:
    if not content:
        raise BadInput("the file is empty; export it again, with its rows")
    for mark, what in _OTHERS:
        if content.startswith(mark):
            raise BadInput(f"this is {what}; open it and save it as CSV in UTF-8")
    if content.startswith(b"\x1f\x8b"):
        pump = zlib.decompressobj(wbits=31)
        try:
            content = pump.decompress(content, MOST_BYTES + 1)
        except zlib.error as error:
            raise BadInput(f"it cannot be unpacked ({error}); send the CSV itself") from error
        if not pump.eof and len(content) <= MOST_BYTES:
            raise BadInput("its end is missing; send it again, whole")
        if pump.unused_data.strip(b"\0"):
            raise BadInput("it is packed in several pieces; unpack it, and send the CSV itself")
    if len(content) > MOST_BYTES:
        raise BadInput(f"the table is larger than {MOST_BYTES >> 20} MiB; send fewer columns, or some of its ads")
    return content


def _text(content: bytes) -> str:
    code = next((code for mark, code in _MARKS if content.startswith(mark)), None)
    if code is None:
        some = content[:4096]
        odd, even = some[1::2].count(0), some[::2].count(0)
        half = max(1, len(some) // 2)
        # Latin text in UTF-16 is every other byte 0.
        code = "utf-16-le" if odd > 0.4 * half > even else "utf-16-be" if even > 0.4 * half > odd else "utf-8"
    try:
        return content.decode(code)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(
            f"line {line} is not written in UTF-8 (byte {error.start}: {error.reason}); save it as CSV UTF-8"
        ) from error


def _separated(text: str, is_head: Callable[[Sequence[str]], bool]) -> tuple[str, list[Row]]:
    """By what makes a head of one of the first lines; else by what the first line has most of."""
    top = "".join(islice(io.StringIO(text, newline=""), _ABOVE + 1))
    for between in _BETWEEN:
        try:
            some = _lines(top, between, strict=False)
        except BadInput:
            continue
        if any(is_head(row.fields) for row in some[:_ABOVE]):
            return between, _lines(text, between)
    between = max(_BETWEEN, key=text.partition("\n")[0].count)
    return between, _lines(text, between)


def _lines(text: str, between: str, *, strict: bool = True) -> list[Row]:
    if text.count(between) > MOST_CELLS:
        raise BadInput(
            f"the table has more than {MOST_CELLS:,} cells; keep those columns that docs/learning.md names, "
            "or send fewer ads"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=strict)
    return list(_read(reader))


def _read(reader: Iterator[list[str]]) -> Iterator[Row]:
    at, count = 1, 0
    try:
        for fields in reader:
            if any(one.strip() for one in fields):
                yield Row(line=at, fields=tuple(fields))
                count += 1
            if count > MOST_ROWS * 2:
                raise BadInput(f"the table has more than {MOST_ROWS} rows; send fewer at once, each ad in one file")
            at = reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        raise BadInput(f"line {at} cannot be read ({error}); look at its quotes, and save the table as CSV") from error
