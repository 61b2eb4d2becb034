"""Experiments: arms that are shown beside each other, how much of the showing each gets, and when that is decided.

draft ──start──> running <──figures come──> frozen
   │                │  └──told apart──> decided
   └──stop──> stopped <──stop, cap, time──┘
A share moves once a day at most, on days whose figures are ripe, within limits that no figure can move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal, get_args

from common.errors import BadInput

Kind = Literal["clip", "title", "thumbnail"]  # what differs between the arms
State = Literal["draft", "running", "frozen", "stopped", "decided"]
OVER: Final[tuple[State, ...]] = ("stopped", "decided")
Shown = Literal["together", "in_turn"]  # all arms every day, as ads are; or one arm to each slot, as posts are
KINDS: tuple[Kind, ...] = get_args(Kind)

FEWEST, MOST = 2, 12  # arms
STRENGTH: Final = (10.0, 1000.0)  # impressions that a prior may count as


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of an arm's clicks before it is shown: `mean` a share, worth `strength` impressions."""

    mean: float
    strength: float

    def __post_init__(self) -> None:
        if not 0 < self.mean < 1:
            raise BadInput(f"a prior's mean is a share between 0 and 1, not {self.mean:g}; send one such as 0.012")
        if not STRENGTH[0] <= self.strength <= STRENGTH[1]:
            low, high = STRENGTH
            raise BadInput(f"a prior counts as {low:g} to {high:g} impressions, not {self.strength:g}; send such")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One of what is compared. `campaigns` and `publications` are those whose figures count for it.

    `text` is its title, `clip` the clip it shows; where figures are told by hand, it names neither post nor campaign.
    `erased`: what it showed is, and nothing of it is named any more.
    """

    name: str  # short, by which it is told of
    clip: str | None = None
    text: str | None = None
    thumbnail: str | None = None
    campaigns: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    prior: Prior | None = None  # None: nobody foretold it; then it is as the arms together are
    erased: bool = False

    @property
    def read(self) -> bool:
        """Whether its figures are read, and must not be told besides."""
        return bool(self.campaigns or self.publications)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted of an arm in a day. `spend_micros` None: nobody told, which is not 0."""

    impressions: int
    clicks: int
    spend_micros: int | None = None

    def __post_init__(self) -> None:
        if self.impressions < 0 or self.clicks < 0 or (self.spend_micros or 0) < 0:
            raise BadInput("impressions, clicks and money are 0 or more; correct the figures and send them again")
        if self.clicks > self.impressions:
            told = f"{self.clicks} clicks of {self.impressions} impressions"
            raise BadInput(f"{told} cannot be: nobody clicks what was not shown; correct them and send them again")


Figures = Mapping[str, Mapping[str, Counted]]  # by date, then by arm
Spending = Mapping[str, Mapping[str, int | None]]  # micros by date, then by arm; None: nobody tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What no figure can move. `floor` and `step` are shares of the showing, `alpha` the chance of a false end.

    `least_impressions` and `least_spend_micros`: what an arm has had before it may get less. `cap_micros`: all that
    may be spent on it. `ripe`: after the end of a day until its figures are moved on. `longest`: days it may take.
    """

    floor: float = 0.02
    step: float = 0.1
    least_impressions: int = 1000
    least_spend_micros: int = 0
    cap_micros: int | None = None
    daily_micros: int | None = None  # what is handed out to the arms each day
    ripe: timedelta = timedelta(days=1)
    longest: int = 90
    gamma: float = 0.95  # of what a day's figures are worth a day later
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1 / MOST:
            raise BadInput(f"the least share is from 0 to {1 / MOST:.3f}, not {self.floor:g}; send such")
        if not 0 < self.step <= 0.1:
            raise BadInput(f"a share moves by at most 0.1 a day, not {self.step:g}; send 0.1 or less")
        if not 0.5 <= self.gamma <= 1 or not 0 < self.alpha <= 0.1:
            raise BadInput("gamma is from 0.5 to 1 and alpha over 0 and at most 0.1; send such")
        if min(self.least_impressions, self.least_spend_micros, self.cap_micros or 0, self.daily_micros or 0) < 0:
            raise BadInput("what an arm must have had, a day's budget and the cap are 0 or more; send such")
        if not timedelta(0) <= self.ripe <= timedelta(days=28) or not 1 <= self.longest <= 365:
            raise BadInput("figures ripen within 28 days, and an experiment takes 1 to 365; send such")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """As it was asked for. `seed` makes its draws repeatable, and nobody outside knows it."""

    name: str
    kind: Kind
    shown: Shown
    arms: tuple[Arm, ...]
    seed: str
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.arms]
        if not FEWEST <= len(names) <= MOST:
            raise BadInput(f"an experiment has {FEWEST} to {MOST} arms, not {len(names)}; send as many")
        if len(set(names)) < len(names):
            raise BadInput("two arms have one name; give each its own")
        for field_ in ("campaigns", "publications"):
            told = [one for arm in self.arms for one in getattr(arm, field_)]
            if len(set(told)) < len(told):
                raise BadInput(f"one of the {field_} counts for two arms, or twice; name each once")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(arm.name for arm in self.arms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An arm's clicks by impressions; `low` to `high` holds however often somebody looks."""

    arm: str
    impressions: int
    clicks: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far apart the arms are. `beaten`: those that are worse than another, for certain enough.

    `best` is None until all others are beaten. `text` is for people.
    """

    best: str | None
    beaten: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    text: str
