"""A small world whose truth is known: accounts with levels of their own, one feature that matters and one that not."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from common.domain.learning import Creative
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json

TENANT = "local"
START = datetime(2026, 1, 1, tzinfo=UTC)


def creative(n: int, *, factor: float = 1.0, matters: float = 0.5, launched: datetime | None = None) -> Creative:
    """The n-th, a few hours after the one before. `factor`: by how much all clicks differ from what is usual."""
    chance = random.Random(n)
    strength, noise = chance.gauss(0, 1), chance.gauss(0, 1)
    account = n % 6
    usual = 1 / (1 + math.exp(4 - 0.15 * account - matters * strength))
    shown = chance.randint(1000, 6000)
    rate = min(0.9, usual * factor)
    clicks = min(shown, max(0, round(chance.gauss(shown * rate, math.sqrt(shown * rate)))))
    return Creative(
        id=f"c{n:04}",
        account=f"account-{account}",
        network="meta-ads",
        launched=launched or START + timedelta(hours=6 * n),
        impressions=shown,
        clicks=clicks,
        group=f"g{n:04}",
        features={"strength": strength, "noise": noise, "unknown": None},
    )


def creatives(many: int, first: int = 0, **how: Any) -> list[Creative]:
    return [creative(n, **how) for n in range(first, first + many)]


def outcome(one: Creative, *, as_of: datetime | None = None) -> Json:
    """As an import writes it."""
    told: Json = {"schema": 1, "source": "import", "account": one.account, "network": one.network}
    told |= {"launched": stamp(one.launched), "as_of": stamp(as_of or one.launched + timedelta(days=7))}
    told |= {"metrics": {"impressions": one.impressions, "clicks": one.clicks}, "group": one.group, "history": []}
    return {**told, "features": dict(one.features), "segments": dict(one.segments)}


def kept(documents: Documents, some: Sequence[Creative]) -> None:
    for at in range(0, len(some), 200):
        documents.commit([Create(f"tenants/{TENANT}/outcomes/{one.id}", outcome(one)) for one in some[at : at + 200]])
