"""Requests that are due at fixed moments, whatever became of those before: who stalls cannot slow them down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`kind` groups the figures."""

    kind: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """`late_s`: from the moment it was due until all of the answer was there."""

    kind: str
    status: int
    late_s: float


def drive(url: str, asked: Sequence[Asked], *, rate: float, connections: int) -> list[Got]:
    """All of them, `rate` a second. Of those that are due while every connection is taken, the wait counts too."""
    return asyncio.run(_drive(url, asked, rate, connections))


def percentile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def _drive(url: str, asked: Sequence[Asked], rate: float, connections: int) -> list[Got]:
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    queue: asyncio.Queue[tuple[Asked, float]] = asyncio.Queue()
    found: list[Got] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while True:
            one, due = await queue.get()
            writer.write(_head(one, parts.netloc) + one.body)
            status = await _answer(reader)
            found.append(Got(kind=one.kind, status=status, late_s=time.perf_counter() - due))
            queue.task_done()

    workers = [asyncio.create_task(connection()) for _ in range(connections)]
    began = time.perf_counter() + 0.1
    for n, one in enumerate(asked):
        due = began + n / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queue.put_nowait((one, due))
    joined = asyncio.create_task(queue.join())
    await asyncio.wait([joined, *workers], return_when=asyncio.FIRST_COMPLETED)
    for worker in workers:
        if worker.done():
            worker.result()  # which raises what ended it
        worker.cancel()
    return found


def _head(one: Asked, host: str) -> bytes:
    headers = {"Host": host, **one.headers, **({"Content-Length": str(len(one.body))} if one.body else {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{one.method} {one.path} HTTP/1.1\r\n{lines}\r\n".encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    await reader.readexactly(int(headers.get("content-length", "0")))
    return int(first.split()[1])
