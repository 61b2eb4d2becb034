"""Requests against a platform's own machine-readable description (OpenAPI 3.0), where it is beside the repository."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

from tests.standins.loopback import Request
from tests.standins.platforms.network import Asked

Json = dict[str, Any]
_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _time(told: object) -> bool:
    return datetime.fromisoformat(str(told)).tzinfo is not None


@_FORMATS.checks("date", raises=ValueError)
def _day(told: object) -> bool:
    return bool(date.fromisoformat(str(told)))


class Spec:
    """`under`: what stands before its paths at the platform."""

    def __init__(self, file: Path, under: str = "") -> None:
        self._told: Json = json.loads(file.read_text())
        self._under = under

    def knows(self, request: Request) -> bool:
        return self._found(request) is not None

    def wrong(self, request: Request) -> list[str]:
        """What the description does not allow of it."""
        found = self._found(request)
        if found is None:
            return [f"no {request.method} {urlsplit(request.path).path}"]
        operation, parameters, named = found
        query = parse_qsl(urlsplit(request.path).query, keep_blank_values=True)
        wrong = [f"unknown parameter {name}" for name, _ in query if name not in parameters["query"]]
        for name, parameter in parameters["query"].items():
            values = [value for one, value in query if one == name]
            if parameter.get("required") and not values:
                wrong.append(f"{name} is missing")
            for value in values[:1]:
                wrong += self._odd(name, _typed(value, self._whole(parameter["schema"])), parameter["schema"])
        for name, parameter in parameters["path"].items():
            wrong += self._odd(name, named[name], parameter["schema"])
        return wrong + self._body(request, operation)

    def _body(self, request: Request, operation: Json) -> list[str]:
        asked = Asked("", request, {})
        kinds: Json = self._whole(operation.get("requestBody", {"content": {}}))["content"]
        kind = asked.header("content-type").split(";")[0]
        if not kinds:
            return ["a body where none is wanted"] if request.body else []
        if kind not in kinds:
            return [f"a body of {kind!r}"]
        schema = kinds[kind]["schema"]
        if kind == "application/json":
            return self._odd("body", asked.json, schema)
        fields: Json = dict(asked.form if kind.endswith("urlencoded") else asked.parts)
        properties = self._whole(schema).get("properties", {})
        told = {
            name: _typed(value if isinstance(value, str) else value.decode("latin-1"), properties.get(name, {}))
            for name, value in fields.items()
        }
        return self._odd("body", told, schema)

    def _odd(self, what: str, value: Any, schema: Json) -> list[str]:
        checker = jsonschema.Draft4Validator(self._whole(schema), format_checker=_FORMATS)
        return [f"{what}: {error.message[:200]}" for error in checker.iter_errors(value)]

    def _found(self, request: Request) -> tuple[Json, dict[str, dict[str, Json]], dict[str, str]] | None:
        path = urlsplit(request.path).path
        for pattern, template in self._patterns():
            told = self._told["paths"][template]
            if (found := re.fullmatch(pattern, path)) and request.method.lower() in told:
                operation = told[request.method.lower()]
                parameters: dict[str, dict[str, Json]] = {"query": {}, "path": {}, "header": {}}
                for one in [*told.get("parameters", ()), *operation.get("parameters", ())]:
                    whole = self._whole(one)
                    parameters[whole["in"]][whole["name"]] = whole
                return operation, parameters, {name: unquote(value) for name, value in found.groupdict().items()}
        return None

    @cache  # noqa: B019 (there are two of them)
    def _patterns(self) -> list[tuple[str, str]]:
        """Those with the fewest variables first."""
        templates = sorted(self._told["paths"], key=lambda one: one.count("{"))
        return [(self._under + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one), one) for one in templates]

    def _whole(self, told: Any, depth: int = 0) -> Any:
        """With what it refers to in its place, and as JSON Schema says that something may be null."""
        if isinstance(told, list):
            return [self._whole(one, depth) for one in told]
        if not isinstance(told, dict) or depth > 12:
            return told
        if "$ref" in told:
            found: Any = self._told
            for name in told["$ref"][2:].split("/"):
                found = found[name.replace("~1", "/")]
            return self._whole(found, depth + 1)
        whole = {name: self._whole(value, depth) for name, value in told.items() if name != "discriminator"}
        if (mapping := (told.get("discriminator") or {}).get("mapping")) and not {"oneOf", "anyOf"} & set(told):
            field = told["discriminator"]["propertyName"]
            each = [
                {"allOf": [{"properties": {field: {"enum": [value]}}}, self._whole({"$ref": ref}, depth + 1)]}
                for value, ref in mapping.items()
            ]
            whole["anyOf"] = each
        if "enum" in (whole.get("oneOf") or [{}])[0]:  # lists that share a word: no value would be in just one of them
            whole["anyOf"] = whole.pop("oneOf")
        if whole.pop("nullable", False):
            whole = {"anyOf": [{"type": "null"}, whole]}
        return whole


def _typed(value: str, schema: Json) -> Any:
    """A parameter as the type its schema says, or the text that it is."""
    kind = schema.get("type") or next((one.get("type") for one in schema.get("allOf", ())), None)
    if kind == "array":
        return value.split(",")
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
