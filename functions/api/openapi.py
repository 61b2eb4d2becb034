"""The table of routes as OpenAPI 3.1: what docs/openapi.json holds and GET /v1/openapi.json gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from common.events import signatures
from functions.api import problems
from functions.api.route import Route, Shape

_TEXT = {"schema": {"type": "string"}}
_PART = re.compile(r"\{(\w+)\}")
PART = r"^[A-Za-z0-9_.-]{1,128}$"  # what a part of a path may be
PLAIN = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"}


class Problem(Shape):
    """What went wrong (RFC 9457). `code` keeps its meaning, `detail` ends in what to do, `request` is in the log."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request: str


@cache
def document(table: tuple[Route, ...]) -> bytes:
    """What is sent: made when it is first asked for, as few of all the processes that start ever are."""
    return msgspec.json.encode(described(table))


def described(table: Sequence[Route]) -> dict[str, Any]:
    """The whole document, the same for equal tables."""
    kinds = {kind for route in table for kind in (route.takes, route.gives, route.query) if kind} | {Problem}
    schemas = msgspec.json.schema_components(
        sorted(kinds, key=lambda kind: kind.__name__), ref_template="#/components/schemas/{name}"
    )[1]
    queries = {route.query.__name__ for route in table if route.query}
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cutroom",
            "version": "1",
            "summary": "Footage in, posts out: uploads, clips with their reasons, and what became of them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A Firebase ID token, an API key (cutroom_…), or the key a local server prints.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": signatures.HEADER,
                    "description": "t=SECONDS,v1=HEX: HMAC-SHA256 of `SECONDS.BODY` by the secret; for 5 minutes.",
                },
            },
            "schemas": {name: schema for name, schema in sorted(schemas.items()) if name not in queries},
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    module = route.handler.__module__.rsplit(".", 1)[-1]
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string", "pattern": PART}}
        for part in _PART.findall(route.path)
    ]
    if route.query is not None:
        schema = schemas[route.query.__name__]
        required = set(schema.get("required", ()))
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": one}
            for name, one in schema["properties"].items()
        ]
    if route.method == "POST" and not route.signed and not route.tells:
        told = "Sent again with the same key, a request is answered as before and done once, for a day."
        schema = {"type": "string", "pattern": "^[!-~]{1,128}$"}
        parameters.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "description": told, "schema": schema}
        )
    if route.conditional:
        told = "The ETag of what you have read: done only if that still is what there is."
        one = {"type": "string", "pattern": '^(?:"[!#-~]{1,100}"|[*])$'}
        parameters.append(
            {"name": "If-Match", "in": "header", "required": route.ends, "description": told, "schema": one}
        )
    said: dict[str, Any] = {
        "operationId": route.name,
        "tags": [module],
        "summary": route.title,
        "x-permission": route.needs,
        "responses": {str(route.status): _given(route), "default": _problem(route)},
    }
    if route.streams:
        told = "The id of the last event that came: what was told after it follows."
        one = {"type": "string", "pattern": "^[0-9]{1,15}$"}
        parameters.append(
            {"name": "Last-Event-ID", "in": "header", "required": False, "description": told, "schema": one}
        )
    if route.signed:
        said["security"] = [{"signature": []}]
        told = "The organisation whose webhook it is."
        parameters.append(
            {"name": "Cutroom-Organisation", "in": "header", "required": True, "description": told, "schema": PLAIN}
        )
    if route.held:
        said["security"] = []
    if route.page or route.tells:
        said["x-for"] = "platforms"
    if route.signature:
        told = "By which the platform proves that it is its own."
        one = {"type": "string", "pattern": "^[ -~]{1,500}$"}
        parameters.append(
            {"name": route.signature, "in": "header", "required": True, "description": told, "schema": one}
        )
    if route.tells:
        said["requestBody"] = {"required": True, "content": {route.tells: {}}}
    if parameters:
        said["parameters"] = parameters
    if route.takes is not None:
        said["requestBody"] = {"required": True, "content": _json(route.takes)}
    return said


def _given(route: Route) -> dict[str, Any]:
    if route.page:
        return {"description": "A page that says what came of it.", "content": {route.page: _TEXT}}
    if route.gives is None:
        return {"description": "Done."}
    if route.streams:
        told = f"Server-sent events; the data of each is JSON: #/components/schemas/{route.gives.__name__}."
        return {"description": told, "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return {"description": "Done.", "content": _json(route.gives)}


def _problem(route: Route) -> dict[str, Any]:
    if route.page == "text/html":
        return {"description": "Not done; a page says why.", "content": {route.page: _TEXT}}
    return {
        "description": "Not done, and why.",
        "content": {problems.KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _json(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}
