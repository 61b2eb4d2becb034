"""Whether what a model says still comes true: of creatives that came out after it had learned, and so were news to it.

Calibration: clicks that were foretold over clicks that came. How sure that is goes by accounts, whose creatives err
together, and is never surer than clicks can be that scatter as the model itself says. That features are distributed
otherwise than before is told along with it, and is no reason to act on while what is foretold comes true.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from common.domain.learning import RIPE, Creative, Prediction
from common.scoring.ctr.drift import Shift, shifts
from common.scoring.ctr.model import Model

BOUNDS: Final = (0.9, 1.1)  # of foretold clicks over clicks, within which a model is calibrated
SURE: Final = 2.576  # standard errors: one in a hundred looks would be wrong
LEAST: Final = 30  # creatives, below which nothing is said
RECENT: Final = 200  # creatives, the latest, that must come true for themselves: what was long right hides what is not
DROP: Final = 0.05  # of the share that lies in its interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A creative with what a model says of it that had not seen it."""

    creative: Creative
    prediction: Prediction

    @property
    def expected(self) -> float:
        return self.creative.impressions * self.prediction.value

    @property
    def rate(self) -> float:
        return self.creative.clicks / self.creative.impressions

    @property
    def within(self) -> bool:
        """Whether what came lies where it was foretold to lie."""
        return self.prediction.low <= self.rate <= self.prediction.high

    @property
    def in_band(self) -> bool:
        """Whether it is below, within or above what is usual for its account, as was foretold."""
        low, high = self.prediction.typical
        return self.prediction.band == ("low" if self.rate < low else "high" if self.rate > high else "typical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Shares of `n`; None where there is none. `calibration` lies between `low` and `high`, 99 times in 100."""

    n: int
    silent: int  # creatives of accounts that the model says nothing of
    asked: int  # creatives by which the model knows how wide its intervals are to be
    clicks: int
    foretold: float  # clicks
    error: float  # of the clicks that came, for those foretold; standard
    in_band: float | None
    covered: float | None
    promised: float | None  # how many were to be covered

    @property
    def calibration(self) -> float | None:
        return self.foretold / self.clicks if self.clicks else None

    @property
    def low(self) -> float | None:
        return self.foretold / (self.clicks + SURE * self.error) if self.clicks else None

    @property
    def high(self) -> float | None:
        """None too where nobody knows how high."""
        least = self.clicks - SURE * self.error
        return self.foretold / least if least > 0 else None

    @property
    def alarm(self) -> str | None:
        """Why the model is to be trained anew, where that is sure."""
        within = self.calibration is not None and BOUNDS[0] <= self.calibration <= BOUNDS[1]
        if self.n < LEAST or within or abs(self.clicks - self.foretold) <= SURE * self.error:
            return None
        came = f"{self.foretold:,.0f} clicks were foretold and {self.clicks:,} came, of {self.n} creatives"
        return f"it is not calibrated any more: {came}"

    @property
    def dropped(self) -> str | None:
        """What its intervals do not hold any more, where that is sure."""
        if self.covered is None or self.promised is None or self.n < LEAST or not self.asked:
            return None
        error = math.sqrt(self.promised * (1 - self.promised) * (1 / self.n + 1 / self.asked))
        if self.promised - self.covered <= max(DROP, SURE * error):
            return None
        return f"{self.covered:.0%} of {self.n} creatives came to lie where {self.promised:.0%} were to"


def alarm(model: Model, creatives: Sequence[Creative]) -> str | None:
    """Why a model is to be trained anew, by creatives that it had not seen, in the order of their launch."""
    whole = accuracy(model, creatives).alarm
    return whole if whole is not None or len(creatives) <= RECENT else accuracy(model, creatives[-RECENT:]).alarm


def since(creatives: Sequence[Creative], at: datetime) -> list[Creative]:
    """Those that were out for 7 days only after this time: no model of this time has learned from them."""
    return [one for one in creatives if one.launched + RIPE > at]


def foreseen(model: Model, creatives: Sequence[Creative]) -> tuple[list[Foreseen], int]:
    """What it says of each, for as many impressions as came; and of how many it says nothing."""
    found: list[Foreseen] = []
    for one in creatives:
        told = model.hindcast(one)
        if isinstance(told, Prediction):
            found.append(Foreseen(creative=one, prediction=told))
    return found, len(creatives) - len(found)


def accuracy(model: Model, creatives: Sequence[Creative]) -> Accuracy:
    """Of a model on creatives that it had not seen."""
    found, silent = foreseen(model, creatives)
    n, asked = len(found), int((model.manifest.get("metrics") or {}).get("asked") or 0)
    clicks, expected = sum(one.creative.clicks for one in found), math.fsum(one.expected for one in found)
    return Accuracy(
        n=n,
        silent=silent,
        asked=asked,
        clicks=clicks,
        foretold=expected,
        error=_error(found, clicks / expected) if expected else 0.0,
        in_band=sum(one.in_band for one in found) / n if n else None,
        covered=sum(one.within for one in found) / n if n else None,
        promised=math.fsum(one.prediction.coverage for one in found) / n if n else None,
    )


def moved(creatives: Sequence[Creative], at: datetime) -> list[Shift]:
    """Features of those since then that are surely distributed otherwise than of those before, the most first."""
    sides = [[one for one in creatives if (one.launched + RIPE > at) is late] for late in (False, True)]
    names = {name for one in creatives for name in one.features}
    before, after = ({name: [one.features.get(name) for one in side] for name in names} for side in sides)
    return [one for one in shifts(before, after) if one.alarm]


def _error(found: Sequence[Foreseen], ratio: float) -> float:
    """The standard error of the clicks that came, for those foretold: the largest of those that can be had."""
    told = math.fsum(_scatter(one) ** 2 for one in found)
    of: dict[str, dict[str, float]] = {"account": defaultdict(float), "group": defaultdict(float)}
    for one in found:
        missed = one.creative.clicks - ratio * one.expected
        of["account"][one.creative.account] += missed
        of["group"][one.creative.group] += missed
    seen = [
        math.fsum(miss * miss for miss in some.values()) * len(some) / (len(some) - 1)
        for some in of.values()
        if len(some) > 1
    ]
    return math.sqrt(max([told, *seen]))


def _scatter(one: Foreseen) -> float:
    """Of its clicks, as a standard deviation: the width of its interval, where it is that of a normal one."""
    width = (one.prediction.high - one.prediction.low) / 2
    return one.creative.impressions * width / _normal(one.prediction.coverage)


def _normal(coverage: float) -> float:
    """Standard deviations on either side that hold this share of a normal distribution, by bisection."""
    low, high = 0.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erf(middle / math.sqrt(2)) < coverage else (low, middle)
    return (low + high) / 2
