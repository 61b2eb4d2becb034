"""Which ID tokens of Firebase count, and that no emulator gets in between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from google.oauth2 import id_token
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.google.certificates import FIREBASE, REFUSED, SERVICES, SKEW_S
from common.adapters.google.firebase_auth import FirebaseAuth, refuse_emulated_auth
from common.errors import Permanent, Transient, Unauthorized
from tests.standins.certificates import MISSING, PROJECT, Issuer, firebase_claims, issuer, oidc_claims

PAST, FUTURE = 10**9, 10**11  # seconds since 1970


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def auth(google: Issuer) -> FirebaseAuth:
    return FirebaseAuth(PROJECT, google.certificates())


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


def refused(auth: FirebaseAuth, token: str) -> None:
    with pytest.raises(Unauthorized) as error:
        auth.person(token)
    assert str(error.value) == REFUSED


def test_the_person_is_told_with_all_the_token_says(auth: FirebaseAuth, google: Issuer) -> None:
    claims = firebase_claims(role="editor")
    caller = auth.person(google.token(claims))
    assert (caller.subject, caller.email, caller.claims) == ("u1", "ann@example.com", claims)


@pytest.mark.parametrize("verified", [False, "true", 1, None, MISSING])
def test_an_address_that_nobody_verified_is_none(auth: FirebaseAuth, google: Issuer, verified: object) -> None:
    assert auth.person(google.token(firebase_claims(email_verified=verified))).email is None


def test_who_signed_in_without_an_address_is_somebody(auth: FirebaseAuth, google: Issuer) -> None:
    assert auth.person(google.token(firebase_claims(email=MISSING, email_verified=MISSING))).email is None
    assert auth.person(google.token(firebase_claims(sub="x" * 128))).subject == "x" * 128


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://securetoken.google.com/another"},
        {"iss": "https://securetoken.google.com/"},
        {"iss": f"https://session.firebase.google.com/{PROJECT}"},
        {"iss": "https://accounts.google.com"},
        {"iss": [f"https://securetoken.google.com/{PROJECT}"]},
        {"iss": MISSING},
        {"aud": "another", "iss": "https://securetoken.google.com/another"},
        {"aud": [PROJECT]},
        {"aud": MISSING},
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": None},
        {"sub": ["u1"]},
        {"sub": MISSING},
        {"auth_time": FUTURE},
        {"auth_time": "0"},
        {"auth_time": True},
        {"auth_time": float("nan")},
        {"auth_time": MISSING},
        {"exp": PAST},
        {"exp": MISSING},
        {"iat": FUTURE},
        {"iat": MISSING},
    ],
)
def test_any_wrong_claim_is_refused(auth: FirebaseAuth, google: Issuer, wrong: dict[str, Any]) -> None:
    refused(auth, google.token(firebase_claims(**wrong)))


def test_clocks_may_differ_by_a_little_and_no_more(auth: FirebaseAuth, google: Issuer) -> None:
    for name in ("auth_time", "iat"):
        auth.person(google.token(firebase_claims(**{name: now(SKEW_S - 3)})))
        refused(auth, google.token(firebase_claims(**{name: now(SKEW_S + 3)})))


def test_a_service_is_no_person(auth: FirebaseAuth, google: Issuer) -> None:
    refused(auth, google.token(oidc_claims()))
    refused(auth, google.token(oidc_claims(aud=PROJECT)))


def test_an_unsigned_token_stays_refused_when_the_emulator_is_set(
    auth: FirebaseAuth, google: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    for alg in ("none", "RS256"):
        refused(auth, google.token(firebase_claims(), {"alg": alg, "kid": MISSING}, lambda _: b""))
    assert auth.person(google.token(firebase_claims())).subject == "u1"


def test_keys_change_and_servers_fail_as_for_services(google: Issuer) -> None:
    with issuer() as another:
        times = [0.0]
        auth = FirebaseAuth(PROJECT, another.certificates(seconds=lambda: times[0]))
        for _ in range(50):
            auth.person(another.token(firebase_claims()))
        assert another.asked == 1
        another.rotate()
        times[0] = 60.0
        auth.person(another.token(firebase_claims()))
        assert another.asked == 2
        another.status, times[0] = 500, 1e6
        with pytest.raises(Transient):
            auth.person(another.token(firebase_claims()))


def test_the_library_reads_the_same_addresses() -> None:
    assert id_token._GOOGLE_APIS_CERTS_URL == FIREBASE
    assert id_token._GOOGLE_OAUTH2_CERTS_URL == SERVICES


some_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
near = st.sampled_from([PROJECT, [PROJECT], "", "x" * 129, True, False, MISSING, 0, now(), now(3600), now(-3600)])
names = st.sampled_from(["iss", "aud", "sub", "auth_time", "email", "email_verified", "iat", "exp", "nbf", "firebase"])


@given(wrong=st.dictionaries(names, near | some_json, max_size=3))
def test_whatever_firebase_signs_is_taken_only_if_all_is_right(
    auth: FirebaseAuth, google: Issuer, wrong: dict[str, Any]
) -> None:
    token = google.token(firebase_claims(**wrong))
    try:
        caller = auth.person(token)
    except Unauthorized:
        return
    assert 0 < len(caller.subject) <= 128
    assert caller.email is None or caller.claims["email_verified"] is True
    assert caller.claims["auth_time"] <= now(SKEW_S + 1)
    answer = SimpleNamespace(status=200, data=json.dumps(google.published).encode())
    judged = id_token.verify_firebase_token(token, lambda url, method: answer, PROJECT, SKEW_S)  # type: ignore[no-untyped-call]
    assert judged == caller.claims


def test_the_emulator_is_for_local_mode_alone() -> None:
    set_ = {"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}
    with pytest.raises(Permanent, match="FIREBASE_AUTH_EMULATOR_HOST is set") as error:
        refuse_emulated_auth(set_, local=False)
    assert error.value.code == "auth_emulator"
    refuse_emulated_auth(set_, local=True)
    refuse_emulated_auth({}, local=False)
    refuse_emulated_auth({"FIREBASE_AUTH_EMULATOR_HOST": ""}, local=False)
