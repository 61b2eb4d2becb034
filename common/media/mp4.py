"""What stands where in an MP4 file, read from its boxes (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

_HOLD_OTHERS = {b"moov", b"trak", b"edts"}


def starts_fast(path: Path) -> bool:
    """Whether it can play before all of it has arrived: its index (moov) stands before its data (mdat)."""
    with path.open("rb") as file:
        for kind, _, _ in _boxes(file, 0, file.seek(0, 2)):
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
    return False


def has_edit_list(path: Path) -> bool:
    """Whether a track begins by an edit list (elst), as sound does that hides its encoder's delay."""
    with path.open("rb") as file:
        return _holds(file, 0, file.seek(0, 2), b"elst")


def _holds(file: IO[bytes], first: int, end: int, wanted: bytes) -> bool:
    for kind, begin, stop in _boxes(file, first, end):
        if kind == wanted or (kind in _HOLD_OTHERS and _holds(file, begin, stop, wanted)):
            return True
    return False


def _boxes(file: IO[bytes], at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and where its content begins and ends, of each box of a stretch of the file, up to the first odd one."""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind, long = int.from_bytes(head[:4], "big"), head[4:8], 0
        if size == 1:
            size, long = int.from_bytes(head[8:16], "big"), 8
        elif size == 0:
            size = end - at
        if size < 8 + long:
            return
        yield kind, at + 8 + long, min(end, at + size)
        at += size
