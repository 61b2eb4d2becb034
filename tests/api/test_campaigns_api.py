"""Campaigns by the API alone: made paused within the budget, let run by somebody, stopped, settled, and told of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.chores import work
from common.domain.learning import Creative
from common.learning import registry
from common.ports.clock import stamp
from common.ports.documents import Create, Json, Merge
from common.scoring.ctr.training import train
from tests import learned
from tests.api.conftest import Served
from tests.api.test_publications_api import connected, go, postable
from tests.publishing.plain_ads import PlainAds

HASH = "a" * 64


@pytest.fixture
def ads(served: Served) -> PlainAds:
    made = PlainAds()
    served.tools = replace(served.tools, ads=lambda network: made)
    again = served.tools
    served.post.chores = lambda key: work.execute(again, key)
    return made


def wanted(served: Served, **more: Any) -> dict[str, Any]:
    account, page = connected(served, "meta-ads", "facebook")
    told: dict[str, Any] = {
        "clip": postable(served),
        "channel": account,
        "page": page,
        "name": "Tea",
        "objective": "traffic",
    }
    told |= {"categories": ["none"], "targeting": {"countries": ["DE"], "age_min": 25}, "currency": "EUR"}
    told |= {"message": "How to make tea", "link": "https://tea.example/", "daily_micros": 20_000_000}
    return {**told, "beneficiary": "Ann", "payor": "Ann", **more}


def limited(served: Served, told: dict[str, Any], most: int = 50_000_000) -> None:
    path = f"/v1/channels/{told['channel']}/budget"
    served.told("PUT", path, json={"most_daily_micros": most, "currency": "EUR"})


def made(served: Served, told: dict[str, Any]) -> str:
    name = str(served.told("POST", "/v1/campaigns", status=201, json=told)["id"])
    go(served, 5)
    return f"/v1/campaigns/{name}"


def test_a_campaign_is_made_paused_runs_when_told_and_is_put_away(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    limited(served, told)
    path = made(served, told)
    body = served.told("GET", path)
    assert (body["state"], body["delivery"], body["wanted"]) == ("ready", "paused", None)
    assert ads.made == dict.fromkeys(("campaign", "adset", "creative", "ad"), 1) and ads.switched == []
    assert body["predicted"] is not None and body["made"]["ad"]
    assert served.told("POST", f"{path}/status", json={"status": "active"})["wanted"] == "active"
    go(served, 5)
    assert served.told("GET", path)["delivery"] == "active" and ads.switched == ["active"]
    asset = served.told("GET", path)["clip"].partition("-")[0]
    assert served.told("DELETE", f"/v1/assets/{asset}", status=400)["code"] == "ad_runs", "it spends money still"
    assert served.told("DELETE", "/v1/me?subject=ann", status=400)["code"] == "ad_runs"
    assert served.told("DELETE", "/v1/organisation", status=400)["code"] == "ad_runs"
    insights = served.told("GET", f"{path}/insights")
    assert insights["items"][0]["rate"] == 0.025 and insights["items"][0]["metrics"]["conversions"] is None
    assert insights["outcome"]["metrics"]["spend_micros"] == 5_000_000 and insights["predicted"] == body["predicted"]
    served.told("POST", f"{path}/status", json={"status": "paused"})
    go(served, 5)
    assert served.told("GET", path)["delivery"] == "paused"
    budget = f"/v1/channels/{told['channel']}/budget"
    assert served.told("GET", budget)["used_daily_micros"] == 20_000_000
    served.told("POST", f"{path}/status", json={"status": "archived"})
    go(served, 5)
    assert served.told("GET", path)["state"] == "archived"
    assert served.told("GET", budget)["used_daily_micros"] == 0
    assert "archived" in served.told("POST", f"{path}/status", status=400, json={"status": "active"})["detail"]
    assert [one["id"] for one in served.told("GET", "/v1/campaigns?state=archived")["items"]] == [body["id"]]


def test_a_rehearsal_makes_nothing_and_takes_of_no_budget(served: Served, ads: PlainAds) -> None:
    told = wanted(served, validate_only=True)
    limited(served, told)
    body = served.told("GET", made(served, told))
    assert body["state"] == "validated" and body["left_out"][0]["what"] == "the ad" and not ads.made and ads.checks == 1
    assert served.told("GET", f"/v1/channels/{told['channel']}/budget")["used_daily_micros"] == 0


def test_nothing_goes_over_the_limit_of_the_organisation(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    refused = served.told("POST", "/v1/campaigns", status=400, json=told)
    assert refused["code"] == "no_limit" and "as an owner" in refused["detail"]
    limited(served, told, 50_000_000)
    path = made(served, told)
    made(served, told)
    refused = served.told("POST", "/v1/campaigns", status=400, json=told)
    assert refused["code"] == "limit" and "beside 40000000 of others" in refused["detail"]
    lifetime = {**told, "daily_micros": None, "lifetime_micros": 20_000_000}
    lifetime["end"] = stamp(served.clock.now() + timedelta(days=10))
    made(served, lifetime)  # two a day
    limited(served, told, 10_000_000)
    assert served.told("POST", f"{path}/status", status=400, json={"status": "active"})["code"] == "limit"
    assert ads.switched == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"categories": []}, "bad_input"),
        ({"categories": ["none", "housing"]}, "categories"),
        ({"categories": ["housing"]}, "targeting"),
        ({"targeting": {"countries": ["DE"], "age_min": 50, "age_max": 20}}, "targeting"),
        ({"targeting": {"countries": ["DE", "DE"]}}, "targeting"),
        ({"targeting": {"countries": ["Germany"]}}, "bad_input"),
        ({"targeting": {"countries": ["DE"], "interests": ["tea"]}}, "bad_input"),
        ({"targeting": {"countries": ["DE"], "age_min": 12}}, "bad_input"),
        ({"daily_micros": None}, "budget"),
        ({"lifetime_micros": 10_000_000}, "budget"),
        ({"daily_micros": 20_000_001}, "budget"),
        ({"daily_micros": None, "lifetime_micros": 10_000_000}, "times"),
        ({"start": "2020-01-01T00:00:00Z"}, "times"),
        ({"end": "2020-01-01T00:00:00Z"}, "times"),
        ({"end": "2099-01-01T00:00:00Z"}, "times"),
        ({"link": None}, "link"),
        ({"objective": "sales"}, "pixel"),
        ({"payor": None}, "payor"),
        ({"currency": "USD"}, "currency"),
        ({"message": " "}, "bad_input"),
        ({"surprise": 1}, "bad_input"),
    ],
)
def test_what_is_wrong_is_said_before_anybody_else_hears_of_it(
    served: Served, ads: PlainAds, more: dict[str, Any], code: str
) -> None:
    told = wanted(served)
    limited(served, told)
    refused = served.told("POST", "/v1/campaigns", status=400, json={**told, **more})
    assert refused["code"] == code, refused
    assert served.told("GET", "/v1/campaigns")["items"] == [] and not ads.checks


def test_channels_are_of_the_right_networks_and_connected(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    limited(served, told)
    swapped = {**told, "channel": told["page"], "page": told["channel"]}
    assert served.told("POST", "/v1/campaigns", status=400, json=swapped)["code"] == "account"
    served.engine.documents.commit([Merge(f"tenants/ann/channels/{told['page']}", {"state": "broken"})])
    assert served.told("POST", "/v1/campaigns", status=400, json=told)["code"] == "account"
    served.told("POST", "/v1/campaigns", status=404, json={**told, "channel": "0" * 16})
    served.told("POST", "/v1/campaigns", status=404, json={**told, "clip": "none.1"})
    posted = {"clip": told["clip"], "channels": [told["channel"]], "at": "now"}
    assert "ad account" in served.told("POST", "/v1/publications", status=400, json=posted)["detail"]


def test_a_clip_that_failed_its_check_is_not_advertised(served: Served, ads: PlainAds) -> None:
    told = wanted(served) | {"clip": postable(served, misfit="facebook_reels")}
    limited(served, told)
    refused = served.told("POST", "/v1/campaigns", status=400, json=told)
    assert refused["code"] == "limits" and "longest length" in refused["detail"]


def test_nobody_below_admin_spends_and_none_but_owners_say_how_much(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    limited(served, told)
    path = made(served, told)
    for role, may in (("viewer", False), ("publisher", False), ("admin", True)):
        key = served.told("POST", "/v1/keys", status=201, json={"name": role, "role": role})["text"]
        assert served.ask("GET", path, key).status_code == 200
        status = served.ask("POST", f"{path}/status", key, json={"status": "active"}).status_code
        assert status == (200 if may else 403), role
        budget = {"most_daily_micros": 1, "currency": "EUR"}
        assert served.ask("PUT", f"/v1/channels/{told['channel']}/budget", key, json=budget).status_code == 403
    assert served.ask("GET", path, "bob").status_code == 404


def test_what_nobody_knows_a_person_settles_and_it_goes_on(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    limited(served, told)
    ads.loses = ["adset", "ad"]
    path = made(served, told)
    assert served.told("GET", path)["doubt"] == "adset" and ads.made["adset"] == 0
    assert "not made yet" in served.told("POST", f"{path}/status", status=400, json={"status": "active"})["detail"]
    served.told("POST", f"{path}/settle", json={"made": None})
    go(served, 5)
    assert served.told("GET", path)["doubt"] == "ad" and ads.made["adset"] == 1
    served.told("POST", f"{path}/settle", json={"made": "4242"})
    go(served, 5)
    body = served.told("GET", path)
    assert (body["state"], body["made"]["ad"], body["delivery"]) == ("ready", "4242", "paused") and ads.made["ad"] == 0
    served.told("POST", f"{path}/settle", status=400, json={"made": None})


def events(served: Served, *ages: timedelta, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": "Purchase",
            "id": f"order-{n}",
            "at": stamp(served.clock.now() - age),
            "source": "website",
            "url": "https://tea.example/",
            "user": {"email_hash": HASH},
            "value_micros": 12_000_000,
            "currency": "EUR",
            **more,
        }
        for n, age in enumerate(ages)
    ]


def test_conversions_are_told_once_the_old_left_out_and_nothing_of_them_kept(served: Served, ads: PlainAds) -> None:
    (account,) = connected(served, "meta-ads")
    sent = events(served, timedelta(0), timedelta(days=6, hours=23), timedelta(days=7), timedelta(days=-1))
    told = {"channel": account, "pixel": "7001", "events": [*sent, sent[0]]}
    body = served.told("POST", "/v1/conversions", status=202, json=told)
    assert body["taken"] == 2 and body["received"] is None
    assert [one["what"] for one in body["left_out"]] == ["order-2", "order-3", "order-0"]
    assert "more than 7 days ago" in body["left_out"][0]["why"]
    go(served, 2)
    body = served.told("GET", f"/v1/conversions/{body['id']}")
    assert (body["state"], body["received"], body["error"]) == ("done", 2, None)
    assert [one.id for one in ads.told] == ["order-0", "order-1"] and ads.told[0].user == {"em": HASH}
    again = served.told("POST", "/v1/conversions", status=202, json=told)
    assert again["id"] is None and again["taken"] == 0 and len(again["left_out"]) == 5
    kept = [one.body for name in ("chores", "conversions") for one in served.engine.documents.query(name)]
    assert HASH not in str(kept), "it is about people"


@pytest.mark.parametrize(
    "more",
    [
        {"user": {}},
        {"user": {"email_hash": "ann@tea.example"}},
        {"user": {"email": "ann@tea.example"}},
        {"currency": None},
        {"url": None},
        {"name": ""},
        {"at": "yesterday"},
    ],
)
def test_events_that_are_none_are_refused(served: Served, ads: PlainAds, more: dict[str, Any]) -> None:
    (account,) = connected(served, "meta-ads")
    told = {"channel": account, "pixel": "7001", "events": events(served, timedelta(0), **more)}
    served.told("POST", "/v1/conversions", status=400, json=told)


def test_what_is_foretold_of_it_is_for_whom_it_is_shown_to(served: Served, ads: PlainAds) -> None:
    told = wanted(served)
    limited(served, told, 900_000_000)
    described(served, told["clip"])
    some = learned.creatives({told["channel"]: 400})
    name = speaks(served, [replace(one, segments=group, clicks=clicks) for one, group, clicks in shown(some)])

    def ctr(**targeting: Any) -> dict[str, Any]:
        path = served.told("POST", "/v1/campaigns", status=201, json={**told, "targeting": targeting})["id"]
        kept = served.told("GET", f"/v1/campaigns/{path}")["predicted"]["ctr"]
        assert kept["model"] == name
        return dict(kept)

    everybody = ctr(countries=["DE"], age_min=18)
    assert everybody["shown_to"] == {"country": ["de"]}
    assert [one["what"] for one in everybody["left_out"]] == ["country de", "age 18+"]
    young, old = (ctr(countries=["DE"], age_min=low, age_max=high) for low, high in ((18, 24), (25, 34)))
    assert young["shown_to"] == {"country": ["de"], "age": ["18-24"]}
    assert young["prediction"]["value"] > 1.3 * old["prediction"]["value"], "as it came of those before"
    women = ctr(countries=["DE"], age_min=18, age_max=24, gender="women")
    assert women["shown_to"]["gender"] == ["women"]
    both = ctr(countries=["DE"], age_min=18, age_max=34)
    assert both["shown_to"]["age"] == ["18-24", "25-34"]
    values = [one["prediction"]["value"] for one in (old, both, young)]
    assert values == sorted(values)
    assert both["prediction"]["low"] == old["prediction"]["low"], "whomever of them it is shown to"
    assert both["prediction"]["high"] == young["prediction"]["high"]
    (age,) = (one for one in both["prediction"]["contributions"] if one["name"] == "age")
    assert "its age, one of 18-24, 25-34," in age["text"]

    def base(kept: dict[str, Any]) -> float:
        one = kept["prediction"]
        return math.log(one["value"] / (1 - one["value"])) - math.fsum(part["effect"] for part in one["contributions"])

    assert math.isclose(base(both), base(old), abs_tol=1e-6), "what it hangs on still adds up"


def shown(some: list[Creative]) -> Iterator[tuple[Creative, dict[str, str], int]]:
    """Alike to three ages and both genders; the younger, the more of them click."""
    for n, one in enumerate(some):
        age = ("18-24", "25-34", "35-44")[n % 3]
        group = {"age": age, "gender": ("women", "men")[n % 2]}
        yield one, group, int(one.clicks * (1.0, 0.6, 0.4)[n % 3])


def described(served: Served, clip: str) -> None:
    """What the stage keeps of a clip, before anything was learned."""
    body: Json = {"features_version": "f1", "features": {learned.NAMES[0]: 0.5}, "created": stamp(served.clock.now())}
    served.engine.documents.commit([Create(f"tenants/ann/predictions/{clip}", body)])


def speaks(served: Served, some: list[Creative]) -> str:
    made, engine = train(some, now=learned.NOW, features_version="f1"), served.engine
    version = registry.put(engine.documents, engine.objects, engine.clock, "ann", made.ubj, made.manifest)
    registry.promote(engine.documents, engine.objects, engine.clock, "ann", version, by="ann", why="it is good")
    return f"ctr@{version}"
