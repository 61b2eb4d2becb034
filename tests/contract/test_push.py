"""Push: one suite for every adapter, and what Firebase says as the outcome it means."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from common.adapters.embedded.push import NoPush
from common.adapters.google.push import FirebasePusher
from common.ports.push import Message, Pusher
from tests.standins import fcm as standin
from tests.standins.fcm import INVALID, LOST, QUOTA, RESET, UNAVAILABLE, UNREGISTERED, Fcm, fault
from tests.standins.loopback import Reply

TOKEN = "fcm:APA91b-" + "x" * 140
MESSAGE = Message(title="Your clips are ready", body="talk.mp4", tag="e" * 24, data={"flow": "a-1", "asset": "a"})


@pytest.fixture(scope="module")
def one() -> Iterator[tuple[Fcm, FirebasePusher]]:
    with standin.fcm() as made:
        yield made, FirebasePusher(made.project, address=made.address)


@pytest.fixture
def fcm(one: tuple[Fcm, FirebasePusher]) -> Fcm:
    made, _ = one
    made.sent, made.faults, made.gone, made.asked = [], [], set(), 0
    return made


@pytest.fixture
def firebase(one: tuple[Fcm, FirebasePusher], fcm: Fcm) -> FirebasePusher:
    return one[1]


@pytest.fixture(params=["embedded", "firebase"])
def pusher(request: pytest.FixtureRequest) -> Pusher:
    return NoPush() if request.param == "embedded" else request.getfixturevalue("firebase")


# --- every adapter --------------------------------------------------------------------------------------------------


def test_it_sends_or_says_why_it_never_will(pusher: Pusher) -> None:
    outcome = pusher.send(TOKEN, MESSAGE)
    if pusher.left_out is None:
        assert (outcome.ending, outcome.why) == ("sent", None)
    else:
        assert (outcome.ending, outcome.why) == ("refused", pusher.left_out)
        assert ";" in pusher.left_out, "what the reader can do instead"


@pytest.mark.parametrize("token", ["", "x", TOKEN, "\n", "ä" * 9])
def test_whatever_the_token_is_there_is_an_outcome_that_does_not_name_it(pusher: Pusher, fcm: Fcm, token: str) -> None:
    fcm.faults = [fault(400, f"bad {token}", "INVALID_ARGUMENT")]
    outcome = pusher.send(token, MESSAGE)
    assert outcome.ending in ("sent", "gone", "refused", "later")
    assert len(token) < 9 or token not in (outcome.why or "")


def test_many_at_once_each_have_their_own(pusher: Pusher, fcm: Fcm) -> None:
    fcm.gone = {f"{TOKEN}{n}" for n in range(0, 8, 2)}
    told: dict[int, str] = {}

    def send(n: int) -> None:
        told[n] = pusher.send(f"{TOKEN}{n}", MESSAGE).ending

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {n: "sent" if n % 2 else "gone" for n in range(8)}
    assert told == (expected if pusher.left_out is None else dict.fromkeys(range(8), "refused"))


# --- Firebase -------------------------------------------------------------------------------------------------------


def test_what_firebase_gets_is_shown_once_however_often_it_comes(firebase: FirebasePusher, fcm: Fcm) -> None:
    assert firebase.send(TOKEN, MESSAGE).ending == "sent"
    (sent,) = fcm.sent
    assert sent["token"] == TOKEN and sent["notification"] == {"title": MESSAGE.title, "body": MESSAGE.body}
    assert sent["data"] == dict(MESSAGE.data)
    tags = {sent["android"]["collapse_key"], sent["android"]["notification"]["tag"]}
    tags |= {sent["apns"]["headers"]["apns-collapse-id"], sent["webpush"]["notification"]["tag"]}
    assert tags | {sent["webpush"]["headers"]["Topic"]} == {MESSAGE.tag}
    assert sent["android"]["ttl"] == f"{sent['webpush']['headers']['TTL']}s" == "21600s"


@pytest.mark.parametrize(("token", "field"), [(TOKEN, "token"), ("cIY-_4xkR0a8fE1dYh2m7Q", "fid")])
def test_an_installation_is_named_by_its_id(firebase: FirebasePusher, fcm: Fcm, token: str, field: str) -> None:
    firebase.send(token, MESSAGE)
    (sent,) = fcm.sent
    assert {name: sent[name] for name in ("token", "fid") if name in sent} == {field: token}


@pytest.mark.parametrize(
    ("met", "ending", "after_s", "said"),
    [
        (UNREGISTERED, "gone", None, "knows this device no more"),
        (INVALID, "refused", None, "does not take its token"),
        (fault(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "refused", None, "another Firebase project"),
        (fault(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), "refused", None, "keys for Apple"),
        (QUOTA, "later", 120.0, "QUOTA_EXCEEDED"),
        (fault(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", Retry_After="nonsense"), "later", None, "QUOTA"),
        (fault(429, "RESOURCE_EXHAUSTED", None, Retry_After="9" * 30), "later", 86_400.0, "RESOURCE"),
        (UNAVAILABLE, "later", 45.0, "UNAVAILABLE"),
        (fault(500, "INTERNAL", "INTERNAL"), "later", None, "INTERNAL"),
        (fault(404, "NOT_FOUND"), "later", None, "NOT_FOUND"),  # of the project: no device is to go for it
        (fault(403, "PERMISSION_DENIED"), "later", None, "docs/push.md"),
        (RESET, "later", None, "did not take it"),
        (LOST, "later", None, "did not take it"),
        (Reply(status=502, body=b"<html>\xff"), "later", None, "no answer of Firebase's"),
        (Reply(status=400, body=b'{"error": "text"}'), "later", None, "no answer of Firebase's"),
        (Reply(body=b"[]"), "later", None, "no answer of Firebase's"),
        (Reply(body=b"{}"), "later", None, "no answer of Firebase's"),
        (Reply(body=b"no json"), "later", None, "did not take it"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "later", None, "did not take it"),
    ],
)
def test_what_firebase_says_is_the_outcome_it_means(
    firebase: FirebasePusher, fcm: Fcm, met: Reply | str, ending: str, after_s: float | None, said: str
) -> None:
    fcm.faults = [met] * 3  # a 401 is asked again with new credentials
    outcome = firebase.send(TOKEN, MESSAGE)
    fcm.faults = []
    assert (outcome.ending, outcome.after_s) == (ending, after_s)
    assert said in (outcome.why or "")
    assert len(fcm.sent) == (1 if met == LOST else 0)
    assert firebase.send(TOKEN, MESSAGE).ending == "sent", "what is broken once is not broken for good"


@pytest.mark.parametrize("met", [QUOTA, UNAVAILABLE, RESET, LOST, fault(500, "INTERNAL")])
def test_the_package_tries_nothing_again_by_itself(firebase: FirebasePusher, fcm: Fcm, met: Reply | str) -> None:
    """It would send twice what was lost, and sleep for as long as Retry-After says."""
    firebase.send(TOKEN, MESSAGE)
    fcm.asked, fcm.faults = 0, [met] * 5
    firebase.send(TOKEN, MESSAGE)
    assert fcm.asked == 1


def test_a_date_to_come_again_is_understood(firebase: FirebasePusher, fcm: Fcm) -> None:
    at = datetime.now(UTC) + timedelta(seconds=300)
    fcm.faults = [fault(503, "UNAVAILABLE", Retry_After=format_datetime(at, usegmt=True))]
    after_s = firebase.send(TOKEN, MESSAGE).after_s
    assert after_s is not None and 280 < after_s <= 300


def test_what_firebase_would_not_take_is_refused(firebase: FirebasePusher, fcm: Fcm) -> None:
    for wrong in ({"tag": "not a topic"}, {"data": {"from": "x"}}, {"body": "x" * 5000}):
        assert firebase.send(TOKEN, replace(MESSAGE, **wrong)).ending == "refused"
    assert fcm.sent == []


def test_without_credentials_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "key.json"
    broken.write_text(json.dumps({"type": "nothing"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(broken))
    outcome = FirebasePusher("demo-cutroom").send(TOKEN, MESSAGE)
    assert outcome.ending == "later" and "credentials" in (outcome.why or "")
