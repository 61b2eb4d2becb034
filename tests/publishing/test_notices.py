"""What platforms tell by themselves: it only has them read sooner, however often it comes and whoever makes it up."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.bootstrap import platforms
from common.chores.connections import noticing
from common.chores.connections.connecting import CALLBACK
from common.errors import BadInput, Permanent, Unauthorized
from common.ports.notices import Herald, Notice
from common.ports.platforms import App
from tests.api.conftest import Served, serving
from tests.api.test_app import problem
from tests.api.test_publications_api import go, postable
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World
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
    signature = headers["TikTok-Signature"]
    for made_up in (
        ({**headers, "TikTok-Signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")}, body),
        (headers, body.replace(b"DIRECT", b"direct")),
        notice(secret="another"),
        notice(client="another"),
    ):
        assert told.send(AT, *made_up).status_code == 204, "who sends it learns nothing"
    for made_up in (notice(hours=-73), notice(hours=1)):
        problem(told.send(AT, *made_up), 401, "unauthorized")
    go(told.served, 1)
    assert told.read(post)["url"] is None and told.looks() == looks
    assert len(told.kept()) == 4
    assert all(one["state"] == "done" and one["refused"] and one["memo"] == {} for one in told.kept())


MEMBERS = {"client_key": "k", "event": "e", "create_time": 1, "user_openid": "o", "content": "{}"}
AS_JSON = json.dumps(MEMBERS).encode()
HEX = "0" * 64
# Behind the moment that it was signed at, which is now.
UNSIGNED = ["", "x", "t={at}", f"s={HEX}", f"s={HEX},t={{at}}", "t={at},s=", "t={at},s=0", f"t={{at}},s={HEX}0"]
UNSIGNED += [f"t={{at}},s={HEX},s={HEX}", f"t={{at}},s={HEX}\x85", f"t={{at}},s={HEX}\n", f"t={{at}}, s={HEX}"]
UNSIGNED += [f"t=,s={HEX}", f"t=-1,s={HEX}", f"t=1e9,s={HEX}", f"t=²,s={HEX}", f"t={{at}}0000000000,s={HEX}"]
UNSIGNED += [f"t={{at}},s={'A' * 64}", f"T={{at}},S={HEX}", f"t=0,s={HEX}", f"t=99999999999,s={HEX}"]
TELLS_NOTHING = {
    "nothing": b"",
    "no object": b"[]",
    "null": b"null",
    "cut off": AS_JSON[:-1],
    "two": AS_JSON * 2,
    "a mark before it": b"\xef\xbb\xbf" + AS_JSON,
    "UTF-16": json.dumps(MEMBERS).encode("utf-16"),
    "no client": json.dumps({**MEMBERS, "client_key": None}).encode(),
    "no content": json.dumps({name: one for name, one in MEMBERS.items() if name != "content"}).encode(),
    "content as an object": json.dumps({**MEMBERS, "content": {}}).encode(),
    "half a letter": json.dumps({**MEMBERS, "content": "\ud800"}).encode(),
    "no UTF-8 where it is read": AS_JSON.replace(b'"k"', b'"\xff"'),
    "no UTF-8 where it is not": AS_JSON.replace(b'"o"', b'"\xff"'),
    "NaN": json.dumps({**MEMBERS, "create_time": float("nan")}).encode(),
    "deep": AS_JSON.replace(b'"o"', b"[" * 15_000 + b"]" * 15_000),
    "deep and open": b'{"content":' * 2900,
}


def herald(network: str = "tiktok") -> Herald:
    made = platforms.heralds(None)(network)
    assert made is not None
    return made


def notice(signature: str | None = None, content: bytes = AS_JSON) -> Notice:
    """As TikTok's looks, without its secret."""
    came = datetime(2026, 1, 1, tzinfo=UTC)
    told = f"t={int(came.timestamp())},s={HEX}" if signature is None else signature
    return Notice(subscription="", signature=told, content=content, came=came)


@pytest.mark.parametrize("form", UNSIGNED)
def test_what_no_platform_signs_so_is_seen_without_a_secret(form: str) -> None:
    with pytest.raises(Unauthorized):
        herald().claimed(notice(form.format(at=1767225600)))


@pytest.mark.parametrize("content", TELLS_NOTHING.values(), ids=TELLS_NOTHING)
def test_what_tells_nothing_is_seen_without_a_secret(content: bytes) -> None:
    with pytest.raises(BadInput):
        herald().claimed(notice(content=content))


@given(signature=st.text(max_size=120) | st.from_regex(r"t=[0-9]{9,11},s=[0-9a-f]{64}"), content=st.binary())
@example(signature=f"t=1767225600,s={HEX}", content=AS_JSON)
def test_whatever_comes_is_taken_or_refused(signature: str, content: bytes) -> None:
    for network in ("tiktok", "youtube"):
        try:
            herald(network).claimed(notice(signature, content))
        except (Unauthorized, BadInput):
            with pytest.raises((Unauthorized, BadInput)):  # nor would it have been heard
                herald(network).heard(App(id="k", secret="s"), notice(signature, content))


def test_what_is_refused_is_kept_nowhere(told: Told) -> None:
    at = str(int(told.tiktok.now()))
    for form in UNSIGNED:
        if form.isascii() and form.isprintable():  # else no client sends it
            problem(told.send(AT, signed(at, form.format(at=at)), AS_JSON), 401, "unauthorized")
    for content in TELLS_NOTHING.values():
        problem(told.send(AT, signed(at), content), 400, "bad_input")
    assert told.kept() == []


def test_what_names_no_post_of_ours_is_kept_nowhere(told: Told) -> None:
    _, upload = moderated(told)
    headers, body = told.tiktok.notice(upload, "publicly_available")
    others = [b"{}", json.dumps({"publish_id": "p" * 20}).encode(), b'{"publish_id": "\\u0000"}']
    for content in others:
        assert told.send(AT, headers, about(content)).status_code == 204
    assert told.kept() == []
    assert told.send(AT, headers, body).status_code == 204 and len(told.kept()) == 1
    out = told.out("youtube")
    at = callback(told).removeprefix(BASE)
    for video in ("dQw4w9WgXcQ", upload.id[:11], told.read(out)["remote"]):
        assert told.send(at, *told.youtube.notice(callback(told), video)).status_code == 204
    assert len(told.kept()) == 2


def about(content: bytes) -> bytes:
    return json.dumps({**MEMBERS, "content": content.decode()}).encode()


def signed(at: str, signature: str | None = None) -> dict[str, str]:
    told = f"t={at},s={HEX}" if signature is None else signature
    return {"Content-Type": "application/json", "TikTok-Signature": told}


ODD = {
    "a name twice": AS_JSON[:-1] + b', "client_key": "another"}',
    "a large number": AS_JSON.replace(b"1", b"9" * 5000),
    "deep": json.dumps({**MEMBERS, "content": "[" * 9000}).encode(),
    "a large id": json.dumps({**MEMBERS, "content": '{"publish_id":' + "9" * 5000 + "}"}).encode(),
    "a long id": json.dumps({**MEMBERS, "content": '{"publish_id":"' + "p" * 9000 + '"}'}).encode(),
    "half a letter": json.dumps({**MEMBERS, "content": '{"publish_id":"\\ud800"}'}).encode(),
    "a zero": json.dumps({**MEMBERS, "content": '{"publish_id":"\\u0000"}'}).encode(),
    "NaN": json.dumps({**MEMBERS, "content": '{"publish_id":NaN}'}).encode(),
    "a list": json.dumps({**MEMBERS, "content": '{"publish_id":["p"]}'}).encode(),
}


def test_what_is_odd_but_signed_is_refused_or_about_nothing(told: Told) -> None:
    """Whoever signs it: one that stops the work stops what else is to be looked into."""
    now = datetime.fromtimestamp(int(told.tiktok.now()), UTC)
    at = str(int(now.timestamp()))
    for name, odd in ODD.items():
        body = odd.replace(b'"k"', json.dumps(told.tiktok.client).encode())
        made = hmac.new(told.tiktok.secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        assert told.send(AT, signed(at, f"t={at},s={made}"), body).status_code in (204, 400), name
        whole = Notice(subscription="", signature=f"t={at},s={made}", content=body, came=now)
        try:
            assert len(herald().heard(told.worlds["tiktok"].app, whole)) <= 1
        except BadInput as error:
            assert "passed over" in str(error) or "another client" in str(error)
    assert told.kept() == []


def test_one_that_is_too_long_or_of_another_kind_is_not_taken(told: Told) -> None:
    headers = signed(str(int(told.tiktok.now())))
    problem(told.send(AT, headers, AS_JSON + b" " * noticing.LARGEST), 400, "bad_input")
    problem(told.send(AT, {**headers, "Content-Type": "text/plain"}, b"{}"), 400, "not_json")
    assert told.kept() == []
    told.served.limits.left = 0
    problem(told.send(AT, headers, AS_JSON), 429, "too_many")


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
    for signature in ("", "sha1=", "sha1=" + "0" * 41, "sha256=" + "0" * 64, "sha1=" + "0" * 39 + "g"):
        problem(told.send(at, {**headers, "X-Hub-Signature": signature}, body), 401, "unauthorized")
    problem(told.send("/v1/notices/youtube/bob.c", headers, body), 404, "not_found")
    assert len(told.kept()) == kept, "what nobody asked for fills no store"
    go(told.served, 1)
    assert sorted((one.get("about"), "refused" in one) for one in told.kept() if "about" in one) == [(1, False)]
    assert sum("refused" in one for one in told.kept()) == 1
    assert sum(told.youtube.committed.values()) == 1


def test_each_subscription_has_a_secret_of_its_own() -> None:
    app, content = App(id="i", secret="s"), b"<yt:videoId>" + b"a" * 11 + b"</yt:videoId>"
    secret = hmac.new(app.secret.encode(), b"websub:a.b", hashlib.sha256).hexdigest()
    made = f"sha1={hmac.new(secret.encode(), content, hashlib.sha1).hexdigest()}"
    assert herald("youtube").heard(app, replace(notice(made, content), subscription="a.b")) == ["a" * 11]
    with pytest.raises(Unauthorized):
        herald("youtube").heard(app, replace(notice(made, content), subscription="a.c"))
    assert platforms.heralds(None)("x") is None


def test_tiktok_is_told_of_no_person_and_asked_for_nothing() -> None:
    assert herald().topic("ann") is None
    with pytest.raises(Permanent, match="nothing is to be asked"):
        herald().subscribe(App(id="i", secret="s"), "ann", "a.b", BASE)
