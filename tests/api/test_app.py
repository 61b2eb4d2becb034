"""How every route behaves: who is let in, what is refused and in what words, what headers an answer has."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from common.errors import Transient
from common.pipeline import flows
from common.ports.documents import Create
from functions.api.table import TABLE
from tests.api.conftest import Served

OWN = (
    *("assets", "channels", "publications", "campaigns", "chores", "flows", "keys", "webhooks"),
    *("deliveries", "events", "devices"),
)
ROUTES = [pytest.param(route, id=f"{route.method} {route.path}") for route in TABLE]
SIGNED_IN = [pytest.param(route, id=f"{route.method} {route.path}") for route in TABLE if not route.held]


def path_of(route: Any) -> str:
    return str(
        route.path.format(
            **{"asset": "a1", "flow": "a1-1", "clip": "a1-1.1", "aspect": "9x16", "format": "srt"},
            **{"subject": "eve", "key": "ab", "invitation": "i"},
            **{"webhook": "ab", "delivery": "d", "note": "n"},
            **{"export": "e", "erasure": "e", "device": "d", "channel": "c", "publication": "p", "table": "t"},
            **{"campaign": "c", "conversions": "c", "history": "h", "model": "ctr", "experiment": "x"},
        )
    )


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == {"type", "title", "status", "code", "detail", "request"}
    assert (told["status"], told["code"], told["request"]) == (status, code, answer.headers["x-request-id"])
    return told


@pytest.mark.parametrize("route", SIGNED_IN)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YW5u", "Bearer not.valid", "Bearer cutroom_x"]
)
def test_nobody_is_let_in_who_proves_nothing(served: Served, route: Any, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = served.client.request(route.method, path_of(route), headers=headers)
    problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert [who for who, _ in served.limits.seen] == ["address testclient"]
    assert served.engine.documents.count("assets") == 0


def test_few_routes_want_no_token(served: Served) -> None:
    """Whoever holds what opens them: the id of an erasure, and the state of a connection; and platforms that tell."""
    opened = [route for route in TABLE if route.held and not route.path.startswith("/v1/notices/")]
    (held, back) = sorted(opened, key=lambda route: bool(route.page))
    assert (held.path, back.path) == ("/v1/erasures/{erasure}", "/v1/connections/callback")
    told = [route for route in TABLE if route.path.startswith("/v1/notices/")]
    assert all(route.signature if route.method == "POST" else route.page == "text/plain" for route in told)
    for header in ({}, {"Authorization": "Bearer not.valid"}):
        problem(served.ask(held.method, f"/v1/erasures/{'x' * 43}", None, headers=header), 404, "not_found")
    served.limits.left = 0
    problem(served.ask(held.method, f"/v1/erasures/{'x' * 43}", None), 429, "too_many")
    assert {who for who, _ in served.limits.seen} == {"holder at testclient"}


@pytest.mark.parametrize("route", ROUTES)
def test_what_another_has_is_not_there(served: Served, route: Any) -> None:
    asset = served.announced()
    flow = served.arrive("ann", asset)
    key = served.told("POST", "/v1/keys", status=201, json={"name": "ci", "role": "viewer"})
    wanted = {"name": "n8n", "address": "https://hooks.example/x", "events": ["video.generation.started"]}
    hook = served.told("POST", "/v1/webhooks", status=201, json=wanted)
    delivery = served.told("POST", f"/v1/webhooks/{hook['id']}/test", status=201)["id"]
    phone = {"token": "phone:" + "x" * 40, "platform": "web", "name": "phone"}
    device = served.told("POST", "/v1/devices", json=phone)["id"]
    path = route.path.format(
        **{"asset": asset, "flow": flow, "clip": f"{flow}.1", "aspect": "9x16", "format": "srt"},
        **{"subject": "ann", "key": key["id"], "invitation": "i"},
        **{"webhook": hook["id"], "delivery": delivery, "note": "n"},
        **{"export": served.told("POST", "/v1/exports", status=202)["id"], "erasure": "e" * 43},
        **{"device": device, "channel": "c", "publication": "p", "table": "t"},
        **{"campaign": "c", "conversions": "c", "history": "h", "subscription": "ann.c"},
        **{"model": "another", "experiment": "x"},
    )
    own = [f"tenants/ann/{one}" for one in ("channels/c", "publications/p", "campaigns/c", "chores/calendar-t")]
    served.engine.documents.commit([Create(one, {"schema": 1}) for one in own])
    bodies = {
        "POST /v1/flows": {"asset": asset},
        "POST /v1/compliance": {"clip": f"{flow}.1"},
        "PATCH /v1/assets/{asset}": {"name": "mine"},
        "PATCH /v1/clips/{clip}": {"state": "approved"},
        "PATCH /v1/clips/{clip}/renditions": {"wanted": []},
        "PATCH /v1/members/{subject}": {"role": "viewer"},
        "POST /v1/keys/{key}/rotate": {},
        "POST /v1/invitations/accept": {"text": "cutroom"},
        "PATCH /v1/webhooks/{webhook}": {"active": False},
        "POST /v1/inbound/workflow/{webhook}": {"id": "1", "action": "flow.start", "asset": asset},
        "POST /v1/knowledge": {"kind": "pattern", "text": "t", "clip": f"{flow}.1"},
        "POST /v1/search": {"text": "talk clip"},
        "POST /v1/publications": {"clip": f"{flow}.1", "channels": ["c"]},
        "PATCH /v1/publications/{publication}": {"priority": 1},
        "POST /v1/publications/{publication}/settle": {"posted": True},
        "PATCH /v1/channels/{channel}": {"name": "mine"},
        "PUT /v1/channels/{channel}/times": {"slots": []},
        "PUT /v1/channels/{channel}/budget": {"most_daily_micros": 1, "currency": "EUR"},
        "POST /v1/campaigns/{campaign}/status": {"status": "active"},
        "POST /v1/campaigns/{campaign}/settle": {"made": None},
        "POST /v1/models/{model}/promote": {"version": "1-a"},
        "POST /v1/experiments/{experiment}/assignments": {"key": "k"},
        "POST /v1/experiments/{experiment}/figures": {
            "figures": [{"arm": "A", "date": "2026-01-01", "impressions": 1, "clicks": 0}]
        },
    }

    def there() -> dict[str, object]:
        found = (one for name in OWN for one in served.engine.documents.query(name))
        return {snap.key: snap.version for snap in found if snap.key.startswith(("tenants/ann/", "devices/"))}

    before = there()
    for headers in ({}, {"Cutroom-Organisation": "ann"}):
        body = bodies.get(f"{route.method} {route.path}")
        answer = served.ask(route.method, path, by="bob", json=body, headers=headers)
        if route.path.startswith("/v1/notices/"):
            assert answer.status_code == 400, "no platform's, which alone tells anything there"
        elif route.page:
            assert answer.status_code == 400 and answer.headers["content-type"].startswith("text/html")
        elif route.signed:
            problem(answer, 401, "unauthorized")
        elif (
            headers or "{" in route.path or f"{route.method} {route.path}" in ("POST /v1/flows", "POST /v1/compliance")
        ):
            problem(answer, 404, "not_found")
        if answer.is_success:
            assert not {"ann", asset, flow, key["id"], hook["id"]} & set(re.findall(r"[\w-]+", answer.text))
    assert there() == before


@pytest.mark.parametrize("organisation", ["other", "../x", "", "a b"])
def test_an_organisation_of_others_is_not_there(served: Served, organisation: str) -> None:
    served.announced()
    answer = served.ask("GET", "/v1/assets", by="bob", headers={"Cutroom-Organisation": organisation or "ann"})
    problem(answer, 404, "not_found")


def test_who_comes_too_often_is_told_when_to_come_again(served: Served) -> None:
    served.limits.left = 1
    served.told("GET", "/v1/assets")
    answer = served.ask("GET", "/v1/assets")
    problem(answer, 429, "too_many")
    assert answer.headers["retry-after"] == "13"
    assert {who for who, _ in served.limits.seen} == {"ann"}


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"\xff\xfe", "application/json", 400, "not_json"),
        (b'{"name": "a.mp4", "name": "b.mp4", "size": 1}', "application/json", 400, "not_json"),
        (b'{"name": "a.mp4", "size": NaN}', "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json", 400, "bad_input"),
        (b'{"name": "\\ud800.mp4", "size": 1}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": 1, "tenant": "bob"}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": "1"}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": true}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": 0}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": 99999999999999999999}', "application/json", 400, "bad_input"),
        (b'{"name": "///", "size": 1}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": 1, "type": "text/html\\r\\nx: y"}', "application/json", 400, "bad_input"),
        (b'{"name": "a.mp4", "size": 1}', "text/plain", 400, "not_json"),
        (b'"' + b"x" * (1 << 20) + b'"', "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_and_nothing_done(
    served: Served, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = served.ask("POST", "/v1/assets", content=content, headers={"Content-Type": kind})
    problem(answer, status, code)
    assert served.engine.documents.count("assets") == 0


def test_a_long_body_is_not_read_to_its_end(served: Served) -> None:
    read, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        assert read < 100, "it reads on and on"
        return {"type": "http.request", "body": b"x" * (1 << 16), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/assets",
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    asyncio.run(served.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=1&limit=2", "nosuch=1", "cursor=!", "cursor=W10="]
)
def test_a_query_that_cannot_be_used_is_refused(served: Served, query: str) -> None:
    problem(served.ask("GET", f"/v1/assets?{query}"), 400, "bad_input")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/v1/assets/a/b", "/v1/assets/../../etc/passwd", "/healthz"]
)
def test_where_nothing_is_it_says_where_to_look(served: Served, path: str) -> None:
    assert "openapi.json" in problem(served.ask("GET", path), 404, "not_found")["detail"]


@pytest.mark.parametrize("part", ["a%00b", "a%20b", "%F0%9F%8E%AC", "x" * 200])
def test_a_name_that_none_of_ours_can_be_is_refused(served: Served, part: str) -> None:
    assert served.ask("GET", f"/v1/assets/{part}").status_code in (400, 404)


def test_another_method_is_answered_with_those_there_are(served: Served) -> None:
    answer = served.ask("DELETE", "/v1/clips/a-1.1")
    problem(answer, 405, "method")
    assert answer.headers["allow"] == "GET, PATCH"


def test_a_fault_of_ours_has_a_number_and_no_secrets(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("s3cret")

    monkeypatch.setattr(flows, "runs", broken)
    flow = served.arrive("ann", served.announced())
    told = problem(served.ask("GET", f"/v1/flows/{flow}"), 500, "bug")
    assert "s3cret" not in json.dumps(told) and told["request"] in told["detail"]


def test_it_is_there_and_not_ready_while_the_documents_do_not_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> Any:
        raise Transient("Firestore does not answer; it is tried again")

    monkeypatch.setattr(type(served.engine.documents), "get_many", silent)
    problem(served.ask("GET", "/ready", by=None), 503, "transient")
    assert served.told("GET", "/health", by=None) == {"ok": True}


def test_every_answer_keeps_browsers_careful(served: Served) -> None:
    for answer in (served.ask("GET", "/health", by=None), served.ask("GET", "/v1/assets"), served.ask("GET", "/no")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) == 16


def test_pages_of_ours_may_ask_and_no_others(served: Served) -> None:
    for origin, allowed in (("https://console.example", True), ("https://evil.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
        answer = served.client.options("/v1/clips/a-1.1", headers=headers)
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed


def test_anybody_may_ask_whether_it_is_there_and_what_there_is(served: Served) -> None:
    assert served.told("GET", "/health", by=None) == served.told("GET", "/ready", by=None) == {"ok": True}
    described = served.told("GET", "/v1/openapi.json", by=None)
    assert set(described["paths"]) == {route.path for route in TABLE}
