"""The report on a model in a real browser, wide and narrow: nothing to scroll sideways, no script of anybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.showing import needs_browser, shown
from tests.unit.test_learning_report import HOSTILE, MODEL, drawn, told

JUDGE = """
  const box = page.querySelector(".curve").getBoundingClientRect();
  tell({
    curve: [box.width, box.height],
    cut: [...page.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth + 1).length,
    scripts: page.querySelectorAll("script, img").length,
  });
"""


@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_fits(tmp_path: Path, width: int) -> None:
    titles = {"i299": HOSTILE, "i298": "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 3}
    backtest = told()
    for row in backtest["rows"][-20:]:
        row["account"] = "KAG_conversion_data_of_last_summer"
    page = drawn(backtest, titles=titles, model=MODEL).encode()
    seen, asked = shown(page, JUDGE, width, tmp_path)
    assert seen["overflow"] <= 0 and seen["cut"] == 0
    assert seen["heading"] == HOSTILE and seen["scripts"] == 0
    assert min(seen["curve"]) > 250
    assert not asked
