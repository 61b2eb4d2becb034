"""The report on a model of clicks: its verdict is honest, and the page holds whatever is in it."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from common.learning.report import page, verdict

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def against(gain: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"gain": gain, "low": low, "high": high, "creatives": 300, "calibration": 1.0, "worst": None, "why": []}


def told(own: Any = (0.3, 0.2, 0.4), glm: Any = (0.05, 0.01, 0.09), **more: Any) -> dict[str, Any]:
    """A backtest as evaluating.backtest makes it."""
    model = {"skill": 0.4, "skill_over_own_mean": 0.3, "calibration_ratio": 1.02, "rank_within_account": 0.5}
    rows = [
        {
            **{"id": f"i{n}", "account": "Shop", "launched": "2026-03-01T00:00:00+00:00", "impressions": 1000 + n},
            **{"clicks": n % 30, "ours": 0.01, "low": 0.005, "high": 0.02, "band": "typical", "typical": [0.01, 0.02]},
            **{"glm": 0.012, "own mean": 0.011},
        }
        for n in range(300)
    ]
    return {
        **{"schema": "cutroom.backtest/1", "creatives": 600, "foretold": 300, "silent": 0, "split": "later slices"},
        "models": {name: dict(model) for name in ("own mean", "glm", "ours")},
        "over": {"own mean": against(*own), "glm": against(*glm)},
        "reliability": [{"creatives": 30, "foretold": n / 1000, "came": n / 900} for n in range(1, 11)],
        "intervals": {
            "said": 0.9,
            "covered": 0.91,
            "mean_width": 0.01,
            "by_third": {"least exposure": None, "most": 1.0},
        },
        "bands": {"right": 0.6, "right_if_always_typical": 0.5, "said": {"low": 1, "typical": 2, "high": 3}},
        "unseen_accounts": {"accounts": 1, "skill": None, "why_not": "there is one account"},
        "importance": [{"name": "hook_strength", "effect": 0.2}, {"name": "age", "effect": 0.0}],
        "seed_targets": {
            **{"r2": 0.2, "rmse": 0.01, "mean_error": 0.001, "r2_ceiling": 0.3, "r2_ceiling_of_chance": 0.4},
            **{"targets": {"r2": 0.88, "rmse": 0.008, "mean_error": 0.003}, "why": "chance"},
        },
        "rows": rows,
        **more,
    }


@pytest.mark.parametrize(
    ("own", "glm", "tone", "begins"),
    [
        ((0.3, 0.2, 0.4), (0.05, 0.01, 0.09), "good", "Better than the simple baselines"),
        ((0.3, 0.2, 0.4), (0.01, -0.03, 0.05), "good", "Better than the account's own average, and about as good"),
        ((0.3, 0.2, 0.4), (-0.2, -0.3, -0.1), "fair", "Better than the account's own average, and worse than a plain"),
        ((0.05, -0.01, 0.1), (0.05, 0.01, 0.09), "bad", "Not better than the account's own average: don't rely on it"),
        ((-0.3, -0.4, -0.2), (0.0, -0.1, 0.1), "bad", "Not better than the account's own average: don't rely on it"),
        ((None, None, None), (None, None, None), "bad", "Nothing can be said"),
    ],
)
def test_the_verdict_is_what_the_intervals_allow(own: Any, glm: Any, tone: str, begins: str) -> None:
    found = verdict.judged(told(own, glm))
    assert found.tone == tone and found.sentence.startswith(begins)
    if begins.startswith("Better"):
        assert "intervals hold 9.1 of 10, and 9 were promised" in found.sentence


def test_a_little_is_not_said_to_be_nothing_nor_nearly_all_to_be_all() -> None:
    found = verdict.judged(told((0.004, 0.0003, 0.02), (0.02, 0.004, 0.997))).sentence
    assert "misses by 0.4% less" in found and "(0.03% to 2%)" in found and "(0.4% to 99.7%)" in found
    assert [verdict.percent(one) for one in (None, 0, -0.004, -1e-9, 1, 0.06, -0.3)] == [
        *("–", "0%", "-0.4%", "0%", "100%", "6%", "-30%")
    ]
    ran = told()
    ran["models"]["own mean"]["skill"] = -0.002
    assert "-0.2%" in drawn(ran) and "-0%" not in drawn(ran)


def test_that_intervals_are_too_narrow_is_said_where_it_is_sure() -> None:
    few, many = told(foretold=60), told(foretold=2000)
    for one in (few, many):
        one["intervals"]["covered"] = 0.85
    assert not any("narrow" in one for one in verdict.judged(few).more), "of 60, chance alone takes as much"
    assert any("narrow" in one for one in verdict.judged(many).more)


def test_what_else_to_mind_takes_the_shine_off() -> None:
    bad = told(foretold=150, silent=20)
    bad["models"]["ours"]["calibration_ratio"] = 1.3
    bad["intervals"]["covered"] = 0.8
    found = verdict.judged(bad)
    assert found.tone == "fair"
    for part in ("Only 150", "1.30 clicks for each", "too narrow", "silent about 20"):
        assert any(part in one for one in found.more)
    assert verdict.judged(told()).more == ()


def test_a_trial_that_was_not_possible_says_why() -> None:
    backtest = {"why_not": "there are 12 creatives"}
    found = verdict.judged(backtest)
    assert "12 creatives" in found.sentence
    assert "12 creatives" in drawn(backtest, model=MODEL)


MODEL = {
    **{"version": "3-abc", "state": "live", "days": 12, "predictions": None, "predictions_why": "no week has passed"},
    **{"drift": 0.1, "drifted": [f"{HOSTILE} is not distributed as it was"]},
}


def drawn(backtest: Any, **more: Any) -> str:
    return page.draw(
        page.Facts(name=HOSTILE, made=NOW, backtest=backtest, verdict=verdict.judged(backtest), notes=[HOSTILE], **more)
    )


def test_the_page_says_it_all_and_runs_nothing_of_others() -> None:
    backtest = told()
    backtest["rows"][299]["account"] = HOSTILE
    backtest["importance"][0]["name"] = HOSTILE
    text = drawn(backtest, titles={"i299": HOSTILE}, model=MODEL)
    assert "<script" not in text and "<img" not in text and text.count("&lt;script&gt;") >= 5
    assert re.search(r"https?://", text) is None, "it asks nothing of anybody"
    for part in (
        "Better than the simple baselines",
        "9.1 of 10",
        "R²",
        "chance",
        "1.02",
        "60%",
        "12",
        "3-abc",
        "tenths",
    ):
        assert part in text
    assert text.count("<circle") == 10 and text.count("<tr><td>") == page.MOST_ROWS


def test_a_report_without_rows_or_weight_is_a_page_too() -> None:
    backtest = copy.deepcopy(told())
    del backtest["rows"]
    backtest |= {"importance": [], "silent": 3}
    text = drawn(backtest)
    assert "own history alone" in text and "What was foretold, and what came" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.000167, "0.017%"), (0.0123, "1.2%"), (0.12, "12%"), (0.0, "0%"), (None, "–"), (0.0096, "0.96%")],
)
def test_shares_have_two_digits_that_say_something(value: float | None, text: str) -> None:
    assert page.share(value) == text
