"""One suite for every adapter of the documents port."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.errors import Conflict
from common.ports.documents import ABSENT, Create, Delete, Documents, Increment, Merge, Update, Where, Words, Write


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Documents]:
    if request.param == "firestore":
        yield FirestoreDocuments(request.getfixturevalue("firestore"))
        return
    store = SqliteDocuments(tmp_path / "db" / "store.sqlite")
    yield store
    store.close()


KEY = "tenants/t/runs/r1"


def test_what_was_created_is_read_back(documents: Documents) -> None:
    body = {"text": "naïve ☃ \u202e", "number": 1.5, "list": [1, None, {"a": True}]}
    versions = documents.commit([Create(KEY, body)])
    snap = documents.get_many([KEY, "tenants/t/runs/other"])
    assert set(snap) == {KEY}
    assert snap[KEY].body == body
    assert snap[KEY].version == versions[KEY]
    assert snap[KEY].id == "r1"
    assert 0 <= snap[KEY].age < 5


def test_lists_may_stand_in_lists(documents: Documents) -> None:
    body = {"boxes": [[1, 2], [], [[3]], [{"a": [[4]]}]], "n": 1}
    version = documents.commit([Create(KEY, body)])[KEY]
    documents.commit([Update(KEY, {"n": [[2]]}, version)])
    assert documents.get_many([KEY])[KEY].body == {**body, "n": [[2]]}


def test_a_second_create_conflicts_and_changes_nothing(documents: Documents) -> None:
    documents.commit([Create(KEY, {"by": "first"})])
    with pytest.raises(Conflict):
        documents.commit([Create(KEY, {"by": "second"})])
    assert documents.get_many([KEY])[KEY].body == {"by": "first"}


def test_an_update_needs_the_version_it_read(documents: Documents) -> None:
    first = documents.commit([Create(KEY, {"n": 1, "gone": True})])[KEY]
    second = documents.commit([Update(KEY, {"n": 2, "gone": ABSENT}, first)])[KEY]
    assert documents.get_many([KEY])[KEY].body == {"n": 2}
    with pytest.raises(Conflict):
        documents.commit([Update(KEY, {"n": 3}, first)])
    with pytest.raises(Conflict):
        documents.commit([Update("tenants/t/runs/none", {"n": 3}, second)])
    assert documents.get_many([KEY])[KEY].body == {"n": 2}


def test_a_batch_is_all_or_nothing(documents: Documents) -> None:
    documents.commit([Create(KEY, {})])
    with pytest.raises(Conflict):
        documents.commit([Create("tenants/t/runs/new", {}), Merge("tenants/t/runs/m", {"a": 1}), Create(KEY, {})])
    assert set(documents.get_many(["tenants/t/runs/new", "tenants/t/runs/m", KEY])) == {KEY}


def test_a_document_made_again_has_another_version(documents: Documents) -> None:
    first = documents.commit([Create(KEY, {})])[KEY]
    documents.commit([Delete(KEY, first)])
    documents.commit([Create(KEY, {})])
    with pytest.raises(Conflict):
        documents.commit([Update(KEY, {"n": 1}, first)])


def test_merge_and_increment_make_what_is_missing(documents: Documents) -> None:
    documents.commit([Merge(KEY, {"a": 1}), Increment(KEY, "n", 2)])
    documents.commit([Merge(KEY, {"b": 2}), Increment(KEY, "n", 3)])
    assert documents.get_many([KEY])[KEY].body == {"a": 1, "b": 2, "n": 5}


def test_many_may_be_added_to_in_one_batch_and_all_or_none_are(documents: Documents) -> None:
    version = documents.commit([Create("tenants/t/runs/r", {})])["tenants/t/runs/r"]
    added: list[Write] = [Merge(KEY, {"day": "d"}), Increment(KEY, "cpu_ms", 2), Increment(KEY, "wall_ms", 3)]
    documents.commit([Update("tenants/t/runs/r", {"n": 1}, version), *added])
    with pytest.raises(Conflict):
        documents.commit([Update("tenants/t/runs/r", {"n": 1}, version), *added])
    assert documents.get_many([KEY])[KEY].body == {"day": "d", "cpu_ms": 2, "wall_ms": 3}


def test_deleting_what_is_not_there_is_no_error_without_a_version(documents: Documents) -> None:
    documents.commit([Delete(KEY)])
    with pytest.raises(Conflict):
        documents.commit([Delete(KEY, 7)])
    assert not documents.get_many([KEY])


def test_queries_filter_order_and_stay_in_their_parent(documents: Documents) -> None:
    for tenant in ("a", "b"):
        for n in range(4):
            documents.commit([Create(f"tenants/{tenant}/runs/r{n}", {"due": f"{9 - n}", "state": "s", "flow": "f"})])
    documents.commit([Create("tenants/a/runs/quiet", {"state": "s", "flow": "f"})])
    documents.commit([Create("tenants/a/flows/f", {"due": "1"})])
    found = documents.query("runs", [Where("due", "<=", "8")], order="due", limit=3)
    assert [(snap.key.split("/")[1], snap.body["due"]) for snap in found] == [("a", "6"), ("b", "6"), ("a", "7")]
    latest = documents.query("runs", [Where("due", "<=", "8")], order="due", last_first=True, limit=3)
    assert [(snap.key.split("/")[1], snap.body["due"]) for snap in latest] == [("b", "8"), ("a", "8"), ("b", "7")]
    assert documents.count("runs", [Where("due", "<=", "8")]) == 6
    assert documents.count("runs", [Where("state", "in", ("s", "t"))], parent="tenants/a") == 5
    assert [snap.id for snap in documents.query("flows")] == ["f"]


def test_of_many_writers_one_wins(documents: Documents) -> None:
    version = documents.commit([Create(KEY, {"winner": None})])[KEY]
    won: list[int] = []

    def claim(n: int) -> None:
        try:
            documents.commit([Update(KEY, {"winner": n}, version)])
            won.append(n)
        except Conflict:
            return

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert documents.get_many([KEY])[KEY].body["winner"] == won[0]


@pytest.mark.parametrize("key", ["runs", "tenants/t/runs", "", "tenants//runs/x"])
def test_a_key_is_pairs(documents: Documents, key: str) -> None:
    with pytest.raises(ValueError, match="document key"):
        documents.commit([Create(key, {})])


def test_a_field_name_cannot_carry_a_query(documents: Documents) -> None:
    with pytest.raises(ValueError, match="field name"):
        documents.query("runs", [Where("x') OR 1=1 --", "==", 1)])


def test_a_time_to_live_is_read_as_it_was_written(documents: Documents) -> None:
    until = "2030-01-02T03:04:05.678Z"
    documents.commit([Create(KEY, {"expires": until})])
    documents.commit([Merge("tenants/t/runs/m", {"expires": until})])
    there = documents.get_many([KEY, "tenants/t/runs/m"])
    assert [snap.body["expires"] for snap in there.values()] == [until, until]


def test_documents_without_the_field_they_are_ordered_by_are_left_out(documents: Documents) -> None:
    documents.commit([Create(KEY, {"n": 1}), Create("tenants/t/runs/r2", {"m": 1})])
    assert [snap.id for snap in documents.query("runs", parent="tenants/t", order="n")] == ["r1"]


HOSTILE = "x') OR 1=1 -- `\\.*[]~/"


def test_documents_are_found_by_words_they_have(documents: Documents) -> None:
    def put(name: str, *words: str, tenant: str = "t", **fields: str) -> None:
        body = {**fields, "told": Words(frozenset(words))}
        documents.commit([Merge(f"tenants/{tenant}/words/{name}", body)])

    def found(*words: str, limit: int = 9, **equal: str) -> str:
        where = [*(Where("told", "has", word) for word in words), *(Where(k, "==", v) for k, v in equal.items())]
        return " ".join(snap.id for snap in documents.query("words", where, parent="tenants/t", limit=limit))

    put("3", "money", "naïve", state="new")
    put("1", "money", "日本", "2024", state="old")
    put("2", "money", "naïve", HOSTILE, state="old")
    put("0", "money", "naïve", tenant="other")
    assert documents.get_many(["tenants/t/words/2"])["tenants/t/words/2"].body["told"] == Words(
        frozenset({"money", "naïve", HOSTILE})
    )
    assert (found("money"), found("naïve", "money"), found("money", limit=2)) == ("1 2 3", "2 3", "1 2")
    assert (found("日本", "2024"), found(HOSTILE), found("none"), found("none", "money")) == ("1", "2", "", "")
    assert (found("money", state="old"), found("naïve", "money", state="new")) == ("1 2", "3")
    put("1", "gone")
    documents.commit([Delete("tenants/t/words/2")])
    assert (found("money"), found("gone"), found("日本"), found(HOSTILE)) == ("3", "1", "", "")


def test_documents_are_found_by_words_and_a_state_that_changes(documents: Documents) -> None:
    def found(*words: str, **more: Any) -> list[str]:
        where = [*(Where("told", "has", word) for word in words), Where("state", "==", more.get("state", "approved"))]
        return [snap.id for snap in documents.query("words", where, parent="tenants/t", limit=more.get("limit", 999))]

    assert found("money") == []
    names = [f"{n:03}" for n in range(400)]  # more of a word than are looked at to tell how rare it is
    documents.commit(
        [
            Create(
                f"tenants/t/words/{name}",
                {
                    "told": Words(frozenset({"money", *(["late"] if n > 350 else []), *(["odd"] if n % 2 else [])})),
                    "state": "approved" if n % 5 == 0 else "chosen",
                },
            )
            for n, name in enumerate(names)
        ]
    )
    assert found("money") == names[::5] and found("money", limit=3) == ["000", "005", "010"]
    assert found("money", "odd") == names[5::10] and found("odd", "late", "money") == names[355::10]
    assert found("money", state="rejected") == found("nothing") == []
    documents.commit(
        [
            Merge("tenants/t/words/000", {"state": "rejected"}),
            Merge("tenants/t/words/005", {"state": ABSENT}),
            Merge("tenants/t/words/010", {"told": ABSENT}),
            Merge("tenants/t/words/011", {"state": "approved"}),
            Delete("tenants/t/words/015"),
            Create("tenants/t/words/other", {"state": "approved"}),  # it has no words
        ]
    )
    assert found("money", limit=3) == ["011", "020", "025"] and found("money", state="rejected") == ["000"]
    documents.commit([Merge("tenants/t/words/010", {"told": Words(frozenset({"money"}))})])
    assert found("money", limit=2) == ["010", "011"]


@pytest.mark.parametrize("kept", ["nothing", "words", "all"])
def test_a_file_of_an_earlier_version_is_looked_up_anew(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "store.sqlite"
    store = SqliteDocuments(path)
    told = Words(frozenset({"money"}))
    store.commit([Create(f"tenants/t/words/{n}", {"told": told, "state": "new"}) for n in range(3)])
    if kept == "nothing":
        store._db.executescript("DROP TABLE words; DROP TABLE vectors; DROP TABLE places; PRAGMA user_version = 0")
    elif kept == "words":
        store._db.executescript("DELETE FROM words WHERE word = 'new'; PRAGMA user_version = 0")
    store.close()
    for _ in range(2):
        store = SqliteDocuments(path)
        where = [Where("told", "has", "money"), Where("state", "==", "new")]
        assert [snap.id for snap in store.query("words", where, parent="tenants/t")] == ["0", "1", "2"]
        assert len(store.query("words", where[:1], parent="tenants/t")) == 3
        store.close()


def test_a_new_file_is_made_once_however_many_open_it_at_once(tmp_path: Path) -> None:
    def opened(n: int, path: Path, begin: threading.Barrier) -> None:
        begin.wait()
        store = SqliteDocuments(path)
        store.commit([Create(f"tenants/t/words/{n}", {"told": Words(frozenset({"money"}))})])
        store.close()

    for trial in range(10):
        path, begin = tmp_path / f"{trial}.sqlite", threading.Barrier(4)
        with ThreadPoolExecutor(4) as pool:
            for one in [pool.submit(opened, n, path, begin) for n in range(4)]:
                one.result()
        store = SqliteDocuments(path)
        assert len(store.query("words", [Where("told", "has", "money")], parent="tenants/t")) == 4
        store.close()


def test_a_new_file_that_another_holds_this_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, lambda: other.execute("ROLLBACK"))
    timer.start()
    SqliteDocuments(path).close()
    timer.join()
    other.close()


@pytest.mark.emulator
def test_firestore_is_given_a_time_to_live_as_a_time(firestore: Any) -> None:
    FirestoreDocuments(firestore).commit([Create(KEY, {"expires": "2030-01-02T03:04:05.678Z"})])
    kept = firestore().document(KEY).get().to_dict()["expires"]
    assert kept == datetime(2030, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)  # its TTL policies look at nothing else


def test_what_lies_below_a_document_is_found_by_name(documents: Documents) -> None:
    keys = [f"tenants/t/clips/{name}" for name in ("a-1.2", "a-1.1", "a-2.1", "ab-1.1", "b", "ä")]
    documents.commit([Create(key, {}) for key in (*keys, KEY, "tenants/t2/other/x")])
    assert documents.collections("tenants/t") == ["clips", "runs"]
    assert documents.collections("tenants/none") == []

    def named(**how: Any) -> list[str]:
        return [snap.id for snap in documents.named("clips", parent="tenants/t", **how)]

    assert named() == ["a-1.1", "a-1.2", "a-2.1", "ab-1.1", "b", "ä"]
    assert named(begins="a-") == ["a-1.1", "a-1.2", "a-2.1"]
    assert named(begins="a-", after="a-1.1", limit=1) == ["a-1.2"]
    assert named(after="ab-1.1") == ["b", "ä"]
    assert named(begins="c") == []
