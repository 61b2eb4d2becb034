"""The API as an ASGI app, made from the table of routes.

    request ──> who asks ──> may they? ──> too often? ──> what do they want? ──> the route's handler ──> answer

All but the reading of bytes happens in one thread, for documents are asked without `await`. Whatever goes wrong is a
problem (functions/api/problems.py) with the request's id, and a fault of ours is in the log under it.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.accounts.roles import may
from common.bootstrap.parts import Parts
from common.errors import BadInput, CutroomError, Forbidden, TooMany, Unauthorized
from common.events import signatures
from common.ports.limits import PER_PERSON, PER_PLATFORM, UPLOADS
from functions.api import asking, channels, health, once, openapi, problems, reading, strangers
from functions.api.listening import Hub
from functions.api.route import Answer, Ask, Route, Who
from functions.api.table import TABLE

log = logging.getLogger("cutroom.api")

Endpoint = Callable[[Request], Awaitable[Response]]

_PART = re.compile(openapi.PART)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


def build(
    parts: Parts, origins: Sequence[str] = (), table: Sequence[Route] = TABLE, hub: Hub | None = None
) -> Starlette:
    """`origins`: of the pages that may ask from a browser; `hub`: through which events are listened to."""
    hub = hub or Hub()
    paths = [
        Path("/health", _always(health.get()), methods=["GET"]),
        Path("/ready", _ready(parts), methods=["GET"]),
        Path("/v1/openapi.json", _described(tuple(table)), methods=["GET"]),
    ]
    known = dict.fromkeys(route.path for route in table)
    paths += [Path(path, _dispatched(parts, hub, path, table), methods=list(METHODS)) for path in known]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=list(METHODS),
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Cutroom-Organisation",
            "If-Match",
            "Idempotency-Key",
            "Last-Event-ID",
        ],
        expose_headers=["ETag", "Retry-After", "X-Request-Id"],
        max_age=3600,
    )
    return Starlette(
        routes=paths,
        middleware=[Middleware(_Safe), cors],
        exception_handlers={HTTPException: _unrouted},
    )


def _always(content: bytes) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return Response(content, media_type="application/json")

    return endpoint


def _described(table: tuple[Route, ...]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return Response(await run_in_threadpool(openapi.document, table), media_type="application/json")

    return endpoint


def _ready(parts: Parts) -> Endpoint:
    """Whether requests can be served: whether the documents answer."""

    async def endpoint(request: Request) -> Response:
        try:
            await run_in_threadpool(health.ask, parts)
        except CutroomError as error:
            return problems.of(error, request=_id(request))
        return Response(health.get(), media_type="application/json")

    return endpoint


def _dispatched(parts: Parts, hub: Hub, path: str, table: Sequence[Route]) -> Endpoint:
    """The endpoint of one path, whatever the method."""
    routes = {route.method: route for route in table if route.path == path}

    async def endpoint(request: Request) -> Response:
        route = routes.get("GET" if request.method == "HEAD" else request.method)  # type: ignore[call-overload]
        if route is None or (route.page and request.method == "HEAD"):  # what only looks must use nothing up
            allowed = ", ".join(sorted(routes))
            text = f"use {allowed.replace(', ', ' or ')}"
            return problems.problem(405, "method", text, request=_id(request), headers={"Allow": allowed})
        try:
            content = await reading.body_of(request.headers, request.stream())
            return await run_in_threadpool(_answered, parts, hub, route, request, content)
        except CutroomError as error:
            log.log(logging.ERROR if error.status >= 500 else logging.INFO, "%s %s: %s", request.method, path, error)
            if route.page == "text/html":
                text = channels.page(problems.TITLES.get(error.status, "It went wrong"), str(error))
                return _page(text, error.status, route.page)
            return problems.of(error, request=_id(request))

    return endpoint


def _answered(parts: Parts, hub: Hub, route: Route, request: Request, content: bytes) -> Response:
    try:
        who = _let_in(parts, route, request, content)
    except Unauthorized:
        strangers.counted(parts, request)
        raise
    if not route.streams:
        rules = PER_PLATFORM if route.tells else PER_PERSON
        after_s = parts.limits.take(who.subject, (*rules, *UPLOADS) if route.heavy else rules)
        if after_s is not None:
            raise TooMany(f"too many requests; come again in {after_s:.0f} s", after_s=after_s)
    _must(who, route)
    for name, part in request.path_params.items():
        if not _PART.fullmatch(part):
            raise BadInput(f"{part[:50]!r} is no {name}; give its id as it was told to you")
    ask = Ask(
        parts=parts,
        who=who,
        path=request.path_params,
        query=reading.read_query(request.query_params.multi_items(), route.query),
        body=_body(route, request, content),
        if_match=_version(request.headers.get("if-match")),
        request=_id(request),
        after=request.headers.get("last-event-id"),
        hub=hub,
        again=lambda: _must(_let_in(parts, route, request, content), route),
        told=(request.headers.get(route.signature or "", ""), content) if route.tells else ("", b""),
    )
    if route.streams:
        return _streamed(route.handler(ask), request)
    if route.page:
        answer = route.handler(ask)
        return _page(answer.body, answer.status or route.status, route.page)
    key = ask.body.id if route.signed else request.headers.get(once.HEADER)  # a header is not signed
    if route.method == "POST" and key is not None and not route.tells:  # what is told twice is the same by itself
        return _once(ask, route, request, once.begin(ask, route, key, content))
    return _response(_given(route, route.handler(ask)), request)


def _page(text: str, status: int, kind: str) -> Response:
    return Response(text, status, media_type=kind)


def _let_in(parts: Parts, route: Route, request: Request, content: bytes) -> Who:
    organisation = request.headers.get("cutroom-organisation")
    if route.signed:
        header = request.headers.get(signatures.HEADER)
        return asking.signer(parts, request.path_params["webhook"], organisation, header, content)
    if route.held:
        return Who(subject=f"holder at {strangers.of(parts, request)}", tenant="", role="viewer")
    return asking.who(parts, asking.bearer(request.headers.get("authorization")), organisation, closed=route.closed)


def _must(who: Who, route: Route) -> None:
    if not may(who.role, route.needs):
        raise Forbidden(f"a {who.role} may not do this ({route.needs}); ask an owner of the organisation")


def _once(ask: Ask, route: Route, request: Request, begun: once.Begun | once.Given) -> Response:
    if isinstance(begun, once.Given):
        return _response(begun, request, {"Idempotency-Replayed": "true"})
    try:
        given = _given(route, route.handler(ask))
    except CutroomError:
        begun.drop()  # nothing was done, so it may be sent again
        raise
    begun.keep(given)
    return _response(given, request)


def _given(route: Route, answer: Answer) -> once.Given:
    if route.gives is None:
        return once.Given(status=204, body=None, version=answer.version)
    return once.Given(status=route.status, body=msgspec.json.encode(answer.body).decode(), version=answer.version)


def _body(route: Route, request: Request, content: bytes) -> object:
    if route.tells:
        reading.must_be(request.headers.get("content-type", ""), route.tells)
        return None
    if route.takes is None:
        if content:
            raise BadInput("there is a body, and nothing is done with one here; leave it out")
        return None
    return reading.read_body(request.headers.get("content-type", ""), content, route.takes)


def _response(given: once.Given, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    told, reading = dict(headers or {}), request.method in ("GET", "HEAD")
    if given.version is not None:
        told["ETag"] = f'"{given.version}"'
    elif reading and given.body is not None:
        told["ETag"] = f'W/"{hashlib.sha256(given.body.encode()).hexdigest()[:32]}"'  # it is of no one document
    if reading and "ETag" in told and _known(request.headers.get("if-none-match", ""), told["ETag"]):
        return Response(status_code=304, headers=told)
    kind = None if given.body is None else "application/json"
    return Response(given.body, given.status, headers=told, media_type=kind)


def _streamed(answer: Answer, request: Request) -> Response:
    assert answer.stream is not None
    if request.method == "HEAD":
        return Response(media_type="text/event-stream")
    return _Stream(answer.stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


class _Stream(StreamingResponse):
    """Lets go of what it streams the moment that its listener is gone."""

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


def _known(header: str, tag: str) -> bool:
    """Whether If-None-Match names what would be answered (RFC 9110, 13.1.2: weakly)."""
    named = {one.strip().removeprefix("W/") for one in header.split(",")}
    return header.strip() == "*" or tag.removeprefix("W/") in named


def _version(header: str | None) -> str | None:
    """The version in If-Match; `*` means whichever there is."""
    if header is None or header.strip() == "*":
        return None
    return header.strip().removeprefix("W/").strip('"')


def _id(request: Request) -> str:
    return str(request.scope["cutroom.request"])


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        text = f"there is nothing at {request.url.path[:200]}; GET /v1/openapi.json says what there is"
        return problems.problem(404, "not_found", text, request=_id(request))
    text = "this cannot be done here; GET /v1/openapi.json says what can"
    return problems.problem(status, "method", text, request=_id(request))


class Served(Response):
    """What functions-framework is given for every request: the whole app as the answer to it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "path_params": {}}, receive, send)  # the whole path was a part of theirs


class _Safe:
    """Around everything: an id for the request, headers that keep browsers careful, and both on a fault of ours too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        identity = secrets.token_hex(8)
        scope["cutroom.request"] = identity
        begun = False
        extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

        async def sent(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                there = {name for name, _ in message["headers"]}
                message["headers"] += [one for one in extra if one[0] not in there]
                message["headers"].append((b"x-request-id", identity.encode()))
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            log.exception("request %s failed", identity)
            if begun:
                raise
            text = f"this is a fault of Cutroom; please report it with the number {identity}"
            await problems.problem(500, "bug", text, request=identity)(scope, receive, sent)
