"""Workers on one machine: a process group per run, or a thread for light work."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from common.adapters.embedded.doorbell import Doorbell
from common.adapters.embedded.forkserver import ForkedWorker, ForkServer

_ROOT = Path(__file__).resolve().parents[3]


class ThreadWorker:
    """Light work in this process. It cannot be killed: past its lease it is fenced, and its result refused."""

    def __init__(self, work: Callable[[], object], bell: Doorbell) -> None:
        self._bell = bell
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def over(self) -> bool:
        return not self._thread.is_alive()

    def stop(self) -> None:
        self._thread.join(timeout=1)

    def _run(self, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            self._bell.ring()


class LocalWorkers:
    """Starts either kind. `execute` is what a thread does with a stage and a subject."""

    def __init__(self, server: ForkServer, bell: Doorbell, execute: Callable[[str, str], object]) -> None:
        self._server = server
        self._bell = bell
        self._execute = execute

    def start(self, stage: str, subject: str, *, in_place: bool) -> ForkedWorker | ThreadWorker:
        if in_place:
            return ThreadWorker(lambda: self._execute(stage, subject), self._bell)
        return self._server.start(stage, subject)

    def announced(self) -> list[str]:
        return self._bell.announced()

    def wait(self, seconds: float) -> None:
        self._bell.wait(seconds)


def worker_environment(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a worker: our code on the path, one thread per numeric library."""
    path = os.pathsep.join(filter(None, [str(_ROOT), environ.get("PYTHONPATH", "")]))
    return {**environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **extra}
