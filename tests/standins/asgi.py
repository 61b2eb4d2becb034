"""An ASGI application of ours behind a real server on the loopback, in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

READY_S = 20.0


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A port of the loopback to serve on."""
    with socket.socket() as open_:
        open_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        open_.bind(("127.0.0.1", 0))
        yield open_


def address(at: socket.socket) -> str:
    """Such as http://127.0.0.1:40123."""
    return f"http://127.0.0.1:{at.getsockname()[1]}"


def server(app: Any) -> uvicorn.Server:
    """Without what Cutroom does not use: websockets, start and end of the application, a log."""
    return uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None))


@contextmanager
def serving(app: Any, at: socket.socket) -> Iterator[None]:
    """Up when it is given, down after, with what was under way."""
    running = server(app)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [at]}, daemon=True)
    thread.start()
    until = time.monotonic() + READY_S
    while not running.started:
        assert thread.is_alive() and time.monotonic() < until, "the server did not start"
        time.sleep(0.01)
    try:
        yield
    finally:
        running.should_exit = True
        thread.join()
