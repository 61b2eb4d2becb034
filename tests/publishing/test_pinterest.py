"""What is Pinterest's own: one request for a file, boards, covers, tones, 90 days; requests as its OpenAPI has them."""

from __future__ import annotations

import base64
import json
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from common.adapters.platforms.pinterest import LOOKS, PAGES, tone
from common.domain.publication import File, Metrics, Post
from common.errors import Fenced, PlatformSaid, Unreachable
from common.ports.platforms import Absent, Posted, Ready, Wait
from tests.conftest import SHARED
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import PICTURE, World
from tests.publishing.specs import Spec
from tests.standins.loopback import Reply, Request
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked
from tests.standins.platforms.pinterest import LASTS_S, Pinterest

FILE = SHARED / "api_specs" / "pinterest_v5_openapi.json"
COVER = File(object="cover.jpg", sha256="0" * 64, size=len(PICTURE), kind="image/jpeg")
TEA = Post(title="Tea", body="How to make tea", link="https://cutroom.example/tea")


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["pinterest"]() as made:
        yield made


def site(world: World) -> Pinterest:
    return cast(Pinterest, world.site)


def story(world: World) -> None:
    """Every request that Cutroom makes of Pinterest."""
    world.site.slow = 2
    tokens = world.allowed()
    world.platform.accounts(tokens.access)
    work = world.work(TEA, token=tokens.access, cover=COVER)
    work.ready()
    posted = world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Posted) and posted.id is not None
    now = datetime.now(UTC)
    world.platform.measure(tokens.access, world.account, posted.id, now - timedelta(days=3), now)
    world.platform.measure(tokens.access, world.account, posted.id, now - timedelta(days=300), now)
    world.platform.revoke(world.app, tokens)


def test_all_requests_are_as_the_openapi_has_them(world: World) -> None:
    if not FILE.is_file():
        pytest.skip(f"Pinterest's OpenAPI is not at {FILE}")
    spec = Spec(FILE, "/v5")
    story(world)
    for asked in world.site.requests:
        if asked.op != "part":  # to its storage
            assert spec.wrong(asked.request) == []
    ops = {asked.op for asked in world.site.requests}
    assert ops == {op for _, _, op, _ in site(world).routes}, "the story asks all there is"


def test_what_is_wrong_in_a_request_is_refused(world: World) -> None:
    """By the stand-in, and by the OpenAPI where it is there; each right before the same request without the fault."""
    spec = Spec(FILE, "/v5") if FILE.is_file() else None

    def other(asked: Asked, what: str, request: Request) -> bool:
        return spec is None or asked.op == "part" or bool(spec.wrong(request))

    mutants = Mutants(world.site, other=other)
    story(world)
    assert not mutants.taken and mutants.tried > 40
    assert world.posts() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "a" * 101),
        ("description", "a" * 801),
        ("board_id", "tea"),
        ("link", "https://a.example/" + "a" * 2048),
    ],
)
def test_what_is_too_long_or_no_board_is_refused_by_both(world: World, name: str, value: str) -> None:
    spec = Spec(FILE, "/v5") if FILE.is_file() else None
    refused = []

    def decide(asked: Asked) -> None:
        if asked.op == "commit":
            body = {**asked.json, name: value}
            wrong = replace(asked.request, body=json.dumps(body).encode())
            refused.append(world.site.refuses(wrong) and (spec is None or bool(spec.wrong(wrong))))

    world.site.decide = decide
    work = world.work(TEA, size=1000)
    work.ready()
    world.platform.commit(work.job())
    assert refused == [True]


def test_the_storage_takes_only_what_it_was_told_to(world: World) -> None:
    """A field that is missing or another, the file not the last, a token: each is refused, and then ours is taken."""
    refused = []

    def decide(asked: Asked) -> None:
        if asked.op != "part":
            return
        body, told = asked.request.body, asked.header("content-type")
        for before, after in [
            (b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA512"),
            (b'name="policy"', b'name="police"'),
            (b'name="file"', b'name="film"'),
        ]:
            assert before in body
            refused.append(world.site.refuses(replace(asked.request, body=body.replace(before, after))))
        headers = {"Content-Type": told, "Content-Length": str(len(body))}
        with_token = Request(
            method="POST", path=asked.request.path, headers={**headers, "Authorization": "Bearer x"}, body=body
        )
        refused.append(world.site.refuses(with_token))
        refused.append(world.site.refuses(replace(with_token, headers={"Content-Type": told})))

    world.site.decide = decide
    world.work(size=1000).ready()
    assert refused == [True] * 5 and world.sent() == 1000


def test_a_large_file_is_sent_from_little_memory(world: World) -> None:
    """To a storage that lets go of what it takes in, so that what is held is what is sent from."""
    size = 80 << 20
    work = world.work(size=size)
    world.meets("part", "reset")
    with pytest.raises(Unreachable):
        work.ready()
    work.reads.clear()
    with sink() as (address, taken):
        work.kept["address"] = address
        tracemalloc.start()
        assert isinstance(work.slice(), Wait)  # Pinterest knows nothing of it
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 20 << 20 and max(work.reads) <= 8 << 20
    assert len(work.reads) == 10 and size < taken[0] < size + 10_000


def test_who_sends_a_file_says_so_at_each_part_and_stops_when_another_took_over(world: World) -> None:
    work = world.work(size=20 << 20)
    work.ready()
    assert work.kept["sent"] == 16 << 20 and world.sent() == 20 << 20
    other = world.work(size=20 << 20)

    def keep(step: str | None = None, **more: object) -> None:
        if "sent" in more:
            raise Fenced("another is at it")
        other.kept.update(more)

    job = other.job()
    object.__setattr__(job, "keep", keep)
    with pytest.raises(Fenced):
        world.platform.advance(job)
    assert world.sent() == 20 << 20
    other.ready()
    assert world.begun() == 2


def test_a_file_that_arrived_is_not_sent_again(world: World) -> None:
    """Where the answer was lost, and Pinterest says that it has it."""
    work = world.work(size=1000)
    world.meets("part", "lost")
    with pytest.raises(Unreachable):
        work.ready()
    work.ready()
    assert [asked.op for asked in world.site.requests] == ["begin", "part", "status"]


def test_a_permission_to_send_that_has_ended_is_got_anew(world: World) -> None:
    work = world.work(size=1000)
    world.meets("part", "gone")
    with pytest.raises(PlatformSaid, match="Policy expired") as error:
        work.ready()
    assert error.value.anew and error.value.action == "retry"
    work.kept = {}
    work.ready()
    now = world.site.now()
    world.site.now = lambda: now + LASTS_S + 1
    with pytest.raises(PlatformSaid, match="not found") as error:
        work.slice()
    assert error.value.anew


def test_a_file_that_never_arrives_is_sent_anew_in_the_end(world: World) -> None:
    work = world.work(size=1000)
    world.site.slow = 10_000
    assert work.slice() == Wait(after_s=5.0)
    media = site(world).media[work.kept["media"]]
    for _ in range(LOOKS - 1):
        media.state = "registered"
        assert isinstance(work.slice(), Wait)
    with pytest.raises(PlatformSaid) as error:
        work.slice()
    assert error.value.anew and world.begun() == 1


def test_a_place_to_send_to_that_is_not_theirs_is_refused(world: World) -> None:
    told = b'{"media_id": "1", "media_type": "video", "upload_url": "https://evil.example/", "upload_parameters": {}}'
    world.site.faults["begin"] = [Reply(status=201, body=told)]
    work = world.work(size=1000)
    with pytest.raises(PlatformSaid, match=r"evil\.example"):
        work.ready()
    assert not work.kept


def test_each_board_is_an_account(world: World) -> None:
    boards = {f"9{n:05}": (f"Board {n}", world.owner) for n in range(600)}
    site(world).boards.update({**boards, "777": ("Another's", "1")})
    found = world.platform.accounts(world.token)
    assert len(found) == 602 and found[0].name == "ann: Tea" and found[0].id == "549755885175"
    assert {account.visibilities for account in found} == {("public",)}
    site(world).boards.clear()
    with pytest.raises(PlatformSaid, match="make one at Pinterest"):
        world.platform.accounts(world.token)


def test_a_pin_goes_with_its_cover_or_with_a_frame(world: World) -> None:
    def source(cover: File | None) -> dict[str, object]:
        work = world.work(TEA, size=1000, cover=cover)
        work.ready()
        world.platform.commit(work.job())
        made = next(reversed(world.site.posts.values())).made["media_source"]
        return {name: value for name, value in made.items() if name.startswith("cover")}

    picture = base64.b64encode(PICTURE).decode()
    assert source(COVER) == {"cover_image_content_type": "image/jpeg", "cover_image_data": picture}
    assert source(None) == {"cover_image_key_frame_time": 1}
    webp = replace(COVER, kind="image/webp")
    assert source(webp) == {"cover_image_key_frame_time": 1}
    left = world.platform.finish(world.work(replace(TEA, ai_made=True), cover=webp).job(), "1").left_out
    assert [what for what, _ in left] == ["cover", "AI-made"]


def lost(world: World) -> tuple[Posted | Absent | object, str]:
    """What is found of a pin that was made and whose answer was lost, and its id."""
    work = world.work(TEA, size=1000)
    work.ready()
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    first = next(reversed(world.site.posts))
    for _ in range(300):  # others with the same texts
        world.site.posted(world.owner, "1", {**world.site.posts[first].made, "dominant_color": "#101010"})
    return world.platform.find(work.job()), first


def test_a_pin_is_found_among_hundreds_by_its_tone(world: World) -> None:
    found, first = lost(world)
    assert isinstance(found, Posted) and found.id == first


def test_where_pinterest_has_tones_of_its_own_nothing_is_found_and_nothing_guessed(world: World) -> None:
    site(world).tones = False
    found, _ = lost(world)
    assert found == Absent() and world.posts() == 301


def test_a_pin_of_the_same_tone_and_other_texts_is_anothers(world: World) -> None:
    work = world.work(TEA, size=1000)
    work.ready()
    made = {"board_id": world.account, "title": "Coffee", "description": TEA.body, "dominant_color": tone(work.id)}
    world.site.posted(world.owner, "1", made)
    assert world.platform.find(work.job()) == Absent()


def test_tones_are_dark_and_each_its_own() -> None:
    tones = {tone(f"publication-{n}") for n in range(10_000)}
    assert len(tones) > 9_950 and all(int(told[at : at + 2], 16) < 128 for told in tones for at in (1, 3, 5))


def test_looking_for_a_pin_ends(world: World) -> None:
    page = b'{"items": [{"id": "1"}], "bookmark": "again"}'
    world.site.faults["read"] = [Reply(body=page)] * 100
    assert world.platform.find(world.work(TEA).job()) == Absent()
    assert len(world.site.faults["read"]) == 100 - PAGES


def test_nothing_is_asked_for_a_post_that_is_not_public(world: World) -> None:
    with pytest.raises(PlatformSaid, match="public"):
        world.work(replace(TEA, visibility="unlisted")).ready()
    assert not world.site.requests


def test_its_counts_are_of_its_life_or_none(world: World) -> None:
    work = world.work(TEA, size=1000)
    work.ready()
    assert isinstance(work.slice(), Ready)
    posted = world.platform.commit(work.job())
    assert posted.id is not None and world.platform.price_micros(TEA) == 0
    counts = {"IMPRESSION": 240, "OUTBOUND_CLICK": 20, "SAVE": 21, "VIDEO_10S_VIEW": 2, "VIDEO_AVG_WATCH_TIME": 2507.75}
    counts |= {"VIDEO_MRC_VIEW": 22, "VIDEO_V50_WATCH_TIME": 10031, "TOTAL_COMMENTS": 10, "TOTAL_REACTIONS": 12}
    world.site.posts[posted.id].counts = dict(counts)
    now = datetime.now(UTC)

    def read(days: int) -> Metrics:
        return world.platform.measure(
            world.token, world.account, str(posted.id), now - timedelta(days=days), now
        ).metrics

    assert read(28) == Metrics(
        impressions=240,
        views=22,
        engaged_views=2,
        watch_ms=10031,
        average_watch_ms=2508,
        clicks=20,
        saves=21,
        likes=12,
        comments=10,
    )
    assert read(89) == read(28)
    assert read(90) == Metrics(likes=12, comments=10), "a part of its life is not its life"
    world.site.posts.clear()
    with pytest.raises(PlatformSaid, match="no such pin"):
        read(1)


@contextmanager
def sink() -> Iterator[tuple[str, list[int]]]:
    """A server for one request, whose body it counts."""
    taken: list[int] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as told:
            left = 0
            while (line := told.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    left = int(line.split(b":")[1])
            taken.append(left)
            while left:
                left -= len(told.read(min(left, 65_536)))
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", taken
        thread.join()
