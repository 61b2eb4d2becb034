"""Documents, words and vectors in one SQLite file: every commit is one durable transaction.

Versions are numbers from one sequence for the whole file, so a document that was removed and made again
never has a version it had before. Ages come from the boot clock: after a reboot every document is old.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import hypot
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.adapters.embedded import boot, lookups
from common.domain.codec import dumps, loads
from common.errors import Conflict, NoSpace
from common.ports.documents import (
    ABSENT,
    Create,
    Delete,
    Increment,
    Json,
    Merge,
    Snap,
    Update,
    Vector,
    Version,
    Where,
    Write,
    plain,
    rich,
)
from common.ports.vectors import Near

if TYPE_CHECKING:
    from common.adapters.embedded.nearness import Matrices

_FIELD = re.compile(r"[a-z][a-z0-9_]*")
_MAPPED = 4 << 30  # bytes of the file read where they lie: a search reads hundreds of documents, all over it
_PATIENCE_S = 30.0  # with who holds the file
_AGAIN_S = 0.01
_FEW = 4  # times as many as are wanted: how far the nearest are looked at one by one before conditions are asked
_LAST = "\U0010ffff"  # sorts after whatever an id goes on with
_FEW_HAVE = ("asset", "flow")  # fields with an index of their own: few documents share a value
_OPS = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sequence (last INTEGER NOT NULL);
INSERT INTO sequence SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sequence);
CREATE TABLE IF NOT EXISTS documents (
    key TEXT PRIMARY KEY, parent TEXT NOT NULL, collection TEXT NOT NULL,
    body TEXT NOT NULL, version INTEGER NOT NULL, boot TEXT NOT NULL, written REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_due ON documents (collection, json_extract(body, '$.due'))
    WHERE json_extract(body, '$.due') IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_flow ON documents
    (collection, json_extract(body, '$.flow'), json_extract(body, '$.stage'), json_extract(body, '$.state'))
    WHERE json_extract(body, '$.flow') IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_asset ON documents (collection, json_extract(body, '$.asset'))
    WHERE json_extract(body, '$.asset') IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_collection ON documents (collection, parent);
"""

# Lists, the newest or the best first: what has none of these fields costs nothing.
_ORDERS = "".join(
    f"CREATE INDEX IF NOT EXISTS in_order_of_{field} ON documents (collection, parent, json_extract(body, '$.{field}'))"
    f" WHERE json_extract(body, '$.{field}') IS NOT NULL;\n"
    for field in ("created", "started", "score", "place")
)
# By the last that each makes.
_SCRIPTS: Final = {"by_collection": _SCHEMA, "in_order_of_place": _ORDERS, "vectors_by_version": lookups.SCHEMA}


class SqliteDocuments:
    """One connection, shared by the threads of this process under a lock; other processes have their own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._matrices: Matrices | None = None
        self._db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        self._log_ahead()
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(f"PRAGMA mmap_size = {_MAPPED}")
        if self._missing() or self._kept_by() < lookups.KEPT:
            self._prepare()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        found: dict[str, Snap] = {}
        wanted = list(keys)
        with self._lock:
            for at in range(0, len(wanted), 500):
                part = wanted[at : at + 500]
                marks = ",".join("?" * len(part))
                for snap in self._select(f"WHERE key IN ({marks})", part):
                    found[snap.key] = snap
        return found

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        with self._lock, self._transaction():
            (version,) = self._db.execute("UPDATE sequence SET last = last + 1 RETURNING last").fetchone()
            for write in writes:
                self._write(write, version)
        return {write.key: version for write in writes if not isinstance(write, Delete)}

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
        if any(one.op == "has" for one in where):
            if parent is None or order is not None:
                raise ValueError("what has a word is asked of one parent, and comes by key")
            with self._lock:
                return self._with_words(parent, collection, where, limit)
        clause, values = self._clause(collection, where, parent)
        way = "DESC" if last_first else "ASC"
        by = f"AND {_path(order)} IS NOT NULL ORDER BY {_path(order)} {way}, key {way}" if order else ""
        with self._lock:
            return list(self._select(f"{clause} {by} LIMIT ?", [*values, limit]))

    def nearest(
        self, collection: str, field: str, to: Vector, where: Sequence[Where] = (), *, parent: str, limit: int = 10
    ) -> list[Near]:
        """Exact: each is looked at."""
        with self._lock:
            if self._matrices is None:
                from common.adapters.embedded.nearness import Matrices  # it needs numpy, and most look for nothing

                self._matrices = Matrices()
            matrix = self._matrices.of(self._db, parent, collection, field)
        if matrix is None:
            return []
        near = matrix.nearest(to, limit * _FEW if where else limit)
        found: list[Near] = []
        for at in range(0, len(near), limit):
            part = {f"{parent}/{collection}/{name}": cosine for name, cosine in near[at : at + limit]}
            snaps = self.get_many(part)
            found += [
                Near(snap, 1 - cosine)
                for key, cosine in part.items()
                if (snap := snaps.get(key)) and all(snap.body.get(one.field) == one.value for one in where)
            ]
            if len(found) >= limit:
                return found[:limit]
        if not where or len(near) < limit * _FEW:
            return found
        return self._nearest_of(self.query(collection, where, parent=parent, limit=-1), field, to)[:limit]

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        if any(one.op == "has" for one in where):
            raise ValueError("what has a word is queried, not counted")
        clause, values = self._clause(collection, where, parent)
        with self._lock:
            (found,) = self._db.execute(f"SELECT COUNT(*) FROM documents {clause}", values).fetchone()
        return int(found)

    def collections(self, parent: str) -> list[str]:
        asked = "SELECT DISTINCT collection FROM documents WHERE key > ? AND key < ? AND parent = ? ORDER BY collection"
        with self._lock:
            return [name for (name,) in self._db.execute(asked, (f"{parent}/", f"{parent}/{_LAST}", parent))]

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        place = f"{parent}/{collection}/"
        clause = "WHERE key >= ? AND key > ? AND key < ? AND parent = ? ORDER BY key LIMIT ?"
        with self._lock:
            return list(self._select(clause, [place + begins, place + after, f"{place}{begins}{_LAST}", parent, limit]))

    def _with_words(self, parent: str, collection: str, where: Sequence[Where], limit: int) -> list[Snap]:
        prefix = f"{parent}/{collection}/"
        (field,) = {one.field for one in where if one.op == "has"}
        at = lookups.place(self._db, parent, collection, field)
        if at is None:
            return []
        words = [(at[0], one.value) for one in where if one.op == "has"]
        if any(one.op == "==" and one.field in _FEW_HAVE for one in where):
            # Few documents: they are gone through, and not all that have a word.
            clause, values = self._clause(collection, where, parent)
            some, wanted = lookups.each_word(words, len(prefix) + 1)
            return list(self._select(f"{clause} {some} ORDER BY key LIMIT ?", [*values, *wanted, limit]))
        told = [one for one in where if one.op == "==" and one.field in lookups.EQUAL and isinstance(one.value, str)]
        for one in told:
            equal = lookups.place(self._db, parent, collection, one.field)
            if equal is None:
                return []
            words.append((equal[0], one.value))
        clause, values = self._clause(collection, [one for one in where if one not in told], parent)
        having, wanted = lookups.with_words(self._db, words)
        clause = f"{clause} AND key = ? || w.id AND {having} ORDER BY w.id LIMIT ?"
        return list(self._select(clause, [*values, prefix, *wanted, limit], "words AS w CROSS JOIN documents"))

    def _nearest_of(self, found: Sequence[Snap], field: str, to: Vector) -> list[Near]:
        """By going through them: few, for their conditions are met by few."""
        near = [
            Near(snap, 1 - sum(map(mul, vector.numbers, to.numbers)) / (hypot(*vector.numbers) * hypot(*to.numbers)))
            for snap in found
            if isinstance(vector := snap.body.get(field), Vector)
        ]
        return sorted(near, key=lambda one: (one.distance, one.snap.key))

    def _log_ahead(self) -> None:
        """SQLite waits for nobody who changes a new file's mode or writes to it this moment: that is done here."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(_AGAIN_S)

    def _kept_by(self) -> int:
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        return int(found)

    def _missing(self) -> list[str]:
        """The scripts that have not been run in this file yet."""
        made = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master")}
        return [script for last, script in _SCRIPTS.items() if last not in made]

    def _prepare(self) -> None:
        """Make what the file lacks, and keep what documents of an earlier version are found by: all of it or nothing,
        and once, whoever else opens it this moment.
        """
        with self._transaction():
            for script in self._missing():
                for statement in script.split(";\n"):
                    self._db.execute(statement)
            if self._kept_by() >= lookups.KEPT:
                return
            rows = self._db.execute("SELECT key, body, version FROM documents WHERE instr(body, '{\"_') > 0")
            for key, body, version in rows:
                lookups.kept(self._db, _split(key), {}, rich(loads(body)), version)
            self._db.execute(f"PRAGMA user_version = {lookups.KEPT}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise NoSpace("the disk of the state folder is full; free some space and run again") from error
            raise

    def _write(self, write: Write, version: int) -> None:
        row = self._db.execute("SELECT body, version FROM documents WHERE key = ?", (write.key,)).fetchone()
        match write:
            case Create(key, body):
                if row is not None:
                    raise Conflict(f"{key} exists already")
                self._store(key, {}, body, version)
            case Update(key, fields, wanted):
                if row is None or row[1] != wanted:
                    raise Conflict(f"{key} has changed since it was read")
                self._store(key, rich(loads(row[0])), fields, version)
            case Merge(key, fields):
                self._store(key, rich(loads(row[0])) if row else {}, fields, version)
            case Increment(key, field, by):
                body = rich(loads(row[0])) if row else {}
                self._store(key, body, {field: body.get(field, 0) + by}, version)
            case Delete(key, wanted):
                if wanted is not None and (row is None or row[1] != wanted):
                    raise Conflict(f"{key} has changed since it was read")
                if row is not None:
                    lookups.kept(self._db, _split(key), rich(loads(row[0])), {}, version)
                self._db.execute("DELETE FROM documents WHERE key = ?", (key,))

    def _store(self, key: str, body: Json, fields: Json, version: int) -> None:
        merged = {name: value for name, value in {**body, **fields}.items() if value is not ABSENT}
        text = dumps(plain(merged)).decode()
        parent, collection, name = _split(key)
        lookups.kept(self._db, (parent, collection, name), body, merged, version)
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
            " body = excluded.body, version = excluded.version, boot = excluded.boot, written = excluded.written",
            (key, parent, collection, text, version, boot.name(), boot.seconds()),
        )

    def _select(self, clause: str, values: Sequence[Any], source: str = "documents") -> Iterator[Snap]:
        now = boot.seconds()
        rows = self._db.execute(f"SELECT key, body, documents.version, boot, written FROM {source} {clause}", values)
        for key, body, version, booted, written in rows:
            age = max(0.0, now - written) if booted == boot.name() else float("inf")
            yield Snap(key, rich(loads(body)), version, age)

    def _clause(self, collection: str, where: Sequence[Where], parent: str | None) -> tuple[str, list[Any]]:
        parts, values = ["collection = ?"], [collection]
        if parent is not None:
            parts.append("parent = ?")
            values.append(parent)
        for condition in where:
            if condition.op == "has":
                continue  # see _with_words
            path = _path(condition.field)
            if condition.op == "in":
                parts.append(f"{path} IN ({','.join('?' * len(condition.value))})")
                values.extend(condition.value)
            else:
                parts.append(f"{path} {_OPS[condition.op]} ?")
                values.append(condition.value)
        return "WHERE " + " AND ".join(parts), values


def _path(field: str) -> str:
    # Field names come from our code, never from users; the check keeps it so, since they stand in the SQL text
    # to match the expression indexes.
    if not _FIELD.fullmatch(field):
        raise ValueError(f"{field!r} is no field name")
    return f"json_extract(body, '$.{field}')"


def _split(key: str) -> tuple[str, str, str]:
    parts = key.split("/")
    if len(parts) % 2 or not all(parts):
        raise ValueError(f"{key!r} is no document key: it takes collection/id pairs")
    return "/".join(parts[:-2]), parts[-2], parts[-1]
