"""scripts/bench api: what a request costs, how late answers are under a steady load, and what big uploads take."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from common.client import Cutroom, Unreachable, wire
from common.pipeline.usage import tree_pss
from scripts.benches import Row
from scripts.benches.openloop import Asked, drive, percentile
from scripts.benches.served import ASSETS, Server, served

RATE, CONNECTIONS, SECONDS = 300, 50, 20.0
REQUESTS = 3000  # for what one costs
ROUNDS = 2  # taken in turn, so that what else the machine does falls on all alike
BIG = 1 << 30
TARGETS_MS = {"one asset": 20.0, "list": 50.0, "start of analysis": 100.0}


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        yield from _costs(Path(name) / "cost")
        with served("whole", Path(name) / "load") as server:
            yield from _load(server)
        with served("whole", Path(name) / "uploads") as server:
            yield from _uploads(server, Path(name))


def _costs(home: Path) -> Iterator[Row]:
    """CPU of a request, by the server's own clock, with less and less around it."""
    with (
        served("bare", home) as bare,
        served("route", home) as route,
        served("safe", home) as safe,
        served("cors", home) as cors,
        served("whole", home) as whole,
    ):
        key = _key(whole)
        kinds: dict[str, tuple[Server, str, str]] = {
            "bare": (bare, "/", ""),
            "route": (route, "/health", ""),
            "safe": (safe, "/health", ""),
            "cors": (cors, "/health", ""),
            "person": (whole, "/v1/assets/bench1", whole.key),
            "key": (whole, "/v1/assets/bench1", key),
        }
        spent = {name: min(_cpu(*asked) for _ in range(ROUNDS)) for name, asked in kinds.items()}
    peer = f"a bare ASGI app on uvicorn, {spent['bare'] * 1e6:.0f} us a request; least of {ROUNDS}"
    ratio = spent["route"] / spent["bare"]
    yield Row(name="a route without middleware: CPU against bare uvicorn", value=ratio, unit="x", target=1.5, peer=peer)
    for name, before, what in (
        ("safe", "route", "middleware: the request's id, careful headers, faults as problems"),
        ("cors", "safe", "middleware: pages of other origins (CORS)"),
        ("person", "cors", "one asset, with the local key: a thread, who asks, limits, two reads, the answer"),
        ("key", "person", "the same by an API key: another read of two documents"),
    ):
        cost = (spent[name] - spent[before]) * 1e6
        yield Row(name=what, value=cost, unit="us CPU", peer=f"above {before}, {spent[name] / spent['bare']:.1f}x bare")


def _cpu(server: Server, path: str, key: str) -> float:
    """Seconds of CPU a request takes, one after another on one connection."""
    headers = f"Host: x\r\nAuthorization: Bearer {key}\r\n" if key else "Host: x\r\n"
    request = f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode()
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port)) as connection, connection.makefile("rb") as answers:
        for n in range(REQUESTS + 200):
            if n == 200:  # by then it is warm
                before = server.cpu_s
            connection.sendall(request)
            length = 0
            assert b" 200 " in answers.readline()
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.read(length)
    return (server.cpu_s - before) / REQUESTS


def _key(server: Server) -> str:
    told = Cutroom(server.url, key=server.key).accounts.make_key(name="bench", role="editor")["text"]
    assert told is not None
    return told


def _load(server: Server) -> Iterator[Row]:
    """Of ten requests six ask for one asset, three for a list, and one starts an analysis."""
    headers = {"Authorization": f"Bearer {_key(server)}", "Content-Type": "application/json"}
    plain = {"Authorization": headers["Authorization"]}

    def asked(n: int) -> Asked:
        if n % 10 == 9:
            body = json.dumps({"asset": f"bench{n % ASSETS}"}).encode()
            return Asked(kind="start of analysis", method="POST", path="/v1/flows", headers=headers, body=body)
        if n % 10 > 5:
            return Asked(kind="list", method="GET", path="/v1/assets?limit=20", headers=plain)
        return Asked(kind="one asset", method="GET", path=f"/v1/assets/bench{n * 7 % ASSETS}", headers=plain)

    drive(server.url, [asked(n) for n in range(ASSETS, ASSETS + 300)], rate=100, connections=CONNECTIONS)  # warm
    found = drive(server.url, [asked(n) for n in range(int(RATE * SECONDS))], rate=RATE, connections=CONNECTIONS)
    peer = f"open loop, {RATE}/s over {CONNECTIONS} connections for {SECONDS:g} s, {ASSETS} assets, API key"
    wrong = sum(one.status not in (200, 201) for one in found)
    yield Row(name="load: requests that failed", value=wrong, unit="", target=0, peer=peer)
    for kind, target in TARGETS_MS.items():
        late = [one.late_s * 1000 for one in found if one.kind == kind]
        yield Row(name=f"load: {kind}, 95th percentile", value=percentile(late, 0.95), unit="ms", target=target)
        yield Row(name=f"load: {kind}, median", value=percentile(late, 0.5), unit="ms")


def _uploads(server: Server, folder: Path) -> Iterator[Row]:
    cutroom = Cutroom(server.url, key=server.key)
    big = folder / "big.mp4"
    with big.open("wb") as file:
        file.truncate(BIG)
    before, watch = tree_pss(server.pid), _Watch(server.pid)
    with watch, _cut_once() as cuts:
        asset = cutroom.upload(big)
    arrived = cutroom.assets.one(asset["id"])
    assert len(cuts) == 1 and (arrived["state"], arrived["size"]) == ("new", BIG), arrived
    peer = f"{before / 2**20:.0f} MB before; cut in the middle of a part and taken up"
    most = watch.most / 2**20
    yield Row(name="1 GB in parts: the server's memory (PSS)", value=most, unit="MB", target=100, peer=peer)

    def one(n: int) -> str:
        path = folder / f"small-{n}.mp4"
        path.write_bytes(n.to_bytes(4, "big") * 100_000)
        return Cutroom(server.url, key=server.key).upload(path)["id"]

    with ThreadPoolExecutor(100) as threads:
        sent = list(threads.map(one, range(100)))
    came = {asset["id"] for asset in cutroom.assets.every(limit=100) if asset["state"] == "new"}
    lost = sum(asset not in came for asset in sent)
    yield Row(name="100 uploads at once: lost", value=lost, unit="", target=0, peer="400 KB each, by a client each")


class _Watch:
    """The most memory that a process had while it was watched, looked at every 50 ms."""

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, tree_pss(self._pid))


class _cut_once:
    """The client's connection breaks once, with half of a part sent."""

    def __enter__(self) -> list[int]:
        self._send, parts = wire.send, 0
        cuts: list[int] = []

        def send(method: str, url: str, **more: Any) -> wire.Answer:
            nonlocal parts
            parts += method == "PUT"
            if parts == 60 and not cuts:
                cuts.append(parts)
                _half(method, url, **more)
                raise Unreachable("cut")
            return self._send(method, url, **more)

        wire.send = send
        return cuts

    def __exit__(self, *_: object) -> None:
        wire.send = self._send


def _half(method: str, url: str, *, headers: dict[str, str], body: bytes, **_: object) -> None:
    parts = urlsplit(url)
    said = {"Host": parts.netloc, "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"{method} {parts.path}?{parts.query} HTTP/1.1\r\n{lines}\r\n".encode())
        connection.sendall(body[: len(body) // 2])
