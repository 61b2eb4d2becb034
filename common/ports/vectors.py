"""Vectors: which documents mean nearly the same. They are fields of documents, written with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.ports.documents import Snap, Vector, Where


@dataclass(frozen=True, slots=True)
class Near:
    """A document, and 1 - the cosine of the angle to what was looked for: 0 the same direction, 2 the opposite."""

    snap: Snap
    distance: float


class Vectors(Protocol):
    """Implemented by what keeps the documents."""

    def nearest(
        self, collection: str, field: str, to: Vector, where: Sequence[Where] = (), *, parent: str, limit: int = 10
    ) -> list[Near]:
        """The documents of one parent whose vector in `field` is nearest by angle, nearest first.

        Every condition is an equality. Documents without such a vector are left out.
        """
