"""Weights: what the parts of a score count for an organisation, as its own clips' outcomes have moved them."""

from __future__ import annotations

from typing import Literal

from common.learning import weighing
from common.ports.documents import Snap
from common.scoring.weights import COMPOSITE
from functions.api.route import Answer, Ask, Shape


class WeightsMove(Shape):
    """`live`: the version that counts from then on; null for the weights that all begin with."""

    at: str
    by: str
    what: Literal["step", "rollback"]
    why: str
    live: str | None


class OwnWeights(Shape):
    """`parts` sum to 1, as do `begun`, those that all begin with. `live` and `since` are null until they move."""

    live: str | None
    since: str | None
    parts: dict[str, float]
    begun: dict[str, float]
    history: list[WeightsMove]


def one(ask: Ask) -> Answer:
    return _told(ask.snap(weighing.key_of(ask.who.tenant)))


def rollback(ask: Ask) -> Answer:
    """Take the last step back. Flows that begin from now on count so."""
    engine = ask.parts.engine
    weighing.rollback(
        engine.documents,
        ask.who.tenant,
        engine.clock.now(),
        by=ask.who.subject,
        commit=lambda write: ask.acting.commit("weights.rollback", weighing.NAME, write),
    )
    return one(ask)


def _told(snap: Snap | None) -> Answer:
    body = {} if snap is None else snap.body
    told = OwnWeights(
        live=body.get("live"),
        since=body.get("since"),
        parts=dict(weighing.live(body)),
        begun=dict(COMPOSITE),
        history=[WeightsMove(**line) for line in reversed(body.get("history", ()))],
    )
    return Answer(body=told, version=None if snap is None else str(snap.version))
