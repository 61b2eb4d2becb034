"""What is Meta's own: containers that end and are published once, refusals of what is out, quotas, many accounts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from common.adapters.platforms import registry
from common.adapters.platforms.graph import Graph, doubtful
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import Reply as Answer
from common.domain.publication import File, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Absent, Open, Posted, Ready, Wait
from tests.conftest import SHARED
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.meta import MetaWorld
from tests.contract.platforms.worlds.world import PICTURE, SIZE, Work, content, verifier
from tests.standins.loopback import Request
from tests.standins.platforms.meta import SAYS, VERSION, Meta
from tests.standins.platforms.network import Asked, answered

SPECS = SHARED / "api_specs" / "meta"
LATER = {"is_ai_generated", "tasks"}  # of Meta's guides of 2026, and not in its tables of v25.0
OF = {"accounts": "Page", "content_publishing_limit": "ContentPublishingLimitResponse"}  # what an edge gives
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = 86_400.0


@pytest.fixture(params=["instagram", "facebook"])
def world(request: pytest.FixtureRequest) -> Iterator[MetaWorld]:
    with WORLDS[request.param]() as made:
        yield made


@pytest.fixture
def instagram() -> Iterator[MetaWorld]:
    with WORLDS["instagram"]() as made:
        yield made


@pytest.fixture
def facebook() -> Iterator[MetaWorld]:
    with WORLDS["facebook"]() as made:
        yield made


def ready(world: MetaWorld, post: Post | None = None, **more: Any) -> Work:
    work = world.work(post, size=more.pop("size", 1000), **more)
    work.ready()
    return work


def later(world: MetaWorld, seconds: float) -> None:
    was = world.site.now()
    world.site.now = lambda: was + seconds


def test_a_container_that_expired_is_begun_anew(world: MetaWorld) -> None:
    work = ready(world)
    later(world, DAY + 1)
    with pytest.raises(PlatformSaid) as error:
        work.slice()
    assert error.value.anew and error.value.retryable
    work.kept = {}
    work.ready()
    world.platform.commit(work.job())
    assert (world.posts(), world.begun()) == (1, 2)


def test_a_commit_of_what_expired_is_refused_for_certain(instagram: MetaWorld) -> None:
    work = ready(instagram)
    later(instagram, DAY + 1)
    with pytest.raises(PlatformSaid) as error:
        instagram.platform.commit(work.job())
    assert error.value.anew and instagram.posts() == 0


def test_what_expired_in_doubt_will_never_be(world: MetaWorld) -> None:
    work = ready(world)
    world.meets("commit", "reset")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    later(world, DAY + 1)
    with pytest.raises(PlatformSaid) as error:
        world.platform.find(work.job())
    assert error.value.action == "stop" and world.posts() == 0


@pytest.mark.parametrize("told", ["blocked", "transient", "quota", "not ready"])
def test_what_is_refused_and_out_all_the_same_is_never_failed(world: MetaWorld, told: str) -> None:
    work = ready(world)
    world.site.after.append(told)
    try:
        posted = world.platform.commit(work.job())
    except Unreachable:
        found = world.platform.find(work.job())
        assert isinstance(found, Posted)
        posted = found
    assert world.posts() == 1
    assert posted.id in (None, *world.site.posts)


def test_a_blocked_account_is_left_alone_for_an_hour_and_then_posts_once(instagram: MetaWorld) -> None:
    work = ready(instagram)
    site = instagram.site
    site.decide = lambda asked: site.error(site.fault("blocked", asked)) if asked.op == "commit" else None
    with pytest.raises(Unreachable) as doubt:
        instagram.platform.commit(work.job())
    assert "restrict certain activity" in str(doubt.value)
    site.decide = None
    with pytest.raises(PlatformSaid) as error:
        instagram.platform.find(work.job())
    assert (error.value.action, error.value.after_s) == ("wait", 3600)
    assert isinstance(instagram.platform.find(work.job()), Open)
    assert instagram.platform.commit(work.job()).id is not None and instagram.posts() == 1


@pytest.mark.parametrize("again", [False, True], ids=["refused", "taken"])
def test_a_second_commit_finds_the_first(world: MetaWorld, again: bool) -> None:
    """The first was done late, after the container was found open."""
    world.site.again = again
    work = ready(world)
    world.meets("commit", "late")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Open)
    world.site.catch_up()
    posted = world.platform.commit(work.job())
    assert world.posts() == 1 and posted.id in (None, *world.site.posts)
    assert isinstance(work.slice(), Ready), "whoever goes on from there finds it out by a commit, and begins nothing"
    assert world.begun() == 1


def test_nothing_is_begun_anew_beside_what_may_be_done_yet(world: MetaWorld) -> None:
    """A commit is on its way still, and the next one is told that what it commits is gone."""
    work = ready(world)
    world.meets("commit", "late", "gone")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Open)
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    world.site.catch_up()
    assert isinstance(world.platform.find(work.job()), Posted)
    assert (world.posts(), world.begun()) == (1, 1)


def test_a_container_that_is_denied_is_no_answer(world: MetaWorld) -> None:
    """Graph at times says so of those that are there: a post is not given up for it, nor begun anew."""
    work = ready(world)
    site = world.site
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    site.decide = lambda asked: site.error(site.fault("denied", asked)) if asked.op == "status" else None
    with pytest.raises(Unreachable):
        world.platform.find(work.job())
    with pytest.raises(Unreachable):
        work.slice()
    site.decide = None
    assert isinstance(world.platform.find(work.job()), Posted)


def test_a_refusal_that_cannot_be_checked_is_a_doubt(world: MetaWorld) -> None:
    work = ready(world)
    site = world.site
    site.decide = lambda asked: (
        site.error(site.fault("policy", asked)) if asked.op == "commit" else 503 if asked.op == "status" else None
    )
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())


@pytest.mark.parametrize("at", [0, 1, 5_000_000, SIZE - 1])
def test_an_upload_goes_on_at_the_byte(world: MetaWorld, at: int) -> None:
    work = world.work()
    world.site.cut = [at]
    with pytest.raises(Unreachable):
        work.ready()
    assert world.sent() == at
    work.ready()
    (held,) = world.site.held.values()
    assert world.sent() == SIZE and held.digest.digest() == hashlib.sha256(content(SIZE)).digest()


def test_an_upload_address_elsewhere_is_not_followed(instagram: MetaWorld) -> None:
    site = instagram.site
    evil = {"id": "17", "uri": "https://rupload.facebook.com.evil.example/ig-api-upload/17"}
    site.decide = lambda asked: answered(200, evil) if asked.op == "begin" else None
    work = instagram.work()
    with pytest.raises(PlatformSaid, match="evil"):
        work.ready()
    assert not work.kept and not instagram.sent()


@pytest.mark.parametrize("told", [{}, {"id": 17}, {"id": "../me"}, {"id": ""}, {"id": "1" * 41}, []])
def test_an_id_that_is_none_is_not_kept(instagram: MetaWorld, told: Any) -> None:
    instagram.site.decide = lambda asked: answered(200, told) if asked.op == "begin" else None
    work = instagram.work()
    with pytest.raises(Unreachable):
        work.ready()
    assert not work.kept


def test_a_full_quota_is_seen_before_the_commit(instagram: MetaWorld) -> None:
    instagram.site.quota = 1
    instagram.platform.commit(ready(instagram).job())
    work = instagram.work(size=1000)
    with pytest.raises(PlatformSaid) as error:
        work.ready()
    assert (error.value.action, error.value.code) == ("wait", "quota") and error.value.after_s
    assert instagram.posts() == 1 and work.kept["sent"]
    later(instagram, DAY - 60)
    with pytest.raises(PlatformSaid):
        work.slice()
    later(instagram, 61)
    assert world_posts_again(instagram, work) == 2


def world_posts_again(world: MetaWorld, work: Work) -> int:
    """What was made ready has expired meanwhile: it is begun anew, as the ledger does."""
    with pytest.raises(PlatformSaid) as error:
        work.slice()
    assert error.value.anew
    work.kept = {}
    work.ready()
    world.platform.commit(work.job())
    return world.posts()


def test_reels_of_a_page_that_are_enough_for_a_day_are_waited_for(facebook: MetaWorld) -> None:
    facebook.site.reels = 1
    facebook.platform.commit(ready(facebook).job())
    work = ready(facebook)
    with pytest.raises(PlatformSaid, match="1 times in 24 hours") as error:
        facebook.platform.commit(work.job())
    assert error.value.action == "wait" and facebook.posts() == 1


def test_what_a_quota_is_not_told_of_is_not_guessed(instagram: MetaWorld) -> None:
    instagram.site.decide = lambda asked: answered(200, {"data": []}) if asked.op == "quota" else None
    accounts = instagram.platform.accounts(instagram.site.token("ann"))
    assert [account.posts_a_day for account in accounts] == [None, None]
    assert isinstance(ready(instagram).slice(), Ready)


@pytest.mark.parametrize(
    ("code", "subcode", "action"),
    [
        (2, 1504043, "retry"),
        (-2, 2490547, "retry"),
        (100, 2207082, "retry"),
        (9007, 2207027, "retry"),
        (9007, None, "retry"),
        (4, 1504022, "wait"),
        (4, 1504039, "wait"),
        (17, 2446079, "wait"),
        (613, 1487742, "wait"),
        (80002, None, "wait"),
        (4, 2207051, "wait"),
        (9, 2207042, "wait"),
        (190, 463, "reconnect"),
        (10, None, "reconnect"),
        (200, None, "reconnect"),
        (352, 2207026, "re-render"),
        (36003, 2207009, "re-render"),
        (25, 2207050, "stop"),
        (-1, 2207001, "stop"),
        (368, None, "stop"),
        (100, 33, "stop"),
        (None, None, "stop"),
        ("4", "x", "stop"),
        (True, [], "stop"),
    ],
)
def test_what_helps_is_told_by_code_and_subcode(code: Any, subcode: Any, action: str) -> None:
    error = {"message": "Its own words.", "type": "OAuthException", "code": code, "error_subcode": subcode}
    refused = Graph("Instagram", Site()).refusal(answer(400, {"error": error}))
    assert refused.action == action and "Its own words" in str(refused) and refused.raw == {"error": error}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": null}', b'{"debug_info": 7}'])
def test_a_refusal_in_no_form_is_a_refusal(body: bytes) -> None:
    for status in (400, 401, 403, 404, 429):
        refused = Graph("Instagram", Site()).refusal(Answer(status=status, headers={}, body=body))
        assert str(status) in str(refused) and refused.action == ("wait" if status == 429 else "retry")
        assert doubtful(refused), "out of a commit it is none that can be believed"


def test_a_file_that_is_refused_is_gone_on_with_or_not_for_that_token() -> None:
    told = {"debug_info": {"retriable": False, "type": "ProcessingFailedError", "message": "unauthorized user request"}}
    assert Graph("Instagram", Site()).refusal(answer(401, told)).action == "reconnect"
    refused = Graph("Instagram", Site()).refusal(answer(400, told))
    assert refused.action == "retry" and "unauthorized user request" in str(refused)


def test_a_wait_is_as_long_as_meta_says() -> None:
    usage = {"17": [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 19}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    refused = Graph("Instagram", Site()).refusal(answer(400, {"error": {"code": 80002, "message": "x"}}, headers))
    assert refused.after_s == 19 * 60
    for odd in ("", "[]", "{", '{"17": 3}', '{"17": [3]}', '{"17": [{"estimated_time_to_regain_access": "soon"}]}'):
        headers = {"x-business-use-case-usage": odd}
        refused = Graph("Instagram", Site()).refusal(answer(400, {"error": {"code": 80002, "message": "x"}}, headers))
        assert refused.after_s == 900


def test_one_sign_in_has_all_its_accounts_each_with_its_own_token(world: MetaWorld) -> None:
    site = world.site
    accounts = world.platform.accounts(site.token("ann"))
    pages = [page for page in site.pages if "CREATE_CONTENT" in page.tasks]
    if world.network == "instagram":
        assert [account.id for account in accounts] == [page.instagram for page in pages if page.instagram]
        assert [account.handle for account in accounts] == ["ann.teas", "ann.pots"]
        assert [account.posts_a_day for account in accounts] == [50, 50]
    else:
        assert [account.id for account in accounts] == [page.id for page in pages]
        assert [account.posts_a_day for account in accounts] == [30, 30, 30]
    for account in accounts:
        assert account.token is not None and site.tokens[account.token].account == site.page(account.id).id
        work = world.work(size=10)
        work.token = account.token
        job = replace(work.job(), account=account.id)
        assert isinstance(world.platform.advance(job), Wait)
    lists = [asked for asked in site.requests if asked.op == "accounts"]
    assert len(lists) == 2 and "after=2" in lists[1].request.path, "by its cursor, and not by the address with a token"


def test_a_token_of_another_page_is_refused(world: MetaWorld) -> None:
    work = world.work(size=10)
    work.token = world.site.token_of("1002")
    with pytest.raises(PlatformSaid):
        work.ready()
    assert not world.site.held


def test_a_permission_that_was_not_given_is_said(world: MetaWorld) -> None:
    world.site.declined = ("pages_read_engagement",)
    told, challenge = verifier()
    back = world.site.allowed("ann", world.platform.authorize(world.app, world.site.redirect, "s", challenge))
    with pytest.raises(PlatformSaid, match="pages_read_engagement was not allowed") as error:
        world.platform.exchange(world.app, world.site.redirect, back["code"], told)
    assert error.value.action == "reconnect"


def test_what_must_be_marked_and_cannot_be_is_not_begun(world: MetaWorld) -> None:
    marked = [Post(title="", body="x", paid_partnership=True), Post(title="", body="x", visibility="private")]
    if world.network == "facebook":
        marked.append(Post(title="", body="x", ai_made=True))
    for post in marked:
        with pytest.raises(PlatformSaid) as error:
            world.work(post).ready()
        assert error.value.action == "stop"
    assert not world.site.requests


def test_what_a_machine_made_is_said_to_instagram(instagram: MetaWorld) -> None:
    made = Post(title="", body="Tea", ai_made=True)
    instagram.platform.commit(ready(instagram, made).job())
    instagram.platform.commit(ready(instagram, replace(made, ai_made=False)).job())
    first, second = instagram.site.posts.values()
    assert first.made["is_ai_generated"] == "true" and "is_ai_generated" not in second.made


def test_a_reel_gets_its_cover_and_its_address_once_it_is_made(facebook: MetaWorld) -> None:
    facebook.site.making = 2
    cover = File(object="cover.jpg", sha256="0" * 64, size=len(PICTURE), kind="image/jpeg")
    work = ready(facebook, cover=cover)
    posted = facebook.platform.commit(work.job())
    for _ in range(2):
        assert isinstance(facebook.platform.find(work.job()), Absent), "what is accepted is no doubt, and not out yet"
    done = facebook.platform.finish(work.job(), posted.id)
    assert done.url == f"https://www.facebook.com/reel/{posted.id}/" and not done.left_out
    assert facebook.site.covers == {posted.id: PICTURE}
    work.cover = replace(cover, size=9 << 20)
    (left,) = facebook.platform.finish(work.job(), posted.id).left_out
    assert left[0] == "the cover" and "smaller" in left[1]


def test_a_reel_that_is_not_made_yet_is_looked_at_again(facebook: MetaWorld) -> None:
    facebook.site.making = 1
    work = ready(facebook)
    posted = facebook.platform.commit(work.job())
    with pytest.raises(PlatformSaid) as error:
        facebook.platform.finish(work.job(), posted.id)
    assert error.value.action == "wait"
    assert facebook.platform.finish(work.job(), posted.id).url


def test_a_reel_that_could_not_be_made_after_all_is_said(facebook: MetaWorld) -> None:
    work = ready(facebook)
    posted = facebook.platform.commit(work.job())
    assert posted.id is not None
    facebook.site.held[posted.id].state = "failed"
    (left,) = facebook.platform.finish(work.job(), posted.id).left_out
    assert "Too low a resolution" in left[1]


def test_a_post_whose_id_is_not_known_says_so(instagram: MetaWorld) -> None:
    work = ready(instagram, cover=File(object="cover.jpg", sha256="0" * 64, size=10, kind="image/jpeg"))
    posted = instagram.platform.commit(work.job())
    done = instagram.platform.finish(work.job(), posted.id)
    assert done.url == f"https://www.instagram.com/reel/R{posted.id}/"
    assert [what for what, _ in done.left_out] == ["the cover"]
    done = instagram.platform.finish(work.job(), None)
    assert done.url is None and [what for what, _ in done.left_out] == ["the cover", "the address"]


def test_figures_of_instagram(instagram: MetaWorld) -> None:
    posted = instagram.platform.commit(ready(instagram).job())
    assert posted.id is not None
    counts: dict[str, Any] = {"views": 1200, "reach": 900, "likes": 80, "comments": 7, "shares": 5, "saved": 4}
    counts |= {"ig_reels_video_view_total_time": 5_400_000, "ig_reels_avg_watch_time": 4500.6, "total_interactions": 96}
    instagram.site.posts[posted.id].counts = counts
    told = instagram.platform.measure(instagram.token, instagram.account, posted.id, NOW, NOW)
    metrics = told.metrics
    assert (metrics.views, metrics.reach, metrics.likes, metrics.comments) == (1200, 900, 80, 7)
    assert (metrics.shares, metrics.saves, metrics.watch_ms, metrics.average_watch_ms) == (5, 4, 5_400_000, 4501)
    assert (metrics.impressions, metrics.clicks, metrics.follows, metrics.spend_micros) == (None, None, None, None)
    assert len(told.raw["data"]) == 9


def test_figures_of_facebook(facebook: MetaWorld) -> None:
    posted = facebook.platform.commit(ready(facebook).job())
    assert posted.id is not None
    counts: dict[str, Any] = {"blue_reels_play_count": 300, "fb_reels_total_plays": 410, "post_impressions_unique": 250}
    counts |= {"post_video_view_time": 900_000, "post_video_avg_time_watched": 3000, "post_video_followers": 2}
    counts |= {"post_video_likes_by_reaction_type": {"REACTION_LIKE": 9, "REACTION_LOVE": 3}}
    counts |= {"post_video_social_actions": {"COMMENT": 4}, "a_new_one": {"deep": [1]}}
    facebook.site.posts[posted.id].counts = counts
    told = facebook.platform.measure(facebook.token, facebook.account, posted.id, NOW, NOW)
    metrics = told.metrics
    assert (metrics.views, metrics.reach, metrics.likes, metrics.comments) == (300, 250, 12, 4)
    assert (metrics.shares, metrics.watch_ms, metrics.average_watch_ms, metrics.follows) == (None, 900_000, 3000, 2)
    assert "without those played again" in told.view
    del counts["blue_reels_play_count"]
    told = facebook.platform.measure(facebook.token, facebook.account, posted.id, NOW, NOW)
    assert told.metrics.views == 410 and "again by the same person" in told.view


def test_the_version_is_a_setting(world: MetaWorld) -> None:
    world.platform = registry.platform(world.network, Site(address=world.address, version="v27.0"))
    with pytest.raises(PlatformSaid):
        world.work(size=10).ready()  # a stand-in of the version before
    assert all("/v27.0/" in url for url in world.urls())


def story(world: MetaWorld) -> tuple[list[Asked], Meta]:
    """The requests of a whole story, from a sign-in to figures and its end, and what the stand-in had before that."""
    told, challenge = verifier()
    platform, site = world.platform, world.site
    back = site.allowed("ann", platform.authorize(world.app, site.redirect, "s", challenge))
    codes = dict(site.codes)
    tokens = platform.refresh(world.app, platform.exchange(world.app, site.redirect, back["code"], told))
    account = next(one for one in platform.accounts(tokens.access) if one.id == world.account)
    assert account.token is not None
    cover = File(object="cover.jpg", sha256="0" * 64, size=len(PICTURE), kind="image/jpeg")
    work = world.work(Post(title="", body="Tea", ai_made=world.network == "instagram"), size=1000, cover=cover)
    work.token = account.token
    work.ready()
    posted = platform.commit(work.job())
    assert posted.id is not None
    platform.find(work.job())
    platform.finish(work.job(), posted.id)
    platform.measure(account.token, account.id, posted.id, NOW, NOW)
    before = Meta(address=site.address, tokens=dict(site.tokens), codes=codes, held=site.held, posts=site.posts)
    platform.revoke(world.app, tokens)
    return list(site.requests), before


def at(before: Meta, op: str) -> Meta:
    """A stand-in that is at the point of the story where a request of this op comes."""
    held = {name: replace(one, digest=hashlib.sha256()) for name, one in before.held.items()}
    posts = {} if op == "commit" else dict(before.posts)
    for one in held.values():
        if op == "part":
            one.state, one.got, one.size = "open", 0, None
        if op == "commit":
            one.state = "sent"
    return Meta(address=before.address, tokens=dict(before.tokens), codes=dict(before.codes), held=held, posts=posts)


def test_the_stand_in_refuses_what_meta_would(world: MetaWorld) -> None:
    """Each request of a story, changed in one place; as it is, it is taken."""
    requests, before = story(world)
    count = 0
    ops = {"token", "permissions", "accounts", "begin", "part", "commit", "status", "measure", "revoke"}
    assert {asked.op for asked in requests} >= ops
    for asked in requests:
        assert not at(before, asked.op).refuses(asked.request), asked.op
        for name, changed in mutated(asked.request):
            count += 1
            assert at(before, asked.op).refuses(changed), f"{asked.op} with {name} was taken"
    assert count > 100


def test_all_requests_are_as_meta_describes_them(world: MetaWorld) -> None:
    if not SPECS.is_dir():
        pytest.skip(f"Meta's tables of parameters are not at {SPECS}")
    requests, _ = story(world)
    checked = [asked for asked in requests if asked.op not in ("token", "part")]  # which are in no table
    for asked in checked:
        node, edge = node_of(world, asked)
        assert wrong(asked, node, edge) == [], asked.request.path
    assert len(checked) > 8


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"upload_phase=START&surprise=1", "unknown surprise"),
        (b"upload_phase=BEGIN", "upload_phase is BEGIN"),
        (b"title=x", "no upload_phase"),
    ],
)
def test_what_meta_does_not_describe_is_seen(facebook: MetaWorld, body: bytes, what: str) -> None:
    if not SPECS.is_dir():
        pytest.skip(f"Meta's tables of parameters are not at {SPECS}")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = Request(method="POST", path=f"/{VERSION}/1001/video_reels", headers=headers, body=body)
    assert wrong(Asked("begin", request, {}), "Page", "video_reels") == [what]


def node_of(world: MetaWorld, asked: Asked) -> tuple[str, str]:
    """Which of Meta's tables a request is in: a node, and its edge or "#get"."""
    path = urlsplit(asked.request.path).path.split("/")[2:]
    node, edge = path[0], path[1] if len(path) > 1 else "#get"
    if node == "me":
        return "User", edge
    if world.network == "facebook":
        return ("Page", edge) if edge == "video_reels" else ("AdVideo", edge)
    if edge in ("media", "media_publish", "content_publishing_limit"):
        return "IGUser", edge
    return ("ShadowIGMediaBuilder" if node in world.site.held else "IGMedia"), edge


def wrong(asked: Asked, node: str, edge: str) -> list[str]:
    """What Meta's tables of v25.0 do not have of it."""
    table = json.loads((SPECS / f"{node}.json").read_text())
    method = asked.request.method
    api = next(
        one for one in table["apis"] if edge in (one.get("endpoint"), one.get("name")) and one["method"] == method
    )
    params = {one["name"]: one for one in api["params"]}
    enums = {one["name"]: one["values"] for one in json.loads((SPECS / "enum_types.json").read_text())}
    told: dict[str, Any] = dict(asked.query)
    if method == "POST":
        multipart = asked.header("content-type").startswith("multipart/")
        told |= dict(asked.parts if multipart else asked.form)
    found = [f"no {name}" for name, one in params.items() if one.get("required") and name not in told]
    for name, value in told.items():
        if name == "fields":
            names = {one["name"] for one in json.loads((SPECS / f"{OF.get(edge, node)}.json").read_text())["fields"]}
            asks = re.sub(r"\{[\w,]+\}", "", value).split(",")
            found += [f"no field {one}" for one in asks if one not in names | LATER]
        elif name in params:
            kind = params[name]["type"]
            each = value.split(",") if kind.startswith("list<") else [value]
            allowed = enums.get(kind.removeprefix("list<").removesuffix(">"))
            found += [f"{name} is {one}" for one in each if allowed is not None and one not in allowed]
            if (kind == "bool" and value not in ("true", "false", b"true")) or (
                kind == "unsigned int" and not value.isdecimal()
            ):
                found.append(f"{name} is {value}")
        elif name not in LATER | {"limit", "after"}:
            found.append(f"unknown {name}")
    return found


def mutated(asked: Request) -> list[tuple[str, Request]]:
    path, _, query = asked.path.partition("?")
    headers = {name: value for name, value in asked.headers.items() if name.lower() != "authorization"}
    found = [
        ("another version", replace(asked, path=asked.path.replace(VERSION, "v19.0"))),
        ("another method", replace(asked, method="PUT")),
        ("an unknown path", replace(asked, path=f"{path}/more")),
        ("a token in the address", replace(asked, path=f"{path}?{query}&access_token=page-1")),
    ]
    form = dict(asked.headers).get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    for name, value in parse_qsl(query):
        if name in ("fields", "metric"):
            odd = urlencode({**dict(parse_qsl(query)), name: f"{value},odd"})
            found.append((f"{name} of what is unknown", replace(asked, path=f"{path}?{odd}")))
    if form:
        fields = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        for name in fields.keys() - {"caption", "title", "description", "share_to_feed", "is_ai_generated"}:
            left = {one: value for one, value in fields.items() if one != name}
            found.append((f"no {name}", replace(asked, body=urlencode(left).encode())))
        for name in fields.keys() - {"caption", "title", "description"}:
            found.append((f"an odd {name}", replace(asked, body=urlencode({**fields, name: "odd"}).encode())))
        found.append(("an unknown field", replace(asked, body=asked.body + b"&surprise=1")))
        found.append(("JSON", replace(asked, headers={**asked.headers, "Content-Type": "application/json"})))
    if not path.endswith("/access_token"):
        found.append(("no token", replace(asked, headers=headers)))
        found.append(("another token", replace(asked, headers={**headers, "Authorization": "Bearer x"})))
    if "upload/" in path:
        lower = {name.lower(): value for name, value in asked.headers.items()}
        for name, value in (("offset", "7"), ("offset", "x"), ("file_size", "999"), ("content-length", "3")):
            found.append((f"{name} {value}", replace(asked, headers={**lower, name: value})))
    return found


def answer(status: int, told: Any, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, headers=headers or {}, body=json.dumps(told).encode())


def test_what_the_stand_in_says_is_judged_as_it_means() -> None:
    wanted = {"expired": "reconnect", "policy": "stop", "quota": "wait", "gone": "retry", "blocked": "wait"}
    wanted |= {"not ready": "retry", "transient": "retry"}
    for kind, action in wanted.items():
        status, code, subcode, words = SAYS[kind]
        error = {"message": words, "code": code, "error_subcode": subcode}
        assert Graph("Instagram", Site()).refusal(answer(status, {"error": error})).action == action
