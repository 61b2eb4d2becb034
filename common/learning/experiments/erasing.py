"""What becomes of experiments when a video is erased: arms of it are named no more, and what was to go on is over.

An arm is of the video by its clip, or where all posts and campaigns that it was counted by are. It keeps its name and
its shares, which say nothing of the video. `experiment_uses/{clip}.{id}` and `/{asset}.{id}` are what they are found
by: kept from the moment that they are made, under ids that begin with the video's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from common.domain.codec import to_json
from common.domain.experiment import OVER, Arm, Experiment
from common.errors import Conflict
from common.events import log
from common.events.event import Data
from common.events.log import Happening
from common.learning.experiments.kept import TRIES, every, key_of, opened
from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Write

USES: Final = "experiment_uses"


def uses(tenant: str, experiment: str, plan: Experiment, there: Mapping[str, Snap]) -> list[Create]:
    """To be written along with it. `there` are its clips, posts and campaigns as they were read."""
    parent = f"tenants/{tenant}"
    named = {arm.clip for arm in plan.arms if arm.clip}
    for arm in plan.arms:
        posts = [there[key] for key in _posts(parent, arm) if key in there]
        named |= {asset for snap in posts if (asset := snap.body.get("asset"))}
    body: Json = {"schema": 1, "experiment": experiment}
    return [Create(f"{parent}/{USES}/{one}.{experiment}", body) for one in sorted(named)]


Ending = Callable[[Snap], Sequence[Write]]


def forget(
    documents: Documents, clock: Clock, tenant: str, asset: str, experiments: Iterable[str], ending: Ending
) -> list[str]:
    """Empty the arms of a video that is being erased; deliveries of what is told of it, due now. Safe to call again.

    `ending` is written along with the end of one.
    """
    return [row for one in sorted(set(experiments)) for row in _forget(documents, clock, tenant, asset, one, ending)]


def figures(documents: Documents, tenant: str, experiments: Iterable[str]) -> list[Snap]:
    """What was told of arms that are erased: what came of the video is not kept either."""
    found: list[Snap] = []
    for name in sorted(set(experiments)):
        key = key_of(tenant, name)
        if (snap := documents.get_many([key]).get(key)) is not None:
            numbers = [n for n, arm in enumerate(opened(snap).arms) if arm.erased]
            for n in numbers:
                found += every(documents, "experiment_figures", f"tenants/{tenant}", f"{name}.{n:02}.")
    return found


def _forget(documents: Documents, clock: Clock, tenant: str, asset: str, experiment: str, ending: Ending) -> list[str]:
    key, parent = key_of(tenant, experiment), f"tenants/{tenant}"
    for _ in range(TRIES):
        snap = documents.get_many([key]).get(key)
        if snap is None:
            return []
        plan, body = opened(snap), snap.body
        there = documents.get_many([one for arm in plan.arms for one in _posts(parent, arm)])
        left = {one: snap for one, snap in there.items() if snap.body.get("asset") != asset}
        arms = tuple(_left(parent, arm, asset, left) for arm in plan.arms)
        if arms == plan.arms:
            return []
        fields: Json = {"plan": to_json(replace(plan, arms=arms))}
        gone = [arm.name for arm, before in zip(arms, plan.arms, strict=True) if arm.erased and not before.erased]
        if gone and body["standing"] is not None:
            told = [one for one in body["standing"]["estimates"] if one["arm"] not in gone]
            fields["standing"] = {**body["standing"], "estimates": told}
        happened: list[Happening] = []
        writes: list[Write] = [Update(key, fields, snap.version)]
        if gone and body["state"] not in OVER:
            why = f"What {', '.join(gone)} showed was erased, so there is nothing to compare it by; make another one."
            fields |= {"state": "stopped", "ended": stamp(clock.now()), "why": why}
            data = Data(experiment=experiment, message=f"{body['name']}: {why}")
            happened = [Happening(type="experiment.stopped", data=data, which=[experiment, "erased"])]
            writes = [Update(key, fields, snap.version), *ending(snap)]
        try:
            return log.record(documents, clock, tenant, happened, *writes)
        except Conflict:
            continue
    raise Conflict("the experiment is changing this moment; it is tried again")


def _left(parent: str, arm: Arm, asset: str, left: Mapping[str, Snap]) -> Arm:
    """An arm without what is of the video, or gone already."""
    campaigns = tuple(one for one in arm.campaigns if f"{parent}/campaigns/{one}" in left)
    publications = tuple(one for one in arm.publications if f"{parent}/publications/{one}" in left)
    of_it = arm.clip is not None and arm.clip.startswith(asset) and arm.clip[len(asset) :][:1] in ("", "-", ".")
    if of_it or (arm.read and not campaigns and not publications):
        return Arm(name=arm.name, erased=True)
    return replace(arm, campaigns=campaigns, publications=publications)


def _posts(parent: str, arm: Arm) -> list[str]:
    return [
        *(f"{parent}/campaigns/{one}" for one in arm.campaigns),
        *(f"{parent}/publications/{one}" for one in arm.publications),
    ]
