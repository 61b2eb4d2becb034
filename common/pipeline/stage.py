"""What a stage says of itself. The table of all stages is in `definition`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

MINUTE = 60.0
HOUR = 3600.0


class Image(Enum):
    """What a stage's process may load: nothing heavy, media tools, or models on a GPU."""

    LIGHT = "light"
    MEDIA = "media"
    GPU = "gpu"


class Where(Enum):
    """Where a run can work: in the process that planned it, as a task of its image's service, or pulled by a pool."""

    IN_PLACE = "in_place"
    TASK = "task"
    POOL = "pool"


# What the cloud grants each place, in seconds. Cloud Tasks: dispatch deadline; Run job with a GPU: task timeout.
LONGEST = {Where.IN_PLACE: 540.0, Where.TASK: 30 * MINUTE, Where.POOL: 24 * HOUR}
LONGEST_ON_GPU = 1 * HOUR


@dataclass(frozen=True, slots=True)
class Need:
    """A stage that comes before. `required`: without it done, this stage is skipped.

    `input`: its result counts as an input. A clip's render comes after `propose`, but its input is its own
    clip alone, so that a change of one clip redoes one clip.
    """

    stage: str
    required: bool = True
    input: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a run may be attempted, and the pause before the next, doubling from `first_s` to `longest_s`."""

    attempts: int = 4
    first_s: float = 2.0
    longest_s: float = 120.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after this attempt (counted from 1), before jitter."""
        return min(self.longest_s, self.first_s * 2.0 ** (attempt - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Expected CPU seconds of a run: `fixed` plus `per_second` for every second of video it looks at."""

    fixed: float = 1.0
    per_second: float = 0.0

    def of(self, seconds: float) -> float:
        return self.fixed + self.per_second * seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One row of the table."""

    name: str
    version: int  # raise it when results change: old results are then made anew
    title: str  # what people see
    # "package.module:function", a `def run(work: Work) -> Outcome`. The module may have a `prepare()`, which does what
    # takes long and is the same for every run, and which a worker that lives on calls while it waits.
    handler: str
    after: tuple[Need, ...] = ()
    each: str | None = None  # one run per member of this kind, instead of one per flow
    fans_out: str | None = None  # the kind of members this stage's result names
    when: tuple[str, ...] = ()  # predicates of `conditions`; one that is false skips the stage
    settings: tuple[str, ...] = ()  # the flow's settings that this stage reads, all others must not touch it
    models: tuple[str, ...] = ()  # the kinds of common.ports.models it opens; with another model it is done anew
    asks: bool = False  # whether it asks language models; with others at the table it is done anew
    watches: bool = False  # whether it has others watch the video for money; with other features wanted it is done anew
    fonts: bool = False  # whether it draws letters; with other fonts it is done anew
    reuse: bool = True  # equal inputs take the result that is there
    image: Image = Image.MEDIA
    places: tuple[Where, ...] = (Where.TASK, Where.POOL)
    cost: Cost = Cost()
    cores: int = 1  # how many cores it keeps busy
    disk_per_byte: float = 0.0  # scratch it may need, per byte of the source
    timeout_s: float = 20 * MINUTE
    stall_s: float = 5 * MINUTE  # without progress for this long, it is stopped
    lease_s: float = 60.0
    retry: Retry = Retry()


class Definition:
    """The stages in order, checked: names resolve, nothing waits in a circle, and the cloud would take each."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self._stages = {stage.name: stage for stage in stages}
        if len(self._stages) != len(stages):
            raise ValueError("two stages share a name")
        self._sources = {stage.fans_out: stage.name for stage in stages if stage.fans_out}
        seen: set[str] = set()
        for stage in stages:
            self._check(stage, seen)
            seen.add(stage.name)

    def __iter__(self) -> Iterator[Stage]:
        return iter(self._stages.values())

    def __getitem__(self, name: str) -> Stage:
        return self._stages[name]

    def __contains__(self, name: object) -> bool:
        return name in self._stages

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._stages)

    @property
    def modules(self) -> tuple[str, ...]:
        """Where the handlers are, each once."""
        return tuple(dict.fromkeys(stage.handler.partition(":")[0] for stage in self))

    def source_of(self, stage: Stage) -> Stage | None:
        """The stage whose result names the members of this one; None for a stage that runs once."""
        return self._stages[self._sources[stage.each]] if stage.each else None

    def consumers(self, name: str) -> tuple[Stage, ...]:
        """The stages that come directly after."""
        return tuple(stage for stage in self if any(need.stage == name for need in stage.after))

    def following(self, name: str) -> tuple[Stage, ...]:
        """The consumers that may be next when a stage ends: those that wait for nothing that comes after it."""
        below = self.downstream(name) - {name}
        return tuple(stage for stage in self.consumers(name) if not any(need.stage in below for need in stage.after))

    def downstream(self, name: str) -> frozenset[str]:
        """The stage and all that come after it, however far."""
        found = {name}
        for stage in self:
            if any(need.stage in found for need in stage.after):
                found.add(stage.name)
        return frozenset(found)

    def _check(self, stage: Stage, before: set[str]) -> None:
        def refuse(why: str) -> None:
            raise ValueError(f"stage {stage.name!r}: {why}")

        for n, need in enumerate(stage.after):
            if need.stage not in before:
                refuse(f"comes after {need.stage!r}, which is not above it in the table")
            if any(need.stage == other.stage for other in stage.after[:n]):
                refuse(f"comes after {need.stage!r} twice")
        if stage.each is not None:
            source = self._sources.get(stage.each)
            if source is None:
                refuse(f"runs for each {stage.each!r}, but no stage's result names such members")
            if not any(need.stage == source and need.required for need in stage.after):
                refuse(f"runs for each {stage.each!r} and so must need {source!r}")
        for beside in (
            need.stage for need in stage.after if stage.each and self._stages[need.stage].each == stage.each
        ):
            for need in stage.after:
                if need.stage != beside and beside not in self.downstream(need.stage):
                    refuse(f"waits member by member for {beside!r}, and {need.stage!r} may end after some of them")
        if stage.image is Image.GPU and Where.TASK in stage.places:
            refuse("no service has a GPU, so it can't be a task; leave it to the pool")
        if stage.stall_s > stage.timeout_s:
            refuse("its stall limit is longer than its timeout")
        if stage.lease_s < 30:
            refuse("a lease under 30 s would be lost between two heartbeats")
        longest = max(LONGEST[where] for where in stage.places)
        if stage.image is Image.GPU and Where.POOL in stage.places:
            longest = min(longest, LONGEST_ON_GPU)
        if stage.timeout_s > longest:
            refuse(f"its timeout of {stage.timeout_s:.0f} s is longer than the {longest:.0f} s its places grant")
