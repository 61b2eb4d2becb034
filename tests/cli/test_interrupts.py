"""A Ctrl-C counts whenever it comes."""

from __future__ import annotations

import subprocess
import sys
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
    done = subprocess.run([sys.executable, "-c", LOST, name], cwd=ROOT, capture_output=True, text=True, timeout=60)
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
    done = subprocess.run([sys.executable, "-c", LOCKED, name], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n") == ["rung", "stopped", ""], done.stderr
