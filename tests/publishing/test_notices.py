"""What platforms tell by themselves: it only has them read sooner, however often it comes and whoever makes it up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from common.adapters.platforms import youtube_notices
from common.bootstrap import platforms
from common.chores import noticing
from common.chores.connecting import CALLBACK
from common.errors import Permanent, Unauthorized
from common.ports.notices import Notice
from common.ports.platforms import App
from tests.api.conftest import Served, serving
from tests.api.test_app import problem
from tests.api.test_publications_api import go, postable
from tests.contract.platforms.worlds import WORLDS, World
from tests.publishing.test_story import connect
from tests.receivers import Receivers
from tests.standins.platforms.tiktok import TikTok, Upload
from tests.standins.platforms.youtube import YouTube

AT = "/v1/notices/tiktok"
BASE = "https://cutroom.example"


@dataclass
class Told:
    served: Served
    worlds: dict[str, World]

    @property
    def tiktok(self) -> TikTok:
        return cast(TikTok, self.worlds["tiktok"].site)

    @property
    def youtube(self) -> YouTube:
        return cast(YouTube, self.worlds["youtube"].site)

    def send(self, path: str, headers: dict[str, str], body: bytes) -> Any:
        return self.served.client.post(path, headers=headers, content=body)

    def kept(self) -> list[dict[str, Any]]:
        return [snap.body for snap in self.served.engine.documents.query("notices")]

    def out(self, network: str, **more: Any) -> str:
        """A clip that was posted; the publication's id."""
        channel = connect(self.served, self.worlds[network])
        wanted = {"clip": postable(self.served), "channels": [channel], "at": "now", **more}
        (post,) = self.served.told("POST", "/v1/publications", status=201, json=wanted)["items"]
        go(self.served, 4)
        return str(post["id"])

    def read(self, post: str) -> Any:
        return self.served.told("GET", f"/v1/publications/{post}")

    def looks(self) -> int:
        return sum(1 for one in self.tiktok.requests if one.request.path.endswith("/status/fetch/"))


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with ExitStack() as held:
        worlds = {name: held.enter_context(WORLDS[name]()) for name in ("tiktok", "youtube")}
        sites = json.dumps({name: {"address": one.address} for name, one in worlds.items()})
        apps = {name: one.app for name, one in worlds.items()}
        given: dict[str, Any] = {"platform": platforms.platforms(sites), "herald": platforms.heralds(sites)}
        given["app_of"] = lambda network: apps[network]
        with serving(tmp_path, Receivers(), **given) as served:
            served.clock.at = datetime.now(UTC)
            for one in worlds.values():
                one.site.now = lambda: served.clock.now().timestamp()
                one.site.redirect = f"{BASE}{CALLBACK}"
            yield Told(served, worlds)


def moderated(told: Told) -> tuple[str, Upload]:
    """A post that is out, and whose address TikTok will tell once it has moderated it."""
    told.tiktok.moderating = 2
    post = told.out("tiktok")
    (upload,) = told.tiktok.uploads.values()
    assert (told.read(post)["state"], told.read(post)["remote"]) == ("published", None)
    told.tiktok.moderating = 0
    return post, upload


def test_what_tiktok_tells_has_the_address_read_at_once_and_twice_is_once(told: Told) -> None:
    post, upload = moderated(told)
    looks = told.looks()
    headers, body = told.tiktok.notice(upload, "publicly_available")
    for _ in range(3):  # it comes again until it was taken, and once more by mistake
        assert told.send(AT, headers, body).status_code == 204
    go(told.served, 1)
    assert told.read(post)["url"] is not None and told.looks() == looks + 1
    assert [one["state"] for one in told.kept()] == ["done"] and (told.kept()[0]["about"], told.kept()[0]["memo"]) == (
        1,
        {},
    )
    assert sum(told.tiktok.committed.values()) == 1


def test_without_it_the_address_is_read_in_its_time(told: Told) -> None:
    post, _ = moderated(told)
    go(told.served, 2)
    assert told.read(post)["url"] is None
    go(told.served, 25)
    assert told.read(post)["url"] is not None


def test_what_is_not_tiktoks_changes_nothing(told: Told) -> None:
    post, upload = moderated(told)
    site, looks, now = told.tiktok, told.looks(), told.served.clock.now()

    def notice(secret: str = site.secret, client: str = site.client, **away: int) -> tuple[dict[str, str], bytes]:
        ours = site.secret, site.client, site.now
        site.secret, site.client = secret, client
        site.now = lambda: (now + timedelta(**away)).timestamp()
        try:
            return site.notice(upload, "publicly_available")
        finally:
            site.secret, site.client, site.now = ours

    headers, body = notice()
    for made_up in (
        ({**headers, "TikTok-Signature": headers["TikTok-Signature"][:-1] + "g"}, body),
        ({**headers, "TikTok-Signature": "t=1"}, body + b" "),
        (headers, body.replace(b"DIRECT", b"direct")),
        notice(secret="another"),
        notice(client="another"),
        notice(hours=-73),
        notice(hours=1),
    ):
        assert told.send(AT, *made_up).status_code == 204, "who sends it learns nothing"
    del headers["TikTok-Signature"]
    problem(told.send(AT, headers, body), 401, "unauthorized")
    problem(told.send(AT, {**headers, "TikTok-Signature": "t=1"}, b"\xff\x00"), 400, "bad_input")
    go(told.served, 1)
    assert told.read(post)["url"] is None and told.looks() == looks
    assert len(told.kept()) == 7
    assert all(one["state"] == "done" and one["refused"] and one["memo"] == {} for one in told.kept())


def test_one_that_is_too_long_or_of_another_kind_is_not_taken(told: Told) -> None:
    headers = {"TikTok-Signature": "t=1,s=" + "0" * 64, "Content-Type": "application/json"}
    problem(told.send(AT, headers, b" " * (noticing.LARGEST + 1)), 400, "bad_input")
    problem(told.send(AT, {**headers, "Content-Type": "text/plain"}, b"{}"), 400, "not_json")
    assert told.kept() == []
    told.served.limits.left = 0
    problem(told.send(AT, headers, b"{}"), 429, "too_many")


def callback(told: Told) -> str:
    (found,) = told.youtube.subscribed
    return found


def test_youtube_is_asked_to_tell_of_a_channel_and_asks_back(told: Told) -> None:
    channel = connect(told.served, told.worlds["youtube"])
    at = callback(told)
    assert at == f"{BASE}/v1/notices/youtube/ann.{channel}"
    asks = told.youtube.asks_back(at)
    answer = told.served.client.get(at.removeprefix(BASE), params=asks)
    assert (answer.status_code, answer.text) == (200, asks["hub.challenge"])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for other in (
        {**asks, "hub.topic": asks["hub.topic"] + "x"},
        {**asks, "hub.mode": "unsubscribe"},
    ):
        problem(told.served.client.get(at.removeprefix(BASE), params=other), 404, "not_found")
    for path in ("/v1/notices/youtube/ann.x", "/v1/notices/youtube/x", f"/v1/notices/youtube/bob.{channel}"):
        problem(told.served.client.get(path, params=asks), 404, "not_found")
    hostile = {**asks, "hub.challenge": "<script>alert(1)</script>\r\n"}
    problem(told.served.client.get(at.removeprefix(BASE), params=hostile), 400, "bad_input")


def test_youtube_is_asked_again_before_the_lease_ends(told: Told) -> None:
    connect(told.served, told.worlds["youtube"])
    asked = [one for one in told.youtube.requests if one.op == "subscribe"]
    assert len(asked) == 1
    for _ in range(6 * 24):
        told.served.clock.at += timedelta(hours=1)
        go(told.served, 1)
    assert len([one for one in told.youtube.requests if one.op == "subscribe"]) == 2


def test_a_hub_that_does_not_answer_holds_up_nothing(told: Told) -> None:
    told.youtube.faults["subscribe"] += [503]
    channel = connect(told.served, told.worlds["youtube"])
    body = told.served.engine.documents.get_many([f"tenants/ann/channels/{channel}"]).popitem()[1].body  # type: ignore[attr-defined]
    assert body["state"] == "connected" and "503" in body["untold"] and "told_until" not in body
    assert told.youtube.subscribed == {}


def test_what_the_hub_tells_is_checked_and_finds_the_post(told: Told) -> None:
    post = told.out("youtube")
    at = callback(told).removeprefix(BASE)
    headers, body = told.youtube.notice(callback(told), told.read(post)["remote"])
    for _ in range(2):
        assert told.send(at, headers, body).status_code == 204
    forged = body.replace(b"Tea", b"tea")
    assert told.send(at, headers, forged).status_code == 204
    kept = len(told.kept())
    problem(told.send("/v1/notices/youtube/bob.c", headers, body), 404, "not_found")
    assert len(told.kept()) == kept, "what nobody asked for fills no store"
    go(told.served, 1)
    assert sorted((one.get("about"), "refused" in one) for one in told.kept() if "about" in one) == [(1, False)]
    assert sum("refused" in one for one in told.kept()) == 1
    assert sum(told.youtube.committed.values()) == 1


def test_each_subscription_has_a_secret_of_its_own() -> None:
    app, site = App(id="i", secret="s"), platforms.heralds(None)("youtube")
    assert site is not None and isinstance(site, youtube_notices.YouTubeNotices)
    content = b"<yt:videoId>" + b"a" * 11 + b"</yt:videoId>" * 1000
    for subscription in ("a.b", "a.c"):
        notice = Notice(subscription=subscription, signature="sha1=", content=content, came=datetime.now(UTC))
        with pytest.raises(Unauthorized):
            site.heard(app, notice)
    assert platforms.heralds(None)("x") is None


@pytest.mark.parametrize("signature", ["sha1=é", "\xff", "sha1=", "sha256=" + "0" * 64])
def test_no_odd_signature_is_more_than_refused(signature: str) -> None:
    notice = Notice(subscription="ann.x", signature=signature, content=b"<feed/>", came=datetime.now(UTC))
    for network in ("youtube", "tiktok"):
        herald = platforms.heralds(None)(network)
        assert herald is not None
        with pytest.raises(Unauthorized):
            herald.heard(App(id="us", secret="s"), notice)


def test_tiktok_is_told_of_no_person_and_asked_for_nothing() -> None:
    herald = platforms.heralds(None)("tiktok")
    assert herald is not None and herald.topic("ann") is None
    with pytest.raises(Permanent, match="nothing is to be asked"):
        herald.subscribe(App(id="i", secret="s"), "ann", "a.b", BASE)
