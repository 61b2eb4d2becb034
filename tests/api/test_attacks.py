"""What is sent to get in, to get through or to break something: on every route."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.testclient import TestClient

from common.adapters.embedded.limits import LocalLimits
from common.adapters.google.firebase_auth import FirebaseAuth
from common.bootstrap.parts import Parts
from common.ports.limits import PER_ADDRESS
from common.ports.vectors import Vectors
from functions.api import app, reading
from functions.api.strangers import address
from functions.api.table import TABLE
from tests import toy
from tests.api.conftest import Meant, Named, Served, Slots
from tests.api.test_app import path_of, problem
from tests.conftest import SHARED
from tests.helping import consent, tools
from tests.post import Hands, cloudlike
from tests.receivers import Receivers
from tests.standins.certificates import MISSING, PROJECT, Issuer, base64url, firebase_claims, issuer

ROUTES = [pytest.param(route, id=f"{route.method} {route.path}") for route in TABLE if not route.held]
VECTORS = SHARED / "conformance" / "jwt" / "json_web_signature_test.json"

MOST = PER_ADDRESS[0].most


class Uncounted:
    """Implements Limits, and lets everybody in."""

    def take(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def google() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture
def real(google: Issuer, tmp_path: Path) -> Iterator[tuple[TestClient, Parts, Hands]]:
    """The API as it is deployed: people by tokens that are signed."""
    engine, _, clock = cloudlike(tmp_path, toy.definition())
    people = FirebaseAuth(PROJECT, google.certificates())
    made = tools(engine, tmp_path)
    parts = Parts(
        engine=engine,
        people=people,
        uploads=Slots(),
        links=Named(),
        limits=Uncounted(),
        outbound=Receivers(),
        vectors=cast(Vectors, engine.documents),
        meaning=Meant(),
        drive=made.drive,
        consent=consent(made),
        herald=made.herald,
    )
    with TestClient(app.build(parts), raise_server_exceptions=False) as client:
        yield client, parts, clock


def _with_the_certificate_as_secret(google: Issuer) -> Callable[[bytes], bytes]:
    return lambda text: hmac.new(google.published[google.kid].encode(), text, hashlib.sha256).digest()


def forged(google: Issuer) -> dict[str, str]:
    """Tokens that are wrong in one way each, by what that is."""
    claims, empty = firebase_claims(), lambda _: b""
    good = google.token(claims)
    head, body, signature = good.split(".")
    other = base64url(json.dumps({**claims, "sub": "eve"}).encode())
    headers: dict[str, dict[str, Any]] = {
        "alg none": {"alg": "none"},
        "alg None": {"alg": "None"},
        "no alg": {"alg": MISSING},
        "no kid": {"kid": MISSING},
        "another kid": {"kid": "key-99"},
        "a path as kid": {"kid": "../../dev/null"},
        "a list as kid": {"kid": [google.kid]},
        "crit": {"crit": ["exp"], "exp": 1},
        "alg PS256": {"alg": "PS256"},
        "alg RS1": {"alg": "RS1"},
    }
    found = {name: google.token(claims, header) for name, header in headers.items()}
    found |= {
        "unsigned": google.token(claims, {"alg": "none"}, empty),
        "no signature": f"{head}.{body}.",
        "HS256 with the certificate": google.token(claims, {"alg": "HS256"}, _with_the_certificate_as_secret(google)),
        "its own key in the header": google.token(
            claims, {"jwk": {"kty": "oct", "k": base64url(b"x")}, "kid": "x"}, lambda text: b"x" * 256
        ),
        "another's words": f"{head}.{other}.{signature}",
        "two tokens": f"{good}.{good}",
        "a space in it": f"{head} .{body}.{signature}",
        "another base64": base64.b64encode(b"\xfb\xff").decode() + good,
        "expired": google.token(firebase_claims(exp=1)),
        "not yet": google.token(firebase_claims(iat=9_999_999_999)),
        "for another project": google.token(firebase_claims(aud="other", iss="https://securetoken.google.com/other")),
        "by another issuer": google.token(firebase_claims(iss="https://evil.example")),
        "of nobody": google.token(firebase_claims(sub="")),
        "of a list": google.token(firebase_claims(sub=["u1"])),
        "no JSON": google.token(b"u1"),
        "an array": google.token(b"[]"),
        "too long": good + "A" * 10_000,
    }
    return found


@cache
def vectors() -> tuple[str, ...]:
    """Of Wycheproof: forged, broken and well-made tokens, none of which is by a key of Google's."""
    if not VECTORS.is_file():
        return ()
    told = json.loads(VECTORS.read_text())
    found = {test["jws"] for group in told["testGroups"] for test in group["tests"]}
    return tuple(sorted(one for one in found if one and one.isascii() and one.isprintable()))


@pytest.mark.parametrize("route", ROUTES)
def test_a_forged_token_opens_nothing(
    real: tuple[TestClient, Parts, Hands], google: Issuer, route: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, parts, _ = real
    touched: list[object] = []
    for name in ("get_many", "commit", "query", "count"):
        monkeypatch.setattr(type(parts.engine.documents), name, lambda *_, **__: touched.append(1))

    async def knock() -> None:
        """Within one loop: the test client of starlette takes eight turns between threads for each request."""
        door = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=door, base_url=str(client.base_url)) as hand:
            for token in (*forged(google).values(), *vectors()):
                answer = await hand.request(route.method, path_of(route), headers={"Authorization": f"Bearer {token}"})
                problem(answer, 401, "unauthorized")
                assert token not in answer.text

    asyncio.run(knock())
    assert touched == [], "something was read or written for who proved nothing"


def test_wycheproofs_tokens_are_there() -> None:
    if not VECTORS.is_file():
        pytest.skip(f"no tokens of Wycheproof at {VECTORS}")
    assert len(vectors()) > 150


def test_a_thousand_guesses_are_cut_short_and_harm_nobody_else(
    real: tuple[TestClient, Parts, Hands], google: Issuer
) -> None:
    _, parts, clock = real
    parts = replace(parts, limits=LocalLimits(clock), proxies=1)
    good = {"Authorization": f"Bearer {google.token(firebase_claims())}"}
    with TestClient(app.build(parts)) as client:
        statuses = []
        for n in range(1000):
            key = f"cutroom_u1_{n:016x}_{'A' * 43}"
            # What they write in front does not make them another.
            headers = {"Authorization": f"Bearer {key}", "X-Forwarded-For": f"10.0.{n % 250}.1, 203.0.113.7"}
            statuses.append(client.get("/v1/assets", headers=headers))
        assert [one.status_code for one in statuses] == [401] * MOST + [429] * (1000 - MOST)
        assert 0 < int(statuses[-1].headers["retry-after"]) <= 60
        here = {"X-Forwarded-For": "203.0.113.7"}
        assert client.get("/v1/assets", headers={**good, **here}).status_code == 200, "an office has one address"
        other = {"Authorization": "Bearer x", "X-Forwarded-For": "203.0.113.8"}
        assert client.get("/v1/assets", headers=other).status_code == 401


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        ([], 1, "192.0.2.1"),
        (["203.0.113.7"], 0, "192.0.2.1"),
        (["203.0.113.7"], 1, "203.0.113.7"),
        (["1.1.1.1, 203.0.113.7"], 1, "203.0.113.7"),
        (["1.1.1.1", "203.0.113.7"], 1, "203.0.113.7"),
        (["1.1.1.1, 203.0.113.7, 198.51.100.1"], 2, "203.0.113.7"),
        (["203.0.113.7"], 2, "192.0.2.1"),
        (["1.1.1.1, nonsense"], 1, "192.0.2.1"),
        (["2001:db8:1:2:3:4:5:6"], 1, "2001:db8:1:2::/64"),
        (["::ffff:203.0.113.7"], 1, "203.0.113.7"),
    ],
)
def test_an_address_is_what_our_own_proxy_heard(forwarded: list[str], proxies: int, found: str) -> None:
    assert address("192.0.2.1", forwarded, proxies) == found


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_packed_body_is_not_unpacked(served: Served, encoding: str) -> None:
    bomb = gzip.compress(bytes(100 << 20))
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    problem(served.ask("POST", "/v1/assets", content=bomb[: 1 << 19], headers=headers), 400, "encoded")


def _answered(client: Any, receive: Any, headers: list[tuple[bytes, bytes]]) -> int:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/assets", "query_string": b"", "root_path": ""}
    asyncio.run(client.app({**scope, "headers": headers}, receive, send))
    return int(sent[0]["status"])


def test_a_hundred_megabytes_are_refused_by_what_they_say_of_themselves(served: Served) -> None:
    async def receive() -> Any:
        raise AssertionError("nothing of it is to be read")

    assert _answered(served.client, receive, [(b"content-length", b"104857600")]) == 413


def test_who_sends_a_byte_now_and_then_is_let_go_and_holds_no_thread(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST_S", 0.3)
    monkeypatch.setattr(app, "run_in_threadpool", None)  # which would have to be called to hold one

    async def receive() -> Any:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    assert _answered(served.client, receive, []) == 408
