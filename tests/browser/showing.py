"""A page in a real browser, in a frame of a given width, and what a script beside it tells of it."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-port=0", "--window-size=1400,1000"),  # with the first it stays until it is ended
)

# Shows the report, and runs what tells of it, which ends in `tell({…})`.
JUDGE = """<!doctype html><body>
<iframe src="report.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", async () => {
  const inner = frame.contentWindow, page = inner.document;
  const tell = told => fetch("/verdict", {method: "POST", body: JSON.stringify({
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    heading: page.querySelector("h1").textContent, ...told,
  })});
  SCRIPT
});
</script>"""

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")


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


@contextmanager
def _serving(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def shown(page: bytes, script: str, width: int, folder: Path) -> tuple[dict[str, Any], set[str]]:
    """What a script told of a page, and what the browser asked for beside the page itself. `folder`: an empty one."""
    (folder / "served").mkdir()
    (folder / "served" / "report.html").write_bytes(page)
    judge = JUDGE.replace("WIDTH", str(width)).replace("SCRIPT", script)
    (folder / "served" / "judge.html").write_text(judge)
    with _serving(folder / "served") as server:
        address = f"http://127.0.0.1:{server.server_port}/judge.html"
        argv = [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", address]
        browser = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            told = json.loads(server.verdict.get(timeout=60))
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
        return told, set(server.asked) - {"/judge.html", "/report.html", "/verdict", "/favicon.ico"}
