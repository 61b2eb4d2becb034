"""An experiment that hands out money: by its shares, within its day, the owner's limit and what people have said."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.chores.ads import campaign_plans, winding
from common.domain.campaign import Plan
from common.domain.codec import from_json
from common.errors import BadInput, Forbidden, NotFound
from common.learning.experiments import erasing
from common.ports.documents import Merge
from tests.publishing.desk import TENANT
from tests.publishing.plain import Dead
from tests.publishing.trial import CHANNEL, EURO, Trial, trial


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as made:
        yield made


def running(at: Trial, *arms: str, **rules: Any) -> None:
    """A1 and B1 had 10 a day each before."""
    for one in arms or ("A:A1", "B:B1"):
        for name in one.partition(":")[2].split(","):
            at.campaign(name)
    at.drafted(*(arms or ("A:A1", "B:B1")), **rules)
    at.started()


def test_the_shares_of_a_day_are_its_campaigns_budgets(at: Trial) -> None:
    running(at, "A:A1,A2", "B:B1", daily_micros=25 * EURO)
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 6.25, "A2": 6.25, "B1": 12.5}
    assert at.ads.most <= 30 * EURO, "no more at any moment than there was, or is to be"
    at.shares(A=0.1, B=0.9)
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 1.25, "A2": 1.25, "B1": 22.5} and at.runs == {"A1", "A2", "B1"}
    assert not at.ads.switched
    at.shares(A=0.02, B=0.98)
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 1, "A2": 1, "B1": 23}, "the account takes no less"


def test_what_gets_more_waits_until_the_network_has_taken_it_from_others(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    at.ads.most = 0
    for n in range(1, 8):
        at.shares(A=0.5 - 0.07 * (n % 3), B=0.5 + 0.07 * (n % 3))
        at.pass_time(minutes=5)
        assert round(sum(at.budgets.values()), 2) == 20
    assert at.ads.most == 20 * EURO


def test_shares_that_move_by_what_was_counted_move_the_money(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    for _ in range(3):
        at.count(A1=(4000, 40), B1=(4000, 52))
        at.pass_time(days=1)
    share = at.body["shares"]["B"]
    assert at.body["state"] == "running" and share > 0.5
    assert at.budgets["B1"] == pytest.approx(20 * share, abs=0.01) and at.budgets["B1"] > 10


def test_when_it_is_decided_the_beaten_are_paused_and_the_best_goes_on(at: Trial) -> None:
    running(at)
    for _ in range(12):
        at.count(A1=(4000, 40), B1=(4000, 60))
        at.pass_time(days=1)
    body = at.body
    assert (body["state"], body["best"]) == ("decided", "B")
    assert at.runs == {"B1"} and at.budgets["B1"] > 10 and at.of("A1")["delivery"] == "paused"
    assert "experiment" not in at.of("A1") and "experiment" not in at.of("B1")
    assert at.used == sum(at.budgets.values()), "what was set aside is given back"


def test_the_kill_switch_pauses_all_that_runs(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    at.stop()
    at.pass_time(minutes=1)
    assert at.runs == set() and [at.of(one)["delivery"] for one in ("A1", "B1")] == ["paused", "paused"]
    assert "experiment" not in at.of("A1")
    at.person("A1", "active")
    at.pass_time(days=2)
    assert at.runs == {"A1"}, "what somebody does after it holds"
    assert at.budgets == {"A1": 10, "B1": 10}


def test_one_whose_letting_run_nobody_answered_is_paused_too(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    at.documents.commit([Merge(at.key("A1"), {"delivery": "paused", "memo": {"letting": True}})])
    at.stop()
    at.pass_time(minutes=5)
    assert at.runs == set() and at.of("A1")["delivery"] == "paused"


def test_the_cap_pauses_too(at: Trial) -> None:
    running(at, cap_micros=3 * EURO)
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 1.5, "B1": 1.5}, "no more than the cap leaves"
    for _ in range(2):
        at.count(A1=(4000, 40), B1=(4000, 41))
        at.pass_time(days=1)
    assert at.body["state"] == "stopped" and "cap" in at.body["why"] and at.runs == set()


def test_frozen_it_leaves_budgets_as_they_are(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    at.pass_time(days=2)
    assert at.body["state"] == "frozen" and "no figures" in at.body["why"]
    at.shares(A=0.4, B=0.6)
    at.pass_time(hours=3)
    assert at.budgets == {"A1": 10, "B1": 10} and at.runs == {"A1", "B1"}


def test_what_somebody_paused_or_put_away_stays_so(at: Trial) -> None:
    running(at, "A:A1,A2", "B:B1")
    at.person("A1", "paused")
    at.person("A2", "archived")
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 10, "A2": 10, "B1": 10}, "what is put away gets nothing, its arm's others its part"
    at.shares(A=0.25, B=0.75)
    at.pass_time(minutes=5)
    assert at.budgets == {"A1": 5, "A2": 10, "B1": 15} and at.runs == {"B1"}
    at.stop()
    at.pass_time(minutes=5)
    assert at.runs == set() and (at.of("A1")["delivery"], at.of("A2")["delivery"]) == ("paused", "archived")
    assert at.ads.switched == ["paused"], "B1's alone"


def test_an_arm_of_no_share_is_paused_once(at: Trial) -> None:
    running(at, "A:A1", "B:B1", "C:C1")
    at.pass_time(minutes=5)
    at.shares(A=0.0, B=0.5, C=0.5)
    at.pass_time(minutes=5)
    assert at.runs == {"B1", "C1"} and at.budgets == {"A1": 1, "B1": 9.5, "C1": 9.5}
    at.person("A1", "active")
    at.hasten()
    at.pass_time(minutes=5)
    assert at.runs == {"A1", "B1", "C1"}, "somebody knows better"


def test_what_the_network_refuses_is_told_once_a_day_and_does_not_stop_it(at: Trial) -> None:
    at.ads.refuses_below = 5 * EURO
    running(at)
    at.pass_time(minutes=5)
    at.shares(A=0.1, B=0.9)
    at.pass_time(minutes=30)
    assert at.body["state"] == "running" and at.budgets == {"A1": 10, "B1": 10}, "nobody is given what A kept"
    assert at.told.count("2.00 EUR a day was refused") == 1 and at.of("A1")["refused_daily"]["micros"] == 2 * EURO
    at.hasten()
    at.pass_time(minutes=30)
    assert at.told.count("was refused") == 1
    at.ads.refuses_below = 0
    at.count(A1=(4000, 40), B1=(4000, 40))
    at.pass_time(days=1)
    assert sum(at.budgets.values()) <= 20 and at.budgets["A1"] < 5 and "refused_daily" not in at.of("A1")


def test_others_cannot_take_the_money_meanwhile_and_it_takes_none_of_theirs(at: Trial) -> None:
    at.campaign("X1", 60 * EURO)
    running(at, daily_micros=40 * EURO)
    assert at.used == 100, "its 40, though its campaigns have 20 yet"
    engine = at.desk.tools.engine
    plan = from_json(Plan, at.of("X1")["plan"])
    with pytest.raises(BadInput, match="beside 100000000 of others"):
        campaign_plans.within(engine, TENANT, CHANNEL, plan, engine.clock.now())
    for one in ("X1", "A1"):  # to let one run that is counted already
        campaign_plans.within(engine, TENANT, CHANNEL, from_json(Plan, at.of(one)["plan"]), engine.clock.now(), one)
    at.pass_time(minutes=5)
    assert at.budgets == {"X1": 60, "A1": 20, "B1": 20} and at.used == 100
    at.limit(90 * EURO)
    at.shares(A=0.4, B=0.6)
    at.pass_time(minutes=5)
    assert at.budgets["B1"] == 20 and "90.00 is allowed" in at.body["money"]["held"]
    at.limit(100 * EURO)
    at.hasten()
    at.pass_time(minutes=5)
    assert at.budgets["B1"] == 24 and at.body["money"]["held"] is None


def test_campaigns_that_had_more_than_the_day_come_down_to_it_though_the_owner_allows_less(at: Trial) -> None:
    for name in ("A1", "B1"):
        at.campaign(name, 30 * EURO)
    at.limit(20 * EURO)
    at.drafted("A:A1", "B:B1")
    at.started()
    at.pass_time(minutes=10)
    assert at.budgets == {"A1": 10, "B1": 10} and at.ads.most <= 60 * EURO and at.body["money"]["held"] is None


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"plan": {"daily_micros": None, "lifetime_micros": 50 * EURO}}, "make one with a daily budget"),
        ({"channel": "another"}, "not all of one ad account"),
        ({"plan": {"currency": "USD"}}, "cost EUR and USD, which no sum and no cap"),
        ({"step": "archived"}, "name one that can run"),
        ({"step": "video", "delivery": None}, "once it is ready"),
        ({"experiment": "0" * 16}, "stop that one first"),
        ({"account_told": {"min_daily_budget": "1001"}}, "need 20.02 EUR; raise daily_micros"),
    ],
)
def test_what_cannot_be_handed_money_is_refused_with_what_to_do(at: Trial, how: dict[str, Any], why: str) -> None:
    at.campaign("A1")
    plan = how.pop("plan", {})
    if "daily_micros" in plan:
        at.campaign("B1", plan={}, **how)
        at.documents.commit([_lifetime(at)])
    else:
        at.campaign("B1", plan=plan, **how)
    with pytest.raises(BadInput, match=why):
        at.drafted("A:A1", "B:B1")
        at.started()
    assert "experiment" not in at.of("A1") and at.ads.budgets == {"11": 10 * EURO, "21": 10 * EURO}


def _lifetime(at: Trial) -> Merge:
    told = {**at.of("B1")["plan"], "daily_micros": None, "lifetime_micros": 50 * EURO}
    return Merge(at.key("B1"), {"plan": told})


def test_an_arm_without_a_campaign_and_one_that_is_gone_are_refused(at: Trial) -> None:
    at.campaign("A1")
    with pytest.raises(BadInput, match="B has none; name campaigns for every arm"):
        at.drafted("A:A1", "B:")
    with pytest.raises(NotFound, match="there is no campaign B1"):
        at.drafted("A:A1", "B:B1")


def test_who_may_not_let_a_campaign_run_may_not_start_it_and_nothing_goes_over_the_limit(at: Trial) -> None:
    for name in ("A1", "B1"):
        at.campaign(name)
    at.drafted("A:A1", "B:B1")
    with pytest.raises(Forbidden, match=r"campaigns\.write"):
        at.started("publisher")
    at.limit(19 * EURO)
    with pytest.raises(BadInput, match="the limit is 19000000"):
        at.started()
    assert at.body["state"] == "draft" and at.body["money"] is None and "experiment" not in at.of("A1")
    at.limit(20 * EURO)
    at.started()
    assert at.of("A1")["experiment"] == at.name


def test_an_arm_that_is_erased_ends_it_and_pauses_the_others(at: Trial) -> None:
    running(at)
    at.pass_time(minutes=5)
    at.documents.commit([Merge(at.key("B1"), {"asset": "g"})])
    engine = at.desk.tools.engine
    at.person("A1", "paused")  # or its video could not be erased
    ending = partial(winding.planned, engine, TENANT, by="ann")
    erasing.forget(engine.documents, engine.clock, TENANT, "f", [at.name], ending)
    at.erased("A1")
    at.campaigns.remove("A1")
    at.pass_time(minutes=5)
    assert at.body["state"] == "stopped" and at.runs == set() and at.of("B1")["delivery"] == "paused"
    assert "experiment" not in at.of("B1") and at.used == 10


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_each_write_moves_no_more_than_the_day_and_leaves_nothing_undone(
    tmp_path: Path, after: bool
) -> None:
    """Killed before, or after, each write of a whole story: started, moved, stopped."""
    n, deaths = 0, 0
    while True:
        n += 1
        with trial(tmp_path / f"{n}") as at:
            running(at)
            inner = at.documents
            at.desk.dies_at(n, after=after)
            died = False
            for shares in ({"A": 0.5, "B": 0.5}, {"A": 0.3, "B": 0.7}, None):
                for _ in range(2):  # who was killed asks again
                    try:
                        at.stop() if shares is None else at.shares(**shares)
                        at.pass_time(minutes=20)
                        break
                    except Dead:
                        died = True
                        at.desk.with_documents(inner)
                        at.desk.reborn()
                assert at.ads.most <= 20 * EURO
                if shares is not None:
                    assert at.budgets == {f"{arm}1": 20 * share for arm, share in shares.items()}, n
            deaths += died
            assert at.body["state"] == "stopped" and at.runs == set(), (n, at.body)
            assert at.budgets == {"A1": 6, "B1": 14}, n
            assert all("experiment" not in at.of(one) and "wanted" not in at.of(one) for one in at.campaigns)
            assert at.used == 20 and at.desk.read(campaign_plans.budget_key(TENANT, CHANNEL))["experiments"] == {}
            if not died:
                break
    assert deaths > 25
