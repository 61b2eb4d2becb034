"""A file taken by its link, by ranges after a cut, and held against its digest."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from common.client import problems, wire
from common.client.problems import Refused, Unreachable
from common.client.transport import pauses

BLOCK = 1 << 20
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")

Progress = Callable[[int, int], object]  # bytes there, of how many


def take(
    link: Callable[[], str],
    path: Path,
    *,
    sha256: str | None = None,
    on_progress: Progress | None = None,
    patience_s: float = 300.0,
    timeout_s: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """`link` gives one, and another once that has expired. Until it is whole it is `path` with `.part` after it.

    Raises Refused where what came is not what the digest says; then the part is gone, too.
    """
    part = path.with_name(path.name + ".part")
    url, tries, until = link(), pauses(), time.monotonic() + patience_s
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            status = _more(url, part, before, on_progress, timeout_s)
            if status in (200, 206):
                break
        except Unreachable:
            if time.monotonic() > until:
                raise
            status = 0
        if part.exists() and part.stat().st_size > before:
            tries, until = pauses(), time.monotonic() + patience_s
        if status == 416:  # there is no more of it, or it was another file
            break
        if time.monotonic() > until:
            raise Unreachable(f"{path.name}: nothing more of it comes; try again later")
        sleep(next(tries))
        if status == 403:
            url = link()
    if sha256 is not None and _digest(part) != sha256:
        part.unlink()
        raise Refused(f"{path.name} is not what the server says it is (its SHA-256 differs); take it again")
    os.replace(part, path)


def _more(url: str, part: Path, at: int, on_progress: Progress | None, timeout_s: float) -> int:
    """Add what comes from `at` on; the status. Raises Unreachable after whatever came was kept, and Problem."""
    headers = {"Range": f"bytes={at}-"} if at else {}
    with wire.opened("GET", url, headers=headers, timeout_s=timeout_s) as (answer, told):
        if answer.status not in (200, 206):
            body = answer.read(10_000)
            if answer.status not in (403, 416, 429, 500, 502, 503, 504):
                raise problems.of(f"GET {wire.shown(url)}", answer.status, told, body)
            return answer.status
        came = _RANGE.fullmatch(told.get("content-range", ""))
        whole = int(came[2]) if came else int(told.get("content-length", 0))
        with part.open("ab") as file:
            file.truncate(at if answer.status == 206 else 0)
            there = file.seek(0, os.SEEK_END)
            while block := answer.read(BLOCK):
                file.write(block)
                there += len(block)
                if on_progress is not None:
                    on_progress(there, whole)
        if there < whole:
            raise Unreachable(f"{part.stem} broke off after {there} of {whole} bytes")
        return answer.status


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
