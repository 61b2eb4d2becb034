"""The calendar by the API alone: weekly times, pauses, free times, and tables of many posts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.chores import work
from common.ports.clock import stamp
from common.ports.documents import Create, Delete
from tests.api.conftest import Served
from tests.api.test_publications_api import connected, go, plain, postable

WEEKLY = [
    {"day": 3, "time": "18:00", "topic": "tea", "content": "tip", "priority": 2},
    {"day": 5, "time": "09:30"},
]


def times(served: Served, channel: str, **more: Any) -> Any:
    return served.told("PUT", f"/v1/channels/{channel}/times", json={"slots": WEEKLY, **more})


def test_the_calendar_shows_posts_and_the_times_that_are_free(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    assert times(served, channel)["slots"][0]["topic"] == "tea"
    wanted = {"clip": clip, "channels": [channel], "at": "next"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert made["slot"] == "2026-01-01T17:00:00.000Z", "Thursday, 18:00 in Berlin"
    assert (made["topic"], made["content"], made["priority"]) == ("tea", "tip", 2)
    told = served.told("GET", "/v1/calendar")["items"]
    assert len(told) == 8, "four weeks of two"
    assert [bool(one["publication"]) for one in told] == [True] + [False] * 7
    (other,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert other["slot"] == "2026-01-03T08:30:00.000Z", "the next that is free"


def test_nothing_is_scheduled_into_a_pause(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    pause = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-04T00:00:00+01:00", "why": "holidays"}
    times(served, channel, pauses=[pause])
    wanted = {"clip": clip, "channels": [channel], "at": "next"}
    (made,) = served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
    assert made["slot"] == "2026-01-08T17:00:00.000Z"
    refused = served.told("POST", "/v1/publications", status=400, json={**wanted, "at": "2026-01-02T12:00:00Z"})
    assert "holidays" in refused["detail"] and refused["code"] == "paused"
    told = served.told("GET", "/v1/calendar")["items"]
    assert [one["paused"] for one in told[:3]] == ["holidays", "holidays", None]


def test_times_that_cannot_be_are_refused(served: Served) -> None:
    (channel,) = connected(served, "x")
    path = f"/v1/channels/{channel}/times"
    for wrong in (
        {"slots": [{"day": 7, "time": "18:00"}]},
        {"slots": [{"day": 1, "time": "24:00"}]},
        {"slots": [WEEKLY[0], WEEKLY[0]]},
        {"slots": [], "pauses": [{"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z", "why": "x"}]},
    ):
        served.told("PUT", path, status=400, json=wrong)
    assert served.told("GET", path)["slots"] == []
    told = served.told("GET", "/v1/calendar?since=2026-01-01T00:00:00Z&until=2026-06-01T00:00:00Z", status=400)
    assert "three months" in told["detail"]


def test_the_best_times_are_the_channels_own_or_said_to_be_nobodys(served: Served) -> None:
    (channel,) = connected(served, "x")
    path = f"/v1/channels/{channel}/times"
    best = served.told("GET", path)["best"]
    assert (best["posts"], best["enough"], best["days"]) == (0, False, []) and "nobody's measurement" in best["usual"]
    for n in range(40):
        at = served.clock.now() + timedelta(days=n % 14, hours=n % 4 * 6)
        body = {"schema": 1, "channel": channel, "published": stamp(at)}
        views = 1000 if at.hour == 18 else 100
        body["metrics"] = {"views": None if n == 39 else views}
        served.engine.documents.commit([Create(f"tenants/ann/outcomes/{n}", body)])
    best = served.told("GET", path)["best"]
    assert (best["posts"], best["enough"]) == (39, True)
    assert best["stretches"][0]["group"] == 18, "18:00 UTC is 19:00 in Berlin"
    assert best["stretches"][0]["low"] > 1 > best["stretches"][-1]["high"]


def brought(served: Served, table: str, status: int = 202) -> Any:
    made = served.told("POST", "/v1/calendar/tables", status=status, json={"table": table})
    if status != 202:
        return made
    go(served, 5)
    return served.told("GET", f"/v1/calendar/tables/{made['id']}")


def test_a_table_is_scheduled_whole(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    connected(served, "x", "tiktok")
    rows = [
        f"{clip};Ann on {'x' if n % 2 else 'tiktok'};2026-02-{n % 27 + 1:02} {n % 23:02}:00;#tea green"
        for n in range(60)
    ]
    told = brought(served, "\ufeffClip;CHANNEL;at;hashtags\r\n" + "\r\n".join(rows) + "\r\n\r\n")
    assert (told["state"], told["rows"], told["scheduled"], told["wrong"]) == ("done", 60, 60, [])
    (first,) = served.told("GET", "/v1/publications?limit=1&since=2026-02-28T00:00:00Z", status=200)["items"] or [None]
    assert first is None
    items = served.told("GET", "/v1/publications?limit=100")["items"]
    assert len(items) == 60 and items[0]["tags"] == ["tea", "green"]


def test_of_a_table_with_three_errors_all_are_said_and_nothing_is_scheduled(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    connected(served, "x")
    rows = [f"{clip},Ann on x,2026-02-{n % 27 + 1:02}T{n // 27 % 24:02}:{n // 648:02},," for n in range(5000)]
    rows[10] = f"{clip},Bob on x,2026-02-01T00:00,,"
    rows[2000] = "nobody.1,Ann on x,2026-02-01T00:00,,"
    rows[4999] = f'{clip},Ann on x,tomorrow,"a title, with a comma",12'
    told = brought(served, "\ufeffclip,channel,at,title,priority\n" + "\n".join(rows))
    assert (told["state"], told["rows"], told["scheduled"], told["wrong_in_all"]) == ("done", 5000, 0, 3)
    assert [one["line"] for one in told["wrong"]] == [12, 2002, 5001]
    assert "no channel is called" in told["wrong"][0]["text"] and "no clip" in told["wrong"][1]["text"]
    assert served.told("GET", "/v1/publications")["items"] == []


def test_a_table_that_is_none_is_refused_at_once(served: Served) -> None:
    connected(served, "x")
    for table, why in (
        ("clip,channel\n", "no column at"),
        ("clip,channel,at,colour\na,b,c,d\n", "no column 'colour'"),
        ("clip,channel,at,at\na,b,c,d\n", "twice"),
        ("clip,channel,at\n\n", "no rows"),
        ('clip,channel,at\n"a,b,c\n', "cannot be read"),
        ("clip,channel,at\n" + "a,b,c\n" * 5001, "5001 rows"),
    ):
        assert why in brought(served, table, 400)["detail"]


@pytest.mark.parametrize("row", ["{clip},Ann on x,2026-02-01T00:00", "{clip},Bob on x,2026-02-01T00:00"])
def test_nothing_of_a_table_is_kept_once_it_is_through(served: Served, row: str) -> None:
    """Its texts are those of posts, and would outlive an erasure of what they are about."""
    clip, _ = postable(served), plain(served)
    connected(served, "x")
    assert brought(served, "clip,channel,at\n" + row.format(clip=clip))["state"] == "done"
    assert list(served.engine.objects.list("t/ann/calendar")) == []


def test_a_row_whose_clip_goes_meanwhile_is_told_by_its_line(served: Served) -> None:
    """Though lines before it are empty."""
    clip, _ = postable(served), plain(served)
    connected(served, "x")
    table = f"clip,channel,at\n\n\n{clip},Ann on x,2026-02-01T00:00\n"
    made = served.told("POST", "/v1/calendar/tables", status=202, json={"table": table})
    real, key = served.engine.documents.commit, f"tenants/ann/chores/calendar-{made['id']}"

    def going(writes: Any) -> Any:
        versions = real(writes)
        if any("plan" in getattr(one, "fields", {}).get("memo", {}) for one in writes):
            real([Delete(f"tenants/ann/clips/{clip}")])
        return versions

    served.engine.documents.commit = going  # type: ignore[method-assign]
    work.execute(served.tools, key)
    told = served.told("GET", f"/v1/calendar/tables/{made['id']}")
    assert [one["line"] for one in told["wrong"]] == [4] and "no clip" in told["wrong"][0]["text"]


def test_a_table_goes_on_after_a_death(served: Served) -> None:
    clip, _ = postable(served), plain(served)
    (channel,) = connected(served, "x")
    times(served, channel)
    table = "clip,channel,at\n" + f"{clip},Ann on x,next\n" * 40
    made = served.told("POST", "/v1/calendar/tables", status=202, json={"table": table})
    real = served.engine.documents.commit
    count = 0

    class Killed(BaseException):
        pass

    def dying(writes: Any) -> Any:
        nonlocal count
        count += 1
        if count in (12, 13, 40):
            raise Killed
        return real(writes)

    served.engine.documents.commit = dying  # type: ignore[method-assign]
    for _ in range(6):
        try:
            work.execute(served.tools, f"tenants/ann/chores/calendar-{made['id']}")
        except Killed:
            served.restart()
    told = served.told("GET", f"/v1/calendar/tables/{made['id']}")
    assert (told["state"], told["scheduled"]) == ("done", 40)
    slots = [one["slot"] for one in served.told("GET", "/v1/publications?limit=100")["items"]]
    assert len(slots) == len(set(slots)) == 40
