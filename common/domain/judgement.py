"""What is thought of a clip: named parts with their evidence, never a bare number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.domain.clip import Evidence
from common.domain.timebase import Span

HookType = Literal[
    "question",
    "bold_claim",
    "statistic",
    "problem",
    "story",
    "how_to",
    "before_after",
    "social_proof",
    "contrarian",
    "pattern_interrupt",
    "direct_address",
    "none",
]
Psychology = Literal["curiosity", "urgency", "social_proof", "transformation", "authority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """The share of tested headlines that an opening line would out-pull, to be expected of it; 0 to 1."""

    value: float
    low: float  # to `high`: where 8 in 10 of such lines come to lie
    high: float
    source: str  # name@version, and what it was read by


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """How the first 3 seconds hold somebody. `strength` and `confidence` are 0 to 1."""

    type: HookType
    strength: float
    confidence: float  # how much of what could tell was there to be looked at
    secondary: tuple[HookType, ...]
    span: Span
    evidence: tuple[Evidence, ...]
    pull: Pull | None = None  # of the first sentence
    pull_why: str | None = None  # what is missing where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One yes-or-no item of the rubric. `met` is None where nothing was there to tell it by, and `why` says what."""

    key: str
    text: str  # the question, for people
    met: bool | None
    weight: float
    span: Span | None = None  # where it can be seen
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One named part of the score, 0 to 1; None where it cannot be told, and then it does not count."""

    name: str
    value: float | None
    weight: float  # of the whole, before parts that cannot be told are left out
    evidence: tuple[Evidence, ...] = ()
    why: str | None = None  # what is missing where the value is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The score of a clip and all that it is made of. `score` ranks; it predicts nothing."""

    score: float  # 0 to 1
    parts: tuple[Part, ...]
    hook: Hook
    psychology: dict[Psychology, Part]
    rubric: tuple[Item, ...]
    raise_by: tuple[str, ...]  # what would raise the score most, in words, the most first
