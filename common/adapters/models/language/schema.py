"""The part of JSON Schema that questions are asked in, held against answers whatever the maker promises to enforce.

A schema that says more than is checked here is refused before it is asked: nothing may look enforced and not be.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from common.errors import BadInput

Json = dict[str, Any]

_ALWAYS = {"type", "description", "title", "enum"}
_OF_TYPE: dict[str, set[str]] = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
    "string": {"minLength", "maxLength"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "boolean": set(),
    "null": set(),
}


class Misfit(Exception):
    """An answer that is not what was asked for; says where and why, and quotes none of it."""


def strict(schema: Mapping[str, Any], at: str = "the schema") -> Json:
    """The schema with every object closed and all its properties required, as the makers' strict modes want it.

    Raises BadInput where it says what is not checked, or leaves a property out of `required`.
    """
    if "anyOf" in schema:
        _only(schema, {"anyOf", "description", "title"}, at)
        return {**schema, "anyOf": [strict(one, f"{at}.anyOf") for one in schema["anyOf"]]}
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _OF_TYPE:
        raise BadInput(f"{at} has the type {kind!r}; give one of {', '.join(sorted(_OF_TYPE))}")
    _only(schema, _ALWAYS | _OF_TYPE[kind], at)
    if kind == "object":
        named = schema.get("properties", {})
        if set(schema.get("required", named)) != set(named):
            raise BadInput(f"{at} must require every property; make one that may be missing anyOf it and null")
        if schema.get("additionalProperties", False) is not False:
            raise BadInput(f"{at} must not take other properties; leave additionalProperties out")
        inside = {name: strict(one, f"{at}.{name}") for name, one in named.items()}
        return {**schema, "properties": inside, "required": list(named), "additionalProperties": False}
    if kind == "array":
        if "items" not in schema:
            raise BadInput(f"{at} is an array of nothing; give its items")
        return {**schema, "items": strict(schema["items"], f"{at}[]")}
    return dict(schema)


def read(text: str, schema: Mapping[str, Any]) -> Any:
    """What a text of JSON holds, and nothing before or after it. Raises Misfit; `schema` is a strict one."""
    try:
        content = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise Misfit(_why_unread(text, error)) from error
    fit(content, schema)
    return content


def fit(content: Any, schema: Mapping[str, Any], at: str = "the answer") -> None:
    """Raises Misfit unless the content is what the schema says: its types, ranges, names and nothing else."""
    if "anyOf" in schema:
        return _any(content, schema["anyOf"], at)
    kind = schema["type"]
    if not _is(content, kind):
        raise Misfit(f"{at} is {_called(content)}, not {kind}")
    if "enum" in schema and not any(content == one and type(content) is type(one) for one in schema["enum"]):
        raise Misfit(f"{at} is none of the values it may have")
    match kind:
        case "object":
            _object(content, schema, at)
        case "array":
            _within(len(content), schema.get("minItems"), schema.get("maxItems"), f"the length of {at}")
            for number, one in enumerate(content):
                fit(one, schema["items"], f"{at}[{number}]")
        case "string":
            _within(len(content), schema.get("minLength"), schema.get("maxLength"), f"the length of {at}")
        case "integer" | "number":
            _within(content, schema.get("minimum"), schema.get("maximum"), at)


def _object(content: Json, schema: Mapping[str, Any], at: str) -> None:
    named = schema["properties"]
    if missing := [name for name in named if name not in content]:
        raise Misfit(f"{at} lacks {', '.join(missing)}")
    if len(content) > len(named):
        raise Misfit(f"{at} has {len(content) - len(named)} properties that nobody asked for")
    for name, one in content.items():
        fit(one, named[name], f"{at}.{name}")


def _any(content: Any, choices: list[Mapping[str, Any]], at: str) -> None:
    why = []
    for one in choices:
        try:
            return fit(content, one, at)
        except Misfit as error:
            why.append(str(error))
    raise Misfit("; ".join(why))


def _is(content: Any, kind: str) -> bool:
    match kind:
        case "object":
            return isinstance(content, dict)
        case "array":
            return isinstance(content, list)
        case "string":
            return isinstance(content, str)
        case "boolean":
            return isinstance(content, bool)
        case "null":
            return content is None
        case "integer":
            return isinstance(content, int) and not isinstance(content, bool)
        case _:
            return isinstance(content, int | float) and not isinstance(content, bool) and math.isfinite(content)


def _called(content: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", type(None): "null"}
    return names.get(type(content), "number")


def _within(value: float, low: float | None, high: float | None, at: str) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        raise Misfit(f"{at} is out of its range, {'' if low is None else low} to {'' if high is None else high}")


def _only(schema: Mapping[str, Any], known: set[str], at: str) -> None:
    if strange := sorted(set(schema) - known):
        raise BadInput(f"{at} says {', '.join(strange)}, which is not checked; leave it out or check it in schema.py")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _once_each(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _why_unread(text: str, error: Exception) -> str:
    start = text.lstrip()[:1]
    if start == "<":
        return "it is a web page, not JSON"
    if start not in ("{", "[") or "Extra data" in str(error):
        return "there are words around its JSON"
    cut = isinstance(error, json.JSONDecodeError) and (error.pos >= len(text.rstrip()) or "Unterminated" in error.msg)
    return "its JSON is cut off" if cut else "its JSON cannot be read"
