"""Requests to strangers: nothing of theirs leads into a network of ours, is unpacked, or is waited for without end."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from common.adapters.outbound import HttpsOutbound
from common.errors import Refused, Unreachable
from tests.standins.loopback import Reply, Request
from tests.standins.outside import NAMES, outside

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"


def taken(outbound: HttpsOutbound, address: str, *, most: int = 1 << 20, timeout_s: float = 5.0) -> bytes:
    with outbound.fetch(address, timeout_s=timeout_s, most_bytes=most) as coming:
        return b"".join(coming.blocks)


def test_a_post_is_sent_once_and_its_reply_read_so_far() -> None:
    with outside(lambda asked: Reply(status=202, body=b"x" * 100, headers={"X-Seen": "yes"})) as there:
        reply = there.outbound.post(there.at("/in?a=b"), b"{}", {"Content-Type": "application/json"}, most_bytes=10)
        assert (reply.status, reply.body, reply.headers["x-seen"]) == (202, b"x" * 10, "yes")
        (asked,) = there.asked
        assert (asked.method, asked.path, asked.body) == ("POST", "/in?a=b", b"{}")
        assert asked.headers["Host"] == f"{NAMES[0]}:{there.port}"
        assert asked.headers["Accept-Encoding"] == "identity"


def test_a_post_follows_no_redirect() -> None:
    with outside(lambda asked: Reply(status=307, headers={"Location": "/other"})) as there:
        assert there.outbound.post(there.at(), b"{}", {}).status == 307
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    "number", ["127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%eth0"]
)
def test_a_name_that_leads_into_our_network_is_refused(number: str) -> None:
    with outside(lambda asked: Reply()) as there:
        for numbers in ([number], ["127.0.0.1", number]):  # one bad number is enough
            there.numbers[NAMES[0]] = numbers
            with pytest.raises(Refused):
                there.outbound.post(there.at(), b"", {})
        assert not there.asked


def test_nothing_that_is_deployed_reaches_this_machine() -> None:
    with outside(lambda asked: Reply(), also=()) as there, pytest.raises(Refused):
        there.outbound.post(there.at(), b"", {})
    with pytest.raises(Refused):
        HttpsOutbound(resolve=lambda host, port: ["127.0.0.1"]).post("https://hooks.example/", b"", {})


def test_a_name_is_resolved_once_so_it_cannot_be_another_the_second_time() -> None:
    with outside(lambda asked: Reply(body=b"ok")) as there:
        told = iter([["127.0.0.1"], ["169.254.169.254"]])
        outbound = HttpsOutbound(
            resolve=lambda host, port: next(told), also=["127.0.0.1"], ports=[there.port], trust=there.outbound._trust
        )
        assert taken(outbound, there.at()) == b"ok"
        assert next(told) == ["169.254.169.254"], "nobody has asked for it"


def test_a_certificate_is_for_the_name() -> None:
    with outside(lambda asked: Reply(), resolve=lambda host, port: ["127.0.0.1"]) as there:
        with pytest.raises(Refused, match="certificate"):
            there.outbound.post(there.at(name="other.example"), b"", {})
        with pytest.raises(Refused, match="certificate"):  # of those that the internet trusts none vouches for it
            HttpsOutbound(resolve=lambda host, port: ["127.0.0.1"], also=["127.0.0.1"], ports=[there.port]).post(
                there.at(), b"", {}
            )
        assert not there.asked


@pytest.mark.parametrize(
    "location",
    [
        "http://hooks.example/",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://metadata.google.internal/",
        "https://user@hooks.example/",
        "https://[::1]/",
        "https://[",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_redirect_is_checked_like_an_address(location: str) -> None:
    def answer(asked: Request) -> Reply:
        return Reply(status=302, headers={"Location": location})

    with outside(answer) as there, pytest.raises(Refused):
        there.numbers["metadata.google.internal"] = ["169.254.169.254"]
        taken(there.outbound, there.at())
    assert len(there.asked) <= 6


def test_redirects_are_followed_and_take_no_secret_along() -> None:
    def answer(asked: Request) -> Reply:
        if asked.path == "/film":
            return Reply(body=b"film")
        return Reply(status=302, headers={"Location": f"https://files.example:{there.port}/film"})

    with outside(answer) as there:
        headers = {"Authorization": "Bearer x", "Range": "bytes=0-"}
        with there.outbound.fetch(there.at("/a"), headers, timeout_s=5, most_bytes=9) as coming:
            assert b"".join(coming.blocks) == b"film"
        first, second = there.asked
        assert (first.headers["Authorization"], second.headers.get("Authorization")) == ("Bearer x", None)
        assert second.headers["Range"] == "bytes=0-"
        assert there.resolved == ["hooks.example", "files.example"]


def test_a_redirect_without_end_is_refused() -> None:
    with outside(lambda asked: Reply(status=302, headers={"Location": "/again"})) as there:
        with pytest.raises(Refused, match="leads on and on"):
            taken(there.outbound, there.at())
        assert len(there.asked) == 6


def test_what_is_compressed_is_refused_and_not_unpacked() -> None:
    bomb = gzip.compress(bytes(10 << 20))
    with outside(lambda asked: Reply(body=bomb, headers={"Content-Encoding": "gzip"})) as there:
        with pytest.raises(Refused, match="compressed"):
            taken(there.outbound, there.at())
        assert there.outbound.post(there.at(), b"", {}, most_bytes=100).body == bomb[:100]


def endless() -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    while True:
        yield bytes(1 << 16)


def test_a_body_without_end_is_left() -> None:
    with outside(lambda asked: Reply(raw=endless())) as there:
        with pytest.raises(Refused) as refused:
            taken(there.outbound, there.at(), most=1 << 20)
        assert refused.value.code == "too_large"
        assert len(there.outbound.post(there.at(), b"", {}, most_bytes=1000).body) == 1000


def trickling(head: bytes) -> Iterator[bytes]:
    yield head
    for _ in range(200):
        time.sleep(0.05)
        yield b"x"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1000000\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",  # and a length of a chunk that never ends
        HEAD + b"X-More: ",
        b"",
    ],
    ids=["body", "chunk", "header", "status"],
)
def test_who_trickles_is_left(head: bytes) -> None:
    with outside(lambda asked: Reply(raw=trickling(head)), answer_s=0.5, pace=(1000, 0.5)) as there:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            taken(there.outbound, there.at())
        assert time.monotonic() - began < 3
        began = time.monotonic()
        with suppress(Unreachable):  # whose status has come has answered, however slow the rest
            assert there.outbound.post(there.at(), b"", {}, timeout_s=0.5).status == 200
        assert time.monotonic() - began < 3


def test_all_of_it_has_an_end() -> None:
    def steady() -> Iterator[bytes]:
        yield HEAD + b"\r\n"
        while True:
            time.sleep(0.02)
            yield bytes(2000)

    with outside(lambda asked: Reply(raw=steady()), pace=(100, 5.0)) as there, pytest.raises(Unreachable, match="slow"):
        taken(there.outbound, there.at(), timeout_s=0.6)


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 10\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nA\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf",
        b"220 ftp.example ready\r\n",
        b"",
    ],
)
def test_what_breaks_off_is_not_whole(raw: bytes) -> None:
    with outside(lambda asked: Reply(raw=[raw])) as there, pytest.raises(Unreachable):
        taken(there.outbound, there.at())


def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Unreachable, match="Name or service"):
        HttpsOutbound(resolve=nobody).post("https://hooks.example/", b"", {})
    with pytest.raises(Unreachable):
        HttpsOutbound(resolve=lambda host, port: []).post("https://hooks.example/", b"", {})


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with outside(lambda asked: Reply(body=b"ok")) as there:
        assert taken(there.outbound, there.at()) == b"ok"


def test_headers_that_are_the_connections_own_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="host"):
        HttpsOutbound().post("https://hooks.example/", b"", {"Host": "other"})
