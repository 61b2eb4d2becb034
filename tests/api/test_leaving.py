"""Whose erasure they asked for loses the account they sign in with: by Google's own client, whatever breaks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from urllib3.util.retry import Retry

from common.adapters.google.sign_ins import FirebaseSignIns
from common.chores import work
from common.chores.erasing import erase_tenant
from common.chores.erasing.erase_tenant import SIGN_IN
from tests.api.conftest import Served
from tests.api.test_accounts_api import joined, made
from tests.api.test_erasures import checked, everything, lived
from tests.dying import dying
from tests.standins import people
from tests.standins.certificates import PROJECT
from tests.standins.loopback import Reply, Request, serving


class Firebase:
    """A stand-in whose next answers a test may spoil: each of `faults` says how."""

    def __init__(self) -> None:
        self.revoked: dict[str, float] = {}
        self.faults: list[str] = []
        self.asked: list[str] = []

    def __call__(self, asked: Request) -> Reply:
        assert asked.path.startswith(f"/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts:"), asked.path
        what = asked.path.rpartition(":")[2]
        self.asked.append(what)
        fault = self.faults.pop(0) if self.faults and what == "delete" else None
        if fault == "503":
            return Reply(status=503, body=b'{"error": {"code": 503, "message": "UNAVAILABLE"}}')
        if fault == "reset":
            return Reply(status=0)
        answer = people.answer(asked, self.revoked)
        return Reply(status=0) if fault == "lost" else answer


@pytest.fixture
def firebase(monkeypatch: pytest.MonkeyPatch) -> Iterator[Firebase]:
    made = Firebase()
    monkeypatch.setattr(Retry, "sleep", lambda *_: None)  # the client's own pauses, of seconds
    with serving(made) as address:
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", address.removeprefix("http://"))
        yield made


@pytest.fixture
def cloud(served: Served, firebase: Firebase) -> Served:
    """A server of people who have accounts."""
    made = replace(served.tools, sign_ins=FirebaseSignIns(PROJECT))
    served.tools, served.post.chores = made, lambda key: work.execute(made, key)
    return served


def test_the_account_goes_and_stands_in_the_receipt(cloud: Served, firebase: Firebase) -> None:
    lived(cloud, "bob", "bob", {})
    told = cloud.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    cloud.pass_time()
    assert firebase.revoked == {"bob": people.GONE}
    receipt = cloud.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"]
    assert checked(receipt)[SIGN_IN] == 1 and receipt["left_out"] is None


@pytest.mark.parametrize(
    "faults", [["503"] * 2, ["503"] * 12, ["reset"] * 5, ["lost"], ["lost", "lost", "503", "reset"]]
)
def test_whatever_breaks_it_is_removed_and_counted_once(cloud: Served, firebase: Firebase, faults: list[str]) -> None:
    firebase.faults = list(faults)
    told = cloud.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    cloud.pass_time(30)
    assert firebase.faults == [] and firebase.revoked == {"bob": people.GONE}
    receipt = cloud.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"]
    assert checked(receipt)[SIGN_IN] == 1


def test_who_has_none_any_more_is_erased_all_the_same(cloud: Served, firebase: Firebase) -> None:
    firebase.revoked["bob"] = people.GONE
    told = cloud.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    cloud.pass_time()
    assert checked(cloud.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"])[SIGN_IN] == 0


def test_nothing_is_said_to_be_erased_while_the_account_is_there(cloud: Served, firebase: Firebase) -> None:
    firebase.faults = ["503"] * 10_000
    told = cloud.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    cloud.pass_time(30)
    found = cloud.told("GET", f"/v1/erasures/{told['id']}", None)
    assert (found["state"], found["receipt"]) == ("erasing", None)
    cloud.told("GET", "/v1/assets", "bob", 404)
    firebase.faults = []
    cloud.pass_time(30)
    assert cloud.told("GET", f"/v1/erasures/{told['id']}", None)["state"] == "erased"


def test_an_organisation_takes_nobodys_account_along(cloud: Served, firebase: Firebase) -> None:
    where = made(cloud)
    joined(cloud, where, bob="owner")
    version = cloud.ask("GET", "/v1/organisation", headers=where).headers["etag"]
    told = cloud.told(
        "POST", "/v1/erasures", "ann", 202, json={"name": "Studio"}, headers={**where, "If-Match": version}
    )
    cloud.pass_time()
    receipt = cloud.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"]
    assert SIGN_IN not in checked(receipt) and receipt["left_out"] is None and firebase.asked == []


def test_one_machine_has_no_accounts_and_says_so(served: Served) -> None:
    told = served.told("DELETE", "/v1/me?subject=bob", "bob", 202)
    served.pass_time()
    receipt = served.told("GET", f"/v1/erasures/{told['id']}", None)["receipt"]
    (left,) = receipt["left_out"]
    assert left["what"] == SIGN_IN and "its key" in left["why"]
    assert SIGN_IN not in checked(receipt)


def test_killed_at_every_step_the_account_is_removed_and_counted_once(
    cloud: Served, firebase: Firebase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in itertools.count(1):
        by = f"bob{number}"
        told = cloud.told("DELETE", f"/v1/me?subject={by}", by, 202)
        parts: list[tuple[type, str]] = [(type(cloud.engine.documents), "commit")]
        parts += [(FirebaseSignIns, "known"), (FirebaseSignIns, "remove")]
        with dying(monkeypatch, number, *parts) as died:
            for _ in range(3):
                work.execute(cloud.tools, erase_tenant.key_of(told["id"]))
        cloud.restart()
        cloud.pass_time()
        found: Any = cloud.told("GET", f"/v1/erasures/{told['id']}", None)
        assert found["state"] == "erased" and checked(found["receipt"])[SIGN_IN] == 1
        assert firebase.revoked[by] == people.GONE
        assert not [key for key in everything(cloud) if key.startswith(f"tenants/{by}/")]
        if not died:
            break
    assert number > 10
