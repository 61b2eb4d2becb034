"""Models that stay at work between the runs of one worker: to load one takes longer than many a run needs it.

They may be shared by tenants: a model is given samples and pixels that another process has decoded, never a file, and
keeps nothing from one call to the next. One that failed is ended; so is one that has been there for long, or that died.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from common.errors import CutroomError

if TYPE_CHECKING:  # see local.py
    from common.adapters.models.child import Remote

MOST = 4  # at rest at once; the one not used for longest ends
LASTS_S = 3600.0  # from its start: well under what a child may take


@dataclass(slots=True)
class _Kept:
    remote: Remote
    ending: ExitStack
    began: float


class Shelf:
    """Of one worker. What it holds ends with `close`, with its process, or with the thread that had it started."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._folder = TemporaryDirectory(prefix="cutroom-models-")
        self._kept: dict[str, _Kept] = {}  # the one used last is the last

    @classmethod
    def of_this_process(cls) -> Shelf:
        """One that is closed when the process ends."""
        shelf = cls()
        atexit.register(shelf.close)
        return shelf

    @contextmanager
    def lent(self, name: str, start: Callable[[Path], AbstractContextManager[Remote]]) -> Iterator[Remote]:
        """The model of this name, there again once the block has gone well; `start` starts it in a folder."""
        kept = self._taken(name) or self._started(start)
        with ExitStack() as failing:
            failing.push(kept.ending)
            yield kept.remote
            failing.pop_all()
        self._kept[name] = kept
        while len(self._kept) > MOST:
            _end(self._kept.pop(next(iter(self._kept))))

    def close(self) -> None:
        while self._kept:
            _end(self._kept.popitem()[1])
        self._folder.cleanup()

    def _taken(self, name: str) -> _Kept | None:
        kept = self._kept.pop(name, None)
        if kept is not None and (not kept.remote.alive or self._seconds() - kept.began > LASTS_S):
            _end(kept)
            return None
        return kept

    def _started(self, start: Callable[[Path], AbstractContextManager[Remote]]) -> _Kept:
        with ExitStack() as ending:
            remote = ending.enter_context(start(Path(self._folder.name)))
            return _Kept(remote, ending.pop_all(), self._seconds())


def _end(kept: _Kept) -> None:
    with suppress(CutroomError):  # how it ended while nobody waited for it; a call that met that has told its run
        kept.ending.close()
