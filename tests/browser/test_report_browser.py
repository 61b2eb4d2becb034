"""The report in a real browser, wide and narrow: nothing to scroll sideways, no error, no request to anywhere."""

from __future__ import annotations

import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.stages import report
from tests.unit.test_report import work
from tests.work import OneStage

__all__ = ["work"]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-port=0", "--window-size=1400,1000"),  # with the first it stays until it is ended
)

# A page that shows the report in a frame of a given width and tells the server what came of it.
JUDGE = """<!doctype html><body>
<iframe src="report.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe"), errors = [];
frame.addEventListener("load", async () => {
  const inner = frame.contentWindow, page = inner.document, video = page.querySelector("video");
  inner.addEventListener("error", event => errors.push(String(event.message || event.type)), true);
  const moved = new Promise(done => video.addEventListener("seeked", done));
  page.querySelector(".seek").click();
  await moved;
  fetch("/verdict", {method: "POST", body: JSON.stringify({
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth, errors,
    seconds: video.duration, at: video.currentTime, heading: page.querySelector("h1").textContent,
  })});
});
</script>"""


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder and keeps what was asked for and what the page told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[str]()
        self.verdict: queue.Queue[bytes] = queue.Queue()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def __init__(self, request: Any, address: Any, server: Server) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def do_POST(self) -> None:
        self.server.verdict.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        self.server.asked.append(self.path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    with Server(tmp_path / "served") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_and_plays(work: OneStage, server: Server, tmp_path: Path, width: int) -> None:
    outcome = report.run(work)
    (server.folder / "report.html").write_bytes(work.get(outcome.result["report"]))
    (server.folder / "judge.html").write_text(JUDGE.replace("WIDTH", str(width)))
    address = f"http://127.0.0.1:{server.server_port}/judge.html"
    argv = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", address]
    browser = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        seen = json.loads(server.verdict.get(timeout=60))
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
    assert seen["overflow"] <= 0
    assert seen["errors"] == []
    assert seen["seconds"] == pytest.approx(3, abs=0.2)
    assert seen["at"] >= 1  # a click on evidence leads to its second
    assert seen["heading"] == "three.mp4"
    assert set(server.asked) <= {"/judge.html", "/report.html", "/overlay.mp4", "/verdict", "/favicon.ico"}
