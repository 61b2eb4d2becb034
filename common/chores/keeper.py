"""Chores on one machine: what is due is done, a few at once; posts, which mostly wait for an answer, more of them."""

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
POSTS_AT_ONCE = 24
EVERY_S = 0.5  # between two looks, unless one is over before


class Keeper:
    """`look` starts what is due and not at work yet; a chore whose process was killed is due at once in the next."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._busy: dict[str, threading.Thread] = {}
        self._rung = threading.Event()

    def look(self) -> None:
        self._busy = {key: thread for key, thread in self._busy.items() if thread.is_alive()}
        for key, _ in work.due(self._tools.engine):
            if key not in self._busy and self._room(key):
                thread = threading.Thread(target=self._do, args=(key,), daemon=True, name=f"chore-{key}")
                self._busy[key] = thread
                thread.start()

    def _room(self, key: str) -> bool:
        same = sum(_posts(one) == _posts(key) for one in self._busy)
        return same < (POSTS_AT_ONCE if _posts(key) else AT_ONCE)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Until the block is over. What is at work then is taken up at the next start."""
        over = threading.Event()

        def look() -> None:
            while not over.is_set():
                self._rung.wait(EVERY_S)
                self._rung.clear()
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
            self._rung.set()
            thread.join()

    def _do(self, key: str) -> None:
        try:
            work.execute(self._tools, key)
        except Exception:
            log.exception("chore %s broke off; it is taken up again", key)
        finally:
            self._rung.set()


def _posts(key: str) -> bool:
    return "/publications/" in key
