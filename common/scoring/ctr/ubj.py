"""Universal Binary JSON, as far as xgboost writes it (ubjson.org, draft 12), read without trust.

A file says itself how long its parts are: nothing is believed that the bytes cannot hold, and nothing is made of it
but plain values. What is read costs at most a fixed multiple of the bytes.
"""

from __future__ import annotations

import math
import struct
from typing import Any, Final

from common.errors import ModelRefused

MOST_BYTES: Final = 32_000_000
MOST_DEPTH: Final = 16  # of containers in containers; xgboost needs 8
NUMBERS: Final = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
PLAIN: Final = {"Z": None, "T": True, "F": False}


def loads(raw: bytes) -> Any:
    """The one value that the bytes hold. Raises ModelRefused; the message has no name of a file yet."""
    if len(raw) > MOST_BYTES:
        raise ModelRefused(f"it has {len(raw)} bytes, and at most {MOST_BYTES} are read")
    reader = _Reader(raw)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(raw):
        raise ModelRefused(f"{len(raw) - reader.at} bytes follow its end")
    return value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self.raw) - self.at:
            raise ModelRefused(f"it is cut off at byte {self.at}")
        self.at += count
        return self.raw[self.at - count : self.at]

    def marker(self) -> str:
        return chr(self.take(1)[0])

    def peek(self) -> str:
        return chr(self.raw[self.at]) if self.at < len(self.raw) else ""

    def value(self, marker: str, depth: int) -> Any:
        if marker in NUMBERS:
            return self.numbers(marker, 1)[0]
        if marker in PLAIN:
            return PLAIN[marker]
        if marker == "S":
            return self.text()
        if depth >= MOST_DEPTH:
            raise ModelRefused(f"it is nested deeper than {MOST_DEPTH} at byte {self.at}")
        if marker == "[":
            return self.array(depth + 1)
        if marker == "{":
            return self.mapping(depth + 1)
        raise ModelRefused(f"there is no value at byte {self.at - 1}")

    def numbers(self, marker: str, count: int) -> tuple[Any, ...]:
        code = NUMBERS[marker]
        raw = self.take(count * struct.calcsize(">" + code))
        found = struct.unpack(f">{count}{code}", raw)
        if code in "fd" and not all(map(math.isfinite, found)):
            raise ModelRefused(f"a number before byte {self.at} is not finite")
        return found

    def size(self) -> int:
        marker = self.marker()
        if marker not in "iUIlL":
            raise ModelRefused(f"there is no length at byte {self.at - 1}")
        size: int = self.numbers(marker, 1)[0]
        if not 0 <= size <= len(self.raw) - self.at:
            raise ModelRefused(f"it is cut off: {size} at byte {self.at} is more than there is")
        return size

    def text(self) -> str:
        try:
            return self.take(self.size()).decode()
        except UnicodeDecodeError as error:
            raise ModelRefused(f"the text before byte {self.at} is not UTF-8") from error

    def array(self, depth: int) -> list[Any]:
        if self.peek() == "$":
            self.take(1)
            kind = self.marker()
            if kind not in NUMBERS or self.marker() != "#":
                raise ModelRefused(f"the array at byte {self.at} is of no kind of number")
            return list(self.numbers(kind, self.size()))
        if self.peek() == "#":
            self.take(1)
            return [self.value(self.marker(), depth) for _ in range(self.size())]
        found: list[Any] = []
        while (marker := self.marker()) != "]":
            found.append(self.value(marker, depth))
        return found

    def mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() != "}":
            key = self.key()
            if key in found:
                raise ModelRefused(f"{key[:40]!r} stands in it twice")
            found[key] = self.value(self.marker(), depth)
        self.take(1)
        return found

    def key(self) -> str:
        return self.text()
