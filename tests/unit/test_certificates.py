"""When Google's certificates are asked for, and what their keys signed."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from common.adapters.google.certificates import AGAIN_S, AGE_S, MOST_AGE_S, MOST_CHARS, Certificates
from common.errors import Transient, Unauthorized
from tests.standins.certificates import AUDIENCE, Issuer, certificate, issuer, key, oidc_claims


def ours(audience: object) -> bool:
    return audience == AUDIENCE


@pytest.fixture
def google() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


class Steady:
    """A clock the test sets, in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Steady:
    return Steady()


@pytest.fixture
def certificates(google: Issuer, clock: Steady) -> Certificates:
    return google.certificates(seconds=clock)


def check(certificates: Certificates, google: Issuer) -> None:
    assert certificates.claims(google.token(oidc_claims()), ours)["aud"] == AUDIENCE


def test_fifty_tokens_cost_one_request(google: Issuer, certificates: Certificates) -> None:
    assert google.asked == 0
    for _ in range(50):
        check(certificates, google)
    assert google.asked == 1


def test_of_eight_threads_one_asks(google: Issuer, certificates: Certificates) -> None:
    google.slow_s = 0.2
    with ThreadPoolExecutor(8) as threads:
        for one in [threads.submit(check, certificates, google) for _ in range(8)]:
            one.result()
    assert google.asked == 1


@pytest.mark.parametrize(
    ("headers", "age_s"),
    [
        ({"Cache-Control": "public, max-age=21600, must-revalidate"}, 21_600),
        ({"Cache-Control": "Max-Age=900"}, 900),
        ({"Cache-Control": "max-age=900", "Age": "300"}, 600),
        ({"Cache-Control": "max-age=900", "Age": "soon"}, 900),
        ({"Cache-Control": "s-maxage=900"}, AGE_S),
        ({"Cache-Control": "x-max-age=60, max-age=900"}, 900),
        ({}, AGE_S),
        ({"Cache-Control": "max-age=0"}, AGAIN_S),
        ({"Cache-Control": "max-age=900", "Age": "9000"}, AGAIN_S),
        ({"Cache-Control": "max-age=999999999"}, MOST_AGE_S),
    ],
)
def test_certificates_are_kept_as_long_as_the_answer_says(
    google: Issuer, certificates: Certificates, clock: Steady, headers: dict[str, str], age_s: float
) -> None:
    google.headers = headers
    check(certificates, google)
    clock.now = age_s - 0.5
    check(certificates, google)
    assert google.asked == 1
    clock.now = age_s + 0.5
    check(certificates, google)
    assert google.asked == 2


def test_a_new_key_is_fetched_when_a_token_names_it(google: Issuer, certificates: Certificates, clock: Steady) -> None:
    old = google.token(oidc_claims())
    check(certificates, google)
    google.rotate()
    clock.now = AGAIN_S + 1
    check(certificates, google)
    assert google.asked == 2
    with pytest.raises(Unauthorized):
        certificates.opened(old)  # its key is published no more


def test_tokens_of_unknown_keys_do_not_make_us_ask_without_end(
    google: Issuer, certificates: Certificates, clock: Steady
) -> None:
    check(certificates, google)
    for number in range(20):
        with pytest.raises(Unauthorized):
            certificates.opened(google.token(oidc_claims(), {"kid": f"made-up-{number}"}))
    assert google.asked == 1
    clock.now = AGAIN_S
    for number in range(20):
        with pytest.raises(Unauthorized):
            certificates.opened(google.token(oidc_claims(), {"kid": f"made-up-{number}"}))
    assert google.asked == 2


TRICKS = ["", "../key-0", "key-0\0", "KEY-0", "key-0 ", "/dev/null", "file:///etc/passwd", "' or 1=1 --", "__class__"]


@pytest.mark.parametrize("kid", [*TRICKS, 0, True, None, ["key-0"], {"key-0": 1}])
def test_a_key_is_known_by_its_exact_name(google: Issuer, certificates: Certificates, kid: object) -> None:
    with pytest.raises(Unauthorized):
        certificates.opened(google.token(oidc_claims(), {"kid": kid}))


def test_while_the_server_is_away_nobody_is_refused_for_it(
    google: Issuer, certificates: Certificates, clock: Steady
) -> None:
    google.status = 503
    for _ in range(5):
        with pytest.raises(Transient, match="cannot be fetched"):
            check(certificates, google)
    assert google.asked == 1
    google.status = 200
    clock.now = AGAIN_S
    check(certificates, google)

    google.status = 500
    with pytest.raises(Unauthorized):
        certificates.opened(google.token(oidc_claims(), {"kid": "none"}))
    clock.now = 2 * AGAIN_S
    with pytest.raises(Transient):  # it may be a new one
        certificates.opened(google.token(oidc_claims(), {"kid": "none"}))
    check(certificates, google)  # what is held still holds
    clock.now = 1e6
    with pytest.raises(Transient):
        check(certificates, google)


def test_an_answer_that_passes_by_is_asked_for_again(google: Issuer) -> None:
    google.status = 503
    threading.Timer(0.3, lambda: setattr(google, "status", 200)).start()
    check(google.certificates(patience_s=30.0), google)
    assert google.asked > 1


def test_a_server_that_is_not_there_passes(google: Issuer) -> None:
    with pytest.raises(Transient, match="cannot be fetched"):
        Certificates("http://127.0.0.1:9", patience_s=0.0).opened(google.token({}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"key-0": 7}', b'{"key-0": "PEM"}'])
def test_an_answer_that_names_no_certificate_passes(google: Issuer, certificates: Certificates, body: bytes) -> None:
    google.body = body
    with pytest.raises(Transient, match="it is tried again"):
        check(certificates, google)


def test_a_redirect_is_not_followed(google: Issuer, certificates: Certificates) -> None:
    with issuer() as another:
        google.status, google.headers, google.body = 302, {"Location": another.address}, b""
        with pytest.raises(Transient):
            check(certificates, google)
        assert another.asked == 0


def test_only_strong_rsa_keys_count(
    google: Issuer, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    google.published["weak"] = certificate(weak.public_key())
    google.published["curve"] = certificate(ec.generate_private_key(ec.SECP256R1()).public_key())
    google.published["edwards"] = certificate(ed25519.Ed25519PrivateKey.generate().public_key())
    google.published["junk"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    check(certificates, google)
    assert "key-0" not in caplog.text
    for kid in ("weak", "curve", "edwards", "junk"):
        assert kid in caplog.text
        with pytest.raises(Unauthorized):
            certificates.opened(google.token(oidc_claims(), {"kid": kid}))


def test_an_oversized_token_is_not_read(google: Issuer, certificates: Certificates) -> None:
    assert certificates.opened(google.token(b"x" * 5700)) == b"x" * 5700
    with pytest.raises(Unauthorized):
        certificates.opened(google.token(b"x" * MOST_CHARS))
    with pytest.raises(Unauthorized):
        certificates.opened("." * 10_000_000)


@pytest.mark.parametrize(
    "content", [b"", b"foo", b"[]", b"null", b"7", b'"text"', b"\xff\xfe{}", b"[" * 5000, "{}".encode("utf-16")]
)
def test_what_is_signed_and_no_claims_is_refused(google: Issuer, certificates: Certificates, content: bytes) -> None:
    assert certificates.opened(google.token(content)) == content
    with pytest.raises(Unauthorized):
        certificates.claims(google.token(content), ours)


def test_a_header_as_deep_as_the_sea_is_refused(certificates: Certificates) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 3000).decode().rstrip("=")
    with pytest.raises(Unauthorized):
        certificates.opened(f"{header}.e30.AAAA")


def test_the_log_says_why_and_never_what(
    google: Issuer, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for claims, why in ((oidc_claims(aud="https://other"), "https://other"), (oidc_claims(exp=1), "expired")):
        token = google.token(claims)
        with pytest.raises(Unauthorized) as error:
            certificates.claims(token, ours)
        assert why in caplog.text and why not in str(error.value)
        assert not any(part in caplog.text for part in token.split("."))


# Wycheproof's vectors sign texts such as "foo", no claims: what counts is whether the signature opens them.

ROCA = ("json_web_key_test.json", 7)  # a key with a known weakness in how it was made: Google's keys are trusted


def vectors(shared: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every test of every file: the file's name, its group, the test."""
    for file in sorted((shared / "conformance" / "jwt").glob("*_test.json")):
        for group in json.loads(file.read_bytes())["testGroups"]:
            for test in group["tests"]:
                yield file.name, group, test


def published(group: dict[str, Any]) -> dict[str, str]:
    """The certificates that Google would publish of a group's keys: RSA, for RS256, for signing."""
    whole = group.get("public") or group["private"]
    found = {}
    for one in whole.get("keys", [whole]):
        if one.get("kty") == "RSA" and "n" in one and one.get("alg") == "RS256" and one.get("use") != "enc":
            n, e = (int.from_bytes(base64.urlsafe_b64decode(one[part] + "==")) for part in ("n", "e"))
            if e > 1:  # no library makes a key of 1
                found[one["kid"]] = certificate(rsa.RSAPublicNumbers(e, n).public_key())
    return found


def test_wycheproofs_signatures_are_told_apart(google: Issuer, shared: Path) -> None:
    spare = certificate(key(0).public_key())
    opened = refused = 0
    served: dict[str, Certificates] = {}
    for file, group, test in vectors(shared):
        google.published = {"spare": spare, **published(group)}
        name = json.dumps(google.published)
        certificates = served.setdefault(name, google.certificates())
        where = f"{file} {test['tcId']} {test['comment']}"
        header = test["jws"].partition(".")[0]
        good = test["result"] == "valid" and json.loads(base64.urlsafe_b64decode(header + "=="))["alg"] == "RS256"
        try:
            certificates.opened(test["jws"])
            opened += 1
            assert good or (file, test["tcId"]) == ROCA, f"{where} was opened"
        except Unauthorized:
            refused += 1
            assert not good, f"{where} was refused"
        with pytest.raises(Unauthorized):
            certificates.claims(test["jws"], ours)
    assert opened == 10 and refused > 400


def test_wycheproofs_tokens_are_nobodys_under_our_own_keys(google: Issuer, shared: Path) -> None:
    certificates = google.certificates()
    for _, _, test in vectors(shared):
        with pytest.raises(Unauthorized):
            certificates.claims(test["jws"], ours)
    assert google.asked == 1
