"""What Firestore must index for the questions that the code asks. Terraform makes each; scripts/stages hands it over.

Firestore indexes every field by itself, within one collection. It answers any equalities with those, and one field's
range or order. What needs more: equalities together with a range or an order on another field, anything asked of a
collection group, and vectors. A question that lacks its index is refused, on the cloud alone: the emulator and SQLite
answer everything. So a test drives the pipeline, and compares every question it asks with `INDEXES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The shape of one query or count.

    `ranged`: the field it compares by size or orders by, downwards with `last_first`; `vector`: nearest to.
    """

    collection: str
    group: bool
    equal: frozenset[str] = frozenset()
    ranged: str | None = None
    last_first: bool = False
    vector: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Fields in order, ascending; of a collection group, or within one parent.

    `dimension`: numbers of a vector; `last_first`: the last field descends.
    """

    collection: str
    fields: tuple[str, ...]
    group: bool = False
    dimension: int | None = None
    last_first: bool = False

    @property
    def name(self) -> str:
        return "-".join((self.collection, *self.fields, *(("last",) if self.last_first else ())))

    @property
    def single(self) -> bool:
        """Whether it is one field's, which Firestore keeps elsewhere than those of several."""
        return len(self.fields) == 1 and self.dimension is None


# Where documents expire by their field `expires`.
EXPIRING = (
    "answers",
    "assets",
    "connections",
    "conversions",
    "deliveries",
    "events",
    "idempotency",
    "invitations",
    "limits",
    "notices",
    "refusals",
    "sessions",
    "spending",
    "tombstones",
    "uploads",
)

INDEXES = (
    # the sweep: ends that nobody acted on, wakes that were lost, tenants whose flows wait
    Index(collection="runs", fields=("state", "due"), group=True),
    Index(collection="runs", fields=("place", "state", "due"), group=True),
    Index(collection="admission", fields=("due",), group=True),
    # chores: fetching, handing out, erasing; and where a person is named who goes
    Index(collection="chores", fields=("due",), group=True),
    Index(collection="erasures", fields=("due",), group=True),
    # posts: those that are due, and how many of a channel went out within a day
    Index(collection="publications", fields=("due",), group=True),
    Index(collection="publications", fields=("handle",), group=True),
    Index(collection="notices", fields=("due",), group=True),
    Index(collection="publications", fields=("channel", "published")),
    Index(collection="publications", fields=("channel", "slot")),
    *(
        Index(collection="publications", fields=(*equal, "slot"), last_first=True)
        for equal in (
            *(("channel",), ("clip",), ("step",)),
            *(("channel", "clip"), ("channel", "step"), ("clip", "step"), ("channel", "clip", "step")),
        )
    ),
    # campaigns: those that are due, and lists of them, the last first
    Index(collection="campaigns", fields=("due",), group=True),
    *(
        Index(collection="campaigns", fields=(*equal, "created"), last_first=True)
        for equal in (("channel",), ("step",), ("channel", "step"))
    ),
    Index(collection="experiments", fields=("state", "created"), last_first=True),
    Index(collection="invitations", fields=("made_by",), group=True),
    Index(collection="devices", fields=("subject",), group=True),
    Index(collection="deliveries", fields=("subject",), group=True),
    # pools: what is queued, who is alive, who went silent
    Index(collection="runs", fields=("pool", "state", "due"), group=True),
    Index(collection="launches", fields=("pool", "state", "due"), group=True),
    Index(collection="launches", fields=("due",), group=True),
    # fairness: a tenant's oldest waiting flows
    Index(collection="flows", fields=("state", "started")),
    # events of one flow, from its first on; deliveries that nobody looked at
    Index(collection="events", fields=("flow", "n")),
    Index(collection="deliveries", fields=("due",), group=True),
    # lists, the newest or the best first, of one state or one asset
    Index(collection="assets", fields=("state", "created"), last_first=True),
    *(
        Index(collection=collection, fields=(*equal, order), last_first=True)
        for collection, orders in (("flows", ("started",)), ("clips", ("created", "score")))
        for order in orders
        for equal in (("asset",), ("state",), ("asset", "state"))
    ),
    # accounts: the organisations of a person
    Index(collection="members", fields=("subject",), group=True),
    # the trail: what one did, what was done of a kind, the newest first
    Index(collection="audit", fields=("by", "place"), last_first=True),
    Index(collection="audit", fields=("what", "place"), last_first=True),
    Index(collection="audit", fields=("by", "what", "place"), last_first=True),
    # search: the clips whose meaning is nearest, in the numbers of one model of sentences
    Index(collection="embeddings", fields=("model", "vector"), dimension=384),
    Index(collection="embeddings", fields=("asset", "model", "vector"), dimension=384),
    Index(collection="embeddings", fields=("flow", "model", "vector"), dimension=384),
)


def needed(question: Question) -> Index | None:
    """The index that a question needs; None where Firestore's own are enough."""
    fields = (*sorted(question.equal), *((question.ranged,) if question.ranged else ()))
    down = question.last_first and question.ranged is not None
    if question.vector is not None:
        return Index(collection=question.collection, fields=(*fields, question.vector), dimension=384)
    if not fields:
        return None
    if question.group:
        return Index(collection=question.collection, fields=fields, group=True, last_first=down)
    if question.ranged is None or len(fields) == 1:
        return None
    return Index(collection=question.collection, fields=fields, last_first=down)


def lacking(questions: Iterable[Question], indexes: Iterable[Index] = INDEXES) -> set[Index]:
    """The indexes that questions need and that are not there."""
    return {index for question in questions if (index := needed(question)) is not None} - set(indexes)
