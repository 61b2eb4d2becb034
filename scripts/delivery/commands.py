"""Other programs (gcloud, terraform, docker): without a shell, ended in time, or with `dry` only printed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # where every program runs
GRACE_S = 120.0  # Terraform gives back its lock and writes its state when it is interrupted
READ_S = 120.0
RUN_S = 3600.0


class Failed(Exception):
    """A program did not do what was asked; says which, and what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """`dry`: nothing runs; what would is printed, in order, and readings give what stands in for them."""

    dry: bool = False

    def run(self, *argv: str, timeout_s: float = RUN_S) -> None:
        """Run to its end, its output on ours. Raises Failed when it fails or takes longer."""
        self._show(argv)
        if not self.dry:
            status, _ = _ended(argv, None, timeout_s)
            if status:
                raise Failed(f"{_short(argv)} ended with status {status}; what it said stands above")

    def read(self, *argv: str, instead: str, timeout_s: float = READ_S) -> str:
        """What it prints; in a dry run `instead`. Raises Failed."""
        if self.dry:
            self._show(argv)
            return instead
        status, said = _ended(argv, subprocess.PIPE, timeout_s)
        if status:
            raise Failed(f"{_short(argv)} ended with status {status}: {_last(said) or 'it said nothing'}")
        return said

    def holds(self, *argv: str, timeout_s: float = READ_S) -> bool:
        """Whether it ends with status 0. In a dry run False: what is done only where it is not is then shown."""
        if self.dry:
            self._show(argv)
            return False
        return _ended(argv, subprocess.PIPE, timeout_s)[0] == 0

    def _show(self, argv: Sequence[str]) -> None:
        print(f"+ {shlex.join(argv)}", flush=True)


def _ended(argv: Sequence[str], out: int | None, timeout_s: float) -> tuple[int, str]:
    """Its status, and with PIPE what it printed: standard output, and where it failed both."""
    sys.stdout.flush()
    try:
        # In a session of its own, so that Ctrl-C reaches it once, through us: at a second one Terraform drops its lock.
        process = subprocess.Popen(
            argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True, start_new_session=True
        )
    except OSError as error:
        raise Failed(f"{argv[0]} does not start ({error.strerror}); install it, or put it on PATH") from error
    try:
        said, complaints = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _stop(process)
        raise Failed(f"{_short(argv)} did not end within {timeout_s:g} s and was stopped") from None
    except KeyboardInterrupt:
        _stop(process)
        raise
    return process.returncode, (said or "") if process.returncode == 0 else f"{said or ''}{complaints or ''}"


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask it to end, once, and end it when it does not."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.communicate(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _short(argv: Sequence[str]) -> str:
    return shlex.join([one for one in argv if not one.startswith("-")][:5])


def _last(said: str) -> str:
    return " ".join(line.strip() for line in said.strip().splitlines()[-3:])[:400]
