"""An experiment that hands out money by the API alone: told before it does, begun by who may, ended by who will."""

from __future__ import annotations

from typing import Any

from common.ports.documents import Merge
from tests.api.conftest import Served
from tests.api.test_campaigns_api import ads, limited, made, wanted
from tests.api.test_publications_api import go
from tests.publishing.plain_ads import PlainAds

__all__ = ["ads"]  # a fixture


def campaigns(served: Served) -> tuple[dict[str, Any], list[str]]:
    """Two that run, of 20 a day each; and what they were asked for by."""
    told = wanted(served)
    limited(served, told, 60_000_000)
    paths = [made(served, told) for _ in range(2)]
    for path in paths:
        served.told("POST", f"{path}/status", json={"status": "active"})
    go(served, 3)
    return told, [path.rsplit("/", 1)[1] for path in paths]


def drafted(served: Served, named: list[str], **rules: Any) -> str:
    arms = [{"name": arm, "text": f"Title {arm}", "campaigns": [one]} for arm, one in zip("AB", named, strict=True)]
    body: dict[str, Any] = {"name": "Titles", "kind": "title", "arms": arms, "shown": "together"}
    body["rules"] = {"daily_micros": 30_000_000, **rules}
    return f"/v1/experiments/{served.told('POST', '/v1/experiments', status=201, json=body)['id']}"


def test_money_is_told_of_before_it_moves_moves_with_the_start_and_stops_with_the_stop(
    served: Served, ads: PlainAds
) -> None:
    told, named = campaigns(served)
    path = drafted(served, named)
    draft = served.told("GET", path)
    assert (
        "Once it is started, 30.00 EUR a day at most" in draft["money"] and "It lets no campaign run" in draft["money"]
    )
    assert [arm["budget_micros"] for arm in draft["arms"]] == [None, None]
    key = served.told("POST", "/v1/keys", status=201, json={"name": "p", "role": "publisher"})["text"]
    assert served.ask("POST", f"{path}/start", key).status_code == 403, "who may let no campaign run"
    served.told("POST", f"{path}/start")
    go(served, 5)
    body = served.told("GET", path)
    assert [arm["budget_micros"] for arm in body["arms"]] == [15_000_000] * 2 == list(ads.budgets.values())
    assert [arm["allotted_micros"] for arm in body["arms"]] == [15_000_000] * 2
    one = served.told("GET", f"/v1/campaigns/{named[0]}")
    assert (one["daily_micros"], one["wanted_daily_micros"]) == (15_000_000, None)
    assert one["experiment"] == path.rsplit("/", 1)[1]
    budget = f"/v1/channels/{told['channel']}/budget"
    assert served.told("GET", budget)["used_daily_micros"] == 30_000_000
    again = drafted(served, named)
    assert "stop that one first" in served.told("POST", f"{again}/start", status=400)["detail"]
    assert served.ask("POST", f"{path}/stop", key).status_code == 200, "whoever may experiment may end it"
    assert served.told("GET", path)["money"].startswith("Its campaigns are being paused")
    go(served, 3)
    assert set(ads.states.values()) == {"paused"}
    assert "were paused" in served.told("GET", path)["money"]
    one = served.told("GET", f"/v1/campaigns/{named[0]}")
    assert (one["delivery"], one["experiment"], one["daily_micros"]) == ("paused", None, 15_000_000)


def test_a_budget_that_is_refused_is_said_where_people_look(served: Served, ads: PlainAds) -> None:
    _, named = campaigns(served)
    ads.refuses_below = 16_000_000
    path = drafted(served, named)
    served.told("POST", f"{path}/start")
    go(served, 5)
    body = served.told("GET", path)
    assert body["state"] == "running" and body["money"].count("Refused: 15.00 EUR a day for Tea") == 2
    assert "the budget is too low" in body["money"] and ads.budgets == {}
    assert "stays 20.00 EUR a day" in served.told("GET", f"/v1/campaigns/{named[0]}")["error"]["text"]


def test_what_is_spent_in_two_currencies_is_never_added_up(served: Served, ads: PlainAds) -> None:
    _, named = campaigns(served)
    key = f"tenants/ann/campaigns/{named[0]}"
    plan = served.engine.documents.get_many([key])[key].body["plan"]
    served.engine.documents.commit([Merge(key, {"plan": {**plan, "currency": "USD"}})])
    arms = [{"name": arm, "text": arm, "campaigns": [one]} for arm, one in zip("AB", named, strict=True)]
    body = {"name": "T", "kind": "title", "arms": arms, "shown": "together", "rules": {"cap_micros": 9_000_000}}
    told = served.told("POST", "/v1/experiments", status=400, json=body)["detail"]
    assert (
        told
        == "its campaigns cost EUR and USD, which no sum and no cap can hold together; name campaigns of one currency"
    )


def test_what_hands_out_no_money_says_so(served: Served, ads: PlainAds) -> None:
    arms = [{"name": arm, "text": arm} for arm in "AB"]
    body: dict[str, Any] = {"name": "T", "kind": "title", "arms": arms, "rules": {"daily_micros": 1_000_000}}
    path = f"/v1/experiments/{served.told('POST', '/v1/experiments', status=201, json=body)['id']}"
    assert "Nothing changes a budget by itself" in served.told("POST", f"{path}/start")["money"]
    del body["rules"]
    assert served.told("POST", "/v1/experiments", status=201, json=body)["money"] is None
