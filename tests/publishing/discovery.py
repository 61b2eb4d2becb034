"""Requests against Google's discovery documents, which come with its client."""

from __future__ import annotations

import json
import re
from datetime import datetime
from email import message_from_bytes
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.standins.loopback import Request
from tests.standins.platforms.network import Asked

Json = dict[str, Any]
_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict}


@cache
def document(name: str) -> Json:
    told: Json = json.loads(
        (resources.files("googleapiclient") / "discovery_cache" / "documents" / f"{name}.json").read_text()
    )
    return told


def method(id: str) -> tuple[Json, Json]:
    """Of the document that has it, and itself."""
    whole = document(
        {"youtube": "youtube.v3", "youtubeAnalytics": "youtubeAnalytics.v2"}.get(
            id.split(".")[0], "youtubereporting.v1"
        )
    )
    found: Json = whole
    *folders, last = id.split(".")[1:]
    for one in folders:
        found = found["resources"][one]
    return whole, found["methods"][last]


def paths(whole: Json, told: Json) -> set[str]:
    """Where a method is asked."""
    uploads = told.get("mediaUpload", {}).get("protocols", {})
    return {f"/{whole['servicePath']}{told['path']}", *(one["path"] for one in uploads.values())}


def wrong(id: str, request: Request) -> list[str]:
    """What the document of a method does not allow of a request."""
    whole, told = method(id)
    url, found = urlsplit(request.path), []
    patterns = [re.sub(r"\\\{\\?\+?\w+\\\}", ".+", re.escape(one)) for one in paths(whole, told)]
    if request.method != told["httpMethod"] or not any(re.fullmatch(one, url.path) for one in patterns):
        found.append(f"{request.method} {url.path}")
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    known = {**whole["parameters"], **told.get("parameters", {})}
    for name, value in query.items():
        kind = known.get(name)
        if kind is None:
            found.append(f"unknown parameter {name}")
        elif name != "alt" and not _said(value, kind):
            found.append(f"{name}={value!r} is no {kind['type']}")
    found += [
        f"{name} is missing"
        for name, kind in told.get("parameters", {}).items()
        if kind.get("required") and kind["location"] == "query" and not query.get(name)
    ]
    body, media = _bodies(request)
    if (body is not None) != ("request" in told):
        found.append("a body, or none")
    elif body is not None:
        found += _odd("body", body, {"$ref": told["request"]["$ref"]}, whole)
    if media and not told.get("supportsMediaUpload"):
        found.append("a file")
    if media and not any(re.fullmatch(one.replace("*", ".*"), media) for one in told["mediaUpload"]["accept"]):
        found.append(f"a file of {media}")
    return found


def _said(value: str, kind: Json) -> bool:
    if kind["type"] == "boolean":
        return value in ("true", "false")
    if kind["type"] == "integer":
        return value.isdecimal() and int(kind.get("minimum", 0)) <= int(value) <= int(kind.get("maximum", 1 << 31))
    if kind.get("format") == "google-datetime":
        return _time(value)
    return value in kind["enum"] if "enum" in kind else True


def _bodies(request: Request) -> tuple[Any, str | None]:
    """The resource of a request, and the kind of its file."""
    asked = Asked("", request, {})
    kind = asked.header("content-type")
    if not request.body:
        return None, None
    if kind.startswith("multipart/"):
        parts: Any = message_from_bytes(f"Content-Type: {kind}\n\n".encode() + request.body).get_payload()
        return json.loads(parts[0].get_payload(decode=True)), parts[1].get_content_type()
    if kind.startswith("application/json"):
        return json.loads(request.body), asked.header("x-upload-content-type") or None
    return None, kind


def _odd(where: str, value: Any, schema: Json, whole: Json) -> list[str]:
    if "$ref" in schema:
        schema = whole["schemas"][schema["$ref"]]
    if not isinstance(value, _TYPES[schema["type"]]):
        return [f"{where} is no {schema['type']}: {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is none of its values: {value!r}"]
    if schema.get("format") == "date-time" and not _time(value):
        return [f"{where} is no time: {value!r}"]
    found = []
    for name, one in value.items() if isinstance(value, dict) else ():
        kind = schema.get("properties", {}).get(name)
        found += [f"unknown {where}.{name}"] if kind is None else _odd(f"{where}.{name}", one, kind, whole)
    for n, one in enumerate(value if isinstance(value, list) else ()):
        found += _odd(f"{where}[{n}]", one, schema["items"], whole)
    return found


def _time(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False
