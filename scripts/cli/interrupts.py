"""Ctrl-C, and a polite kill, end a command in good order, whenever they come."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt from now on.

    Python drops what is raised while it tidies up (in a destructor or a library's callback), so that a Ctrl-C could
    be lost: `check`, called between steps, raises it again.
    """

    def __init__(self) -> None:
        self._came = False
        self._held = False
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._interrupt)

    def check(self) -> None:
        """Raises KeyboardInterrupt if a signal came."""
        if self._came:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Only `check` raises in here, and the end of it.

        For work that shares locks with threads: an exception in the middle of taking one leaves it taken for ever,
        and whoever waits for such a thread then hangs.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.check()

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        self._came = True
        if not self._held:
            raise KeyboardInterrupt
