"""Links to objects on this machine: signed paths of the local server, which are sent whole or by ranges."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from common.adapters.embedded.signatures import Signatures
from common.errors import Permanent
from common.ports.clock import Clock
from common.ports.links import disposition
from common.ports.objects import Objects

AT = "/local/objects/"
LASTS = timedelta(minutes=15)
# What is sent may have been written by anybody: a browser that opens it must take it for what it is said to be, and run
# nothing of it in the name of this server.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": f"private, max-age={int(LASTS.total_seconds())}",
}


class LocalLinks:
    """The port, and the ASGI application that `base_url`/local/objects/ leads to. Objects must lie on this machine."""

    def __init__(self, base_url: str, objects: Objects, key: bytes, *, clock: Clock) -> None:
        self._base, self._objects, self._clock = base_url.rstrip("/") + AT, objects, clock
        self._signatures = Signatures(key, clock)

    def link(self, key: str, *, name: str, kind: str) -> str:
        how = disposition(name)
        query = self._signatures.query(self._clock.now() + LASTS, "object", key, how, kind, how=how, kind=kind)
        return f"{self._base}{quote(key)}?{query}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("an object is read; use GET\n", 405, headers={"Allow": "GET, HEAD"})
        key = request.scope["path"].partition(AT)[2]
        how, kind = request.query_params.get("how", ""), request.query_params.get("kind", "")
        if not self._signatures.holds(request.query_params, "object", key, how, kind):
            return PlainTextResponse("this link is for something else, or has expired; ask for a new one\n", 403)
        try:
            path = await asyncio.to_thread(self._objects.fetch, key, Path())
        except Permanent as error:
            if error.code != "no_object":
                raise
            return PlainTextResponse(f"{error}\n", 404)
        return FileResponse(path, media_type=kind, headers={**_HEADERS, "Content-Disposition": how})
