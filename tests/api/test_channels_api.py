"""Channels by the API: connected by a browser that has no token, shown without what they are spoken for with."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.chores import work
from common.chores.connections import channels, connecting
from common.domain.publication import Account
from tests.api.conftest import Served, serving
from tests.api.test_app import problem
from tests.publishing.office import ANN, APP, Office
from tests.receivers import Receivers

CALLBACK = "/v1/connections/callback"
ID = channels.id_of("x", "ann")


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def served(tmp_path: Path, office: Office) -> Iterator[Served]:
    (tmp_path / "secrets").touch(mode=0o600)
    (tmp_path / "secrets").write_text(f"x-client-id={APP.id}\nx-client-secret={APP.secret}\n")
    with serving(tmp_path, Receivers(), platform=lambda network: office) as made:
        office.clock = made.clock
        yield made


def begin(served: Served, office: Office, by: str = "ann", **more: Any) -> dict[str, str]:
    """What the browser is sent back with."""
    return office.allow(served.told("POST", "/v1/connections", by, 201, json={"network": "x"}, **more)["url"])


def back(served: Served, told: dict[str, str], status: int = 200, **more: Any) -> str:
    """As a browser comes back: without a token. The page that it gets."""
    answer = served.client.get(CALLBACK, params=told, **more)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return str(answer.text)


def connected(served: Served, office: Office, by: str = "ann", **more: Any) -> dict[str, Any]:
    assert "Almost done" in back(served, begin(served, office, by, **more))
    served.pass_time(2)
    (channel,) = served.told("GET", "/v1/channels", by, **more)["items"]
    assert isinstance(channel, dict)
    return channel


def test_an_account_is_connected_shown_changed_and_disconnected(served: Served, office: Office) -> None:
    shown = connected(served, office)
    assert (shown["id"], shown["state"], shown["name"], shown["account"]) == (ID, "connected", "Ann", "ann")
    path = f"/v1/channels/{ID}"
    own = {"name": "Our tea", "timezone": "Europe/Berlin", "niche": "tea", "late": "hold", "approval": True}
    own |= {"persona": "a friend", "style": None, "language": "pt-BR", "ahead": True}
    changed = served.told("PATCH", path, json=own)
    assert {name: changed[name] for name in own} == own
    assert served.told("GET", path) == changed
    served.told("DELETE", path, status=204)
    served.pass_time(3)
    gone = served.told("GET", path)
    assert (gone["state"], gone["revoked"]) == ("disconnected", "the platform was told that it is over")
    assert not office.good and not office.renewing
    served.told("DELETE", path, status=204)
    (again,) = [connected(served, office)]
    assert (again["state"], again["name"], again["timezone"]) == ("connected", "Our tea", "Europe/Berlin")
    said = [line["what"] for line in served.told("GET", "/v1/audit")["items"]]
    assert said.count("channels.disconnect") == 1 and said.count("channels.connected") == 2


def test_the_browser_is_told_what_came_of_it_where_that_takes_no_time(tmp_path: Path, office: Office) -> None:
    (tmp_path / "secrets").touch(mode=0o600)
    (tmp_path / "secrets").write_text(f"x-client-id={APP.id}\nx-client-secret={APP.secret}\n")
    with serving(tmp_path, Receivers(), platform=lambda network: office, patience_s=20) as served:
        office.clock = served.clock
        over = threading.Event()

        def keep() -> None:
            while not over.wait(0.02):
                for key, _ in [*work.due(served.engine), *_queued(served)]:
                    work.execute(served.tools, key)

        thread = threading.Thread(target=keep)
        thread.start()
        try:
            page = back(served, begin(served, office))
            assert "<h1>Connected</h1>" in page and "on x as Ann, for your own" in page
            checked = served.told("POST", f"/v1/channels/{ID}/check")
            assert checked["good"] is True and "it is Ann" in checked["text"]
            served.clock.at += timedelta(seconds=1)
            office.people = [Account(id="bob", name="<script>alert(1)</script>")]
            page = back(served, begin(served, office))
            assert "<script>" not in page and "&lt;script&gt;" in page
            checked = served.told("POST", f"/v1/channels/{ID}/check")
            assert checked["good"] is False and "does not speak for this account any more" in checked["text"]
            office.people = []
            assert "knows no account" in back(served, begin(served, office), 422)
        finally:
            over.set()
            thread.join()


def _queued(served: Served) -> list[tuple[str, Any]]:
    """What a queue would have delivered at once."""
    return [(snap.key, snap) for snap in served.engine.documents.query("chores") if snap.body["state"] == "queued"]


def test_nothing_of_a_token_is_ever_shown(served: Served, office: Office, caplog: pytest.LogCaptureFixture) -> None:
    told = begin(served, office)
    page = back(served, told)
    served.pass_time(2)
    answers = [page]
    for path in ("/v1/channels", f"/v1/channels/{ID}", "/v1/audit"):
        answers.append(served.ask("GET", path).text)
    answers.append(served.ask("POST", f"/v1/channels/{ID}/check").text)
    export = served.told("POST", "/v1/exports", status=202)["id"]
    served.pass_time(3)
    name = f"t/ann/exports/export-{export}.zip"
    with zipfile.ZipFile(io.BytesIO(served.engine.objects.get(name))) as archive:
        answers += [archive.read(one).decode() for one in archive.namelist()]
        assert "channels.jsonl" in archive.namelist() and "connections.jsonl" in archive.namelist()
    secrets = [told["state"], told["code"], *office.good, *office.renewing, APP.secret]
    for answer in (*answers, caplog.text):
        assert [one for one in (*secrets, '"tokens"', '"verifier"') if one in answer] == []


@pytest.mark.parametrize("how", ["again", "forged", "expired", "none", "twice", "naughty", "head"])
def test_a_state_that_is_not_good_gets_a_page_that_says_so(served: Served, office: Office, how: str) -> None:
    told = begin(served, office)
    if how == "again":
        back(served, told)
        assert "begin the connection again" in back(served, told, 404)
    elif how == "forged":
        assert "begin the connection again" in back(served, {**told, "state": told["state"][:-1]}, 404)
    elif how == "expired":
        served.clock.at += connecting.KEPT
        assert "begin the connection again" in back(served, told, 404)
    elif how == "none":
        back(served, {"code": "c"}, 400)
        back(served, {"state": told["state"]}, 400)
    elif how == "twice":
        answer = served.client.get(f"{CALLBACK}?state={told['state']}&code=a&code=b")
        assert answer.status_code == 400 and "given twice" in answer.text
    elif how == "naughty":
        page = back(served, {**told, "state": "<script>\u202e\x00' OR 1=1", "x": "y"}, 404)
        assert "<script>" not in page
        page = back(served, {"state": told["state"], "error": "a", "error_description": "<b>\u202e\x00</b>"}, 422)
        assert "<b>" not in page and "\u202e" not in page and "\x00" not in page
    else:
        assert served.client.head(CALLBACK, params=told).status_code == 405
        back(served, told)
    served.pass_time(2)
    assert office.asked.count("exchange") == (1 if how in ("again", "head") else 0)


def test_what_platforms_send_besides_is_not_minded(served: Served, office: Office) -> None:
    back(served, {**begin(served, office), "scope": "a b", "iss": "https://accounts.example", "authuser": "0"})
    served.pass_time(2)
    assert served.told("GET", "/v1/channels")["items"]


def test_what_the_person_refuses_is_said(served: Served, office: Office) -> None:
    told = {"state": begin(served, office)["state"], "error": "access_denied"}
    assert "x says: access_denied" in back(served, told, 422)
    back(served, told, 404)


def test_who_begins_it_has_it_and_no_other_organisation_sees_it(served: Served, office: Office) -> None:
    connected(served, office)
    assert served.told("GET", "/v1/channels", "bob")["items"] == []
    for method, path, more in (
        ("GET", f"/v1/channels/{ID}", {}),
        ("PATCH", f"/v1/channels/{ID}", {"json": {"name": "mine"}}),
        ("DELETE", f"/v1/channels/{ID}", {}),
        ("POST", f"/v1/channels/{ID}/check", {}),
    ):
        problem(served.ask(method, path, "bob", **more), 404, "not_found")
    assert served.told("GET", f"/v1/channels/{ID}")["name"] == "Ann"
    office.people = [ANN]
    assert connected(served, office, "bob")["id"] == ID, "the same account, of another organisation"
    served.told("DELETE", f"/v1/channels/{ID}", "bob", 204)
    assert served.told("GET", f"/v1/channels/{ID}")["state"] == "connected"


def test_roles(served: Served, office: Office) -> None:
    studio = served.told("POST", "/v1/organisations", status=201, json={"name": "Studio"})["id"]
    there: dict[str, Any] = {"headers": {"Cutroom-Organisation": studio}}
    for who, role in (("vera", "viewer"), ("paul", "publisher"), ("adam", "admin")):
        served.told("POST", "/v1/members", status=201, json={"subject": who, "role": role}, **there)
    shown = connected(served, office, "adam", **there)
    path = f"/v1/channels/{shown['id']}"
    for who in ("vera", "paul"):
        assert served.told("GET", path, who, **there)["name"] == "Ann"
        for method, where, body in (
            ("POST", "/v1/connections", {"network": "x"}),
            ("PATCH", path, {"name": "mine"}),
            ("DELETE", path, None),
            ("POST", f"{path}/check", None),
        ):
            more: dict[str, Any] = {} if body is None else {"json": body}
            problem(served.ask(method, where, who, **more, **there), 403, "forbidden")
    told = begin(served, office, "adam", **there)
    served.told("PATCH", "/v1/members/adam", json={"role": "viewer"}, **there)
    assert "begin the connection again" in back(served, told, 404), "who may no more has begun in vain"


def test_a_change_is_made_of_what_was_read_and_of_what_there_is(served: Served, office: Office) -> None:
    connected(served, office)
    path = f"/v1/channels/{ID}"
    tag = served.ask("GET", path).headers["etag"]
    served.told("PATCH", path, json={"niche": "tea"}, headers={"If-Match": tag})
    problem(served.ask("PATCH", path, json={"niche": "cake"}, headers={"If-Match": tag}), 412, "stale")
    problem(served.ask("DELETE", path, headers={"If-Match": tag}), 412, "stale")
    for wrong in (
        {},
        {"name": ""},
        {"name": "  "},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"language": "de\n"},
        {"late": "never"},
        {"tokens": "mine"},
        {"state": "connected"},
        {"niche": "x" * 501},
    ):
        problem(served.ask("PATCH", path, json=wrong), 400, "bad_input")
    assert served.told("GET", path)["niche"] == "tea"


def test_lists_are_by_network_and_state(served: Served, office: Office) -> None:
    connected(served, office)
    assert len(served.told("GET", "/v1/channels?network=x&state=connected")["items"]) == 1
    assert served.told("GET", "/v1/channels?network=tiktok")["items"] == []
    assert served.told("GET", "/v1/channels?state=broken")["items"] == []
    problem(served.ask("GET", "/v1/channels?network=myspace"), 400, "bad_input")


def test_a_network_that_nobody_registered_says_what_to_do(served: Served) -> None:
    answer = served.ask("POST", "/v1/connections", json={"network": "tiktok"})
    problem(answer, 422, "not_registered")
    assert "docs/channels.md" in answer.text


def test_a_test_says_what_is_wrong_with_a_channel(served: Served, office: Office) -> None:
    connected(served, office)
    path = f"/v1/channels/{ID}"
    assert served.told("POST", f"{path}/check")["good"] is None, "it is being asked"
    served.pass_time(2)
    assert served.told("GET", path)["checked"]["good"] is True
    office.faults_of = {"accounts": ["not connected"] * 3}
    served.told("POST", f"{path}/check")
    served.pass_time(2)
    assert served.told("GET", path)["checked"]["good"] is None and served.told("GET", path)["state"] == "connected"
    office.good.clear()
    office.renewing.clear()
    office.faults_of = {}
    served.told("POST", f"{path}/check")
    served.pass_time(3)
    shown = served.told("GET", path)
    assert (shown["state"], shown["checked"]["good"]) == ("broken", False)
    assert "connect it again" in served.told("POST", f"{path}/check")["text"]
    served.told("DELETE", path, status=204)
    assert "nothing to give back" in served.told("GET", path)["revoked"]
    assert "was disconnected" in served.told("POST", f"{path}/check")["text"]


def test_an_erasure_gives_the_sign_in_back_and_leaves_nothing(served: Served, office: Office) -> None:
    studio = served.told("POST", "/v1/organisations", status=201, json={"name": "Studio"})["id"]
    there: dict[str, Any] = {"headers": {"Cutroom-Organisation": studio}}
    connected(served, office, "ann", **there)
    tag = served.ask("GET", "/v1/organisation", **there).headers["etag"]
    both: dict[str, Any] = {"headers": {**there["headers"], "If-Match": tag}}
    asked = served.told("POST", "/v1/erasures", status=202, json={"name": "Studio"}, **both)["id"]
    served.pass_time(20)
    receipt = served.told("GET", f"/v1/erasures/{asked}")["receipt"]
    assert receipt["left_out"] is None and {"documents: channels", "documents: connections"} <= {
        one["store"] for one in receipt["stores"]
    }
    assert not office.good and not office.renewing
    assert not served.engine.documents.query("channels") and not served.engine.documents.query("connections")


def test_a_platform_that_cannot_be_told_is_in_the_receipt(served: Served, office: Office) -> None:
    connected(served, office)
    office.faults_of = {"revoke": ["not connected"] * 9}
    asked = served.told("DELETE", "/v1/me?subject=ann", status=202)["id"]
    served.pass_time(20)
    left = served.told("GET", f"/v1/erasures/{asked}")["receipt"]["left_out"]
    assert [one["what"] for one in left] == ["the sign-in at a platform", "the account that the person signs in with"]
    assert "take Cutroom away in its own settings" in left[0]["why"]
