"""Accounts that a table names and channels that are connected: matched where it is certain, else by a person's word."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from common.chores import learning, work
from common.chores.connections import channels
from common.learning import history as learned_from
from common.learning import registry
from common.ports.documents import Create, Merge
from common.signals.features.registry import VERSION
from tests.api import test_predictions_api as predictions
from tests.api.conftest import Served
from tests.api.test_campaigns_api import limited, wanted
from tests.api.test_history_api import brought
from tests.api.test_publications_api import connected, go, postable
from tests.publishing.plain_ads import PlainAds

HEAD = "Account name,Ad ID,Day,Impressions,Link clicks"


def table(account: str, count: int = 140, *, ident: str | None = None) -> str:
    """Ads of which about 2 % of those who see them click."""
    chance = random.Random(5)
    rows = [HEAD if ident is None else f"{HEAD},Account ID"]
    for n in range(count):
        shown = chance.randrange(2000, 9000)
        clicks = sum(chance.random() < 0.02 for _ in range(shown))
        day = date(2025, 3, 1) + timedelta(days=n % 150)
        rows.append(f'"{account}",7{n},{day},{shown},{clicks}' + ("" if ident is None else f",{ident}"))
    return "\n".join(rows)


def channel(served: Served, name: str, *, network: str = "meta-ads", account: str = "123456", **more: Any) -> str:
    """Another channel; its id."""
    made = channels.id_of(network, account)
    body = {"schema": 1, "network": network, "account": account, "name": name, "state": "connected", **more}
    served.engine.documents.commit([Create(channels.key_of("ann", made), {**body, "expires": None})])
    return made


def taken(served: Served, text: str, **more: Any) -> Any:
    wanted = {"table": text, **more}
    made = served.told("POST", "/v1/history", status=202, json=wanted)
    go(served, 3)
    return served.told("GET", f"/v1/history/{made['id']}")


def whose(told: Any) -> list[tuple[str, str | None]]:
    return [(one["account"], one["channel"]) for one in told["accounts"]]


def accounts(served: Served) -> set[str]:
    """Under which what was imported would be learned from now."""
    found = learned_from.creatives(served.engine.documents, "ann", served.clock.now())
    return {one.account for one in found.creatives}


def spoken_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model that was trained as ever speaks, and a clip has the features that it knows."""
    learning.look(served.engine, "ann", asked="ann")
    shelf = registry.read(served.engine.documents, "ann")
    if shelf.live is None:
        assert shelf.newest is not None
        there = (served.engine.documents, served.engine.objects, served.engine.clock, "ann")
        registry.promote(*there, str(shelf.newest["version"]), by="ann", why="it is good")
    monkeypatch.setattr(predictions, "FEATURES", VERSION)
    clip = postable(served)
    predictions.made(served, clip)
    return clip


def asked(served: Served, clip: str, account: str) -> Any:
    return served.told("POST", "/v1/predictions", json={"clip": clip, "account": account})


@pytest.fixture
def ads(served: Served) -> Iterator[PlainAds]:
    made = PlainAds()
    served.tools = again = replace(served.tools, ads=lambda network: made)
    served.post.chores = lambda key: work.execute(again, key)
    yield made


def test_a_campaign_of_a_channel_is_foretold_by_what_was_imported_under_its_name(
    served: Served, ads: PlainAds, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = wanted(served)
    limited(served, told)
    report = taken(served, table(" ann ON meta-ads"))
    assert whose(report) == [("ann ON meta-ads", told["channel"])]
    assert report["accounts"][0]["name"] == "Ann on meta-ads" and "has its name" in report["accounts"][0]["why"]
    assert accounts(served) == {told["channel"]}
    predictions_of = spoken_for(served, monkeypatch)
    path = served.told("POST", "/v1/campaigns", status=201, json={**told, "clip": predictions_of})["id"]
    kept = served.told("GET", f"/v1/campaigns/{path}")["predicted"]["ctr"]
    assert kept["silence"] is None and kept["name"] == "Ann on meta-ads"
    assert kept["prediction"]["low"] < 0.02 < kept["prediction"]["high"]
    assert kept["prediction"]["account"] == told["channel"]


def test_a_channel_that_comes_after_the_model_is_answered_for_at_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = taken(served, table("Tea Shop", ident="act_123456"))
    assert whose(report) == [("Tea Shop", None)] and "no channel has" in report["accounts"][0]["why"]
    clip = spoken_for(served, monkeypatch)
    by_name = asked(served, clip, "Tea Shop")["prediction"]
    assert accounts(served) == {"Tea Shop"} and by_name is not None
    mine = channel(served, "Called otherwise")
    assert asked(served, clip, mine)["prediction"]["value"] == by_name["value"]
    assert accounts(served) == {mine}
    assert asked(served, clip, "Tea Shop")["prediction"]["value"] == by_name["value"]
    served.engine.documents.commit([Merge(channels.key_of("ann", mine), {"state": "disconnected"})])
    assert accounts(served) == {"Tea Shop"} and asked(served, clip, mine)["prediction"] is None


def test_what_is_of_no_channel_is_said_where_there_is_too_little_and_a_person_tells(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, twin = channel(served, "Tea Shop"), channel(served, "tea shop", account="9")
    report = taken(served, table("Tea Shop"))
    assert whose(report) == [("Tea Shop", None)]
    assert mine in report["accounts"][0]["why"] and "2 channels are called so" in report["accounts"][0]["why"]
    clip = spoken_for(served, monkeypatch)
    why = asked(served, clip, mine)["silence"]["why"]
    assert "not enough data" in why and "“Tea Shop”" in why and "scripts/learn accounts --as" in why
    (other,) = connected(served, "x")
    assert "scripts/learn" not in asked(served, clip, other)["silence"]["why"], "ads of Meta tell nothing of X"
    path = "/v1/history/accounts"
    (one,) = served.told("GET", path)["items"]
    assert (one["account"], one["creatives"], one["channel"]) == ("Tea Shop", 140, None)
    (one,) = served.told("PUT", path, json={"account": "Tea Shop", "channel": mine})["items"]
    assert (one["channel"], one["why"]) == (mine, "somebody said so")
    assert accounts(served) == {mine} and asked(served, clip, mine)["prediction"] is not None
    served.told("PUT", path, json={"account": "Tea Shop", "channel": "none"})
    why = asked(served, clip, twin)["silence"]["why"]
    assert accounts(served) == {"Tea Shop"} and "scripts/learn" not in why, "nobody asks twice"
    assert "2 channels" in served.told("PUT", path, json={"account": "Tea Shop", "channel": None})["items"][0]["why"]
    refused = served.told("PUT", path, status=400, json={"account": "Tea Shop", "channel": "f" * 16})
    assert mine in refused["detail"] and twin in refused["detail"]
    assert "lists them" in served.told("PUT", path, status=404, json={"account": "Nobody", "channel": mine})["detail"]
    served.told("GET", path, by="bob", status=200)
    assert served.told("GET", path, by="bob")["items"] == []


def test_a_table_is_said_to_be_of_a_channel_with_the_import(served: Served) -> None:
    mine, other = channel(served, "A"), channel(served, "B", account="9")
    text = table("One", 5) + "\n" + "\n".join(table("Two", 5).splitlines()[1:]).replace(",7", ",8")
    told = taken(served, text, whose={"One": mine})
    assert dict(whose(told)) == {"One": mine, "Two": None}
    told = taken(served, text, channel=other, rehearsal=True)
    assert dict(whose(told)) == {"One": other, "Two": other} and accounts(served) == {mine, "Two"}
    told = taken(served, text, channel=other, whose={"One": mine})
    assert dict(whose(told)) == {"One": mine, "Two": other} and accounts(served) == {mine, other}
    bare = "Ad ID,Day,Impressions,Link clicks\n1,2025-03-01,1000,9"
    assert whose(taken(served, bare, channel=mine)) == [(mine, mine)]
    told = taken(served, text, whose={"Three": mine})
    assert "names no account Three" in told["error"]["text"] and "One, Two" in told["error"]["text"]
    assert told["written"] == 0
    for wrong in ({"channel": "none"}, {"channel": "none such"}, {"whose": {"One": "none such"}}):
        refused = served.told("POST", "/v1/history", status=400, json={"table": text, **wrong})
        assert mine in refused["detail"] and other in refused["detail"]


def test_an_id_decides_and_a_name_does_not_where_ids_are_known(served: Served) -> None:
    mine = channel(served, "Shop")
    assert whose(taken(served, table("Shop", 3, ident="999"))) == [("Shop", None)]
    assert whose(taken(served, table("Shop", 3))) == [("Shop", None)], "it was told to be another"
    (other,) = connected(served, "x")
    told = taken(served, table("Ann on x", 3))
    assert whose(told) == [("Ann on x", None)] and other not in accounts(served), "of another network"
    for account in ("act_123456", "123456", mine):
        assert whose(taken(served, table(account, 3))) == [(account, mine)]
    only = "Account ID,Ad ID,Day,Impressions,Link clicks\nact_123456,1,2025-03-01,1000,9"
    assert whose(taken(served, only)) == [("act_123456", mine)]


def test_an_import_that_told_ids_is_taken_back_with_them(served: Served) -> None:
    mine = channel(served, "Called otherwise")
    taken(served, table("Shop", 3))
    second = taken(served, table("Shop", 3, ident="123456"))
    assert accounts(served) == {mine}
    served.told("DELETE", f"/v1/history/{second['id']}", status=202)
    go(served, 3)
    rows = served.engine.documents.query("outcomes", parent="tenants/ann", limit=10)
    assert [one.body["account_id"] for one in rows] == [None] * 3
    third = brought(served, "Ad ID,Day,Impressions,Link clicks\n1,2025-03-01,1000,9", account="Gone")
    served.told("DELETE", f"/v1/history/{third['id']}", status=202)
    go(served, 3)
    listed = served.told("GET", "/v1/history/accounts")["items"]
    assert "Gone" not in [one["account"] for one in listed], "nothing is learned from it"


def test_an_ad_that_is_told_under_two_names_of_one_channel_teaches_once(served: Served) -> None:
    mine = channel(served, "Shop")
    for account in (mine, "Shop", "Other"):
        taken(served, table(account, 3))
    found = learned_from.creatives(served.engine.documents, "ann", served.clock.now())
    assert sorted(one.account for one in found.creatives) == sorted([mine] * 3 + ["Other"] * 3)
    assert found.left_out == {learned_from.TOLD_OTHERWISE: 3}


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "\u202eShop", "Sh\x00op\x1b[31m", "\u200f\u200e", "", "\U0001f600" * 200, "Sho\u0301p"]
)
def test_hostile_names_of_channels_do_no_harm(served: Served, name: str) -> None:
    mine = channel(served, name)
    told = taken(served, table("Shop", 2))
    assert whose(told) == [("Shop", mine if name == "\u202eShop" else None)], "marks that nobody sees are no letters"
    refused = served.told("POST", "/v1/history", status=400, json={"table": table("Shop", 2), "channel": "\x1b[31m"})
    assert refused["detail"].isprintable() and len(refused["detail"]) < 500
    told = taken(served, table("\u200fSh\x07op\u202e" + "y" * 190, 2))
    assert told["written"] == 2 and served.told("GET", "/v1/history/accounts")["items"]
    assert taken(served, table("y" * 10_000, 2))["wrong_in_all"] == 2
