"""An HTTP server on the loopback whose answers a test writes."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`status` 0 cuts the connection; so does a Content-Length in `headers` of more than the body has.

    `raw` is sent instead of all else, a piece at a time, and then it is cut.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Iterable[bytes] | None = None


class _Handler(BaseHTTPRequestHandler):
    answer: Callable[[Request], Reply]
    arriving: Callable[[str], None]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        type(self).arriving(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Request(method=self.command, path=self.path, headers=dict(self.headers.items()), body=body)
        reply = type(self).answer(asked)
        if reply.raw is not None:
            return self._sent(reply.raw)
        if reply.status == 0:
            return
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _sent(self, pieces: Iterable[bytes]) -> None:
        with suppress(OSError):  # who asked has gone
            for piece in pieces:
                self.wfile.write(piece)
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024  # connections that wait; with the usual 5 a hundred clients at once are cut off

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or trusts us not, is no news; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextmanager
def serving(
    answer: Callable[[Request], Reply],
    tls: ssl.SSLContext | None = None,
    arriving: Callable[[str], None] = lambda path: None,
) -> Iterator[str]:
    """The address of a server of its own, such as http://127.0.0.1:40123; `answer` is called by many threads, and
    `arriving` before a request's body is read.
    """
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "arriving": staticmethod(arriving)})
    with _Server(("127.0.0.1", 0), handler) as server:
        if tls is not None:  # the handshake in the thread of its connection, not in the one that accepts
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
