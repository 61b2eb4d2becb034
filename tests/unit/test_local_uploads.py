"""Uploads to this machine: little memory, no half files, nothing lost to a death, and nobody told too early."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from common.adapters.embedded.sessions import QUANTUM
from common.adapters.embedded.uploads import BLOCK, LocalUploads
from tests.emulators import free_port
from tests.hand import Hand
from tests.standins import local_uploads
from tests.standins.asgi import address, listening, serving

NAME = "t/ann/u1/talk.mp4"
FILM = os.urandom(3 * BLOCK + 12_345)
MB = 1 << 20


@dataclass(slots=True)
class Local:
    """The local server's uploads; `broken` is raised by who is told of a file."""

    uploads: LocalUploads
    folder: Path
    clock: Hand
    told: list[tuple[str, Path]] = field(default_factory=list)
    broken: Exception | None = None

    def arrived(self, name: str, path: Path) -> None:
        if self.broken is not None:
            raise self.broken
        self.told.append((name, path))

    def begun(self, most: int = len(FILM), name: str = NAME) -> str:
        begin = self.uploads.slot(name, content_type="video/mp4", most_bytes=most).resumable
        answer = requests.post(begin.url, headers=dict(begin.headers), timeout=20)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def whole(self, content: Any, name: str = NAME) -> requests.Response:
        slot = self.uploads.slot(name, content_type="video/mp4", most_bytes=len(FILM)).whole
        return requests.put(slot.url, headers=dict(slot.headers), data=content, timeout=20)

    def data(self) -> list[Path]:
        """What has come of uploads under way."""
        return list((self.folder / "begun").glob("*/data"))


@contextmanager
def life(folder: Path, clock: Hand) -> Iterator[Local]:
    """One life of a server, mounted as in the local server."""
    with listening() as at:
        made = Local(None, folder, clock)  # type: ignore[arg-type]
        made.uploads = LocalUploads(address(at), folder, b"k", clock=clock, arrived=lambda *told: made.arrived(*told))
        made.uploads.recover()
        with serving(Starlette(routes=[Mount("/local/uploads", made.uploads)]), at):
            yield made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with life(tmp_path / "uploads", Hand()) as made:
        yield made


def put(session: str, range_: str, content: Any = b"") -> requests.Response:
    return requests.put(session, headers={"Content-Range": range_}, data=content, timeout=20)


def come(session: str) -> int:
    """How many bytes count."""
    answer = put(session, "bytes */*")
    assert answer.status_code == 308, answer.text
    return int(answer.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1


def until(what: Any, within_s: float = 20.0) -> None:
    late = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < late, "it did not come to that"
        time.sleep(0.01)


def connected(session: str, range_: str, length: int) -> socket.socket:
    """A sender of its own pace: the head of a request is sent."""
    url = urlsplit(session)
    sender = socket.create_connection((url.hostname or "", url.port or 0), timeout=20)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {length}\r\n"
    sender.sendall(f"{head}Content-Range: {range_}\r\n\r\n".encode())
    return sender


def test_a_file_is_told_of_once_it_is_whole_and_not_again(local: Local) -> None:
    session, size = local.begun(), len(FILM)
    put(session, f"bytes 0-{BLOCK - 1}/{size}", FILM[:BLOCK])
    assert local.told == []
    for _ in range(2):  # the answer may be lost
        assert put(session, f"bytes {BLOCK}-{size - 1}/{size}", FILM[BLOCK:]).status_code == 200
        assert put(session, f"bytes */{size}").status_code == 200
    ((name, path),) = local.told
    assert (name, path.read_bytes(), path.stat().st_mode & 0o777) == (NAME, FILM, 0o400)
    assert local.data() == []


def test_a_connection_that_breaks_loses_nothing_but_the_last_bytes(local: Local) -> None:
    session, size = local.begun(), len(FILM)
    with connected(session, f"bytes 0-{size - 1}/{size}", size) as sender:
        sender.sendall(FILM[: BLOCK + QUANTUM + 99])
    until(lambda: come(session) >= BLOCK)
    at = come(session)
    assert at in (BLOCK, BLOCK + QUANTUM)
    assert put(session, f"bytes {at}-{size - 1}/{size}", FILM[at:]).status_code == 200
    assert local.told[0][1].read_bytes() == FILM


def test_a_whole_file_that_breaks_off_leaves_nothing(local: Local) -> None:
    slot = local.uploads.slot(NAME, content_type="video/mp4", most_bytes=len(FILM)).whole
    url = urlsplit(slot.url)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=20) as sender:
        headers = "".join(f"{name}: {value}\r\n" for name, value in slot.headers.items())
        head = (
            f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {len(FILM)}\r\n{headers}\r\n"
        )
        sender.sendall(head.encode() + FILM[: 2 * BLOCK])
        until(lambda: [path.stat().st_size >= BLOCK for path in local.data()] == [True])
    until(lambda: local.data() == [])
    assert local.told == [] and local.whole(FILM).status_code == 200


def test_who_goes_on_later_goes_on_though_the_first_connection_hangs(local: Local) -> None:
    session, size = local.begun(), len(FILM)
    with connected(session, f"bytes 0-{size - 1}/{size}", size) as hanging:
        hanging.sendall(FILM[: BLOCK + 1000])
        until(lambda: come(session) == BLOCK)
        assert put(session, f"bytes {BLOCK}-{2 * BLOCK - 1}/{size}", FILM[BLOCK : 2 * BLOCK]).status_code == 308
        hanging.sendall(b"y" * (size - BLOCK - 1000))
        assert hanging.recv(12) == b"HTTP/1.1 409"
    assert come(session) == 2 * BLOCK
    assert local.data()[0].read_bytes() == FILM[: 2 * BLOCK]


def test_what_counts_are_whole_quanta_as_in_the_cloud(local: Local) -> None:
    session = local.begun()
    assert "Range" not in put(session, "bytes 0-99999/*", FILM[:100_000]).headers
    assert put(session, "bytes 100000-199999/*", FILM[100_000:200_000]).status_code == 400
    first = put(session, "bytes 0-299999/*", FILM[:300_000])
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")


@pytest.mark.parametrize(
    "range_", ["bytes 5-4/9", "bytes 0-9/9", "bytes 0-3", "0-3/4", "bytes -3/4", "bytes 0-3/4x", "items */*"]
)
def test_a_content_range_that_is_none_is_refused(local: Local, range_: str) -> None:
    assert put(local.begun(), range_, b"film").status_code == 400
    assert local.told == []


def test_more_than_was_said_is_refused_however_it_is_sent(local: Local) -> None:
    for range_ in ("bytes 0-9/10", "bytes 0-9/*", "bytes 0-1/*"):
        session = local.begun(most=4)
        assert put(session, range_, b"0123456789").status_code == 400, range_
    assert put(session, "bytes */5").status_code == 400
    assert requests.put(session, data=b"01234", timeout=20).status_code == 400
    assert all(path.stat().st_size <= 4 for path in local.data())
    assert requests.put(session, data=b"0123", timeout=20).status_code == 200


def test_an_upload_can_be_given_up(local: Local) -> None:
    session = local.begun()
    put(session, f"bytes 0-{BLOCK - 1}/*", FILM[:BLOCK])
    assert requests.delete(session, timeout=20).status_code == 499
    assert local.data() == [] and put(session, "bytes */*").status_code == 404


def test_a_file_that_nobody_could_be_told_of_is_told_of_later(local: Local) -> None:
    session, size = local.begun(), len(FILM)
    local.broken = RuntimeError("the database is locked")
    assert put(session, f"bytes 0-{size - 1}/{size}", FILM).status_code == 500
    # It is in its place, and whatever is sent now does not touch it.
    assert put(session, f"bytes 0-{size - 1}/{size}", b"x" * size).status_code == 500
    local.broken = None
    assert put(session, f"bytes */{size}").status_code == 200
    assert [(name, path.read_bytes()) for name, path in local.told] == [(NAME, FILM)]


def test_the_next_life_tells_of_what_the_last_did_not(tmp_path: Path) -> None:
    clock = Hand()
    with life(tmp_path, clock) as first:
        first.broken = RuntimeError("killed")
        assert first.whole(FILM).status_code == 500
        put(first.begun(name="t/ann/u2/parts.mp4"), f"bytes 0-{BLOCK - 1}/*", FILM[:BLOCK])
    (tmp_path / "begun" / "20261121-half").mkdir()  # it died while it began
    with life(tmp_path, clock) as second:
        assert [(name, path.read_bytes()) for name, path in second.told] == [(NAME, FILM)]
        assert [path.stat().st_size for path in second.data()] == [BLOCK]  # what can be gone on with
        assert len(list((tmp_path / "begun").iterdir())) == 1
        clock.move(timedelta(days=6).total_seconds())
        second.begun(name="t/ann/u3/other.mp4")
        assert len(second.data()) == 2
        clock.move(timedelta(days=3).total_seconds())
        second.begun(name="t/ann/u3/new.mp4")
        assert len(second.data()) == 2
    with life(tmp_path, clock) as third:
        assert third.told == []


def test_a_full_disk_is_said_and_what_came_is_kept(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    session, size = local.begun(), len(FILM)
    put(session, f"bytes 0-{BLOCK - 1}/{size}", FILM[:BLOCK])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("common.adapters.embedded.sessions.os.fstat", full)  # every write begins with it
        answer = put(session, f"bytes {BLOCK}-{size - 1}/{size}", FILM[BLOCK:])
    assert answer.status_code == 507 and "free some space" in answer.text
    assert come(session) == BLOCK
    assert put(session, f"bytes {BLOCK}-{size - 1}/{size}", FILM[BLOCK:]).status_code == 200


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../b", "é" * 400, "t/.hidden", "t//x", "a\nb", "C:\\x"]
)
def test_a_name_leads_nowhere(local: Local, name: str, tmp_path: Path) -> None:
    assert local.whole(b"film", name).status_code == 200
    ((told, path),) = local.told
    assert told == name and path.resolve().parent == (local.folder / "files").resolve()


def test_hundred_at_once_lose_nothing(local: Local) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda n: local.whole(FILM[: 100_000 + n], f"t/ann/u{n}/x").status_code, range(100)))
    assert answers == [200] * 100
    assert sorted(path.stat().st_size for _, path in local.told) == [100_000 + n for n in range(100)]
    assert local.data() == []


@contextmanager
def process(folder: Path, port: int) -> Iterator[psutil.Popen]:
    running = psutil.Popen([sys.executable, "-m", "tests.standins.local_uploads", str(folder), str(port)])
    try:
        until(lambda: _answers(port))
        yield running
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()


def _answers(port: int) -> bool:
    try:
        return requests.put(f"http://127.0.0.1:{port}/local/uploads/?upload_id=x", timeout=5).status_code == 404
    except requests.RequestException:
        return False


def _zeros(size: int) -> Iterator[bytes]:
    for at in range(0, size, MB):
        yield bytes(min(MB, size - at))


def test_200_mb_take_little_memory_and_survive_a_kill(tmp_path: Path) -> None:
    size, port = 200 * MB, free_port()
    slot = local_uploads.uploads(tmp_path, port).slot(NAME, content_type="video/mp4", most_bytes=size)
    with process(tmp_path, port) as running:
        begin = slot.resumable
        session = requests.post(begin.url, headers=dict(begin.headers), timeout=20).headers["Location"]
        before = running.memory_info().rss
        assert put(session, f"bytes 0-{120 * MB - 1}/{size}", _zeros(120 * MB)).status_code == 308
        with connected(session, f"bytes {120 * MB}-{size - 1}/{size}", size - 120 * MB) as sender:
            sender.sendall(bytes(9 * MB))
            until(lambda: come(session) >= 128 * MB)
            grown = _peak(running.pid) - before
            running.kill()
            running.wait()
    assert grown < 32 * MB, f"{grown / MB:.0f} MB"
    with process(tmp_path, port) as again:
        at = come(session)
        assert 128 * MB <= at <= 129 * MB
        before = again.memory_info().rss
        assert put(session, f"bytes {at}-{size - 1}/{size}", _zeros(size - at)).status_code == 200
        assert _peak(again.pid) - before < 32 * MB
    name, path = (tmp_path / "told").read_text().strip().split("\t")
    with Path(path).open("rb") as file:
        assert (name, hashlib.file_digest(file, "sha256").digest()) == (NAME, hashlib.sha256(bytes(size)).digest())


def _peak(pid: int) -> int:
    """The most bytes of memory that a process ever had."""
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell how much memory a process ever had")
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))
