"""Doing chores: the table of their kinds, one slice of one of them, and finding those that are due."""

from __future__ import annotations

import importlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from common.chores import chore
from common.chores.chore import Again, End, Hold, Image
from common.chores.tools import Tools
from common.errors import Conflict, CutroomError, Fenced
from common.pipeline import logs
from common.pipeline.engine import Engine
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json, Snap, Update, Where, Write

log = logging.getLogger("cutroom.chores")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`handler` and `failed` stand in common/chores. `tries`: slices that may raise one after another; 0 is no end.

    `image` stands in the document of each, where whoever wakes it reads it.
    """

    handler: str
    failed: str | None = None  # what is written along where it fails for good
    tries: int = 0
    longest_s: float = 600.0  # of a pause
    image: Image = "light"


KINDS = {
    "import": Kind(handler="common.chores.imports:run", failed="common.chores.imports:failed", tries=8),
    "asset": Kind(handler="common.chores.erasing.erase_asset:run"),
    "export": Kind(handler="common.chores.exports:run", tries=8),
    "erasure": Kind(handler="common.chores.erasing.erase_tenant:run"),
    "publication": Kind(handler="common.chores.posts.publishing:run"),
    "calendar": Kind(handler="common.chores.posts.bulk:run", tries=8),
    "connection": Kind(handler="common.chores.connections.connecting:run", tries=8),
    "channel": Kind(handler="common.chores.connections.renewing:run"),
    "insights": Kind(handler="common.chores.posts.insights:run"),
    "campaign": Kind(handler="common.chores.ads.campaigning:run"),
    "campaign_insights": Kind(handler="common.chores.ads.campaign_insights:run"),
    "conversions": Kind(handler="common.chores.ads.conversions:run"),
    "history": Kind(handler="common.chores.history:run", tries=8),
    "notice": Kind(handler="common.chores.connections.noticing:run", tries=8),
    "experiment": Kind(handler="common.chores.experimenting:run"),
    "experiment_end": Kind(handler="common.chores.ads.winding:run"),
    "learning": Kind(handler="common.chores.learning:run", longest_s=3600.0, image="media"),
}
GROUPS = ("chores", "publications", "campaigns", "notices", "erasures")
FAR_S = 900.0  # a pause longer than this is left to the sweep: no wake lasts for months


def execute(tools: Tools, key: str) -> str:
    """One slice; returns how it ended. Safe to call twice, late, or by two at once."""
    engine = tools.engine
    hold = chore.claim(engine, key)
    if not isinstance(hold, Hold):
        return hold
    kind = KINDS[hold.body["kind"]]
    with logs.about(key, hold.body):
        try:
            with chore.beating(hold):
                end = cast(End, _named(kind.handler)(tools, hold))
            return _settled(tools, hold, end)
        except Fenced as error:
            log.warning("%s", error)
            return "fenced"
        except Exception as error:
            return _wrong(tools, hold, kind, error)


def rescue(engine: Engine, limit: int = 1000) -> int:
    """Wake again what nobody woke, or whose holder died; how many there were."""
    found = 0
    for key, snap in due(engine, limit):
        if chore.held(engine, snap):
            continue
        fields: Json = {"wake": snap.body["wake"] + 1}
        if snap.body["state"] == "queued":
            fields["due"] = stamp(engine.clock.now() + timedelta(seconds=engine.wake_s))
        try:
            engine.documents.commit([Update(key, fields, snap.version)])
        except Conflict:
            continue  # somebody claimed it in this moment
        chore.wake(engine, key, {**snap.body, **fields})
        found += 1
    return found


def due(engine: Engine, limit: int = 200) -> list[tuple[str, Snap]]:
    """Those somebody should look at, by key."""
    late = [Where("due", "<=", stamp(engine.clock.now()))]
    snaps = [snap for group in GROUPS for snap in engine.documents.query(group, late, order="due", limit=limit)]
    return [(snap.key, snap) for snap in snaps if snap.body.get("kind") in KINDS]


def _settled(tools: Tools, hold: Hold, end: End) -> str:
    engine = tools.engine
    if isinstance(end, Again):
        due = engine.clock.now() + timedelta(seconds=end.after_s)
        waits: Json = {"state": "waiting", "tries": 0, "wake": hold.body["wake"] + 1, "due": stamp(due)}
        hold.settle({"error": ABSENT, **end.fields, **waits})
        if end.after_s <= FAR_S:
            chore.wake(engine, hold.key, hold.body, end.after_s)
        return "waiting"
    over: Json = {"state": "done", "ended": stamp(engine.clock.now()), "due": ABSENT, "error": ABSENT, "token": ABSENT}
    hold.settle({**over, **end.fields}, end.writes)
    return "done"


def _wrong(tools: Tools, hold: Hold, kind: Kind, error: Exception) -> str:
    """What raised waits and is tried again, or fails with a reason a person can act on."""
    engine = tools.engine
    if not isinstance(error, CutroomError):
        log.exception("chore %s raised", hold.key, exc_info=error)
    # What may not end undone is tried for ever: an erasure that gives up would have left something.
    passes = isinstance(error, CutroomError) and (error.retryable or isinstance(error, Conflict))
    told = error.code if isinstance(error, CutroomError) else "bug"
    text = str(error) if isinstance(error, CutroomError) else f"a fault of Cutroom ({type(error).__name__}); report it"
    fields: Json = {"error": {"code": told, "text": text}}
    if not kind.tries or (passes and hold.body["tries"] < kind.tries):
        pause = min(kind.longest_s, 2.0 ** hold.body["tries"]) * random.uniform(0.5, 1.0)
        due = stamp(engine.clock.now() + timedelta(seconds=pause))
        hold.settle({**fields, "state": "waiting", "wake": hold.body["wake"] + 1, "due": due})
        chore.wake(engine, hold.key, hold.body, pause)
        return "waiting"
    writes: Sequence[Write] = ()
    if kind.failed is not None:
        writes = cast(Sequence[Write], _named(kind.failed)(tools, hold, told, text))
    over: Json = {"state": "failed", "ended": stamp(engine.clock.now()), "due": ABSENT, "token": ABSENT}
    hold.settle({**fields, **over}, writes)
    return "failed"


def _named(where: str) -> Callable[..., Any]:
    module, _, name = where.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))
