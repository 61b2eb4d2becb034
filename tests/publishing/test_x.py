"""What is X's own: segments, media ids that end, posts found by their video, prices, requests as OpenAPI has them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from common.adapters.platforms.x import ADDRESS_MICROS, POST_MICROS, SEGMENT, text_of
from common.domain.publication import File, Metrics, Post
from common.domain.weighing import weight
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Absent, Posted, Ready, Wait
from tests.conftest import SHARED
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import PICTURE, SIZE, World
from tests.publishing.specs import Spec
from tests.standins.loopback import Reply, Request
from tests.standins.platforms import x as standin
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked
from tests.standins.platforms.x import LASTS_S, X

FILE = SHARED / "api_specs" / "x_v2_openapi.json"
LINK = "https://cutroom.example/tea"


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["x"]() as made:
        yield made


def site(world: World) -> X:
    return cast(X, world.site)


def story(world: World) -> None:
    """Every request that Cutroom makes of X."""
    world.site.slow = 1
    tokens = world.allowed()
    world.platform.accounts(tokens.access)
    post = Post(title="", body="How to make tea", link=LINK, ai_made=True, paid_partnership=True)
    work = world.work(post, token=tokens.access)
    work.ready()
    posted = world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Posted) and posted.id is not None
    now = datetime.now(UTC)
    world.platform.measure(tokens.access, world.account, posted.id, now - timedelta(days=3), now)
    world.platform.measure(tokens.access, world.account, posted.id, now - timedelta(days=40), now)
    world.platform.revoke(world.app, tokens)


def test_all_requests_are_as_the_openapi_has_them(world: World) -> None:
    if not FILE.is_file():
        pytest.skip(f"X's OpenAPI is not at {FILE}")
    spec = Spec(FILE)
    story(world)
    for asked in world.site.requests:
        if asked.op not in ("token", "revoke"):  # which it does not describe
            assert spec.wrong(asked.request) == []
    ops = {asked.op for asked in world.site.requests}
    assert ops == {op for _, _, op, _ in site(world).routes}, "the story asks all there is"


def test_what_is_wrong_in_a_request_is_refused(world: World) -> None:
    """By the stand-in, and by X's OpenAPI where it is there; each right before the same request without the fault."""
    spec = Spec(FILE) if FILE.is_file() else None

    def other(asked: Asked, what: str, request: Request) -> bool:
        return spec is None or not spec.knows(asked.request) or bool(spec.wrong(request))

    mutants = Mutants(world.site, other=other)
    story(world)
    assert not mutants.taken and mutants.tried > 40
    assert world.posts() == 1


@pytest.mark.parametrize("strange", ["for_super_followers_only", "media_ids", "idempotency_key"])
def test_the_stand_in_takes_no_field_that_we_do_not_send(world: World, strange: str) -> None:
    work = world.work(size=1000)
    work.ready()
    body = {"text": "Tea", "media": {"media_ids": [work.kept["media"]]}, strange: True}
    web = world.platform._web  # type: ignore[attr-defined]
    with pytest.raises(PlatformSaid, match=strange):
        web.ask("POST", f"{world.address}/2/tweets", token=world.token, body=body)


def test_segments_are_gone_on_with_after_the_last_that_was_acknowledged(world: World) -> None:
    work = world.work()
    count = itertools.count()
    world.site.decide = lambda asked: "lost" if asked.op == "part" and next(count) == 1 else None
    with pytest.raises(Unreachable):
        work.ready()
    assert work.kept["segments"] == 1
    world.site.decide = None
    work.ready()
    indices = [dict(asked.parts)["segment_index"] for asked in world.site.requests if asked.op == "part"]
    assert indices == [b"0", b"1", b"1", b"2"] and world.sent() == SIZE + SEGMENT


def test_a_finalize_whose_answer_was_lost_is_asked_for_first(world: World) -> None:
    work = world.work(size=1000)
    world.meets("end", "lost")
    with pytest.raises(Unreachable):
        work.ready()
    work.ready()
    assert [asked.op for asked in world.site.requests] == ["begin", "part", "end", "status"]
    other = world.work(size=1000)
    world.meets("end", "reset")
    with pytest.raises(Unreachable):
        other.ready()
    other.ready()
    assert isinstance(world.platform.commit(other.job()), Posted)


def test_it_looks_again_when_x_says(world: World) -> None:
    world.site.slow, site(world).check_s = 1, 7
    work = world.work(size=1000)
    assert work.slice() == Wait(after_s=7.0)
    assert work.slice() == Wait(after_s=7.0)
    assert isinstance(work.slice(), Ready)


def test_a_media_id_that_ends_before_the_post_is_got_anew(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    now = world.site.now()
    world.site.now = lambda: now + LASTS_S - 60
    world.site.lasts_s = 2 * LASTS_S
    work.token = world.site.token(world.owner)
    with pytest.raises(PlatformSaid) as error:
        work.slice()
    assert error.value.anew and error.value.action == "retry"
    world.site.now = lambda: now + LASTS_S + 60
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert error.value.anew and world.posts() == 0


def test_a_post_is_found_among_hundreds_by_its_video(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    first = next(iter(world.site.posts))
    media = next(iter(site(world).media.values()))
    for _ in range(250):
        other = standin.Media(id=world.site.number(), key="7_1", account=world.account, total=1, until=media.until)
        site(world).media[other.id] = other
        world.site.posted(world.account, other.id, {"text": "How to make tea #tea"})
    found = world.platform.find(work.job())
    assert isinstance(found, Posted) and found.id == first
    assert sum(asked.op == "read" for asked in world.site.requests) == 3
    del world.site.posts[first]
    assert world.platform.find(work.job()) == Absent()


@pytest.mark.parametrize(
    ("post", "price"),
    [
        (Post(title="", body="How to make tea"), POST_MICROS),
        (Post(title="", body="Use node.js, e.g. on Tea.it is nice"), POST_MICROS),
        (Post(title="", body="How to make tea", link=LINK), ADDRESS_MICROS),
        (Post(title="", body=f"See {LINK} for more"), ADDRESS_MICROS),
        (Post(title="", body="See tea.example.co.uk"), ADDRESS_MICROS),
        (Post(title="", body="a" * 270, link=LINK), POST_MICROS),  # no room for it: it is not sent
    ],
)
def test_an_address_in_a_post_costs_more(world: World, post: Post, price: int) -> None:
    assert world.platform.price_micros(post) == price
    work = world.work(post, size=1000)
    work.ready()
    assert world.platform.commit(work.job()).cost_micros == price


def test_a_link_goes_with_it_where_there_is_room_and_else_is_said_to_be_left_out(world: World) -> None:
    fits = Post(title="", body="a" * 256, link=LINK)
    assert text_of(fits) == f"{'a' * 256}\n{LINK}" and weight(text_of(fits)) == 280
    assert world.platform.finish(world.work(fits).job(), "1").left_out == ()
    longer = Post(title="", body="a" * 257, link=LINK)
    assert text_of(longer) == "a" * 257
    picture = File(object="cover.jpg", sha256="0" * 64, size=len(PICTURE), kind="image/jpeg")
    left = world.platform.finish(world.work(longer, cover=picture).job(), "1").left_out
    assert [what for what, _ in left] == ["link", "cover"]


def test_nothing_is_asked_of_x_for_a_post_that_is_not_public(world: World) -> None:
    with pytest.raises(PlatformSaid, match="public"):
        world.work(Post(title="", body="Tea", visibility="private")).ready()
    assert not world.site.requests


def test_what_x_says_of_limits_and_credits_is_kept_to(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    told = {"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 800)}
    world.site.faults["commit"] = [
        Reply(status=429, body=b'{"title":"Too Many Requests"}', headers=told),
        Reply(status=402, body=b'{"title":"CreditsDepleted","detail":"Your credits are used up."}'),
        Reply(status=201, body=b'{"data":{}}'),
    ]
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert 700 < (error.value.after_s or 0) <= 800 and error.value.action == "wait"
    with pytest.raises(PlatformSaid, match="credits are used up"):
        world.platform.commit(work.job())
    with pytest.raises(Unreachable):  # it may be out
        world.platform.commit(work.job())


def test_its_counts_are_read_as_the_owner_for_a_month_and_then_as_anybody(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    posted = world.platform.commit(work.job())
    assert posted.id is not None
    public = {"repost_count": 3, "reply_count": 4, "like_count": 5, "quote_count": 1, "bookmark_count": 6}
    own = {"url_link_clicks": 7, "impression_count": 900}
    counts = {"public_metrics": {**public, "impression_count": 1000}, "non_public_metrics": own}
    counts |= {"media": {"public_metrics": {"view_count": 400}}, "watch_time_ms": 123456}  # type: ignore[dict-item]
    world.site.posts[posted.id].counts = counts
    whole = Metrics(impressions=1000, views=400, watch_ms=123456, clicks=7, likes=5, comments=4, shares=4, saves=6)
    now = datetime.now(UTC)

    def read(days: int) -> Metrics:
        since = now - timedelta(days=days)
        return world.platform.measure(world.token, world.account, str(posted.id), since, now).metrics

    assert read(2) == whole
    world.site.posts[posted.id].at -= 31 * 86_400
    old = Metrics(impressions=1000, views=400, watch_ms=123456, likes=5, comments=4, shares=4, saves=6)
    assert read(31) == old
    assert read(29) == old, "by X's own clock it is older than ours thinks"
    world.site.posts.clear()
    with pytest.raises(PlatformSaid, match="no such post"):
        read(2)
