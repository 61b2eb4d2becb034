"""Clients that are made when they are first needed: importing one takes a second, and many requests need none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` gives, called at the first need and not again, however many threads ask. Its errors are not kept."""
    made: list[T] = []
    lock = threading.Lock()

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
