"""Requests to platforms: what has left and what has not is told apart, whatever goes wrong on the way."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from common.adapters.platforms import web
from common.adapters.platforms.web import Reply as Told
from common.adapters.platforms.web import Web
from common.errors import NotConnected, PlatformSaid, Unreachable
from tests.standins.loopback import Reply, Request, serving


def judge(reply: Told) -> PlatformSaid:
    return PlatformSaid(f"told {reply.status}")


WEB = Web(name="It", judge=judge)


def test_a_request_that_finds_no_free_connection_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go = [], threading.Event()

    def answer(request: Request) -> Reply:
        asked.append(request)
        go.wait(10)
        return Reply(body=b"{}")

    with httpx.Client(limits=httpx.Limits(max_connections=1)) as client, serving(answer) as address:
        monkeypatch.setattr(web, "_client", lambda: client)
        first = threading.Thread(target=WEB.ask, args=("POST", address))
        first.start()
        while not asked:
            time.sleep(0.01)
        with pytest.raises(NotConnected):
            WEB.ask("POST", address, timeout_s=0.1)
        go.set()
        first.join()
    assert len(asked) == 1


def test_a_request_whose_answer_does_not_come_may_have_been_done() -> None:
    def answer(request: Request) -> Reply:
        time.sleep(0.5)
        return Reply()

    with serving(answer) as address, pytest.raises(Unreachable) as error:
        WEB.ask("POST", address, timeout_s=0.1)
    assert not isinstance(error.value, NotConnected)


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (Reply(status=0), Unreachable),
        (Reply(status=500), Unreachable),
        (Reply(status=408), Unreachable),
        (Reply(body=b"cut", headers={"Content-Length": "10"}), Unreachable),
        (Reply(body=b" " * (web.LARGEST + 1)), Unreachable),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/"}), PlatformSaid),
        (Reply(status=403), PlatformSaid),
    ],
    ids=lambda one: getattr(one, "__name__", None) or f"{one.status} {len(one.body)}",
)
def test_what_is_no_answer_is_told_from_a_refusal(reply: Reply, raised: type[Exception]) -> None:
    with serving(lambda request: reply) as address, pytest.raises(raised) as error:
        WEB.ask("POST", address)
    assert not isinstance(error.value, NotConnected)
