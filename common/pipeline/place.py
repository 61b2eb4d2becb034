"""Where a run works, and why: a pure function of the stage and how long it will take."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Permanent
from common.pipeline.stage import LONGEST, LONGEST_ON_GPU, Image, Stage, Where

# A run shorter than this is not worth a message; one longer is not worth holding a service's request open for.
SHORT_S = 2.0
TASK_S = 600.0
POOLS = {Image.LIGHT: "cpu", Image.MEDIA: "cpu", Image.GPU: "gpu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place and the reason, as the run document keeps them; `seconds` is the estimate behind it."""

    where: Where
    reason: str
    seconds: float

    def pool(self, stage: Stage) -> str | None:
        """The workers that take the run, where it is one of a pool: those that have the stage's image."""
        return POOLS[stage.image] if self.where is Where.POOL else None


def place(stage: Stage, video_s: float) -> Place:
    """Choose for a run over `video_s` seconds of video; raises Permanent when no place grants the time."""
    estimate = stage.cost.of(video_s)
    if Where.IN_PLACE in stage.places and stage.image is Image.LIGHT and estimate <= SHORT_S:
        return Place(where=Where.IN_PLACE, reason=f"about {estimate:.1f} s of light work", seconds=estimate)
    if Where.TASK in stage.places and estimate <= TASK_S:
        return Place(where=Where.TASK, reason=f"about {estimate:.0f} s, short enough for a task", seconds=estimate)
    if Where.POOL in stage.places:
        longest = LONGEST_ON_GPU if stage.image is Image.GPU else LONGEST[Where.POOL]
        if estimate <= longest:
            return Place(where=Where.POOL, reason=f"about {estimate:.0f} s, for a worker of the pool", seconds=estimate)
    if Where.TASK in stage.places and estimate <= LONGEST[Where.TASK]:
        return Place(where=Where.TASK, reason=f"about {estimate:.0f} s, and the stage has no pool", seconds=estimate)
    raise Permanent(
        f"{stage.title} would take about {estimate / 60:.0f} min, longer than any worker may run; use a shorter video",
        code="too_long",
    )
