"""What is LinkedIn's own: parts with ETags, its text format, pages, posts found by their video, versions that end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.platforms.linkedin import LONGEST, MORE_SCOPES, SCOPES, VERSION, LinkedIn, little, text_of
from common.adapters.platforms.site import Site
from common.domain.publication import File, Metrics, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.platforms import Absent, Posted, Tokens, Wait
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import SIZE, World, content, verifier
from tests.publishing.desk import desk
from tests.publishing.plain import TOKEN
from tests.standins.loopback import Reply, Request
from tests.standins.platforms import linkedin as standin
from tests.standins.platforms.linkedin import ANN, LASTS_S, OF_MEMBERS, PAGE, PART, parts_of, plain
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked, Token

MEMBERS = ("openid", "profile", "w_member_social")


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["linkedin"]() as made:
        yield made


def site(world: World) -> standin.LinkedIn:
    return cast(standin.LinkedIn, world.site)


def posted(world: World, account: str = ANN, body: str = "How to make tea") -> str:
    world.account = account
    work = world.work(Post(title="", body=body), size=1000)
    work.ready()
    told = world.platform.commit(work.job())
    assert told.id is not None
    return told.id


def story(world: World) -> None:
    """Every request that Cutroom makes of LinkedIn."""
    world.site.slow = 1
    tokens = world.allowed()
    now = datetime.now(UTC)
    for account in world.platform.accounts(tokens.access):
        world.account = account.id
        work = world.work(Post(title="Tea", body="How to make tea"), token=tokens.access)
        work.ready()
        out = world.platform.commit(work.job())
        found = world.platform.find(work.job())
        assert out.id is not None and isinstance(found, Posted if account.id == PAGE else Absent)  # see the adapter
        world.platform.measure(tokens.access, account.id, out.id, now, now)
    world.platform.revoke(world.app, tokens)


def test_what_is_wrong_in_a_request_is_refused(world: World) -> None:
    def more(asked: Asked) -> Iterator[Request]:
        for name in ("LinkedIn-Version", "X-Restli-Protocol-Version"):
            if asked.request.path.startswith("/rest/"):
                yield replace(asked.request, headers={**asked.request.headers, name: "1"})

    mutants = Mutants(world.site, more)
    story(world)
    assert not mutants.taken and mutants.tried > 100 and world.posts() == 2
    assert {asked.op for asked in world.site.requests} == {op for _, _, op, _ in site(world).routes}


@given(text=st.text(max_size=200))
def test_a_text_is_shown_as_it_is_written(text: str) -> None:
    assert plain(little(text)) == text


@given(
    parts=st.lists(st.one_of(st.text(max_size=20), st.sampled_from(["#tea", "#green_tea", "#茶", "#teapot", "a#tea"]))),
    tags=st.lists(st.sampled_from(["tea", "green_tea", "茶", "c++"]), unique=True),
)
def test_a_text_with_tags_is_shown_as_it_is_written(parts: list[str], tags: list[str]) -> None:
    text = " ".join(parts)
    assert plain(little(text, tags)) == text


def test_a_tag_becomes_one_and_what_only_looks_like_it_does_not() -> None:
    told = little("(#tea) a#tea #teapot #green_tea", ["tea", "green_tea"])
    assert told == r"\({hashtag|\#|tea}\) a\#tea \#teapot {hashtag|\#|green\_tea}"


def test_what_is_not_escaped_is_cut_off_as_linkedin_does() -> None:
    assert plain("Tea (green)") == "Tea " and plain(r"Tea \(green\)") == "Tea (green)"


def test_the_file_arrives_as_it_was_in_the_parts_that_linkedin_names(world: World) -> None:
    work = world.work()
    work.ready()
    world.platform.commit(work.job())
    (post,) = world.site.posts.values()
    assert post.made["parts"] == parts_of(content(SIZE))
    assert sum(asked.op == "part" for asked in world.site.requests) == -(-SIZE // PART)
    assert all(not asked.header("authorization") for asked in world.site.requests if asked.op == "part")


def test_a_part_whose_etag_was_lost_is_sent_again_and_no_other(world: World) -> None:
    work = world.work()
    world.site.decide = lambda asked: "lost" if asked.op == "part" and "/1?" in asked.request.path else None
    with pytest.raises(Unreachable):
        work.ready()
    assert len(work.kept["etags"]) == 1
    world.site.decide = None
    work.ready()
    assert world.sent() == SIZE + PART and world.begun() == 1


def test_a_finalize_whose_answer_was_lost_is_looked_at_first(world: World) -> None:
    work = world.work(size=1000)
    world.site.decide = lambda asked: "lost" if "finalizeUpload" in asked.request.path else None
    with pytest.raises(Unreachable):
        work.ready()
    world.site.decide = None
    work.ready()
    assert sum("finalizeUpload" in url for url in world.urls()) == 1


def test_it_looks_again_until_the_video_is_available(world: World) -> None:
    world.site.slow = 1
    work = world.work(size=1000)
    assert work.slice() == Wait(after_s=5) == work.slice()
    work.ready()
    asked = len(world.site.requests)
    work.ready()
    assert len(world.site.requests) == asked, "what is available is not asked for again"


def test_parts_whose_addresses_are_about_to_end_are_asked_for_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = world.work()
    world.site.decide = lambda asked: 503 if asked.op == "part" and "/2?" in asked.request.path else None
    with pytest.raises(Unreachable):
        work.ready()
    world.site.decide = None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LASTS_S - 60)
    world.site.lasts_s, world.site.now = 1e6, lambda: now + LASTS_S - 60
    work.ready()
    world.platform.commit(work.job())
    assert world.begun() == 2 and world.posts() == 1
    assert next(iter(world.site.posts.values())).made["parts"] == parts_of(content(SIZE))


def test_an_address_that_has_ended_is_asked_for_anew(world: World) -> None:
    work = world.work()
    world.meets("part", "gone")
    with pytest.raises(PlatformSaid) as error:
        work.ready()
    assert error.value.anew and error.value.action == "retry"


def test_parts_that_it_does_not_want_after_all_are_sent_anew(world: World) -> None:
    work = world.work(size=1000)
    world.site.decide = lambda asked: 400 if "finalizeUpload" in asked.request.path else None
    with pytest.raises(PlatformSaid) as error:
        work.ready()
    assert error.value.anew and error.value.action == "retry"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [(0, 998)],
        [(0, 999), (999, 999)],
        [(0, 499), (501, 999)],
        [(500, 999), (0, 499)],
        [(0, 1000)],
        [(0, -1)],
        [(0, 1 << 40)],
    ],
)
def test_parts_that_are_not_the_file_are_not_believed(world: World, parts: list[tuple[int, int]]) -> None:
    listed = ", ".join(
        f'{{"uploadUrl": "{world.address}/p", "firstByte": {first}, "lastByte": {last}}}' for first, last in parts
    )
    body = f'{{"value": {{"video": "urn:li:video:1", "uploadToken": "", "uploadInstructions": [{listed}]}}}}'
    world.meets("begin", Reply(body=body.encode()))
    work = world.work(size=1000)
    with pytest.raises(Unreachable):
        work.slice()
    assert not work.kept


def test_more_parts_than_can_be_kept_are_refused(world: World) -> None:
    long = "".join(f"{n:x}" for n in range(40_000))
    body = (
        f'{{"value": {{"video": "urn:li:video:1", "uploadInstructions": '
        f'[{{"uploadUrl": "{world.address}/{long}", "firstByte": 0, "lastByte": 999}}]}}}}'
    )
    world.meets("begin", Reply(body=body.encode()))
    with pytest.raises(PlatformSaid, match="more than can be kept"):
        world.work(size=1000).slice()


def test_a_file_is_sent_to_linkedin_alone(world: World) -> None:
    body = (
        '{"value": {"video": "urn:li:video:1", "uploadInstructions": '
        '[{"uploadUrl": "https://linkedin.com.evil.example/p", "firstByte": 0, "lastByte": 999}]}}'
    )
    world.meets("begin", Reply(body=body.encode()))
    with pytest.raises(PlatformSaid, match="evil"):
        world.work(size=1000).slice()
    assert world.sent() == 0


def test_a_post_is_found_among_hundreds_by_its_video(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    first = next(iter(world.site.posts))
    made = world.site.posts[first].made
    for n in range(250):
        media = {"content": {"media": {"id": f"urn:li:video:other-{n}"}}}
        world.site.posted(ANN, f"other-{n}", {**made, **media})
    found = world.platform.find(work.job())
    assert isinstance(found, Posted) and found.id == first
    assert sum(asked.op == "read" for asked in world.site.requests) == 3
    del world.site.posts[first]
    assert world.platform.find(work.job()) == Absent()


def test_a_members_posts_that_may_not_be_read_leave_it_unknown(world: World) -> None:
    work = world.work(size=1000, token=world.site.token(ANN, MEMBERS))
    work.ready()
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert world.platform.find(work.job()) == Absent()


def test_a_post_that_linkedin_could_not_publish_is_over(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    one = f'{{"id": "urn:li:share:1", "content": {{"media": {{"id": "{work.kept["video"]}"}}}}'
    body = f'{{"elements": [{one}, "lifecycleState": "PUBLISH_FAILED"}}]}}'
    world.meets("read", Reply(body=body.encode()))
    with pytest.raises(PlatformSaid, match="failed to publish") as error:
        world.platform.find(work.job())
    assert error.value.action == "stop"


def test_the_pages_are_those_that_one_may_post_for(world: World) -> None:
    site(world).roles |= {"urn:li:organization:7": {ANN: "ANALYST"}, "urn:li:organization:8": {"bob": "ADMINISTRATOR"}}
    member, page = world.platform.accounts(world.token)
    assert (member.id, member.name) == (ANN, "Ann Maker")
    assert (page.id, page.name, page.handle) == (PAGE, "Page 2414183", "page-2414183")
    assert [one.id for one in world.platform.accounts(world.site.token(ANN, MEMBERS))] == [ANN]


def test_a_page_is_posted_for(world: World) -> None:
    name = posted(world, PAGE)
    assert world.site.posts[name].account == PAGE
    site(world).roles.clear()
    with pytest.raises(PlatformSaid) as error:
        posted(world, PAGE)
    assert error.value.action == "reconnect"


@pytest.mark.parametrize(("on", "scopes"), [(False, SCOPES), (True, SCOPES + MORE_SCOPES)])
def test_scopes_that_the_app_may_not_have_are_asked_for_where_it_is_said_to(
    world: World, on: bool, scopes: tuple[str, ...]
) -> None:
    told = LinkedIn(Site(address=world.address, on=on)).authorize(world.app, world.site.redirect, "s", "c")
    assert parse_qs(urlsplit(told).query)["scope"] == [" ".join(scopes)]


def test_a_version_that_has_ended_is_said_to_be_a_setting(world: World) -> None:
    assert site(world).version == VERSION
    site(world).version = "202701"
    with pytest.raises(PlatformSaid, match="set a newer version") as error:
        world.work(size=1000).ready()
    assert error.value.action == "stop"
    world.platform = LinkedIn(Site(address=world.address, version="202701"))
    posted(world)


def test_an_app_that_is_given_no_refresh_token_is_connected_again(world: World) -> None:
    site(world).renews = False
    secret, challenge = verifier()
    back = world.site.allowed(ANN, world.platform.authorize(world.app, world.site.redirect, "s", challenge))
    tokens = world.platform.exchange(world.app, world.site.redirect, back["code"], secret)
    assert tokens.refresh is None
    with pytest.raises(PlatformSaid) as error:
        world.platform.refresh(world.app, tokens)
    assert error.value.action == "reconnect"
    kept = Tokens(access="a", refresh="again", lasts_s=1, refresh_lasts_s=None, scopes=("openid",))
    site(world).refreshes["again"] = Token(account=ANN, until=0, scopes=("openid",))
    assert world.platform.refresh(world.app, kept).refresh == "again", "the old one stays where no other is given"


def test_the_same_text_again_is_refused_in_linkedins_words(world: World) -> None:
    site(world).twins = False
    first = posted(world)
    with pytest.raises(PlatformSaid, match=f"duplicate of {first}; .* change it") as error:
        posted(world)
    assert (error.value.code, error.value.action) == ("DUPLICATE_POST", "stop")


def test_a_link_closes_the_text_where_there_is_room_and_else_is_said_to_be_left_out(world: World) -> None:
    link = "https://cutroom.example/tea"
    fits = Post(title="", body="a" * (LONGEST - len(link) - 1), link=link)
    assert len(text_of(fits)) == LONGEST and text_of(fits).endswith(f"\n{link}")
    assert text_of(Post(title="", body=f"See {link}", link=link)) == f"See {link}"
    longer = replace(fits, body=f"{fits.body}a")
    assert text_of(longer) == longer.body
    picture = File(object="cover.jpg", sha256="0" * 64, size=10, kind="image/jpeg")
    work = world.work(replace(longer, ai_made=True, paid_partnership=True), cover=picture)
    left = dict(world.platform.finish(work.job(), "urn:li:share:1").left_out)
    assert set(left) == {"cover", "that it was made by AI", "a paid partnership", "link"}


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_nothing_is_asked_for_a_post_that_is_not_for_everybody(world: World, visibility: str) -> None:
    with pytest.raises(PlatformSaid, match="everybody"):
        world.work(Post(title="", body="Tea", visibility=visibility)).ready()  # type: ignore[arg-type]
    assert not world.site.requests


def test_a_pages_figures_are_read_by_its_post(world: World) -> None:
    first, second = posted(world, PAGE, "one"), posted(world, PAGE, "two")
    share = {"impressionCount": 900, "uniqueImpressionsCount": 500, "clickCount": 7, "likeCount": 5, "shareCount": 1}
    world.site.posts[first].counts = {"share": share, "VIDEO_VIEW": 400, "TIME_WATCHED_FOR_VIDEO_VIEWS": 123456}
    world.site.posts[second].counts = {"share": {"impressionCount": 1}}
    now = datetime.now(UTC)
    told = world.platform.measure(world.token, PAGE, first, now, now)
    whole = Metrics(impressions=900, reach=500, views=400, watch_ms=123456, clicks=7, likes=5, shares=1)
    assert told.metrics == whole and "3 seconds" in told.view
    assert world.platform.measure(world.token, PAGE, second, now, now).metrics == Metrics(impressions=1)


def test_a_members_figures_are_none_without_the_scope(world: World) -> None:
    name = posted(world)
    kinds = [kind for kinds in OF_MEMBERS.values() for kind in kinds]
    world.site.posts[name].counts = {kind: n for n, kind in enumerate(kinds, 1)}
    now = datetime.now(UTC)
    told = world.platform.measure(world.token, ANN, name, now, now).metrics
    assert told == Metrics(
        impressions=1, reach=2, clicks=3, likes=4, comments=5, shares=6, saves=7, follows=8, views=9, watch_ms=10
    )
    asked = len(world.site.requests)
    told = world.platform.measure(world.site.token(ANN, MEMBERS), ANN, name, now, now).metrics
    assert told == Metrics() and len(world.site.requests) - asked == 2


def test_a_figure_that_a_version_does_not_have_is_none_and_hides_no_other(world: World) -> None:
    name = posted(world)
    world.site.posts[name].counts = {"IMPRESSION": 9, "VIDEO_PLAY": 4}
    world.site.decide = lambda asked: 400 if "POST_SAVE" in asked.request.path else None
    now = datetime.now(UTC)
    assert world.platform.measure(world.token, ANN, name, now, now).metrics == Metrics(impressions=9, views=4)


def test_the_whole_story_by_the_ledger(tmp_path: Path, world: World) -> None:
    """The commit's answer is lost, and the post found by its video."""
    site(world).people["ann"] = "Ann"
    world.site.tokens[TOKEN] = Token(account="ann", until=world.site.now() + 1e6, scopes=world.site.scopes)
    at = desk(tmp_path, world.platform)
    at.channel("linkedin")
    world.meets("commit", "lost")
    key = at.schedule(network="linkedin")
    assert at.until(key, until=lambda body: body["step"] == "unknown")["error"]["code"] == "unknown"
    body = at.until(key)
    (post,) = world.site.posts.values()
    assert (body["step"], body["remote"]) == ("published", post.id)
    assert body["url"] == f"https://www.linkedin.com/feed/update/{post.id}/"
