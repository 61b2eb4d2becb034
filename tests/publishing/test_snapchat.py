"""What is Snapchat's own: a switch, files that are encrypted in parts, media that is posted once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from common.adapters.platforms.site import Site
from common.adapters.platforms.snapchat import LASTS_S, MOST_PARTS, OFF, SPLIT, Snapchat, count_of
from common.domain.publication import File, Metrics, Post
from common.errors import Permanent, PlatformSaid, Unreachable
from common.ports.platforms import Absent, App, Job, Platform, Posted, Tokens
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import Dead, World, content
from tests.standins.loopback import Reply, Request
from tests.standins.platforms import snapchat as standin
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked

APP = App(id="id", secret="secret")
TOKENS = Tokens(access="a", refresh="b", lasts_s=None, refresh_lasts_s=None, scopes=())
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["snapchat"]() as made:
        yield made


def site(world: World) -> standin.Snapchat:
    return cast(standin.Snapchat, world.site)


CALLS: dict[str, Callable[[Platform, Job], Any]] = {
    "price_micros": lambda snap, job: snap.price_micros(job.post),
    "advance": lambda snap, job: snap.advance(job),
    "commit": lambda snap, job: snap.commit(job),
    "find": lambda snap, job: snap.find(job),
    "finish": lambda snap, job: snap.finish(job, "1"),
    "measure": lambda snap, job: snap.measure("t", "a", "1", NOW, NOW),
    "authorize": lambda snap, job: snap.authorize(APP, "r", "s", "c"),
    "exchange": lambda snap, job: snap.exchange(APP, "r", "c", "v"),
    "refresh": lambda snap, job: snap.refresh(APP, TOKENS),
    "revoke": lambda snap, job: snap.revoke(APP, TOKENS),
    "accounts": lambda snap, job: snap.accounts("t"),
    "linked": lambda snap, job: snap.linked("t", "a"),
}


def test_all_methods_are_tried() -> None:
    known = {name for name in vars(Platform) if not name.startswith("_")}
    assert known - {"network", "kinds", "shows_later"} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_done_where_it_is_not_switched_on(world: World, name: str) -> None:
    off = Snapchat(Site(address=world.address))
    with pytest.raises(Permanent, match="list") as error:
        CALLS[name](off, world.work().job())
    assert str(error.value) == OFF and "switch Snapchat on" in OFF
    assert not world.site.requests


def test_what_is_wrong_in_a_request_is_refused(world: World) -> None:
    def more(asked: Asked) -> Iterator[Request]:
        for old, new in ((b"ADD", b"ODD"), (b"FINALIZE", b"FINALISE"), (b'name="part_number"', b'name="number"')):
            if asked.op in ("part", "end") and old in asked.request.body[:1000]:
                yield replace(asked.request, body=asked.request.body.replace(old, new, 1))

    mutants = Mutants(world.site, more)
    tokens = world.allowed()
    world.platform.accounts(tokens.access)
    work = world.work(size=1000, token=tokens.access)
    work.ready()
    told = world.platform.commit(work.job())
    assert told.id is not None and isinstance(world.platform.find(work.job()), Posted)
    world.platform.measure(tokens.access, world.account, told.id, NOW, NOW)
    world.platform.revoke(world.app, tokens)
    assert not mutants.taken and mutants.tried > 20 and world.posts() == 1
    assert {asked.op for asked in world.site.requests} == {op for _, _, op, _ in site(world).routes}


@pytest.mark.parametrize(
    "size", [1, 15, 16, 17, SPLIT - 17, SPLIT - 16, SPLIT - 1, SPLIT, SPLIT + 1, 2 * SPLIT, 2 * SPLIT + 5]
)
def test_the_file_is_what_it_was_once_it_is_decrypted(world: World, size: int) -> None:
    work = world.work(size=size)
    work.ready()
    (media,) = site(world).media.values()
    assert media.sha256 == hashlib.sha256(content(size)).hexdigest()
    assert len(media.parts) == count_of(size) and all(len(part) <= SPLIT for part in media.parts.values())


def test_it_is_encrypted_on_from_the_last_part_in_another_life(world: World) -> None:
    size = 2 * SPLIT + 5
    work = world.work(size=size, dies=2)  # once two of three parts are there, of which one was not kept
    with pytest.raises(Dead):
        work.ready()
    assert work.kept["parts"] == 1
    work.dies = None
    work.ready()
    (media,) = site(world).media.values()
    assert media.sha256 == hashlib.sha256(content(size)).hexdigest() and world.sent() == size + SPLIT


def test_no_two_files_have_one_key(world: World) -> None:
    for _ in range(3):
        world.work(size=1000).ready()
    keys = {media.key for media in site(world).media.values()}
    assert len(keys) == 3 == len({media.iv for media in site(world).media.values()})


def test_more_than_it_takes_is_refused_before(world: World) -> None:
    work = world.work()
    job = work.job()
    with pytest.raises(PlatformSaid, match=str(MOST_PARTS * SPLIT)) as error:
        world.platform.advance(replace(job, video=replace(job.video, size=MOST_PARTS * SPLIT)))
    assert error.value.action == "re-render" and not world.site.requests


def test_media_that_is_processed_is_waited_for(world: World) -> None:
    site(world).processing = 1
    work = world.work(size=1000)
    work.ready()
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert (error.value.action, error.value.after_s) == ("wait", 15.0)
    world.platform.commit(work.job())
    assert world.posts() == 1


def test_media_that_is_being_posted_leaves_it_unknown(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    world.platform.commit(work.job())
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    assert isinstance(world.platform.find(work.job()), Posted) and world.posts() == 1


def test_media_that_has_ended_is_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    work = world.work(size=1000)
    work.ready()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LASTS_S + 1)
    world.site.lasts_s = 1e6
    work.ready()
    assert world.begun() == 2
    world.site.now = lambda: now + 49 * 3600
    work.token = world.site.token(world.owner)
    with pytest.raises(PlatformSaid) as error:
        world.platform.commit(work.job())
    assert error.value.anew and error.value.action == "retry" and world.posts() == 0


def test_a_post_is_found_among_many_by_its_media(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    world.meets("commit", "lost")
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    first = next(iter(world.site.posts))
    for n in range(120):
        world.site.posted(world.account, f"other-{n}", {"description": "How to make tea #tea"})
    found = world.platform.find(work.job())
    assert isinstance(found, Posted) and found.id == first
    assert sum(asked.op == "read" for asked in world.site.requests) == 3
    del world.site.posts[first]
    assert world.platform.find(work.job()) == Absent()


@pytest.mark.parametrize("field", ["add_path", "finalize_path"])
def test_the_token_goes_to_no_other_host(world: World, field: str) -> None:
    paths = {"media_id": "m", "add_path": "/a", "finalize_path": "/f", field: "https://evil.example/a"}
    told = ", ".join(f'"{name}": "{value}"' for name, value in paths.items())
    world.meets("begin", Reply(body=f'{{"request_status": "SUCCESS", {told}}}'.encode()))
    work = world.work(size=1000)
    with pytest.raises(PlatformSaid, match="evil"):
        work.ready()
    assert not work.kept
    world.meets("begin", Reply(body=f'{{"request_status": "SUCCESS", {told}}}'.replace("https:", "").encode()))
    with pytest.raises((PlatformSaid, Unreachable)):
        work.ready()
    assert all(asked.request.headers["Host"] in world.address for asked in world.site.requests)


def test_a_refusal_in_a_good_answer_is_one(world: World) -> None:
    body = b'{"request_status": "ERROR", "error_code": "E1", "display_message": "Not today"}'
    world.meets("begin", Reply(body=body))
    with pytest.raises(PlatformSaid, match="Not today"):
        world.work(size=1000).ready()


def test_an_app_that_is_not_on_the_list_is_told_so(world: World) -> None:
    body = b'{"request_status": "ERROR", "error_code": "AUTHORIZATION_PERMISSION_DENIED", "display_message": "No"}'
    world.meets("accounts", Reply(status=403, body=body))
    with pytest.raises(PlatformSaid, match="No") as error:
        world.platform.accounts(world.token)
    assert error.value.action == "reconnect"


def test_what_it_cannot_show_with_a_post_is_said(world: World) -> None:
    picture = File(object="cover.jpg", sha256="0" * 64, size=10, kind="image/jpeg")
    post = Post(title="", body="Tea", link="https://cutroom.example", ai_made=True, paid_partnership=True)
    left = dict(world.platform.finish(world.work(post, cover=picture).job(), "1").left_out)
    assert set(left) == {"cover", "link", "that it was made by AI", "a paid partnership", "address"}
    with pytest.raises(PlatformSaid, match="everybody"):
        world.work(Post(title="", body="Tea", visibility="private")).ready()


def test_its_views_are_read_and_nothing_else_is_made_up(world: World) -> None:
    work = world.work(size=1000)
    work.ready()
    told = world.platform.commit(work.job())
    assert told.id is not None
    world.site.posts[told.id].counts = {"SPOTLIGHT_VIEWS": 41}
    assert world.platform.measure(world.token, world.account, told.id, NOW, NOW).metrics == Metrics(views=41)
