"""python -m jobs.forkserver [MODULE ...]: fork a worker for each run, with all it imports loaded before.

Started by common.adapters.embedded.forkserver, whose socket is our stdin. While nobody asks, the modules named are
imported one by one, and prepared if they have a `prepare`, so that whoever is forked later has them.

    asked     {"number", "stage", "subject"}, with what is to be the worker's stdin, and its stdout and stderr
    answered  {"number", "pid"} once it is forked, {"number", "over": true} once it has ended

Both are lines of JSON. It has one thread, so a fork takes everything along, and ends when the other end is closed.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NoReturn

from jobs.__main__ import main

_MOST = 64 << 10  # bytes of a request


def serve(asked: socket.socket, modules: Sequence[str], work: Callable[[list[str]], int] = main) -> None:
    """Until the other end is closed. `work` is what a worker does with its arguments; it gives the exit status."""
    todo, numbers = deque(modules), dict[int, int]()
    wake, woken = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    with selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select(0 if todo else None)]
            if wake in ready:
                os.read(wake, 4096)
                _reap(asked, numbers)
            if asked in ready:
                content, files, _, _ = socket.recv_fds(asked, _MOST, 2)  # one request: files part them
                if not content:
                    return
                request = json.loads(content)
                try:
                    pid = os.fork()
                except OSError:  # the system has no room for another: this one ends before it began
                    traceback.print_exc()
                    _close(files)
                    _answer(asked, number=request["number"], over=True)
                    continue
                if pid == 0:
                    selector.close()
                    _close((wake, woken))
                    _work(partial(work, ["--supervised", request["stage"], request["subject"]]), *files)
                os.setpgid(pid, pid)  # here too: it must have a group of its own before anybody may kill it
                numbers[pid] = request["number"]
                _close(files)
                _answer(asked, number=request["number"], pid=pid)
            if not ready and todo:
                load(todo.popleft())


def _close(files: Iterable[int]) -> None:
    for file in files:
        os.close(file)


def load(name: str) -> None:
    """Import a module, and have it prepare what takes long."""
    try:
        getattr(importlib.import_module(name), "prepare", lambda: None)()
    except Exception:  # whatever a library raises: those that need it meet the same and say so, the others go on
        traceback.print_exc()


def _reap(asked: socket.socket, numbers: dict[int, int]) -> None:
    while numbers:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        _answer(asked, number=numbers.pop(pid), over=True)


def _answer(asked: socket.socket, **what: int) -> None:
    try:
        asked.sendall(json.dumps(what).encode() + b"\n")
    except BrokenPipeError:
        os._exit(0)  # nobody is left to be told; the workers see it too


def _work(work: Callable[[], int], lifeline: int, log: int) -> NoReturn:
    """In the child: never returns into the server's loop."""
    status = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(lifeline, 0)  # in the place of the server's socket, whose end is not ours to hold up
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(lifeline)
        os.close(log)
        status = work()
    except BaseException:  # whatever it was: it is told, and this process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve(socket.socket(fileno=0), sys.argv[1:])
