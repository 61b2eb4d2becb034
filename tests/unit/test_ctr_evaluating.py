"""Models of clicks held against each other, and drift: alarms that know how few were looked at."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from common.domain.codec import dumps
from common.domain.learning import RIPE, Creative
from common.errors import BadInput, NotEnough
from common.learning import promoting
from common.learning.report import verdict
from common.scoring.ctr import drift, evaluating, metrics, splits, training
from common.scoring.ctr.model import opened
from common.scoring.ctr.training import train
from tests.clicks import NOW, VERSION, creatives


def shown(count: int, accounts: int, seed: int) -> tuple[list[Creative], list[float]]:
    """Creatives whose clicks come from known shares, and the shares."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0.005, 0.04, count)
    rows = [
        replace(one, account=f"a{at % accounts}", clicks=int(rng.binomial(one.impressions, truth[at])))
        for at, one in enumerate(creatives(count, seed=seed, median=4000))
    ]
    return rows, truth.tolist()


def off(shares: list[float], by: float, seed: int) -> list[float]:
    rng = np.random.default_rng(seed)
    return [float(min(0.5, share * np.exp(rng.normal(0, by)))) for share in shares]


@pytest.mark.parametrize(("accounts", "drawn"), [(20, "accounts"), (3, "near-duplicates")])
def test_only_a_better_challenger_takes_the_place(accounts: int, drawn: str) -> None:
    rows, truth = shown(400, accounts, 1)
    worse = off(truth, 0.4, 2)
    found = evaluating.compared(worse, truth, rows)
    assert found.better and not found.why and found.low is not None and found.low > 0
    assert found.drawn == drawn
    again = evaluating.compared(truth, worse, rows)
    assert not again.better and again.gain is not None and again.gain < 0
    same = evaluating.compared(truth, truth, rows)
    assert not same.better and same.gain == 0


def test_a_challenger_is_held_back_for_each_reason_alone() -> None:
    rows, truth = shown(400, 20, 3)
    worse = off(truth, 0.4, 4)
    few = evaluating.compared(worse[:150], truth[:150], rows[:150])
    assert not few.better and len(few.why) == 1 and "150 creatives" in few.why[0]
    high = evaluating.compared(off(truth, 0.8, 4), [1.15 * share for share in truth], rows)
    assert not high.better and any("1.1" in why for why in high.why)
    split = [one.segments["age"] == "18-24" for one in rows]
    mixed = [bad if young else good for young, bad, good in zip(split, off(truth, 0.5, 5), truth, strict=True)]
    champion = [good if young else bad for young, bad, good in zip(split, off(truth, 0.9, 5), truth, strict=True)]
    one_worse = evaluating.compared(champion, mixed, rows)
    assert not one_worse.better and one_worse.worst is not None and one_worse.worst[0] == "age 18-24"


def test_what_cannot_be_compared_is_refused() -> None:
    rows, truth = shown(20, 2, 1)
    for champion, challenger in (
        (truth[:-1], truth),
        (truth, [*truth[:-1], 0.0]),
        (truth, [*truth[:-1], float("nan")]),
    ):
        with pytest.raises(BadInput):
            evaluating.compared(champion, challenger, rows)
    assert not evaluating.compared([], [], []).better
    nobody = [replace(one, clicks=0) for one in rows]
    assert evaluating.compared(truth, truth, nobody).calibration is None


def test_a_backtest_asks_only_about_what_came_later() -> None:
    report = json.loads(dumps(evaluating.backtest(creatives(600), now=NOW, features_version=VERSION)))
    assert report["schema"] == "cutroom.backtest/1"
    assert report["foretold"] == len(report["rows"]) >= 250
    ours, glm, own = (report["models"][name] for name in ("ours", "glm", "own mean"))
    assert ours["skill"] > own["skill"] + 0.1 and ours["skill"] > glm["skill"] - 0.05
    assert 0.9 < ours["calibration_ratio"] < 1.1
    assert ours["rank_within_account"] > 0.3
    assert 0.8 < report["intervals"]["covered"] <= 1
    assert sum(one["creatives"] for one in report["reliability"]) == report["foretold"]
    assert report["importance"][0]["name"] == "strong"
    assert report["unseen_accounts"]["skill"] is None and "10 are needed" in report["unseen_accounts"]["why_not"]
    over = report["over"]
    assert over["own mean"]["low"] < over["own mean"]["gain"] < over["own mean"]["high"] and over["own mean"]["low"] > 0
    assert over["glm"]["gain"] == pytest.approx(1 - (1 - ours["skill"]) / (1 - glm["skill"]), abs=0.05)
    assert report["seed_targets"]["r2"] < report["seed_targets"]["r2_ceiling_of_chance"] + 0.1


def test_too_short_a_history_is_not_asked_about() -> None:
    with pytest.raises(NotEnough):
        evaluating.backtest(creatives(120), now=NOW, features_version=VERSION)


def test_slices_are_later_ripe_and_without_near_duplicates() -> None:
    rows = creatives(300)
    found = splits.rolling(rows)
    assert sorted(at for _, asked in found for at in asked) == sorted(
        sorted(range(300), key=lambda at: rows[at].launched)[150:]
    )
    for learned, asked in found:
        begin = min(rows[at].launched for at in asked)
        assert learned and all(rows[at].launched + RIPE <= begin for at in learned)
        assert not {rows[at].group for at in learned} & {rows[at].group for at in asked}
    assert all(len(one[0]) < len(other[0]) for one, other in pairwise(found))


def test_nothing_is_learned_of_an_ad_before_it_has_run_its_course() -> None:
    rows = [replace(row, until=row.launched + timedelta(days=20)) for row in creatives(300)]
    for learned, asked in splits.rolling(rows):
        begin = min(rows[at].launched for at in asked)
        assert len(learned) >= splits.ENDED and max(rows[at].launched for at in learned) <= begin - timedelta(days=20)
        assert splits.ran_on(rows, (learned, asked)) == 0
    rows = [replace(row, until=NOW) for row in rows]
    for split in splits.rolling(rows):
        assert splits.ran_on(rows, split) == len(split[0]) >= splits.ENDED, "where none had ended, it is told"
    found = evaluating.backtest(rows, now=NOW, features_version=VERSION)
    assert all(one["ran_on"] == one["learned"] for one in found["slices"])
    assert any("looks better here than it is" in one for one in verdict.judged(found).more)
    rows = [replace(row, until=row.launched + timedelta(days=2)) for row in rows]
    found = evaluating.backtest(rows, now=NOW, features_version=VERSION)
    assert {one["ran_on"] for one in found["slices"]} == {0}
    assert not any("looks better" in one for one in verdict.judged(found).more)


def test_creatives_of_one_day_are_dealt_out_by_group() -> None:
    rows = [replace(row, launched=NOW - timedelta(days=9), group=f"g{at // 7}") for at, row in enumerate(creatives())]
    found = splits.rolling(rows, folds=4)
    assert sorted(at for _, asked in found for at in asked) == list(range(len(rows)))
    for learned, asked in found:
        assert not {rows[at].group for at in learned} & {rows[at].group for at in asked}
        assert abs(len(asked) - len(rows) / 4) < 10
    for learned, asked in splits.by_account(rows, folds=2):
        assert not {rows[at].account for at in learned} & {rows[at].account for at in asked}


def test_what_a_model_is_said_to_be_worth_was_not_fitted_to_what_it_is_held_against() -> None:
    """In the last of three later slices half as many clicks more come than ever before."""
    rows = sorted(creatives(300), key=lambda row: row.launched)
    late = [replace(row, clicks=min(row.impressions, round(1.5 * row.clicks))) for row in rows[-50:]]
    told = train([*rows[:-50], *late], now=NOW, features_version=VERSION).manifest
    assert told["metrics"]["calibration_ratio"] < 0.9, "a line that has seen them would have set it right"
    assert told["calibration"]["shift"] > 0.05, "and so does the one that is used from then on"


def test_a_model_of_one_fortnight_is_not_said_to_have_been_tried_on_what_came_later() -> None:
    at_once, in_time = (train(creatives(160, days=days), now=NOW, features_version=VERSION) for days in (10, 120))
    assert "none is later" in at_once.manifest["split"]["kind"] and "rolling" in in_time.manifest["split"]["kind"]
    for made in (at_once, in_time):
        decision = promoting.first(opened("ctr@1", made.ubj, made.sealed))
        assert "later" not in decision.why, decision.why


def test_no_slice_is_asked_about_by_who_has_hardly_learned() -> None:
    rows = creatives(160, days=16)
    told = train(rows, now=NOW, features_version=VERSION).manifest["split"]["folds"]
    learned = [len(one) for one, _ in splits.rolling(rows)]
    assert min(learned) < training.FEWEST <= min(one["learned"] for one in told)


def test_the_ceiling_of_r2_is_what_the_truth_gets() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.005, 0.03, 4000)
    n = np.full(4000, 1000.0)
    strays = truth * np.exp(rng.normal(-0.02, 0.2, 4000))
    y = rng.binomial(1000, strays).astype(float)
    found = metrics.seed_targets(truth, 0.2, y, n)
    assert abs(found["r2"] - found["r2_ceiling"]) < 0.03
    assert found["r2_ceiling"] < found["r2_ceiling_of_chance"] < 0.88


def test_where_creatives_hardly_shown_decide_no_ceiling_is_told() -> None:
    """As in ads of which some were shown a hundred times and one in six thousand views is clicked."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.0001, 0.0003, 1100)
    n = np.where(np.arange(1100) < 60, 100.0, 50_000.0)
    found = metrics.seed_targets(truth, 0.1, rng.binomial(n.astype(int), truth).astype(float), n)
    assert found["r2"] is not None and (found["r2_ceiling"], found["r2_ceiling_of_chance"]) == (None, None)
    assert "hardly shown" in found["why"] and "None" not in found["why"]


def test_nothing_new_raises_an_alarm_once_in_a_hundred() -> None:
    rng = random.Random(0)
    trials, alarms, fixed = 600, 0, 0
    for _ in range(trials):
        before = [rng.gauss(0, 1) for _ in range(100)]
        (found,) = drift.shifts({"x": before}, {"x": [rng.gauss(0, 1) for _ in range(100)]})
        alarms += found.alarm
        fixed += found.index > 0.1
    assert alarms <= 0.03 * trials  # 1 % expected; 3 % is six standard errors off
    assert fixed > 0.2 * trials  # what a fixed threshold would have raised


def test_many_features_share_one_level_of_alarm() -> None:
    rng = random.Random(1)
    names = [f"f{at}" for at in range(40)]
    alarms = 0
    for _ in range(25):
        before = {name: [rng.gauss(0, 1) for _ in range(100)] for name in names}
        after: dict[str, list[float | None]] = {name: [rng.gauss(0, 1) for _ in range(100)] for name in names}
        alarms += any(one.alarm for one in drift.shifts(before, after))
    assert alarms <= 2
    after["f3"] = [rng.gauss(1, 1) for _ in range(100)]
    after["f5"] = [*[None] * 50, *after["f5"][:50]]
    found = drift.shifts(before, after)
    assert {one.name for one in found if one.alarm} == {"f3", "f5"}


def test_a_feature_that_is_constant_gone_or_too_rare_raises_no_alarm() -> None:
    found = drift.shifts(
        {"same": [1.0] * 50, "gone": [None] * 50, "few": [0.0] * 5},
        {"same": [1.0] * 50, "gone": [None] * 50, "few": []},
    )
    assert {one.name for one in found} == {"same", "gone"} and not any(one.alarm for one in found)


def test_clicks_are_off_only_beyond_chance() -> None:
    assert not drift.off([0.01] * 5, [1] * 5, [50] * 5, tau=0.2).alarm
    assert drift.off([0.02] * 200, [10] * 200, [1000] * 200, tau=0.2).alarm
    assert not drift.off([0.0105] * 200, [10] * 200, [1000] * 200, tau=0.2).alarm
    assert drift.off([0.02] * 200, [0] * 200, [1000] * 200, tau=0.2).ratio is None
    with pytest.raises(BadInput):
        drift.off([0.1], [], [], tau=0.1)
