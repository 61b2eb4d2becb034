"""How training grows with a history: one call of a chore, 540 s, has to do for all that may be learned from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from common.learning.history import MOST
from common.scoring.ctr.training import train
from scripts.benches import Row
from scripts.benches.learning import world

FEW, MANY, ACCOUNTS = 5_000, 20_000, 100
NOW: Final = world.BEGIN + timedelta(days=world.DAYS + 30)


def rows() -> Iterator[Row]:
    few, many = (_trained(count) for count in (FEW, MANY))
    each = f"{ACCOUNTS} accounts, {world.FEATURES} features; time of the processor"
    yield Row(name=f"training from {MANY:,} creatives", value=many, unit="s", target=60, peer=each)
    name = f"as long as with a {MANY // FEW}th of them"
    yield Row(name=name, value=many / few, unit="times", target=1.5 * MANY / FEW, peer="in proportion would be 4")
    name = f"so, from all {MOST:,} that are learned from"
    yield Row(name=name, value=many + (many - few) / (MANY - FEW) * (MOST - MANY), unit="s", target=200)


def _trained(count: int) -> float:
    creatives = world.made(3, median=1000, accounts=ACCOUNTS, each=count // ACCOUNTS).creatives
    began = time.process_time()
    train(creatives, now=NOW, features_version="bench")
    return time.process_time() - began
