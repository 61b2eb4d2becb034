"""Documents: small JSON records with conditional, atomic writes. The only place where truth is kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol

Json = dict[str, Any]
Version = int | str  # opaque: compare for equality only


class Absent(Enum):
    """Written as a field's value, `ABSENT` removes the field."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Vector:
    """A field's value that common.ports.vectors looks for: at most 2048 numbers, not all 0, as many everywhere."""

    numbers: tuple[float, ...]

    def __post_init__(self) -> None:
        if not math.isfinite(sum(self.numbers)) or not any(self.numbers):
            raise ValueError("a vector is of finite numbers, not all 0; look at what made it")


@dataclass(frozen=True, slots=True)
class Words:
    """A field's value that the condition `has` looks in: each word once, of letters, marks and figures alone."""

    words: frozenset[str]


_VECTOR, _WORDS = "_vector", "_words"


def plain(body: Json) -> Json:
    """A body as JSON: a vector, or words, as a map of one field."""
    return {name: _plain(value) for name, value in body.items()}


def rich(body: Json) -> Json:
    """A body from what `plain` made of it."""
    return {name: _rich(value) if isinstance(value, dict) else value for name, value in body.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Vector):
        return {_VECTOR: value.numbers}
    return {_WORDS: sorted(value.words)} if isinstance(value, Words) else value


def _rich(value: Json) -> Any:
    if set(value) == {_VECTOR}:
        return Vector(tuple(value[_VECTOR]))
    return Words(frozenset(value[_WORDS])) if set(value) == {_WORDS} else value


@dataclass(frozen=True, slots=True)
class Snap:
    """One document as it was read. `age` is seconds since its last write, by the store's own clock."""

    key: str
    body: Json
    version: Version
    age: float

    @property
    def id(self) -> str:
        return self.key.rsplit("/", 1)[1]


@dataclass(frozen=True, slots=True)
class Create:
    """Write a document that must not exist."""

    key: str
    body: Json


@dataclass(frozen=True, slots=True)
class Update:
    """Set fields of a document that must still have this version."""

    key: str
    fields: Json
    version: Version


@dataclass(frozen=True, slots=True)
class Merge:
    """Set fields of a document, made if it is missing, whatever its version."""

    key: str
    fields: Json


@dataclass(frozen=True, slots=True)
class Increment:
    """Add to an integer field, 0 if it is missing."""

    key: str
    field: str
    by: int


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a document; with a version, only if it still has it. A missing document is no error."""

    key: str
    version: Version | None = None


Write = Create | Update | Merge | Increment | Delete


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one top-level field. `has`: a word that is among the field's `Words`.

    With `has` there may be equalities beside it and nothing else: a parent is named, and the documents come by key.
    """

    field: str
    op: Literal["==", "<", "<=", ">", ">=", "in", "has"]
    value: Any


class Documents(Protocol):
    """Keys are `collection/id` pairs joined by slashes, such as `tenants/t1/runs/a1-1.detect`.

    A body is JSON, with `Vector`s and `Words` as values of top-level fields. One whose field `expires` is
    a stamp may be gone once that time has passed: the cloud's store removes it within a day or so, one machine keeps
    it.
    """

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        """The documents that exist, by key."""

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        """Do all writes or none; raises Conflict when a condition does not hold. Returns the new versions."""

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        parent: str | None = None,
        order: str | None = None,
        last_first: bool = False,
        limit: int = 100,
    ) -> list[Snap]:
        """Documents of a collection group (or of one parent), by `order` and then by key, if it is given.

        Ascending, or with `last_first` descending. Those that lack the field `order` are not among them.
        """

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        """How many documents `query` would find without a limit; not for words."""

    def collections(self, parent: str) -> list[str]:
        """The names of all collections right below a document, whether it exists or not, in order."""

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        """Documents of one parent in the order of their ids: those whose id begins so, after one."""
