"""Documents that count what Firestore bills."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from common.ports.documents import Documents, Snap, Version, Where, Write

# US dollars per 100,000, list price of the nam5 multi-region; a single region costs about half.
READ_USD, WRITE_USD = 0.06, 0.18


@dataclass
class Counted:
    """Implements Documents. A read is a document given, at least one per question; a write is one of a batch."""

    inner: Documents
    reads: int = 0
    writes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def usd(self) -> float:
        return (self.reads * READ_USD + self.writes * WRITE_USD) / 100_000

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        wanted = list(keys)
        self._add(reads=len(wanted))
        return self.inner.get_many(wanted)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        self._add(writes=len(writes))
        return self.inner.commit(writes)

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
        found = self.inner.query(collection, where, parent=parent, order=order, last_first=last_first, limit=limit)
        self._add(reads=max(1, len(found)))
        return found

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        found = self.inner.count(collection, where, parent=parent)
        self._add(reads=1 + found // 1000)
        return found

    def collections(self, parent: str) -> list[str]:
        self._add(reads=1)
        return self.inner.collections(parent)

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        found = self.inner.named(collection, parent=parent, begins=begins, after=after, limit=limit)
        self._add(reads=max(1, len(found)))
        return found

    def _add(self, *, reads: int = 0, writes: int = 0) -> None:
        with self.lock:
            self.reads += reads
            self.writes += writes
