"""Histories with a known truth, and models that were learned from them, for tests of what comes after."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from common.domain.learning import Creative
from common.scoring.ctr.training import Trained, train

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
NAMES: Final = ("hook_strength", "duration", "cut_count", "psychology_curiosity")


def creatives(
    accounts: Mapping[str, int], *, network: str = "meta-ads", names: tuple[str, ...] = NAMES, seed: int = 7
) -> list[Creative]:
    """So many of each account; the first feature alone decides, and accounts differ in what is usual."""
    chance = random.Random(seed)
    found = []
    for at, (account, count) in enumerate(accounts.items()):
        for n in range(count):
            features: dict[str, float | None] = {name: chance.random() for name in names}
            share = (0.01 + 0.008 * at) * (0.5 + (features[names[0]] or 0))
            shown = chance.randrange(800, 6000)
            clicks = sum(chance.random() < share for _ in range(shown))
            found.append(
                Creative(
                    id=f"{account}-{n}",
                    account=account,
                    network=network,
                    launched=NOW - timedelta(days=10 + 80 * n / count),
                    impressions=shown,
                    clicks=clicks,
                    group=f"{account}-{n}",
                    features=features,
                )
            )
    return found


@cache
def trained(features_version: str, *accounts: tuple[str, int]) -> Trained:
    """Once for all tests of a process: it takes a second or two."""
    return train(creatives(dict(accounts)), now=NOW, features_version=features_version)
