"""What SQLite keeps beside the bodies, to find documents by: their words, and their vectors.

    places   a number for each field of words or vectors; `removed`: the version of its last loss
    words    place, word, id: each word's documents lie together, in the order of their ids. Of a document with words
             the fields of EQUAL are words too, each in a place of its own
    vectors  place, id, version, numbers: float32, of length 1

They are written in the transaction that writes the body, and hold nothing that is not in it.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from math import hypot

from common.ports.documents import Json, Vector, Words

SCHEMA = """
CREATE TABLE places (
    place INTEGER PRIMARY KEY AUTOINCREMENT, parent TEXT NOT NULL, collection TEXT NOT NULL, field TEXT NOT NULL,
    removed INTEGER NOT NULL, UNIQUE (parent, collection, field)
);
CREATE TABLE words (place INTEGER, word TEXT, id TEXT, PRIMARY KEY (place, word, id)) WITHOUT ROWID;
CREATE TABLE vectors (
    place INTEGER, id TEXT, version INTEGER NOT NULL, numbers BLOB NOT NULL, PRIMARY KEY (place, id)
) WITHOUT ROWID;
CREATE INDEX vectors_by_version ON vectors (place, version);
"""
EQUAL = ("state",)  # asked for together with words, and had by so many that their bodies would be read in vain
KEPT = 1  # rises when more is kept than before; the file's user_version says what its documents were kept by
_FEW = 300  # documents of a word that are looked at, to tell how rare it is


def place(db: sqlite3.Connection, parent: str, collection: str, field: str) -> tuple[int, int] | None:
    """The number of a place, and the version of its last loss; None where nothing was ever kept."""
    found: tuple[int, int] | None = db.execute(
        "SELECT place, removed FROM places WHERE parent = ? AND collection = ? AND field = ?",
        (parent, collection, field),
    ).fetchone()
    return found


def kept(db: sqlite3.Connection, at: tuple[str, str, str], before: Json, after: Json, version: int) -> None:
    """Write what a document is found by, where it changes; `at`: its parent, collection and id."""
    for field in before.keys() | after.keys():
        was, now = before.get(field), after.get(field)
        old, new = _words(before, field), _words(after, field)
        if old == new and (was == now or not (isinstance(was, Vector) or isinstance(now, Vector))):
            continue
        number = _made(db, at[0], at[1], field)
        db.executemany(
            "DELETE FROM words WHERE place = ? AND word = ? AND id = ?", [(number, word, at[2]) for word in old - new]
        )
        db.executemany("INSERT OR IGNORE INTO words VALUES (?, ?, ?)", [(number, word, at[2]) for word in new - old])
        if isinstance(now, Vector):
            db.execute("REPLACE INTO vectors VALUES (?, ?, ?, ?)", (number, at[2], version, _packed(now)))
        elif isinstance(was, Vector):
            db.execute("DELETE FROM vectors WHERE place = ? AND id = ?", (number, at[2]))
            db.execute("UPDATE places SET removed = ? WHERE place = ?", (version, number))


def with_words(db: sqlite3.Connection, words: Sequence[tuple[int, str]]) -> tuple[str, list[int | str]]:
    """A condition on a row w of `words`, true once for each id that has all these words of places; and its values.

    The rarest word's rows are gone through, the others looked up, the rarer first.
    """
    first, *others = _rarest_first(db, sorted(set(words)))
    other = " AND EXISTS (SELECT 1 FROM words AS o WHERE o.place = ? AND o.word = ? AND o.id = w.id)"
    return f"w.place = ? AND w.word = ?{other * len(others)}", [*first, *(one for pair in others for one in pair)]


def each_word(words: Sequence[tuple[int, str]], begin: int) -> tuple[str, list[int | str]]:
    """The same as a condition on a row of `documents`, whose ids begin at this character of their keys."""
    one = "AND EXISTS (SELECT 1 FROM words WHERE place = ? AND word = ? AND id = substr(key, ?))"
    return " ".join([one] * len(words)), [value for word in words for value in (*word, begin)]


def _rarest_first(db: sqlite3.Connection, words: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Of words that many have, the rarest is the one whose first few reach the furthest."""
    asked = "SELECT COUNT(*), MAX(id) FROM (SELECT id FROM words WHERE place = ? AND word = ? ORDER BY id LIMIT ?)"
    reach = {word: db.execute(asked, (*word, _FEW)).fetchone() for word in words}
    furthest = sorted(words, key=lambda word: reach[word][1] or "", reverse=True)
    return sorted(furthest, key=lambda word: int(reach[word][0]))


def _words(body: Json, field: str) -> frozenset[str]:
    value = body.get(field)
    if isinstance(value, Words):
        return value.words
    if field in EQUAL and isinstance(value, str) and any(isinstance(one, Words) for one in body.values()):
        return frozenset([value])
    return frozenset()


def _made(db: sqlite3.Connection, parent: str, collection: str, field: str) -> int:
    known = place(db, parent, collection, field)
    if known is not None:
        return known[0]
    made = "INSERT INTO places (parent, collection, field, removed) VALUES (?, ?, ?, 0)"
    return int(db.execute(made, (parent, collection, field)).lastrowid or 0)


def _packed(vector: Vector) -> bytes:
    length = hypot(*vector.numbers)
    return array("f", [number / length for number in vector.numbers]).tobytes()
