"""How well a clip fits those it is meant for, by what its owner declared alone: nothing is guessed from faces."""

from __future__ import annotations

from functools import partial

from common.domain.judgement import Judgement
from common.domain.observed import Observed
from common.signals.features.feature import Computed, Feature
from common.signals.features.spread import mean

DECLARED = ("age", "interest", "persona")


def _fit(name: str) -> Computed:
    return lambda observed, _: observed.declared.get(name)


def _declared(observed: Observed) -> list[float]:
    return [observed.declared[name] for name in DECLARED if name in observed.declared]


def _mean(observed: Observed, _: Judgement | None) -> float | None:
    return mean(_declared(observed))


def _lowest(observed: Observed, _: Judgement | None) -> float | None:
    return min(_declared(observed), default=None)


_row = partial(Feature, group="demographic", version=1, unit="fit", low=0, high=1)

FEATURES: tuple[Feature, ...] = (
    *(
        _row(
            name=f"{name}_fit",
            source=f"the targeting that the owner declared: its fit of {name}; None where none is declared",
            of=_fit(name),
        )
        for name in DECLARED
    ),
    _row(
        name="declared_fit_mean",
        source="the mean of the fits that are declared; None where none is",
        of=_mean,
    ),
    _row(
        name="declared_fit_lowest",
        source="the lowest of the fits that are declared; None where none is",
        of=_lowest,
    ),
)
