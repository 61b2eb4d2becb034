"""Uploads to this machine, by the same requests that Cloud Storage's signed URLs take: whole, or in parts.

What is sent goes to the disk a megabyte at a time. Of two that send to one upload at once the later goes on and the
earlier is turned away: its connection may be dead without anybody having noticed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from common.adapters.embedded.sessions import Arrived, Refused, Session, Sessions, counting
from common.adapters.embedded.signatures import Signatures
from common.ports import uploads
from common.ports.clock import Clock

AT = "/local/uploads/"
LASTS = timedelta(minutes=30)  # to begin an upload
BLOCK = 1 << 20  # bytes written at once
HEARD_OUT = 64 << 20  # bytes that are read of what is refused: who is cut off while sending does not hear why

_LENGTHS = re.compile(r"(\d{1,15}),(\d{1,15})")
_PART = re.compile(r"bytes (?:(\d{1,15})-(\d{1,15})|\*)/(\d{1,15}|\*)")


@dataclass(slots=True, weakref_slot=True)
class _Line:
    """Who sends to a session: `last` counts them. The lock is held to write, never while waiting for a sender."""

    last: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class _Sent(Request):
    """A request of whose body each reader gets what the one before it left."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self.pieces = self.stream()


class LocalUploads:
    """The port, and the ASGI application that `base_url`/local/uploads/ leads to, in one event loop.

    `arrived` is called in a thread with a file's name and path once the file is whole, and called again, by `recover`
    at the latest, where it raised or the process died in it. What it raises is not caught.
    """

    def __init__(self, base_url: str, folder: Path, key: bytes, *, clock: Clock, arrived: Arrived) -> None:
        self._base, self._clock = base_url.rstrip("/") + AT, clock
        self._signatures = Signatures(key, clock)
        self._sessions = Sessions(folder, clock, arrived)
        self._lines: WeakValueDictionary[str, _Line] = WeakValueDictionary()

    def recover(self) -> None:
        """What an earlier life left; before the first request."""
        self._sessions.recover()

    def slot(self, name: str, *, content_type: str, most_bytes: int) -> uploads.Slot:
        headers = {"x-goog-if-generation-match": "0", "x-goog-content-length-range": f"1,{most_bytes}"}
        headers["content-type"] = content_type
        expires = self._clock.now() + LASTS

        def request(method: str, headers: dict[str, str]) -> uploads.Request:
            # Not in the path, of which browsers take out what looks like a way up.
            query = self._signatures.query(expires, *_said(method, name, headers), name=name)
            return uploads.Request(method=method, url=f"{self._base}?{query}", headers=headers)

        begun = request("POST", {**headers, "x-goog-resumable": "start"})
        return uploads.Slot(name=name, whole=request("PUT", headers), resumable=begun, expires=expires)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _Sent(scope, receive)
        try:
            try:
                token = request.query_params.get("upload_id")
                response = await (self._signed(request) if token is None else self._part(request, token))
            except Refused as refused:
                await _hear_out(request)
                response = PlainTextResponse(f"{refused}\n", refused.status)
        except ClientDisconnect:
            response = Response(status_code=499)  # for the log: nobody reads it
        await response(scope, receive, send)

    async def _signed(self, request: _Sent) -> Response:
        """A whole file, or the begin of one in parts."""
        name = request.query_params.get("name", "")
        headers = {one: value for one, value in request.headers.items() if one.startswith("x-goog-")}
        headers["content-type"] = request.headers.get("content-type", "")
        if not self._signatures.holds(request.query_params, *_said(request.method, name, headers)):
            raise Refused(403, "this URL is for another request, or has expired; ask for another place")
        lengths = _LENGTHS.fullmatch(headers["x-goog-content-length-range"])
        assert lengths is not None  # it is signed
        least, most, again = int(lengths[1]), int(lengths[2]), request.method == "POST"
        if not again:
            _check(int(request.headers.get("content-length", most)), least, most)
        session = await asyncio.to_thread(self._sessions.begin, name, least=least, most=most, again=again)
        if again:
            return Response(status_code=201, headers={"location": f"{self._base}?upload_id={session.token}"})
        try:
            await self._take(request, session, first=0, until=most)
            _check(session.size() or 0, least, most)
        except BaseException:
            self._sessions.end(session)
            raise
        return await self._finish(session)

    async def _part(self, request: _Sent, token: str) -> Response:
        """A part, the question how far it came, or its end."""
        session = await asyncio.to_thread(self._sessions.find, token)
        if session is None:
            raise Refused(404, "there is no such upload, or no longer; begin it anew")
        if request.method not in ("PUT", "DELETE"):
            raise Refused(405, "an upload takes PUT and DELETE; use one of them")
        if session.whole():
            await _hear_out(request)
            return await self._finish(session)
        if request.method == "DELETE":
            async with self._line(session).lock:
                await asyncio.to_thread(self._sessions.end, session)
            return Response(status_code=499)  # as Cloud Storage says it
        if (range_ := request.headers.get("content-range")) is None:
            await self._take(request, session, first=0, until=session.most)
            total = session.size()
        else:
            first, until, total = _read(range_)
            if total is not None:
                _check(total, session.least, session.most)
            if until is not None:
                await self._take(request, session, first=first, until=until)
        size = session.size()
        if size is None or size == total:
            _check(session.least if size is None else size, session.least, session.most)
            return await self._finish(session)
        counts = counting(size)
        return Response(status_code=308, headers={"range": f"bytes=0-{counts - 1}"} if counts else {})

    async def _take(self, request: _Sent, session: Session, *, first: int, until: int) -> None:
        """Add what is sent, which are the bytes from `first` to before `until`, to what has come."""
        line = self._line(session)
        line.last += 1
        mine = line.last
        async with line.lock:
            there = await asyncio.to_thread(session.cut)
        if first > there:
            raise Refused(400, f"the bytes from {there} to {first} are missing; go on from {there}")
        at = first
        async for block in _blocks(request):
            if at + len(block) > min(until, session.most):
                raise _too_large(min(until, session.most))
            new = block[max(0, there - at) :]
            at += len(block)
            async with line.lock:
                if line.last != mine:
                    raise Refused(409, "somebody else goes on with this upload; ask how far it came")
                await asyncio.to_thread(session.add, new)

    async def _finish(self, session: Session) -> Response:
        async with self._line(session).lock:
            await asyncio.to_thread(self._sessions.finish, session)
        return Response(status_code=200)

    def _line(self, session: Session) -> _Line:
        line = self._lines.get(session.token)
        if line is None:
            self._lines[session.token] = line = _Line()
        return line


def _said(method: str, name: str, headers: dict[str, str]) -> list[str]:
    return ["upload", method, name, *(f"{one}: {headers[one]}" for one in sorted(headers))]


def _read(range_: str) -> tuple[int, int | None, int | None]:
    """Of a Content-Range the first byte, the one after the last, None where none are sent, and the whole length."""
    told = _PART.fullmatch(range_)
    if told is None:
        raise Refused(400, "that is no Content-Range; send bytes FIRST-LAST/WHOLE or bytes */WHOLE")
    total = None if told[3] == "*" else int(told[3])
    if told[1] is None:
        return 0, None, total
    first, until = int(told[1]), int(told[2]) + 1
    if not first < until <= (until if total is None else total):
        raise Refused(400, "that Content-Range contradicts itself; send bytes FIRST-LAST/WHOLE")
    return first, until, total


def _check(size: int, least: int, most: int) -> None:
    if size > most:
        raise _too_large(most)
    if size < least:
        raise Refused(400, f"there are fewer than {least} bytes; send the file")


def _too_large(most: int) -> Refused:
    return Refused(400, f"there are more than {most} bytes; ask for a place for as many as the file has")


async def _blocks(request: _Sent) -> AsyncIterator[bytes]:
    """The body in blocks; of a connection that breaks off all that came, and then ClientDisconnect."""
    block = bytearray()
    try:
        async for piece in request.pieces:
            block += piece
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    except ClientDisconnect:
        if block:
            yield bytes(block)
        raise
    if block:
        yield bytes(block)


async def _hear_out(request: _Sent) -> None:
    read = 0
    async for piece in request.pieces:
        read += len(piece)
        if read > HEARD_OUT:
            return
