"""What a council is asked about a clip, what its members answer, and what comes of it. Scores are 0 to 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from common.domain.judgement import Judgement
from common.domain.timebase import Span
from common.errors import BadInput, VoteRefused

if TYPE_CHECKING:  # a light image reads verdicts, and has no numpy
    from common.domain.observed import Observed, Vectors

Kind = Literal["rubric", "history", "model"]  # what a member goes by; "model" is a language model
Decision = Literal["publish", "fix", "hold"]  # fix: mend it, then publish; hold: a person decides


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The account's earlier clips. Raises BadInput where the lists do not fit or an outcome is out of range."""

    names: tuple[str, ...]
    vectors: Vectors  # (clips, 384), the mean of a clip's sentences, of length 1
    outcomes: tuple[float | None, ...]  # 0 to 100: its rank among the account's clips, 100 the best; None: not known

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.vectors) == len(self.outcomes):
            raise BadInput("a history needs one name, one vector and one outcome for each clip; give as many of each")
        for name, outcome in zip(self.names, self.outcomes, strict=True):
            if outcome is not None and not 0 <= outcome <= 100:
                raise BadInput(f"the outcome of {name!r} is {outcome}; give a rank from 0 to 100, or none")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ballot:
    """What a member is given to judge one clip by."""

    judgement: Judgement
    observed: Observed
    history: History | None = None  # None: nobody looked for one
    flagged: tuple[str, ...] = ()  # what in it speaks to whoever judges it, in plain words


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one member says of one clip: a score, or why it gives none. Raises VoteRefused where it is neither."""

    member: str
    kind: Kind
    source: str  # name@version of what answered
    score: float | None  # 0 to 100
    abstains: str | None = None  # why there is no score
    reasons: tuple[str, ...] = ()  # in plain words, the weightiest first
    evidence: tuple[str, ...] = ()  # names of what it went by: items of the rubric, earlier clips
    changes: tuple[Recommendation, ...] = ()  # the weightiest first
    cost_micros: int | None = None  # what was paid for it, of a US dollar; None: nobody is paid for such votes
    tokens: int | None = None  # that a language model read and wrote for it; 0 where its answer was kept from before

    def __post_init__(self) -> None:
        if (self.score is None) != bool(self.abstains):
            raise VoteRefused(f"{self.member} must give either a score or the reason why it abstains; leave it out")
        if self.score is not None and not 0 <= self.score <= 100:  # NaN fails it too
            raise VoteRefused(f"{self.member} gave {self.score}, and a score is 0 to 100; leave it out or ask it again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A vote and what it counted: its share of all votes before and after the merge, each 0 to 1."""

    vote: Vote
    base: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissent:
    """A member that differs, and why. `apart` is its score less the council's."""

    member: str
    apart: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """A change that would make the clip better: where in the video, None for all of it, and who says so."""

    text: str
    by: str
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A member that did not count, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the council makes of a clip. Where it is degraded, the score is the local one and no vote counted."""

    score: float  # 0 to 100
    low: float | None = (
        None  # where the score would lie four times in five, were all seats taken; None where none counted
    )
    high: float | None = None
    disagreement: float | None  # weighted standard deviation of the votes in points; None where none counted
    n_eff: float  # how many independent votes those that counted are worth; 0 where none did
    degraded: str | None  # why there was no quorum; None: there was
    confidence: float  # 0 to 1, from how many voted and how far they agree; never what a member says of itself
    dissent: tuple[Dissent, ...]  # those furthest apart first
    votes: tuple[Counted, ...]  # by the member's name
    left_out: tuple[LeftOut, ...]  # by name, those who abstained among them

    @property
    def quorum(self) -> bool:
        return self.degraded is None
