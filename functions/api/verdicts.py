"""Verdicts: what each member of the council said of a clip, what it counted, who differs and who did not vote."""

from __future__ import annotations

import msgspec

from common.domain.codec import loads
from common.domain.verdict import Decision
from common.errors import NotFound
from common.pipeline.run import RunId
from common.scoring.telling import votes_of
from functions.api import clips
from functions.api.route import Answer, Ask, Shape


class Vote(Shape):
    """`score` 0 to 100, or why there is none; `weight`: its share of the verdict, 0 to 1.

    `cost_micros`, in millionths of a US dollar, and `tokens`: of a vote that is paid for; 0 where an answer was kept.
    """

    member: str
    kind: str
    source: str
    score: float | None
    abstains: str | None
    reasons: list[str]
    weight: float
    cost_micros: int | None
    tokens: int | None


class Dissent(Shape):
    """A member that differs: its score less the council's, and why."""

    member: str
    apart: float
    why: str


class NotCounted(Shape):
    member: str
    why: str


class Recommendation(Shape):
    """What would make the clip better, and who says so; seconds in the video, null for all of the clip."""

    text: str
    by: str
    start: float | None
    end: float | None


class Outcome(Shape):
    """Scores 0 to 100, `disagreement` in points. `degraded`: why no quorum was reached; the score is the local one.

    `decision`: publish it, fix it and publish, or hold it for a person; null in verdicts of before there was one.
    `flagged`: what in the clip speaks to whoever judges it. `low` and `high`: where the score would lie four times in
    five, were all seats taken; null where no vote counted.
    """

    decision: Decision | None
    because: str | None
    changes: list[Recommendation]
    flagged: list[str]
    score: float
    low: float | None
    high: float | None
    confidence: float
    disagreement: float | None
    effective_votes: float
    degraded: str | None
    dissent: list[Dissent]
    left_out: list[NotCounted]


class Votes(Shape):
    clip: str
    votes: list[Vote]
    verdict: Outcome


def one(ask: Ask) -> Answer:
    snap = clips.read(ask)
    engine = ask.parts.engine
    flow, _, number = snap.id.rpartition(".")
    run = engine.run(RunId(ask.who.tenant, flow, "council"))
    found = engine.result(run) if run is not None else None
    if found is None:
        raise NotFound(f"no council has voted on clip {snap.id}; GET /v1/flows/{flow} says why, or how far it is")
    for told in loads(engine.objects.get(found["verdicts"]["object"])):
        if told["number"] == int(number):
            return Answer(body=msgspec.convert({"clip": snap.id, **votes_of(told)}, Votes))
    raise NotFound(f"the council was not asked about clip {snap.id}; GET /v1/flows/{flow} says why")
