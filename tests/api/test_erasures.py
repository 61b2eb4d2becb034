"""What is erased is gone, from every store, whatever dies on the way; and what is not to be erased stays."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from common.chores import work
from common.chores.erasing import erase_tenant, removing
from common.learning import registry
from common.learning.experiments import counting
from common.pipeline.execution import claim
from common.pipeline.run import RunId
from common.ports.documents import Create, Delete, Json, Snap
from functions.api.table import TABLE
from tests import learned
from tests.api.conftest import Served
from tests.api.test_accounts_api import joined, made
from tests.dying import dying

ROOT = Path(__file__).resolve().parents[2]


def everything(served: Served) -> dict[str, Json]:
    """All documents there are."""
    rows = served.engine.documents._db.execute("SELECT key, body FROM documents")  # type: ignore[attr-defined]
    return {key: json.loads(body) for key, body in rows}


def files(served: Served) -> list[str]:
    return served.engine.objects.list("")


HOOK = {"name": "ours", "address": "https://hooks.example/", "events": ["video.generation.started"]}


def lived(served: Served, tenant: str, by: str, where: dict[str, str], name: str = "talk.mp4") -> str:
    """An asset with all that comes of one."""
    asked = {"json": {"name": name, "size": 352}, "headers": {**where, "Idempotency-Key": name}}
    asset = str(served.told("POST", "/v1/assets", by, 201, **asked)["id"])
    session = served.tools.intake.begin(f"t/{tenant}/{asset}/{name}", most_bytes=9)
    assert session is not None
    served.tools.intake.add(session, 0, b"film", last=True)
    served.pass_time(5)
    (flow,) = served.told("GET", f"/v1/flows?asset={asset}", by, headers=where)["items"]
    served.engine.objects.put_new(f"t/{tenant}/a/{asset}/x@1/clip.mp4", b"clip")
    parent = f"tenants/{tenant}"
    served.engine.documents.commit(
        [
            Create(f"{parent}/clips/{flow['id']}.1", {"schema": 1}),
            Create(f"{parent}/embeddings/{flow['id']}.1", {"schema": 1, "asset": asset}),
            Create(f"{parent}/claims/{asset[::-1]}", {"schema": 1, "value": asset}),
            Create(f"{parent}/calls/{flow['id']}.score.ask.1", {"schema": 1}),
            Create(f"{parent}/answers/{asset[::-1]}", {"schema": 1, "asset": asset, "content": "what a model said"}),
            Create(f"{parent}/bookings/{flow['id']}.council", {"schema": 1}),
            Create(f"{parent}/spending/asset-{asset}", {"schema": 1, "asset": asset, "micros": 5}),
            Create(f"{parent}/knowledge/{name.replace('.', '-')}", {"clip": f"{flow['id']}.1"}),
            Create(f"{parent}/nobody_thought_of/{name.replace('.', '-')}", {"flow": flow["id"]}),
        ]
    )
    return asset


def checked(receipt: dict[str, Any]) -> dict[str, int]:
    """How many of each are gone, by a receipt that nobody changed."""
    told = {name: value for name, value in receipt.items() if name != "sha256" and value is not None}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert receipt["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert all(one["left"] == 0 for one in receipt["stores"])
    return {one["store"]: one["gone"] for one in receipt["stores"]}


def test_an_asset_is_erased_and_no_other(served: Served) -> None:
    served.told("POST", "/v1/webhooks", status=201, json=HOOK)
    mine, other = lived(served, "ann", "ann", {}), lived(served, "ann", "ann", {}, "other.mp4")
    kept = {key: body for key, body in everything(served).items() if other in key}
    told = served.told("DELETE", f"/v1/assets/{mine}", status=202)
    assert told["state"] == "erasing"
    assert served.told("DELETE", f"/v1/assets/{mine}", status=202)["state"] == "erasing", "asked for again"
    assert served.told("GET", f"/v1/assets/{mine}/erasure")["state"] == "erasing"
    served.told("POST", "/v1/flows", status=404, json={"asset": mine})
    served.pass_time()
    served.told("GET", f"/v1/assets/{mine}", status=404)
    erasure = served.told("GET", f"/v1/assets/{mine}/erasure")
    assert erasure["state"] == "erased"
    gone = checked(erasure["receipt"])
    assert gone["uploads"] == 2, "the file, and the session that brought it"
    assert gone["documents: deliveries"] > 0 and gone["documents: knowledge"] == 1
    assert gone["documents: flows"] == 1 and gone["documents: nobody_thought_of"] == 1
    there = everything(served)
    named = {key.split("/")[2] for key, body in there.items() if mine in key or mine in json.dumps(body)}
    assert named == {"audit", "chores", "idempotency"}, "the trail, the receipt, and an answer that is kept for a day"
    assert not [name for name in files(served) if mine in name]
    assert kept == {key: body for key, body in there.items() if other in key}
    assert [name for name in files(served) if other in name]
    assert (
        served.tools.stores["uploads"].count("t/ann/") == served.tools.stores["uploads"].count(f"t/ann/{other}/") == 2
    )
    assert served.told("GET", "/v1/audit")["items"][0]["what"] == "assets.erase"


def test_an_erasure_holds_for_what_was_read(served: Served) -> None:
    asset = served.announced()
    served.told("DELETE", f"/v1/assets/{asset}", status=412, headers={"If-Match": '"none"'})
    version = served.ask("GET", f"/v1/assets/{asset}").headers["etag"]
    served.told("DELETE", f"/v1/assets/{asset}", status=202, headers={"If-Match": version})
    for by, status in (("bob", 404), ("ann", 202)):
        served.told("DELETE", f"/v1/assets/{asset}", by, status)
        served.told("GET", f"/v1/assets/{asset}/erasure", by, 404 if by == "bob" else 200)


def test_who_is_at_work_is_waited_for(served: Served) -> None:
    asset = served.announced()
    flow = served.arrive("ann", asset)
    (run,) = served.engine.documents.query("runs")
    claim(served.engine, RunId.parse(run.key), served.engine.definition["split"])
    served.told("DELETE", f"/v1/assets/{asset}", status=202)
    served.pass_time()
    assert served.told("GET", f"/v1/flows/{flow}")["state"] == "cancelled", "it is stopped, and not removed yet"
    assert served.told("GET", f"/v1/assets/{asset}")["state"] == "erasing"


def test_a_file_that_comes_late_is_not_let_in(served: Served) -> None:
    asset = served.announced()
    session = served.tools.intake.begin(f"t/ann/{asset}/talk.mp4", most_bytes=9)
    served.told("DELETE", f"/v1/assets/{asset}", status=202)
    served.pass_time()
    assert session is not None and served.tools.stores["uploads"].count("t/ann/") == 0
    again = served.tools.intake.begin(f"t/ann/{asset}/talk.mp4", most_bytes=9)  # a bucket's session would be there
    assert again is not None
    served.tools.intake.add(again, 0, b"film", last=True)
    assert served.tools.stores["uploads"].count("t/ann/") > 0
    served.pass_time()
    assert served.tools.stores["uploads"].count("t/ann/") == 0
    assert served.told("GET", "/v1/flows")["items"] == []


def asked(served: Served, where: dict[str, str], by: str = "ann") -> dict[str, Any]:
    """The erasure of an organisation, as its owner asks for it."""
    there = served.ask("GET", "/v1/organisation", by, headers=where)
    headers = {**where, "If-Match": there.headers["etag"]}
    told = served.told("POST", "/v1/erasures", by, 202, json={"name": "Studio"}, headers=headers)
    assert told["state"] == "erasing"
    return dict(told)


def test_an_organisation_is_erased_with_everything_and_no_other(served: Served) -> None:
    where = made(served)
    tenant = where["Cutroom-Organisation"]
    joined(served, where, bob="admin")
    served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "viewer"}, headers=where)
    served.told("POST", "/v1/invitations", status=201, json={"role": "viewer"}, headers=where)
    lived(served, "ann", "ann", {})
    lived(served, tenant, "ann", where)
    others = {key: body for key, body in everything(served).items() if key.startswith("tenants/ann/")}
    told = asked(served, where)
    for by in ("ann", "bob"):
        served.told("GET", "/v1/assets", by, 404, headers=where)
    served.pass_time()
    found = served.told("GET", f"/v1/erasures/{told['id']}")
    assert found["state"] == "erased"
    gone = checked(found["receipt"])
    assert gone["documents: members"] == 2 and gone["documents: keys"] == 1 and gone["media"] > 0
    assert gone["documents: nobody_thought_of"] == 1 and gone["uploads"] > 0
    there = everything(served)
    named = {key.split("/")[0] for key, body in there.items() if tenant in key or tenant in json.dumps(body)}
    assert named == {"erasures", "tombstones"}, "the ledger, until no upload can come late"
    assert not [name for name in files(served) if tenant in name]
    assert others == {key: body for key, body in there.items() if key.startswith("tenants/ann/")}
    assert served.told("GET", f"/v1/erasures/{told['id']}", None) == found, "by its id, whoever is left to ask"
    assert not {"ann", "bob", tenant} & set(re.findall(r"[\w-]+", json.dumps(found)))
    served.told("GET", f"/v1/erasures/{'x' * 43}", "ann", 404)
    served.clock.at += removing.KEPT
    served.pass_time()
    assert not [key for key, body in everything(served).items() if tenant in json.dumps(body)]
    assert served.told("GET", f"/v1/erasures/{told['id']}")["receipt"] == found["receipt"]


LEARNED = (
    *("allocations", "assignments", "campaign_metrics", "conversions", "experiment_figures", "experiments"),
    *("learning", "metrics", "models", "outcomes", "predictions"),
)


def test_an_organisation_goes_with_all_that_was_learned_of_it(served: Served) -> None:
    where = made(served)
    tenant = where["Cutroom-Organisation"]
    parent, objects = f"tenants/{tenant}", served.engine.objects
    table = "id,title,launched,impressions,clicks\n" + "\n".join(f"{n},Tea,2025-01-01,900,9" for n in range(3))
    brought = served.told("POST", "/v1/history", status=202, json={"table": table, "account": "x"}, headers=where)
    arms = [{"name": name, "text": name} for name in ("A", "B")]
    body = {"name": "Tea", "kind": "title", "arms": arms}
    experiment = served.told("POST", "/v1/experiments", status=201, json=body, headers=where)["id"]
    served.told("POST", f"/v1/experiments/{experiment}/start", headers=where)
    served.told("POST", f"/v1/experiments/{experiment}/assignments", json={"key": "k"}, headers=where)
    model = learned.trained("f", ("x", 120))
    whose = (served.engine.documents, objects, served.clock, tenant)
    registry.promote(*whose, registry.put(*whose, model.ubj, model.manifest), by="ann", why="it is good")
    served.pass_time(3)
    there = {key.split("/")[2] for key in everything(served) if key.startswith(f"{parent}/")}
    assert {"allocations", "assignments", "experiments", "models", "outcomes"} <= there
    served.engine.documents.commit([Create(f"{parent}/{name}/one", {"schema": 1}) for name in LEARNED])
    assert [name for name in files(served) if "/models/ctr/" in name] and objects.list(f"t/{tenant}/history/")
    assert served.told("GET", f"/v1/history/{brought['id']}", headers=where)["written"] == 3
    told = asked(served, where)
    served.pass_time()
    gone = checked(served.told("GET", f"/v1/erasures/{told['id']}")["receipt"])
    assert all(gone[f"documents: {name}"] for name in LEARNED)
    assert not [key for key in everything(served) if key.startswith(f"{parent}/")]
    assert not [name for name in files(served) if tenant in name]


def test_an_asset_goes_with_what_was_foretold_of_it_and_came_of_it(served: Served) -> None:
    mine = lived(served, "ann", "ann", {})
    (flow,) = served.told("GET", f"/v1/flows?asset={mine}")["items"]
    clip, parent = f"{flow['id']}.1", "tenants/ann"
    known = {"schema": 1, "asset": mine, "flow": flow["id"], "clip": clip}
    served.engine.documents.commit(
        [
            Create(f"{parent}/publications/p", {**known, "step": "published", "state": "done"}),
            Create(f"{parent}/predictions/{clip}", known),
            Create(f"{parent}/outcomes/p", known),
            Create(f"{parent}/metrics/p.07", known),
            Create(f"{parent}/outcomes/other", {"schema": 1, "account": "x", "source": "import"}),
        ]
    )
    served.told("DELETE", f"/v1/assets/{mine}", status=202)
    served.pass_time()
    gone = checked(served.told("GET", f"/v1/assets/{mine}/erasure")["receipt"])
    assert [gone[f"documents: {name}"] for name in ("predictions", "outcomes", "metrics")] == [1, 1, 1]
    assert f"{parent}/outcomes/other" in everything(served), "an import is of no asset"


class Trial:
    """An experiment of a video's clip beside another's, and one of titles, one of whose slots the video got."""

    def __init__(self, served: Served, name: str = "talk.mp4", other: str = "other.mp4") -> None:
        self.served = served
        self.mine, self.other = lived(served, "ann", "ann", {}, name), lived(served, "ann", "ann", {}, other)
        clips = {asset: f"{self._flow(asset)}.1" for asset in (self.mine, self.other)}
        posts = [
            Create(f"tenants/ann/publications/p-{asset}", {"schema": 1, "asset": asset, "state": "done"})
            for asset in clips
        ]
        served.engine.documents.commit(posts)
        arms: list[Json] = [{"name": name, "clip": clip} for name, clip in zip("AB", clips.values(), strict=True)]
        self.clips = self._made("clip", arms)
        today = served.clock.now().date().isoformat()
        rows = [{"arm": arm, "date": today, "impressions": 900, "clicks": 9} for arm in "AB"]
        served.told("POST", f"{self.clips}/figures", json={"figures": rows})
        self.posts = self._made("title", [{"name": name, "text": f"Title {name}"} for name in "AB"])
        for asset in clips:
            body = {"key": f"slot of {asset}", "publication": f"p-{asset}"}
            served.told("POST", f"{self.posts}/assignments", json=body)
        both = {"name": "A", "text": "Both", "publications": [f"p-{asset}" for asset in clips]}
        self.counted = self._made("title", [{**both}, {"name": "B", "text": "B"}], started=False)

    def _flow(self, asset: str) -> str:
        return str(self.served.told("GET", f"/v1/flows?asset={asset}")["items"][0]["id"])

    def _made(self, kind: str, arms: list[Json], *, started: bool = True) -> str:
        body = {"name": "Tea", "kind": kind, "arms": arms}
        path = f"/v1/experiments/{self.served.told('POST', '/v1/experiments', status=201, json=body)['id']}"
        if started:
            self.served.told("POST", f"{path}/start")
        return path

    def erase(self) -> None:
        self.served.told("DELETE", f"/v1/assets/{self.mine}", status=202)

    def gone(self) -> dict[str, int]:
        """By the receipt, after a look that nothing names the video any more but what is to."""
        erasure = self.served.told("GET", f"/v1/assets/{self.mine}/erasure")
        assert erasure["state"] == "erased"
        there = everything(self.served)
        named = {key.split("/")[2] for key, body in there.items() if self.mine in key or self.mine in json.dumps(body)}
        assert named <= {"audit", "chores", "idempotency"}
        return checked(erasure["receipt"])

    def stops(self) -> list[str]:
        """What was told of experiments that stopped."""
        told = self.served.engine.documents.query("events", parent="tenants/ann", limit=999)
        return [one.body["told"] for one in told if one.body["type"] == "experiment.stopped"]


def test_an_experiment_is_over_once_a_clip_of_it_is_erased(served: Served) -> None:
    trial = Trial(served)
    trial.erase()
    served.pass_time()
    gone = trial.gone()
    assert gone["documents: experiment_figures"] == 1 and gone["documents: assignments"] == 1
    body = served.told("GET", trial.clips)
    assert body["state"] == "stopped" and body["ended"] is not None
    assert "What A showed was erased" in body["why"] and "make another one" in body["why"]
    one, other = body["arms"]
    assert (one["clip"], one["erased"], one["impressions"]) == (None, True, 0)
    assert (other["clip"], other["erased"], other["impressions"]) == (f"{trial._flow(trial.other)}.1", False, 900)
    assert len(trial.stops()) == 1 and "What A showed was erased" in trial.stops()[0]
    today = served.clock.now().date().isoformat()
    row = {"arm": "A", "date": today, "impressions": 9, "clicks": 1}
    assert "was erased" in served.told("POST", f"{trial.clips}/figures", status=400, json={"figures": [row]})["detail"]
    served.told("POST", f"{trial.clips}/assignments", status=400, json={"key": "k"})


def test_an_experiment_goes_on_without_the_erased_post_of_an_arm(served: Served) -> None:
    trial = Trial(served)
    trial.erase()
    served.pass_time()
    assert served.told("GET", trial.posts)["state"] == "running", "its titles are of no video"
    (left,) = served.engine.documents.named("assignments", parent="tenants/ann", begins=trial.posts.rsplit("/", 1)[1])
    assert left.body["key"] == f"slot of {trial.other}"
    body = served.told("GET", trial.counted)
    assert body["state"] == "draft" and body["arms"][0]["text"] == "Both"
    assert body["arms"][0]["publications"] == [f"p-{trial.other}"]
    served.told("DELETE", f"/v1/assets/{trial.other}", status=202)
    served.pass_time()
    body = served.told("GET", trial.counted)
    assert body["state"] == "stopped" and body["arms"][0]["erased"] and body["arms"][0]["text"] is None
    served.told("POST", f"{trial.counted}/start", status=400)


def test_figures_that_come_while_a_video_is_erased_are_not_kept(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(served)
    write, day = counting._figures_written, served.clock.now().date().isoformat()

    def meanwhile(*asked: Any) -> Any:
        found = write(*asked)
        monkeypatch.setattr(counting, "_figures_written", write)
        trial.erase()
        served.pass_time()
        return found

    monkeypatch.setattr(counting, "_figures_written", meanwhile)
    rows = [{"arm": "A", "date": day, "impressions": 950, "clicks": 9}]
    served.engine.documents.commit([Delete(one.key) for one in _figures(served)])
    detail = served.told("POST", f"{trial.clips}/figures", status=400, json={"figures": rows})["detail"]
    assert "what A showed was erased" in detail and _figures(served) == []


def _figures(served: Served) -> list[Snap]:
    return served.engine.documents.query("experiment_figures", parent="tenants/ann")


def test_what_was_made_of_an_erased_arms_figures_goes_with_them(served: Served) -> None:
    trial = Trial(served)
    served.pass_time(3 * 24 * 60)
    before = served.told("GET", trial.clips)
    assert [arm["high"] is None for arm in before["arms"]] == [False, False]
    trial.erase()
    served.pass_time()
    one, other = served.told("GET", trial.clips)["arms"]
    assert (one["low"], one["high"]) == (None, None) and other["high"] == before["arms"][1]["high"]
    kept = everything(served)[f"tenants/ann/experiments/{trial.clips.rsplit('/', 1)[1]}"]["standing"]
    assert [told["arm"] for told in kept["estimates"]] == ["B"]


def test_what_is_over_ends_as_it_ended_when_its_clip_is_erased(served: Served) -> None:
    trial = Trial(served)
    served.told("POST", f"{trial.clips}/stop")
    before = served.told("GET", trial.clips)
    trial.erase()
    served.pass_time()
    trial.gone()
    after = served.told("GET", trial.clips)
    same = ("state", "why", "best", "ended", "days", "shares")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["arms"][0]["clip"] is None and trial.stops() == []


def test_killed_while_it_erases_an_experiment_is_told_of_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in itertools.count(1, 13):
        trial = Trial(served, f"{number}.mp4", f"{number}-other.mp4")
        told = len(trial.stops())
        trial.erase()
        with dying(monkeypatch, number, (type(served.engine.documents), "commit")) as died:
            for _ in range(3):
                work.execute(served.tools, f"tenants/ann/chores/erase-{trial.mine}")
        served.restart()
        served.pass_time()
        gone = trial.gone()
        assert gone["documents: experiment_figures"] == gone["documents: assignments"] == 1
        assert served.told("GET", trial.clips)["state"] == "stopped" and len(trial.stops()) == told + 1
        if not died:
            break
    assert number > 10


def test_nobody_erases_what_they_did_not_mean(served: Served) -> None:
    where = made(served)
    version = served.ask("GET", "/v1/organisation", headers=where).headers["etag"]
    joined(served, where, bob="admin")
    for by, name, match, status in (
        ("ann", "studio", version, 400),
        ("ann", "Studio", '"other"', 412),
        ("ann", "Studio", None, 412),
        ("bob", "Studio", version, 403),
        ("eve", "Studio", version, 404),
    ):
        headers = {**where, **({"If-Match": match} if match else {})}
        served.told("POST", "/v1/erasures", by, status, json={"name": name}, headers=headers)
    key = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "admin"}, headers=where)["text"]
    assert served.ask("POST", "/v1/erasures", by=key, json={"name": "Studio"}).status_code == 403
    assert served.told("GET", "/v1/organisation", headers=where)["name"] == "Studio"


def test_a_person_goes_from_everywhere(served: Served) -> None:
    where, theirs = made(served), made(served, "bob")
    joined(served, where, bob="editor")
    served.told("POST", "/v1/members", "bob", 201, json={"subject": "ann", "role": "owner"}, headers=theirs)
    served.told("POST", "/v1/invitations", "bob", 201, json={"role": "viewer"}, headers=theirs)
    lived(served, "bob", "bob", {})
    for subject, status in (("ann", 400), ("bob", 202)):
        told = served.told("DELETE", f"/v1/me?subject={subject}", "bob", status)
    served.told("GET", "/v1/assets", "bob", 404)
    served.pass_time()
    assert served.told("GET", f"/v1/erasures/{told['id']}", "bob")["receipt"]["what"] == "person"
    for headers in (where, theirs):
        assert [one["subject"] for one in served.told("GET", "/v1/members", headers=headers)["items"]] == ["ann"]
    assert served.told("GET", "/v1/invitations", headers=theirs)["items"] == []
    left = {
        key.split("/")[2]
        for key, body in everything(served).items()
        if key.startswith("tenants/") and "bob" in str(body)
    }
    assert left == {"audit"}, "lines of others' trails name who did what"
    assert [one["id"] for one in served.told("GET", "/v1/organisations", "bob")["items"]] == ["bob"], (
        "they may begin anew"
    )


def test_a_last_owner_does_not_leave_others_without_one(served: Served) -> None:
    where = made(served)
    told = served.told("DELETE", "/v1/me?subject=ann", status=422)
    assert told["code"] == "last_owner" and where["Cutroom-Organisation"] in told["detail"]
    assert served.told("GET", "/v1/organisation", headers=where)["role"] == "owner"


def test_killed_at_every_step_nothing_is_left_and_nothing_uncounted(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in itertools.count(1, 3):
        where = made(served)
        tenant = where["Cutroom-Organisation"]
        lived(served, tenant, "ann", where)
        there = sum(key.startswith(f"tenants/{tenant}/") for key in everything(served))
        told = asked(served, where)
        parts = (type(served.engine.documents), "commit"), (type(served.engine.objects), "delete")
        with dying(monkeypatch, number, *parts) as died:
            for _ in range(3):
                work.execute(served.tools, erase_tenant.key_of(told["id"]))
        served.restart()
        served.pass_time()
        found = served.told("GET", f"/v1/erasures/{told['id']}")
        assert found["state"] == "erased"
        gone = checked(found["receipt"])
        documents = sum(n for store, n in gone.items() if store.startswith("documents: ") and store[11:] != "admission")
        assert documents == there + 1, "each is counted once; the one more is the line that tells of the erasure"
        assert not [key for key in everything(served) if key.startswith(f"tenants/{tenant}")]
        if not died:
            break
    assert number > 10


# What is written outside of tenants/: f-strings and plain texts that begin with a collection and a slash.
_KEYS = re.compile(r"""f?["'](?P<name>[a-z_]+)/(?:\{[^}]+\}|runner)["'./]""")
_ELSEWHERE = {"t", "clips", "embeddings", "assets", "squares", "projects", "bytes", "image", "video", "audio"}


def test_every_collection_outside_of_tenants_is_thought_of() -> None:
    found: dict[str, str] = {}
    for folder in ("common", "functions"):
        for path in (ROOT / folder).rglob("*.py"):
            if "adapters" in path.parts and path.name not in ("limits.py", "sessions.py"):
                continue
            for one in _KEYS.finditer(path.read_text()):
                found[one["name"]] = str(path.relative_to(ROOT))
    strangers = {name: where for name, where in found.items() if name not in _ELSEWHERE | set(erase_tenant.OUTSIDE)}
    assert not strangers, "say in erase_tenant.OUTSIDE what becomes of a tenant's data there"
    assert {"admission", "limits", "refusals", "tombstones", "erasures"} <= set(found)


def test_all_that_was_written_is_below_a_tenant_or_thought_of(served: Served) -> None:
    where = made(served)
    lived(served, where["Cutroom-Organisation"], "ann", where)
    asked(served, where)
    for key in everything(served):
        assert key.split("/")[0] in erase_tenant.OUTSIDE
        assert len(key.split("/")) <= 4, "nothing lies below a document of a tenant, where erasure would not look"


def test_each_route_that_erases_is_for_those_who_may() -> None:
    needs = {f"{route.method} {route.path}": route.needs for route in TABLE}
    assert needs["DELETE /v1/assets/{asset}"] == "assets.delete"
    assert needs["POST /v1/erasures"] == needs["DELETE /v1/me"] == "erasure.write"
    assert needs["POST /v1/exports"] == needs["GET /v1/exports/{export}"] == "export.write"
