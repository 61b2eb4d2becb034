"""The report on a model in a real browser, wide and narrow: nothing to scroll sideways, no script of anybody's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.browser.test_report_browser import BROWSER, FLAGS, Server, server
from tests.unit.test_learning_report import HOSTILE, MODEL, drawn, told

__all__ = ["server"]

JUDGE = """<!doctype html><body>
<iframe src="report.html" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
window.hurt = false;
frame.addEventListener("load", () => {
  const page = frame.contentWindow.document;
  const box = page.querySelector(".curve").getBoundingClientRect();
  fetch("/verdict", {method: "POST", body: JSON.stringify({
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    cut: [...page.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth + 1).length,
    heading: page.querySelector("h1").textContent, curve: [box.width, box.height],
    scripts: page.querySelectorAll("script, img").length,
  })});
});
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits(server: Server, tmp_path: Path, width: int) -> None:
    titles = {"i299": HOSTILE, "i298": "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 3}
    backtest = told()
    for row in backtest["rows"][-20:]:
        row["account"] = "KAG_conversion_data_of_last_summer"
    (server.folder / "report.html").write_text(drawn(backtest, titles=titles, model=MODEL))
    (server.folder / "judge.html").write_text(JUDGE.replace("WIDTH", str(width)))
    address = f"http://127.0.0.1:{server.server_port}/judge.html"
    argv = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", address]
    browser = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        seen = json.loads(server.verdict.get(timeout=60))
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
    assert seen["overflow"] <= 0 and seen["cut"] == 0
    assert seen["heading"] == HOSTILE and seen["scripts"] == 0
    assert min(seen["curve"]) > 250
    assert set(server.asked) <= {"/judge.html", "/report.html", "/verdict", "/favicon.ico"}
