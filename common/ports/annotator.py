"""A service that watches a video for money, feature by feature, and how a run of the pipeline has it watch.

Asked in two steps, so that a crash between them pays nothing twice. What it says is evidence for the council, no vote.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from common.domain.annotation import Annotations, Feature, minutes
from common.ports.language import Caps

_NOTHING = Caps(per_video=0, per_day=0)


class Annotator(Protocol):
    """Implemented on the cloud alone."""

    def ask(self, location: str, features: Collection[Feature]) -> str:
        """Have the video at a location watched; returns the name its answer is asked for by, to be kept at once.

        Each call costs, and is sent once. Raises TooMany, BadInput and Permanent where it was refused, and so cost
        nothing; calls.NotSent where it never left; Transient where nobody knows, and it may have cost all the same.
        """

    def answer(self, name: str, features: Collection[Feature]) -> Annotations | None:
        """What was seen of what was asked; None while it is watched. Costs nothing, however often.

        Raises Transient, Permanent.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is asked for, at what price, and whom. Prices are micros of a US dollar for each minute that is begun,
    as the list has them: what a month has free is not counted on."""

    wanted: tuple[Feature, ...] = ()
    per_minute: Mapping[Feature, int] = field(default_factory=dict)
    seen: str = ""  # the day on which somebody looked at the list
    caps: Caps = _NOTHING
    annotator: Annotator | None = None
    why: str = "there is nobody who could watch"  # where there is none

    def prices(self, features: Collection[Feature], seconds: Fraction) -> dict[Feature, int]:
        """What each costs, of a video so long, were it asked for alone with these. Shots come free with labels."""
        free = {"shots"} if "labels" in features else set()
        return {one: 0 if one in free else self.per_minute[one] * minutes(seconds) for one in features}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`cost` is what each feature of this video cost in micros, whichever run paid; `spent` is what this one did.

    `left_out` is why there is nothing of a feature.
    """

    annotations: Annotations
    cost: Mapping[Feature, int]
    spent: int
    left_out: Mapping[Feature, str]


class Watching(Protocol):
    """One run's. Each feature of a video is bought once, whichever run, flow or attempt asks for it."""

    @property
    def wanted(self) -> tuple[Feature, ...]: ...

    def see(self, features: Collection[Feature], seconds: Fraction) -> Seen:
        """Book, ask and look; what was bought before costs nothing. Raises Later while it is being watched."""


def no_evidence() -> Evidence:
    """None is asked for."""
    return Evidence()
