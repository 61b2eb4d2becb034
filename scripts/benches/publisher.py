"""A process that posts, for scripts/bench publish to kill."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.bootstrap import local, platforms
from common.chores.keeper import Keeper
from common.chores.tools import Tools
from tests.harness import settings
from tests.helping import tools

BEGUN = datetime(2026, 12, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Fast:
    """Implements Clock: since `zero` (of the machine's clock) time goes `speed` times as fast."""

    zero: float
    speed: float

    @property
    def anchor(self) -> tuple[float, float]:
        return self.zero, self.zero

    def now(self) -> datetime:
        return BEGUN + timedelta(seconds=(time.time() - self.zero) * self.speed)


def office(home: Path, sites: Path, clock: Fast, epoch: int = 0) -> Tools:
    engine = local.engine(settings(home), clock=clock, epoch=epoch)  # type: ignore[arg-type]
    return replace(tools(engine, home), platform=platforms.platforms(sites))


def main(home: str, sites: str, zero: str, speed: str, epoch: str) -> None:
    made = office(Path(home), Path(sites), Fast(float(zero), float(speed)), int(epoch))
    with Keeper(made).looking():
        print("up", flush=True)
        sys.stdin.read()  # until whoever began it is gone


if __name__ == "__main__":
    main(*sys.argv[1:])
