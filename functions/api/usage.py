"""What an organisation used, day by day, and what a flow took, stage by stage. Nothing here is a bill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec

from common.domain import usage
from common.errors import BadInput
from common.pipeline import flows as pipeline
from common.pipeline import metering
from functions.api import flows
from functions.api.route import Answer, Ask, Shape

LONGEST = 92  # days of one answer
_ONE_PAGE = timedelta(days=29)  # from the first to the last of 30 days


class Used(Shape):
    """Seconds, bytes, and millionths of a US dollar. What is not known is null.

    `estimated_usd_micros` is what the runs cost on Google Cloud at list prices (on one machine: would cost), without
    storage, documents and traffic. `model_calls`, of models that others run, are not counted yet.
    """

    footage_s: float
    wall_s: float
    cpu_s: float
    gpu_s: float
    brought_bytes: int
    made_bytes: int
    model_calls: int | None
    estimated_usd_micros: int


class Day(Used):
    day: date


class Period(Shape):
    """Days in UTC, both included; 30 where one is left out."""

    first: date | None = msgspec.field(name="from", default=None)
    last: date | None = msgspec.field(name="to", default=None)


class Usage(Shape):
    """`priced`: when the list prices were seen."""

    first: date = msgspec.field(name="from")
    last: date = msgspec.field(name="to")
    days: list[Day]
    total: Used
    priced: str


class StageUsage(Shape):
    """The last attempts of a stage's runs. `reused`: how many took the result of an earlier flow, and no time.

    `peak_mb`: the most memory that any of them took; null where none was measured.
    """

    stage: str
    runs: int
    reused: int
    wall_s: float
    cpu_s: float
    peak_mb: float | None
    estimated_usd_micros: int


class FlowUsage(Shape):
    flow: str
    stages: list[StageUsage]
    wall_s: float
    cpu_s: float
    estimated_usd_micros: int
    priced: Annotated[str, msgspec.Meta(description="When the list prices were seen.")]


def by_day(ask: Ask) -> Answer:
    asked: Period = ask.query or Period()
    try:
        newest = ask.parts.engine.clock.now().date() if asked.first is None else asked.first + _ONE_PAGE
        last = asked.last or newest
        first = asked.first or last - _ONE_PAGE
    except OverflowError as error:
        raise BadInput("that is out of all time; send days of this century") from error
    if not 0 <= (last - first).days < LONGEST:
        raise BadInput(f"`to` must not be before `from`, nor {LONGEST} days or more after it; ask for less")
    found = metering.days(ask.parts.engine.documents, ask.who.tenant, first, last)
    days = [Day(day=day, **_used(counts)) for day, counts in found.items()]
    total = Used(**_used(_sum(found.values())))
    return Answer(body=Usage(first=first, last=last, days=days, total=total, priced=usage.PRICED))


def of_flow(ask: Ask) -> Answer:
    snap, engine = flows.read(ask, ask.path["flow"]), ask.parts.engine
    by_stage: dict[str, list[dict[str, Any]]] = {name: [] for name in engine.definition.names}
    for run in pipeline.runs(engine, pipeline.read(engine, ask.who.tenant, snap.id)):
        if run.body["stage"] in by_stage and "timings" in run.body:
            by_stage[run.body["stage"]].append(run.body)
    stages = [_stage(name, engine.definition[name].image.value, bodies) for name, bodies in by_stage.items() if bodies]
    return Answer(
        body=FlowUsage(
            flow=snap.id,
            stages=stages,
            wall_s=round(sum(one.wall_s for one in stages), 3),
            cpu_s=round(sum(one.cpu_s for one in stages), 3),
            estimated_usd_micros=sum(one.estimated_usd_micros for one in stages),
            priced=usage.PRICED,
        )
    )


def _stage(name: str, image: str, bodies: list[dict[str, Any]]) -> StageUsage:
    own = [body["timings"] for body in bodies if not body.get("reused")]
    wall, cpu = sum(one["wall_s"] for one in own), sum(one["cpu_s"] for one in own)
    counts = {f"wall_ms_{image}": round(1000 * wall), f"cpu_ms_{image}": round(1000 * cpu)}
    return StageUsage(
        stage=name,
        runs=len(bodies),
        reused=len(bodies) - len(own),
        wall_s=round(wall, 3),
        cpu_s=round(cpu, 3),
        peak_mb=max((one["peak_mb"] for one in own), default=None),
        estimated_usd_micros=usage.usd_micros(counts),
    )


def _sum(days: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(usage.COUNTED, 0)
    for counts in days:
        for name, count in counts.items():
            total[name] += count
    return total


def _used(counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "footage_s": counts["footage_ms"] / 1000,
        "wall_s": sum(counts[f"wall_ms_{image}"] for image in usage.IMAGES) / 1000,
        "cpu_s": sum(counts[f"cpu_ms_{image}"] for image in usage.IMAGES) / 1000,
        "gpu_s": counts["wall_ms_gpu"] / 1000,
        "brought_bytes": counts["brought_bytes"],
        "made_bytes": counts["made_bytes"],
        "model_calls": None,
        "estimated_usd_micros": usage.usd_micros(counts),
    }
