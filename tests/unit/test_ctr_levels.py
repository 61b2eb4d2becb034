"""How far levels wander is told from time alone, and what is said of later days is said less surely."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from common.domain.learning import Creative, Prediction
from common.errors import BadInput, ModelRefused
from common.scoring.ctr import levels, model, table, training
from common.scoring.ctr.manifest import seal
from tests.clicks import NOW, VERSION, creatives


def walked(far: float, *, accounts: int = 4, each: int = 60, seed: int = 0) -> list[Creative]:
    """A year of creatives of which nothing but the level moves the clicks; it goes `far` log odds in a year."""
    rng = random.Random(seed)
    found = []
    for account in range(accounts):
        level = -4.0
        for at in range(each):
            level += rng.gauss(0, far / math.sqrt(each))
            share = 1 / (1 + math.exp(-level))
            clicks = round(rng.gauss(5000 * share, math.sqrt(5000 * share)))
            found.append(
                Creative(
                    id=f"c{account}-{at:03}",
                    account=f"account-{account}",
                    network="meta",
                    launched=NOW - timedelta(days=8 + 365 * (each - at) / each),
                    impressions=5000,
                    clicks=max(0, clicks),
                    group="",
                    features={},
                )
            )
    return found


def far(rows: list[Creative]) -> float:
    """As the model would have it: log odds in a year."""
    made = table.table(rows)
    own = np.bincount(made.accounts, made.clicks) / np.bincount(made.accounts, made.impressions)
    found = levels.wander(made, levels.times(rows), np.arange(len(rows)), own[made.accounts])
    return math.sqrt(found * levels.YEAR)


@pytest.mark.parametrize(("truly", "low", "high"), [(0.0, 0.0, 0.12), (0.5, 0.35, 0.7), (1.0, 0.7, 1.4)])
def test_how_far_levels_wander_is_found_where_there_is_enough(truly: float, low: float, high: float) -> None:
    assert low <= far(walked(truly)) <= high


def test_what_is_usual_is_expected_where_nothing_can_be_seen() -> None:
    day = [replace(row, launched=NOW - timedelta(days=9)) for row in walked(0.0)]
    assert far(day) == pytest.approx(math.sqrt(2) * levels.USUAL, rel=0.1), "nothing seen is not nothing there"


def moved(by: dict[str, float]) -> training.Trained:
    """Of accounts that stand still; in the last of three parts of a year each has so many times its clicks."""
    begin = NOW - timedelta(days=120)
    rows = [
        replace(row, clicks=round(row.clicks * by.get(row.account, 1.0))) if row.launched >= begin else row
        for row in walked(0.0)
    ]
    return training.train(rows, now=NOW, features_version=VERSION)


def apart(made: training.Trained) -> list[float]:
    """How far each account's level is from where a plain GLM has it throughout."""
    return [one["prior"] - one["throughout"] for _, one in sorted(made.manifest["accounts"].items())]


def test_a_level_that_moved_alone_is_told_from_where_it_stands_now() -> None:
    up, down, *still = apart(moved({"account-0": 1.5, "account-1": 1 / 1.5}))
    assert 0.15 < up < 0.4 and -0.4 < down < -0.15, "of 0.41 each way, of which two thirds are behind it"
    assert all(abs(one) < 0.1 for one in still)
    assert all(abs(one) < 0.05 for one in apart(moved({})))


@pytest.mark.parametrize(("by", "most"), [(1.35, 0.06), (1.6, 0.06), (1 / 1.35, 0.13), (1 / 1.6, 0.16)])
def test_where_all_levels_moved_alike_all_are_told_from_there_and_once(by: float, most: float) -> None:
    """But for 2 standard errors of where they stand: fewer clicks tell it less surely."""
    rows = walked(0.0, each=90)
    begin = NOW - timedelta(days=80)
    late = [row for row in rows if row.launched >= begin]
    rows = [replace(row, clicks=round(row.clicks * by)) if row.launched >= begin else row for row in rows]
    made = training.train(rows, now=NOW, features_version=VERSION)
    one = model.opened("ctr@1", made.ubj, made.sealed)
    told = [one.foretell({}, account=row.account, network="meta", exposure=row.impressions) for row in late]
    foretold = sum(each.value * each.exposure for each in told if isinstance(each, Prediction))
    assert abs(math.log(foretold / (by * sum(row.clicks for row in late)))) < most
    assert made.manifest["calibration"]["shift"] * (by - 1) > 0 and abs(fmean(apart(made))) < 0.01


def test_of_days_that_have_no_later_no_level_has_moved() -> None:
    day = [replace(row, launched=NOW - timedelta(days=9)) for row in walked(0.5)]
    made = training.train(day, now=NOW, features_version=VERSION)
    assert apart(made) == [0.0] * 4


def test_one_creative_that_everybody_clicks_takes_no_level_out_of_this_world() -> None:
    rows = [replace(row, clicks=row.impressions) if row.id == "c0-059" else row for row in walked(0.0)]
    made = training.train(rows, now=NOW, features_version=VERSION)
    one = model.opened("ctr@1", made.ubj, made.sealed)
    for account in made.manifest["accounts"]:
        told = one.foretell({}, account=account, network="meta")
        assert isinstance(told, Prediction) and 0.012 < told.value < 0.027, "of 0.018"


def test_an_ad_told_in_many_rows_is_one_ad() -> None:
    rows = walked(0.5)
    parts = [
        replace(
            row,
            id=f"{row.id}.{part}",
            group=row.id,
            impressions=row.impressions // 5,
            clicks=row.clicks // 5 + (part < row.clicks % 5),
            segments={"age": str(part)},
        )
        for row in rows
        for part in range(5)
    ]
    assert far(parts) == pytest.approx(far(rows), rel=1e-6)


def width(one: model.Model, launched: datetime | None) -> float:
    found = one.foretell(
        {"strong": 0.5}, account="account-1", network="meta", segments={"age": "18-24"}, launched=launched
    )
    assert isinstance(found, Prediction)
    return found.high - found.low


def test_an_interval_is_wider_the_later_after_training() -> None:
    made = training.train(creatives(), now=NOW, features_version=VERSION)
    one = model.opened("ctr@1", made.ubj, made.sealed)
    widths = [width(one, NOW + timedelta(days=days)) for days in (0, 10, 100, 1000)]
    assert all(nearer < farther for nearer, farther in pairwise(widths))
    assert width(one, None) == width(one, NOW - timedelta(days=50)) == widths[0]
    with pytest.raises(BadInput, match="time zone"):
        width(one, NOW.replace(tzinfo=None))


def test_a_model_of_before_levels_were_seen_to_wander_speaks_as_it_did() -> None:
    made = training.train(creatives(), now=NOW, features_version=VERSION)
    intervals = {name: made.manifest["intervals"][name] for name in ("coverage", "tau", "factor")}
    accounts = {
        name: {key: told for key, told in one.items() if key != "throughout"}
        for name, one in made.manifest["accounts"].items()
    }
    old = model.opened("ctr@1", made.ubj, seal({**made.manifest, "intervals": intervals, "accounts": accounts}))
    new = model.opened("ctr@2", made.ubj, made.sealed)
    assert width(old, NOW + timedelta(days=300)) == width(old, None)
    assert width(old, None) == width(new, None)
    for row in creatives(20):
        said = [
            one.foretell(row.features, account=row.account, network=row.network, segments=row.segments)
            for one in (old, new)
        ]
        assert isinstance(said[0], Prediction) and isinstance(said[1], Prediction)
        assert said[0].value == said[1].value


@pytest.mark.parametrize("change", [{"wander": -1e-9}, {"wander": "far"}, {"wander": None}])
def test_a_wander_that_cannot_be_is_refused_by_the_name_of_the_model(change: dict[str, object]) -> None:
    made = training.train(creatives(), now=NOW, features_version=VERSION)
    intervals = {**made.manifest["intervals"], **change}
    with pytest.raises(ModelRefused, match=r"ctr@7.*train it anew"):
        model.opened("ctr@7", made.ubj, seal({**made.manifest, "intervals": intervals}))
    for at in ("yesterday", "2026-07-01T00:00:00"):
        with pytest.raises(ModelRefused, match=r"ctr@7.*train it anew"):
            model.opened("ctr@7", made.ubj, seal({**made.manifest, "trained_at": at}))
