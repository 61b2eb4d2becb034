"""How other programs are run: in time, told once to end, and not at all in a dry run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from scripts.cli.interrupts import Interrupts
from scripts.delivery.commands import Commands, Failed

COUNTS = """
import pathlib, signal, sys, time
def told(*_):
    with pathlib.Path(sys.argv[1]).open("a") as file: file.write("x")
signal.signal(signal.SIGINT, told)
pathlib.Path(sys.argv[2]).touch()
until = time.monotonic() + 20
while not pathlib.Path(sys.argv[1]).exists() and time.monotonic() < until: time.sleep(0.01)
time.sleep(0.3)
"""


def test_a_program_that_fails_says_what_it_said_last() -> None:
    with pytest.raises(Failed, match="status 3: no such project"):
        Commands().read("sh", "-c", "echo no such project >&2; exit 3", instead="")


def test_a_reading_is_what_was_printed_and_no_warning() -> None:
    assert Commands().read("sh", "-c", "echo warning >&2; echo told", instead="") == "told\n"


def test_one_that_is_not_there_or_never_ends_is_named() -> None:
    with pytest.raises(Failed, match="install it"):
        Commands().run("gcloud-of-nobody", "x")
    began = time.monotonic()
    with pytest.raises(Failed, match=r"did not end within 0\.2 s"):
        Commands().run("sleep", "60", timeout_s=0.2)
    assert time.monotonic() - began < 10


def test_a_dry_run_prints_and_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "a file"
    commands = Commands(dry=True)
    commands.run("touch", str(made))
    assert commands.read("cat", str(made), instead="pretended") == "pretended"
    assert commands.holds("test", "-e", str(made)) is False
    assert capsys.readouterr().out.splitlines()[0] == f"+ touch '{made}'"
    assert not made.exists()


def test_ctrl_c_reaches_a_program_once_and_is_waited_for(tmp_path: Path) -> None:
    """Terraform gives back its lock at the first one, and drops it at the second."""
    told, ready = tmp_path / "told", tmp_path / "ready"
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def interrupt() -> None:
        while not ready.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    try:
        Interrupts()
        with pytest.raises(KeyboardInterrupt):
            Commands().run(sys.executable, "-c", COUNTS, str(told), str(ready), timeout_s=30)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert told.read_text() == "x"
