"""Which tokens of Google's services count."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.oauth2 import id_token
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.google.certificates import REFUSED, SKEW_S
from common.adapters.google.oidc import ISSUERS, GoogleOidc
from common.errors import Unauthorized
from tests.standins.certificates import AUDIENCE, EMAIL, MISSING, Issuer, issuer, key, oidc_claims

PAST, FUTURE = 10**9, 10**11  # seconds since 1970
OTHER = "scheduler@demo-cutroom.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def auth(google: Issuer) -> GoogleOidc:
    return GoogleOidc(AUDIENCE, [EMAIL, OTHER], google.certificates())


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


def refused(auth: GoogleOidc, token: str) -> None:
    with pytest.raises(Unauthorized) as error:
        auth.service(token)
    assert str(error.value) == REFUSED


def test_the_account_that_asks_is_told(auth: GoogleOidc, google: Issuer) -> None:
    claims = oidc_claims()
    caller = auth.service(google.token(claims))
    assert (caller.subject, caller.email, caller.claims) == (claims["sub"], EMAIL, claims)
    assert auth.service(google.token(oidc_claims(email=OTHER, iss="accounts.google.com"))).email == OTHER


RUN = "https://cutroom-events-123456789012.europe-west4.run.app"


@pytest.mark.parametrize("audience", [RUN, RUN + "/", "https://cutroom-events-ab12cd34ef-ez.a.run.app"])
def test_a_service_on_cloud_run_is_meant_by_either_of_its_addresses(google: Issuer, audience: str) -> None:
    auth = GoogleOidc(RUN, [EMAIL], google.certificates())
    assert auth.service(google.token(oidc_claims(aud=audience))).email == EMAIL


@pytest.mark.parametrize(
    "audience",
    [
        RUN + "/work",
        RUN.replace("events", "api"),
        RUN.replace("123456789012", "210987654321"),
        "https://cutroom-events-other-ab12cd34ef-ez.a.run.app",
        "https://cutroom-eventsXab12cd34ef-ez.a.run.app",
        "https://cutroom-events-ab12cd34ef-ezzzz.a.run.app",
        "https://cutroom-events-ab12cd34ef-ez.a.run.app.example.com",
        RUN.replace(".", "x", 1),
        [RUN],
    ],
)
def test_no_other_address_is(google: Issuer, audience: object) -> None:
    refused(GoogleOidc(RUN, [EMAIL], google.certificates()), google.token(oidc_claims(aud=audience)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://accounts.google.com/"},
        {"iss": "http://accounts.google.com"},
        {"iss": "https://accounts.google.com.example.com"},
        {"iss": "https://securetoken.google.com/demo-cutroom"},
        {"iss": ["https://accounts.google.com"]},
        {"iss": MISSING},
        {"aud": AUDIENCE + "/"},
        {"aud": AUDIENCE.upper()},
        {"aud": AUDIENCE[:-1]},
        {"aud": [AUDIENCE]},
        {"aud": ""},
        {"aud": None},
        {"aud": MISSING},
        {"email": "tasks@another.iam.gserviceaccount.com"},
        {"email": EMAIL.upper()},
        {"email": EMAIL + " "},
        {"email": [EMAIL]},
        {"email": {EMAIL: True}},
        {"email": None},
        {"email": MISSING},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": MISSING},
        {"sub": ""},
        {"sub": 7},
        {"sub": MISSING},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": None},
        {"exp": float("nan")},
        {"exp": -float("inf")},
        {"exp": MISSING},
        {"iat": "0"},
        {"iat": float("nan")},
        {"iat": float("inf")},
        {"iat": [0]},
        {"iat": MISSING},
        {"nbf": FUTURE},
        {"nbf": None},
        {"iat": FUTURE, "exp": FUTURE + 3600},
        {"iat": PAST, "exp": PAST + 3600},
        {"iat": 10**400},
        {"exp": -(10**400)},
    ],
)
def test_any_wrong_claim_is_refused(auth: GoogleOidc, google: Issuer, wrong: dict[str, Any]) -> None:
    refused(auth, google.token(oidc_claims(**wrong)))


def test_clocks_may_differ_by_a_little_and_no_more(auth: GoogleOidc, google: Issuer) -> None:
    for fine in ({"exp": now(3 - SKEW_S)}, {"iat": now(SKEW_S - 3)}, {"nbf": now(SKEW_S - 3)}):
        auth.service(google.token(oidc_claims(**fine)))
    for wrong in ({"exp": now(-3 - SKEW_S)}, {"iat": now(SKEW_S + 3)}, {"nbf": now(SKEW_S + 3)}):
        refused(auth, google.token(oidc_claims(**wrong)))


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "", None, 0, [], {}, "rs256", "RS512", "PS256", "ES256", MISSING]
)
def test_no_other_algorithm_is_taken(auth: GoogleOidc, google: Issuer, alg: object) -> None:
    refused(auth, google.token(oidc_claims(), {"alg": alg}))
    unsigned = google.token(oidc_claims(), {"alg": alg}, lambda _: b"")
    refused(auth, unsigned)
    refused(auth, unsigned.rstrip("."))


def test_a_published_key_is_no_shared_secret(auth: GoogleOidc, google: Issuer) -> None:
    public = key(0).public_key()
    spki, pkcs1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
    secrets = [public.public_bytes(form, kind) for form in (Encoding.PEM, Encoding.DER) for kind in (spki, pkcs1)]
    for secret in [*secrets, secrets[0].strip(), google.published["key-0"].encode(), b""]:
        sign = partial(hmac.digest, secret, digest="sha256")
        for alg in ("HS256", "RS256"):
            refused(auth, google.token(oidc_claims(), {"alg": alg}, sign))


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "key-1"},
        {"kid": MISSING},
        {"kid": MISSING, "jku": "https://example.com/keys"},
        {"kid": MISSING, "x5u": "https://example.com/cert"},
        {"crit": ["exp"]},
        {"crit": [], "b64": False},
    ],
)
def test_a_header_that_asks_for_more_is_refused(auth: GoogleOidc, google: Issuer, header: dict[str, Any]) -> None:
    refused(auth, google.token(oidc_claims(), header))


def test_a_token_of_another_key_is_refused_whatever_it_brings(auth: GoogleOidc, google: Issuer) -> None:
    with issuer() as forger:
        forger.rotate()
        numbers = key(1).public_key().public_numbers()
        brought: list[dict[str, Any]] = [
            {},
            {"jwk": {"kty": "RSA", "n": str(numbers.n), "e": "AQAB"}},
            {"x5c": [forger.published["key-1"]]},
            {"jku": forger.address},
            {"x5u": forger.address},
        ]
        for header in brought:
            refused(auth, forger.token(oidc_claims(), {"kid": "key-0", **header}))
        assert forger.asked == 0


some_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
near = st.sampled_from(
    [*ISSUERS, AUDIENCE, EMAIL, OTHER, True, False, MISSING, 0, now(), now(3600), now(-3600), [AUDIENCE], "1"]
)
names = st.sampled_from(["iss", "aud", "sub", "email", "email_verified", "iat", "exp", "nbf", "azp"])


def judged_by_google_auth(google: Issuer, token: str) -> dict[str, Any]:
    """The library's own verdict; raises what it raises."""
    answer = SimpleNamespace(status=200, data=json.dumps(google.published).encode())
    return dict(id_token.verify_oauth2_token(token, lambda url, method: answer, AUDIENCE, SKEW_S))  # type: ignore[no-untyped-call]


@given(wrong=st.dictionaries(names, near | some_json, max_size=3))
def test_whatever_google_signs_is_taken_only_if_all_is_right(
    auth: GoogleOidc, google: Issuer, wrong: dict[str, Any]
) -> None:
    token = google.token(oidc_claims(**wrong))
    try:
        caller = auth.service(token)
    except Unauthorized:
        return
    assert caller.email in (EMAIL, OTHER) and caller.claims["email_verified"] is True
    assert caller.claims["iss"] in ISSUERS and caller.claims["aud"] == AUDIENCE
    assert caller.claims["iat"] <= now(SKEW_S + 1) and caller.claims["exp"] >= now(-SKEW_S - 1)
    assert judged_by_google_auth(google, token) == caller.claims


@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "zip", "jwk"]), near | some_json))
def test_no_header_makes_a_forged_token_good(auth: GoogleOidc, google: Issuer, header: dict[str, Any]) -> None:
    refused(auth, google.token(oidc_claims(), header, lambda said: b"\0" * 256))


@given(content=st.binary(max_size=200), signature=st.binary(max_size=300))
def test_no_content_breaks_it(auth: GoogleOidc, google: Issuer, content: bytes, signature: bytes) -> None:
    refused(auth, google.token(content))
    refused(auth, google.token(content, sign=lambda said: signature))


def test_google_auth_takes_what_is_taken_here(google: Issuer) -> None:
    assert judged_by_google_auth(google, google.token(oidc_claims()))["email"] == EMAIL
