"""A POST that is sent again is done once, whatever happens to its answer."""

from __future__ import annotations

import threading

import pytest

from tests.api.conftest import Served

TALK = {"name": "talk.mp4", "size": 352}
KEY = {"Idempotency-Key": "6f1c"}


def test_sent_again_it_is_answered_as_before(served: Served) -> None:
    first, second = (served.ask("POST", "/v1/assets", json=TALK, headers=KEY) for _ in range(2))
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert "idempotency-replayed" not in first.headers and second.headers["idempotency-replayed"] == "true"
    assert served.engine.documents.count("assets") == 1
    served.told("POST", "/v1/assets", status=201, json=TALK, headers={"Idempotency-Key": "other"})
    served.told("POST", "/v1/assets", by="bob", status=201, json=TALK, headers=KEY)
    assert served.engine.documents.count("assets") == 3, "another key, or another person, is another request"


def test_a_key_is_of_one_request(served: Served) -> None:
    served.told("POST", "/v1/assets", status=201, json=TALK, headers=KEY)
    told = served.told("POST", "/v1/assets", status=400, json={**TALK, "size": 353}, headers=KEY)
    assert told["code"] == "key_reused"


def test_what_was_refused_may_be_sent_again(served: Served) -> None:
    asset = served.announced()
    wanted = {"asset": asset}
    served.told("POST", "/v1/flows", status=400, json=wanted, headers=KEY)
    served.arrive("ann", asset)
    served.told("POST", "/v1/flows", status=201, json=wanted, headers=KEY)


@pytest.mark.parametrize("key", ["", "x" * 129, "a b"])
def test_a_key_that_is_none_is_refused(served: Served, key: str) -> None:
    served.told("POST", "/v1/assets", status=400, json=TALK, headers={"Idempotency-Key": key})
    assert served.engine.documents.count("assets") == 0


def test_a_secret_is_told_once(served: Served) -> None:
    wanted = {"name": "ci", "role": "viewer"}
    text = served.told("POST", "/v1/keys", status=201, json=wanted, headers=KEY)["text"]
    assert served.told("POST", "/v1/keys", status=409, json=wanted, headers=KEY)["code"] == "told_once"
    assert len(served.told("GET", "/v1/keys")["items"]) == 1
    (kept,) = served.engine.documents.query("idempotency")
    assert text not in str(kept.body)


def test_of_many_at_once_one_is_done(served: Served) -> None:
    seen: list[int] = []
    at_once = threading.Barrier(8)

    def send() -> None:
        at_once.wait()
        seen.append(served.ask("POST", "/v1/assets", json=TALK, headers=KEY).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) <= {201, 409} and 201 in seen
    assert served.engine.documents.count("assets") == 1


def test_what_somebody_died_over_is_done_by_the_next(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object, **__: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(served.slots, "slot", dies)
        assert served.ask("POST", "/v1/assets", json=TALK, headers=KEY).status_code == 500
    assert served.told("POST", "/v1/assets", status=409, json=TALK, headers=KEY)["code"] == "at_work"
    monkeypatch.setattr("functions.api.once.ABANDONED_S", 0.0)
    served.told("POST", "/v1/assets", status=201, json=TALK, headers=KEY)
