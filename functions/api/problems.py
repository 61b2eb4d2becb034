"""Errors as application/problem+json (RFC 9457), in one shape for all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from starlette.responses import Response

from common.errors import CutroomError, TooMany

KIND = "application/problem+json"
TITLES = {
    400: "The request cannot be used",
    401: "Nobody is signed in",
    403: "This may not be done",
    404: "There is no such thing",
    405: "This cannot be done here",
    408: "The request came too slowly",
    409: "It has changed meanwhile",
    412: "It has changed since it was read",
    413: "The request is too large",
    415: "The body is of another kind",
    422: "It cannot be done",
    429: "Too many requests",
    500: "A fault of Cutroom",
    503: "Not now",
}


def problem(status: int, code: str, detail: str, *, request: str, headers: Mapping[str, str] | None = None) -> Response:
    """`code` is for programs and keeps its meaning; `detail` ends in what to do; `request` is in the log as well."""
    body = {"type": "about:blank", "title": TITLES.get(status, "It went wrong"), "status": status}
    body |= {"code": code, "detail": detail, "request": request}
    return Response(json.dumps(body), status, headers=dict(headers or {}), media_type=KIND)


def of(error: CutroomError, *, request: str) -> Response:
    """An error of ours as its problem."""
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(math.ceil(error.after_s))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.status, error.code, str(error), request=request, headers=headers)
