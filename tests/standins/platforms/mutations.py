"""Requests with one thing wrong in each: what a platform must refuse, and a stand-in with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.standins.loopback import Request

Json = dict[str, Any]
ODD = [["odd"]]  # of no field the type
_ODD = (
    *("media_id", "start_time", "end_time", "max_results", "media_keys", "page_size", "start_date"),
    *("maxResults", "mine", "startDate", "endDate", "ids", "filters", "uploadType", "alt", "videoId", "upload_id"),
)


def mutated(request: Request) -> Iterator[tuple[str, Request]]:
    """Each with what is wrong with it. Paths, parameters, fields of a JSON body and of a form."""
    told = urlsplit(request.path)
    yield "an unknown parameter", replace(request, path=f"{request.path}{'&' if told.query else '?'}odd=1")
    yield "another method", replace(request, method="PUT" if request.method == "GET" else "DELETE")
    for name, value in parse_qsl(told.query):
        left = [(one, other) for one, other in parse_qsl(told.query) if one != name]
        if name in _ODD:
            yield f"{name} is odd", replace(request, path=f"{told.path}?{urlencode([*left, (name, f'odd {value}')])}")
        elif name.endswith(("fields", "expansions", "exclude", "metric_types", "privacy", "metrics", "part")):
            query = urlencode([*left, (name, f"{value},odd")], quote_via=quote)
            yield f"{name} has what is unknown", replace(request, path=f"{told.path}?{query}")
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    if kind.startswith("application/json"):
        for what, body in _fields(json.loads(request.body)):
            yield what, replace(request, body=json.dumps(body).encode())


def _fields(body: Json) -> Iterator[tuple[str, Json]]:
    for path, _ in _leaves(body):
        made = copy.deepcopy(body)
        at: Any = made
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = ODD
        yield f"{'.'.join(map(str, path))} is of another type", made


def _leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(told, dict | list):
        if path:
            yield path, told
        for name, value in told.items() if isinstance(told, dict) else enumerate(told):
            yield from _leaves(value, (*path, name))
    else:
        yield path, told
