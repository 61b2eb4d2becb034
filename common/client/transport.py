"""Requests to the API: with the key, sent again where that is safe, read as JSON, and what is wrong raised."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from common.client import problems, wire
from common.client.events import Event, events
from common.client.problems import Problem, Unreachable

FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 30.0


class Told(dict[str, Any]):
    """What was answered, and the version of it."""

    version: str | None = None


def version_of(told: Mapping[str, Any]) -> str | None:
    """The version of what a route gave, for `if_match`; None where it has none."""
    return told.version if isinstance(told, Told) else None


def pauses() -> Iterator[float]:
    """Seconds between one try and the next."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(LAST_PAUSE_S, 2 * pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """`bearer` gives a key, or the token of the moment. What can be sent again is, for `patience_s` at most."""

    url: str
    bearer: Callable[[], str]
    organisation: str | None
    timeout_s: float
    patience_s: float
    sleep: Callable[[float], None] = time.sleep

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        if_match: str | None = None,
    ) -> Any:
        """What is answered, None where that is nothing. In `query` and `body` what is None is left out."""
        headers = {} if if_match is None else {"If-Match": f'"{if_match}"'}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())  # the same for every try
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(_given(body)).encode()
        answer = self._sent(method, path, query, headers, content)
        if not answer.body:
            return None
        try:
            told = json.loads(answer.body)
        except ValueError:
            raise problems.of(f"{method} {path}", answer.status, answer.headers, answer.body) from None
        if isinstance(told, dict):
            told = Told(told)
            told.version = answer.headers["etag"].strip('"') if "etag" in answer.headers else None
        return told

    def pages(self, path: str, *, query: Mapping[str, Any]) -> Iterator[Any]:
        """All items of a list, page by page as they are taken."""
        cursor = query.get("cursor")
        while True:
            page = self.call("GET", path, query={**query, "cursor": cursor})
            yield from page["items"]
            if (cursor := page["next"]) is None:
                return

    def stream(self, path: str, *, query: Mapping[str, Any], last: str | None = None) -> Iterator[Event]:
        """Events as they come; taken up after the last one where the connection breaks or the server ends it.

        It ends when the server says that nothing more comes (204).
        """
        tries = pauses()
        while True:
            headers = self._headers({"Accept": "text/event-stream"} | ({} if last is None else {"Last-Event-ID": last}))
            url = self._url(path, query)
            wait = 0.0
            try:
                with wire.opened("GET", url, headers=headers, timeout_s=self.timeout_s) as (answer, told):
                    if answer.status == 204:
                        return
                    if answer.status != 200:
                        raise problems.of(f"GET {path}", answer.status, told, answer.read(10_000))
                    for event in events(answer):
                        last, tries = event.id or last, pauses()
                        yield event
                wait = next(tries)
            except Unreachable:
                if (wait := next(tries)) >= LAST_PAUSE_S:
                    raise
            except Problem as problem:
                if problem.status not in (429, 502, 503, 504) or (wait := next(tries)) >= LAST_PAUSE_S:
                    raise
            self.sleep(wait)

    def _sent(
        self, method: str, path: str, query: Mapping[str, Any] | None, headers: Mapping[str, str], content: bytes | None
    ) -> wire.Answer:
        until = time.monotonic() + self.patience_s
        for pause in pauses():
            try:
                answer = wire.send(
                    method,
                    self._url(path, query or {}),
                    headers=self._headers(headers),
                    body=content,
                    timeout_s=self.timeout_s,
                )
            except Unreachable:
                # A change without a key may have been made, and its answer lost: that is for the caller to see.
                if method not in ("GET", "POST") or time.monotonic() + pause > until:
                    raise
                wait = pause
            else:
                if 200 <= answer.status < 300:
                    return answer
                problem = problems.of(f"{method} {path}", answer.status, answer.headers, answer.body)
                after = _after(method, problem, answer.headers, pause)
                if after is None or time.monotonic() + after > until:
                    raise problem
                wait = after
            self.sleep(wait)
        raise AssertionError("there is always another pause")

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        own = {} if self.organisation is None else {"Cutroom-Organisation": self.organisation}
        return {"Authorization": f"Bearer {self.bearer()}", "Accept": "application/json", **own, **more}

    def _url(self, path: str, query: Mapping[str, Any]) -> str:
        given = urlencode(
            {name: str(value).lower() if isinstance(value, bool) else value for name, value in _given(query).items()}
        )
        return f"{self.url.rstrip('/')}{path}{'?' if given else ''}{given}"


def part(value: str) -> str:
    """As a part of a path. Raises Refused for what names nothing: the route around it would be another one."""
    if not value:
        raise problems.Refused("an id is empty; give the one of what you mean")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise problems.Refused(f"{value[:50]!a} is no id; give the one of what you mean") from error


def _after(method: str, problem: Problem, headers: Mapping[str, str], pause: float) -> float | None:
    """Seconds after which to send it again; None where that is of no use."""
    said = headers.get("retry-after", "")
    if problem.status in (429, 503):  # it was not done
        return float(said) if said.isdecimal() else pause
    if problem.status in (502, 504) and method in ("GET", "POST"):
        return pause
    return pause if problem.code == "at_work" else None  # an earlier try of this very request


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
