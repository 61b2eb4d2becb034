"""A campaign's budget at Meta's stand-in: set, read back, believed then; whatever is lost, refused or dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.publishing.ads import Office, office
from tests.publishing.desk import TENANT
from tests.publishing.test_campaigns import again
from tests.standins.platforms.network import Asked

SETS = b"daily_budget="


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        ready(made)
        yield made


def ready(at: Office) -> None:
    at.campaign(size=1000)
    assert at.until_over()["step"] == "ready"


def meets(at: Office, *faults: Any) -> None:
    """The next requests that set a budget."""
    left = list(faults)

    def decide(asked: Asked) -> Any:
        sets = asked.request.method == "POST" and asked.request.body.startswith(SETS)
        return left.pop(0) if sets and left else None

    at.site.decide = decide


def told(at: Office) -> str:
    events = at.desk.tools.engine.documents.query("events", parent=f"tenants/{TENANT}", limit=99)
    return " ".join(str(one.body["told"]) for one in events)


def test_it_is_set_read_back_and_kept_and_nothing_runs(at: Office) -> None:
    at.allot(12_340_000)
    body = at.until_over()
    assert at.budget == "1234" and (body["a_day"], body["plan"]["daily_micros"]) == (12_340_000, 12_340_000)
    assert "wanted_daily_micros" not in body and (body["step"], body["delivery"]) == ("ready", "paused")
    assert not at.site.switched


@pytest.mark.parametrize("fault", ["lost", "reset", "late", 503, "user rate", "transient"])
def test_what_fails_is_asked_again_and_believed_once_meta_says_so(at: Office, fault: Any) -> None:
    meets(at, fault)
    at.allot(30_000_000)
    body = at.until_over()
    assert at.budget == "3000" and body["a_day"] == 30_000_000 and "wanted_daily_micros" not in body


def test_a_request_that_comes_late_does_not_outlive_a_later_one(at: Office) -> None:
    meets(at, "late")
    at.allot(30_000_000)
    at.until_over(until=lambda body: "error" in body)
    at.allot(10_000_000)
    at.until_over(until=lambda body: body["memo"].get("sure_of") == 10_000_000)
    at.site.catch_up()
    assert at.budget == "3000", "it came late"
    assert at.until_over()["a_day"] == 10_000_000 and at.budget == "1000"


@pytest.mark.parametrize(("micros", "why"), [(990_000, "too low"), (2_000_000_000_000, "too high")])
def test_what_meta_refuses_is_told_and_it_keeps_what_it_has(at: Office, micros: int, why: str) -> None:
    at.allot(micros)
    body = at.until_over()
    assert "wanted_daily_micros" not in body and body["step"] == "ready" and body["a_day"] == 20_000_000
    assert body["refused_daily"]["micros"] == micros and why in body["refused_daily"]["text"]
    assert why in body["error"]["text"] and "stays 20.00 EUR a day" in body["error"]["text"] and at.budget == "2000"
    assert why in told(at)
    at.allot(5_000_000)
    assert "refused_daily" not in at.until_over()


def test_the_fifth_change_in_an_hour_is_waited_for(at: Office) -> None:
    begun = at.desk.clock.now()
    for n in range(1, 6):
        at.allot(n * 1_000_000)
        at.until_over()
    assert at.budget == "500" and at.desk.clock.now() - begun >= timedelta(seconds=3000)


def test_a_token_that_is_refused_waits_for_somebody_to_connect_again(at: Office) -> None:
    meets(at, "expired")
    at.allot(30_000_000)
    body = at.until_over(until=lambda body: (body.get("error") or {}).get("action") == "reconnect")
    assert body["wanted_daily_micros"] == 30_000_000
    again(at)
    assert at.until_over()["a_day"] == 30_000_000


def test_what_nobody_knows_goes_on_being_wanted_and_counts(at: Office) -> None:
    meets(at, *["reset"] * 99)
    at.allot(30_000_000)
    body = at.until_over()
    assert body["wanted_daily_micros"] == 30_000_000 and body["a_day"] == 20_000_000 and "due" not in body
    at.site.decide = None
    at.allot(30_000_000)
    assert at.until_over()["a_day"] == 30_000_000


def test_a_stop_goes_first_and_letting_it_run_comes_after(at: Office) -> None:
    at.allot(10_000_000)
    at.want("active")
    at.until_over()
    order = [one.request.body.partition(b"=")[0] for one in at.site.requests if one.op == "switch"]
    assert order == [b"daily_budget", b"status", b"status", b"status"]
    at.allot(11_000_000)
    at.want("paused")
    body = at.until_over()
    order = [one.request.body for one in at.site.requests if one.op == "switch"][4:]
    assert [one.partition(b"=")[0] for one in order] == [b"status", b"daily_budget"]
    assert (body["delivery"], body["a_day"]) == ("paused", 11_000_000)


def test_a_refusal_does_not_keep_a_person_from_letting_it_run(at: Office) -> None:
    at.allot(10_000)
    at.want("active")
    body = at.until_over()
    assert (body["delivery"], body["a_day"]) == ("active", 20_000_000) and "refused_daily" in body
    assert body["step"] == "ready" and "wanted" not in body


def test_what_is_put_away_gets_no_budget(at: Office) -> None:
    at.allot(10_000_000)
    at.want("archived")
    body = at.until_over()
    assert body["step"] == "archived" and "wanted_daily_micros" not in body and at.budget == "2000"


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_each_write_leaves_nothing_undone(tmp_path: Path, after: bool) -> None:
    """Killed before, or after, each write from asking on: of a budget, and of letting it run."""
    n, deaths = 0, 0
    with office(tmp_path, recording=False) as at:
        ready(at)
        while True:
            n += 1
            at.allot(10_000_000 + n * 10_000)
            at.want("active")
            died = at.desk.dies_and_goes_on(at.key, n, after=after, seconds=20_000)
            deaths += died
            body = at.body
            assert body["a_day"] == 10_000_000 + n * 10_000 and at.budget == str(1000 + n), (n, body)
            assert body["delivery"] == "active" and "wanted" not in body and "wanted_daily_micros" not in body
            if not died:
                break
            at.later(hours=2)
    assert deaths > 6
