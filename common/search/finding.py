"""Which clips of an organisation are meant: by words, by meaning, held to conditions, in one order on both homes.

Words are asked of `words/…` (common/scoring/searchable.py), whose documents come the best scored first; so where more
have a word than are looked at, those are left out that scored least, and that is said. Meaning is asked of
`embeddings/…`. What either finds is put in order by common/scoring/ranking.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot
from operator import mul

from common.domain.clip import Aspect
from common.ports.documents import Documents, Json, Snap, Vector, Where
from common.ports.vectors import Vectors
from common.ports.work import LeftOut
from common.scoring.ranking import Candidate, ranked

LOOKED = 150  # documents that a question looks at
SIFTED = 600  # the same where conditions leave some of them out
EACH = 50  # documents looked at for each word, where few have all
NEAREST = 60
NEAR = 0.25  # cosine of this model's vectors below which two texts have nothing to do with each other
MOST_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """None: any. `least`: of the score; lengths in seconds; `since` and `until` are stamps, the second excluded."""

    asset: str | None = None
    flow: str | None = None
    state: str | None = None
    aspect: Aspect | None = None
    least: float | None = None
    shortest: float | None = None
    longest: float | None = None
    since: str | None = None
    until: str | None = None

    @property
    def equal(self) -> dict[str, str]:
        named = {"asset": self.asset, "flow": self.flow, "state": self.state}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def sift(self) -> bool:
        """Whether some of those first looked at are left out; not by score, for the best scored come first."""
        return any(one is not None for one in (self.aspect, self.shortest, self.longest, self.since, self.until))

    def hold(self, body: Json) -> bool:
        """For all but the aspect, which a flow has."""
        created = body.get("created") or ""
        return (
            all(body.get(name) == value for name, value in self.equal.items())
            and (self.least is None or body["score"] >= self.least)
            and (self.shortest is None or body["seconds"] >= self.shortest)
            and (self.longest is None or body["seconds"] <= self.longest)
            and (self.since is None or created >= self.since)
            and (self.until is None or created < self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A question as a vector, and the model that made it."""

    vector: Vector
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    order: list[Candidate]  # the best first; their ids are names of `words/…`
    left_out: list[LeftOut]


def find(
    documents: Documents,
    vectors: Vectors,
    tenant: str,
    words: Sequence[str],
    meant: Meant | None,
    conditions: Conditions,
) -> Found:
    """All that is found, in order; a few hundred at most."""
    parent = f"tenants/{tenant}"
    left_out = []
    if len(words) > MOST_WORDS:
        left_out.append(LeftOut(what=f"the words after the first {MOST_WORDS}", why="no more are looked for by word"))
        words = words[:MOST_WORDS]
    there, more = _with_words(documents, parent, words, conditions)
    if more:
        why = "more have these words than are looked at: the best scored were; add a word or a condition"
        left_out.append(LeftOut(what="some clips", why=why))
    near = _near(vectors, parent, meant, conditions) if meant is not None else {}
    lacking = [name for name in near if name not in there]
    there |= {snap.id: snap for snap in documents.get_many(f"{parent}/words/{name}" for name in lacking).values()}
    kept = [snap for snap in there.values() if conditions.hold(snap.body)]
    if conditions.aspect is not None:
        kept = _of_shape(documents, parent, kept, conditions.aspect)
    return Found(order=ranked(words, [_candidate(snap, near.get(snap.id)) for snap in kept]), left_out=left_out)


def _with_words(
    documents: Documents, parent: str, words: Sequence[str], conditions: Conditions
) -> tuple[dict[str, Snap], bool]:
    """Those with all words, and where they are few those with any; whether there are more of them."""
    if not words:
        return {}, False
    equal = [Where(name, "==", value) for name, value in conditions.equal.items()]
    limit, each = (SIFTED, SIFTED // 4) if conditions.sift else (LOOKED, EACH)
    found = documents.query(
        "words", [*equal, *(Where("told", "has", word) for word in words)], parent=parent, limit=limit
    )
    more = len(found) == limit
    if len(words) > 1 and not more:
        for word in words:
            some = documents.query("words", [*equal, Where("told", "has", word)], parent=parent, limit=each)
            more = more or len(some) == each
            found += some
    return {snap.id: snap for snap in found}, more


def _near(vectors: Vectors, parent: str, meant: Meant, conditions: Conditions) -> dict[str, float]:
    """Names of documents of words, and how near what they say is.

    The cosine is reckoned here, from numbers that both homes give alike, so that they give one order.
    """
    equal = [Where("model", "==", meant.model)]
    if conditions.flow is not None:
        equal.append(Where("flow", "==", conditions.flow))
    elif conditions.asset is not None:
        equal.append(Where("asset", "==", conditions.asset))
    found = vectors.nearest("embeddings", "vector", meant.vector, equal, parent=parent, limit=NEAREST)
    told = {
        f"{one.snap.body['words']}{one.snap.id}": _cosine(one.snap.body["vector"], meant.vector)
        for one in found
        if "words" in one.snap.body
    }
    return {name: near for name, near in told.items() if near >= NEAR}


def _cosine(one: Vector, other: Vector) -> float:
    product = sum(map(mul, one.numbers, other.numbers))
    return float(product / (hypot(*one.numbers) * hypot(*other.numbers)))


def _of_shape(documents: Documents, parent: str, found: Iterable[Snap], aspect: Aspect) -> list[Snap]:
    """Those whose flow renders this shape."""
    kept = list(found)
    flows = documents.get_many({f"{parent}/flows/{snap.body['flow']}" for snap in kept})
    shaped = {snap.id for snap in flows.values() if aspect in snap.body["settings"]["aspects"]}
    return [snap for snap in kept if snap.body["flow"] in shaped]


def _candidate(snap: Snap, near: float | None) -> Candidate:
    return Candidate(
        id=snap.id,
        words=snap.body["told"].words,
        strong=frozenset(snap.body["strong"]),
        near=near,
        score=snap.body["score"],
    )
