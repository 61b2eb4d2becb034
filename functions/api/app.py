"""The API's routes: path and method to the function of a resource. Whoever asks is known before any of them runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Request, Response, jsonify

from common.bootstrap.cloud import CloudParts
from common.errors import BadInput, Unauthorized
from common.ports.auth import Caller
from functions.api import health, runs, uploads

Resource = Callable[..., tuple[Any, int]]

# The first that fits is taken. Named parts of the path are handed on.
ROUTES: tuple[tuple[str, str, Resource], ...] = (
    ("POST", r"/v1/uploads", uploads.create),
    ("GET", r"/v1/flows", runs.every),
    ("GET", r"/v1/flows/(?P<flow>[A-Za-z0-9_-]{1,128})", runs.one),
)
_TENANT = re.compile(r"[A-Za-z0-9_-]{1,128}")


def answer(cloud: CloudParts, request: Request) -> tuple[Response, int]:
    """The answer to any request; raises CutroomError for those that cannot be served."""
    if request.path == "/health":
        return _json(health.get())
    caller = cloud.people.person(bearer(request))
    allowed = []
    for method, path, resource in ROUTES:
        if found := re.fullmatch(path, request.path):
            if method == request.method:
                return _json(resource(cloud, tenant_of(caller), request, **found.groupdict()))
            allowed.append(method)
    if allowed:
        return _json(({"error": {"code": "method", "text": f"use {' or '.join(allowed)}"}}, 405))
    return _json(({"error": {"code": "not_found", "text": f"there is nothing at {request.path}"}}, 404))


def bearer(request: Request) -> str:
    """The token of the Authorization header; raises Unauthorized where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("there is no bearer token; sign in and send one")
    return token.strip()


def tenant_of(caller: Caller) -> str:
    """The tenant a person acts for: the claim, or the person alone."""
    tenant = caller.claims.get("tenant", caller.subject)
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        raise BadInput("the token names no tenant that can be one")
    return tenant


def _json(told: tuple[Any, int]) -> tuple[Response, int]:
    body, status = told
    return jsonify(body), status
