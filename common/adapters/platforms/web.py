"""Requests to platforms: one client for all, by many threads, that follows no redirect and believes no proxy.

A token goes in a header, and to the host it is for: never into an address, which is logged on the way. What comes back
is read up to a limit. Whether a refusal passes, and what helps, each platform's own file says (`judge`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from common.errors import NotConnected, PlatformSaid, Unreachable

LARGEST = 4 << 20  # bytes of an answer
TIMEOUT_S = 30.0
SEND_S = 120.0  # for a part of a file to be taken
PART = 8 << 20  # bytes of a file that are held in memory, and sent at once

_PIECE = 256 << 10  # bytes that are handed to the connection at once

Json = dict[str, Any]
Judge = Callable[["Reply"], Exception]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`headers` with names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Json:
        """Its body. Raises Unreachable where that is no JSON object: something between answered in its place."""
        try:
            told = json.loads(self.body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Unreachable(f"the platform answers {self.status} with what is no JSON object; it is tried again")
        return told

    @property
    def raw(self) -> Json:
        """What is kept of it, whatever it is."""
        try:
            told = json.loads(self.body)
        except ValueError:
            told = {"text": self.body[:2000].decode(errors="replace")}
        return told if isinstance(told, dict) else {"value": told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Of one platform. `judge` makes of a refusal (4xx) what is raised; 5xx and silence are Unreachable."""

    name: str
    judge: Judge
    hosts: tuple[str, ...] = ()  # with which addresses that the platform gives may end, beside its own

    def ask(
        self,
        method: str,
        address: str,
        *,
        token: str | None = None,
        query: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | Iterable[bytes] | None = None,
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        good: Iterable[int] = (),
    ) -> Reply:
        """Send once. `body` goes as JSON, `form` as a form; of the query and the form what is None is left out.
        `content` that comes in parts is sent as they come: its Content-Length is to be among the `headers`.

        Raises what `judge` says of a refusal that is not `good`; Unreachable; NotConnected where nothing left.
        """
        sent = {"Accept": "application/json", **(headers or {})}
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        if isinstance(content, bytes) and len(content) > _PIECE:
            sent["Content-Length"] = str(len(content))
            content = _pieces(content)
        request = _client().build_request(
            method,
            address,
            params=_said(query) if query else None,
            data=_said(form) if form is not None else None,
            json=body,
            content=content,
            files=files,
            headers=sent,
            timeout=httpx.Timeout(timeout_s, connect=10.0),
        )
        try:
            response = _client().send(request, stream=True)
            try:
                reply = Reply(status=response.status_code, headers=_lower(response), body=self._read(response))
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotConnected(f"{self.name} cannot be connected to ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{self.name} does not answer ({type(error).__name__}); it is looked at again") from error
        if reply.status < 300 or reply.status in good:
            return reply
        if reply.status >= 500 or reply.status == 408:
            raise Unreachable(f"{self.name} answers {reply.status}; it is looked at again")
        raise self.judge(reply)

    def theirs(self, address: object, own: str) -> str:
        """An address that the platform gave, if it is one of its own. Raises PlatformSaid."""
        told, ours = urlsplit(str(address)), urlsplit(own)
        same = (told.scheme, told.netloc) == (ours.scheme, ours.netloc)
        host = told.hostname or ""
        known = told.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in self.hosts)
        if not same and not known:
            raise PlatformSaid(f"{self.name} wants the file sent to {host[:100]!r}, which is not known; report it")
        return str(address)

    def _read(self, response: httpx.Response) -> bytes:
        read = bytearray()
        for block in response.iter_bytes():
            read += block
            if len(read) > LARGEST:
                raise Unreachable(f"{self.name} answers with more than {LARGEST} bytes; it is looked at again")
        return bytes(read)


def after(reply: Reply, usual: float) -> float:
    """Seconds that Retry-After asks to wait; `usual` where it says nothing that can be read, and at most a day."""
    told = reply.headers.get("retry-after", "")
    return min(86_400.0, float(told)) if told.isdecimal() and len(told) < 9 else usual


@cache
def _client() -> httpx.Client:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
    return httpx.Client(trust_env=False, follow_redirects=False, limits=limits, headers={"User-Agent": "Cutroom"})


def _pieces(content: bytes) -> Iterator[bytes]:
    """Handed over whole, what is left of it is copied whenever some of it has gone: a GB of parts took 225 MB so."""
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def _lower(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _said(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}
