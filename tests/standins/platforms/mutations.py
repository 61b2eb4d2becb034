"""Requests with one thing wrong in each: what a platform must refuse, and a stand-in with it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.standins.loopback import Request
from tests.standins.platforms.network import Asked, Network

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


@dataclass
class Mutants:
    """Before a site answers a request, it gets it with one thing wrong in it, for each thing that can be.

    `more`: what else can be wrong in one; `other`: whether another judge refuses such a one too. `taken`: those that
    one of them took; `tried`: how many there were.
    """

    site: Network
    more: Callable[[Asked], Iterable[Request]] = lambda asked: ()
    other: Callable[[Asked, str, Request], bool] = lambda asked, what, request: True
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    tried: int = 0

    def __post_init__(self) -> None:
        self.site.decide = self._decide

    def _decide(self, asked: Asked) -> None:
        for what, request in mutated(asked.request):
            self.tried += 1
            if not self.site.refuses(request):
                self.taken.append(("stand-in", asked.op, what))
            if not self.other(asked, what, request):
                self.taken.append(("other", asked.op, what))
        self.taken += [("stand-in", asked.op, "its own") for one in self.more(asked) if not self.site.refuses(one)]


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
