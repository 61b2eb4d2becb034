"""Posts by the API alone: scheduled, moved, held, called off, seen to go out, and looked at afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.chores import work
from common.chores.connections import channels
from common.chores.posts import scheduling
from common.chores.posts.scheduling import Wanted
from common.domain.codec import dumps, to_json
from common.domain.gate import Finding, Fit, Gate
from common.domain.publication import KINDS
from common.errors import Conflict, PlatformSaid
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Merge
from common.ports.platforms import Tokens
from tests.api.conftest import Served
from tests.api.test_resources import NAUGHTY, finished
from tests.post import MINUTE
from tests.publishing.plain import TOKEN, Plain

NETWORKS = ("x", "youtube", "instagram", "tiktok")


def postable(served: Served, misfit: str | None = None) -> str:
    """A clip whose file passes everywhere, but for one platform."""
    clip = finished(served)
    engine, run = served.engine, f"tenants/ann/runs/{clip.rpartition('.')[0]}"
    kinds = [kind for some in KINDS.values() for kind in some]
    fits = tuple(Fit(platform=kind, fits=kind != misfit, checked=9, unverified=()) for kind in kinds)
    long = Finding(name="longest length", verdict="fail", measured="75.0 s", limit="to 60 s", platform=misfit)
    findings = () if misfit is None else (long,)
    gate = Gate(aspect="9:16", object="t/ann/a/x/clip.mp4", ready=True, findings=findings, fits=fits)
    kept = engine.objects.put_new(f"t/ann/gates-{misfit}.json", dumps([to_json(gate)]))
    check = {"state": "done", "result": {"small": {"ready": True, "gates": {"object": kept.key}}, "members": {}}}
    video = engine.objects.put_new("t/ann/a/x/clip.mp4", b"not really a video")
    body = engine.documents.get_many([f"{run}.render.0"])[f"{run}.render.0"].body
    small = body["result"]["small"]
    small["renditions"][0] |= {"object": video.key, "sha256": video.sha256, "size": video.size}
    small |= {"srt": None, "thumbnail": None, "covers": {}}
    served.post.ends.clear()  # the flow's own runs are made up
    served.post.errands.clear()
    engine.documents.commit([Merge(f"{run}.check.0", check), Merge(f"{run}.render.0", {"result": body["result"]})])
    return clip


def connected(served: Served, *networks: str, **more: Any) -> list[str]:
    """A channel with each; and the platform that all of them are."""
    found = []
    for network in networks:
        name = channels.id_of(network, "ann")
        key = channels.key_of("ann", name)
        tokens = Tokens(access=TOKEN, refresh=None, lasts_s=None, refresh_lasts_s=None, scopes=())
        body = {"schema": 1, "network": network, "account": "ann", "name": f"Ann on {network}", "state": "connected"}
        body |= {"tokens": channels.sealed(served.tools, key, tokens), "expires": None, "timezone": "Europe/Berlin"}
        served.engine.documents.commit([Create(key, {**body, **more})])
        found.append(name)
    return found


def plain(served: Served, **more: Any) -> Plain:
    made = Plain(**more)
    served.tools = replace(served.tools, platform=lambda network: made)
    again = served.tools
    served.post.chores = lambda key: work.execute(again, key)
    return made


def go(served: Served, minutes: int) -> None:
    """Deliver and look for what nobody woke, for so long."""
    for _ in range(minutes):
        while served.post.deliver(served.engine):
            pass
        served.clock.at += MINUTE
        work.rescue(served.engine)


def at(served: Served, **after: float) -> str:
    return stamp(served.clock.now() + timedelta(**after))


def test_one_clip_goes_out_on_every_channel_once(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    there = connected(served, *NETWORKS)
    wanted = {"clip": clip, "channels": there, "at": at(served, minutes=30)}
    made = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert [one["state"] for one in made] == ["scheduled"] * 4
    assert served.told("POST", "/v1/publications", status=201, json=wanted)["items"] == made, "two wanted the same"
    go(served, 40)
    told = served.told("GET", "/v1/publications?limit=10")["items"]
    assert {one["state"] for one in told} == {"published"} and len(told) == 4
    assert all(one["url"].startswith("https://plain.example/p/") for one in told)
    assert sorted(platform.posts.values()) == [1, 1, 1, 1]
    assert all(0 <= (parse(one["published"]) - parse(one["slot"])).total_seconds() <= 61 for one in told)
    told = served.told("GET", f"/v1/publications?state=published&channel={there[0]}&clip={clip}")["items"]
    assert [one["network"] for one in told] == ["x"]
    types = {one.body["type"] for one in served.engine.documents.query("events", parent="tenants/ann", limit=999)}
    assert "publication.published" in types


@pytest.mark.parametrize(
    ("covers", "object_"), [({"9:16": "tall", "16:9": "wide"}, "tall"), ({"16:9": "wide"}, "still"), (None, "still")]
)
def test_a_post_has_a_cover_of_its_files_shape(served: Served, covers: dict[str, str] | None, object_: str) -> None:
    clip = postable(served)
    key = f"tenants/ann/runs/{clip.rpartition('.')[0]}.render.0"
    result = served.engine.documents.get_many([key])[key].body["result"]
    result["small"] |= {"thumbnail": {"object": "still", "sha256": "0" * 64, "size": 1}}
    result["small"].pop("covers")
    if covers is not None:
        result["small"]["covers"] = {of: {"object": name, "sha256": "0" * 64, "size": 1} for of, name in covers.items()}
    served.engine.documents.commit([Merge(key, {"result": result})])
    wanted = {"clip": clip, "channels": connected(served, "pinterest"), "at": at(served, minutes=30)}
    served.told("POST", "/v1/publications", status=201, json=wanted)
    (post,) = served.engine.documents.query("publications", parent="tenants/ann")
    assert (post.body["cover"]["object"], post.body["cover"]["kind"]) == (object_, "image/jpeg")


def test_a_file_that_breaks_a_limit_is_refused_with_it_before_anything_is_asked(served: Served) -> None:
    clip, platform = postable(served, misfit="x"), plain(served)
    channels_ = connected(served, "x", "tiktok")
    told = served.told("POST", "/v1/publications", status=400, json={"clip": clip, "channels": channels_, "at": "now"})
    assert "longest length is 75.0 s, the limit to 60 s" in told["detail"] and told["code"] == "limits"
    assert served.told("GET", "/v1/publications")["items"] == [] and not platform.begun, "all or none"


def test_an_account_that_may_post_shorter_files_only_is_held_to_that(served: Served) -> None:
    clip = postable(served)
    (channel,) = connected(served, "tiktok", longest_s=0.5)
    told = served.told("POST", "/v1/publications", status=400, json={"clip": clip, "channels": [channel], "at": "now"})
    assert "this account may post 0.5 s" in told["detail"]


def test_texts_are_the_clips_fitted_or_somebodys_own_never_cut(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    served.told("PATCH", f"/v1/clips/{clip}", json={"title": "Tea " * 60, "hashtags": ["tea"]})
    x, youtube = connected(served, "x", "youtube")
    later = {"clip": clip, "channels": [x, youtube], "at": at(served, hours=2)}
    on_x, on_youtube = served.told("POST", "/v1/publications", status=201, json=later)["items"]
    assert len(on_x["text"]) <= 280 and on_x["title"] == "" and len(on_youtube["title"]) <= 100
    own = {**later, "at": at(served, hours=3), "title": "y" * 101}
    assert "101 characters" in served.told("POST", "/v1/publications", status=400, json=own)["detail"]
    path = f"/v1/publications/{on_x['id']}"
    assert "281 characters" in served.told("PATCH", path, status=400, json={"text": "z" * 281})["detail"]
    assert served.told("PATCH", path, json={"text": "z" * 280})["text"] == "z" * 280


@pytest.mark.parametrize("text", NAUGHTY)
def test_every_text_goes_out_as_it_was_written(served: Served, text: str) -> None:
    clip, _ = postable(served), plain(served)
    pinterest, youtube = connected(served, "pinterest", "youtube")
    wanted = {"clip": clip, "at": at(served, hours=1), "title": text, "description": text, "hashtags": []}
    (made,) = served.told("POST", "/v1/publications", status=201, json={**wanted, "channels": [pinterest]})["items"]
    assert (made["title"], made["text"]) == (text, text)
    told = served.ask("POST", "/v1/publications", json={**wanted, "channels": [youtube]})
    assert told.status_code == (400 if "<" in text else 201), told.text


def test_times_are_by_the_channels_clock_unless_they_say_otherwise(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    told = served.told(
        "POST", "/v1/publications", status=201, json={"clip": clip, "channels": [channel], "at": "2026-03-29T02:30"}
    )["items"]
    assert told[0]["slot"] == "2026-03-29T01:30:00.000Z", "there is no 02:30 on that day in Berlin: it is 03:30"
    for wrong, why in (
        ("2025-01-01T00:00", "has passed"),
        ("2031-01-01T00:00", "two years away"),
        ("2026-13-01T00:00", "is no time"),
    ):
        refused = {"clip": clip, "channels": [channel], "at": wrong}
        assert why in served.told("POST", "/v1/publications", status=400, json=refused)["detail"]


def test_a_post_is_moved_held_let_go_and_called_off(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=1)}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}"
    moved = served.told("PATCH", path, json={"at": at(served, hours=3), "priority": 5})
    assert (moved["slot"], moved["priority"]) == (at(served, hours=3), 5)
    (other,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert other["id"] != made["id"], "its old time is free"
    taken = served.told("PATCH", f"/v1/publications/{other['id']}", status=409, json={"at": at(served, hours=3)})
    assert made["id"] in taken["detail"]
    assert served.told("PATCH", path, json={"state": "held"})["state"] == "held"
    go(served, 200)
    assert served.told("GET", path)["state"] == "held"
    assert served.told("POST", f"/v1/publications/{other['id']}/cancel", status=400)["detail"].startswith("it is pub")
    assert served.told("PATCH", path, json={"state": "scheduled"})["state"] == "scheduled"
    go(served, 5)
    assert served.told("GET", path)["state"] == "published"
    later = {**wanted, "at": at(served, hours=1)}
    (last,) = served.told("POST", "/v1/publications", status=201, json=later)["items"]
    assert served.told("POST", f"/v1/publications/{last['id']}/cancel")["state"] == "cancelled"
    assert served.told("POST", f"/v1/publications/{last['id']}/cancel")["state"] == "cancelled"
    go(served, 90)
    assert sum(platform.posts.values()) == 2
    (again,) = served.told("POST", "/v1/publications", status=201, json={**later, "at": at(served, hours=1)})["items"]
    assert again["state"] == "scheduled"


def test_what_is_held_stays_so_when_it_is_moved(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=1)}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}"
    served.told("PATCH", path, json={"state": "held"})
    moved = served.told("PATCH", path, json={"at": at(served, hours=2)})
    assert (moved["state"], moved["slot"]) == ("held", at(served, hours=2))
    go(served, 200)
    assert served.told("GET", path)["state"] == "held" and not platform.begun
    both = served.told("PATCH", path, json={"at": at(served, hours=1), "state": "scheduled"})
    assert both["state"] == "scheduled"
    go(served, 90)
    assert served.told("GET", path)["state"] == "published" and sum(platform.posts.values()) == 1


def test_what_was_held_for_being_late_goes_out_once_a_person_lets_it(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=1), "late": "hold"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}"
    served.clock.at += timedelta(hours=3)  # the machine was off
    go(served, 3)
    told = served.told("GET", path)
    assert (told["state"], told["error"]["code"]) == ("held", "late")
    served.told("PATCH", path, json={"state": "scheduled"})
    go(served, 3)
    assert served.told("GET", path)["state"] == "published" and sum(platform.posts.values()) == 1


def test_now_pressed_by_two_is_one_post(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": "now"}
    first = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    served.clock.at += timedelta(seconds=40)
    assert served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"] == first
    go(served, 3)
    assert platform.posts == {"container-1": 1}


def test_now_pressed_by_two_in_the_same_moment_is_one_post(served: Served) -> None:
    """Each finds nothing there yet, and the clock goes on between them."""
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = Wanted(clip=clip, channel=channel, at="now")
    first = scheduling.planned(served.engine, "ann", wanted, "ann")
    served.clock.at += timedelta(milliseconds=3)
    second = scheduling.planned(served.engine, "ann", wanted, "bob")
    served.engine.documents.commit(list(first.writes))
    with pytest.raises(Conflict):
        served.engine.documents.commit(list(second.writes))
    again = scheduling.planned(served.engine, "ann", wanted, "bob")
    assert (again.key, again.writes) == (first.key, ())
    go(served, 3)
    assert platform.posts == {"container-1": 1}


def test_a_time_that_a_post_left_is_free_for_another(served: Served) -> None:
    clip = postable(served)
    plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=2)}
    off = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    served.told("POST", f"/v1/publications/{off}/cancel")
    later = {**wanted, "at": at(served, hours=3)}
    other = served.told("POST", "/v1/publications", status=201, json=later)["items"][0]["id"]
    moved = served.told("PATCH", f"/v1/publications/{other}", json={"at": wanted["at"]})
    assert moved["slot"] == wanted["at"]
    again = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    assert again == other, "it has the time now"


def test_nothing_is_moved_into_a_pause(served: Served) -> None:
    clip = postable(served)
    plain(served)
    pause = {"start": at(served, hours=3), "end": at(served, hours=9), "why": "holidays"}
    (channel,) = connected(served, "x", pauses=[pause])
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=2)}
    made = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    refused = served.told("PATCH", f"/v1/publications/{made}", status=400, json={"at": at(served, hours=4)})
    assert refused["code"] == "paused" and "holidays" in refused["detail"]
    served.told("PATCH", f"/v1/publications/{made}", json={"at": "now"})


def test_what_failed_for_certain_can_be_posted_anew_at_once(served: Served) -> None:
    clip = postable(served)
    platform = plain(served, faults=[PlatformSaid("music that is not yours", code="policy")])
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": "now"}
    first = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    go(served, 2)
    assert served.told("GET", f"/v1/publications/{first}")["state"] == "failed"
    again = served.told("POST", "/v1/publications", status=201, json=wanted)["items"][0]["id"]
    assert again != first
    go(served, 2)
    assert served.told("GET", f"/v1/publications/{again}")["state"] == "published"
    assert sum(platform.posts.values()) == 1


def test_what_nobody_knows_is_looked_for_again_and_settled_by_a_person(served: Served) -> None:
    clip, platform = postable(served), plain(served, faults=["lost before"], blind=True)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": "now"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}"
    go(served, 5)
    told = served.told("GET", path)
    assert (told["state"], told["error"]["code"]) == ("unknown", "unknown")
    assert served.told("POST", f"{path}/reconcile")["state"] == "unknown"
    go(served, 3)
    assert served.told("POST", f"{path}/settle", json={"posted": False})["state"] == "failed"
    go(served, 60)
    assert not platform.posts, "it is never sent again by itself"
    assert served.told("POST", f"{path}/settle", status=400, json={"posted": True})["detail"].startswith("it is failed")


def test_what_a_person_does_to_a_post_is_told_as_what_it_does_itself(served: Served) -> None:
    clip = postable(served)
    plain(served, faults=["lost before", "lost before"], blind=True)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel]}

    def events() -> list[tuple[str, str]]:
        found = served.engine.documents.query("events", parent="tenants/ann", order="n", limit=99)
        told = [json.loads(snap.body["told"]) for snap in found if snap.body["type"].startswith("publication.")]
        return [(one["type"].partition(".")[2], one["data"]["publication"]) for one in told]

    times = [at(served, hours=5), at(served, minutes=1), at(served, minutes=2)]
    made = [served.told("POST", "/v1/publications", status=201, json={**wanted, "at": one}) for one in times]
    off, no, yes = (one["items"][0]["id"] for one in made)
    for _ in range(2):
        served.told("POST", f"/v1/publications/{off}/cancel")
    assert events() == [("cancelled", off)]
    go(served, 5)
    served.told("POST", f"/v1/publications/{no}/settle", json={"posted": False})
    served.told("POST", f"/v1/publications/{yes}/settle", json={"posted": True, "url": "https://x.com/i/1"})
    assert events()[-2:] == [("failed", no), ("published", yes)]


def test_a_channel_that_asks_for_approval_posts_what_was_approved_alone(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x", approval=True)
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=1)}
    assert "approve clip" in served.told("POST", "/v1/publications", status=400, json=wanted)["detail"]
    served.told("PATCH", f"/v1/clips/{clip}", json={"state": "approved"})
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    served.told("PATCH", f"/v1/clips/{clip}", json={"state": "rejected"})
    go(served, 70)
    told = served.told("GET", f"/v1/publications/{made['id']}")
    assert (told["state"], told["error"]["code"]) == ("held", "approval")


def test_nobody_sees_or_moves_the_posts_of_others(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=1)}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"priority": 1}),
        ("POST", f"{path}/cancel", None),
        ("POST", f"{path}/reconcile", None),
        ("POST", f"{path}/settle", {"posted": True}),
        ("GET", f"{path}/insights", None),
        ("POST", "/v1/publications", wanted),
        ("GET", f"/v1/channels/{channel}/times", None),
        ("PUT", f"/v1/channels/{channel}/times", {"slots": []}),
    ):
        served.told(method, where, "bob", 404, json=body)
    assert served.told("GET", "/v1/publications", "bob")["items"] == []
    assert served.told("GET", path)["priority"] == 0


def test_an_asset_takes_its_posts_with_it_when_it_is_erased(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    asset = clip.partition("-")[0]
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": "now"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    go(served, 80)
    served.told("POST", "/v1/publications", status=201, json={**wanted, "at": at(served, days=3)})
    served.told("DELETE", f"/v1/assets/{asset}", status=202)
    go(served, 30)
    assert served.told("GET", "/v1/publications")["items"] == []
    there = served.engine.documents
    for collection in ("publications", "metrics", "outcomes", "taken", "calls"):
        assert there.query(collection, parent="tenants/ann") == [], collection
    served.told("GET", f"/v1/publications/{made['id']}", status=404)


def test_an_account_posts_no_more_a_day_than_its_platform_takes(served: Served) -> None:
    clip, platform = postable(served), plain(served)
    (channel,) = connected(served, "x", posts_a_day=2)
    for hours in range(1, 4):
        wanted = {"clip": clip, "channels": [channel], "at": at(served, hours=hours)}
        served.told("POST", "/v1/publications", status=201, json=wanted)
    go(served, 60 * 5)
    assert len(platform.posts) == 2
    (last,) = served.told("GET", "/v1/publications?limit=1")["items"]
    assert (last["state"], last["error"]["code"]) == ("ready", "quota")
    alerts = [
        one.body for one in served.engine.documents.query("events", limit=999) if one.body["type"] == "alert.quota"
    ]
    assert len(alerts) == 1 and '"usage":2,"limit":2' in alerts[0]["told"]
    go(served, 60 * 24)
    assert len(platform.posts) == 3, "it goes on by itself"


def test_insights_come_day_by_day_and_become_an_outcome(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    wanted = {"clip": clip, "channels": [channel], "at": "now"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    path = f"/v1/publications/{made['id']}/insights"
    go(served, 3)
    for _ in range(24 * 30):
        served.clock.at += timedelta(hours=1)
        work.rescue(served.engine)
        while served.post.deliver(served.engine):
            pass
    told = served.told("GET", path)
    days = [one["day"] for one in told["items"]]
    assert days == list(range(29)), days
    assert told["items"][0]["metrics"]["likes"] is None, "what nobody tells is not 0"
    assert len(told["items"][0]["history"]) == 4, "the first day was watched five times"
    assert told["outcome"]["day"] == 28 and told["outcome"]["predicted"]["score"] is not None
    types = [one.body["type"] for one in served.engine.documents.query("events", parent="tenants/ann", limit=999)]
    assert types.count("metrics.update") == 4
