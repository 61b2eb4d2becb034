"""The report in a real browser, wide and narrow: nothing to scroll sideways, no error, no request to anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.stages import report
from tests.browser.showing import needs_browser, shown
from tests.unit.test_report import work
from tests.work import OneStage

__all__ = ["work"]

JUDGE = """
  const video = page.querySelector("video"), errors = [];
  inner.addEventListener("error", event => errors.push(String(event.message || event.type)), true);
  const moved = new Promise(done => video.addEventListener("seeked", done));
  page.querySelector(".seek").click();
  await moved;
  tell({errors, seconds: video.duration, at: video.currentTime});
"""


@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits_and_plays(work: OneStage, tmp_path: Path, width: int) -> None:
    outcome = report.run(work)
    seen, asked = shown(work.get(outcome.result["report"]), JUDGE, width, tmp_path)
    assert seen["overflow"] <= 0
    assert seen["errors"] == []
    assert seen["seconds"] == pytest.approx(3, abs=0.2)
    assert seen["at"] >= 1  # a click on evidence leads to its second
    assert seen["heading"] == "three.mp4"
    assert asked <= {"/overlay.mp4"}
