"""scripts/bench search: the search of an organisation of 100,000 clips, as its handler answers it on one machine."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from common.adapters.embedded.sqlite import SqliteDocuments
from common.bootstrap.parts import Parts
from common.errors import ModelMissing
from common.ports.documents import Create, Json, Vector, Write
from common.scoring import searchable
from functions.api import search
from functions.api.route import Ask, Who
from scripts.benches import Row

TENANT = "bench"
CLIPS = 100_000
WORDS = 20_000  # that speakers know; the n-th is said 1/n as often as the first (Zipf)
SAID = 120  # words of a clip, one in three of which carries something
DIMENSIONS = 384
ASKED = 200
BATCH = 500  # clips written at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Made-up talk: words by how often they are said."""

    words: tuple[str, ...]
    weights: tuple[float, ...]

    def draw(self, by: random.Random, count: int) -> list[str]:
        return by.choices(self.words, cum_weights=self.weights, k=count)


@dataclass(frozen=True, slots=True)
class Directions:
    """Implements Meaning: any text has a direction of its own, the same each time."""

    def of(self, text: str) -> tuple[str, Vector]:
        return "bench@1", _vector(random.Random(text))


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        path = Path(name) / "store.sqlite"
        documents = SqliteDocuments(path)
        yield from _filled(documents, path)
        cold = _asked(documents, _wishes()[:1], Directions())[0]
        yield Row(name="search: the first question (vectors are read in)", value=cold * 1000, unit="ms", peer=_what())
        for title, wishes, target in (
            ("search", _wishes(), 100.0),
            ("search, words alone", _wishes(), None),
            ("search of one state, scored 0.5 and more", _wishes(state="approved", least_score=0.5), 100.0),
            ("search of one asset", _wishes(asset="a77"), 100.0),
            ("search, two of the commonest words", _wishes(commonest=True), 100.0),
        ):
            meaning = None if "alone" in title else Directions()
            took = _asked(documents, wishes, meaning)
            yield Row(name=f"{title}: p95", value=_p95(took), unit="ms", target=target, peer=_middle(took))
        took = _after_writes(documents)
        yield Row(name="search, a clip written before each: p95", value=_p95(took), unit="ms", target=100.0)
        documents.close()


def spoken() -> Spoken:
    draw, letters = random.Random(1), "aeioubcdfglmnprst"
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(draw.choices(letters, k=draw.randint(4, 10)))] = None
    weights, total = [], 0.0
    for n in range(1, WORDS + 1):
        total += 1 / n
        weights.append(total)
    return Spoken(words=tuple(words), weights=tuple(weights))


def fill(documents: SqliteDocuments, count: int = CLIPS, tenant: str = TENANT) -> None:
    """Write as many clips as flows would leave, six to a flow."""
    said, draw = texts(), random.Random(3)
    directions = np.random.default_rng(3).normal(size=(count, DIMENSIONS))
    writes: list[Write] = []
    documents._db.execute("PRAGMA synchronous = OFF")  # filling is not what is measured
    documents._db.execute("PRAGMA cache_size = -500000")
    for n in range(count):
        writes += _clip(f"tenants/{tenant}", n, said[n % len(said)], draw, directions[n].tolist())
        if n % BATCH == BATCH - 1 or n == count - 1:
            documents.commit(writes)
            writes = []
    documents._db.execute("PRAGMA cache_size = -2000")
    documents._db.execute("PRAGMA synchronous = FULL")


def ask(documents: SqliteDocuments, wish: Json, meaning: Directions | None, tenant: str = TENANT) -> search.Hits:
    """As the API does, without HTTP around it."""
    engine = cast(Any, type("Engine", (), {"documents": documents}))
    asked = Ask(
        parts=cast(Parts, type("Parts", (), {"engine": engine, "vectors": documents, "meaning": meaning or _Nobody()})),
        who=Who(subject="bench", tenant=tenant, role="viewer"),
        path={},
        query=None,
        body=search.Wish(**wish),
        if_match=None,
        request="bench",
        after=None,
        hub=cast(Any, None),
        again=lambda: None,
    )
    return cast(search.Hits, search.clips(asked).body)


class _Nobody:
    def of(self, text: str) -> tuple[str, Vector]:
        raise ModelMissing("words alone are measured; this is how it is asked for")


def _filled(documents: SqliteDocuments, path: Path) -> Iterator[Row]:
    began = time.monotonic()
    fill(documents)
    took, size = time.monotonic() - began, path.stat().st_size + path.with_name(f"{path.name}-wal").stat().st_size
    words = documents._db.execute("SELECT COUNT(*) FROM words").fetchone()[0]
    peer = f"{words / CLIPS:.0f} words each; without waiting for the disk"
    yield Row(name="search: writing a clip", value=took / CLIPS * 1000, unit="ms", peer=peer)
    yield Row(name="search: the database, per clip", value=size / CLIPS / 1024, unit="KiB")


def texts(count: int = 2000) -> list[tuple[Json, Json]]:
    """What clips say, and what they are found by; there are fewer of them than clips, for they take long to make."""
    talk, draw = spoken(), random.Random(2)
    made = []
    for _ in range(count):
        told = talk.draw(draw, SAID)
        body: Json = {
            "schema": 1,
            "number": 1,
            "title": " ".join(talk.draw(draw, 5)),
            "description": "",
            "hashtags": talk.draw(draw, 3),
            "span": {"start": "10/1", "end": "45/1"},
            "text": " ".join(told),
            "sentences": [{"start": f"{at}/1", "text": " ".join(told[at : at + 12])} for at in range(0, SAID, 12)],
            "read": talk.draw(draw, 4),
            "topics": [", ".join(talk.draw(draw, 3))],
        }
        made.append((body, searchable.fields(body)))
    return made


def _clip(parent: str, n: int, said: tuple[Json, Json], draw: random.Random, vector: list[float]) -> list[Write]:
    flow = f"a{n // 6}-1"
    clip = f"{flow}.{n % 6 + 1}"
    along: Json = {
        "state": draw.choice(("chosen", "approved", "rejected")),
        "asset": flow.partition("-")[0],
        "flow": flow,
        "created": f"2026-01-01T00:00:00.{n % 1000:03}Z",
        "score": round(draw.random(), 4),
    }
    place = searchable.name(clip, along["score"])
    kept = {"model": "bench@1", "asset": along["asset"], "flow": flow, "words": place.removesuffix(clip)}
    return [
        Create(f"{parent}/clips/{clip}", said[0] | along),
        Create(f"{parent}/words/{place}", said[1] | along),
        Create(f"{parent}/embeddings/{clip}", {**kept, "vector": Vector(tuple(vector))}),
    ]


def _wishes(commonest: bool = False, **conditions: Any) -> list[Json]:
    """Questions of one to four words, as people say them: the common ones more often."""
    talk, draw = spoken(), random.Random(4)
    if commonest:
        return [{"text": " ".join(draw.sample(talk.words[:30], 2)), **conditions} for _ in range(ASKED)]
    return [{"text": " ".join(talk.draw(draw, draw.randint(1, 4))), **conditions} for _ in range(ASKED)]


def _asked(documents: SqliteDocuments, wishes: list[Json], meaning: Directions | None = None) -> list[float]:
    took = []
    for wish in wishes:
        began = time.perf_counter()
        ask(documents, wish, meaning)
        took.append(time.perf_counter() - began)
    return took


def _after_writes(documents: SqliteDocuments) -> list[float]:
    said, draw, took = texts(100), random.Random(5), []
    for n, wish in enumerate(_wishes()[:100]):
        documents.commit(_clip(f"tenants/{TENANT}", CLIPS + n, said[n], draw, list(_vector(draw).numbers)))
        took += _asked(documents, [wish], Directions())
    return took


def _vector(draw: random.Random) -> Vector:
    return Vector(tuple(draw.gauss(0, 1) for _ in range(DIMENSIONS)))


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1] * 1000


def _middle(took: list[float]) -> str:
    return f"median {statistics.median(took) * 1000:.0f} ms; {_what()}"


def _what() -> str:
    return f"{CLIPS:,} clips, one organisation"
