"""Sends deliveries from the process that runs everything on one machine: a few at once, none in the runner's way."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from common.events.deliveries import Ending, Sender

log = logging.getLogger("cutroom.deliveries")

AT_ONCE = 4  # a receiver may take its time


class Courier:
    """`step` is called again and again, and never waits for a receiver."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def step(self) -> None:
        """Hand what is due to somebody who is free."""
        if len(self._busy) >= AT_ONCE:
            return
        for snap in self._sender.due(2 * AT_ONCE):
            with self._lock:
                if snap.key in self._busy or len(self._busy) >= AT_ONCE:
                    continue
                self._busy.add(snap.key)
            self._threads.submit(self._sender.deliver, snap.key).add_done_callback(self._done(snap.key))

    def close(self) -> None:
        """What is under way is sent to its end, or again by the next life."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _done(self, key: str) -> Callable[[Future[Ending]], None]:
        def done(future: Future[Ending]) -> None:
            with self._lock:
                self._busy.discard(key)
            if not future.cancelled() and (error := future.exception()) is not None:
                log.error("%s could not be sent: its lease will pass, and it is tried again", key, exc_info=error)

        return done
