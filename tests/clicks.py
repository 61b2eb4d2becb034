"""Creatives made up for tests of the model of clicks."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from common.domain.learning import Creative

NOW = datetime(2026, 7, 1, tzinfo=UTC)
VERSION = "abcd1234"


def creatives(
    count: int = 240, *, accounts: int = 4, seed: int = 0, median: int = 2000, days: int = 180
) -> list[Creative]:
    """Accounts of different levels; `strong` raises clicks, `other` does nothing, `gone` is never known."""
    rng = random.Random(seed)
    found = []
    for at in range(count):
        account = at % accounts
        strong, age = rng.random(), rng.choice(["18-24", "25-34"])
        logit = -4 + 0.4 * account + 1.5 * strong + (0.3 if age == "25-34" else 0.0)
        impressions = max(20, round(median * math.exp(rng.gauss(0, 0.7))))
        share = 1 / (1 + math.exp(-logit))
        mean = impressions * share
        clicks = min(impressions, max(0, round(rng.gauss(mean, math.sqrt(mean * (1 - share))))))
        found.append(
            Creative(
                id=f"c{at:04}",
                account=f"account-{account}",
                network="meta" if account % 2 else "youtube",
                launched=NOW - timedelta(days=8 + days * (count - at) / count),
                impressions=impressions,
                clicks=clicks,
                group=f"g{at // 2}",
                features={"strong": strong, "other": rng.gauss(0, 1) if at % 5 else None, "gone": None},
                segments={"age": age},
            )
        )
    return found
