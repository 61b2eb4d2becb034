"""Signatures of webhooks: what was signed passes for five minutes, and nothing else ever."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import Unauthorized
from common.events.signatures import check, sign

AT = datetime(2026, 1, 1, tzinfo=UTC)
BODY = b'{"id":"1"}'


def test_a_signature_is_what_the_page_says() -> None:
    hexed = hmac.new(b"secret", b"1767225600." + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, ["secret"], AT) == f"t=1767225600,v1={hexed}"


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_what_was_signed_passes_for_five_minutes(minutes: int) -> None:
    check(sign(BODY, ["secret"], AT), BODY, ["secret"], AT + timedelta(minutes=minutes))


def test_either_of_two_secrets_does_on_either_side() -> None:
    check(sign(BODY, ["new", "old"], AT), BODY, ["old"], AT)
    check(sign(BODY, ["old"], AT), BODY, ["new", "old"], AT)


GOOD = sign(BODY, ["secret"], AT)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        GOOD.partition(",")[0],
        GOOD.upper(),
        GOOD + "x",
        GOOD[:-1],
        GOOD.replace("v1", "v0"),
        GOOD.replace("t=1767225600", "t=1767225601"),
        GOOD.replace("t=1767225600", "t=９"),
        "t=1767225600" + ",v1=" + "0" * 64,
        "t=1767225600" + (",v1=" + "0" * 64) * 6,
        sign(BODY + b" ", ["secret"], AT),
        sign(BODY, ["other"], AT),
        sign(BODY, ["secret"], AT - timedelta(seconds=301)),
        sign(BODY, ["secret"], AT + timedelta(seconds=301)),
    ],
)
def test_all_else_is_refused_in_the_same_words(header: str) -> None:
    with pytest.raises(Unauthorized) as seen:
        check(header, BODY, ["secret"], AT)
    assert "does not prove who sends this" in str(seen.value)


def test_without_a_secret_nothing_passes() -> None:
    with pytest.raises(Unauthorized):
        check(GOOD, BODY, [], AT)


def test_the_receiver_of_the_page_takes_what_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "webhooks.md"
    code = page.read_text().partition("```python\n")[2].partition("```")[0]
    there: dict[str, Any] = {}
    exec(code, there)
    monkeypatch.setattr("time.time", AT.timestamp)
    for header, good in ((GOOD, True), (sign(BODY, ["a", "secret"], AT), True), (sign(BODY, ["a"], AT), False)):
        assert there["ours"]("secret", header, BODY) is good
    assert not there["ours"]("secret", sign(BODY, ["secret"], AT - timedelta(seconds=301)), BODY)
