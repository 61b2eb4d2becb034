"""The client's shapes and routes, written from the API's description: common/client/shapes.py and routes.py."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "common" / "client"
SHAPES, ROUTES = FOLDER / "shapes.py", FOLDER / "routes.py"
METHODS = ("get", "post", "put", "patch", "delete")

_HEAD = '''# Written by scripts/openapi from the table of routes; a change here is lost.
# fmt: off
"""{}"""

from __future__ import annotations

'''
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_PART = re.compile(r"\{(\w+)\}")

Described = dict[str, Any]


def shapes(described: Described) -> str:
    """A TypedDict for each shape; what may be left out of a request need not be given."""
    schemas = described["components"]["schemas"]
    asked = _asked(described)
    body = "".join(f"\n\n{_shape(name, schema, loose=name in asked)}" for name, schema in schemas.items())
    return _HEAD.format("What the routes take and give.") + _typing(body) + body


def routes(described: Described) -> str:
    """A class for each tag, a method for each operation."""
    schemas = described["components"]["schemas"]
    tags: dict[str, list[str]] = {}
    for path, method, operation in operations(described):
        tags.setdefault(operation["tags"][0], []).append(_method(path, method, operation, schemas))
    classes = [f"class {_class(tag)}(_Resource):\n" + "\n".join(methods) for tag, methods in tags.items()]
    named = [f"        self.{tag} = {_class(tag)}(transport)" for tag in tags]
    body = "\n\n".join(classes)
    code = re.sub(r'""".*?"""', "", body)
    used = sorted(name for name in schemas if name != "Event" and re.search(rf"\b{name}\b", code))
    said = _HEAD.format("Every route by its name.")
    said += "from collections.abc import Iterator\n" if "Iterator[" in body else ""
    said += _typing(body) + "\n" + ("from common.client.events import Event\n" if "Iterator[Event]" in body else "")
    said += "from common.client.shapes import (\n" + "".join(f"    {name},\n" for name in used) + ")\n"
    said += "from common.client.transport import Transport, part\n\n\n"
    said += "class _Resource:\n    def __init__(self, transport: Transport) -> None:\n"
    said += "        self._ask = transport\n\n\n"
    said += f"{body}\n\nclass Routes:\n    def __init__(self, transport: Transport) -> None:\n" + "\n".join(named)
    return said + "\n"


def _typing(body: str) -> str:
    used = [name for name in ("Any", "Literal", "NotRequired", "TypedDict") if re.search(rf"\b{name}\b", body)]
    return f"from typing import {', '.join(used)}\n" if used else ""


def operations(described: Described) -> Iterator[tuple[str, str, Described]]:
    """All but those that are signed by a webhook's secret: who asks them has no key; and those for platforms.
    What is open to all has `[]`.
    """
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item and not item[method].get("security") and "x-for" not in item[method]:
                yield path, method.upper(), item[method]


def name_of(operation: Described) -> str:
    """Of the method, such as `create` of assets_create."""
    name = str(operation["operationId"]).removeprefix(f"{operation['tags'][0]}_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _class(tag: str) -> str:
    """Not the tag's plain name: a shape may have it."""
    return "".join(word.capitalize() for word in tag.split("_")) + "Routes"


def _asked(described: Described) -> set[str]:
    """The shapes that requests hold."""
    bodies = [operation.get("requestBody") for _, _, operation in operations(described)]
    todo, found = list(_references(bodies)), set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += _references(described["components"]["schemas"][name])
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


def _shape(name: str, schema: Described, *, loose: bool) -> str:
    if "properties" not in schema:
        return f"{name} = {_type(schema)}\n"
    needed = set(schema.get("required", ()))
    fields = {}
    for field, inner in schema["properties"].items():
        found = _type(inner)
        fields[field] = f"NotRequired[{found}]" if loose and field not in needed else found
    if any(keyword.iskeyword(field) or not field.isidentifier() for field in fields):
        inner = ", ".join(f"{field!r}: {found!r}" for field, found in fields.items())
        return f"{name} = TypedDict({name!r}, {{{inner}}})\n"
    told = [f'    """{schema["description"]}"""\n'] if schema.get("description") else []
    lines = [f"    {field}: {found}" for field, found in fields.items()] or ([] if told else ["    pass"])
    return "\n".join([f"class {name}(TypedDict):", *told, *lines]) + "\n"


def _type(schema: Described) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return f"Literal[{', '.join(repr(one) for one in schema['enum'])}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[union]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list[{_type(schema.get('items') or {})}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {_type(inner) if isinstance(inner, dict) else 'Any'}]"
    return _PLAIN.get(str(kind), "Any")


def _method(path: str, method: str, operation: Described, schemas: Described) -> str:
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = _body(operation, schemas)
    content = _content(operation)
    gives = _given(content, schemas)
    positional = [f"{name}: str" for name in _PART.findall(path)]
    needed = [f"{_name(name)}: {_type(schema)}" for name, schema, must in body if must]
    needed += [f"{_name(one['name'])}: {_type(one['schema'])}" for one in query if one["required"]]
    optional = [f"{_name(name)}: {_maybe(schema)} = None" for name, schema, must in body if not must]
    paged = gives.startswith("Iterator[") and gives != "Iterator[Event]"
    optional += [f"{_name(one['name'])}: {_maybe(one['schema'])} = None" for one in query if not one["required"]]
    if gives == "Iterator[Event]":
        optional.append("last: str | None = None")
    match = next((one for one in operation.get("parameters", ()) if one["name"] == "If-Match"), None)
    if match is not None:
        (needed if match["required"] else optional).append(
            "if_match: str" + ("" if match["required"] else " | None = None")
        )
    told = ", ".join(["self", *positional, *(["*", *needed, *optional] if needed or optional else [])])
    where = _PART.sub(r"{part(\1)}", path)
    said = [f'{"f" if positional else ""}"{where}"']
    asked = "{" + ", ".join(f'"{one["name"]}": {_name(one["name"])}' for one in query) + "}"
    if gives == "Iterator[Event]":
        call = f"self._ask.stream({said[0]}, query={asked}, last=last)"
    elif paged:
        call = f"self._ask.pages({said[0]}, query={asked})"
    else:
        said = [f'"{method}"', *said, *([f"query={asked}"] if query else [])]
        if body or "requestBody" in operation:
            said.append("body={" + ", ".join(f'"{name}": {_name(name)}' for name, _, _ in body) + "}")
        said += ["if_match=if_match"] if match is not None else []
        call = f"self._ask.call({', '.join(said)})"
    plain = gives.startswith("list[") and call.startswith("self._ask.call")
    lines = [f"    def {name_of(operation)}({told}) -> {gives}:", f'        """{operation["summary"]}"""']
    if gives == "None":
        lines.append(f"        {call}")
    else:
        lines += [f"        found: {gives} = {call}" + ('["items"]' if plain else ""), "        return found"]
    return "\n".join(lines) + "\n"


def _body(operation: Described, schemas: Described) -> list[tuple[str, Described, bool]]:
    """Each field of the body: its name, what it is, and whether it must be there."""
    if "requestBody" not in operation:
        return []
    schema = schemas[_content_of(operation["requestBody"])["$ref"].rpartition("/")[2]]
    needed = set(schema.get("required", ()))
    return [(name, inner, name in needed) for name, inner in schema["properties"].items()]


def _content(operation: Described) -> tuple[str, Described] | None:
    """The kind and the schema of what is answered where it is done."""
    for status, answer in operation["responses"].items():
        if status.startswith("2") and (content := answer.get("content")):
            kind = next(iter(content))
            return kind, content[kind].get("schema", {})
    return None


def _content_of(answer: Described) -> Described:
    found: Described = next(iter(answer["content"].values()))["schema"]
    return found


def _given(content: tuple[str, Described] | None, schemas: Described) -> str:
    """What the method gives: of a list its items, one after another where it comes in pages."""
    if content is None:
        return "None"
    kind, schema = content
    if kind == "text/event-stream":
        return "Iterator[Event]"
    if "$ref" not in schema:
        return _type(schema)
    inner = schemas[schema["$ref"].rpartition("/")[2]].get("properties", {})
    if set(inner) == {"items", "next"}:
        return f"Iterator[{_type(inner['items']['items'])}]"
    return _type(inner["items"]) if set(inner) == {"items"} else _type(schema)


def _maybe(schema: Described) -> str:
    found = _type(schema)
    return found if found.endswith("None") else f"{found} | None"


def _name(field: str) -> str:
    return f"{field}_" if keyword.iskeyword(field) else field
