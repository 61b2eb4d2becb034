"""Wakes on the cloud: a task calls a service, a launch starts a pool's workers, a message announces an end.

A wake is sent after what it tells of is settled, so one that can't be sent must not undo anything: it is logged, the
run's `due` stands, and the sweep sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from common.adapters.google.pubsub import PubSubAnnouncer
from common.adapters.google.tasks import CloudTasks
from common.errors import CutroomError, Permanent
from common.ports.clock import Clock
from common.ports.wake import Errand

log = logging.getLogger("cutroom.wake")


class CloudWake:
    """`launch` sees to it that the pool of this name has a worker; `pools` are their names by image."""

    def __init__(
        self,
        tasks: CloudTasks,
        announcer: PubSubAnnouncer,
        *,
        launch: Callable[[str], None],
        pools: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._tasks, self._announcer, self._clock = tasks, announcer, clock
        self._launch, self._pools = launch, pools

    def work(self, errand: Errand, at: datetime) -> None:
        with _unsent_is_late(errand.run):
            if errand.place != "pool":
                self._tasks.send(errand, at)
            elif at <= self._clock.now():  # before that no worker would find it; then the sweep launches one
                self._launch(self._pool(errand))

    def ended(self, run: str, *, trace: str | None = None) -> None:
        with _unsent_is_late(run):
            self._announcer.ended(run, trace=trace)

    def _pool(self, errand: Errand) -> str:
        if errand.image not in self._pools:
            raise Permanent(f"no pool takes {errand.image} runs; run scripts/doctor", code="no_pool")
        return self._pools[errand.image]


@contextmanager
def _unsent_is_late(run: str) -> Iterator[None]:
    try:
        yield
    except CutroomError as error:
        level = logging.WARNING if error.retryable else logging.ERROR
        log.log(level, "%s is left to the sweep, its wake could not be sent: %s", run, error)
