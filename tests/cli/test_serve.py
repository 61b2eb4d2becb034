"""scripts/serve as a person and a program use it: a file comes by the folder or the API, clips can be taken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.media import three_seconds
from tests.serving import Serving, served

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with served(tmp_path) as made:
        yield made


def test_a_file_comes_by_the_api_in_parts_and_its_clip_is_taken_by_ranges(serving: Serving, tmp_path: Path) -> None:
    room = 300 << 10  # that holds nothing, in a box of MP4's own
    video = three_seconds(tmp_path).read_bytes() + room.to_bytes(4, "big") + b"free" + bytes(room - 8)
    asked = {"name": "talk.mp4", "size": len(video), "type": "video/mp4"}
    asset = serving.ask("POST", "/v1/assets", json=asked).json()
    begin = asset["upload"]["resumable"]
    begun = requests.request(begin["method"], begin["url"], headers=begin["headers"], timeout=30)
    session, half = begun.headers["location"], 256 << 10
    part = {"Content-Range": f"bytes 0-{half - 1}/{len(video)}"}
    assert requests.put(session, data=video[:half], headers=part, timeout=30).status_code == 308
    where = requests.put(session, headers={"Content-Range": f"bytes */{len(video)}"}, timeout=30)
    assert (where.status_code, where.headers["range"]) == (308, f"bytes=0-{half - 1}")
    rest = {"Content-Range": f"bytes {half}-{len(video) - 1}/{len(video)}"}
    assert requests.put(session, data=video[half:], headers=rest, timeout=30).status_code == 200

    flow = serving.until_done(asset["id"])
    (clip, *_) = serving.ask("GET", f"/v1/flows/{flow}/clips").json()["items"]
    assert clip["why"] and clip["evidence"]
    link = serving.ask("GET", f"/v1/clips/{clip['id']}/renditions/9x16").json()["url"]
    whole = requests.get(link, timeout=30)
    assert whole.status_code == 200 and whole.content[4:8] == b"ftyp"
    some = requests.get(link, headers={"Range": "bytes=4-7"}, timeout=30)
    assert (some.status_code, some.content) == (206, b"ftyp")
    assert requests.get(link.replace("signature=", "signature=0"), timeout=30).status_code == 403
    assert (tmp_path / "out" / "talk" / "report.html").is_file()


def test_a_file_dropped_in_comes_out_and_strangers_are_let_nowhere(serving: Serving, tmp_path: Path) -> None:
    three_seconds(tmp_path / "uploads", "dropped.mp4")
    assert serving.ask("GET", "/v1/assets", headers={"Authorization": "Bearer x"}).status_code == 401
    until = time.monotonic() + 120
    while not (tmp_path / "out" / "dropped" / "report.html").is_file():
        assert time.monotonic() < until and serving.process.poll() is None, serving.said.read_text()
        time.sleep(0.5)
    (asset,) = serving.ask("GET", "/v1/assets").json()["items"]
    assert (asset["name"], asset["state"]) == ("dropped.mp4", "accepted")


def test_it_serves_nobody_but_this_machine(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.cli.serve", "--host", "0.0.0.0"],
        cwd=tmp_path,
        env={**os.environ, "CUTROOM_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 2 and "others could reach 0.0.0.0" in ran.stdout
