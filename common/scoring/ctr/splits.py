"""Which creatives are learned from and which are asked about: later ones, no near-duplicate on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from common.domain.learning import RIPE, Creative

ENDED: Final = 25  # creatives that had run their course when a slice began, without which those that ran on are learned
SHORTEST: Final = timedelta(days=14)  # creatives launched within less than this are split by group alone

Split = tuple[list[int], list[int]]  # places of those learned from, and of those asked about


def rolling(creatives: Sequence[Creative], *, folds: int = 3, first: float = 0.5) -> list[Split]:
    """The last 1 - `first` of the creatives by launch in `folds` slices, each asked of what was known when it began.

    Known is what has been out for RIPE at the slice's first launch, without groups that stand in the slice, and what
    had run its course by then: of an ad that ran on, the counts tell what nobody knew yet. Where fewer than ENDED had,
    those that ran on are learned from as well (`ran_on` counts them). Where all were launched within SHORTEST there is
    no later: groups are dealt out instead.
    """
    if not creatives:
        return []
    launches = [one.launched for one in creatives]
    if not timed(creatives):
        return _dealt([_group(one) for one in creatives], folds)
    order = sorted(range(len(creatives)), key=lambda at: (launches[at], creatives[at].id))
    edges = [round(len(order) * (first + (1 - first) * fold / folds)) for fold in range(folds + 1)]
    found: list[Split] = []
    for begin, end in pairwise(edges):
        if begin == end:
            continue
        asked = order[begin:end]
        groups = {_group(creatives[at]) for at in asked}
        until = launches[asked[0]] - RIPE
        learned = [at for at in order[:begin] if launches[at] <= until and _group(creatives[at]) not in groups]
        ended = [at for at in learned if not _ran_on(creatives[at], launches[asked[0]])]
        found.append((ended if len(ended) >= ENDED else learned, asked))
    return found


def ran_on(creatives: Sequence[Creative], split: Split) -> int:
    """How many of those learned from were counted on after the first of those asked about came out."""
    begin = min(creatives[at].launched for at in split[1])
    return sum(_ran_on(creatives[at], begin) for at in split[0])


def _ran_on(creative: Creative, begin: datetime) -> bool:
    return creative.until is not None and creative.until > begin


def timed(creatives: Sequence[Creative]) -> bool:
    """Whether they were launched over long enough for some to be later."""
    launches = [one.launched for one in creatives]
    return bool(launches) and max(launches) - min(launches) >= SHORTEST


def by_account(creatives: Sequence[Creative], *, folds: int = 5) -> list[Split]:
    """All of an account on one side: what is learned of features where the account is not known."""
    return _dealt([one.account for one in creatives], folds)


def by_group(creatives: Sequence[Creative], *, folds: int = 5, seed: int = 0) -> list[Split]:
    """Near-duplicates on one side, and nothing else is looked at."""
    return _dealt([_group(one) for one in creatives], folds, seed)


def _group(creative: Creative) -> str:
    return creative.group or creative.id


def _dealt(keys: Sequence[str], folds: int, seed: int = 0) -> list[Split]:
    """Keys in an order that depends on nothing but them and the seed, each to the fold that has least yet."""
    sizes: dict[str, int] = {}
    for key in keys:
        sizes[key] = sizes.get(key, 0) + 1
    fold_of: dict[str, int] = {}
    held = [0] * folds
    for key in sorted(sizes, key=lambda one: hashlib.sha256(f"{seed}\0{one}".encode()).digest()):
        fold_of[key] = min(range(folds), key=lambda fold: held[fold])
        held[fold_of[key]] += sizes[key]
    return [
        ([at for at, key in enumerate(keys) if fold_of[key] != fold], asked)
        for fold in range(folds)
        if (asked := [at for at, key in enumerate(keys) if fold_of[key] == fold])
    ]
