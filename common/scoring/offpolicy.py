"""What another way of choosing would have brought, from what was logged of the one that chose: off-policy evaluation.

Each view was given its arm with a chance, the propensity; the other way would have given it the same arm with another
one. Their quotient weighs the view. IPW averages weighted rewards (Horvitz and Thompson 1952), SNIPW divides by the sum
of the weights (Swaminathan and Joachims 2015), DR adds a model of the rewards and weighs only its errors (Dudik et al.
2011). Where few views carry the weight, none of them says anything, and they say so. For scripts and jobs: needs numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.domain.learning import Silence
from common.errors import BadInput

LEAST_ESS: Final = 500
MOST_WEIGHT: Final = 0.05  # of all weight in one view; over it a log is worth fewer than 1 / 0.05² = 400 views
FARTHEST: Final = 5.0  # standard errors of the mean weight from 1, beyond which the chances cannot be what was logged
UNSEEN: Final = 3.69  # clicks that were to be expected of one in forty who sees none: -log(0.025)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Rows of views that had the same arm and the same chances: `shown` of them, `clicks` of which were clicked.

    `propensity` is the chance of its arm when it was shown, `wanted` that of the same arm by the other way. `expected`
    and `expected_wanted`: of clicks by a model, of the arm that was shown and on average over the arms that the other
    way shows; for DR alone.
    """

    shown: Array
    clicks: Array
    propensity: Array
    wanted: Array
    expected: Array | None = None
    expected_wanted: Array | None = None

    def __post_init__(self) -> None:
        given = [self.shown, self.clicks, self.propensity, self.wanted, self.expected, self.expected_wanted]
        arrays = [one for one in given if one is not None]
        if (
            len({one.shape for one in arrays}) != 1
            or arrays[0].ndim != 1
            or not all(np.isfinite(a).all() for a in arrays)
        ):
            raise BadInput("what was logged is columns of numbers of one length, all of them known; send such")
        if (self.shown < 0).any() or (self.clicks < 0).any() or (self.clicks > self.shown).any():
            raise BadInput("clicks are between 0 and what was shown; look at the log")
        if (self.propensity <= 0).any() or (self.propensity > 1).any():
            raise BadInput("a propensity is over 0 and at most 1: what was shown had a chance; look at the log")
        if (self.wanted < 0).any() or (self.wanted > 1).any():
            raise BadInput("a chance is from 0 to 1; look at what the other way would choose")

    @property
    def weights(self) -> Array:
        return self.wanted / self.propensity


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Clicks by views that the other way would have had, between `low` and `high` with 95 %."""

    estimator: str
    value: float
    low: float
    high: float
    effective: float  # views, as many as all of them are worth


def effective(logged: Logged) -> float:
    """How many views of the other way's own the logged ones are worth (Kish): all, where it chooses alike."""
    weights = logged.weights
    squares = float((logged.shown * weights**2).sum())
    return float((logged.shown * weights).sum()) ** 2 / squares if squares else 0.0


def refused(logged: Logged) -> Silence | None:
    """Why the log says nothing of the other way; None where it does."""
    worth = effective(logged)
    weights = np.where(logged.shown > 0, logged.weights, 0.0)
    if worth < LEAST_ESS:
        most = float(weights.max() / max((logged.shown * weights).sum(), np.finfo(float).tiny))
        why = f"what was logged is worth {worth:.0f} views of this choice, and {LEAST_ESS} are needed"
        if most > MOST_WEIGHT:  # with as many views as are needed, none could have so much
            why += f": one of them has {most:.0%} of the say"
        told = f"{why}; choose so for a share of the views, and ask again"
        return Silence(why=told, have=int(worth), need=LEAST_ESS, of="views that the log is worth")
    mean = float((logged.shown * weights).sum() / logged.shown.sum())
    error = mean * float(np.sqrt(1 / worth))
    if abs(mean - 1) > FARTHEST * error:
        why = f"the weights come to {mean:.2f} a view on average, and to 1 where the chances are what they were"
        told = f"{why}; look at how propensities are logged, and at the chances of the other way"
        return Silence(why=told, have=round(100 * mean), need=100, of="per cent of weight a view")
    return None


def ipw(logged: Logged) -> Value | Silence:
    return _answered(logged, "IPW", _ipw)


def snipw(logged: Logged) -> Value | Silence:
    return _answered(logged, "SNIPW", _snipw)


def dr(logged: Logged) -> Value | Silence:
    """Raises BadInput where no model's expectations are given."""
    return _answered(logged, "DR", _dr)


def _answered(logged: Logged, name: str, of: Callable[[Logged], tuple[float, float]]) -> Value | Silence:
    if (silence := refused(logged)) is not None:
        return silence
    value, error = of(logged)
    value = min(1.0, max(0.0, value))  # a model that is far off takes more clicks away than there are
    reach, worth = NormalDist().inv_cdf(0.975) * error, effective(logged)
    return Value(
        estimator=name,
        value=value,
        low=max(0.0, value - reach),
        high=min(1.0, max(value + reach, UNSEEN / worth)),
        effective=worth,
    )


def _ipw(logged: Logged) -> tuple[float, float]:
    weights, n = logged.weights, float(logged.shown.sum())
    value = float((weights * logged.clicks).sum()) / n
    second = float((weights**2 * logged.clicks).sum()) / n
    return value, float(np.sqrt(max(0.0, second - value**2) / n))


def _snipw(logged: Logged) -> tuple[float, float]:
    weights = logged.weights
    total = float((weights * logged.shown).sum())
    value = float((weights * logged.clicks).sum()) / total
    missed = logged.shown - logged.clicks
    squares = (weights**2 * (logged.clicks * (1 - value) ** 2 + missed * value**2)).sum()
    return value, float(np.sqrt(squares)) / total


def _dr(logged: Logged) -> tuple[float, float]:
    if logged.expected is None or logged.expected_wanted is None:
        raise BadInput("DR takes what a model expects of each arm; give expected and expected_wanted, or take SNIPW")
    weights, n = logged.weights, float(logged.shown.sum())
    clicked = logged.expected_wanted + weights * (1 - logged.expected)
    missed = logged.expected_wanted - weights * logged.expected
    passed = logged.shown - logged.clicks
    value = float((logged.clicks * clicked + passed * missed).sum()) / n
    second = float((logged.clicks * (clicked - value) ** 2 + passed * (missed - value) ** 2).sum()) / n
    return value, float(np.sqrt(second / n))
