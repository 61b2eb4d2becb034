"""Domain values to JSON and back, exactly: `Fraction` travels as `"n/d"`, unknown fields are refused by type."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
Json = dict[str, Any]


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _rich(kind: type, value: object) -> object:
    if kind is Fraction:
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            try:
                return Fraction(value)
            except (ValueError, ZeroDivisionError) as error:
                raise ValueError(f"{value!r} is no fraction") from error
        raise ValueError("a time is written as a fraction, 'n/d'")
    raise TypeError(f"{kind} cannot be read")


def to_json(value: object) -> Any:
    """Dataclasses, tuples, enums and Fractions as plain JSON values."""
    return msgspec.to_builtins(value, enc_hook=_plain, str_keys=True)


def from_json(kind: type[T], data: object) -> T:
    """The value of type `kind` that `to_json` wrote; raises `msgspec.ValidationError` with the path of what is off."""
    return msgspec.convert(data, kind, dec_hook=_rich, str_keys=True)


def dumps(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, so equal values give equal bytes."""
    return msgspec.json.encode(value, enc_hook=_plain, order="deterministic")


def loads(raw: bytes | str) -> Any:
    return msgspec.json.decode(raw)


def digest(value: object, length: int = 16) -> str:
    """A short name for a value: the first `length` hex digits of the sha256 of its canonical JSON."""
    return hashlib.sha256(dumps(value)).hexdigest()[:length]
