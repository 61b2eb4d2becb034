"""scripts/serve in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Serving:
    """What it said stands in the file `said`."""

    process: subprocess.Popen[str]
    url: str
    key: str
    said: Path

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **more)

    def until_done(self, asset: str) -> str:
        """The id of the asset's flow, once it is done."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            flows = self.ask("GET", f"/v1/flows?asset={asset}").json()["items"]
            if flows and flows[0]["state"] != "running":
                assert flows[0]["state"] == "done", flows
                return str(flows[0]["id"])
            time.sleep(2.5)
        raise AssertionError(self.said.read_text())


@contextmanager
def served(folder: Path) -> Iterator[Serving]:
    """scripts/serve with its state, uploads and results in a folder; ended with Ctrl-C."""
    said = folder / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.cli.serve", "--port", "0"],
            cwd=folder,
            env={**os.environ, "CUTROOM_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            text=True,
        )
    until = time.monotonic() + 30
    while (found := re.search(r"API: (http://\S+)/v1, key: (\S+)", said.read_text())) is None:
        assert process.poll() is None and time.monotonic() < until, said.read_text()
        time.sleep(0.1)
    try:
        yield Serving(process, found[1], found[2], said)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(30)
    assert code == 0, said.read_text()
    assert "Stopped; start again to go on." in said.read_text()
