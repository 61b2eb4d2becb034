"""scripts/images with a docker and a gcloud of the test's own: digests, and that a second try takes what is there."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DIGEST = "sha256:" + "ab" * 32
DOCKER = """#!/bin/bash
echo "$*" >>"$CALLS"
case "$*" in
  *"imagetools inspect R/gone:"* | *"imagetools inspect R/cache:"*) exit 1 ;;
  *"imagetools inspect"*) if [[ -n $PUSHED ]]; then echo "$DIGEST"; else exit 1; fi ;;
  *"buildx build"*)
    until [[ $1 == --metadata-file || $# == 1 ]]; do shift; done
    if [[ $# -gt 1 ]]; then printf '{\\n  "containerimage.digest": "%s"\\n}' "$DIGEST" >"$2"; fi
    ;;
esac
exit 0
"""
GCLOUD = '#!/bin/bash\necho "$*" >>"$CALLS"\n[[ -n $PUSHED ]] || exit 1\necho "$DIGEST"\n'


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name, text in (("docker", DOCKER), ("gcloud", GCLOUD)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(folder: Path, what: str, *, pushed: bool) -> tuple[int, list[str]]:
    """The exit status, and what was called."""
    path, calls = f"{folder}:{os.environ['PATH']}", folder / "calls"
    calls.write_text("")
    environment = {**os.environ, "PATH": path, "CALLS": str(calls), "DIGEST": DIGEST, "PUSHED": "1" if pushed else ""}
    argv = [str(ROOT / "scripts" / "images"), what, "--registry", "R", "--tag", "T", "--out", str(folder / "out.json")]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, calls.read_text().splitlines()


def test_what_is_pushed_is_named_by_its_digests(images: Path) -> None:
    status, calls = run(images, "push", pushed=False)
    assert status == 0
    names = {"functions": "functions", "media": "jobs-cpu", "gpu": "jobs-gpu"}
    wanted = {key: f"R/{name}@{DIGEST}" for key, name in names.items()}
    assert json.loads((images / "out.json").read_text()) == {"images": wanted}
    built = [call for call in calls if "buildx build" in call]
    assert [name in call for name, call in zip(names.values(), built, strict=True)] == [True] * 3
    assert all("--cache-to type=registry,ref=R/cache:" in call and "--push" in call for call in built)


def test_a_second_try_builds_nothing(images: Path) -> None:
    status, calls = run(images, "push", pushed=True)
    assert status == 0 and DIGEST in (images / "out.json").read_text()
    assert not any("buildx build" in call for call in calls)


def test_only_what_was_proven_is_found(images: Path) -> None:
    assert run(images, "find", pushed=False)[0] != 0
    assert not (images / "out.json").exists()
    status, calls = run(images, "find", pushed=True)
    assert status == 0 and all(":proven-T " in call for call in calls)
    assert DIGEST in (images / "out.json").read_text()
