"""Workers on one machine: a process group per run, or a thread for light work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from common.adapters.embedded.doorbell import Doorbell
from common.adapters.embedded.folder import StateFolder

_ROOT = Path(__file__).resolve().parents[3]


class ProcessWorker:
    """`python -m jobs STAGE SUBJECT` in its own group; it ends itself when its stdin closes, as it does if we die."""

    def __init__(self, folder: StateFolder, argv: list[str], env: Mapping[str, str], bell: Doorbell) -> None:
        with folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=log, stderr=log, env=dict(env), start_new_session=True
            )
        self._note = folder.enlist(self._process.pid)
        self._bell = bell
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    def over(self) -> bool:
        return not self._waiter.is_alive()

    def stop(self) -> None:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        self._waiter.join()

    def _wait(self) -> None:
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._note.unlink(missing_ok=True)
        self._bell.ring()


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

    def __init__(
        self,
        folder: StateFolder,
        bell: Doorbell,
        execute: Callable[[str, str], object],
        environment: Mapping[str, str],
    ) -> None:
        self._folder = folder
        self._bell = bell
        self._execute = execute
        self._environment = environment

    def start(self, stage: str, subject: str, *, in_place: bool) -> ProcessWorker | ThreadWorker:
        if in_place:
            return ThreadWorker(lambda: self._execute(stage, subject), self._bell)
        argv = [sys.executable, "-m", "jobs", "--supervised", stage, subject]
        return ProcessWorker(self._folder, argv, self._environment, self._bell)

    def announced(self) -> list[str]:
        return self._bell.announced()

    def wait(self, seconds: float) -> None:
        self._bell.wait(seconds)


def worker_environment(environ: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a worker: our code on the path, one thread per numeric library."""
    path = os.pathsep.join(filter(None, [str(_ROOT), environ.get("PYTHONPATH", "")]))
    return {**environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **extra}
