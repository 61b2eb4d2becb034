"""What a request may say, by the API's description: each place where a text can stand, and the least that is taken."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

# Of texts with a form, one of each. A form that none of them has wants another one here.
SAMPLES = (
    "text",
    "ab@example.com",
    "0123456789",
    "video/mp4",
    "0" * 64,
    "en",
    "1",
    '"1"',
    "now",
    "18:00",
    "https://a.example/b",
    "EUR",
    "DE",
)
FORMATS = {"date-time": "2030-01-01T00:00:00Z", "date": "2026-01-01"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value can stand: `where` is path, query, header or body; `steps` lead to it, 0 is of a list."""

    where: str
    steps: tuple[str | int, ...]
    schema: Json

    @property
    def name(self) -> str:
        return f"{self.where}:{'.'.join(map(str, self.steps))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A request. Parts of the path, and values of the query and of headers, by name."""

    path: Json
    query: Json
    header: Json
    body: Any

    def put(self, place: Place, text: str) -> Said:
        """The same with another text there."""
        made = copy.deepcopy(self)
        inner: Any = getattr(made, place.where)
        for step in place.steps[:-1]:
            inner = inner[step]
        inner[place.steps[-1]] = text
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    method: str
    path: str
    parameters: Sequence[Json]
    body: Json | None
    signed: bool
    schemas: Mapping[str, Json]

    def places(self) -> list[Place]:
        """In the order they are described, those of headers last: an If-Match that holds may end what is asked of."""
        found = [
            Place(where=one["in"], steps=(one["name"], *place.steps), schema=place.schema)
            for one in sorted(self.parameters, key=lambda one: bool(one["in"] == "header"))
            for place in self._leaves(one["schema"], (), "")
        ]
        texts = [*found, *self.values()]
        return [
            one for one in texts if one.schema.get("type") == "string" and not {"enum", "const"} & one.schema.keys()
        ]

    def values(self) -> list[Place]:
        """Where anything can stand in the body that is neither a list nor an object, of whatever kind."""
        return list(self._leaves(self.body, (), "body"))

    def least(self, place: Place | None, known: Callable[[str], Any]) -> Said:
        """What must be said, and what leads to the place. `known`: values by name, of what is there; or None."""
        said: dict[str, Json] = {"path": {}, "query": {}, "header": {}}
        for one in self.parameters:
            if one["required"] or (place and (place.where, place.steps[0]) == (one["in"], one["name"])):
                said[one["in"]][one["name"]] = self._value(one["schema"], one["name"], (), known)
        steps = place.steps if place and place.where == "body" else ()
        return Said(**said, body=None if self.body is None else self._value(self.body, "", steps, known))

    def _leaves(self, schema: Json | None, steps: tuple[str | int, ...], where: str) -> Iterator[Place]:
        for one in self._ways(schema):
            if one.get("type") not in ("array", "object", "null"):
                yield Place(where=where, steps=steps, schema=one)
            if one.get("type") == "array" and "items" in one:
                yield from self._leaves(one["items"], (*steps, 0), where)
            for name, inner in one.get("properties", {}).items():
                yield from self._leaves(inner, (*steps, name), where)

    def _value(self, schema: Json, name: str, steps: tuple[str | int, ...], known: Callable[[str], Any]) -> Any:
        ways = self._ways(schema)
        one = next((way for way in ways if steps and _leads(way, steps[0])), ways[0])
        kind = one.get("type")
        if "const" in one or "enum" in one:
            return one.get("const", one.get("enum", [None])[0])
        if kind == "object":
            told = one.get("properties", {})
            wanted = {*one.get("required", ()), *([steps[0]] if steps else [])} or set(list(told)[:1])
            return {
                key: self._value(inner, key, steps[1:] if steps and steps[0] == key else (), known)
                for key, inner in told.items()
                if key in wanted
            }
        if kind == "array":
            return [self._value(one["items"], name, steps[1:], known)] * max(1, one.get("minItems", 0))
        if kind in ("integer", "number"):
            return one.get("minimum", one.get("exclusiveMinimum", 0) + 1)
        if kind == "string":
            return self._text(one, name, known)
        return {"boolean": False, "null": None}[str(kind)]

    def _text(self, schema: Json, name: str, known: Callable[[str], Any]) -> str:
        if (there := known(name)) is not None:
            return str(there)
        if "format" in schema:
            return FORMATS[schema["format"]]
        return next(one for one in SAMPLES if re.search(schema.get("pattern", ""), one))

    def _ways(self, schema: Json | None) -> list[Json]:
        """Which forms it can have, without references; null last."""
        if schema is None:
            return []
        if "$ref" in schema:
            return self._ways(self.schemas[schema["$ref"].rpartition("/")[2]])
        several = [way for key in ("anyOf", "oneOf", "allOf") for one in schema.get(key, ()) for way in self._ways(one)]
        return sorted(several or [schema], key=lambda way: way.get("type") == "null")


def _leads(schema: Json, step: str | int) -> bool:
    return step in schema.get("properties", {}) if isinstance(step, str) else schema.get("type") == "array"


def operations(described: Json) -> Iterator[Operation]:
    """Each that there is."""
    for path, item in described["paths"].items():
        for method, one in item.items():
            content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            yield Operation(
                method=method.upper(),
                path=path,
                parameters=one.get("parameters", []),
                body=content.get("schema"),
                signed=one.get("security") == [{"signature": []}],
                schemas=described["components"]["schemas"],
            )


def texts(value: Any) -> Iterator[str]:
    """Every text in it, at any depth; no names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from texts(inner)
