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
