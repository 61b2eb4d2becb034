"""Real kills: the runner's whole process group gets SIGKILL at seeded moments, and the next one carries on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fault.scenarios import without_times
from tests.media import three_seconds

ROOT = Path(__file__).resolve().parents[2]


def start(video: Path, home: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "scripts.cli.run", str(video), "--out", str(home / "out"), "--json"]
    return subprocess.Popen(
        [*argv, "--clips", "1", "--min", "1", "--max", "3"],
        cwd=ROOT,
        env={**os.environ, "CUTROOM_HOME": str(home / "state"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def outcome(process: subprocess.Popen[bytes]) -> Any:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    return without_times(json.loads(out))


def kill_often(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    video = three_seconds(folder)
    began = time.monotonic()
    expected = outcome(start(video, folder / "unharmed"))
    length = time.monotonic() - began
    done = life = 0
    while done < kills:
        process = start(video, folder / f"life-{life}")
        try:
            process.wait(timeout=chance.uniform(0.1, 0.9 * length))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            done += 1
            continue
        assert outcome(process) == expected  # it came through between two kills
        life += 1
    assert outcome(start(video, folder / f"life-{life}")) == expected
    parts = [path for path in folder.rglob("*.part")]
    assert parts == []
    assert survivors(folder) == []


def survivors(folder: Path) -> list[str]:
    """Command lines of processes that still work on these files."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    kill_often(tmp_path, kills=20, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_change_nothing(tmp_path: Path, seed: int) -> None:
    kill_often(tmp_path, kills=20, seed=100 + seed)
