"""python -m tests.standins.forked: a fork server whose workers do what their stage says: end, hang, or raise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from jobs.forkserver import serve


def work(argv: list[str]) -> int:
    _, stage, subject = argv
    if stage == "raise":
        raise RuntimeError("this worker raises")
    if stage == "hang":
        below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(subject).write_text(f"{os.getpid()} {below.pid} {os.getppid()}")
        time.sleep(600)
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=0), sys.argv[1:], work)
