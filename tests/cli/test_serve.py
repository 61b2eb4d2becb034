"""scripts/serve as a person and a program use it: a file comes by the folder or the API, clips can be taken."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.media import three_seconds

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Serving:
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


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    said = tmp_path / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.cli.serve", "--port", "0"],
            cwd=tmp_path,
            env={**os.environ, "CUTROOM_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            text=True,
        )
    until = time.monotonic() + 30
    while (found := re.search(r"API: (http://\S+)/v1, key: (\S+)", said.read_text())) is None:
        assert process.poll() is None and time.monotonic() < until, said.read_text()
        time.sleep(0.1)
    yield Serving(process, found[1], found[2], said)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0, said.read_text()
    assert "Stopped; start again to go on." in said.read_text()


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
        timeout=60,
    )
    assert ran.returncode == 2 and "others could reach 0.0.0.0" in ran.stdout
