"""One suite for every adapter that says who is asking, people and services."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.embedded.auth import LocalKey
from common.adapters.google.firebase_auth import FirebaseAuth
from common.adapters.google.oidc import GoogleOidc
from common.errors import Unauthorized
from common.ports.auth import Auth, Caller, ServiceAuth
from tests.standins.certificates import AUDIENCE, EMAIL, PROJECT, firebase_claims, issuer, oidc_claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Who asks with a token, and a token that is good."""

    who: Callable[[str], Caller]
    token: str
    subject: str


@pytest.fixture(scope="module", params=["local key", "firebase", "oidc"])
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with issuer() as google:
        people: Auth
        services: ServiceAuth
        match request.param:
            case "local key":
                people = local = LocalKey(tmp_path_factory.mktemp("state") / "key")
                yield Door(who=people.person, token=local.key, subject="local")
            case "firebase":
                people = FirebaseAuth(PROJECT, google.certificates())
                yield Door(who=people.person, token=google.token(firebase_claims()), subject="u1")
            case _:
                services = GoogleOidc(AUDIENCE, [EMAIL], google.certificates())
                yield Door(who=services.service, token=google.token(oidc_claims(sub="s1")), subject="s1")


def test_a_good_token_says_who_asks_each_time(door: Door) -> None:
    assert door.who(door.token).subject == door.subject
    with ThreadPoolExecutor(8) as threads:
        assert {caller.subject for caller in threads.map(door.who, [door.token] * 50)} == {door.subject}


@pytest.mark.parametrize(
    "token",
    ["", " ", ".", "..", "a.b.c", "null", "é", "\0", "\udc80", "eyJhbGciOiJub25lIn0.e30.", "x" * 100_000, "." * 9_000],
)
def test_every_other_token_gets_the_same_answer(door: Door, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unauthorized) as refused:
        door.who(token)
    with pytest.raises(Unauthorized) as empty:
        door.who("")
    assert str(refused.value) == str(empty.value)
    assert len(token) < 5 or token not in caplog.text + str(refused.value)


@given(st.data())
def test_a_token_with_anything_changed_is_refused(door: Door, data: st.DataObject) -> None:
    good = door.token
    at = data.draw(st.integers(0, len(good) - 1))
    put = data.draw(st.text(st.sampled_from("ABCDwxyz0123456789-_.=+/ \n\0é"), max_size=3))
    changed = good[:at] + put + good[at + data.draw(st.integers(0, 3)) :]
    if changed != good:
        with pytest.raises(Unauthorized):
            door.who(changed)


@given(st.text())
def test_no_text_breaks_it(door: Door, token: str) -> None:
    with pytest.raises(Unauthorized):
        door.who(token)


def test_the_last_letter_of_a_token_counts(door: Door) -> None:
    # The last of 342 letters holds 4 bits of 256 bytes: a careless reader takes 16 letters for it.
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != door.token[-1]:
            with pytest.raises(Unauthorized):
                door.who(door.token[:-1] + letter)
