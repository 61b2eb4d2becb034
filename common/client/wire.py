"""One HTTP request and its answer: nothing is followed, nothing is sent again."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from common.client.problems import Refused, Unreachable

# Of urllib's own opener without what follows redirects, which would take the key elsewhere, and raises for a status.
_OPENER = urllib.request.OpenerDirector()
for _handler in (urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler()):
    _OPENER.add_handler(_handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Opened(Protocol):
    """An answer whose body is yet to be read."""

    status: int

    def read(self, size: int = -1, /) -> bytes: ...
    def readline(self, limit: int = -1, /) -> bytes: ...


def send(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 60.0
) -> Answer:
    """Raises Unreachable where no whole answer comes."""
    with opened(method, url, headers=headers, body=body, timeout_s=timeout_s) as (answer, told):
        return Answer(status=answer.status, headers=told, body=answer.read())


@contextmanager
def opened(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 60.0
) -> Iterator[tuple[Opened, dict[str, str]]]:
    """The answer while it comes, and its headers. Raises Unreachable, also for what goes wrong while it is read.

    `timeout_s` is for a moment in which nothing comes, not for the whole.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused(f"{url[:100]!r} is no address of a service; give one that begins with https://")
    asked = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        with _OPENER.open(asked, timeout=timeout_s) as answer:
            yield answer, {name.lower(): value for name, value in answer.headers.items()}
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error or type(error).__name__
        raise Unreachable(f"{method} {shown(url)} was not answered: {why}; check the address and the network") from None


def shown(url: str) -> str:
    """Without what follows the path, which may be a secret or a signature."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
