"""Workers by the fork of a process that has everything imported: they begin at once, and not after a second."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from common.adapters.embedded.folder import StateFolder

log = logging.getLogger("cutroom.forkserver")


class ForkedWorker:
    """A run in a process group of its own; it ends itself when its stdin closes, as it does if we die."""

    def __init__(self, lifeline: int) -> None:
        self._lifeline = lifeline
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._over = threading.Event()

    def over(self) -> bool:
        return self._over.is_set()

    def stop(self) -> None:
        """Kill it and all it started, and wait until it is gone."""
        self._kill()
        self._over.wait()

    def forked(self, pid: int) -> None:
        with self._lock:
            self._pid = pid
            if self._lifeline < 0:  # it was stopped before it was there
                _kill(pid)

    def ended(self) -> None:
        """By itself."""
        with self._lock:
            self._pid = None
            self._let_go()
        self._over.set()

    def lost(self) -> None:
        """Nobody will tell when it ends: it is ended."""
        self._kill()
        self._over.set()

    def _kill(self) -> None:
        with self._lock:
            self._let_go()
            if self._pid is not None:
                _kill(self._pid)

    def _let_go(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


class ForkServer:
    """Starts `python -m jobs.forkserver` when the first worker is wanted, and anew should it die."""

    def __init__(
        self,
        folder: StateFolder,
        environment: Mapping[str, str],
        preload: Callable[[], Sequence[str]],
        on_end: Callable[[], None],
        *,
        module: str = "jobs.forkserver",
    ) -> None:
        self._folder, self._environment = folder, environment
        self._preload, self._on_end, self._module = preload, on_end, module
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def start(self, stage: str, subject: str) -> ForkedWorker:
        with self._lock:
            if self._server is None or not self._server.alive:
                argv = [sys.executable, "-m", self._module, *self._preload()]
                self._server = _Server(self._folder, argv, self._environment, self._on_end)
            return self._server.fork(stage, subject)

    def close(self) -> None:
        """End it; workers still at work see it and end themselves."""
        with self._lock:
            if self._server is not None:
                self._server.close()
            self._server = None


class _Server:
    """One life of it."""

    def __init__(
        self, folder: StateFolder, argv: Sequence[str], environment: Mapping[str, str], on_end: Callable[[], None]
    ) -> None:
        self._folder, self._on_end = folder, on_end
        self._workers: dict[int, ForkedWorker] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._count = 0
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdin=theirs.fileno(), stdout=log, stderr=log, env=dict(environment), start_new_session=True
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def alive(self) -> bool:
        return not self._closed and self._process.poll() is None

    def fork(self, stage: str, subject: str) -> ForkedWorker:
        """A worker that may have died at birth, with the server: then it is over."""
        stdin, lifeline = os.pipe()
        worker = ForkedWorker(lifeline)
        with self._lock:
            number = self._count = self._count + 1
            self._workers[number] = worker
        request = json.dumps({"number": number, "stage": stage, "subject": subject}).encode() + b"\n"
        with self._folder.log.open("ab") as log:
            try:
                socket.send_fds(self._ours, [request], [stdin, log.fileno()])
            except OSError:  # it died, and its socket is closed or about to be
                self._lose(number)
            finally:
                os.close(stdin)
        if self._closed:
            self._lose(number)
        return worker

    def close(self) -> None:
        self._process.kill()  # it holds nothing
        self._listener.join()

    def _listen(self) -> None:
        notes: dict[int, Path] = {}
        try:
            with self._ours.makefile("rb") as answers, suppress(ConnectionResetError):
                for line in answers:
                    self._heard(json.loads(line), notes)
        finally:
            self._closed = True
            self._ours.close()
            self._process.wait()  # it ends with its socket
            for number in list(self._workers):
                self._lose(number)
            for note in notes.values():
                note.unlink(missing_ok=True)

    def _heard(self, answer: Mapping[str, int], notes: dict[int, Path]) -> None:
        number = answer["number"]
        if "pid" in answer:
            self._workers[number].forked(answer["pid"])
            try:
                notes[number] = self._folder.enlist(answer["pid"])
            except OSError:  # a full disk, say. The worker ends with us all the same, by its stdin
                log.exception("worker %d has no note", answer["pid"])
            return
        if (note := notes.pop(number, None)) is not None:
            note.unlink(missing_ok=True)
        with self._lock:
            worker = self._workers.pop(number)
        worker.ended()
        self._on_end()

    def _lose(self, number: int) -> None:
        with self._lock:
            worker = self._workers.pop(number, None)
        if worker is not None:
            worker.lost()
            self._on_end()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # it ended by itself, and may be somebody else's number by now
        os.killpg(group, signal.SIGKILL)
