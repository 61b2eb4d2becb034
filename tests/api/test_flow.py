"""From an announced file to clips, by the API alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from common.domain.clip import Clip, Evidence
from common.domain.codec import to_json
from common.domain.timebase import Span
from common.ports.documents import Create, Merge
from tests.api.conftest import Served
from tests.post import MINUTE, drain


def test_an_announced_file_has_a_place_and_is_awaited(served: Served) -> None:
    wanted = {"name": "../My talk (1).MP4", "size": 352, "type": "video/mp4"}
    told = served.told("POST", "/v1/assets", status=201, json=wanted)
    assert (told["state"], told["name"], told["size"]) == ("awaiting", "../My talk (1).MP4", 352)
    assert served.slots.asked == [(f"t/ann/{told['id']}/My talk (1).MP4", "video/mp4", 352)]
    assert told["upload"]["whole"]["url"].startswith("https://bucket/t/ann/")
    again = served.told("GET", f"/v1/assets/{told['id']}")
    assert again == {**told, "upload": None}, "the signed place is told once"


def test_when_the_file_comes_it_is_the_asset_that_was_announced(served: Served) -> None:
    asset = served.announced()
    flow = served.arrive("ann", asset)
    assert flow.startswith(asset)
    assert served.arrive("ann", asset) == flow, "the event came twice"
    assert served.told("GET", f"/v1/assets/{asset}")["state"] == "new"
    (listed,) = served.told("GET", "/v1/flows")["items"]
    assert (listed["id"], listed["asset"], listed["state"], listed["name"]) == (flow, asset, "running", "talk.mp4")


def test_another_file_at_an_announced_place_is_an_asset_of_its_own(served: Served) -> None:
    asset = served.announced()
    served.arrive("ann", asset)
    other = served.arrive("ann", asset, "other.mp4")
    assert not other.startswith(asset)
    assert len(served.told("GET", "/v1/assets")["items"]) == 2


def test_a_flow_says_how_far_each_run_is(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    first = served.told("GET", f"/v1/flows/{flow}")
    assert [(run["stage"], run["state"], run["attempt"]) for run in first["runs"]] == [("split", "queued", 0)]
    assert first["percent"] == 0
    drain(served.engine, served.post, served.clock)
    last = served.told("GET", f"/v1/flows/{flow}")
    assert (last["state"], last["percent"]) == ("done", 100)
    assert {run["state"] for run in last["runs"]} == {"done"}
    assert all(run["title"] and run["title"] != run["stage"] for run in last["runs"])


def test_a_flow_can_be_stopped_once_and_again(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    for _ in range(2):
        assert served.told("POST", f"/v1/flows/{flow}/cancel")["state"] == "cancelled"
    drain(served.engine, served.post, served.clock)
    assert served.told("GET", f"/v1/flows/{flow}")["state"] == "cancelled"


def test_other_settings_are_another_flow_and_the_same_ones_the_same(served: Served) -> None:
    asset = served.announced()
    problem = served.told("POST", "/v1/flows", status=400, json={"asset": asset})
    assert "has not come yet" in problem["detail"]
    served.arrive("ann", asset)
    wanted = {"asset": asset, "settings": {"clips": 3, "min_s": 5, "max_s": 9, "aspects": ["9:16", "1:1"]}}
    first, second = (served.told("POST", "/v1/flows", status=201, json=wanted)["id"] for _ in range(2))
    assert first == second == f"{asset}-2"
    assert len(served.told("GET", f"/v1/flows?asset={asset}")["items"]) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {"clips": 0},
        {"min_s": 20, "max_s": 10},
        {"aspects": []},
        {"aspects": ["2:1"]},
        {"language": "x y"},
        {"nosuch": 1},
    ],
)
def test_settings_that_cannot_be_are_refused(served: Served, settings: dict[str, Any]) -> None:
    asset = served.announced()
    served.arrive("ann", asset)
    served.told("POST", "/v1/flows", status=400, json={"asset": asset, "settings": settings})
    assert len(served.told("GET", "/v1/flows")["items"]) == 1


def test_lists_come_in_pages_whatever_is_added_meanwhile(served: Served) -> None:
    names = [f"talk{n}.mp4" for n in range(7)]
    for n, name in enumerate(names):
        served.announced(name)
        if n % 3 == 2:
            served.clock.at += MINUTE  # several at one moment
    seen: list[str] = []
    cursor = ""
    while True:
        page = served.told("GET", f"/v1/assets?limit=2{cursor}")
        seen += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        served.clock.at += MINUTE
        served.announced("later.mp4")
        cursor = f"&cursor={page['next']}"
    assert sorted(seen) == names and seen[0] == "talk6.mp4"


def test_a_state_is_a_filter(served: Served) -> None:
    for n in range(6):
        served.clock.at += MINUTE
        flow = served.arrive("ann", served.announced(f"talk{n}.mp4"), f"talk{n}.mp4")
        if n % 2:
            served.told("POST", f"/v1/flows/{flow}/cancel")
    first = served.told("GET", "/v1/flows?state=cancelled&limit=2")
    rest = served.told("GET", f"/v1/flows?state=cancelled&limit=2&cursor={first['next']}")
    assert [one["name"] for one in (*first["items"], *rest["items"])] == ["talk5.mp4", "talk3.mp4", "talk1.mp4"]
    assert rest["next"] is None


def chosen(served: Served, flow: str) -> None:
    """A flow that chose two clips and has rendered and checked the first."""
    tenant = "tenants/ann"

    def clip(number: int) -> dict[str, Any]:
        span = Span(Fraction(number), Fraction(number) + Fraction(40, 3))
        evidence = (
            Evidence(name="opens", text="It asks.", weight=0.5, span=span),
            Evidence(name="b", text="B", weight=-0.1),
        )
        one = Clip(
            number=number, span=span, title=f"Clip {number}: naïve ☃", score=1 / number, scores={"hook": 0.5},
            evidence=evidence, why="It asks.", text="What is it?",
        )  # fmt: skip
        return {"schema": 1, "state": "chosen", **to_json(one)}

    def done(stage: str, result: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"state": "done", "flow": flow, "stage": stage, "result": {"small": result, "members": {}, **more}}

    rendition = {
        "aspect": "9:16", "shown": [], "captions": "pop", "object": "t/ann/a/x/clip.mp4", "sha256": "ab", "size": 9,
        "width": 1080, "height": 1920, "duration": "40/3", "frame_rate": "30/1", "frames": 400, "checks": [],
    }  # fmt: skip
    served.engine.documents.commit(
        [
            *(Create(f"{tenant}/clips/{flow}.{n}", clip(n)) for n in (1, 2)),
            Merge(f"{tenant}/runs/{flow}.score", done("score", {}, members={"clip": 2})),
            Merge(f"{tenant}/runs/{flow}.render.0", done("render", {"number": 1, "renditions": [rendition]})),
            Merge(f"{tenant}/runs/{flow}.check.0", done("check", {"number": 1, "ready": True})),
        ]
    )


def test_clips_say_why_they_were_chosen(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    assert served.told("GET", f"/v1/flows/{flow}/clips") == {"items": []}
    chosen(served, flow)
    first, second = served.told("GET", f"/v1/flows/{flow}/clips")["items"]
    assert (first["id"], first["number"], first["title"]) == (f"{flow}.1", 1, "Clip 1: naïve ☃")
    assert (first["start"], first["end"]) == (1.0, 14.333333)
    assert first["evidence"][0] == {"name": "opens", "text": "It asks.", "weight": 0.5, "start": 1.0, "end": 14.333333}
    assert first["evidence"][1]["start"] is None
    whole = served.told("GET", f"/v1/clips/{first['id']}")
    assert (whole["ready"], [one["aspect"] for one in whole["renditions"]]) == (True, ["9:16"])
    assert served.told("GET", f"/v1/clips/{second['id']}")["renditions"] == []


def test_a_decision_holds_for_what_was_read(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    chosen(served, flow)
    path = f"/v1/clips/{flow}.1"
    version = served.ask("GET", path).headers["etag"]
    assert served.ask("GET", path, headers={"If-None-Match": version}).status_code == 304
    told = served.told("PATCH", path, json={"state": "approved"}, headers={"If-Match": version})
    assert told["state"] == "approved"
    stale = served.told("PATCH", path, status=412, json={"state": "rejected"}, headers={"If-Match": version})
    assert stale["code"] == "stale"
    assert served.told("PATCH", path, json={"state": "rejected"}, headers={"If-Match": "*"})["state"] == "rejected"
    served.told("PATCH", path, status=400, json={"state": "published"})


def test_a_finished_file_has_a_link(served: Served) -> None:
    flow = served.arrive("ann", served.announced())
    chosen(served, flow)
    told = served.told("GET", f"/v1/clips/{flow}.1/renditions/9x16")
    assert told["url"] == "https://bucket/t/ann/a/x/clip.mp4?as=Clip 1: naïve ☃ 9x16.mp4&kind=video/mp4"
    for missing in (f"/v1/clips/{flow}.1/renditions/1x1", f"/v1/clips/{flow}.2/renditions/9x16"):
        served.told("GET", missing, status=404)
