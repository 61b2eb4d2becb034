"""The HTTP client that the makers' libraries share, and the ways in which a request fails.

Refused   it answered with a status: nothing was bought
Broken    no answer came; `sent` says whether the request may have left, and so may have been bought
Garbled   an answer came that its library could not read
Late      no answer within the time, counted by the wall clock
"""

from __future__ import annotations

import math
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

MOST_BYTES = 4_000_000  # of an answer; one of 8,000 tokens has about 40,000
CONNECT_S = 5.0

# What a person, or time, must do about a refusal.
Kind = Literal["key", "model", "credit", "question", "pause", "passing"]


@dataclass(kw_only=True, eq=False)
class Refused(Exception):
    kind: Kind
    status: int
    said: str
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float | None = None  # where the maker says it elsewhere than in the headers


@dataclass(kw_only=True, eq=False)
class Broken(Exception):
    why: str
    sent: bool


@dataclass(kw_only=True, eq=False)
class Garbled(Exception):
    why: str


class Late(Exception):
    """No answer within the time."""


def kind_of(status: int) -> Kind:
    """As all makers have it; each knows exceptions."""
    match status:
        case 401 | 403:
            return "key"
        case 402:
            return "credit"
        case 404:
            return "model"
        case 429 | 503 | 529:
            return "pause"
        case _ if status in (408, 409) or status >= 500:
            return "passing"
        case _:
            return "question"


def client(*, at_once: int) -> httpx2.Client:
    """One for all threads. It follows no redirects: they would carry the key elsewhere."""
    import httpx2

    limits = httpx2.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    return httpx2.Client(limits=limits, event_hooks={"response": [_bound]})


def timeouts(seconds: float) -> httpx2.Timeout:
    """For one request; `read` is also what `client` gives the whole answer."""
    import httpx2

    return httpx2.Timeout(seconds, connect=min(CONNECT_S, seconds))


def broken(error: BaseException) -> Broken:
    """What an error of the client, or of a library around it, says of the request."""
    import httpx2

    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, httpx2.TransportError):
        inner = inner.__cause__ or inner.__context__
    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
    never = (*before, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
    return Broken(why=bare(str(inner or error)) or type(inner or error).__name__, sent=not isinstance(inner, never))


def unsigned(error: Any) -> Refused:
    """Google would not sign this process in: nothing was asked."""
    return Refused(kind="passing" if error.retryable else "key", status=401, said=bare(error))


def within(seconds: float, do: Callable[[], T]) -> T:
    """What it gives or raises. Raises Late when the time is over: its thread is then left to end by itself."""
    box: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put((do(), None))
        except BaseException as error:
            box.put((None, error))

    threading.Thread(target=run, name="language", daemon=True).start()
    try:
        given, error = box.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise Late from None
    if error is not None:
        raise error
    return given  # type: ignore[return-value]


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from now, of either form; None where it is not said or makes no sense.

    A date counts from the sender's own, where it says it: its clock need not be ours.
    """
    found = {name.lower(): value for name, value in headers.items()}
    text = found.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    then = _date(text)
    if then is None:
        return None
    return max(0.0, (then - (_date(found.get("date", "")) or now)).total_seconds())


def bare(text: object, most: int = 200) -> str:
    """A maker's words as one line that can be shown: no control characters, no end of its own."""
    line = " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())
    return (line if len(line) <= most else line[: most - 1] + "…").rstrip(".")


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else None


def _bound(response: Any) -> None:
    """Ends an answer that drips or swells."""
    seconds = response.request.extensions.get("timeout", {}).get("read")
    response.stream = _bounded(response.stream, time.monotonic() + (math.inf if seconds is None else seconds))


def _bounded(stream: Any, until: float) -> Any:
    import httpx2

    class Bounded(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            left = MOST_BYTES
            for chunk in stream:
                left -= len(chunk)
                if left < 0:
                    raise httpx2.ReadError("the answer is far too long")
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("the answer drips")
                yield chunk

        def close(self) -> None:
            stream.close()

    return Bounded()
