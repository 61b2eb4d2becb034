"""The vectors of a place in memory, as one matrix: only what was written since its last use is read."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.adapters.embedded import lookups
from common.ports.documents import Vector

MOST = 4  # places whose vectors are in memory at once; 100,000 of 384 numbers take 150 MB


class Matrix:
    """Row n is the vector of `ids[n]`. Rows are added at the end, so who reads the first ones is not disturbed."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._numbers: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._seen = 0

    def refresh(self, db: sqlite3.Connection, number: int) -> None:
        found = db.execute(
            "SELECT id, version, numbers FROM vectors WHERE place = ? AND version > ? ORDER BY version",
            (number, self._seen),
        )
        for identity, version, packed in found:
            self._put(identity, np.frombuffer(packed, np.float32))
            self._seen = version

    def nearest(self, to: Vector, most: int) -> list[tuple[str, float]]:
        """The ids of the `most` nearest with their cosines, the nearest first; equal ones by id."""
        ids, count = self.ids, len(self.ids)
        numbers = self._numbers[:count]
        wanted = np.array(to.numbers, np.float32)
        if numbers.shape[1:] != wanted.shape:
            return []
        cosines = numbers @ (wanted / np.linalg.norm(wanted))
        chosen: Any = np.arange(count)
        if most < count:
            chosen = np.argpartition(-cosines, most)[:most]
        found = [(ids[n], float(cosines[n])) for n in chosen]
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def _put(self, identity: str, row: NDArray[np.float32]) -> None:
        if not self.ids:
            self._numbers = np.zeros((1024, len(row)), np.float32)
        if len(row) != self._numbers.shape[1]:
            return  # of another model; the field is to hold as many numbers everywhere
        at = self._rows.get(identity, len(self.ids))
        if at == len(self._numbers):
            self._numbers = np.concatenate([self._numbers, np.zeros_like(self._numbers)])
        self._numbers[at] = row
        if at == len(self.ids):
            self._rows[identity] = at
            self.ids.append(identity)


class Matrices:
    """Of one database; asked under its lock."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], Matrix] = {}  # the one used last is the last

    def of(self, db: sqlite3.Connection, parent: str, collection: str, field: str) -> Matrix | None:
        """As the database is now; None where there are none. One that lost a row is read anew."""
        known = lookups.place(db, parent, collection, field)
        if known is None:
            return None
        for stale in [one for one in self._kept if one[0] == known[0] and one != known]:
            del self._kept[stale]
        matrix = self._kept.pop(known, None) or Matrix()
        matrix.refresh(db, known[0])
        self._kept[known] = matrix
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return matrix
