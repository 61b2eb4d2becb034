"""Webhooks by the API: made, changed, tried out, sent again, and flows started by a signature."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from common.events import signatures
from common.events.deliveries import Sender
from tests.api.conftest import Served
from tests.post import drain

WANTED = {"name": "n8n", "address": "https://hooks.example/in?x=1", "events": ["video.generation.completed"]}


def made(served: Served, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = served.told("POST", "/v1/webhooks", status=201, json={**WANTED, **more})
    return told


def send(served: Served) -> None:
    engine = served.engine
    sender = Sender(documents=engine.documents, clock=served.clock, wake=engine.wake, outbound=served.outside)
    for snap in sender.due():
        sender.deliver(snap.key)


def test_a_secret_is_told_once_and_never_shown(served: Served) -> None:
    hook = made(served)
    assert hook["secret"].startswith("whsec_")
    for told in (served.told("GET", "/v1/webhooks"), served.told("GET", f"/v1/webhooks/{hook['id']}")):
        assert hook["secret"] not in json.dumps(told)
    assert served.told("GET", "/v1/webhooks")["items"] == [{**hook, "secret": None}]
    assert hook["secret"] not in json.dumps(served.told("GET", "/v1/audit"))


@pytest.mark.parametrize(
    "address",
    ["http://hooks.example", "https://127.0.0.1/x", "https://[::1]/", "https://a:b@hooks.example", "https://10.1", "x"],
)
def test_an_address_that_is_not_gone_to_is_refused(served: Served, address: str) -> None:
    served.told("POST", "/v1/webhooks", status=422, json={**WANTED, "address": address})
    hook = made(served)
    served.told("PATCH", f"/v1/webhooks/{hook['id']}", status=422, json={"address": address})
    assert len(served.told("GET", "/v1/webhooks")["items"]) == 1


@pytest.mark.parametrize("wrong", [{"events": ["nosuch"]}, {"name": ""}, {"address": None}, {"secret": "x"}])
def test_a_webhook_that_cannot_be_is_refused(served: Served, wrong: dict[str, Any]) -> None:
    served.told("POST", "/v1/webhooks", status=400, json={**WANTED, **wrong})


def test_there_can_be_twenty(served: Served) -> None:
    for _ in range(20):
        made(served)
    assert served.told("POST", "/v1/webhooks", status=422, json=WANTED)["code"] == "too_many_webhooks"


def test_a_change_holds_for_what_was_read(served: Served) -> None:
    path = f"/v1/webhooks/{made(served)['id']}"
    version = served.ask("GET", path).headers["etag"]
    told = served.told("PATCH", path, json={"active": False, "events": []}, headers={"If-Match": version})
    assert (told["active"], told["events"], told["name"]) == (False, [], "n8n")
    served.told("PATCH", path, status=412, json={"active": True}, headers={"If-Match": version})
    served.told("DELETE", path, status=412, headers={"If-Match": version})
    served.told("PATCH", path, status=400, json={})
    served.told("PATCH", path, status=400, json={"address": None, "events": ["transcription.complete"]})
    served.told("DELETE", path, status=204)
    served.told("GET", path, status=404)
    trail = [line["what"] for line in served.told("GET", "/v1/audit")["items"]]
    assert sorted(trail) == ["webhooks.change", "webhooks.make", "webhooks.remove"]


def test_what_was_wanted_is_sent_once_and_listed(served: Served) -> None:
    hook, other = made(served), made(served, events=["video.generation.started"])
    flow = served.arrive("ann", served.announced())
    drain(served.engine, served.post, served.clock)
    assert {errand.run.split("/")[3].split(".")[0] for _, errand in served.post.deliveries} == {hook["id"], other["id"]}
    send(served)
    (delivery,) = served.told("GET", f"/v1/webhooks/{hook['id']}/deliveries")["items"]
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("done", 1, 200)
    assert (delivery["type"], delivery["next"]) == ("video.generation.completed", None)
    assert json.loads(delivery["body"])["data"]["flow"] == flow
    mine = next(sent for sent in served.outside.sent if sent.headers["Cutroom-Delivery"] == delivery["id"])
    assert mine.body.decode() == delivery["body"]
    signatures.check(mine.headers[signatures.HEADER], mine.body, [hook["secret"]], served.clock.now())


def test_a_dead_one_is_sent_again_when_somebody_says_so(served: Served) -> None:
    hook = made(served)
    path = f"/v1/webhooks/{hook['id']}/deliveries"
    told = served.told("POST", f"/v1/webhooks/{hook['id']}/test", status=201)
    assert (told["state"], told["type"]) == ("queued", "webhook.test")
    served.outside.answers = [500] * 8
    for _ in range(8):
        send(served)
        served.clock.at += timedelta(hours=17)
    (dead,) = served.told("GET", path)["items"]
    assert (dead["state"], dead["attempts"], dead["status"]) == ("dead", 8, 500)
    send(served)
    assert len(served.outside.sent) == 8
    assert served.told("POST", f"{path}/{dead['id']}/redeliver")["state"] == "queued"
    assert served.post.errands[-1][1].run.endswith(dead["id"])
    send(served)
    (done,) = served.told("GET", path)["items"]
    assert (done["state"], done["attempts"]) == ("done", 1)
    bodies = {sent.body for sent in served.outside.sent}
    assert len(bodies) == 1, "the same event, by its id"


def test_deliveries_come_in_pages_each_webhooks_own(served: Served) -> None:
    hooks = [made(served)["id"] for _ in range(3)]
    sent: dict[str, list[str]] = {hook: [] for hook in hooks}
    for n in range(5):
        served.clock.at += timedelta(seconds=n % 2)
        for hook in hooks:
            sent[hook].append(served.told("POST", f"/v1/webhooks/{hook}/test", status=201)["id"])
    for hook in hooks:
        seen, cursor = [], ""
        while True:
            page = served.told("GET", f"/v1/webhooks/{hook}/deliveries?limit=2{cursor}")
            seen += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == sorted(sent[hook], reverse=True)
    other = served.told("POST", "/v1/webhooks", "bob", 201, json=WANTED)["id"]
    assert served.told("GET", f"/v1/webhooks/{other}/deliveries?cursor={page['next'] or ''}", "bob", 400)
    served.told("POST", f"/v1/webhooks/{hooks[0]}/deliveries/{sent[hooks[1]][0]}/redeliver", status=404)


def test_after_a_rotation_both_secrets_open_for_a_day(served: Served) -> None:
    hook = made(served, may_start=True)
    asset = served.announced()
    served.arrive("ann", asset)
    new = served.told("POST", f"/v1/webhooks/{hook['id']}/rotate")
    assert new["secret"] != hook["secret"] and new["earlier"] is not None
    for n, secret in enumerate((hook["secret"], new["secret"])):
        assert started(served, hook["id"], secret, {"id": f"{n}", "action": "flow.start", "asset": asset}) == 201
    served.clock.at += timedelta(hours=24, seconds=1)
    call = {"id": "3", "action": "flow.start", "asset": asset}
    assert started(served, hook["id"], hook["secret"], call) == 401
    assert started(served, hook["id"], new["secret"], call) == 201


def started(served: Served, hook: str, secret: str, call: dict[str, Any], **how: Any) -> int:
    """The status of a workflow's call."""
    body = json.dumps(call).encode()
    at = served.clock.now() + timedelta(seconds=how.pop("late_s", 0))
    headers = {
        "Content-Type": "application/json",
        "Cutroom-Organisation": how.pop("of", "ann"),
        signatures.HEADER: signatures.sign(body, [secret], at),
        **how.pop("headers", {}),
    }
    answer = served.client.post(f"/v1/inbound/workflow/{hook}", content=how.pop("body", body), headers=headers)
    return int(answer.status_code)


def test_a_workflow_starts_a_flow_once(served: Served) -> None:
    hook = made(served, may_start=True)
    asset = served.announced()
    served.arrive("ann", asset)
    call = {"id": "run-7", "action": "flow.start", "asset": asset, "settings": {"clips": 3}}
    assert [started(served, hook["id"], hook["secret"], call) for _ in range(3)] == [201] * 3
    assert len(served.told("GET", "/v1/flows")["items"]) == 2
    other = {**call, "settings": {"clips": 4}}
    assert started(served, hook["id"], hook["secret"], other) == 400, "the id was used for another call"
    assert started(served, hook["id"], hook["secret"], other, headers={"Idempotency-Key": "fresh"}) == 400
    assert len(served.told("GET", "/v1/flows")["items"]) == 2
    assert {who for who, _ in served.limits.seen} == {"ann", f"webhook:{hook['id']}"}


def test_a_call_that_proves_nothing_does_nothing(served: Served) -> None:
    hook, quiet = made(served, may_start=True), made(served)
    asset = served.announced()
    served.arrive("ann", asset)
    bob = served.told("POST", "/v1/webhooks", "bob", 201, json={**WANTED, "may_start": True})
    call = {"id": "1", "action": "flow.start", "asset": asset, "settings": {"clips": 9}}
    secret = hook["secret"]
    assert started(served, hook["id"], "whsec_other", call) == 401
    assert started(served, hook["id"], secret, call, late_s=-301) == 401
    assert started(served, hook["id"], secret, call, late_s=301) == 401
    assert started(served, hook["id"], secret, call, body=json.dumps({**call, "id": "2"}).encode()) == 401
    assert started(served, hook["id"], secret, call, of="bob") == 401
    assert started(served, hook["id"], secret, call, of="../ann") == 401
    assert started(served, "nosuch", secret, call) == 401
    assert started(served, quiet["id"], quiet["secret"], call) == 401, "it may not start anything"
    assert started(served, bob["id"], bob["secret"], call, of="bob") == 404, "the asset is another's"
    served.told("PATCH", f"/v1/webhooks/{hook['id']}", json={"active": False})
    assert started(served, hook["id"], secret, call) == 401
    assert len(served.told("GET", "/v1/flows")["items"]) == 1
    assert served.engine.documents.count("idempotency") == 0
