"""What may be learned from: only what is known, has been out for 7 days, and was known before it came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.chores.posts import insights
from common.domain.learning import RIPE
from common.domain.publication import Metrics
from common.learning import history, imports, summing
from common.learning.imports import Options
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Delete, Documents, Json, Merge
from common.ports.platforms import Measured
from tests.hand import Hand
from tests.learning.worlds import START, TENANT, creative, creatives, kept, outcome
from tests.publishing.desk import desk

NOW = START + timedelta(days=60)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    made = SqliteDocuments(tmp_path / "documents.sqlite")
    yield made
    made.close()


def put(documents: Documents, name: str, body: Json) -> None:
    documents.commit([Create(f"tenants/{TENANT}/outcomes/{name}", body)])


def test_what_was_imported_is_read_as_it_stands_page_after_page(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 4)
    there = creatives(11)
    kept(documents, there)
    found = history.creatives(documents, TENANT, NOW)
    assert list(found.creatives) == there and not found.left_out and not found.without_features
    assert history.creatives(documents, "another", NOW).creatives == []


@pytest.mark.parametrize(
    ("last", "until"),
    [("2026-03-31", "2026-04-01"), (None, None), ("9999-12-31", None), ("31.3.2026", None), (7, None)],
)
def test_until_when_something_was_counted_is_known(documents: Documents, last: Any, until: str | None) -> None:
    (one,) = creatives(1)
    for name, source in (("theirs", "import"), ("ours", "post")):
        put(documents, name, outcome(one) | {"source": source, "last": last})
    ours, theirs = sorted(history.creatives(documents, TENANT, NOW).creatives, key=lambda one: one.id)
    assert theirs.until == (until and parse(f"{until}T00:00:00Z")) and ours.until == one.launched + RIPE


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"metrics": {"impressions": None, "clicks": 3}}, history.UNCOUNTED),
        ({"metrics": {"impressions": 1000, "clicks": None}}, history.UNCOUNTED),
        ({"metrics": {"impressions": 1000}}, history.UNCOUNTED),
        ({"metrics": {"impressions": True, "clicks": 0}}, history.UNCOUNTED),
        ({"metrics": {"impressions": 0, "clicks": 0}}, history.UNSHOWN),
        ({"metrics": {"impressions": 10, "clicks": 11}}, history.MORE_CLICKS),
        ({"launched": stamp(NOW - timedelta(days=6))}, history.UNRIPE),
        ({"as_of": stamp(START + timedelta(days=6))}, history.UNRIPE),
        ({"launched": None}, history.UNREADABLE),
        ({"launched": "2026-01-01"}, history.UNREADABLE),
        ({"launched": "yesterday"}, history.UNREADABLE),
        ({"account": None}, history.UNREADABLE),
        ({"network": None}, history.UNREADABLE),
    ],
)
def test_what_is_not_known_or_not_ripe_is_left_out_with_why(documents: Documents, changed: Json, why: str) -> None:
    put(documents, "good", outcome(creative(0)))
    put(documents, "other", {**outcome(creative(0)), **changed})
    found = history.creatives(documents, TENANT, NOW)
    assert [one.id for one in found.creatives] == ["good"] and found.left_out == {why: 1}
    assert found.unripe == (why == history.UNRIPE)


def test_no_clicks_is_something_that_is_known(documents: Documents) -> None:
    put(documents, "none", {**outcome(creative(0)), "metrics": {"impressions": 500, "clicks": 0}})
    (one,) = history.creatives(documents, TENANT, NOW).creatives
    assert (one.impressions, one.clicks) == (500, 0)


def test_numbers_that_are_none_are_not_known(documents: Documents) -> None:
    told = {"a": 1, "b": True, "c": "2", "d": None, "e": 1e300}
    put(documents, "one", {**outcome(creative(0)), "features": told})
    (one,) = history.creatives(documents, TENANT, NOW).creatives
    assert one.features == {"a": 1.0, "b": None, "c": None, "d": None, "e": None}


def test_more_than_are_read_are_told_of(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE", 4)
    monkeypatch.setattr(history, "MOST_READ", 8)
    kept(documents, creatives(17))
    found = history.creatives(documents, TENANT, NOW)
    assert len(found.creatives) == 8 and found.left_out == {history.TOO_MANY: 9}


def test_of_more_than_there_is_time_for_the_newest_are_learned_from(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE", 3)
    monkeypatch.setattr(history, "MOST", 5)
    some = creatives(20)
    turned = [replace(one, id=f"z{50 - n}") for n, one in enumerate(some)]  # by their ids the newest come first
    kept(documents, turned)
    found = history.creatives(documents, TENANT, NOW)
    assert [one.id for one in found.creatives] == [one.id for one in turned[-5:]]
    assert found.left_out == {history.OLDER: 15} and found.in_all == 20
    assert found.lost(turned) == 0, "who is only too old by now was not erased"
    documents.commit([Delete(f"tenants/{TENANT}/outcomes/{turned[-2].id}")])
    assert history.creatives(documents, TENANT, NOW).lost(found.creatives) == 1


def test_a_post_is_learned_from_as_it_was_told_last_and_what_was_told_before_stays(tmp_path: Path) -> None:
    made = desk(tmp_path)
    key, channel = made.schedule("one"), made.channel()
    engine = made.tools.engine
    engine.documents.commit([Merge(key, {"published": stamp(made.clock.now())})])
    publication = engine.documents.get_many([key])[key]
    for day, clicks in ((7, 30), (7, 30), (9, None), (12, 44)):
        made.clock.at = _at(publication.body, day)
        told = Measured(metrics=Metrics(impressions=900, clicks=clicks), view="v", raw={})
        insights.keep(made.tools, TENANT, publication, told, day)
    where = f"tenants/{TENANT}/outcomes/one"
    there = engine.documents.get_many([where])[where]
    assert [one["metrics"]["clicks"] for one in there.body["history"]] == [30, None]
    (one,) = history.creatives(engine.documents, TENANT, made.clock.now()).creatives
    assert (one.id, one.account, one.clicks) == ("one", channel, 44)


def _at(body: Json, day: int) -> Any:
    hand = Hand()
    hand.move(day * 86_400)
    assert hand.at - RIPE >= Hand().at and body["published"]
    return hand.at


def brought(documents: Documents, name: str, day: int, *rows: str) -> None:
    """What a table comes to, as an import of that name and day writes it."""
    head = "id,title,day,impressions,clicks,age,gender"
    found = imports.read("\n".join((head, *rows)).encode(), Options(account="Shop"), NOW)
    assert not found.wrong
    for one in found.past:
        body = {**summing.outcome(one, NOW + timedelta(days=day)), "import": name}
        documents.commit([Merge(f"tenants/{TENANT}/outcomes/{one.id}", body)])


WHOLE, OTHER = "7,Tea,2026-01-03,1000,50,,", "8,Coffee,2026-01-03,400,4,,"
PARTS = ("7,Tea,2026-01-03,600,35,18-24,women", "7,Tea,2026-01-03,400,15,25-34,women")


@pytest.mark.parametrize(("first", "then", "shown"), [([WHOLE], PARTS, [400, 600]), (PARTS, [WHOLE], [1000])])
def test_the_same_showing_told_for_other_groups_of_people_teaches_once_as_it_was_told_last(
    documents: Documents, first: Sequence[str], then: Sequence[str], shown: list[int]
) -> None:
    brought(documents, "early", 0, *first, OTHER)
    brought(documents, "late", 1, *then)
    found = history.creatives(documents, TENANT, NOW)
    assert sorted(one.impressions for one in found.creatives) == sorted([*shown, 400])
    assert found.left_out == {history.TOLD_OTHERWISE: len(first)}
    for snap in documents.query("outcomes", parent=f"tenants/{TENANT}"):
        if snap.body["import"] == "late":
            documents.commit([Delete(snap.key)])
    assert len(history.creatives(documents, TENANT, NOW).creatives) == len(first) + 1, "taken back, the first stands"


def test_of_other_days_or_in_one_table_an_ad_may_be_told_of_for_several_kinds_of_groups(documents: Documents) -> None:
    brought(documents, "early", 0, WHOLE)
    brought(documents, "late", 1, *(one.replace("-01-03", "-01-09") for one in PARTS))
    brought(
        documents,
        "mixed",
        2,
        "9,Cake,2026-01-03,70,1,,",
        "9,Cake,2026-01-03,60,1,,men",
        "9,Cake,2026-01-03,50,1,65+,men",
    )
    brought(documents, "mixed again", 3, "9,Cake,2026-01-03,61,1,,men", "9,Cake,2026-01-03,50,1,65+,men")
    found = history.creatives(documents, TENANT, NOW)
    assert sorted(one.impressions for one in found.creatives) == [50, 61, 400, 600, 1000]
    assert found.left_out == {history.TOLD_OTHERWISE: 1}


def own(documents: Documents, name: str, clip: str, **more: Any) -> None:
    body = {**outcome(creative(0)), "source": None, "clip": clip, "asset": "v", "group": None, "features": None}
    put(documents, name, {**body, "title": None, **more})


def test_clips_of_ours_are_known_by_what_was_seen_before_they_came_out(documents: Documents) -> None:
    parent = f"tenants/{TENANT}"
    told = {"schema": 1, "features": {"strength": 2}, "features_version": "v1"}
    documents.commit(
        [
            Create(f"{parent}/predictions/f.1", {**told, "created": stamp(START - timedelta(hours=1))}),
            Create(f"{parent}/predictions/f.2", {**told, "created": stamp(START + timedelta(hours=1))}),
        ]
    )
    for n in (1, 2, 3):
        own(documents, f"p{n}", f"f.{n}")
    found = history.creatives(documents, TENANT, NOW, features_version="v1")
    assert [one.features for one in found.creatives] == [{"strength": 2.0}, {}, {}]
    assert found.without_features == {history.NO_FEATURES: 2}
    other = history.creatives(documents, TENANT, NOW, features_version="v2")
    assert [one.features for one in other.creatives] == [{}, {}, {}]
    assert other.without_features == {history.NO_FEATURES: 2, history.OTHER_FEATURES: 1}


def test_clips_of_one_moment_are_near_duplicates_whichever_flow_made_them(documents: Documents) -> None:
    parent = f"tenants/{TENANT}"
    spans = {
        "f-1.1": ("v", "0", "30"),
        "f-2.4": ("v", "10", "41"),
        "f-2.5": ("v", "39", "70"),
        "g-1.1": ("w", "0", "30"),
    }
    for clip, (asset, start, end) in spans.items():
        documents.commit([Create(f"{parent}/clips/{clip}", {"asset": asset, "span": {"start": start, "end": end}})])
        own(documents, f"p-{clip}", clip, asset=asset)
    own(documents, "again", "f-1.1")
    own(documents, "gone", "h-1.1")
    groups = {one.id: one.group for one in history.creatives(documents, TENANT, NOW).creatives}
    assert groups["p-f-1.1"] == groups["p-f-2.4"] == groups["again"]
    assert len(set(groups.values())) == 4 and groups["gone"] == "h-1.1"


def test_titles_that_differ_in_case_marks_and_figures_are_near_duplicates(documents: Documents) -> None:
    plain = replace(creative(0), group="")
    for name, title in (("a", "5 Cups of TEA!"), ("b", "7 cups of tea"), ("c", "Coffee"), ("d", None), ("e", None)):
        put(documents, name, {**outcome(plain), "group": None, "title": title})
    groups = {one.id: one.group for one in history.creatives(documents, TENANT, NOW).creatives}
    assert groups["a"] == groups["b"] and len(set(groups.values())) == 4
