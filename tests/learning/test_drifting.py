"""Whether a model is trained anew goes by what is sure: alarms that hold, and rarely one where nothing has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from common.domain.learning import RIPE, Creative
from common.learning import drifting, promoting, retraining
from common.ports.clock import stamp
from common.scoring.ctr.model import Model, opened
from common.scoring.ctr.training import train
from tests.learning.worlds import creative, creatives

MANY = 240
NOW = creative(MANY).launched + RIPE


@cache
def model() -> Model:
    made = train(creatives(MANY), now=NOW, features_version="v1")
    return opened("ctr@1-test", made.ubj, made.sealed)


def told(factor: float, many: int = 120, first: int = MANY) -> drifting.Accuracy:
    return drifting.accuracy(model(), creatives(many, first, factor=factor))


def test_only_what_came_out_since_is_news_to_a_model() -> None:
    news = drifting.since(creatives(MANY + 50), NOW)
    assert [one.id for one in news] == [one.id for one in creatives(49, MANY + 1)]


def test_where_nothing_has_changed_there_is_no_alarm() -> None:
    alarms = [told(1.0, 60, MANY + 60 * n) for n in range(20)]
    assert not any(one.alarm for one in alarms) and sum(bool(one.dropped) for one in alarms) <= 1
    accuracy = told(1.0, 600)
    assert accuracy.calibration and abs(accuracy.calibration - 1) < 0.05
    assert accuracy.covered and accuracy.promised == pytest.approx(0.9) and accuracy.covered > 0.8
    assert accuracy.in_band and accuracy.in_band > 0.5


@pytest.mark.parametrize("factor", [0.6, 1.6])
def test_where_clicks_are_others_than_foretold_there_is_an_alarm_and_it_says_how(factor: float) -> None:
    accuracy = told(factor)
    assert accuracy.alarm and f"of {accuracy.n} creatives" in accuracy.alarm and accuracy.dropped
    assert accuracy.calibration == pytest.approx(1 / factor, rel=0.1)


def test_a_change_is_noticed_however_long_all_was_well_before() -> None:
    well = creatives(1500, MANY)
    late = [*well, *creatives(drifting.RECENT, MANY + 1500, factor=1.3)]
    assert drifting.accuracy(model(), late).alarm is None, "all of it together hides what is new"
    alarm = drifting.alarm(model(), late)
    assert alarm and f"of {drifting.RECENT} creatives" in alarm
    assert drifting.alarm(model(), well) is None


def test_a_challenger_that_is_surely_off_is_not_tried_to_the_end() -> None:
    late = creatives(60, MANY + 1, factor=1.5)
    found = promoting.decided(model(), model(), late, began=NOW, now=late[-1].launched + RIPE)
    assert found.do == "refuse" and "not calibrated" in found.why
    usual = creatives(60, MANY + 1)
    assert promoting.decided(model(), model(), usual, began=NOW, now=usual[-1].launched + RIPE).do == "wait"


def test_that_nobody_clicks_any_more_is_an_alarm() -> None:
    accuracy = told(0.0)
    assert accuracy.calibration is None and accuracy.alarm and "0 came" in accuracy.alarm


def test_features_that_moved_are_named_and_nothing_else() -> None:
    late = [replace(one, features={**one.features, "noise": 5.0}) for one in creatives(100, MANY)]
    assert [one.name for one in drifting.moved([*creatives(MANY), *late], creative(MANY - 1).launched + RIPE)] == [
        "noise"
    ]
    assert drifting.moved(creatives(MANY + 100), NOW) == []


def test_few_creatives_raise_no_alarm_however_far_off() -> None:
    assert told(3.0, drifting.LEAST - 1).alarm is None


def test_one_account_alone_that_went_wild_does_not_make_all_of_it_sure() -> None:
    there = creatives(120, MANY)
    wild = [replace(one, clicks=min(one.impressions, one.clicks * 4)) if one.id == "c0250" else one for one in there]
    assert drifting.accuracy(model(), wild).alarm is None


def test_accounts_that_are_not_known_are_counted_and_not_guessed() -> None:
    there = [replace(one, account="somebody else") for one in creatives(10, MANY)]
    accuracy = drifting.accuracy(model(), there)
    assert (accuracy.n, accuracy.silent) == (0, 10)
    shares = (accuracy.calibration, accuracy.low, accuracy.high, accuracy.covered, accuracy.in_band)
    assert set(shares) == {None} and accuracy.alarm is None and accuracy.dropped is None


NEWEST = {"at": stamp(NOW), "rows": 300, "features_version": "v1", "erased_rows": 0}


@pytest.mark.parametrize(
    ("have", "days", "more", "says"),
    [
        (399, 1, {}, None),
        (400, 1, {}, "100 creatives are new"),
        (301, 29, {}, None),
        (301, 30, {}, "30 days old, and 1 creatives are new"),
        (300, 90, {}, None),
        (298, 1, {}, "2 of the creatives"),
        (300, 1, {"alarm": "not calibrated"}, "not calibrated"),
        (300, 1, {"asked": "ann"}, "asked for by ann"),
        (300, 1, {"features_version": "v2"}, "another version"),
        (500, 8, {"tried": True}, None),
        (500, 8, {"tried": True, "alarm": "not calibrated"}, None),
        (500, 31, {"tried": True}, None),
        (500, 31, {"tried": True, "alarm": "not calibrated"}, "not calibrated"),
        (300, 8, {"tried": True, "asked": "ann"}, "asked for by ann"),
    ],
)
def test_when_a_model_is_trained_anew(have: int, days: int, more: dict[str, object], says: str | None) -> None:
    how = {"features_version": "v1", "tried": False, **more}
    why = retraining.why(NEWEST, have, NOW + timedelta(days=days), **how)  # type: ignore[arg-type]
    assert why is None if says is None else why is not None and says in why


def test_a_first_model_is_trained_once_there_is_enough() -> None:
    how = {"features_version": "v1", "tried": False}
    assert retraining.why(None, 99, NOW, **how) is None  # type: ignore[arg-type]
    assert "100 creatives" in (retraining.why(None, 100, NOW, **how) or "")  # type: ignore[arg-type]


def test_what_was_erased_is_forgotten_at_the_next_look() -> None:
    how = {"features_version": "v1", "tried": True}
    why = retraining.why({**NEWEST, "erased_rows": 2}, 298, NOW, **how)  # type: ignore[arg-type]
    assert why and "erased" in why


def test_a_first_model_that_is_no_better_than_the_accounts_means_does_not_speak() -> None:
    good = promoting.first(model())
    assert good.do == "promote" and "own mean" in good.why
    metrics = model().manifest["metrics"]
    off = {"calibration_ratio": 1.2, "calibration_errors": 4.0}
    for changed in ({"skill_over_own_mean": -0.02}, {"skill_over_own_mean": None}, off):
        worse = replace(model(), manifest={**model().manifest, "metrics": {**metrics, **changed}})
        assert promoting.first(worse).do == "refuse"
    unsure = {**metrics, "calibration_ratio": 1.2, "calibration_errors": 1.0}
    assert promoting.first(replace(model(), manifest={**model().manifest, "metrics": unsure})).do == "promote"


def elsewhere(first: int, many: int, shape: float = 0.5) -> list[Creative]:
    return [replace(one, account=f"new {one.account}") for one in creatives(many, first, matters=shape)]


def test_where_the_champion_knows_no_account_any_more_a_challenger_is_held_against_their_own_means() -> None:
    """The organisation went on with other accounts."""
    seen = elsewhere(MANY, 240)
    began = seen[-1].launched + RIPE
    made = train([*creatives(MANY), *seen], now=began, features_version="v1")
    challenger = opened("ctr@2-test", made.ubj, made.sealed)
    late = elsewhere(2 * MANY + 1, 260)
    now = late[-1].launched + RIPE
    found = promoting.decided(model(), challenger, [*seen, *late], began=began, now=now)
    assert found.do == "promote", found.why
    noise = [replace(one, clicks=round(one.impressions * 0.02)) for one in late]
    assert promoting.decided(model(), challenger, [*seen, *noise], began=began, now=now).do == "refuse"


def test_a_challenger_that_knows_no_account_any_more_is_not_tried_for_ever() -> None:
    late = elsewhere(MANY + 1, 260)
    found = promoting.decided(model(), model(), late, began=NOW, now=late[-1].launched + RIPE)
    assert found.do == "refuse" and "does not know their accounts" in found.why
    few = promoting.decided(model(), model(), late[:150], began=NOW, now=late[-1].launched + RIPE)
    assert few.do == "wait"
