"""One suite for every adapter of the vectors port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.ports.documents import ABSENT, Create, Delete, Merge, Update, Vector, Where

Store = SqliteDocuments | FirestoreDocuments


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "firestore":
        yield FirestoreDocuments(request.getfixturevalue("firestore"))
        return
    store = SqliteDocuments(tmp_path / "db" / "store.sqlite")
    yield store
    store.close()


PARENT = "tenants/t"


def _embed(documents: Store, **vectors: tuple[float, ...]) -> None:
    documents.commit(
        [
            Create(f"{PARENT}/embeddings/{name}", {"kind": name[0], "vector": Vector(numbers)})
            for name, numbers in vectors.items()
        ]
    )


def test_a_vector_comes_back_as_it_was_written(documents: Store) -> None:
    _embed(documents, a=(0.1, -2.0, 1e-9))
    key = f"{PARENT}/embeddings/a"
    snap = documents.get_many([key])[key]
    assert snap.body == {"kind": "a", "vector": Vector((0.1, -2.0, 1e-9))}
    documents.commit([Update(key, {"kind": "b"}, snap.version)])
    assert documents.get_many([key])[key].body == {"kind": "b", "vector": Vector((0.1, -2.0, 1e-9))}


def test_the_nearest_by_angle_come_first(documents: Store) -> None:
    _embed(documents, along=(3.0, 0.1), across=(0.0, 1.0), against=(-1.0, 0.0), between=(1.0, 1.0))
    documents.commit([Create(f"{PARENT}/embeddings/none", {"kind": "n"})])
    documents.commit([Create("tenants/other/embeddings/theirs", {"vector": Vector((1.0, 0.0))})])
    near = documents.nearest("embeddings", "vector", Vector((2.0, 0.0)), parent=PARENT)
    assert [one.snap.id for one in near] == ["along", "between", "across", "against"]
    assert [one.distance for one in near] == pytest.approx([0.00055, 1 - 0.5**0.5, 1, 2], abs=1e-4)
    assert near[0].snap.body == {"kind": "a", "vector": Vector((3.0, 0.1))}
    assert [
        one.snap.id for one in documents.nearest("embeddings", "vector", Vector((2.0, 0.0)), parent=PARENT, limit=1)
    ] == ["along"]


def test_what_is_nearest_can_be_held_to_conditions(documents: Store) -> None:
    _embed(documents, a1=(1.0, 0.0), b1=(0.0, 1.0), b2=(1.0, 1.0))
    near = documents.nearest(
        "embeddings", "vector", Vector((1.0, 0.0)), [Where("kind", "==", "b")], parent=PARENT, limit=5
    )
    assert [one.snap.id for one in near] == ["b2", "b1"]
    assert documents.nearest("embeddings", "vector", Vector((1.0, 0.0)), parent="tenants/nobody") == []


def test_a_vector_that_has_no_direction_cannot_be_written() -> None:
    for numbers in ((0.0, 0.0), (float("nan"), 1.0), (float("inf"), 1.0), ()):
        with pytest.raises(ValueError, match="finite"):
            Vector(numbers)


def test_what_is_nearest_follows_what_is_written_changed_and_removed(documents: Store) -> None:
    _embed(documents, a1=(1.0, 0.0), b1=(0.0, 1.0))

    def nearest(*where: Where) -> list[str]:
        found = documents.nearest("embeddings", "vector", Vector((1.0, 0.1)), where, parent=PARENT, limit=1)
        return [one.snap.id for one in found]

    assert nearest() == ["a1"]
    _embed(documents, a2=(1.0, 0.1))
    assert nearest() == ["a2"]
    documents.commit([Merge(f"{PARENT}/embeddings/a2", {"vector": Vector((0.0, -1.0))})])
    assert nearest() == ["a1"]
    documents.commit([Delete(f"{PARENT}/embeddings/a1")])
    assert nearest() == ["b1"]
    documents.commit([Merge(f"{PARENT}/embeddings/b1", {"vector": ABSENT})])
    assert nearest() == ["a2"]
    _embed(documents, **{f"c{n}": (1.0, n / 100) for n in range(20)})
    assert nearest(Where("kind", "==", "a")) == ["a2"], "however many others are nearer"
