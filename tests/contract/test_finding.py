"""The same clips are found in the same order on both homes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.ports.documents import Create, Json, Vector, Write
from common.scoring import searchable, wording
from common.search.finding import LOOKED, Conditions, Meant, find

Store = SqliteDocuments | FirestoreDocuments
SUBJECTS = ("money", "mistakes", "founders", "日本語", "naïve", "gardens", "rivers")


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteDocuments]:
    store = SqliteDocuments(tmp_path / "db" / "store.sqlite")
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def documents(request: pytest.FixtureRequest, sqlite: SqliteDocuments) -> Store:
    if request.param == "firestore":
        return FirestoreDocuments(request.getfixturevalue("firestore"))
    return sqlite


def body(text: str, title: str = "A talk", score: float = 0.5, **more: Any) -> Json:
    span = {"start": "0/1", "end": "20/1"}
    said = {"title": title, "text": text, "description": "", "hashtags": [], "span": span, "score": score}
    return {"state": "chosen", "asset": "a", "flow": "a-1", "created": "2026-01-01T00:00:00.000Z", **said, **more}


def clip(name: str, told: Json, vector: tuple[float, ...] | None = None, tenant: str = "t") -> list[Write]:
    parent = f"tenants/{tenant}"
    place = searchable.name(name, told["score"])
    writes: list[Write] = [Create(f"{parent}/words/{place}", searchable.fields(told))]
    if vector is not None:
        kept = {"model": "m", "asset": told["asset"], "flow": told["flow"], "words": place.removesuffix(name)}
        writes.append(Create(f"{parent}/embeddings/{name}", {**kept, "vector": Vector(vector)}))
    return writes


def found(
    documents: Store, text: str, vector: tuple[float, ...] | None = None, conditions: Conditions | None = None
) -> list[str]:
    meant = None if vector is None else Meant(vector=Vector(vector), model="m")
    told = find(documents, documents, "t", wording.asked(text), meant, conditions or Conditions())
    return [searchable.clip_of(one.id) for one in told.order]


def test_all_words_come_first_then_titles_then_what_is_near(documents: Store) -> None:
    documents.commit(
        [
            *clip("a-1.1", body("about money and about mistakes")),
            *clip("a-1.2", body("about nothing", "Money"), (0.0, 1.0)),
            *clip("a-1.3", body("about money", score=0.9)),
            *clip("a-1.4", body("cash is king"), (1.0, 0.1)),
            *clip("a-1.5", body("weather"), (0.0, 1.0)),
            *clip("b-1.1", body("money mistakes"), (1.0, 0.1), tenant="other"),
        ]
    )
    assert found(documents, "money mistakes") == ["a-1.1", "a-1.2", "a-1.3"]
    assert found(documents, "money mistakes", (1.0, 0.0)) == ["a-1.1", "a-1.4", "a-1.2", "a-1.3"]
    assert found(documents, "nowhere") == found(documents, "to be or not") == []


def test_conditions_hold_for_both_ways(documents: Store) -> None:
    def put(name: str, **more: Any) -> list[Write]:
        return clip(name, body("money", **more), (1.0, 0.0))

    end = {"start": "0/1", "end": "61/2"}
    documents.commit(
        [
            *put("a-1.1"),
            *put("a-2.1", flow="a-2"),
            *put("b-1.1", asset="b", flow="b-1", state="approved"),
            *put("a-1.2", span=end, score=0.75, created="2026-02-01T00:00:00.000Z"),
            *(Create(f"tenants/t/flows/{flow}", {"settings": {"aspects": ["9:16"]}}) for flow in ("a-1", "b-1")),
            Create("tenants/t/flows/a-2", {"settings": {"aspects": ["1:1"]}}),
        ]
    )

    def those(**wanted: Any) -> set[str]:
        conditions = Conditions(**wanted)
        by_words = set(found(documents, "money", None, conditions))
        assert by_words == set(found(documents, "x", (1.0, 0.0), conditions))
        return by_words

    assert those() == {"a-1.1", "a-2.1", "b-1.1", "a-1.2"}
    assert those(asset="b") == those(flow="b-1") == those(state="approved") == {"b-1.1"}
    assert those(asset="b", flow="a-1") == set()
    assert those(least=0.7) == those(longest=40.0, shortest=30.0) == those(since="2026-01-02") == {"a-1.2"}
    assert those(until="2026-01-02", asset="a") == {"a-1.1", "a-2.1"}
    assert those(aspect="1:1") == {"a-2.1"}


def test_where_more_have_the_words_than_are_looked_at_the_best_scored_are(documents: Store) -> None:
    writes = [write for n in range(LOOKED + 20) for write in clip(f"a-1.{n}", body("money", score=n / 1000))]
    for at in range(0, len(writes), 100):
        documents.commit(writes[at : at + 100])
    told = find(documents, documents, "t", ("money",), None, Conditions())
    assert {one.score for one in told.order} == {n / 1000 for n in range(20, LOOKED + 20)}
    assert [one.what for one in told.left_out] == ["some clips"]


@pytest.mark.emulator
def test_both_homes_give_one_order(sqlite: SqliteDocuments, firestore: Callable[[], Any]) -> None:
    draw = random.Random(7)
    stores: list[Store] = [sqlite, FirestoreDocuments(firestore)]
    for n in range(120):
        text = " ".join(draw.choices(SUBJECTS, k=draw.randint(0, 4)))
        title = draw.choice(("A talk", *SUBJECTS))
        told = body(text, title, round(draw.random(), 1), asset=draw.choice("ab"))
        vector = tuple(draw.gauss(0, 1) for _ in range(8)) if draw.random() < 0.8 else None
        writes = clip(f"a-1.{n}", told, vector)
        for store in stores:
            store.commit(writes)
    for _ in range(40):
        text = " ".join(draw.choices(SUBJECTS, k=draw.randint(1, 3)))
        vector = tuple(draw.gauss(0, 1) for _ in range(8))
        conditions = Conditions(asset=draw.choice(("a", None)), least=draw.choice((0.5, None)))
        embedded, cloud = (found(store, text, vector, conditions) for store in stores)
        assert embedded == cloud and embedded
