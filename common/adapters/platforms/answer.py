"""What stands in a platform's answer, whatever it is: read by its path, and None where it is not what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.errors import Unreachable

Json = dict[str, Any]


def at(told: object, *path: str | int) -> Any:
    """What lies at the end of a path of names and places in lists; None where it breaks off."""
    for part in path:
        if isinstance(part, str) and isinstance(told, Mapping):
            told = told.get(part)
        elif isinstance(part, int) and isinstance(told, list) and part < len(told):
            told = told[part]
        else:
            return None
    return told


def text(told: object, *path: str | int) -> str | None:
    """A text that is not empty."""
    found = at(told, *path)
    return found if isinstance(found, str) and found else None


def whole(told: object, *path: str | int) -> int | None:
    """A count: a whole number that is not below 0, written as one or as its digits."""
    found = at(told, *path)
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 20:
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def items(told: object, *path: str | int) -> list[Json]:
    """The objects of a list."""
    found = at(told, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def needed(name: str, told: object, *path: str | int) -> str:
    """A text that one cannot go on without. Raises Unreachable: something between may have answered."""
    if (found := text(told, *path)) is None:
        raise Unreachable(f"{name} answers without {'.'.join(map(str, path))}; it is asked again")
    return found
