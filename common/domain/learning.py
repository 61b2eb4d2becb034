"""What a model of clicks learns from, and what it says: creatives with what came of them, predictions with their doubt.

A creative is one thing as it was shown in one account: a post, an ad, a row of somebody's earlier campaigns. What is
known of it before it is shown may be learned from; what came of it (impressions, clicks) is only ever the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

Band = Literal["low", "typical", "high"]  # below, within, above the middle half of the account's own history
Source = Literal["publication", "campaign", "import"]

RIPE: Final = timedelta(days=7)  # after which what came of a creative is learned from


@dataclass(frozen=True, slots=True, kw_only=True)
class Creative:
    """One creative that has been shown. None among `features`: nobody looked.

    `group` is shared by near-duplicates: they are learned from, or asked about, together. `segments` says to whom
    it was shown, by names such as age, gender, interest, placement. `until`: the end of the last day whose figures are
    in its counts, where that is told; nobody knew these counts before.
    """

    id: str
    account: str
    network: str
    launched: datetime  # aware UTC
    impressions: int
    clicks: int
    group: str
    features: Mapping[str, float | None] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one thing does to a prediction. `effect` is in log odds; all of them and the base make the prediction."""

    name: str  # of the feature, segment, or "account"
    text: str  # for people
    effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Clicks out of impressions, as a share. `low` to `high` is where `coverage` of them come to lie."""

    model: str  # name@version
    account: str
    value: float
    low: float
    high: float
    coverage: float
    exposure: int  # the impressions the interval is for: fewer make it wider
    band: Band
    typical: tuple[float, float]  # the middle half of the account's history
    contributions: tuple[Contribution, ...]  # the most first
    alike: bool = False  # the model knows nothing of clips, so this stands for each of the account's


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Why nothing is predicted, in words that end in what to do; what there is, and what it would take."""

    why: str
    have: int
    need: int
    of: str  # what is counted: "creatives that have been out for 7 days"


Foretold = Prediction | Silence
