"""docs/quickstart.md does what it says: its blocks are run, one after another, against scripts/serve."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.media import three_seconds
from tests.serving import ROOT, served

PAGE = ROOT / "docs" / "quickstart.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def test_every_block_does_what_it_says(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    start, address, *asked = blocks("sh")
    (program,) = blocks("python")
    assert (start, address.split()[0]) == ("scripts/serve\n", "export"), "the test starts it, and knows the key"
    assert PAGE.read_text().count("```") == 2 * (2 + len(asked) + 1), "a block of another kind"
    three_seconds(tmp_path, "talk.mp4")
    with served(tmp_path) as server:
        told = {**os.environ, "CUTROOM": server.url, "KEY": server.key}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(asked)],
            cwd=tmp_path,
            env=told,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}{server.said.read_text()}"
        assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp" and ran.stdout.strip()
        (tmp_path / "first.py").write_text(program)
        python = [str(ROOT / "scripts" / "python"), "first.py"]
        ran = subprocess.run(python, cwd=tmp_path, env=told, capture_output=True, text=True, timeout=180)
        assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
        assert "bytes" in ran.stdout and (tmp_path / "clip-1.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()
