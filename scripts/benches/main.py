"""scripts/bench main: the spine's figures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from common.pipeline.usage import tree_pss
from scripts.benches import Row, detect, engine
from scripts.benches.footage import minute_of_1080p

_ROOT = Path(__file__).resolve().parents[2]


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as name:
        folder = Path(name)
        yield from engine.rows()
        video, what = minute_of_1080p(folder)
        yield from _detect(video, what)
        yield from _whole_run(video, what, folder)
        yield from _fresh_machine(folder)


def _detect(video: Path, what: str) -> Iterator[Row]:
    found = detect.measure(video)
    peer = f"ffmpeg, one thread, decode only; {what}"
    yield Row(name="detect: CPU against bare decode", value=found["ratio"], unit="x", target=1.25, peer=peer)
    yield Row(name="detect: CPU above decode", value=found["ms_per_frame"], unit="ms/frame", target=0.85, peer=peer)


def _whole_run(video: Path, what: str, folder: Path) -> Iterator[Row]:
    """A minute of 1080p through everything, one aspect; memory of the whole tree, sampled every 50 ms."""
    env = {**os.environ, "CUTROOM_HOME": str(folder / "state"), "PYTHONPATH": str(_ROOT)}
    argv = [sys.executable, "-m", "scripts.cli.run", str(video), "--clips", "3", "--out", str(folder / "out"), "--json"]
    began, peak = time.monotonic(), 0
    # a file, not a pipe: nobody reads while memory is watched, and a result is larger than a pipe holds
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen(argv, cwd=_ROOT, env=env, stdout=out, stderr=subprocess.DEVNULL) as process,
    ):
        while process.poll() is None:
            peak = max(peak, tree_pss(process.pid))
            time.sleep(0.05)
        out.seek(0)
        result = json.loads(out.read())
    assert process.returncode == 0, result
    yield Row(name="run: peak memory of the tree (PSS)", value=peak / 2**20, unit="MB", target=1000, peer=what)
    yield Row(name="run: wall per minute of 1080p, three clips", value=time.monotonic() - began, unit="s", peer=what)
    for stage, timing in result["timings"].items():
        if timing["cpu_s"]:
            yield Row(name=f"run: CPU of {stage}", value=timing["cpu_s"], unit="s", peer=what)


def _fresh_machine(folder: Path) -> Iterator[Row]:
    """A clone of what is committed, nothing cached but what the system has installed."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(_ROOT), str(clone)], check=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("CUTROOM", "PYTHONPATH", "VIRTUAL"))}
    env["PIP_NO_CACHE_DIR"] = "1"
    began = time.monotonic()
    setup = subprocess.run([str(clone / "scripts" / "setup")], cwd=clone, env=env, check=True, capture_output=True)
    installed = time.monotonic() - began
    yield Row(name="fresh machine: install", value=installed, unit="s", target=180, peer=_size(setup.stdout.decode()))
    subprocess.run([str(clone / "scripts" / "run")], cwd=clone, env=env, check=True, capture_output=True)
    report = next((clone / "out").glob("*/report.html"))
    assert report.stat().st_size > 10_000
    yield Row(name="fresh machine: to the sample's report", value=time.monotonic() - began, unit="s", target=300)


def _size(said: str) -> str:
    found = re.search(r"Ready: (.*), in ", said)
    return found.group(1) if found else ""
