"""The pipeline: a place for every stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from common.domain.settings import FlowSettings
from common.errors import Permanent
from common.pipeline.definition import PIPELINE
from common.pipeline.place import place
from common.pipeline.stage import Stage
from scripts.cli.doctor.finding import Finding

LENGTHS = {"60 s": 60.0, "60 min": 3600.0}  # videos that are placed
_PARTS = {"segment": 120.0, "speech": 300.0, "clip": float(FlowSettings().max_s)}  # seconds of video in one, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a run of a stage would work for a video of this length. `seconds`: the estimate, None where no place is."""

    stage: str
    per: str
    places: str
    video: str
    seconds: float | None
    where: str
    reason: str


def pipeline(environ: Mapping[str, str]) -> Iterator[Finding]:
    stages = list(PIPELINE)
    nowhere = [one for stage in stages for one in placed(stage) if one.seconds is None]
    for one in nowhere:
        yield Finding(
            group="pipeline",
            name=one.stage,
            state="wrong",
            seen=f"no place for a video of {one.video}: {one.reason}",
            fix="give the stage another place or a smaller cost in common/pipeline/definition.py",
        )
    if not nowhere:
        seen = f"{len(stages)} stages, a place for each for videos of {' and '.join(LENGTHS)} (--places shows them)"
        yield Finding(group="pipeline", name="places", state="ok", seen=seen)


def placed(stage: Stage) -> Iterator[Placed]:
    """One for each length. A stage that runs per part looks at one part, not at the whole video."""
    for video, length in LENGTHS.items():
        seconds = min(length, _PARTS[stage.each]) if stage.each in _PARTS else length
        per, places = stage.each or "video", ", ".join(one.value for one in stage.places)
        try:
            chosen = place(stage, seconds)
        except Permanent as error:
            yield Placed(
                stage=stage.name, per=per, places=places, video=video, seconds=None, where="nowhere", reason=str(error)
            )
        else:
            pool = chosen.pool(stage)
            yield Placed(
                stage=stage.name,
                per=per,
                places=places,
                video=video,
                seconds=chosen.seconds,
                where=f"{chosen.where.value} {pool}" if pool else f"{chosen.where.value} {stage.image.value}",
                reason=chosen.reason,
            )
