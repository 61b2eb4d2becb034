"""What can go wrong, as errors.

Refused                   all of them
├─ Unreachable            nobody answered, or not whole
├─ Late                   it did not come in the time that was given
└─ Problem                an answer that says what is wrong
   ├─ BadRequest          400, 413, 415, 422: send something else
   ├─ Unauthorized        401
   ├─ Forbidden           403
   ├─ NotFound            404
   ├─ Changed             409, 412: read it again, then decide
   ├─ TooMany             429
   ├─ Unavailable         502, 503, 504: later
   └─ Fault               any other from 500 on: of Cutroom; report it with `request`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """What was asked was not done; says why."""


class Unreachable(Refused):
    pass


class Late(Refused):
    pass


class Problem(Refused):
    """`code` keeps its meaning; `detail` ends in what to do; `request` is the number that the server's log has."""

    def __init__(self, status: int, code: str, detail: str, request: str) -> None:
        super().__init__(f"{detail} (status {status}, code {code}{f', request {request}' if request else ''})")
        self.status, self.code, self.detail, self.request = status, code, detail, request


class BadRequest(Problem):
    pass


class Unauthorized(Problem):
    pass


class Forbidden(Problem):
    pass


class NotFound(Problem):
    pass


class Changed(Problem):
    pass


class TooMany(Problem):
    pass


class Unavailable(Problem):
    pass


class Fault(Problem):
    pass


_KINDS: dict[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Changed,
    412: Changed,
    429: TooMany,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def of(what: str, status: int, headers: Mapping[str, str], body: bytes) -> Problem:
    """`what` was asked; it must hold no secret. Answers that are none of ours, a proxy's, are told as they are."""
    kind = _KINDS.get(status, Fault if status >= 500 else BadRequest)
    try:
        told: Any = json.loads(body)
    except ValueError:
        told = None
    if isinstance(told, dict) and {"code", "detail"} <= told.keys():
        return kind(status, str(told["code"]), str(told["detail"]), str(told.get("request", "")))
    said = body[:300].decode("utf-8", "replace").strip()
    detail = f"{what} was answered {status}{f': {said}' if said else ''}; is it Cutroom's address?"
    return kind(status, "unknown", detail, headers.get("x-request-id", ""))
