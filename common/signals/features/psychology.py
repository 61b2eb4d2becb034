"""What moves people in what is said and shown, as the judgement has it."""

from __future__ import annotations

from functools import partial
from typing import get_args

from common.domain.judgement import Judgement, Psychology
from common.domain.observed import Observed
from common.signals.features.feature import Computed, Feature


def _score(name: Psychology) -> Computed:
    def of(_: Observed, judgement: Judgement | None) -> float | None:
        part = judgement.psychology.get(name) if judgement else None
        return part.value if part else None

    return of


_row = partial(Feature, group="psychology", version=1, unit="score", low=0, high=1)

FEATURES: tuple[Feature, ...] = tuple(
    _row(
        name=f"psychology_{name}",
        source=f"the judgement: its score of {name.replace('_', ' ')}; None where it cannot be told",
        of=_score(name),
    )
    for name in get_args(Psychology)
)
