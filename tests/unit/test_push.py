"""Whatever is posted to a push endpoint, it is read as a message or refused as bad input, and nothing else happens."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.google.pubsub import LARGEST, Message, parse_push
from common.errors import BadInput

# As Pub/Sub sends it: every name of the message twice, in both spellings.
PUSHED: dict[str, Any] = {
    "message": {
        "attributes": {"kind": "ended", "cutroom-traceparent": "00-1-2-01"},
        "data": "eyJydW4iOiJyIn0=",
        "messageId": "2070443601311540",
        "message_id": "2070443601311540",
        "publishTime": "2026-11-26T19:13:55.749Z",
        "publish_time": "2026-11-26T19:13:55.749Z",
    },
    "subscription": "projects/demo/subscriptions/ended",
}

plain = st.characters(codec="utf-8")
texts = st.text(plain, max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
)


def told(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def changed(where: str, value: Any) -> bytes:
    """The example with one thing in it set, or taken out where the value is `...`."""
    body = json.loads(json.dumps(PUSHED))
    *way, last = where.split(".")
    at = body
    for step in way:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return told(body)


def test_what_pub_sub_sends_is_read() -> None:
    assert parse_push(told(PUSHED)) == Message(
        data=b'{"run":"r"}',
        attributes={"kind": "ended", "cutroom-traceparent": "00-1-2-01"},
        id="2070443601311540",
        subscription="projects/demo/subscriptions/ended",
    )


def test_a_message_may_have_no_attributes_or_no_data() -> None:
    assert parse_push(changed("message.attributes", ...)).attributes == {}
    assert parse_push(changed("message.data", ...)).data == b""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf" + told(PUSHED),
        told(PUSHED) + b"x",
        b'{"message": {"messageId": "1", "attributes": {"a": "\xff"}}, "subscription": "s"}',
        b'{"message": {"messageId": "1", "data": "\xff"}, "subscription": "s"}',
        b'{"message": {"messageId": "\\ud800"}, "subscription": "s"}',
        b"[" * 100_000,
        b'{"message":' * 20_000,
        b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="send what a push subscription sends"):
        parse_push(body)


@pytest.mark.parametrize("where", ["message", "subscription", "message.messageId"])
def test_what_a_push_always_has_must_be_there(where: str) -> None:
    with pytest.raises(BadInput, match=where.rpartition(".")[2]):
        parse_push(changed(where, ...))


@pytest.mark.parametrize("data", ["eyJ", "eyJydW4", "e y=", "eyJy\n", "a-b_", "====", "☃☃☃☃", "eyJydW4=="])
def test_data_that_is_no_base64_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="base64"):
        parse_push(changed("message.data", data))


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("message", dict),
        ("message.data", str),
        ("message.attributes", dict),
        ("message.attributes.kind", str),
        ("message.messageId", str),
        ("subscription", str),
    ],
)
@given(value=json_values)
def test_a_wrong_type_is_refused(where: str, kind: type[object], value: Any) -> None:
    if not isinstance(value, kind):
        with pytest.raises(BadInput):
            parse_push(changed(where, value))


@pytest.mark.parametrize("where", ["message.messageId", "subscription"])
def test_a_name_is_never_empty(where: str) -> None:
    with pytest.raises(BadInput):
        parse_push(changed(where, ""))


def test_what_is_larger_than_any_of_ours_is_refused_unread() -> None:
    body = changed("message.data", base64.b64encode(bytes(LARGEST)).decode())
    with pytest.raises(BadInput, match=f"{len(body)} bytes is over the {LARGEST} that are read; send names"):
        parse_push(body)
    full = told(PUSHED).ljust(LARGEST)
    assert parse_push(full).id and len(full) == LARGEST
    with pytest.raises(BadInput):
        parse_push(full + b" ")


@given(
    data=st.binary(), attributes=st.dictionaries(texts, texts), id=texts.filter(bool), subscription=texts.filter(bool)
)
def test_what_was_published_is_read_back(data: bytes, attributes: dict[str, str], id: str, subscription: str) -> None:
    message = {"data": base64.b64encode(data).decode(), "attributes": attributes, "messageId": id}
    found = parse_push(told({"message": message, "subscription": subscription}))
    assert found == Message(data=data, attributes=attributes, id=id, subscription=subscription)


def read_or_refused(body: bytes) -> None:
    try:
        found = parse_push(body)
    except BadInput:
        return
    assert isinstance(found.data, bytes)
    assert found.id and found.subscription
    assert all(isinstance(one, str) for pair in found.attributes.items() for one in pair)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read_or_refused(body)


@given(value=json_values)
def test_any_json_is_read_or_refused(value: Any) -> None:
    read_or_refused(json.dumps(value).encode())


@given(at=st.integers(0, len(told(PUSHED)) - 1), cut=st.integers(0, 8), put=st.binary(max_size=8))
def test_any_damage_is_read_or_refused(at: int, cut: int, put: bytes) -> None:
    body = told(PUSHED)
    read_or_refused(body[:at] + put + body[at + cut :])
