"""What every platform's adapter keeps to: a post goes out once, is gone on with after any death, and is found again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.publication import Metrics
from common.errors import NotConnected, PlatformSaid, Unreachable
from common.ports.platforms import Absent, Finished, Open, Posted, Ready
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import MOST_READ, SIZE, Dead, Work, World, content, verifier
from tests.standins.platforms.network import RETRY_AFTER, Asked, Fault

NAUGHTY = (
    "undefined", "1e999", "-- ; DROP TABLE posts", "' OR 1=1 --", '{"$gt": ""}', "<script>alert(1)</script>", "{{7*7}}",
    "%n%s%x", "%00", "$(touch /tmp/blns.fail)", "../../etc/passwd", "a\r\nSet-Cookie: x", "a\tb", "a&b=c;d+e%20f",
    "İıſß",     "Z\u0336a\u0489lgo", "\u202eevil\u2066", "\ufeffmark", "💸👩‍👩‍👧‍👦🇺🇳", "ด้้้้้็็็็็", "社會科學院語學研究所",
    "مُنَاقَشَةُ", "\U000e0001", "=1+1",
    "__proto__", "тест", "ﾟ･✿ヾ╲(｡◕‿◕｡)╱✿･ﾟ", "“smart” ‘quotes’", "Ω≈ç√∫˜µ≤≥÷", "\u00a0nbsp\u2003em",
)  # fmt: skip


@pytest.fixture(params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with WORLDS[request.param]() as made:
        yield made


def out(work: Work) -> Posted:
    work.ready()
    return work.world.platform.commit(work.job())


def at(op: str | None, passes: int, fault: Fault) -> Callable[[Asked], Fault | None]:
    """The fault is met by one request of an op, or of any, after so many have passed."""
    count = itertools.count()
    return lambda asked: fault if op in (None, asked.op) and next(count) == passes else None


def finished(work: Work, posted: Posted) -> Finished:
    """Where the platform is at work on what is out, it is asked again."""
    while True:
        try:
            return work.world.platform.finish(work.job(), posted.id)
        except PlatformSaid as error:
            assert error.action == "wait"


def named(work: Work, posted: Posted) -> str:
    """Its id, which some platforms tell only later."""
    name = posted.id or finished(work, posted).id
    assert name is not None
    return name


def test_a_post_goes_out_from_nothing(world: World) -> None:
    world.site.slow = 2
    work = world.work()
    posted = out(work)
    assert world.posts() == 1 and world.begun() == 1 and world.sent() == SIZE
    assert world.arrived() in (content(SIZE), None)
    assert world.texts(work.post) == world.said()
    assert posted.raw, "what it said is kept"
    assert finished(work, posted) is not None
    assert work.steps[0] == "container" and world.posts() == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_it_is_gone_on_with_after_a_death_at_every_write(world: World, after: bool) -> None:
    world.site.slow = 1
    for dies in itertools.count():
        begun, sent, posts = world.begun(), world.sent(), world.posts()
        work = world.work(dies=dies, after=after)
        try:
            work.ready()
            died = False
        except Dead:
            died = True
            had = bool(work.kept)
            work.dies = None
            work.ready()
        world.platform.commit(work.job())
        assert world.posts() - posts == 1
        if not died:
            break
        assert world.begun() - begun == (1 if had else 2), "what was kept is gone on with, and nothing begun anew"
        assert world.sent() - sent <= SIZE + world.part
    assert dies >= 2, "it keeps what it is given"


def test_it_dies_in_every_life_and_goes_out_all_the_same(world: World) -> None:
    work = world.work(dies=1, after=True)
    for _ in range(100):
        try:
            work.ready()
            break
        except Dead:
            work.dies = 2
    else:
        raise AssertionError("it never gets anywhere")
    world.platform.commit(work.job())
    assert (world.posts(), world.begun()) == (1, 1)


@pytest.mark.parametrize("fault", ["lost", "reset", 503])
def test_an_upload_goes_on_at_what_the_platform_has(world: World, fault: Fault) -> None:
    """In the middle, where it goes in parts."""
    for passes in range(2 if world.parted else 1):
        begun, sent = world.begun(), world.sent()
        work = world.work()
        world.site.decide = at("part", passes, fault)
        with nullcontext() if world.rides and passes else pytest.raises(Unreachable):
            work.ready()
        world.site.decide = None
        out(work)
        assert world.begun() - begun == 1
        assert SIZE <= world.sent() - sent <= SIZE + world.part
        assert world.arrived() in (content(SIZE), None)


def test_whatever_answer_is_lost_before_the_commit_it_goes_on(world: World) -> None:
    """One after another, each request of a whole story."""
    world.site.slow = 1
    for lost in itertools.count():
        work, posts, asked = world.work(), world.posts(), len(world.site.requests)
        world.site.decide = at(None, lost, "lost")
        with suppress(Unreachable):
            work.ready()
        world.site.decide = None
        hit = len(world.site.requests) - asked > lost
        work.ready()
        world.platform.commit(work.job())
        assert world.posts() - posts == 1
        if not hit:
            break
    assert lost >= 3, "a story has some requests"


def test_a_commit_whose_answer_is_lost_is_found(world: World) -> None:
    work = world.work()
    work.ready()
    world.meets(world.commit, "lost")
    with pytest.raises(Unreachable) as error:
        world.platform.commit(work.job())
    assert not isinstance(error.value, NotConnected), "it did leave"
    assert world.posts() == 1
    other = world.work(world.posting("Coffee", "How to make coffee"))
    other.kept = {}
    out(other)  # the newest is another's
    found = world.platform.find(work.job())
    assert isinstance(found, Posted) and world.posts() == 2
    ids = list(world.site.posts)
    assert found.id in (ids[0], None), "never the newest"


def test_a_commit_that_was_not_done_is_absent_or_open(world: World) -> None:
    work = world.work()
    work.ready()
    world.meets(world.commit, "reset")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    out(world.work())  # of the same texts
    found = world.platform.find(work.job())
    assert isinstance(found, Absent | Open)
    if isinstance(found, Open):
        world.platform.commit(work.job())
        assert world.posts() == 2 and isinstance(world.platform.find(work.job()), Posted)


def test_a_commit_that_is_done_late_is_not_open_meanwhile(world: World) -> None:
    if not world.late:
        pytest.skip("it takes a container once, so that it may be committed again")
    work = world.work()
    work.ready()
    world.meets(world.commit, "late")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Absent)
    world.site.catch_up()
    assert isinstance(world.platform.find(work.job()), Posted) and world.posts() == 1


def test_what_breaks_a_policy_is_refused_in_the_platforms_words(world: World) -> None:
    work = world.work()
    work.ready()
    world.meets(world.commit, "policy")
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    words = world.site.fault("policy", world.site.requests[-1]).message.rstrip(".")
    assert words in str(error.value) and error.value.action == "stop" and error.value.raw
    assert world.posts() == 0


def test_a_token_that_has_ended_is_to_be_got_anew(world: World) -> None:
    work = world.work()
    world.site.revoke(world.owner)
    with pytest.raises(PlatformSaid) as error:
        work.slice()
    assert error.value.action == "reconnect" and not work.kept


def test_a_token_that_ends_in_the_middle_loses_nothing(world: World) -> None:
    work = world.work()
    work.ready()
    world.site.revoke(world.owner)
    if not world.signed:
        world.platform.commit(work.job())
        assert world.posts() == 1
        return
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert error.value.action == "reconnect" and world.posts() == 0
    work.token = world.token = world.signed_in()
    out(work)
    assert (world.posts(), world.begun()) == (1, 1)


def test_too_many_requests_are_waited_out_as_told(world: World) -> None:
    work = world.work()
    world.meets("begin", 429)
    with pytest.raises(PlatformSaid) as error:
        work.ready()
    assert (error.value.action, error.value.after_s) == ("wait", RETRY_AFTER)
    work.ready()
    world.meets(world.commit, 429)
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert (error.value.action, error.value.after_s) == ("wait", RETRY_AFTER) and world.posts() == 0
    out(work)
    assert world.posts() == 1


def test_a_server_that_is_broken_is_tried_again(world: World) -> None:
    work = world.work()
    world.meets("begin", 503)
    with pytest.raises(Unreachable):
        work.ready()
    out(work)
    assert world.posts() == 1


def test_what_cannot_be_connected_to_was_not_sent(world: World) -> None:
    work = world.work()
    work.ready()
    world.site.stop()
    with pytest.raises(NotConnected):
        world.platform.commit(work.job())
    assert world.posts() == 0


def test_a_container_that_is_gone_is_begun_anew(world: World) -> None:
    if world.anew is None:
        pytest.skip("nothing of it ends")
    work = world.work()
    work.ready()
    world.meets(world.anew, "gone")
    with pytest.raises(PlatformSaid) as error:
        out(work)
    assert error.value.anew and error.value.retryable and world.posts() == 0
    work.kept = {}
    out(work)
    assert (world.posts(), world.begun()) == (1, 2)


def test_a_file_that_cannot_be_processed_is_to_be_rendered_anew(world: World) -> None:
    if world.judged == "once out":
        pytest.skip("it works on a file once it is out")
    work = world.work()
    world.fails()
    with pytest.raises(PlatformSaid) as error:
        work.ready()
        if world.judged != "before":
            world.platform.commit(work.job())
            world.platform.find(work.job())
    assert error.value.action == "re-render" and world.posts() == 0


def test_a_file_is_read_in_parts(world: World) -> None:
    work = world.work(size=(40 << 20) + 1)
    out(work)
    assert max(work.reads) <= MOST_READ and world.sent() == (40 << 20) + 1


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_texts_arrive_as_they_are(world: World, text: str) -> None:
    work = world.work(world.posting(text, f"Tea: {text} and more"), size=1000)
    out(work)
    assert world.said() == world.texts(work.post)


def test_the_longest_texts_arrive_whole(world: World) -> None:
    work = world.work(world.longest(), size=1000)
    out(work)
    assert world.said() == world.texts(work.post)


def test_no_secret_is_in_an_address_or_kept(world: World) -> None:
    told, challenge = verifier()
    back = world.site.allowed(world.owner, world.platform.authorize(world.app, world.site.redirect, "s", challenge))
    tokens = world.platform.exchange(world.app, world.site.redirect, back["code"], told)
    tokens = world.platform.refresh(world.app, tokens)
    work = world.work()
    posted = out(work)
    world.platform.find(work.job())
    name = named(work, posted)
    world.platform.measure(world.token, world.account, name, _now() - timedelta(days=2), _now())
    world.platform.accounts(tokens.access)
    secrets = world.secrets() | {tokens.access, tokens.refresh or tokens.access, back["code"]}
    for secret in secrets:
        assert not [url for url in world.urls() if secret in url]
        assert secret not in str(work.kept) and secret not in str(posted.raw)


@pytest.mark.parametrize("zero", [False, True], ids=["nothing", "zeros"])
def test_what_is_not_told_is_none_and_never_0(world: World, zero: bool) -> None:
    work = world.work(size=1000)
    posted = out(work)
    name = named(work, posted)
    world.counted(zero)
    told = world.platform.measure(world.token, world.account, name, _now() - timedelta(days=2), _now())
    if zero:
        assert told.metrics.views == 0 and told.metrics.impressions in (0, None)
    else:
        assert told.metrics == Metrics()
    assert told.view and told.raw


def test_a_person_allows_it_and_takes_it_back(world: World) -> None:
    told, challenge = verifier()
    platform, site, app = world.platform, world.site, world.app
    state = "state &=/+ü"
    back = site.allowed(world.owner, platform.authorize(app, site.redirect, state, challenge))
    assert back["state"] == state
    tokens = platform.exchange(app, site.redirect, back["code"], told)
    assert tokens.lasts_s == site.lasts_s and tokens.scopes
    assert world.account in [account.id for account in platform.accounts(tokens.access)]
    platform.linked(tokens.access, world.account)
    with pytest.raises(PlatformSaid):
        platform.exchange(app, site.redirect, back["code"], told)  # a code is good once
    renewed = platform.refresh(app, tokens)
    assert renewed.access != tokens.access and platform.accounts(renewed.access)
    if world.rotates:
        assert renewed.refresh != tokens.refresh
        with pytest.raises(PlatformSaid) as error:
            platform.refresh(app, tokens)
        assert error.value.action == "reconnect"
    platform.revoke(app, renewed)
    platform.revoke(app, renewed)


@pytest.mark.parametrize("wrong", ["code", "secret", "redirect", "verifier"])
def test_a_sign_in_that_is_not_ours_is_refused(world: World, wrong: str) -> None:
    if wrong == "verifier" and not world.pkce:
        pytest.skip("it has no PKCE")
    told, challenge = verifier()
    app, redirect = world.app, world.site.redirect
    back = world.site.allowed(world.owner, world.platform.authorize(app, redirect, "s", challenge))
    code = "another" if wrong == "code" else back["code"]
    if wrong == "secret":
        app = type(app)(id=app.id, secret="another")
    if wrong == "redirect":
        redirect = "http://127.0.0.1:8080/elsewhere"
    with pytest.raises(PlatformSaid):
        world.platform.exchange(app, redirect, code, "another" if wrong == "verifier" else told)


def test_slices_end_and_are_gone_on_with(world: World) -> None:
    """Where a slice has no time left, it lets go having lost nothing."""
    work = world.work()
    for _ in range(50):
        job = work.job()
        spent = iter([False])
        object.__setattr__(job, "spent", lambda spent=spent: next(spent, True))
        if isinstance(world.platform.advance(job), Ready):
            break
    world.platform.commit(work.job())
    assert (world.posts(), world.begun(), world.sent()) == (1, 1, SIZE)


def _now() -> datetime:
    return datetime.now(UTC)
