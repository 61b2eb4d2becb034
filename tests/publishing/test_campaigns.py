"""Campaigns at Meta's stand-in: each part made once, by its own count, whatever is lost, refused or dies."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.chores.ads.campaigning import READS_S, watch_key
from common.chores.connections import channels
from common.domain.campaign import Audience
from common.ports.clock import stamp
from common.ports.documents import Update
from tests.publishing.ads import ACCOUNT, SIZE, Office, office
from tests.publishing.desk import TENANT
from tests.publishing.plain import TOKEN
from tests.standins.loopback import Reply
from tests.standins.platforms.network import Asked, Token

PARTS = ("campaign", "adset", "creative", "ad")
FAULTS = st.sampled_from(
    [None, None, None, "lost", "reset", "late", 503, 429, "ads rate", "user rate", "transient", "expired"]
)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as made:
        yield made


def meets(at: Office, op: str, *faults: Any) -> None:
    """The next requests of an op; None is none."""
    left = list(faults)
    at.site.decide = lambda asked: left.pop(0) if asked.op == op and left else None


def again(at: Office) -> None:
    """Somebody connects the account again."""
    key = channels.key_of(TENANT, channels.id_of("meta-ads", ACCOUNT))
    snap = at.desk.tools.engine.documents.get_many([key])[key]
    assert snap.body["state"] == "broken"
    at.desk.tools.engine.documents.commit([Update(key, {"state": "connected"}, snap.version)])


def asks(at: Office, op: str) -> list[Asked]:
    return [one for one in at.site.requests if one.op == op]


def test_all_of_it_is_made_paused_and_nothing_runs(at: Office) -> None:
    at.campaign()
    body = at.until_over()
    assert body["step"] == "ready" and body["delivery"] == "paused" and body["predicted"] == {"score": 70}
    assert at.site.counts == [1, 1, 1, 1] and not at.site.switched
    assert {one.status for one in at.site.nodes.values()} == {"PAUSED"}
    assert {one.name for one in at.site.nodes.values()} == {f"Tea [cutroom:{'c' * 16}]"}
    made = {one.kind: one for one in at.site.nodes.values()}
    assert body["made"] == {"video": body["made"]["video"], **{kind: one.id for kind, one in made.items()}}
    assert made["adset"].made["daily_budget"] == "2000", "hundredths of a euro"
    targeting = json.loads(made["adset"].made["targeting"])
    assert targeting["genders"] == [2] and (targeting["age_min"], targeting["age_max"]) == (21, 50)
    story = json.loads(made["creative"].made["object_story_spec"])
    assert story["page_id"] == "1001" and story["video_data"]["call_to_action"]["value"] == {
        "link": "https://tea.example/"
    }
    assert body["account_told"]["users_lower_bound"] == 1000
    (upload,) = at.site.sessions.values()
    file = at.desk.tools.engine.objects.get(body["video"]["object"])
    assert upload.digest.hexdigest() == hashlib.sha256(file).hexdigest() and at.site.taken == len(file)
    assert all(TOKEN not in one.request.path for one in at.site.requests), "no token in an address"


def test_a_rehearsal_makes_nothing(at: Office) -> None:
    at.campaign(rehearsal=True)
    meets(at, "campaign", "lost", 503)
    body = at.until_over()
    assert body["step"] == "validated" and "ad set" in body["left_out"][0]["what"]
    assert at.site.counts == [0, 0, 0, 0] and not at.site.sessions
    assert all(b"validate_only" in one.request.body for one in asks(at, "campaign"))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", ["lost", "late"])
def test_an_answer_that_is_lost_is_found_by_name_and_nothing_is_made_twice(at: Office, part: str, fault: str) -> None:
    at.campaign()
    meets(at, part, fault)
    body = at.until_over(until=lambda body: body["step"] == "unknown")
    assert body["step"] == "unknown" and body["memo"]["doubt"] == part
    at.site.catch_up()
    body = at.until_over()
    assert body["step"] == "ready" and at.site.counts == [1, 1, 1, 1] and not at.site.doubled
    assert len(asks(at, part)) == 1, "it was sent once"


@pytest.mark.parametrize("part", PARTS)
def test_what_never_came_is_not_made_by_itself_and_a_person_is_asked(at: Office, part: str) -> None:
    at.campaign()
    meets(at, part, "reset")
    begun = at.desk.clock.now()
    body = at.until_over()
    assert body["step"] == "unknown" and "look there" in body["error"]["text"]
    assert at.desk.clock.now() - begun >= timedelta(seconds=READS_S[-1])
    assert at.site.counts[PARTS.index(part)] == 0 and len(asks(at, part)) == 1


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("fault", ["ads rate", "user rate", 429])
def test_a_rate_limit_is_waited_for(at: Office, part: str, fault: Any) -> None:
    at.campaign()
    meets(at, part, fault, fault)
    begun = at.desk.clock.now()
    assert at.until_over()["step"] == "ready"
    assert at.site.counts == [1, 1, 1, 1]
    assert at.desk.clock.now() - begun >= timedelta(seconds=2 * (120 if fault == 429 else 900))


@pytest.mark.parametrize("op", ["check", "video", *PARTS, "status"])
def test_a_token_that_is_refused_waits_for_somebody_to_connect_again(at: Office, op: str) -> None:
    at.campaign()
    meets(at, op, "expired")
    body = at.until_over(until=lambda body: (body.get("error") or {}).get("action") == "reconnect")
    assert body["error"]["code"] in ("reconnect", "190/463")
    again(at)
    assert at.until_over()["step"] == "ready" and at.site.counts == [1, 1, 1, 1]


@pytest.mark.parametrize("part", PARTS)
def test_what_meta_refuses_ends_it_in_its_words_and_says_what_is_left_there(at: Office, part: str) -> None:
    at.campaign()
    meets(at, part, "refused")
    body = at.until_over()
    assert body["step"] == "failed" and "development mode" in body["error"]["text"]
    assert body["error"]["raw"]["error"]["error_subcode"] == 1885183
    before = PARTS[: PARTS.index(part)]
    assert bool(body["left_out"]) is bool(before)
    assert all(name in body["left_out"][0]["what"] for name in before)


def test_a_chunk_from_another_byte_is_gone_on_with_where_meta_says(at: Office) -> None:
    at.site.chunk, at.site.skips = 1 << 19, [1000, 1 << 19, 7]
    at.campaign(size=SIZE)
    body = at.until_over()
    assert body["step"] == "ready" and len(at.site.sessions) == 1, "it is not begun anew"
    assert at.site.moved == 3, "it sent from where it was, and was told of another byte"
    (upload,) = at.site.sessions.values()
    assert upload.got == upload.size


def test_a_chunk_that_is_too_large_for_memory_is_read_in_parts(at: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    objects = at.desk.tools.engine.objects
    part = objects.part

    def counted(key: str, start: int, size: int) -> bytes:
        reads.append(size)
        return part(key, start, size)

    monkeypatch.setattr(objects, "part", counted)
    at.site.chunk = 20 << 20
    at.campaign(size=18 << 20)
    assert at.until_over()["step"] == "ready"
    assert reads and max(reads) <= 8 << 20


def test_a_video_that_cannot_be_processed_ends_it(at: Office) -> None:
    at.campaign()
    at.site.slow = 3
    at.until_over(until=lambda body: body["memo"].get("kept", {}).get("finished"))
    (upload,) = at.site.sessions.values()
    at.site.wrong_videos.add(upload.video)
    body = at.until_over()
    assert body["step"] == "failed" and "Too short" in body["error"]["text"]
    assert body["error"]["action"] == "re-render" and at.site.counts == [0, 0, 0, 0]


def test_an_answer_to_finish_that_is_lost_is_told_by_the_video(at: Office) -> None:
    at.campaign()
    last = b"upload_phase=finish"
    at.site.decide = lambda asked: "lost" if last in asked.request.body and not at.site.videos else None
    assert at.until_over()["step"] == "ready" and len(at.site.sessions) == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_each_write_doubles_nothing(tmp_path: Path, after: bool) -> None:
    """Killed before, or after, each write of the whole story in turn."""
    n, deaths = 0, 0
    while True:
        n += 1
        with office(tmp_path / f"{after}-{n}", recording=False) as at:
            at.site.chunk = 1 << 21
            at.campaign()
            died = at.desk.dies_and_goes_on(at.key, n, after=after, seconds=400_000)
            deaths += died
            body = at.body
            assert not at.site.doubled and max(at.site.counts) <= 1, (n, body)
            if body["step"] == "unknown":  # nothing was sent, and that cannot be told from a request that was lost
                assert at.site.counts[PARTS.index(body["memo"]["doubt"])] == 0, (n, body)
            else:
                assert body["step"] == "ready" and at.site.counts == [1, 1, 1, 1], (n, body)
            if not died:
                break
    assert deaths > 30


@settings(max_examples=40, deadline=None)
@given(faults=st.lists(FAULTS, max_size=20), catches=st.integers(0, 30))
def test_whatever_fails_nothing_is_made_twice(
    tmp_path_factory: pytest.TempPathFactory, faults: list[Any], catches: int
) -> None:
    """`catches`: after so many requests those that were late are done."""
    with office(tmp_path_factory.mktemp("ads")) as at:
        at.campaign(size=1000)
        left, count = iter(faults), 0

        def decide(asked: Asked) -> Any:
            nonlocal count
            count += 1
            if count == catches:
                at.site.catch_up()
            fault = next(left, None)
            if fault == "expired":
                return None if asked.op == "token" else fault
            return fault

        at.site.decide = decide
        key = channels.key_of(TENANT, channels.id_of("meta-ads", ACCOUNT))
        body = at.until_over(seconds=100_000, until=lambda body: at.desk.read(key)["state"] == "broken")
        if at.desk.read(key)["state"] == "broken":
            again(at)
        at.site.catch_up()
        body = at.until_over(seconds=800_000)
        assert not at.site.doubled and max(at.site.counts) <= 1
        if body["step"] == "ready":
            assert at.site.counts == [1, 1, 1, 1]
        assert {one.status for one in at.site.nodes.values()} <= {"PAUSED"}


def test_a_review_is_waited_for_and_what_it_refuses_is_said(at: Office) -> None:
    at.site.reviewing = 3
    at.site.verdict = ("DISAPPROVED", {"global": {"Misleading Claims": "Ads must not make claims that mislead."}})
    at.campaign()
    assert at.until_over(until=lambda body: "review" in body)["review"]["state"] == "waiting"
    body = at.until_over()
    assert body["step"] == "rejected" and body["review"]["effective"] == "DISAPPROVED"
    assert "Misleading Claims: Ads must not make claims that mislead." in body["error"]["text"]
    events = at.desk.tools.engine.documents.query("events", parent=f"tenants/{TENANT}", limit=99)
    assert any("was refused" in one.body["told"] for one in events)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": 2}, "switched off"),
        ({"tasks": ("ANALYZE",)}, "may not make ads"),
        ({"currency": "USD"}, "pays in USD"),
        ({"pages": ()}, "may not advertise for the page"),
        ({"pixels": ()}, "pixel"),
    ],
)
def test_an_account_that_may_not_is_told_before_anything_is_sent(at: Office, change: dict[str, Any], told: str) -> None:
    for name, value in change.items():
        setattr(at.site.ad_accounts[0], name, value)
    at.campaign(objective="sales", pixel="7001", event="PURCHASE")
    body = at.until_over()
    assert body["step"] == "failed" and told in body["error"]["text"]
    assert not at.site.sessions and at.site.counts == [0, 0, 0, 0]


def test_a_permission_that_was_not_given_asks_to_connect_again(at: Office) -> None:
    at.site.tokens[TOKEN] = Token(account="ann", until=math.inf, scopes=("ads_read", "ads_management"))
    meets(at, "permissions", Reply(body=b'{"data": []}', headers={"Content-Type": "application/json"}))
    at.campaign()
    body = at.until_over(until=lambda body: "error" in body)
    assert body["error"]["action"] == "reconnect" and "ads_management was not allowed" in body["error"]["text"]


def test_an_interest_that_meta_does_not_know_is_named(at: Office) -> None:
    at.campaign(audience=Audience(countries=("US",), interests=("6003139266461", "1")))
    body = at.until_over()
    assert body["step"] == "failed" and "no interest 1" in body["error"]["text"] and not at.site.sessions


@pytest.mark.parametrize(
    ("more", "goal"),
    [
        ({"objective": "awareness"}, "REACH"),
        ({"objective": "engagement", "link": None}, "THRUPLAY"),
        ({"objective": "sales", "pixel": "7001", "event": "PURCHASE"}, "OFFSITE_CONVERSIONS"),
        ({"categories": ("housing",), "audience": Audience(countries=("US",))}, "LINK_CLICKS"),
        ({"audience": Audience(countries=("US",), gender="men", interests=("6003139266461",))}, "LINK_CLICKS"),
    ],
)
def test_every_objective_is_made_as_meta_takes_it(at: Office, more: dict[str, Any], goal: str) -> None:
    at.campaign(**more)
    assert at.until_over()["step"] == "ready"
    assert next(one.made for one in at.site.nodes.values() if one.kind == "adset")["optimization_goal"] == goal


def test_a_budget_for_its_whole_life_goes_with_its_end(at: Office) -> None:
    end = at.desk.clock.now() + timedelta(days=5)
    at.campaign(daily_micros=None, lifetime_micros=500_000_000, end=end)
    assert at.until_over()["step"] == "ready"
    made = next(one.made for one in at.site.nodes.values() if one.kind == "adset")
    assert made["lifetime_budget"] == "50000" and made["end_time"] == stamp(end)


def ready(at: Office) -> None:
    at.campaign()
    assert at.until_over()["step"] == "ready"


def test_it_runs_once_somebody_lets_it_and_stops_when_told(at: Office) -> None:
    ready(at)
    at.want("active")
    body = at.until_over()
    assert (body["step"], body["delivery"], "wanted" in body) == ("ready", "active", False)
    assert at.site.switched == [("ad", "ACTIVE"), ("adset", "ACTIVE"), ("campaign", "ACTIVE")], "the campaign last"
    assert body["review"]["effective"] == "ACTIVE"
    at.want("paused")
    body = at.until_over()
    assert body["delivery"] == "paused" and at.site.switched[-1] == ("campaign", "PAUSED")
    at.want("archived")
    body = at.until_over()
    assert (body["step"], body["delivery"]) == ("archived", "archived")


def test_letting_it_run_that_comes_late_does_not_outlive_a_stop(at: Office) -> None:
    ready(at)
    meets(at, "switch", None, None, "late")
    at.want("active")
    at.until_over(until=lambda body: "error" in body)
    at.want("paused")
    at.until_over(until=lambda body: body["memo"].get("sure") == "paused")
    at.site.catch_up()
    campaign = at.site.nodes[at.body["made"]["campaign"]]
    assert campaign.status == "ACTIVE", "it came late"
    body = at.until_over()
    assert body["delivery"] == "paused" and campaign.status == "PAUSED"


@pytest.mark.parametrize("fault", ["lost", "reset", 503, "user rate"])
def test_a_switch_that_fails_is_asked_again_and_believed_once_meta_says_so(at: Office, fault: Any) -> None:
    ready(at)
    meets(at, "switch", fault)
    at.want("active")
    assert at.until_over()["delivery"] == "active"
    assert at.site.nodes[at.body["made"]["campaign"]].status == "ACTIVE"


def test_figures_come_daily_and_what_is_not_told_is_null(at: Office) -> None:
    ready(at)
    at.site.rows = [
        {
            "date_start": f"2026-11-2{n}",
            "date_stop": f"2026-11-2{n}",
            "impressions": "1000",
            "spend": "12.34",
            "account_currency": "EUR",
            **({"inline_link_clicks": "25"} if n == 1 else {}),
            "actions": [{"action_type": "link_click", "value": "25"}, {"action_type": "video_view", "value": "400"}],
            "video_play_actions": [{"action_type": "video_view", "value": "500"}],
            "video_avg_time_watched_actions": [{"action_type": "video_view", "value": "3.5"}],
        }
        for n in (1, 2, 3)
    ]
    at.site.slow = 2
    at.want("active")
    at.until_over()
    key = watch_key(TENANT, "c" * 16)
    body = at.desk.until(key, until=lambda body: "read" in body)
    assert "read" in body and not body["left_out"]
    rows = at.desk.tools.engine.documents.query("campaign_metrics", parent=f"tenants/{TENANT}", limit=99)
    told = {one.body["date"]: one.body["metrics"] for one in rows}
    assert len(told) == 3 and told["2026-11-21"]["clicks"] == 25 and told["2026-11-22"]["clicks"] is None
    assert told["2026-11-21"]["spend_micros"] == 12_340_000 and told["2026-11-21"]["conversions"] is None
    assert told["2026-11-21"]["views"] == 500 and told["2026-11-21"]["average_watch_ms"] == 3500
    assert rows[0].body["actions"] == {"link_click": 25.0, "video_view": 400.0}
    assert (
        at.body["outcome"]["metrics"]["spend_micros"] == 37_020_000 and at.body["outcome"]["metrics"]["reach"] is None
    )
    at.site.rows[0]["impressions"] = "1001"
    at.later(days=1)
    at.desk.until(key, seconds=4000)
    row = next(
        one
        for one in at.desk.tools.engine.documents.query("campaign_metrics", parent=f"tenants/{TENANT}", limit=99)
        if one.body["date"] == "2026-11-21"
    )
    assert row.body["metrics"]["impressions"] == 1001 and row.body["history"][0]["metrics"]["impressions"] == 1000
    outcome = f"tenants/{TENANT}/outcomes/{'c' * 16}"
    assert outcome not in at.desk.tools.engine.documents.get_many([outcome]), "it is not ripe yet"
    for n in range(8):
        at.site.rows[1]["impressions"] = str(1000 + n)
        at.later(days=1)
        at.desk.until(key, seconds=4000)
    body = at.desk.tools.engine.documents.get_many([outcome])[outcome].body
    assert (body["source"], body["launched"], body["account"]) == (
        *("campaign", "2026-11-21T00:00:00.000Z"),
        channels.id_of("meta-ads", ACCOUNT),
    )
    assert (body["metrics"]["impressions"], body["metrics"]["clicks"]) == (3008, 25)
    assert [one["metrics"]["impressions"] for one in body["history"]] == [3006, 3007][-len(body["history"]) :]
    assert body["segments"] and body["predicted"] is not None and body["clip"]
    assert body["made"] == at.body["made"] and body["made"]["ad"], "by these an export of it is known to be ours"
