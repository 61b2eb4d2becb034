"""Nothing is lost and nothing done twice when the process dies at any write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def crash(scenario: str, folder: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fault.crasher", scenario, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_engine_survives_a_death_at_every_write(tmp_path: Path) -> None:
    found = crash("toy", tmp_path)
    assert found["wrong"] == []
    assert int(str(found["deaths"])) > 40


def test_a_video_survives_a_death_at_every_write(tmp_path: Path) -> None:
    found = crash("video", tmp_path)
    assert found["wrong"] == []
    assert int(str(found["deaths"])) > 200
