"""Experiments by the API alone, on a clock that is moved by hand: started, drawn from, counted, moved, ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from common.accounts.acting import Acting
from common.chores import experimenting, work
from common.learning.experiments import drawing, evaluating, lifecycle
from common.ports.documents import Create, Delete
from tests.api.conftest import Served
from tests.api.test_publications_api import go

HOUR = timedelta(hours=1)


def arms(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": name, "text": f"Title {name}", **more} for name in names]


def made(served: Served, *names: str, **more: Any) -> str:
    """A started one; its path."""
    wanted = {"name": "Titles", "kind": "title", "arms": arms(*(names or ("A", "B"))), "shown": "together", **more}
    name = served.told("POST", "/v1/experiments", status=201, json=wanted)["id"]
    served.told("POST", f"/v1/experiments/{name}/start")
    return f"/v1/experiments/{name}"


def tell(served: Served, path: str, status: int = 200, **counted: tuple[int, int]) -> Any:
    """What each arm came to today: impressions and clicks."""
    today = served.clock.now().date().isoformat()
    rows = [{"arm": arm, "date": today, "impressions": n, "clicks": c} for arm, (n, c) in counted.items()]
    return served.told("POST", f"{path}/figures", status=status, json={"figures": rows})


def days(served: Served, n: int = 1) -> None:
    """So many of them, each looked at every few hours."""
    for _ in range(n * 6):
        served.clock.at += 4 * HOUR
        work.rescue(served.engine)
        while served.post.deliver(served.engine):
            pass


def shares(served: Served, path: str) -> dict[str, float]:
    return {arm["name"]: arm["share"] for arm in served.told("GET", path)["arms"]}


def test_shares_move_a_step_a_day_toward_the_better_arm_until_it_is_decided(served: Served) -> None:
    path = made(served)
    assert shares(served, path) == {"A": 0.5, "B": 0.5}
    seen = []
    for _ in range(12):
        now = shares(served, path)
        tell(
            served, path, A=(int(4000 * now["A"]) + 1, int(40 * now["A"])), B=(int(4000 * now["B"]), int(80 * now["B"]))
        )
        days(served)
        seen.append(shares(served, path)["B"])
        if served.told("GET", path)["state"] == "decided":
            break
    body = served.told("GET", path)
    assert (body["state"], body["best"], body["ended"] is None) == ("decided", "B", False), body["why"]
    assert "stays valid however often you look" in body["why"] and [arm["beaten"] for arm in body["arms"]] == [
        True,
        False,
    ]
    assert seen[0] == 0.5, "a day's figures are not ripe before the next one is over"
    steps = [b - a for a, b in zip([0.5, *seen], seen, strict=False)]
    assert max(steps) == pytest.approx(0.1) and min(steps) >= 0
    assert [one["shares"]["B"] for one in body["days"]] == sorted(one["shares"]["B"] for one in body["days"])
    told = [snap.body["type"] for snap in served.engine.documents.query("events", parent="tenants/ann", limit=99)]
    assert told.count("experiment.decided") == 1
    assert "take B" in served.told("POST", f"{path}/assignments", status=400, json={"key": "x"})["detail"]


def test_an_arm_is_drawn_once_for_a_key_and_with_the_chance_it_had(served: Served) -> None:
    path = made(served, "A", "B", "C", "D", shown="in_turn")
    first = [served.told("POST", f"{path}/assignments", json={"key": f"slot {n}"}) for n in range(60)]
    assert {one["propensity"] for one in first} == {0.25} and {one["arm"] for one in first} == set("ABCD")
    assert [served.told("POST", f"{path}/assignments", json={"key": f"slot {n}"}) for n in range(60)] == first
    assert len(served.engine.documents.query("assignments", parent="tenants/ann", limit=999)) == 60


def test_the_figures_of_a_post_that_was_drawn_for_count_for_its_arm(served: Served) -> None:
    path = made(served, shown="in_turn", rules={"least_impressions": 0, "ripe_hours": 0})
    drawn = served.told("POST", f"{path}/assignments", json={"key": "monday"})
    served.told("POST", f"{path}/assignments", status=404, json={"key": "monday", "publication": "p"})
    post = {"published": served.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000000Z")}
    rows = {0: (1000, 30), 1: (2500, 20), 2: (2400, 70)}  # clicks were restated: what they come to counts
    writes = [Create("tenants/ann/publications/p", {"schema": 1, **post}), Create("tenants/ann/publications/q", post)]
    for day, (shown, clicks) in rows.items():
        counted = {"impressions": shown, "clicks": clicks}
        writes.append(Create(f"tenants/ann/metrics/p.{day:02}", {"day": day, "metrics": counted}))
    served.engine.documents.commit(writes)
    kept = served.told("POST", f"{path}/assignments", json={"key": "monday", "publication": "p"})
    assert kept == {**drawn, "publication": "p"}
    assert served.told("POST", f"{path}/assignments", json={"key": "monday", "publication": "p"}) == kept
    served.told("POST", f"{path}/assignments", status=412, json={"key": "monday", "publication": "q"})
    served.told("POST", f"{path}/assignments", status=400, json={"key": "tuesday", "publication": "p"})
    (arm,) = [one for one in served.told("GET", path)["arms"] if one["name"] == drawn["arm"]]
    assert (arm["impressions"], arm["clicks"], arm["spend_micros"]) == (2400, 70, None)


def test_a_post_counts_for_one_slot_though_two_name_it_at_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(served, shown="in_turn")
    for key in ("monday", "tuesday"):
        served.told("POST", f"{path}/assignments", json={"key": key})
    served.engine.documents.commit([Create("tenants/ann/publications/p", {"schema": 1})])
    look = drawing._free

    def meanwhile(*asked: Any) -> Any:
        found = look(*asked)
        monkeypatch.setattr(drawing, "_free", look)
        served.told("POST", f"{path}/assignments", json={"key": "tuesday", "publication": "p"})
        return found

    monkeypatch.setattr(drawing, "_free", meanwhile)
    body = {"key": "monday", "publication": "p"}
    assert "counts for an arm already" in served.told("POST", f"{path}/assignments", status=400, json=body)["detail"]
    rows = served.engine.documents.query("assignments", parent="tenants/ann")
    assert sorted((row.body["key"], row.body["publication"]) for row in rows) == [("monday", None), ("tuesday", "p")]


def test_a_post_that_tells_more_clicks_than_views_is_told_of_by_its_day(served: Served) -> None:
    path = made(served, shown="in_turn")
    drawn = served.told("POST", f"{path}/assignments", json={"key": "monday"})
    post = {"schema": 1, "published": served.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000000Z")}
    told = {"day": 0, "metrics": {"impressions": 10, "clicks": 20}}
    writes = [Create("tenants/ann/publications/p", post), Create("tenants/ann/metrics/p.00", told)]
    served.engine.documents.commit(writes)
    served.told("POST", f"{path}/assignments", json={"key": "monday", "publication": "p"})
    assert served.told("GET", path)["state"] == "running"
    days(served)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and f"{drawn['arm']} on" in body["why"] and "20 clicks of 10" in body["why"]


def test_a_broken_count_freezes_it_until_it_is_whole_again(served: Served) -> None:
    path = made(served, rules={"least_impressions": 0})
    tell(served, path, A=(3000, 40), B=(3000, 36))
    days(served, 2)
    go(served, 15)
    body = served.told("GET", path)
    assert body["state"] == "running"
    held = shares(served, path)
    days(served)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and "there are no figures of A, B for" in body["why"] and "send" in body["why"]
    days(served, 2)
    assert shares(served, path) == held, "nothing moves without sight"
    first, today = served.told("GET", path)["started"][:10], served.clock.now().date()
    since = [day.isoformat() for n in range(9) if (day := today - timedelta(days=n)).isoformat() > first]
    rows = [{"arm": arm, "date": day, "impressions": 3000, "clicks": 40} for arm in "AB" for day in since]
    served.told("POST", f"{path}/figures", json={"figures": rows})
    go(served, 2)
    assert served.told("GET", path)["state"] == "running"
    types = [snap.body["type"] for snap in served.engine.documents.query("events", parent="tenants/ann", limit=99)]
    assert types.count("experiment.frozen") == 1


def test_impressions_without_clicks_freeze_it(served: Served) -> None:
    path = made(served)
    tell(served, path, A=(3000, 60), B=(3000, 0))
    days(served, 2)
    go(served, 15)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and "B was shown 3000 times and clicked never" in body["why"]


def test_what_is_stopped_stays_stopped(served: Served) -> None:
    path = made(served)
    for _ in range(2):
        assert served.told("POST", f"{path}/stop")["state"] == "stopped"
    refused = served.told("POST", f"{path}/assignments", status=400, json={"key": "x"})
    assert "it is stopped" in refused["detail"]
    assert "make another" in served.told("POST", f"{path}/start", status=400)["detail"]
    before = served.told("GET", path)
    tell(served, path, A=(9000, 900), B=(9000, 9))
    days(served, 4)
    after = served.told("GET", path)
    assert (after["state"], after["shares"], after["days"]) == ("stopped", before["shares"], before["days"])
    chore = experimenting.key_of("ann", path.rsplit("/", 1)[1])
    assert served.engine.documents.get_many([chore])[chore].body["state"] == "done"


def test_the_cap_ends_it_and_no_more_is_handed_out_than_it_leaves(served: Served) -> None:
    path = made(served, rules={"cap_micros": 10_000_000, "daily_micros": 4_000_001})
    today = served.clock.now().date().isoformat()
    rows = [{"arm": arm, "date": today, "impressions": 1000, "clicks": 9, "spend_micros": 3_500_000} for arm in "AB"]
    assert [arm["allotted_micros"] for arm in served.told("GET", path)["arms"]] == [2_000_000, 2_000_000]
    served.told("POST", f"{path}/figures", json={"figures": rows})
    assert [arm["allotted_micros"] for arm in served.told("GET", path)["arms"]] == [1_500_000, 1_500_000]
    unknown = {"figures": [{**rows[0], "spend_micros": None}]}
    served.told("POST", f"{path}/figures", json=unknown)
    days(served)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and "the cap cannot be kept" in body["why"]
    assert [arm["allotted_micros"] for arm in body["arms"]] == [0, 0]
    served.told("POST", f"{path}/figures", json={"figures": [{**row, "spend_micros": 5_000_000} for row in rows]})
    go(served, 2)
    body = served.told("GET", path)
    assert body["state"] == "stopped" and "cap" in body["why"]


def test_the_last_word_counts_and_what_was_told_before_is_kept(served: Served) -> None:
    path = made(served)
    assert tell(served, path, A=(1000, 10), B=(1000, 12)) == {"changed": 2}
    assert tell(served, path, A=(1000, 10)) == {"changed": 0}
    assert tell(served, path, A=(1200, 11)) == {"changed": 1}
    (arm, _) = served.told("GET", path)["arms"]
    assert (arm["impressions"], arm["clicks"]) == (1200, 11)
    rows = served.engine.documents.query("experiment_figures", parent="tenants/ann")
    (row,) = [snap.body for snap in rows if snap.body["arm"] == "A"]
    assert [one["counted"]["clicks"] for one in row["history"]] == [10]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"clicks": 1001}, "row 2: 1001 clicks of 1000 impressions cannot be"),
        ({"arm": "Z"}, "row 2: there is no arm Z"),
        ({"arm": "A"}, "row 2: A on"),
        ({"date": "2099-01-01"}, "row 2: 2099-01-01 is not a day of it"),
        ({"date": "2000-01-01"}, "is not a day of it"),
        ({"date": "2026-02-31"}, "date"),
        ({"impressions": -1}, "impressions"),
        ({"clicks": 1.5}, "clicks"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_figures_that_cannot_be_are_refused_all_of_them(served: Served, row: dict[str, Any], why: str) -> None:
    path = made(served)
    today = served.clock.now().date().isoformat()
    good = {"arm": "A", "date": today, "impressions": 1000, "clicks": 10}
    refused = served.told("POST", f"{path}/figures", status=400, json={"figures": [good, {**good, "arm": "B", **row}]})
    assert why in str(refused)
    assert served.engine.documents.query("experiment_figures", parent="tenants/ann") == []


@pytest.mark.parametrize(
    "more",
    [
        {"arms": arms("A")},
        {"arms": arms("A", "A")},
        {"arms": arms(*"ABCDEFGHIJKLM")},
        {"arms": [{"name": "A"}, {"name": "B"}]},
        {"arms": arms("A", "B", campaigns=["x"])},
        {"kind": "clip"},
        {"rules": {"step": 0.2}},
        {"rules": {"floor": 0.5}},
        {"rules": {"cap_micros": -1}},
        {"arms": [*arms("A"), {"name": "B", "text": "t", "prior": {"mean": 0, "strength": 50}}]},
        {"arms": [*arms("A"), {"name": "B", "text": "t", "clip": "none"}]},
        {"surprise": 1},
    ],
)
def test_what_cannot_be_an_experiment_is_refused(served: Served, more: dict[str, Any]) -> None:
    wanted = {"name": "Titles", "kind": "title", "arms": arms("A", "B"), **more}
    assert served.ask("POST", "/v1/experiments", json=wanted).status_code in (400, 404)
    assert served.told("GET", "/v1/experiments")["items"] == []


def test_it_starts_once_whoever_starts_it(served: Served) -> None:
    wanted = {"name": "Titles", "kind": "title", "arms": arms("A", "B")}
    name = served.told("POST", "/v1/experiments", status=201, json=wanted)["id"]
    path = f"/v1/experiments/{name}"
    served.told("POST", f"{path}/assignments", status=400, json={"key": "x"})
    tell(served, path, 400, A=(10, 1))
    started = [served.told("POST", f"{path}/start")["started"] for _ in range(2)]
    assert started[0] == started[1]
    assert [one["id"] for one in served.told("GET", "/v1/experiments?state=running")["items"]] == [name]
    assert served.told("GET", "/v1/experiments?state=draft")["items"] == []


def test_many_who_start_and_draw_at_once_get_one_experiment_and_one_arm(served: Served) -> None:
    wanted = {"name": "Titles", "kind": "title", "arms": arms("A", "B")}
    name = served.told("POST", "/v1/experiments", status=201, json=wanted)["id"]
    documents, tenant = served.engine.documents, "ann"
    acting = Acting(documents=documents, clock=served.clock, tenant=tenant, subject="ann", role="owner", request="r")

    def start(n: int) -> bool:
        made = experimenting.planned(served.engine, tenant, name, f"ann {n}")
        return lifecycle.start(acting, name, made, lambda snap: ({}, []))

    with ThreadPoolExecutor(8) as at_once:
        assert sum(at_once.map(start, range(8))) == 1
        drawn = list(at_once.map(lambda n: drawing.draw(acting, name, f"slot {n % 2}"), range(16)))
    assert len({one.key: one for one in drawn}) == len(set(drawn)) == 2
    assert drawing.drawn(documents, tenant, name) == sorted(set(drawn), key=lambda one: one.key)
    assert len(documents.query("allocations", parent="tenants/ann")) == 1


def test_the_figures_of_campaigns_are_read_and_a_day_one_does_not_tell_is_no_day(served: Served) -> None:
    names = ("c1", "c2", "c3")
    served.engine.documents.commit([Create(f"tenants/ann/campaigns/{one}", {"schema": 1}) for one in names])
    both = [{**arms("A")[0], "campaigns": ["c1", "c2"]}, {**arms("B")[0], "campaigns": ["c3"]}]
    path = made(served, arms=both, rules={"cap_micros": 50_000_000})
    assert "read from its posts and campaigns" in str(tell(served, path, 400, A=(1, 0)))
    first = served.clock.now().date()
    counted: dict[str, list[tuple[int, int | None]]] = {  # the day before it began, its first and its second
        "c1": [(700, 70), (900, 9), (1000, None)],
        "c2": [(700, 70), (100, 1), (500, 5)],
        "c3": [(700, 70), (1000, 12), (1500, 20)],
    }
    writes = []
    for campaign, rows in counted.items():
        for n, (shown, clicks) in enumerate(rows):
            date = (first + timedelta(days=n - 1)).isoformat()
            told = {"impressions": shown, "clicks": clicks, "spend_micros": 1_000_000}
            body = {"campaign": campaign, "date": date, "metrics": told}
            writes.append(Create(f"tenants/ann/campaign_metrics/{campaign}.{date}", body))
    served.engine.documents.commit(writes)
    one, other = served.told("GET", path)["arms"]
    assert (one["impressions"], one["clicks"], one["spend_micros"]) == (1000, 10, 4_000_000), "money is known"
    assert (other["impressions"], other["clicks"], other["spend_micros"]) == (2500, 32, 2_000_000)
    days(served, 3)
    go(served, 15)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and f"no figures of A for {first + timedelta(days=1)}" in body["why"]


def advertised(served: Served, *names: str) -> None:
    """Campaigns that are made, of an account of which 50 a day may be spent."""
    plan = {"name": "Tea", "currency": "EUR", "daily_micros": 2_000_000, "end": None}
    body = {"schema": 1, "step": "ready", "channel": "c", "plan": plan, "a_day": 2_000_000, "rehearsal": False}
    body |= {"delivery": "paused", "state": "done", "wake": 0, "kind": "campaign", "attempt": 0}
    limit = {"schema": 1, "most_daily_micros": 50_000_000, "currency": "EUR"}
    writes = [Create(f"tenants/ann/campaigns/{one}", body) for one in names]
    served.engine.documents.commit([*writes, Create("tenants/ann/budgets/c", limit)])


def read_off(served: Served, campaign: str, n: int, **metrics: int | None) -> None:
    """What is known of a campaign on the day that is so many after today."""
    day = (served.clock.now().date() + timedelta(days=n)).isoformat()
    told = {"impressions": None, "clicks": None, "spend_micros": None, **metrics}
    body = {"campaign": campaign, "date": day, "metrics": told}
    served.engine.documents.commit([Create(f"tenants/ann/campaign_metrics/{campaign}.{day}", body)])


@pytest.mark.parametrize(
    "untold",
    [
        {"impressions": 900, "clicks": None},
        {"impressions": None, "clicks": None},
        {"impressions": 9, "clicks": 10},  # which cannot be
    ],
)
def test_money_counts_against_the_cap_whatever_is_known_of_the_clicks(
    served: Served, untold: dict[str, int | None]
) -> None:
    advertised(served, "c1", "c2", "c3")
    both = [{**arms("A")[0], "campaigns": ["c1", "c2"]}, {**arms("B")[0], "campaigns": ["c3"]}]
    path = made(served, arms=both, rules={"cap_micros": 10_000_000, "daily_micros": 4_000_000})
    read_off(served, "c1", 0, **untold, spend_micros=5_000_000)
    read_off(served, "c2", 0, impressions=500, clicks=5, spend_micros=2_000_000)
    read_off(served, "c3", 0, impressions=500, clicks=5, spend_micros=1_000_000)
    one, other = served.told("GET", path)["arms"]
    assert (one["impressions"], one["clicks"], one["spend_micros"]) == (0, 0, 7_000_000)
    assert (other["impressions"], other["clicks"], other["spend_micros"]) == (500, 5, 1_000_000)
    assert [arm["allotted_micros"] for arm in (one, other)] == [1_000_000, 1_000_000]
    read_off(served, "c2", 1, impressions=None, clicks=None, spend_micros=2_000_000)
    days(served)
    body = served.told("GET", path)
    assert body["state"] == "stopped" and "its cap of 10.00 is spent" in body["why"]


def test_money_that_nobody_tells_freezes_what_has_a_cap_though_its_clicks_are_not_told(served: Served) -> None:
    advertised(served, "c1", "c2")
    both = [{**arms(name)[0], "campaigns": [one]} for name, one in (("A", "c1"), ("B", "c2"))]
    path = made(served, arms=both, rules={"cap_micros": 10_000_000, "daily_micros": 4_000_000})
    read_off(served, "c1", 0, impressions=900, clicks=None, spend_micros=None)
    read_off(served, "c2", 0, impressions=900, clicks=9, spend_micros=1_000_000)
    assert [arm["spend_micros"] for arm in served.told("GET", path)["arms"]] == [None, 1_000_000]
    days(served)
    body = served.told("GET", path)
    assert body["state"] == "frozen" and "the cap cannot be kept" in body["why"]
    assert [arm["allotted_micros"] for arm in body["arms"]] == [0, 0]


def test_an_arm_begins_from_what_the_model_said_of_its_clip(served: Served) -> None:
    said = {"account": "x-ann", "prediction": {"value": 0.031, "low": 0.02, "high": 0.04}}
    other = {"account": "x-bob", "prediction": {"value": 0.5}}
    served.engine.documents.commit(
        [
            *(Create(f"tenants/ann/clips/a1-1.{n}", {"schema": 1}) for n in (1, 2)),
            Create("tenants/ann/predictions/a1-1.1", {"schema": 1, "accounts": [other, said]}),
            Create("tenants/ann/predictions/a1-1.2", {"schema": 1, "accounts": [{**said, "prediction": None}]}),
        ]
    )
    both = [{"name": "A", "clip": "a1-1.1"}, {"name": "B", "clip": "a1-1.2"}]
    wanted = {"name": "Clips", "kind": "clip", "arms": both, "account": "x-ann"}
    found = served.told("POST", "/v1/experiments", status=201, json=wanted)["arms"]
    assert [arm["prior"] for arm in found] == [{"mean": 0.031, "strength": 75.0}, None]


def posted(served: Served, path: str, n: int) -> None:
    """So many slots, drawn even, of whose posts A had 1 click of 100 views and B 3."""
    name, now = path.rsplit("/", 1)[1], served.clock.now()
    at = now.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    for number in range(n):
        arm, post = "AB"[number % 2], f"p{number:04}"
        shares = {"A": 0.5, "B": 0.5}
        drawn = {"experiment": name, "key": post, "arm": arm, "propensity": 0.5, "shares": shares, "at": at}
        told = {"impressions": 1000, "clicks": 10 if arm == "A" else 30}
        served.engine.documents.commit(
            [
                Create(f"tenants/ann/assignments/{name}.{post}", {**drawn, "publication": post, "asset": None}),
                Create(f"tenants/ann/publications/{post}", {"schema": 1, "published": at}),
                Create(f"tenants/ann/metrics/{post}.00", {"day": 0, "metrics": told}),
            ]
        )


def test_what_another_choice_would_have_brought_is_told_or_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted = {"name": "Titles", "kind": "title", "arms": arms("A", "B")}
    draft = served.told("POST", "/v1/experiments", status=201, json=drafted)["id"]
    told = served.told("GET", f"/v1/experiments/{draft}/evaluation")
    assert (told["drawn"], told["counted"], told["lacks"]) == (0, None, {"have": 0, "need": 500, "of": "slots"})
    path = made(served, shown="in_turn", rules={"longest_days": 365})
    assert "the arms are A, B" in served.told("GET", f"{path}/evaluation?choose=C", status=400)["detail"]
    served.told("POST", f"{path}/assignments", json={"key": "without a post"})
    posted(served, path, 1004)
    told = served.told("GET", f"{path}/evaluation?choose=B")
    assert (told["drawn"], told["posted"], told["counted"], told["estimates"]) == (1005, 1004, 0, []), "not ripe yet"
    served.clock.at += timedelta(days=3)
    told = served.told("GET", f"{path}/evaluation?choose=B")
    assert told["why"] is None and told["worth"] == 502 and told["had"] == pytest.approx(0.02)
    by_view, by_slot = told["estimates"]
    assert (by_view["estimator"], by_slot["estimator"]) == ("SNIPW", "IPW"), "no model said anything of the arms"
    assert by_view["value"] == pytest.approx(0.03) and by_slot["value"] == pytest.approx(30)
    served.engine.documents.commit([Delete(f"tenants/ann/metrics/p{n:04}.00") for n in range(1, 9, 2)])
    told = served.told("GET", f"{path}/evaluation?choose=B")
    assert told["counted"] == 1000 and told["lacks"]["have"] == 498 and told["estimates"] == []
    assert "worth 498 of the 500 slots" in told["why"] and "draw more slots" in told["why"]
    monkeypatch.setattr(evaluating, "MOST", 600)
    told = served.told("GET", f"{path}/evaluation?choose=B")
    assert (told["posted"], told["counted"]) == (1004, 600), "the last are taken, and the others are not denied"


def test_who_may_only_look_changes_nothing_and_nobody_meets_those_of_others(served: Served) -> None:
    studio = served.told("POST", "/v1/organisations", status=201, json={"name": "Studio"})["id"]
    where = {"Cutroom-Organisation": studio}
    served.told("POST", "/v1/members", status=201, json={"subject": "eve", "role": "editor"}, headers=where)
    wanted = {"name": "Titles", "kind": "title", "arms": arms("A", "B")}
    served.told("POST", "/v1/experiments", "eve", 403, json=wanted, headers=where)
    name = served.told("POST", "/v1/experiments", status=201, json=wanted, headers=where)["id"]
    path = f"/v1/experiments/{name}"
    assert served.told("GET", path, "eve", headers=where)["state"] == "draft"
    for what in ("start", "stop", "figures", "assignments"):
        assert served.ask("POST", f"{path}/{what}", "eve", headers=where, json={"key": "x"}).status_code in (400, 403)
    served.told("GET", path, "bob", 404)
    assert served.told("GET", "/v1/experiments", "bob")["items"] == []
