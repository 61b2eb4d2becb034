"""How the first 3 seconds hold somebody, as the judgement has it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import get_args

from common.domain.judgement import Hook, HookType, Judgement, Pull
from common.domain.observed import Observed
from common.signals.features.feature import Computed, Feature

TYPES: tuple[HookType, ...] = get_args(HookType)


def _of(number: Callable[[Hook], float]) -> Computed:
    def of(_: Observed, judgement: Judgement | None) -> float | None:
        return number(judgement.hook) if judgement else None

    return of


def _pulled(number: Callable[[Pull], float]) -> Computed:
    def of(_: Observed, judgement: Judgement | None) -> float | None:
        return number(judgement.hook.pull) if judgement and judgement.hook.pull else None

    return of


def _is(kind: HookType) -> Computed:
    return _of(lambda hook: float(hook.type == kind))


_row = partial(Feature, group="hook", version=1, low=0)

FEATURES: tuple[Feature, ...] = (
    *(
        _row(
            name=f"hook_type_{kind}",
            unit="one-hot",
            high=1,
            source=f"the judgement: 1 where the type of the hook is {kind.replace('_', ' ')}",
            of=_is(kind),
        )
        for kind in TYPES
    ),
    _row(
        name="hook_strength",
        unit="score",
        high=1,
        source="the judgement: how strongly the hook holds",
        of=_of(lambda hook: hook.strength),
    ),
    _row(
        name="hook_confidence",
        unit="score",
        high=1,
        source="the judgement: how much of what could tell was there to be looked at",
        of=_of(lambda hook: hook.confidence),
    ),
    _row(
        name="hook_secondary_count",
        unit="types",
        high=len(TYPES) - 1,
        source="the judgement: how many other types of hook it has",
        of=_of(lambda hook: len(hook.secondary)),
    ),
    _row(
        name="hook_pull",
        unit="share",
        high=1,
        source="the hook model: the share of tested headlines that the first sentence would out-pull (English)",
        of=_pulled(lambda pull: pull.value),
    ),
    _row(
        name="hook_pull_spread",
        unit="share",
        high=1,
        source="the hook model: how wide the interval of hook_pull is",
        of=_pulled(lambda pull: pull.high - pull.low),
    ),
)
