"""How often a maker is asked: so many at once, so many a minute; all threads of a process wait in one line."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common.errors import TooMany
from common.ports.limits import Limits, Rule

_SOON_S = 1.0  # when to come again, where all places are taken


class Pace:
    """`at_once` counts in this process; `limits` count a minute's, over as many instances as they know of."""

    def __init__(
        self,
        name: str,
        *,
        at_once: int,
        per_minute: int,
        limits: Limits,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name, self._limits, self._seconds, self._sleep = name, limits, seconds, sleep
        self._places = threading.BoundedSemaphore(at_once)
        self._rule = Rule(name="language", most=per_minute, seconds=60)

    @contextmanager
    def turn(self, until: float) -> Iterator[None]:
        """A place, held for the block. Raises TooMany where there is none before `until`, in `seconds`' time."""
        if not self._places.acquire(timeout=max(0.0, until - self._seconds())):
            raise TooMany(f"{self._name} is being asked as often as settings let it; ask again later", after_s=_SOON_S)
        try:
            self._permit(until)
            yield
        finally:
            self._places.release()

    def _permit(self, until: float) -> None:
        while (wait := self._limits.take(self._name, (self._rule,))) is not None:
            if self._seconds() + wait >= until:
                asked = f"{self._name} was asked {self._rule.most} times this minute, as often as settings let it"
                raise TooMany(f"{asked}; ask again in {wait:.0f} s", after_s=wait)
            self._sleep(wait)
