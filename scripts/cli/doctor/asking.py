"""Asking programs and services, in time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

PROBE_S = 10.0  # for one program to answer


def in_time(asked: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, Any]:
    """What each gave or raised, all at once; TimeoutError for those that are not done by then and are left behind."""
    answers: dict[str, Any] = {name: TimeoutError(f"no answer within {seconds:g} s") for name in asked}

    def ask(name: str) -> None:
        try:
            answer = asked[name]()
        except Exception as error:
            answer = error
        answers[name] = answer

    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in asked]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(answers)


def run(argv: list[str]) -> tuple[int | None, str]:
    """A program's exit status and what it said; None where it could not start or did not end in time."""
    with tempfile.TemporaryFile() as out:
        try:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            return None, str(error.strerror or error)
        try:
            status = process.wait(PROBE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None, f"no answer within {PROBE_S:g} s"
        out.seek(0)
        return status, out.read().decode("utf-8", "replace")


def first(text: str) -> str:
    return next((line.strip()[:160] for line in text.splitlines() if line.strip()), "")
