"""Past campaigns by the API alone: brought whole or not at all, brought again, taken back, and gone on with."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from common.chores import history, work
from common.errors import Conflict
from common.learning import history as learned_from
from common.ports.documents import Create, Json, Merge, Snap
from tests.api.conftest import Served
from tests.api.test_publications_api import go

HEAD = "Ad ID,Ad name,Day,Impressions,Link clicks,Amount spent (EUR)"


def table(count: int, clicks: int = 5, day: str = "2025-03-01") -> str:
    return "\n".join([HEAD, *(f"{n},Ad {n},{day},1000,{clicks},1.50" for n in range(count))])


def brought(served: Served, text: str, **more: Any) -> Any:
    wanted = {"table": text, "account": "Shop", **more}
    made = served.told("POST", "/v1/history", status=202, json=wanted)
    go(served, 3)
    return served.told("GET", f"/v1/history/{made['id']}")


def outcomes(served: Served) -> dict[str, Json]:
    return {one.id: one.body for one in served.engine.documents.query("outcomes", parent="tenants/ann", limit=1000)}


def test_a_table_becomes_outcomes_and_says_what_was_taken_for_what(served: Served) -> None:
    told = brought(served, table(250))
    assert (told["state"], told["rows"], told["creatives"], told["written"]) == ("done", 250, 250, 250)
    none = {"channel": None, "name": None, "of": None, "why": "no channel of meta-ads is called so"}
    assert told["accounts"] == [{"account": "Shop", "network": "meta-ads", "creatives": 250, **none}]
    assert (told["currency"], told["first"], told["wrong_in_all"]) == ("EUR", "2025-03-01", 0)
    by = {one["name"]: one["meaning"] for one in told["columns"]}
    assert by["Link clicks"] == "clicks" and by["Day"] == "day"
    found = outcomes(served)
    assert len(found) == 250
    one = next(iter(found.values()))
    assert (one["source"], one["account"], one["history"]) == ("import", "Shop", [])
    assert one["metrics"]["clicks"] == 5 and one["metrics"]["views"] is None


def test_the_same_once_more_counts_nothing_twice_and_the_last_word_stands(served: Served) -> None:
    brought(served, table(3))
    told = brought(served, table(3))
    assert (told["written"], told["restated"], told["other_days"]) == (3, 3, 0)
    assert [one["history"] for one in outcomes(served).values()] == [[]] * 3
    told = brought(served, table(3, clicks=9, day="2025-03-02"))
    assert (told["restated"], told["other_days"]) == (3, 3), "the first of March is counted no more, and it says so"
    found = outcomes(served)
    assert len(found) == 3
    for one in found.values():
        assert one["metrics"]["clicks"] == 9 and [old["metrics"]["clicks"] for old in one["history"]] == [5]


def test_an_import_is_taken_back_and_what_was_before_it_is_there_again(served: Served) -> None:
    brought(served, table(2))
    second = brought(served, table(3, clicks=9))
    path = f"/v1/history/{second['id']}"
    assert served.told("DELETE", path, status=202)["state"] == "queued"
    go(served, 3)
    told = served.told("GET", path)
    assert (told["state"], told["taken_back"]) == ("done", True)
    found = outcomes(served)
    assert [(one["metrics"]["clicks"], one["history"]) for one in found.values()] == [(5, [])] * 2
    assert "nothing to take back" in served.told("DELETE", path, status=400)["detail"]


def test_how_much_is_known_is_counted_anew_after_an_import_and_after_its_end(served: Served) -> None:
    def known() -> int:
        go(served, 3)
        return int(served.told("GET", "/v1/models/ctr")["have"])

    brought(served, table(3))
    assert known() == 3
    told = brought(served, table(8))
    assert known() == 8, "not a day later"
    served.told("DELETE", f"/v1/history/{told['id']}", status=202)
    assert known() == 3


def test_what_two_imports_told_stays_until_both_are_taken_back(served: Served) -> None:
    first, second = brought(served, table(2)), brought(served, table(2))
    kept = [one["metrics"] for one in outcomes(served).values()]
    for n, one in enumerate((second, first)):
        served.told("DELETE", f"/v1/history/{one['id']}", status=202)
        go(served, 3)
        assert [one["metrics"] for one in outcomes(served).values()] == (kept if n == 0 else [])


def test_what_is_taken_back_leaves_nothing_of_it_behind(served: Served) -> None:
    brought(served, table(2))
    before = outcomes(served)
    second = brought(served, table(2, clicks=9, day="2025-03-20").replace("Ad 1", "Another name"))
    third = brought(served, table(2, clicks=9, day="2025-03-20").replace("Ad 1", "Another name"))
    for one in (second, third):
        served.told("DELETE", f"/v1/history/{one['id']}", status=202)
        go(served, 3)
    assert outcomes(served) == before


def test_what_another_version_took_from_a_table_is_taken_back_as_well(served: Served) -> None:
    told = brought(served, table(2))
    body = next(iter(outcomes(served).values()))
    earlier = {"metrics": {"impressions": 7, "clicks": 1}, "import": "another", "also": []}
    for n in range(history.AT_ONCE + 1):
        before = [{**earlier, "as_of": body["as_of"]}] if n == 7 else []
        served.engine.documents.commit([Create(f"tenants/ann/outcomes/i{n}", {**body, "history": before})])
    served.told("DELETE", f"/v1/history/{told['id']}", status=202)
    go(served, 3)
    assert served.told("GET", f"/v1/history/{told['id']}")["taken_back"]
    assert {one: left["metrics"]["impressions"] for one, left in outcomes(served).items()} == {"i7": 7}


def test_of_a_table_with_wrong_rows_each_is_told_and_nothing_is_there(served: Served) -> None:
    rows = table(400).splitlines()
    rows[5], rows[300] = "9,Ad,2025-03-01,10,11,1", "=cmd,Ad,2025-03-01,10,1,1"
    told = brought(served, "\n".join(rows))
    assert (told["state"], told["written"], told["wrong_in_all"]) == ("done", 0, 2)
    assert [one["line"] for one in told["wrong"]] == [6, 301]
    assert outcomes(served) == {}
    told = brought(served, "\n".join(["id,day,impressions,clicks", *("1,x,y,z" for _ in range(1000))]))
    assert (told["wrong_in_all"], len(told["wrong"])) == (1000, history.MOST_WRONG)


def test_what_is_told_of_a_hostile_table_fits_into_a_document(served: Served) -> None:
    smile = "\U0001f600"
    head = "id,title,account name,impressions,clicks,day," + ",".join(f"{smile * 99}{n}" for n in range(200))
    for length, taken in ((1990, 0), (197, 200)):
        rows = [f"{n},t,{smile * length}{n},100,5,2025-01-01" + ",x" * 200 for n in range(200)]
        content = gzip.compress("\n".join([head, *rows]).encode())
        sent = {"content": base64.b64encode(content).decode()}
        part = served.told("POST", "/v1/history/parts", status=201, json=sent)["part"]
        made = served.told("POST", "/v1/history", status=202, json={"parts": [part]})
        go(served, 3)
        told = served.told("GET", f"/v1/history/{made['id']}")
        assert (told["state"], told["written"]) == ("done", taken)
        assert all(len(json.dumps(one.body, ensure_ascii=False).encode()) < 1 << 18 for one in chores(served))


def chores(served: Served) -> list[Snap]:
    return list(served.engine.documents.query("chores", parent="tenants/ann", limit=100))


def test_a_table_that_is_none_and_a_rehearsal_keep_nothing(served: Served) -> None:
    told = brought(served, "video_id,views\n1,2")
    assert told["state"] == "done" and "Views say who watched" in told["error"]["text"]
    told = brought(served, table(3), rehearsal=True)
    assert (told["creatives"], told["written"], told["rehearsal"]) == (3, 0, True)
    assert outcomes(served) == {}
    served.told("DELETE", f"/v1/history/{told['id']}", status=400)


def test_a_large_one_comes_in_parts_packed_or_not(served: Served) -> None:
    content = gzip.compress(table(20).encode("utf-16"))
    halves = [content[:100], content[100:]]
    parts = [
        served.told("POST", "/v1/history/parts", status=201, json={"content": base64.b64encode(one).decode()})["part"]
        for one in halves
    ]
    made = served.told("POST", "/v1/history", status=202, json={"parts": parts, "account": "Shop"})
    go(served, 3)
    assert served.told("GET", f"/v1/history/{made['id']}")["written"] == 20
    for wrong in (
        {"parts": ["0" * 64], "account": "x"},
        {"parts": parts, "table": "x"},
        {"account": "x"},
        {"table": "x", "network": "Meta Ads"},
    ):
        served.told("POST", "/v1/history", status=400, json=wrong)
    served.told("POST", "/v1/history/parts", status=400, json={"content": "no base64!"})
    served.told("GET", "/v1/history/0000", status=404)
    assert served.told("GET", f"/v1/history/{made['id']}", "bob", 404), "of another organisation"


@pytest.mark.parametrize("when", [3, 4, 6])
def test_it_goes_on_after_a_death(served: Served, when: int) -> None:
    made = served.told("POST", "/v1/history", status=202, json={"table": table(350), "account": "Shop"})
    real, count = served.engine.documents.commit, 0

    class Killed(BaseException):
        pass

    def dying(writes: Any) -> Any:
        nonlocal count
        count += 1
        if count == when:
            raise Killed
        return real(writes)

    served.engine.documents.commit = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        work.execute(served.tools, history.key_of("ann", made["id"]))
    served.engine.documents.commit = real  # type: ignore[method-assign]
    served.restart()
    go(served, 5)
    told = served.told("GET", f"/v1/history/{made['id']}")
    assert (told["state"], told["written"], told["restated"]) == ("done", 350, 0)
    assert len(outcomes(served)) == 350 and all(one["history"] == [] for one in outcomes(served).values())


def campaign(served: Served, name: str = "c" * 16, **more: Any) -> Json:
    """One that Cutroom ran, as it stands when its ad is there."""
    made = {"video": "1", "campaign": "1200", "adset": "1300", "creative": "1400", "ad": "7"}
    body: Json = {"step": "ready", "made": made, **more}
    served.engine.documents.commit([Create(f"tenants/ann/campaigns/{name}", body)])
    return body


def read_by_cutroom(served: Served, made: Json, name: str = "c" * 16) -> None:
    days = {"launched": "2025-03-01T00:00:00Z", "published": "2025-03-01T00:00:00Z", "as_of": "2025-05-01T00:00:00Z"}
    body: Json = {"source": "campaign", "campaign": name, "account": "a" * 16, "network": "meta-ads", "made": made}
    body |= {**days, "metrics": {"impressions": 1000, "clicks": 25}, "history": []}
    served.engine.documents.commit([Create(f"tenants/ann/outcomes/{name}", body)])


def learned(served: Served) -> learned_from.History:
    return learned_from.creatives(served.engine.documents, "ann", served.clock.now())


def test_what_cutroom_ran_itself_is_left_out_and_said_to_be(served: Served) -> None:
    read_by_cutroom(served, campaign(served)["made"])
    told = brought(served, table(10))
    assert (told["rows"], told["creatives"], told["written"], told["restated"]) == (10, 9, 9, 0)
    assert [one for one in told["notes"] if "1 row of 1 ad that Cutroom ran itself: left out" in one]
    assert len(learned(served).creatives) == 10 and len(outcomes(served)) == 10
    served.told("DELETE", f"/v1/history/{told['id']}", status=202)
    go(served, 3)
    assert list(outcomes(served)) == ["c" * 16], "what Cutroom has read itself stays"
    told = brought(served, "\n".join([HEAD, "7,Mine,2025-03-01,1000,5,1"]))
    assert (told["state"], told["creatives"], told["written"]) == ("done", 0, 0)


def test_what_cutroom_is_to_read_is_left_out_and_what_it_never_could_is_taken(served: Served) -> None:
    campaign(served)
    assert brought(served, table(10), rehearsal=True)["creatives"] == 9
    key = f"tenants/ann/campaigns/{'c' * 16}"
    served.engine.documents.commit([Merge(key, {"step": "archived"})])
    told = brought(served, table(10))
    assert told["written"] == 10
    assert [one for one in told["notes"] if "could not read what came of them: taken" in one]


def test_what_was_imported_before_cutroom_knew_of_it_teaches_once(served: Served) -> None:
    first = brought(served, table(10))
    assert first["written"] == 10 and len(learned(served).creatives) == 10
    read_by_cutroom(served, campaign(served)["made"])
    found = learned(served)
    assert len(found.creatives) == 10 and found.left_out == {learned_from.RAN_OURSELVES: 1}
    assert {one.id for one in found.creatives if one.account != "Shop"} == {"c" * 16}
    second = brought(served, table(10, clicks=9))
    assert (second["written"], len(learned(served).creatives)) == (9, 10)
    for one in (second, first):
        served.told("DELETE", f"/v1/history/{one['id']}", status=202)
        go(served, 3)
    assert list(outcomes(served)) == ["c" * 16]
    assert learned(served).left_out == {}


def test_where_nothing_is_known_of_ours_yet_the_table_teaches(served: Served) -> None:
    made = campaign(served)["made"]
    read_by_cutroom(served, made)
    served.engine.documents.commit([Merge(f"tenants/ann/outcomes/{'c' * 16}", {"metrics": {"impressions": None}})])
    served.engine.documents.commit([Merge(f"tenants/ann/campaigns/{'c' * 16}", {"made": {}})])
    brought(served, table(10))
    found = learned(served)
    assert len(found.creatives) == 10 and learned_from.RAN_OURSELVES not in found.left_out


def test_whose_ad_it_is_may_become_known_while_it_is_taken(served: Served) -> None:
    made = served.told("POST", "/v1/history", status=202, json={"table": table(250), "account": "Shop"})
    real = served.engine.documents.commit
    calls: list[int] = []

    def commit(writes: Any) -> Any:
        done = real(writes)
        calls.append(len(writes))
        if len(calls) == 3:  # of ours, in a slice that is done
            read_by_cutroom(served, campaign(served)["made"])
            raise Conflict("as if it had died")
        return done

    served.engine.documents.commit = commit  # type: ignore[method-assign]
    try:
        go(served, 6)
    finally:
        served.engine.documents.commit = real  # type: ignore[method-assign]
    told = served.told("GET", f"/v1/history/{made['id']}")
    assert told["state"] == "done" and len(learned(served).creatives) == 250
    served.told("DELETE", f"/v1/history/{made['id']}", status=202)
    go(served, 3)
    assert list(outcomes(served)) == ["c" * 16]
