"""What a flow leaves, by the API alone: files and links, texts, votes, checks, usage, plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.domain.annotation import Feature
from common.domain.codec import dumps, to_json
from common.domain.gate import Finding, Fit, Gate
from common.domain.verdict import Counted, Dissent, LeftOut, Verdict, Vote
from common.ports.annotator import Evidence
from common.ports.documents import Merge
from common.ports.language import Caps
from tests.api.conftest import Served, serving
from tests.api.test_flow import chosen
from tests.post import MINUTE, drain
from tests.receivers import Receivers

NAUGHTY = [
    "<script>alert(1)</script>",
    "'; DROP TABLE clips; --",
    "{{7*7}} ${jndi:ldap://x}",
    "نص عربي ‮ and 👩‍👩‍👧‍👦 \u0000 end",
    "=cmd|' /C calc'!A0",
]


def finished(served: Served) -> str:
    """A flow whose first clip has been voted on, rendered and checked; the clip's id."""
    flow = served.arrive("ann", served.announced())
    chosen(served, flow)
    engine, tenant = served.engine, "tenants/ann"

    def kept(name: str, content: Any) -> dict[str, Any]:
        stored = engine.objects.put_new(f"t/ann/{name}", dumps(content))
        return {"object": stored.key, "sha256": stored.sha256, "size": stored.size}

    key = f"{tenant}/runs/{flow}.render.0"
    rendered = dict(engine.documents.get_many([key])[key].body)
    small = rendered["result"]["small"]
    small |= {name: {"object": f"t/ann/clip.{name}"} for name in ("srt", "vtt", "thumbnail", "preview")} | {"ass": None}
    small["covers"] = {"9:16": {"object": "t/ann/cover.jpg"}}
    gate = Gate(
        aspect="9:16",
        object="t/ann/a/x/clip.mp4",
        ready=True,
        findings=(
            Finding(name="loudness", verdict="pass", measured="-14.0 LUFS", limit="-14 LUFS"),
            Finding(
                name="longest length", verdict="fail", measured="75.0 s", limit="to 60 s", fix="cut it", platform="x"
            ),
        ),
        fits=(Fit(platform="x", fits=False, checked=9, unverified=("index",)),),
    )
    vote = Vote(member="rubric", kind="rubric", source="rubric@1", score=70.0, reasons=("It asks.",))
    verdict = Verdict(
        score=66.6667, low=60.0, high=72.5, disagreement=12.5, n_eff=1.8, degraded=None, confidence=0.61,
        dissent=(Dissent(member="history", apart=-20.0, why="it knows two clips alone"),),
        votes=(Counted(vote=vote, base=0.5, weight=0.75),),
        left_out=(LeftOut(name="gemini", why="there is no key"),),
    )  # fmt: skip
    votes = kept("verdicts.json", [{"number": 1, "verdict": to_json(verdict)}])
    files = {"report": {"object": "t/ann/report.html"}, "result": {"object": "t/ann/result.json"}}

    def done(stage: str, result: dict[str, Any]) -> dict[str, Any]:
        return {"state": "done", "flow": flow, "stage": stage, "result": {"small": result, "members": {}}}

    engine.documents.commit(
        [
            Merge(key, rendered),
            Merge(
                f"{tenant}/runs/{flow}.check.0",
                done("check", {"ready": True, "gates": kept("gates.json", [to_json(gate)])}),
            ),
            Merge(f"{tenant}/runs/{flow}.council", done("council", {"verdicts": votes})),
            Merge(f"{tenant}/runs/{flow}.report", done("report", files)),
        ]
    )
    return f"{flow}.1"


def test_everything_made_has_a_link(served: Served) -> None:
    clip = finished(served)
    flow = clip.rpartition(".")[0]
    for path, name, kind in (
        (f"/v1/clips/{clip}/captions/srt", "t/ann/clip.srt", "application/x-subrip"),
        (f"/v1/clips/{clip}/captions/vtt", "t/ann/clip.vtt", "text/vtt"),
        (f"/v1/clips/{clip}/thumbnail", "t/ann/clip.thumbnail", "image/jpeg"),
        (f"/v1/clips/{clip}/renditions/9x16/cover", "t/ann/cover.jpg", "image/jpeg"),
        (f"/v1/clips/{clip}/preview", "t/ann/clip.preview", "video/mp4"),
        (f"/v1/flows/{flow}/report", "t/ann/report.html", "text/html"),
        (f"/v1/flows/{flow}/result", "t/ann/result.json", "application/json"),
    ):
        told = served.told("GET", path)
        assert told["url"].startswith(f"https://bucket/{name}?") and told["url"].endswith(f"kind={kind}")
        assert told["note"] is None


def test_what_was_not_made_is_not_there_and_it_says_why(served: Served) -> None:
    clip = finished(served)
    second = clip.replace(".1", ".2")
    for path, why in (
        (f"/v1/clips/{clip}/captions/ass", "no words are known"),
        (f"/v1/clips/{clip}/captions/doc", "srt, vtt, ass"),
        (f"/v1/clips/{second}/captions/srt", "not made yet"),
        (f"/v1/clips/{clip}/renditions/1x1/cover", "no cover of 1:1"),
        (f"/v1/clips/{second}/thumbnail", "not made yet"),
        (f"/v1/clips/{second}/verdict", "was not asked"),
    ):
        assert why in served.told("GET", path, status=404)["detail"]
    other = served.arrive("ann", served.announced("other.mp4"), "other.mp4")
    assert "no report yet" in served.told("GET", f"/v1/flows/{other}/report", status=404)["detail"]


def test_captions_of_a_draft_come_with_a_warning(served: Served) -> None:
    clip = finished(served)
    draft = {"what": "captions in the picture", "why": "the words are a draft with many wrong ones"}
    served.engine.documents.commit(
        [Merge(f"tenants/ann/runs/{clip.rpartition('.')[0]}.render.0", {"left_out": [draft]})]
    )
    assert "draft" in served.told("GET", f"/v1/clips/{clip}/captions/srt")["note"]


def test_a_verdict_shows_votes_weights_dissent_and_who_was_left_out(served: Served) -> None:
    told = served.told("GET", f"/v1/clips/{finished(served)}/verdict")
    (vote,) = told["votes"]
    assert (vote["member"], vote["score"], vote["weight"], vote["reasons"]) == ("rubric", 70.0, 0.75, ["It asks."])
    whole = told["verdict"]
    assert (whole["score"], whole["low"], whole["high"], whole["disagreement"]) == (66.667, 60.0, 72.5, 12.5)
    assert told["verdict"]["dissent"] == [{"member": "history", "apart": -20.0, "why": "it knows two clips alone"}]
    assert told["verdict"]["left_out"] == [{"member": "gemini", "why": "there is no key"}]


def test_which_files_go_where_is_chosen_and_kept(served: Served) -> None:
    path = f"/v1/clips/{finished(served)}/renditions"
    told = served.told("GET", path)
    assert told["wanted"] is None and [one["aspect"] for one in told["items"]] == ["9:16"]
    version = served.ask("GET", path).headers["etag"]
    wanted = [{"aspect": "9:16", "platforms": ["tiktok", "x"]}]
    assert served.told("PATCH", path, json={"wanted": wanted}, headers={"If-Match": version})["wanted"] == wanted
    assert served.told("GET", path)["wanted"] == wanted
    served.told("PATCH", path, status=412, json={"wanted": []}, headers={"If-Match": version})
    for refused, why in (
        ([{"aspect": "1:1", "platforms": []}], "no file of 1:1"),
        ([{"aspect": "9:16", "platforms": ["myspace"]}], "no platform 'myspace'"),
        (wanted + wanted, "twice"),
    ):
        assert why in served.told("PATCH", path, status=400, json={"wanted": refused})["detail"]
    assert served.told("GET", path)["wanted"] == wanted


@pytest.mark.parametrize("text", NAUGHTY)
def test_texts_come_back_as_they_were_sent(served: Served, text: str) -> None:
    path = f"/v1/clips/{finished(served)}"
    before = served.told("GET", path)
    told = served.told("PATCH", path, json={"title": text, "description": text * 2, "hashtags": ["ünïcode"]})
    assert served.told("GET", path) == told
    assert (told["title"], told["description"], told["hashtags"]) == (text, text * 2, ["ünïcode"])
    for name in told.keys() - {"title", "description", "hashtags", "texts"}:
        assert told[name] == before[name]


def test_a_text_that_is_too_long_for_a_platform_is_said(served: Served) -> None:
    path = f"/v1/clips/{finished(served)}"
    assert served.told("GET", path)["texts"] == []
    told = served.told("PATCH", path, json={"title": "x" * 101})
    said = {(one["platform"], one["name"]): one for one in told["texts"]}
    assert said["youtube_short", "title"]["measured"] == "101 characters"
    assert said["youtube_short", "title"]["fix"] == "shorten it by 1 characters"
    assert all(one["source"] and one["date"] and one["verdict"] == "fail" for one in told["texts"])
    for refused in ({"title": ""}, {"title": "x" * 501}, {"hashtags": ["#a"]}, {"hashtags": ["a b"]}, {}):
        served.told("PATCH", path, status=400, json=refused)


def test_who_approves_approves_what_is_there_that_moment(served: Served) -> None:
    path = f"/v1/clips/{finished(served)}"
    told = served.told("PATCH", path, json={"state": "approved"})
    assert (told["state"], told["decided"]["by"], told["decided"]["stands"]) == ("approved", "ann", True)
    again = served.told("PATCH", path, json={"title": "Another"})
    assert (again["state"], again["decided"]) == ("chosen", None), "nobody has approved this title"
    both = served.told("PATCH", path, json={"title": "A third", "state": "approved"})
    assert (both["state"], both["decided"]["stands"]) == ("approved", True)
    assert both["decided"]["of"] != told["decided"]["of"]
    served.told("PATCH", f"{path}/renditions", json={"wanted": [{"aspect": "9:16", "platforms": ["x"]}]})
    assert served.told("GET", path)["state"] == "chosen"


def test_an_approval_does_not_stand_for_other_files(served: Served) -> None:
    clip = finished(served)
    served.told("PATCH", f"/v1/clips/{clip}", json={"state": "approved"})
    key = f"tenants/ann/runs/{clip.rpartition('.')[0]}.render.0"
    body = served.engine.documents.get_many([key])[key].body
    body["result"]["small"]["renditions"][0]["sha256"] = "cd"
    served.engine.documents.commit([Merge(key, body)])
    assert served.told("GET", f"/v1/clips/{clip}")["decided"]["stands"] is False


def test_who_may_edit_may_not_approve(served: Served) -> None:
    clip = finished(served)
    for name, role in (("eve", "editor"), ("pat", "publisher"), ("vic", "viewer")):
        served.told("POST", "/v1/members", status=201, json={"subject": name, "role": role})
    where = {"Cutroom-Organisation": "ann"}
    path = f"/v1/clips/{clip}"
    served.told("PATCH", path, "vic", 403, json={"title": "V"}, headers=where)
    served.told("PATCH", path, "eve", 403, json={"title": "E", "state": "approved"}, headers=where)
    assert served.told("GET", path)["title"] != "E"
    assert served.told("PATCH", path, "eve", json={"title": "E"}, headers=where)["title"] == "E"
    served.clock.at += MINUTE
    assert served.told("PATCH", path, "pat", json={"state": "approved"}, headers=where)["decided"]["by"] == "pat"
    lines = served.told("GET", "/v1/audit?what=clips.change")["items"]
    assert [(line["by"], line["on"], line["detail"]) for line in lines] == [
        ("pat", clip, {"changed": "state", "state": "approved"}),
        ("eve", clip, {"changed": "title"}),
    ]


def test_the_trail_is_asked_by_who_and_by_what(served: Served) -> None:
    for name in ("one", "two"):
        served.told("POST", "/v1/keys", status=201, json={"name": name, "role": "admin"})
    made = served.told("POST", "/v1/keys", status=201, json={"name": "three", "role": "admin"})
    served.told("POST", "/v1/members", made["text"], 201, json={"subject": "bob", "role": "viewer"})
    by_key = served.told("GET", f"/v1/audit?by=key:{made['id']}")["items"]
    assert [line["what"] for line in by_key] == ["members.add"]
    first = served.told("GET", "/v1/audit?what=keys.make&limit=2")
    rest = served.told("GET", f"/v1/audit?what=keys.make&limit=2&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert served.told("GET", "/v1/audit?what=keys.make&by=nobody")["items"] == []


def test_compliance_of_a_clip_names_rule_source_and_fix(served: Served) -> None:
    clip = finished(served)
    told = served.told("POST", "/v1/compliance", json={"clip": clip, "platforms": ["x"]})
    assert (told["clip"], told["ready"], told["left_out"]) == (clip, True, [])
    found = {one["name"]: one for one in told["findings"]}
    assert found["loudness"]["platform"] is None and found["loudness"]["verdict"] == "pass"
    longest = found["longest length"]
    assert (longest["verdict"], longest["measured"], longest["limit"]) == ("fail", "75.0 s", "to 60 s")
    assert longest["fix"] == "cut it" and "docs.x.com" in longest["source"]
    assert found["description and hashtags"]["verdict"] == "pass"
    assert [(fit["aspect"], fit["fits"]) for fit in told["fits"]] == [(None, True), ("9:16", False)]
    unmade = served.told("POST", "/v1/compliance", json={"clip": clip.replace(".1", ".2")})
    assert unmade["ready"] is None and unmade["left_out"][0]["what"] == "files"


def test_compliance_of_texts_alone(served: Served) -> None:
    told = served.told("POST", "/v1/compliance", json={"title": "T", "description": "é" * 2600, "hashtags": ["a"]})
    found = {one["platform"]: one for one in told["findings"] if one["name"] == "description and hashtags"}
    assert found["youtube_video"]["measured"] == "5204 bytes" and found["youtube_video"]["verdict"] == "fail"
    assert found["tiktok"]["verdict"] == "fail" and "shorten it by" in found["tiktok"]["fix"]
    unverified = {fit["platform"] for fit in told["fits"] if fit["unverified"]}
    assert unverified == {"facebook_reels"}
    for refused in ({}, {"title": "T", "platforms": ["myspace"]}, {"platforms": ["x"]}):
        served.told("POST", "/v1/compliance", status=400, json=refused)


PLAN: dict[str, Any] = {
    "schema": "cutroom.storyboard/1",
    "title": "A faster TV",
    "shots": [
        {"seconds": 2, "say": "Why is your TV so slow?", "picture": "stills/1.jpg"},
        {"seconds": 1.5, "say": "Here's how to fix it."},
    ],
}


def test_a_plan_scores_as_the_command_scores_it(served: Served, tmp_path: Path) -> None:
    from rich.console import Console

    from scripts.cli import storyboard

    told = served.told("POST", "/v1/storyboards", json=PLAN)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN))
    expected = storyboard.score(path, Console(quiet=True))
    assert told == {**json.loads(json.dumps(expected)), "left_out": told["left_out"]}
    assert [one["what"] for one in told["left_out"]] == ["pictures"]
    assert told["judgement"]["hook"]["type"] == "question" and told["prediction"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "cutroom.storyboard/2"},
        {"shots": []},
        {"shots": [{"seconds": 0}]},
        {"shots": [{"seconds": 1, "picture": "../etc/passwd"}]},
        {"shots": [{"seconds": 1, "sing": "x"}]},
        {"title": " "},
    ],
)
def test_a_plan_that_cannot_be_is_refused(served: Served, change: dict[str, Any]) -> None:
    served.told("POST", "/v1/storyboards", status=400, json={**PLAN, **change})


def test_a_plans_title_is_given_back_as_it_was_sent(served: Served) -> None:
    title = "  two\r\nlines\t\u0007 "
    assert served.told("POST", "/v1/storyboards", json={**PLAN, "title": title})["title"] == title


def test_usage_is_counted_once_a_run_whatever_comes_twice(served: Served) -> None:
    served.post.doubled = 0.5
    flow = served.arrive("ann", served.announced())
    drain(served.engine, served.post, served.clock)
    runs = served.engine.documents.query("runs", parent="tenants/ann")
    cpu = sum(round(1000 * run.body["timings"]["cpu_s"]) for run in runs)
    wall = sum(round(1000 * run.body["timings"]["wall_s"]) for run in runs)
    told = served.told("GET", "/v1/usage")
    assert len(told["days"]) == 30 and told["to"] == served.clock.now().date().isoformat()
    assert (round(1000 * told["total"]["cpu_s"]), round(1000 * told["total"]["wall_s"])) == (cpu, wall)
    assert told["total"]["made_bytes"] == sum(len(str(n * n)) for n in range(2)), "what the parts keep"
    assert told["total"]["model_calls"] is None and told["total"]["gpu_s"] == 0
    by_stage = served.told("GET", f"/v1/flows/{flow}/usage")
    assert [one["stage"] for one in by_stage["stages"]] == ["split", "part", "side", "join"]
    assert round(1000 * by_stage["wall_s"]) == wall and by_stage["stages"][1]["runs"] == 2
    wanted = {"asset": flow.rpartition("-")[0], "settings": {"clips": 2, "min_s": 5}}
    assert served.told("POST", "/v1/flows", status=201, json=wanted)["id"] != flow
    drain(served.engine, served.post, served.clock)
    assert served.told("GET", "/v1/usage")["total"]["made_bytes"] == told["total"]["made_bytes"], "all was reused"


def test_what_evidence_would_cost_is_told_where_none_is_bought(served: Served) -> None:
    told = served.told("GET", "/v1/evidence")
    assert {one["name"]: one["usd_micros_per_minute"] for one in told["features"]} == {
        **{"labels": 100_000, "shots": 50_000, "objects": 150_000},
        **{"texts": 150_000, "faces": 100_000, "speech": 48_000},
    }
    assert not any(one["wanted"] for one in told["features"])
    assert told["usd_micros_per_hour"] == 0 and told["usd_micros"] is None and told["usd_micros_per_video"] == 500_000
    served.told("GET", "/v1/evidence?feature=x", status=400)
    served.told("GET", "/v1/evidence?asset=none", status=404)


def test_the_price_of_a_video_s_evidence_is_told_before_it_is_bought(tmp_path: Path) -> None:
    prices: dict[Feature, int] = {"labels": 100_000, "shots": 50_000, "texts": 150_000}
    caps = Caps(per_video=500_000, per_day=5_000_000)
    known = Evidence(wanted=("labels", "shots"), per_minute=prices, seen="2026-11-22", caps=caps)
    with serving(tmp_path, Receivers(), known) as served:
        asset = served.announced()
        told = served.told("GET", f"/v1/evidence?asset={asset}")
        assert told["usd_micros"] is None and told["usd_micros_per_hour"] == 6_000_000, "its length is not known yet"
        served.engine.documents.commit([Merge(f"tenants/ann/assets/{asset}", {"duration": 61.5})])
        told = served.told("GET", f"/v1/evidence?asset={asset}")
        assert (told["usd_micros"], told["usd_micros_per_video"], told["priced"]) == (200_000, 500_000, "2026-11-22")
        assert {one["name"]: (one["wanted"], one["usd_micros"]) for one in told["features"]} == {
            "labels": (True, 200_000),
            "shots": (True, 0),
            "texts": (False, 300_000),
        }
        served.told("GET", f"/v1/evidence?asset={asset}", by="bob", status=404)
    unpriced = Evidence(wanted=("labels",), why="council.json is no JSON")
    with serving(tmp_path / "b", Receivers(), unpriced) as served:
        asset = served.announced()
        served.engine.documents.commit([Merge(f"tenants/ann/assets/{asset}", {"duration": 61.5})])
        told = served.told("GET", f"/v1/evidence?asset={asset}")
        assert (told["features"], told["usd_micros"], told["usd_micros_per_hour"]) == ([], 0, 0)


@pytest.mark.parametrize(
    "query", ["from=2026-01-02&to=2026-01-01", "from=2025-01-01&to=2026-01-01", "to=0001-01-02", "from=x"]
)
def test_a_time_that_cannot_be_is_refused(served: Served, query: str) -> None:
    served.told("GET", f"/v1/usage?{query}", status=400)


def test_usage_is_of_the_days_that_are_asked_for(served: Served) -> None:
    key = "tenants/ann/usage/2026-01-01.0"
    counts = {"footage_ms": 90_500, "cpu_ms_media": 10_000, "wall_ms_gpu": 3_600_000, "brought_bytes": 7}
    served.engine.documents.commit([Merge(key, {"schema": 1, "day": "2026-01-01", **counts})])
    told = served.told("GET", "/v1/usage?from=2026-01-01&to=2026-01-02")
    assert [day["day"] for day in told["days"]] == ["2026-01-01", "2026-01-02"]
    first, second = told["days"]
    assert (first["footage_s"], first["cpu_s"], first["gpu_s"], first["brought_bytes"]) == (90.5, 10.0, 3600.0, 7)
    assert first["estimated_usd_micros"] == 1_420_000 + 290, "an hour of an L4, ten seconds of a vCPU with 2 GiB"
    assert second["estimated_usd_micros"] == 0 and told["total"]["footage_s"] == 90.5
    assert served.told("GET", "/v1/usage?from=2026-01-01&to=2026-01-02", by="bob")["total"]["footage_s"] == 0


def test_a_video_is_called_otherwise(served: Served) -> None:
    asset = served.announced()
    path = f"/v1/assets/{asset}"
    version = served.ask("GET", path).headers["etag"]
    told = served.told("PATCH", path, json={"name": NAUGHTY[0]}, headers={"If-Match": version})
    assert told["name"] == NAUGHTY[0] == served.told("GET", path)["name"]
    served.told("PATCH", path, status=412, json={"name": "b"}, headers={"If-Match": version})
    assert served.told("GET", "/v1/audit")["items"][0]["what"] == "assets.change"


def test_an_announced_sha256_goes_with_the_file(served: Served) -> None:
    wanted = {"name": "talk.mp4", "size": 352, "sha256": "ab" * 32}
    asset = served.told("POST", "/v1/assets", status=201, json=wanted)["id"]
    served.arrive("ann", asset)
    key = f"tenants/ann/assets/{asset}"
    assert served.engine.documents.get_many([key])[key].body["source"]["sha256"] == "ab" * 32
    served.told("POST", "/v1/assets", status=400, json={**wanted, "sha256": "AB" * 32})
