"""What a request says: its body and its query, checked against the types that the route takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from common.errors import BadInput, TooLarge, TooSlow
from functions.api.route import Shape, Told

LARGEST = 1 << 20  # bytes of a body
LONGEST_S = 30.0  # in which a body must be there
DEEPEST = 32  # levels of a body
_NAMES: dict[Told, tuple[str, str]] = {
    "application/json": ("JSON", "not_json"),
    "application/atom+xml": ("Atom", "not_atom"),
}

S = TypeVar("S", bound=Shape)


async def body_of(headers: Mapping[str, str], stream: Any) -> bytes:
    """The bytes of a body. Raises TooLarge as soon as there are too many, TooSlow once it took too long.

    Nothing but a socket waits for who is slow: no thread is taken before the body is there.
    """
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise BadInput("the body is compressed; send it as it is", code="encoded")  # what it unpacks to is not known
    if (said := headers.get("content-length", "")).isdecimal() and int(said) > LARGEST:
        raise TooLarge(f"a body of {said} bytes; {LARGEST} are read at most")
    parts, size = [], 0
    try:
        async with asyncio.timeout(LONGEST_S):
            async for part in stream:
                size += len(part)
                if size > LARGEST:
                    raise TooLarge(f"a body of more than the {LARGEST} bytes that are read at most")
                parts.append(part)
    except TimeoutError:
        raise TooSlow(f"the body was not there within {LONGEST_S:g} s; send it faster, or less") from None
    return b"".join(parts)


def read_body(kind: str, content: bytes, wanted: type[S]) -> S:
    """Raises BadInput, saying where the body is not what is wanted."""
    must_be(kind, "application/json")
    try:
        told = json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the body is no JSON: {str(error)[:200]}", code="not_json") from error
    _look_over(told)
    return _converted(told, wanted, "the body", strict=True)


def must_be(kind: str, wanted: Told) -> None:
    """Raises BadInput where a body says that it is something else."""
    if kind.partition(";")[0].strip().lower() != wanted:
        name, code = _NAMES[wanted]
        raise BadInput(f"the body is no {name}; send it with Content-Type: {wanted}", code=code)


def read_query(pairs: Iterable[tuple[str, str]], wanted: type[S] | None) -> S | None:
    """Raises BadInput for a parameter that is unknown, given twice or of another form."""
    told: dict[str, str] = {}
    for name, value in pairs:
        if name in told:
            raise BadInput(f"{name[:50]!r} is given twice; give it once")
        told[name] = value
    if wanted is None:
        if told:
            raise BadInput(f"{next(iter(told))[:50]!r} is no parameter here; leave it out")
        return None
    return _converted(told, wanted, "the query", strict=False)


def _converted(told: object, wanted: type[S], what: str, *, strict: bool) -> S:
    try:
        return msgspec.convert(told, wanted, strict=strict)
    except msgspec.ValidationError as error:
        raise BadInput(f"{what} cannot be used: {error}; see /v1/openapi.json") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:50]!r} is given twice")
        found[name] = value
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _look_over(told: object) -> None:
    """Raise BadInput for what no document could hold: levels upon levels, and halves of characters."""
    todo = [(told, 1)]
    while todo:
        value, depth = todo.pop()
        if depth > DEEPEST:
            raise BadInput(f"the body is nested more than {DEEPEST} levels deep")
        if isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
            raise BadInput("the body holds half a character (a lone surrogate); send whole ones")
        inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
        todo += [(one, depth + 1) for one in inner]
