"""What scripts/bench api measures: the API on the embedded parts, and ever less of it, each in its own process.

`python -m scripts.benches.served KIND HOME` prints its address, and the key where it takes one, and serves until it is
ended.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ASSETS = 10_000
TENANT = "local"


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    url: str
    key: str

    @property
    def cpu_s(self) -> float:
        """Of the whole process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(kind: str, home: Path) -> Iterator[Server]:
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.benches.served", kind, str(home)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUTROOM_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url, _, key = process.stdout.readline().strip().partition(" ")
            assert url, "the server did not start; what it said stands above"
            yield Server(process.pid, url, key)
        finally:
            process.terminate()


class _Open:
    """Implements Limits, and lets everybody in: who measures comes more often than a person may."""

    def take(self, *_: object) -> None:
        return None


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """What anything on uvicorn costs at least."""
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"11")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"ok":true}'})


def _part(kind: str) -> Any:
    """/health with so much around it."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.cors import CORSMiddleware
    from starlette.responses import Response
    from starlette.routing import Route

    from functions.api import app, health

    async def answer(request: Any) -> Response:
        return Response(health.get(), media_type="application/json")

    around = {
        "route": [],
        "safe": [Middleware(app._Safe)],
        "cors": [Middleware(app._Safe), Middleware(CORSMiddleware, allow_origins=[])],
    }
    return Starlette(routes=[Route("/health", answer)], middleware=around[kind])


def _fill(engine: Any) -> None:
    """Ten thousand videos, each with its file, as if they had come a second apart."""
    from datetime import timedelta

    from common.ports.clock import stamp
    from common.ports.documents import Create

    now = engine.clock.now()
    for first in range(0, ASSETS, 500):
        writes = []
        for n in range(first, first + 500):
            source = {"bucket": "file", "name": f"talk-{n}.mp4", "generation": str(n), "size": 352_000_000}
            body = {"schema": 1, "state": "accepted", "source": source, "location": f"/nowhere/talk-{n}.mp4"}
            body |= {"created": stamp(now - timedelta(seconds=n)), "title": f"Talk {n}", "duration": 61.5}
            writes.append(Create(f"tenants/{TENANT}/assets/bench{n}", body))
        engine.documents.commit(writes)


def main(kind: str, home: Path) -> None:
    import uvicorn

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def serve(app: Any, key: str = "") -> None:
            print(url, key, flush=True)
            config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none")
            uvicorn.Server(config).run([listener])

        if kind == "bare":
            serve(bare)
        elif kind != "whole":
            serve(_part(kind))
        else:
            from common import config
            from common.bootstrap import local as bootstrap
            from functions.api import app

            with bootstrap.local(config.from_environment()) as local:
                api = bootstrap.api(local, url)
                _fill(local.engine)
                routes = app.build(replace(api.parts, limits=_Open()))

                async def both(scope: Any, receive: Any, send: Any) -> None:
                    files = scope["type"] == "http" and scope["path"].startswith("/local/")
                    await (api.files if files else routes)(scope, receive, send)

                serve(both, api.key)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
