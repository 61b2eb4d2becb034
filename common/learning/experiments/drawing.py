"""Arms drawn by the shares of now, each kept with the chance it had."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from common.accounts.acting import Acting
from common.domain.codec import digest, from_json
from common.errors import BadInput, Conflict, NotFound, Stale
from common.learning.experiments.kept import TRIES, every, opened, read
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Where, Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An arm for something that is shown once: `key` names it, `propensity` is the chance that the arm had."""

    key: str
    arm: str
    propensity: float
    at: str
    publication: str | None


def draw(acting: Acting, experiment: str, key: str, publication: str | None = None) -> Drawn:
    """The arm for what `key` names, drawn once by the shares of now and the same ever after, with its propensity.

    `publication`: the post that was made of it, whose figures count for the arm from then on; named once, now or
    later. Raises BadInput, NotFound, Stale.
    """
    documents, parent = acting.documents, f"tenants/{acting.tenant}"
    where = f"{parent}/assignments/{experiment}.{digest(key, 32)}"
    for _ in range(TRIES):
        snap, now = read(documents, acting.tenant, experiment), stamp(acting.clock.now())
        there = documents.get_many([where]).get(where)
        asset: str | None = None
        if publication is not None and (there is None or there.body["publication"] != publication):
            asset = _free(documents, parent, snap, publication).body.get("asset")
        if there is None:
            body = {**_drawn(snap, key, publication, now), "asset": asset}
            write: Write = Create(where, body)
        else:
            body = dict(there.body)
            if publication is None or body["publication"] == publication:
                return _told(body)
            if body["publication"] is not None:
                raise Stale(f"{key[:80]} has a post already; draw by another key for another one")
            body["publication"] = publication
            write = Update(where, {"publication": publication, "asset": asset}, there.version)
        # The experiment's version sees to it that nothing is drawn by shares that are no more, and no post named twice.
        since = Update(snap.key, {"drawn": now}, snap.version)
        try:
            acting.commit("experiments.draw", experiment, write, since, key=key, arm=body["arm"])
        except Conflict:
            continue
        return _told(body)
    raise Conflict("others draw of it at this moment; try again")


def drawn(documents: Documents, tenant: str, experiment: str) -> list[Drawn]:
    """All that was drawn, as it was logged."""
    rows = every(documents, "assignments", f"tenants/{tenant}", f"{experiment}.")
    return sorted((_told(row.body) for row in rows), key=lambda one: (one.at, one.key))


def _drawn(snap: Snap, key: str, publication: str | None, at: str) -> Json:
    body = snap.body
    if body["state"] == "decided":
        raise BadInput(f"it is decided: take {body['best']}")
    if body["state"] not in ("running", "frozen"):
        raise BadInput(f"it is {body['state']}; only from one that runs can be drawn")
    plan = opened(snap)
    chance = int(hashlib.sha256(f"{plan.seed} {key}".encode()).hexdigest()[:13], 16) / 16**13
    shares = {name: body["shares"][name] for name in plan.names}
    arm = _fallen(shares, chance)
    told: Json = {"schema": 1, "experiment": snap.id, "key": key, "arm": arm, "propensity": shares[arm]}
    return told | {"shares": shares, "at": at, "publication": publication}


def _fallen(shares: Mapping[str, float], chance: float) -> str:
    """On whom a chance from 0 to 1 falls; never on one without a share."""
    shown = [(name, share) for name, share in shares.items() if share > 0]
    for name, share in shown:
        if chance < share:
            return name
        chance -= share
    return shown[-1][0]


def _free(documents: Documents, parent: str, snap: Snap, publication: str) -> Snap:
    """The post, which counts for no arm yet."""
    key = f"{parent}/publications/{publication}"
    post = documents.get_many([key]).get(key)
    if post is None:
        raise NotFound(f"there is no publication {publication[:80]}; GET /v1/publications lists them")
    where = [Where("experiment", "==", snap.id), Where("publication", "==", publication)]
    named = any(publication in arm.publications for arm in opened(snap).arms)
    if named or documents.query("assignments", where, parent=parent, limit=1):
        raise BadInput(f"{publication} counts for an arm already; name another post")
    return post


def _told(body: Mapping[str, object]) -> Drawn:
    return from_json(Drawn, {name: body[name] for name in ("key", "arm", "propensity", "at", "publication")})
