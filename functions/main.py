"""The deployed targets. Each translates a request into a call of ours, and the answer back; nothing else is here.

api        what people and programs ask over HTTPS, with a Firebase ID token
on_event   a file is in the bucket, or a run has ended; by push, with an OIDC token
work       execute one run, or send one delivery to a webhook; by Cloud Tasks, with an OIDC token
tick       once a minute: what the fast path lost; by Cloud Scheduler, with an OIDC token

A status of 2xx takes a message off its queue. So what can never succeed is recorded and acknowledged, what passes by
itself is answered 503, and a run that is busy, early or waiting is acknowledged: its document says when it is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import functions_framework
import starlette.requests
from flask import Request, Response, jsonify
from functions_framework import aio
from werkzeug.exceptions import RequestEntityTooLarge

from common import config
from common.bootstrap import cloud
from common.chores import work as chores
from common.errors import BadInput, CutroomError, TooLarge
from common.pipeline import logs
from common.pipeline.execution import execute
from common.pipeline.run import RunId
from functions import events, inbox
from functions.api import app, asking

log = logging.getLogger("cutroom.functions")

_SETTINGS = config.cloud_from_environment()
logs.to_cloud(_SETTINGS.project)
_CLOUD = cloud.connect(_SETTINGS)

Target = Callable[[Request], Any]


def _answered(target: Target) -> Target:
    """With our errors as their HTTP status, in one shape, and no more read than any of them needs."""

    @wraps(target)
    def answer(request: Request) -> Any:
        request.max_content_length = events.LARGEST
        try:
            return target(request)
        except RequestEntityTooLarge:
            return _refused(TooLarge(f"more than {events.LARGEST} bytes; send names, not content"))
        except CutroomError as error:
            log.log(logging.ERROR if error.status >= 500 else logging.INFO, "%s: %s", target.__name__, error)
            return _refused(error)

    return answer


def _refused(error: CutroomError) -> tuple[Response, int]:
    return jsonify({"error": {"code": error.code, "text": str(error)}}), error.status


def _by_service(request: Request) -> None:
    _CLOUD.services.service(asking.bearer(request.headers.get("Authorization")))


@aio.http
async def api(request: starlette.requests.Request) -> Any:
    return app.Served(_app())


@cache
def _app() -> Any:
    """Made for the first request: no other target needs it."""
    return app.build(cloud.api(_CLOUD), _CLOUD.settings.origins)


@functions_framework.http
@_answered
def on_event(request: Request) -> Any:
    _by_service(request)
    body = request.get_data(cache=False)
    try:
        event = events.read({name.lower(): value for name, value in request.headers.items()}, body)
    except BadInput as error:
        inbox.refuse(_CLOUD, body, error)
        raise
    return jsonify({"done": inbox.take(_CLOUD, event)})


@functions_framework.http
@_answered
def work(request: Request) -> Any:
    _by_service(request)
    told = _told(request)
    if (delivery := events.delivery_key(told)) is not None:
        return jsonify({"ending": _CLOUD.sender.deliver(delivery)})
    key = events.run_key(told)
    if events.is_chore(key):
        return jsonify({"ending": chores.execute(_CLOUD.tools, key)})
    run = RunId.parse(key)
    if run.stage not in _CLOUD.engine.definition:
        raise BadInput(f"there is no stage {run.stage!r} in this version")
    return jsonify({"ending": execute(_CLOUD.engine, run)})


@functions_framework.http
@_answered
def tick(request: Request) -> Any:
    _by_service(request)
    return jsonify({"rescued": _CLOUD.tick()})


def _told(request: Request) -> dict[str, Any]:
    told = request.get_json(force=True, silent=True)
    if not isinstance(told, dict):
        raise BadInput("the body is no JSON object")
    return told
