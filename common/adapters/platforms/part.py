"""A stretch of a file as something to be read from, for a form that is sent: little of it is ever in memory."""

from __future__ import annotations

import io
from collections.abc import Callable

from common.adapters.platforms.web import PART
from common.errors import Unreachable


class FilePart(io.RawIOBase):
    """Bytes `start` to `end` of an object; `read(object, start, size)` gives some."""

    def __init__(self, read: Callable[[str, int, int], bytes], name: str, start: int, end: int) -> None:
        self._read, self._name, self._start, self._size = read, name, start, end - start
        self._at = self._block_at = 0
        self._block = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._at
        if left <= 0:
            return b""
        if not self._block_at <= self._at < self._block_at + len(self._block):
            self._block_at = self._at
            self._block = self._read(self._name, self._start + self._at, min(PART, left))
            if not self._block:
                raise Unreachable("the file is shorter than it was; it is looked at again")
        begin = self._at - self._block_at
        found = self._block[begin : begin + (left if size < 0 else min(size, left))]
        self._at += len(found)
        return found
