"""Ctrl-C, and a polite kill, end a command in good order, whenever they come."""

from __future__ import annotations

import signal
from types import FrameType


class Interrupts:
    """Turns SIGINT and SIGTERM into KeyboardInterrupt from now on.

    Python drops what is raised while it tidies up (in a destructor or a library's callback), so that a Ctrl-C could
    be lost: `check`, called between steps, raises it again.
    """

    def __init__(self) -> None:
        self._came = False
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._interrupt)

    def check(self) -> None:
        """Raises KeyboardInterrupt if a signal came."""
        if self._came:
            raise KeyboardInterrupt

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        self._came = True
        raise KeyboardInterrupt
