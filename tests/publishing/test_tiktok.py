"""What is TikTok's own: chunks of which the last is the commit, what a creator may, states of a publish_id."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.adapters.platforms.tiktok import ADDRESS_S, AUDIT, LARGEST, WHOLE, plan
from common.domain.publication import File, Metrics, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Open, Posted
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World, content
from tests.publishing.desk import desk
from tests.publishing.plain import TOKEN
from tests.standins.loopback import Reply, Request
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked, Bad, Token
from tests.standins.platforms.tiktok import LASTS_S, TikTok


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["tiktok"]() as made:
        yield made


def site(world: World) -> TikTok:
    return cast(TikTok, world.site)


def sha(size: int) -> str:
    return hashlib.sha256(content(size)).hexdigest()


def told(world: World, op: str) -> list[dict[str, object]]:
    """The bodies of all requests of an op."""
    return [asked.json for asked in world.site.requests if asked.op == op]


def story(world: World) -> None:
    """Every request that Cutroom makes of TikTok."""
    tokens = world.allowed()
    world.platform.accounts(tokens.access)
    work = world.work(Post(title="", body="How to make tea", ai_made=True, paid_partnership=True), token=tokens.access)
    work.ready()
    world.platform.commit(work.job())
    found = world.platform.find(work.job())
    assert isinstance(found, Posted) and found.id is not None
    world.platform.finish(work.job(), found.id)
    world.platform.revoke(world.app, tokens)


def test_what_is_wrong_in_a_request_is_refused(world: World) -> None:
    def more(asked: Asked) -> Iterator[Request]:
        for name in ("content-range", "content-type"):
            if asked.op in ("part", "commit"):
                without = {one: value for one, value in asked.request.headers.items() if one.lower() != name}
                yield replace(asked.request, headers=without)

    mutants = Mutants(world.site, more)
    story(world)
    assert not mutants.taken and mutants.tried > 40 and world.posts() == 1
    assert {asked.op for asked in world.site.requests} == {op for _, _, op, _ in site(world).routes} | {"commit"}


@example(size=WHOLE)
@example(size=WHOLE - 1)
@example(size=16 << 20)
@example(size=(16 << 20) + 1)
@example(size=LARGEST)
@given(size=st.integers(1, LARGEST))
def test_chunks_are_as_tiktok_wants_them(size: int) -> None:
    chunk, count = plan(size)
    source = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": chunk, "total_chunk_count": count}
    try:
        assert TikTok()._planned(source) == (size, chunk, count)
    except Bad as bad:
        raise AssertionError(f"{source} is refused: {bad}") from bad
    assert size - (count - 1) * chunk <= WHOLE, "the commit is small"


def test_a_file_of_one_chunk_is_only_asked_for_until_the_commit(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    assert [asked.op for asked in world.site.requests] == ["allowed", "begin"]
    world.platform.commit(work.job())
    assert world.posts() == 1 and next(iter(world.site.posts.values())).made["sha256"] == sha(work.size)


def test_nothing_is_posted_before_the_last_chunk(world: World) -> None:
    work = world.work()
    work.ready()
    assert world.posts() == 0 and site(world).taken > 0
    world.platform.commit(work.job())
    assert world.posts() == 1 and next(iter(world.site.posts.values())).made["sha256"] == sha(work.size)


def test_it_is_gone_on_with_at_the_byte_that_tiktok_has(world: World) -> None:
    """Though what was kept says that fewer are there."""
    work = world.work(size=40 << 20)
    work.ready()
    had = site(world).taken
    work.kept |= {"sent": 0, "uploaded": False}
    work.ready()
    assert site(world).taken == had and world.begun() == 1
    world.platform.commit(work.job())
    assert world.posts() == 1


def test_more_than_the_creator_may_is_refused_with_the_limit(world: World) -> None:
    site(world).longest_s = 20
    with pytest.raises(PlatformSaid, match=r"at most 20 s, and this one has 30\.0 s") as error:
        world.work().ready()
    assert error.value.action == "re-render" and world.begun() == 0


@pytest.mark.parametrize(
    ("post", "words"),
    [
        (Post(title="", body="Tea", visibility="unlisted"), "PUBLIC_TO_EVERYONE.*not unlisted"),
        (Post(title="", body="Tea", visibility="private", paid_partnership=True), "private"),
    ],
)
def test_what_tiktok_does_not_have_is_refused_before(world: World, post: Post, words: str) -> None:
    with pytest.raises(PlatformSaid, match=words) as error:
        world.work(post).ready()
    assert error.value.action == "stop" and world.begun() == 0


def test_what_is_no_video_that_it_takes_is_refused_before(world: World) -> None:
    work = world.work()
    job = work.job()
    with pytest.raises(PlatformSaid, match="video/x-matroska"):
        world.platform.advance(replace(job, video=replace(job.video, kind="video/x-matroska")))
    with pytest.raises(PlatformSaid, match=str(LARGEST)):
        world.platform.advance(replace(job, video=replace(job.video, size=LARGEST + 1)))
    assert world.begun() == 0


def test_an_app_that_is_not_audited_posts_for_the_account_alone(world: World) -> None:
    site(world).audited = False
    with pytest.raises(PlatformSaid) as error:
        world.work().ready()
    assert AUDIT in str(error.value) and error.value.action == "stop"
    work = world.work(Post(title="", body="Tea", visibility="private"), size=1000)
    work.ready()
    posted = world.platform.commit(work.job())
    assert next(iter(world.site.posts.values())).made["privacy_level"] == "SELF_ONLY"
    assert isinstance(world.platform.find(work.job()), Posted)
    done = world.platform.finish(work.job(), posted.id)
    assert (done.id, done.url) == (None, None) and "only the account itself" in dict(done.left_out)["address"]


def test_an_account_that_may_post_privately_only_says_so(world: World) -> None:
    site(world).options = ("FOLLOWER_OF_CREATOR", "SELF_ONLY")
    with pytest.raises(PlatformSaid, match="not public"):
        world.work().ready()
    (account,) = world.platform.accounts(world.token)
    assert account.visibilities == ("private",) and account.longest_s == 600
    assert (account.id, account.name, account.handle) == (world.account, "Ann", "ann.makes")


def test_limits_that_are_not_told_now_are_not_made_up(world: World) -> None:
    world.meets("allowed", "quota")
    (account,) = world.platform.accounts(world.token)
    assert (account.longest_s, account.visibilities, account.posts_a_day) == (None, None, None)


def test_what_is_to_be_said_of_a_post_is_sent(world: World) -> None:
    work = world.work(Post(title="", body="Tea", ai_made=True, paid_partnership=True), size=1000)
    work.ready()
    (body,) = told(world, "begin")
    assert body["post_info"] == {
        "title": "Tea",
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "disable_comment": False,
        "disable_duet": True,  # as the creator has it
        "disable_stitch": False,
        "brand_content_toggle": True,
        "brand_organic_toggle": False,
        "is_aigc": True,
    }


def test_an_address_that_is_about_to_end_is_asked_for_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    work = world.work()
    work.ready()
    first = work.kept["publish_id"]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + ADDRESS_S + 1)
    work.ready()
    assert work.kept["publish_id"] != first and world.begun() == 2
    world.platform.commit(work.job())
    assert dict(world.site.committed) == {work.kept["publish_id"]: 1}


def test_a_commit_at_an_address_that_has_ended_is_certain_not_to_be_one(world: World) -> None:
    work = world.work()
    work.ready()
    now = world.site.now()
    world.site.now = lambda: now + LASTS_S + 1
    with pytest.raises((PlatformSaid, Unreachable)) as error:
        world.platform.commit(work.job())
    assert world.posts() == 0
    if isinstance(error.value, PlatformSaid):
        assert error.value.anew and error.value.action == "retry"
    else:  # TikTok has given it up, which says that it was not posted
        with pytest.raises(PlatformSaid, match="internal"):
            world.platform.find(work.job())


@pytest.mark.parametrize("closed", [416, 403, 404])
def test_a_commit_that_is_done_late_is_no_second_post(world: World, closed: int) -> None:
    """TikTok says that bytes are missing, they come after all, and the next commit finds them there."""
    site(world).closed = closed
    work = world.work()
    work.ready()
    world.meets("commit", "late")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert world.platform.find(work.job()) == Open()
    world.site.catch_up()
    with pytest.raises(Unreachable):  # and neither refused nor begun anew
        world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Posted)
    assert (world.posts(), world.begun()) == (1, 1)


def test_one_that_comes_after_the_second_commit_is_no_second_post_either(world: World) -> None:
    work = world.work()
    work.ready()
    world.meets("commit", "late")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert world.platform.find(work.job()) == Open()
    world.platform.commit(work.job())
    world.site.catch_up()
    assert world.posts() == 1


def test_a_commit_that_is_refused_while_tiktok_does_not_say_what_it_has_is_not_certain(world: World) -> None:
    work = world.work()
    work.ready()
    world.meets("commit", "gone")
    world.meets("read", 503)
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    world.meets("commit", "gone")
    world.meets("read", "expired")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())


def test_what_is_whole_is_out_though_its_id_comes_later(world: World) -> None:
    world.site.slow, site(world).moderating = 2, 2
    work = world.work(size=1000)
    work.ready()
    assert world.platform.commit(work.job()).id is None
    assert world.platform.find(work.job()) != Open()  # the first look: at work
    waited = []
    while True:
        try:
            done = world.platform.finish(work.job(), None)
            break
        except PlatformSaid as error:
            waited.append((error.action, error.after_s, str(error).split(";")[0]))
    assert waited == [
        ("wait", 30.0, "TikTok still works on it"),
        *[("wait", 1200.0, "TikTok moderates it")] * 2,
    ]
    (name,) = world.site.posts
    assert (done.id, done.url) == (name, f"https://www.tiktok.com/@ann.makes/video/{name}")


@pytest.mark.parametrize(
    ("reason", "action"), [("frame_rate_check_failed", "re-render"), ("spam_risk", "stop"), ("internal", "stop")]
)
def test_what_tiktok_will_not_show_is_undone(world: World, reason: str, action: str) -> None:
    site(world).verdict = reason
    work = world.work(size=1000)
    work.ready()
    world.platform.commit(work.job())
    with pytest.raises(PlatformSaid, match=reason) as error:
        world.platform.find(work.job())
    assert error.value.action == action, "so that it is over"
    undone = world.platform.finish(work.job(), None).undone
    assert undone is not None and (undone.code, undone.action) == (reason, action) and undone.raw


@pytest.mark.parametrize(
    ("status", "code", "action"),
    [
        (401, "access_token_invalid", "reconnect"),
        (401, "scope_not_authorized", "reconnect"),
        (429, "rate_limit_exceeded", "wait"),
        (403, "spam_risk_too_many_posts", "wait"),
        (403, "spam_risk_too_many_pending_share", "wait"),
        (403, "spam_risk_user_banned_from_posting", "stop"),
        (403, "reached_active_user_cap", "stop"),
        (403, "unaudited_client_can_only_post_to_private_accounts", "stop"),
        (400, "picture_size_check_failed", "re-render"),
        (400, "internal_error", "retry"),
        (400, "invalid_params", "stop"),
        (200, "rate_limit_exceeded", "wait"),  # in an answer that says it is good
        (404, "never heard of", "stop"),
    ],
)
def test_what_helps_is_known_of_each_refusal(world: World, status: int, code: str, action: str) -> None:
    body = f'{{"error": {{"code": "{code}", "message": "In TikTok\'s words", "log_id": "1"}}}}'.encode()
    world.meets("begin", Reply(status=status, body=body))
    with pytest.raises(PlatformSaid, match="In TikTok's words") as error:
        world.work().ready()
    assert (error.value.action, error.value.code) == (action, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"data": 1}', b'{"data": {"publish_id": "p"}}', b'{"data": {"upload_url": "u"}}'],
)
def test_what_is_no_answer_of_tiktoks_is_tried_again(world: World, body: bytes) -> None:
    world.meets("begin", Reply(body=body))
    work = world.work()
    with pytest.raises(Unreachable):
        work.ready()
    assert not work.kept


def test_a_file_is_sent_to_tiktok_alone(world: World) -> None:
    body = b'{"data": {"publish_id": "p", "upload_url": "https://tiktokapis.com.evil.example/video/"}}'
    world.meets("begin", Reply(body=body))
    work = world.work()
    with pytest.raises(PlatformSaid, match="evil"):
        work.ready()
    assert not work.kept and world.sent() == 0


def test_the_pace_that_tiktok_wants_is_waited_for(world: World) -> None:
    site(world).paced = True
    for _ in range(6):
        world.work(size=1000).ready()
    with pytest.raises(PlatformSaid) as error:
        world.work(size=1000).ready()
    assert (error.value.action, error.value.code) == ("wait", "rate_limit_exceeded")


def test_what_it_cannot_show_with_a_post_is_said(world: World) -> None:
    picture = File(object="cover.jpg", sha256="0" * 64, size=10, kind="image/jpeg")
    work = world.work(Post(title="", body="Tea", link="https://cutroom.example"), size=1000, cover=picture)
    work.ready()
    world.platform.commit(work.job())
    assert {what for what, _ in world.platform.finish(work.job(), None).left_out} == {"cover", "link"}


def test_its_counts_are_read_by_the_posts_id(world: World) -> None:
    for n in range(2):
        work = world.work(Post(title="", body=f"Tea {n}"), size=1000)
        work.ready()
        world.platform.commit(work.job())
    first, second = world.site.posts.values()
    first.counts = {"view_count": 7, "like_count": 3, "comment_count": 2, "share_count": 1}
    second.counts = {"view_count": 9000}
    now = datetime.now(UTC)
    told = world.platform.measure(world.token, world.account, first.id, now, now)
    assert told.metrics == Metrics(views=7, likes=3, comments=2, shares=1)


def test_the_whole_story_by_the_ledger(tmp_path: Path, world: World) -> None:
    """The commit's answer is lost, what became of it is read, and the id comes after moderation."""
    site(world).people["ann"] = "ann"
    site(world).moderating = 1
    world.site.tokens[TOKEN] = Token(account="ann", until=world.site.now() + 1e6, scopes=world.site.scopes)
    at = desk(tmp_path, world.platform)
    at.channel("tiktok")
    world.meets("commit", "lost")
    key = at.schedule(network="tiktok")
    assert at.until(key, until=lambda body: body["step"] == "unknown")["error"]["code"] == "unknown"
    body = at.until(key)
    (post,) = world.site.posts.values()
    assert (body["step"], body["remote"], body["left_out"]) == ("published", post.id, [])
    assert body["url"] == f"https://www.tiktok.com/@ann.makes/video/{post.id}"


def test_what_it_refuses_after_the_commit_fails_in_the_ledger(tmp_path: Path, world: World) -> None:
    site(world).people["ann"] = "ann"
    site(world).verdict = "picture_size_check_failed"
    world.site.tokens[TOKEN] = Token(account="ann", until=world.site.now() + 1e6, scopes=world.site.scopes)
    at = desk(tmp_path, world.platform)
    at.channel("tiktok")
    body = at.until(at.schedule(network="tiktok"))
    assert (body["step"], body["error"]["action"]) == ("failed", "re-render") and world.posts() == 0
