"""A file sent in parts to the signed place it was given, taken up where it stood after a cut."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from common.client import problems, wire
from common.client.problems import Refused, Unreachable
from common.client.transport import pauses

PART = 8 << 20  # bytes; of a multiple of 256 KiB, as Cloud Storage wants it
AGAIN = (408, 429, 500, 502, 503, 504)  # nothing is known of the part; ask how far it came
_BYTES = "application/octet-stream"
_CAME = re.compile(r"bytes=0-(\d+)")

Progress = Callable[[int, int], object]  # bytes sent, of how many


def send(
    begin: Mapping[str, Any],
    path: Path,
    size: int,
    *,
    on_progress: Progress | None = None,
    part: int = PART,
    patience_s: float = 300.0,
    timeout_s: float = 60.0,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """`begin` is the request that begins it. `patience_s`: for which it goes on while nothing more gets through.

    Raises Refused where the place takes it no more, Unreachable where nobody answers any more.
    """
    tell = on_progress or (lambda sent, whole: None)
    with path.open("rb") as file:
        session, at, known = _begun(begin, patience_s, timeout_s, sleep), 0, True
        tries, until = pauses(), time.monotonic() + patience_s
        while True:
            try:
                answer = _put(session, file, at, part, size, timeout_s) if known else _asked(session, size, timeout_s)
            except Unreachable:
                if time.monotonic() > until:
                    raise
                known = False
                sleep(next(tries))
                continue
            if 200 <= answer.status < 300:
                tell(size, size)
                return
            if answer.status == 308:
                came = _CAME.fullmatch(answer.headers.get("range", ""))
                reached = int(came[1]) + 1 if came else 0
                if reached > at:
                    tries, until = pauses(), time.monotonic() + patience_s
                    tell(reached, size)
                elif known:  # a part was sent and nothing of it kept
                    sleep(next(tries))
                at, known = reached, True
            elif answer.status in AGAIN or (answer.status == 409 and known):
                known = False
                sleep(next(tries))
            else:
                raise problems.of(f"PUT {wire.shown(session)}", answer.status, answer.headers, answer.body)
            if time.monotonic() > until:
                raise Unreachable(f"{path.name}: nothing more than {at} of {size} bytes gets through; try again later")


def _begun(begin: Mapping[str, Any], patience_s: float, timeout_s: float, sleep: Callable[[float], None]) -> str:
    """Where the parts go."""
    until = time.monotonic() + patience_s
    for pause in pauses():
        try:
            answer = wire.send(begin["method"], begin["url"], headers=begin["headers"], body=b"", timeout_s=timeout_s)
        except Unreachable:
            if time.monotonic() + pause > until:
                raise
        else:
            if answer.status in (200, 201) and "location" in answer.headers:
                return answer.headers["location"]
            if answer.status not in AGAIN or time.monotonic() + pause > until:
                what = f"{begin['method']} {wire.shown(begin['url'])}"
                raise problems.of(what, answer.status, answer.headers, answer.body)
        sleep(pause)
    raise AssertionError("there is always another pause")


def _put(session: str, file: BinaryIO, at: int, part: int, size: int, timeout_s: float) -> wire.Answer:
    file.seek(at)
    content = file.read(min(part, size - at))
    if len(content) < min(part, size - at):
        raise Refused(f"{file.name} became shorter while it was sent; send it anew")
    headers = {
        "Content-Range": f"bytes {at}-{at + len(content) - 1}/{size}",
        "Content-Type": "application/octet-stream",
    }
    return wire.send("PUT", session, headers=headers, body=content, timeout_s=timeout_s)


def _asked(session: str, size: int, timeout_s: float) -> wire.Answer:
    """How far it came."""
    headers = {"Content-Range": f"bytes */{size}", "Content-Type": _BYTES}
    return wire.send("PUT", session, headers=headers, body=b"", timeout_s=timeout_s)
