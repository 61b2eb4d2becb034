"""Limits counted in this process, which is all there is of Cutroom on one machine."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from common.ports.clock import Clock
from common.ports.limits import Rule

MOST_KEPT = 10_000  # counts held at once, of about 300 bytes each


@dataclass(slots=True)
class _Count:
    window: int
    taken: int = 0


class LocalLimits:
    """While `most_kept` counts are live, whoever is new waits: to forget a count would let too many through."""

    def __init__(self, clock: Clock, *, most_kept: int = MOST_KEPT) -> None:
        self._clock, self._most_kept = clock, most_kept
        self._counts: dict[tuple[str, Rule], _Count] = {}
        self._lock = threading.Lock()

    def take(self, who: str, rules: tuple[Rule, ...]) -> float | None:
        with self._lock:
            now = self._clock.now().timestamp()
            counts = [self._count(who, rule, now) for rule in rules]
            waits = [
                rule.left(now)
                for rule, count in zip(rules, counts, strict=True)
                if count is None or count.taken >= rule.most
            ]
            if waits:
                return max(waits)
            for count in counts:
                if count is not None:
                    count.taken += 1
            return None

    def _count(self, who: str, rule: Rule, now: float) -> _Count | None:
        """None where there is no room for one more."""
        key, window = (who, rule), rule.window(now)
        count = self._counts.get(key)
        if count is not None:
            if count.window < window:
                count.window, count.taken = window, 0
            return count
        if len(self._counts) >= self._most_kept:
            live = {one: kept for one, kept in self._counts.items() if kept.window >= one[1].window(now)}
            self._counts = live
        if len(self._counts) >= self._most_kept:
            return None
        self._counts[key] = _Count(window)
        return self._counts[key]
