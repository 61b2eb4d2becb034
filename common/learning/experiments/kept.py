"""Where an experiment is kept, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from common.domain.codec import from_json
from common.domain.experiment import Experiment
from common.errors import NotFound
from common.ports.documents import Create, Documents, Json, Snap

TRIES: Final = 20  # of a change that others change in between
_PAGE: Final = 500


def key_of(tenant: str, experiment: str) -> str:
    return f"tenants/{tenant}/experiments/{experiment}"


def opened(snap: Snap) -> Experiment:
    return from_json(Experiment, snap.body["plan"])


def read(documents: Documents, tenant: str, experiment: str) -> Snap:
    key = key_of(tenant, experiment)
    snap = documents.get_many([key]).get(key)
    if snap is None:
        raise NotFound(f"there is no experiment {experiment[:80]}; GET /v1/experiments lists them")
    return snap


def allocation(tenant: str, experiment: str, today: str, body: Mapping[str, object]) -> Create:
    row: Json = {"schema": 1, "experiment": experiment, "date": today}
    row |= {name: body[name] for name in ("shares", "state", "why")}
    return Create(f"tenants/{tenant}/allocations/{experiment}.{today}", row)


def allocations(documents: Documents, tenant: str, experiment: str) -> list[Json]:
    """The shares of each day that moved them, in order."""
    return [row.body for row in every(documents, "allocations", f"tenants/{tenant}", f"{experiment}.")]


def every(documents: Documents, collection: str, parent: str, begins: str) -> list[Snap]:
    found: list[Snap] = []
    after = ""
    while page := documents.named(collection, parent=parent, begins=begins, after=after, limit=_PAGE):
        found += page
        after = page[-1].id
    return found
