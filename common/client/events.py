"""Server-sent events, as the standard of HTML has them, out of an answer's lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from common.client.problems import Unreachable

LONGEST = 1 << 20  # bytes of one line


class Lines(Protocol):
    def readline(self, limit: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`data` read as JSON where it is that; `id` is where to go on from."""

    id: str | None
    name: str
    data: Any


def events(lines: Lines) -> Iterator[Event]:
    """Those that came whole; a comment, which keeps the connection alive, is none. Raises Unreachable."""
    identity: str | None = None
    name = ""
    data: list[str] = []
    while line := lines.readline(LONGEST):
        if len(line) >= LONGEST:
            raise Unreachable("a line of events is longer than a megabyte; is it Cutroom's address?")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            if data:
                yield Event(id=identity, name=name or "message", data=_read("\n".join(data)))
            name, data = "", []
            continue
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            identity = value


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
