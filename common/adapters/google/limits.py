"""Limits counted in documents, for all instances together, with a write for every tenth permit or so.

One document per person and rule holds its newest window, and how many permits of that were given out. An instance
takes a block of them by a conditional update, and hands them on one by one without asking anybody. Permits that an
instance took and did not use are lost until the next window: so never too many pass, and with n instances at most n - 1
blocks too few. An instance that is alone hands out all.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

from common.errors import Conflict, Transient
from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Documents, Update, Write
from common.ports.limits import Rule

BLOCKS = 10  # in which a window's permits are given out
MOST_KEPT = 10_000  # of what an instance holds, each of about 300 bytes; what it forgets it asks for again
TRIES = 50  # at one block: each that fails is another instance's success, and a window has few blocks
KEPT_S = 3600  # after its window, before a document may be removed


@dataclass(slots=True)
class _Held:
    """Permits of one window. `spent`: there are no more to be had."""

    window: int
    permits: int = 0
    spent: bool = False


class SharedLimits:
    """Over any documents; used by many threads."""

    def __init__(self, documents: Documents, clock: Clock, *, most_kept: int = MOST_KEPT) -> None:
        self._documents, self._clock, self._most_kept = documents, clock, most_kept
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str, rules: tuple[Rule, ...]) -> float | None:
        keys = [_key(who, rule) for rule in rules]
        while True:
            now = self._clock.now().timestamp()
            with self._lock:
                found = [self._now(key, rule.window(now)) for key, rule in zip(keys, rules, strict=True)]
                waits = [
                    (held.window + 1) * rule.seconds - now
                    for held, rule in zip(found, rules, strict=True)
                    if held.spent and not held.permits
                ]
                if waits:
                    return max(waits)
                if all(held.permits for held in found):
                    for held in found:
                        held.permits -= 1
                    return None
                lacking = [place for place, held in enumerate(found) if not held.permits]
            # Without the lock: others need not wait while the store is asked. Two that ask both get a block.
            for place in lacking:
                self._ask(keys[place], rules[place], now)

    def _ask(self, key: str, rule: Rule, now: float) -> None:
        """A block of permits, or that there are none left."""
        for _ in range(TRIES):
            snap = self._documents.get_many([key]).get(key)
            there = snap.body["window"] if snap is not None else -1
            # Another instance's clock may be ahead of ours: the later window counts, for it must not be given out anew.
            window = max(rule.window(now), there)
            taken = snap.body["taken"] if snap is not None and there == window else 0
            block = min(max(1, rule.most // BLOCKS), rule.most - taken)
            if block <= 0:
                break
            ends = datetime.fromtimestamp((window + 1) * rule.seconds + KEPT_S, UTC)
            body = {"window": window, "taken": taken + block, "expires": stamp(ends)}
            write: Write = Create(key, body) if snap is None else Update(key, body, snap.version)
            try:
                self._documents.commit([write])
            except Conflict:
                continue
            break
        else:
            raise Transient("too many ask at once; try again in a moment")
        with self._lock:
            held = self._now(key, window)
            if held.window == window:
                held.permits += max(block, 0)
                held.spent |= block <= 0

    def _now(self, key: str, window: int) -> _Held:
        """What is held of this window, or of a later one that the store knows of."""
        held = self._held.get(key)
        if held is None or held.window < window:
            held = self._held[key] = _Held(window)
        self._held.move_to_end(key)
        if len(self._held) > self._most_kept:
            self._held.popitem(last=False)
        return held


def _key(who: str, rule: Rule) -> str:
    """Neither an address nor a person is legible in it. Windows of other lengths have other numbers: each its own."""
    return f"limits/{rule.name}.{rule.seconds}.{hashlib.sha256(who.encode(errors='surrogatepass')).hexdigest()[:32]}"
