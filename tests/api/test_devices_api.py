"""Devices by the API: a person's own, known by their token, and told of what happens where the person is a member."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from common.adapters.embedded.push import NoPush
from common.chores.pushing import Pushes
from common.events.deliveries import Sender
from tests.api.conftest import Served
from tests.api.test_accounts_api import joined, made
from tests.api.test_erasures import asked, checked, everything, lived
from tests.post import drain

TOKEN = "cIY-_4xkR0a8fE1dYh2m7Q:APA91b" + "x" * 100
PHONE = {"token": TOKEN, "platform": "web", "name": "Laptop"}


def register(served: Served, by: str = "ann", status: int = 200, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = served.told("POST", "/v1/devices", by, status, json={**PHONE, **more})
    return told


def listed(served: Served, by: str = "ann") -> list[dict[str, Any]]:
    return list(served.told("GET", "/v1/devices", by)["items"])


def push(served: Served) -> None:
    engine = served.engine
    ports: dict[str, Any] = {"documents": engine.documents, "clock": served.clock, "wake": engine.wake}
    pushes = Pushes(**ports, pusher=served.phones, standing=None)
    sender = Sender(**ports, outbound=served.outside, pushes=pushes)
    while due := sender.due():
        for snap in due:
            sender.deliver(snap.key)


def test_a_device_is_registered_changed_and_deleted(served: Served) -> None:
    first = register(served)
    assert first["events"] == ["video.generation.completed", "video.generation.failed"]
    assert (first["platform"], first["name"], first["error"]) == ("web", "Laptop", None)
    assert register(served) == first, "the same again changes nothing"
    changed = register(served, events=["video.generation.failed"], name="Desk")
    assert changed == {**first, "events": ["video.generation.failed"], "name": "Desk"}
    assert listed(served) == [changed] and listed(served, "bob") == []
    served.told("DELETE", f"/v1/devices/{first['id']}", "bob", 404)
    served.told("DELETE", f"/v1/devices/{first['id']}", status=412, headers={"If-Match": '"other"'})
    served.told("DELETE", f"/v1/devices/{first['id']}", status=204)
    assert listed(served) == [] and served.told("DELETE", f"/v1/devices/{first['id']}", status=404)
    trail = [line["what"] for line in served.told("GET", "/v1/audit")["items"]]
    assert sorted(trail) == ["devices.change", "devices.register", "devices.remove"]


def test_whichever_organisation_is_asked_a_device_is_a_persons_own(served: Served) -> None:
    where = made(served)
    joined(served, where, bob="admin")
    device = served.told("POST", "/v1/devices", json=PHONE, headers=where)
    assert listed(served) == [device] == served.told("GET", "/v1/devices", headers=where)["items"]
    assert served.told("GET", "/v1/devices", "bob", headers=where)["items"] == []
    served.told("DELETE", f"/v1/devices/{device['id']}", status=204, headers=where)
    ours = [line["what"] for line in served.told("GET", "/v1/audit", "bob", headers=where)["items"]]
    assert not [what for what in ours if what.startswith("devices")], "an organisation is not told of it"
    assert len(served.told("GET", "/v1/audit")["items"]) == 2


def test_a_token_is_never_shown(served: Served) -> None:
    told = register(served)
    seen = json.dumps([told, listed(served), served.told("GET", "/v1/audit")])
    assert TOKEN not in seen and told["token"] == f"…{TOKEN[-6:]}"
    again = served.ask("POST", "/v1/devices", json=PHONE, headers={"Idempotency-Key": "1"})
    assert again.status_code == 200 and TOKEN not in again.text
    kept = {key: body for key, body in everything(served).items() if TOKEN in json.dumps(body)}
    assert list(kept) == [f"devices/{told['id']}"]


def test_a_browser_is_whoevers_who_registered_it_last(served: Served) -> None:
    first = register(served)
    second = register(served, "bob")
    assert second["id"] == first["id"]
    assert listed(served) == [] and listed(served, "bob") == [second]
    served.told("DELETE", f"/v1/devices/{first['id']}", status=404)


def test_a_person_has_ten_at_most(served: Served) -> None:
    for n in range(10):
        register(served, token=f"{TOKEN}{n}")
    assert register(served, status=422)["code"] == "too_many_devices"
    register(served, token=f"{TOKEN}3", name="Another")
    register(served, "bob")
    assert len(listed(served)) == 10


def test_a_key_has_no_devices(served: Served) -> None:
    key = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "admin"})["text"]
    device = register(served)["id"]
    for method, path, body in (
        ("GET", "/v1/devices", None),
        ("POST", "/v1/devices", PHONE),
        ("DELETE", f"/v1/devices/{device}", None),
    ):
        assert served.told(method, path, key, 403, json=body)["code"] == "forbidden"
    assert len(listed(served)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "short"},
        {"token": "x" * 2001},
        {"token": TOKEN + "\n"},
        {"token": TOKEN + "/../x y"},
        {"token": None},
        {"platform": "toaster"},
        {"name": ""},
        {"name": "   "},
        {"events": ["video.generation.progress"]},
        {"events": ["video.generation.failed"] * 11},
        {"subject": "bob"},
    ],
)
def test_what_is_no_device_is_refused(served: Served, wrong: dict[str, Any]) -> None:
    register(served, status=400, **wrong)
    assert listed(served) == []


def test_where_nothing_can_be_pushed_no_device_is_kept(served: Served) -> None:
    served.phones.left_out = NoPush().left_out
    told = register(served, status=422)
    assert told["code"] == "no_push" and "Firebase project" in told["detail"]
    assert served.told("GET", "/v1/devices") == {"items": [], "left_out": told["detail"]}


def test_members_are_told_once_when_a_flow_ends(served: Served) -> None:
    where = made(served)
    tenant = where["Cutroom-Organisation"]
    joined(served, where, bob="viewer", eve="viewer")
    for who in ("ann", "bob", "eve", "mallory"):
        register(served, who, token=f"{who}:{'x' * 30}")
    asset = served.told("POST", "/v1/assets", status=201, json={"name": "talk.mp4", "size": 352}, headers=where)["id"]
    flow = served.arrive(tenant, asset)
    served.told("DELETE", "/v1/members/eve", "eve", 204, headers=where)
    drain(served.engine, served.post, served.clock)
    served.clock.at = min(at for at, _ in served.post.deliveries)  # as it would be: at once
    push(served)
    push(served)
    assert sorted(token[:3] for token, _ in served.phones.sent) == ["ann", "bob"]
    message = served.phones.sent[0][1]
    assert (message.title, message.body) == ("Your clips are ready", "talk.mp4")
    assert (message.data["flow"], message.data["organisation"]) == (flow, tenant)


def test_devices_go_with_their_person(served: Served) -> None:
    where = made(served)
    joined(served, where, bob="editor")
    register(served, "bob")
    register(served, "ann", token=f"{TOKEN}2")
    asset = served.told("POST", "/v1/assets", status=201, json={"name": "talk.mp4", "size": 352}, headers=where)["id"]
    served.arrive(where["Cutroom-Organisation"], asset)
    drain(served.engine, served.post, served.clock)
    served.clock.at = min(at for at, _ in served.post.deliveries)
    push(served)
    told = served.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    served.told("POST", "/v1/devices", "bob", 404, json=PHONE)  # nothing new while it is erased
    served.pass_time()
    gone = checked(served.told("GET", f"/v1/erasures/{told['id']}", "bob")["receipt"])
    assert (gone["elsewhere: devices"], gone["elsewhere: deliveries"]) == (1, 1)
    rows = [key for key, body in everything(served).items() if key.startswith("tenants/") and "bob" in json.dumps(body)]
    assert {key.split("/")[2] for key in rows} == {"audit"}, "lines of others' trails name who did what"
    assert [key.split("/")[0] for key in everything(served)].count("devices") == len(listed(served)) == 1, "ann's stays"


def test_an_organisation_that_is_erased_takes_no_ones_devices(served: Served) -> None:
    where = made(served)
    register(served)
    lived(served, where["Cutroom-Organisation"], "ann", where)
    asked(served, where)
    served.pass_time()
    assert len(listed(served)) == 1


def test_a_persons_export_holds_their_devices_without_tokens(served: Served) -> None:
    device = register(served)
    register(served, "bob", token=f"{TOKEN}2")
    for tenant, where in (("ann", {}), ("org", made(served))):
        export = served.told("POST", "/v1/exports", status=202, headers=where)
        served.pass_time(3)
        assert served.told("GET", f"/v1/exports/{export['id']}", headers=where)["state"] == "ready"
        (name,) = served.engine.objects.list(f"t/{where.get('Cutroom-Organisation', 'ann')}/exports")
        with zipfile.ZipFile(io.BytesIO(served.engine.objects.get(name))) as archive:
            there = {one: archive.read(one).decode() for one in archive.namelist()}
        assert TOKEN not in "".join(there.values())
        if tenant == "ann":
            (line,) = map(json.loads, there["devices.jsonl"].splitlines())
            assert (line["id"], line["name"], line["subject"]) == (device["id"], "Laptop", "ann")
        else:
            assert "devices.jsonl" not in there
