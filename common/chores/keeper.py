"""Chores on one machine: a thread that looks for those that are due, and does them one after another, a few at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from common.chores import work
from common.chores.tools import Tools
from common.errors import CutroomError

log = logging.getLogger("cutroom.chores")

AT_ONCE = 4
EVERY_S = 0.5


class Keeper:
    """`look` starts what is due and not at work yet; a chore whose process was killed is due at once in the next."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._busy: dict[str, threading.Thread] = {}

    def look(self) -> None:
        self._busy = {key: thread for key, thread in self._busy.items() if thread.is_alive()}
        for key, _ in work.due(self._tools.engine):
            if key not in self._busy and len(self._busy) < AT_ONCE:
                thread = threading.Thread(target=self._do, args=(key,), daemon=True, name=f"chore-{key}")
                self._busy[key] = thread
                thread.start()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Until the block is over. What is at work then is taken up at the next start."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(EVERY_S):
                try:
                    self.look()
                except CutroomError as error:
                    log.warning("chores cannot be looked for: %s", error)

        thread = threading.Thread(target=look, daemon=True, name="chores")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _do(self, key: str) -> None:
        try:
            work.execute(self._tools, key)
        except Exception:
            log.exception("chore %s broke off; it is taken up again", key)
