"""The model of sentences, kept at work to answer questions while somebody waits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from pathlib import Path

from common.adapters.models.local import LocalModels
from common.errors import Transient
from common.ports.documents import Vector

WAIT_S = 3.0  # how long somebody waits for it; starting it takes about one second
REMEMBERED = 1000  # questions: most are asked again, page by page


class WarmSentences:
    """Implements common.ports.meaning.Meaning.

    One thread of its own opens the model, on a shelf: its child would end with the thread that started it.
    """

    def __init__(self, models: LocalModels, scratch: Path, wait_s: float = WAIT_S) -> None:
        self._models, self._scratch, self._wait_s = models, scratch, wait_s
        self._thread = ThreadPoolExecutor(1, "sentences")
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str | None, str], tuple[str, Vector]] = OrderedDict()

    def of(self, text: str) -> tuple[str, Vector]:
        key = (self._models.identity(["sentences"])["sentences"], text)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        asked = self._thread.submit(self._asked, text)
        try:
            found = asked.result(self._wait_s)
        except TooLong:
            asked.cancel()
            raise Transient("the model of sentences starts, or has too much to do; ask again in a moment") from None
        with self._lock:
            self._known[key] = found
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _asked(self, text: str) -> tuple[str, Vector]:
        with self._models.sentences(self._scratch) as embedder:
            return embedder.source, Vector(tuple(embedder.embed([text])[0].tolist()))
