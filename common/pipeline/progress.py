"""How far a flow is: its share of work that is done, what it is at, and how long it will take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from common.events.event import Data
from common.pipeline.stage import Definition
from common.ports.clock import parse
from common.ports.documents import Json, Snap


def percent(state: str, runs: Iterable[Snap]) -> int | None:
    """Of the runs so far, by the time each was thought to take; None until anything is known."""
    if state == "done":
        return 100
    bodies = [run.body for run in runs]
    whole = sum(_weight(body) for body in bodies)
    if not whole:
        return None
    return min(99, int(100 * sum(_weight(body) * _share(body) for body in bodies) / whole))


def took_s(runs: Iterable[Snap], until: datetime) -> float | None:
    """Seconds since the first run was planned: a flow that waits for its turn is not at work."""
    planned = [parse(run.body["planned"]) for run in runs]
    return (until - min(planned)).total_seconds() if planned else None


def left_s(pace: float | None, footage_s: float | None, took: float | None) -> int | None:
    """Seconds that are left, if it takes as long for its footage as the organisation's last flows took for theirs.

    `pace` is the median of their measured seconds at work per second of footage; those that reused what an earlier
    one had made do not count. None while there is none, and once it takes longer than it should.
    """
    if pace is None or footage_s is None or took is None:
        return None
    left = pace * footage_s - took
    return round(left) if left > 0 else None


def current(
    definition: Definition, flow: Snap, runs: list[Snap], *, pace: float | None, footage_s: float | None, now: datetime
) -> Data:
    """What a flow is at this moment: the earliest stage of the table that somebody works on, or that will try again."""
    order = {name: n for n, name in enumerate(definition.names)}
    at_work = [run.body for run in runs if run.body["state"] in ("running", "waiting")]
    at_work.sort(key=lambda body: (body["state"] != "running", order.get(body["stage"], 0), body.get("number") or 0))
    said: dict[str, Any] = {"stage": None, "message": "It waits for a machine."}
    if at_work:
        first = at_work[0]
        title = definition[first["stage"]].title if first["stage"] in definition else first["stage"]
        said = {"stage": first["stage"], "message": f"{title}{_so_far(first.get('progress'))}"}
        if first["state"] == "waiting":
            said["retry_after"] = max(0, round((parse(first["due"]) - now).total_seconds()))
            said["message"] = f"{title}: it is tried again"
    return Data(
        flow=flow.id,
        asset=flow.body["asset"],
        percent=percent(flow.body["state"], runs),
        left_s=left_s(pace, footage_s, took_s(runs, now)),
        **said,
    )


def _so_far(progress: Json | None) -> str:
    return f": {progress['done']:g} of {progress['total']:g} {progress['unit']}" if progress else ""


def _weight(body: Json) -> float:
    return float(body.get("estimate_s", 0.0)) or 0.1


def _share(body: Json) -> float:
    if body["state"] in ("done", "failed", "skipped"):
        return 1.0
    progress = body.get("progress")
    return min(1.0, progress["done"] / progress["total"]) if progress and progress["total"] else 0.0
