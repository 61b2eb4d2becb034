"""Wakes in a test: errands and announcements wait in a heap and are delivered in any order, twice, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.bootstrap import local as bootstrap
from common.pipeline import flows, sweep
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.run import RunId
from common.pipeline.stage import Definition
from common.ports.wake import Errand
from tests.harness import settings

MINUTE = timedelta(seconds=61)


@dataclass
class Hands:
    """A clock that is moved by hand."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Post:
    """Implements Wake. A name is taken once, as Cloud Tasks takes it."""

    clock: Hands
    draw: random.Random
    lost: float = 0.0  # share of all that is sent
    doubled: float = 0.0
    errands: list[tuple[datetime, Errand]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    deliveries: list[tuple[datetime, Errand]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    chores: Callable[[str], object] = lambda key: None  # who does them, where anybody does

    def work(self, errand: Errand, at: datetime) -> None:
        if errand.name in self.names:
            return
        self.names.add(errand.name)
        self.errands += [(at, errand)] * self._copies()

    def ended(self, run: str, *, trace: str | None = None) -> None:
        self.ends += [run] * self._copies()

    def deliver(self, engine: Engine) -> bool:
        """One message that is due, whichever; False where there is none. Those about deliveries are kept apart."""
        self.deliveries += [(at, errand) for at, errand in self.errands if errand.stage == "deliver"]
        self.errands = [(at, errand) for at, errand in self.errands if errand.stage != "deliver"]
        ready = [n for n, (at, _) in enumerate(self.errands) if at <= self.clock.at]
        count = len(ready) + len(self.ends)
        if not count:
            return False
        at = self.draw.randrange(count)
        if at < len(ready):
            key = self.errands.pop(ready[at])[1].run
            if "/runs/" in key:
                execute(engine, RunId.parse(key))
            else:
                self.chores(key)
        else:
            flows.act(engine, RunId.parse(self.ends.pop(at - len(ready))))
        return True

    def _copies(self) -> int:
        if self.draw.random() < self.lost:
            return 0
        return 2 if self.draw.random() < self.doubled else 1


def cloudlike(
    home: Path,
    definition: Definition,
    *,
    active: int | None = None,
    seed: int = 0,
    lost: float = 0.0,
    doubled: float = 0.0,
) -> tuple[Engine, Post, Hands]:
    """An engine that waits for its wakes, as the cloud's does, on documents and objects of this machine."""
    clock = Hands()
    post = Post(clock, random.Random(seed), lost=lost, doubled=doubled)
    engine = bootstrap.engine(settings(home), wake=post, definition=definition)
    return replace(engine, clock=clock, wake_s=60.0, active=active), post, clock


def drain(engine: Engine, post: Post, clock: Hands, *, minutes: int = 200) -> int:
    """Deliver and tick until a whole hour brings nothing new; how much the ticks found."""
    found = quiet = 0
    for _ in range(minutes):
        while post.deliver(engine):
            quiet = 0
        clock.at += MINUTE
        rescued = sweep.rescue(engine)
        found += rescued
        quiet = 0 if rescued or post.errands or post.ends else quiet + 1
        if quiet > 3:
            return found
    raise AssertionError("it never came to rest")
