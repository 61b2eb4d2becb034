"""The report in a real browser, wide and narrow: nothing to scroll sideways, no error, no request to anywhere."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.stages import report
from tests.unit.test_report import work
from tests.work import OneStage

__all__ = ["work"]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--virtual-time-budget=4000", "--dump-dom"),
)


# A page that shows the report in a frame of a given width and writes down what came of it.
JUDGE = """<!doctype html><body>
<iframe src="report.html" style="width:WIDTHpx;height:900px;border:0"></iframe><pre></pre>
<script>
const frame = document.querySelector("iframe"), errors = [];
frame.addEventListener("load", async () => {
  const inner = frame.contentWindow, page = inner.document;
  inner.addEventListener("error", event => errors.push(String(event.message || event.type)), true);
  const video = page.querySelector("video");
  page.querySelector(".seek").click();
  await new Promise(done => setTimeout(done, 1500));
  document.querySelector("pre").textContent = JSON.stringify({
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth, errors,
    seconds: video.duration, seeked: video.currentTime,
    heading: page.querySelector("h1").textContent,
  });
});
</script>"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    folder, asked = tmp_path / "served", list[str]()
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            asked.append(str(args[0]))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder, asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_and_plays(
    work: OneStage, served: tuple[str, Path, list[str]], tmp_path: Path, width: int
) -> None:
    address, folder, asked = served
    outcome = report.run(work)
    (folder / "report.html").write_bytes(work.get(outcome.result["report"]))
    (folder / "judge.html").write_text(JUDGE.replace("WIDTH", str(width)))
    ran = subprocess.run(
        [
            str(BROWSER),
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1400,1000",
            f"{address}/judge.html",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = re.search(r"<pre>(\{.*?\})</pre>", ran.stdout)
    assert said, ran.stdout[-500:] + ran.stderr[-500:]
    seen = json.loads(said.group(1))
    assert seen["overflow"] <= 0
    assert seen["errors"] == []
    assert seen["seconds"] == pytest.approx(3, abs=0.2)
    assert seen["seeked"] >= 1  # a click on evidence leads to its second
    assert seen["heading"] == "three.mp4"
    strangers = [
        line for line in asked if "judge.html" not in line and "report.html" not in line and "favicon" not in line
    ]
    assert strangers == []
