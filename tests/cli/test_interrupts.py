"""A Ctrl-C counts whenever it comes."""

from __future__ import annotations

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOST = """
import os, signal, sys
from scripts.cli.interrupts import Interrupts

class Tidy:
    def __del__(self):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))

interrupts = Interrupts()
interrupts.check()
sys.unraisablehook = lambda what: print("lost", what.exc_type.__name__)
Tidy()
try:
    interrupts.check()
except KeyboardInterrupt:
    print("found again")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_one_that_python_drops_while_it_tidies_up_is_found_again(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOST, name], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.split("\n") == ["lost KeyboardInterrupt", "found again", ""], done.stderr


LOCKED = """
import os, signal, sys, threading
from common.adapters.embedded.doorbell import Doorbell
from scripts.cli.interrupts import Interrupts

def strike(frame, event, arg):
    # The worst moment: the lock of an Event is taken, and nobody is bound yet to give it back.
    if frame.f_code.co_name == "__enter__" and event == "return":
        sys.setprofile(None)
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))

bell, interrupts = Doorbell(), Interrupts()
try:
    with interrupts.held():
        sys.setprofile(strike)
        bell.wait(0.1)
        other = threading.Thread(target=bell.ring, daemon=True)  # as a worker's end does
        other.start()
        other.join(5)
        print("hangs" if other.is_alive() else "rung", flush=True)
        interrupts.check()
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_one_that_comes_while_a_lock_is_taken_leaves_it_free(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED, name], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.split("\n") == ["rung", "stopped", ""], done.stderr


SLOW = """
import pathlib, sys, time

def wait(name):
    pathlib.Path(sys.argv[-1], name).touch()
    time.sleep(600)

if sys.argv[-2] == "loading":
    wait("loading")

def main():
    wait("at work")
"""


@pytest.mark.parametrize(
    ("when", "status", "said"), [("loading", -signal.SIGINT, ""), ("at work", 130, "\nStopped.\n")]
)
def test_one_that_comes_before_a_command_has_its_own_handlers_ends_it_in_good_order(
    tmp_path: Path, when: str, status: int, said: str
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "-m", "scripts", "slow", when, str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as begun:
        until = time.monotonic() + 120
        while not (tmp_path / when).exists() and time.monotonic() < until:
            time.sleep(0.01)
        begun.send_signal(signal.SIGINT)
        _, told = begun.communicate(timeout=300)
    assert (begun.returncode, told) == (status, said)


def test_each_command_begins_so() -> None:
    begins = re.compile(r'-m scripts (scripts\.[a-z_.]+) "\$@"')
    found = {}
    for launcher in (ROOT / "scripts").iterdir():
        if launcher.is_file() and not launcher.suffix and " -m scripts" in (text := launcher.read_text()):
            found[launcher.name] = begins.search(text)
    assert {"run", "serve", "publish", "learn", "deploy", "doctor", "bench"} <= found.keys()
    for name, module in found.items():
        assert module is not None, f"scripts/{name} loads its command without scripts/__main__.py"
        assert callable(importlib.import_module(module[1]).main)
