"""A post goes out once, whatever fails and whoever dies; or it is said that nobody knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.chores.connections import channels
from common.chores.posts.publishing import BEGINNINGS, GRACE, LEAD, TRIES
from common.errors import PlatformSaid, Transient, Unreachable
from common.ports.calls import key_of
from common.ports.clock import parse, stamp
from common.ports.documents import Update, Write
from common.ports.platforms import Finished, Job, Ready, Wait
from tests.harness import Meddling
from tests.publishing.desk import TENANT, Desk, desk
from tests.publishing.plain import Dead, Fault, Plain


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    yield desk(tmp_path)


def test_it_goes_out_at_its_time_and_is_kept_with_all_that_was_said(at: Desk) -> None:
    at.channel()
    key = at.schedule(after_s=3600)
    slot = parse(at.read(key)["slot"])
    at.until(key, until=lambda body: body["step"] == "ready")
    assert slot - LEAD <= at.clock.now() < slot and not at.plain.posts, "made ready before, and not shown to anybody"
    body = at.until(key)
    assert (body["step"], body["remote"], body["url"]) == (
        "published",
        "post-of-container-1",
        "https://plain.example/p/post-of-container-1",
    )
    assert slot <= parse(body["published"]) <= slot + timedelta(seconds=60)
    assert at.plain.posts == {"container-1": 1}
    assert body["raw"] == {"ok": True} and body["cost_micros"] == 15_000


@pytest.mark.parametrize("fault", ["lost after", "late"])
def test_an_answer_that_was_lost_is_found_by_reading(at: Desk, fault: Fault) -> None:
    at.channel()
    at.plain.faults = [fault]
    key = at.schedule()
    body = at.until(key, until=lambda body: body["step"] == "unknown")
    assert body["error"]["code"] == "unknown"
    body = at.until(key)
    assert (body["step"], body["remote"]) == ("published", "post-of-container-1")
    assert at.plain.posts == {"container-1": 1}


def test_what_nobody_can_find_is_read_for_a_day_and_never_sent_again(at: Desk) -> None:
    at.channel()
    at.plain.faults, at.plain.blind = ["lost before"], True
    key = at.schedule()
    begun = at.clock.now()
    body = at.until(key)
    assert body["step"] == "unknown" and "look at the channel" in body["error"]["text"]
    assert not at.plain.posts and at.clock.now() - begun >= timedelta(days=1)


def test_what_the_platform_says_is_still_open_is_committed_again(at: Desk) -> None:
    at.channel()
    at.plain.faults, at.plain.again = ["lost before"], True
    key = at.schedule()
    assert at.until(key)["step"] == "published"
    assert at.plain.posts == {"container-1": 1}


@pytest.mark.parametrize("fault", ["lost after", "lost before", "late"])
def test_a_death_right_after_a_reading_settled_it_leaves_nothing_undone(at: Desk, fault: Fault) -> None:
    """The call is settled and the post is not: the next reading settles it again."""
    at.channel()
    at.plain.faults, at.plain.again = [fault], True
    key = at.schedule()
    dead = False

    def after(writes: Sequence[Write]) -> None:
        nonlocal dead
        settled = any(
            isinstance(write, Update)
            and write.key == key_of(key, "commit.1")
            and write.fields.get("state") in ("done", "not_sent")
            for write in writes
        )
        if settled and not dead:
            dead = True
            raise Dead

    at.with_documents(Meddling(at.tools.engine.documents, after=after))
    with pytest.raises(Dead):
        at.until(key)
    if fault == "lost before":
        at.plain.late.append("container-1")  # what was lost comes after all
    at.reborn()
    body = at.until(key)
    assert (body["step"], body["remote"]) == ("published", "post-of-container-1")
    assert at.plain.posts == {"container-1": 1}


def test_a_refusal_to_commit_is_no_doubt(at: Desk) -> None:
    at.channel()
    wait = PlatformSaid("too many", code="rate", action="wait", after_s=900)
    at.plain.faults = [wait, "not connected"]
    key = at.schedule()
    begun = at.clock.now()
    assert at.until(key)["step"] == "published"
    assert at.plain.posts == {"container-1": 1} and at.clock.now() - begun >= timedelta(seconds=900)


def test_a_policy_that_it_breaks_ends_it_in_the_platforms_words(at: Desk) -> None:
    at.channel()
    at.plain.faults = [PlatformSaid("music that is not yours", code="policy", raw={"code": 7})]
    key = at.schedule()
    body = at.until(key)
    assert (body["step"], body["error"]["text"], body["error"]["raw"]) == (
        "failed",
        "music that is not yours",
        {"code": 7},
    )


def test_a_container_that_is_gone_is_begun_anew(at: Desk) -> None:
    at.channel()
    at.plain.faults = [PlatformSaid("expired", code="expired", action="retry", anew=True)]
    key = at.schedule()
    assert at.until(key)["step"] == "published"
    assert at.plain.begun == ["container-1", "container-2"] and at.plain.posts == {"container-2": 1}


def test_a_file_that_is_let_go_again_and_again_is_not_sent_for_ever(at: Desk) -> None:
    at.channel()
    at.plain.faults = [PlatformSaid("cannot work on it", code="odd", action="retry", anew=True) for _ in range(20)]
    key = at.schedule()
    body = at.until(key)
    assert (body["step"], body["error"]["action"]) == ("failed", "re-render")
    assert len(at.plain.begun) == BEGINNINGS and not at.plain.posts


def test_a_platform_that_is_never_done_with_a_file_is_not_waited_for_for_ever(at: Desk) -> None:
    at.channel()
    at.plain.waits = 10**6
    key = at.schedule()
    body = at.until(key)
    assert (body["step"], body["error"]["code"]) == ("failed", "too_slow") and not at.plain.posts


@pytest.mark.parametrize("late", ["a machine that was off", "a channel that was gone"])
def test_what_begins_days_after_its_time_is_waited_for_like_any_other(at: Desk, late: str) -> None:
    """The day is the platform's, from when it was begun: what was late before is not its work."""
    gone = late == "a channel that was gone"
    channel = at.channel(state="broken", error="no") if gone else at.channel()
    key = at.schedule()
    if gone:
        assert at.until(key)["step"] == "held"
    at.clock.move(timedelta(days=2).total_seconds())
    if gone:
        snap = at.tools.engine.documents.get_many([f"tenants/{TENANT}/channels/{channel}"])
        (one,) = snap.values()
        at.tools.engine.documents.commit([Update(one.key, {"state": "connected"}, one.version)])
        assert channels.freed(at.tools.engine, TENANT, channel) == 1
    full = PlatformSaid("enough for now", code="quota", action="wait", after_s=3600)
    at.plain.waits, at.plain.advances = 3, [full] * (TRIES + 1)
    body = at.until(key)
    assert body["step"] == "published", body["error"]


def test_a_token_that_is_refused_holds_it_and_breaks_the_channel(at: Desk) -> None:
    channel = at.channel()
    at.plain.token = "another"
    key = at.schedule()
    body = at.until(key)
    assert (body["step"], body["error"]["code"]) == ("held", "reconnect")
    assert at.read(f"tenants/local/channels/{channel}")["state"] == "broken"
    assert not at.plain.begun


def test_what_fails_on_and_on_is_given_up(at: Desk) -> None:
    at.channel()
    at.plain.advances = [Unreachable("nobody there")] * TRIES
    key = at.schedule()
    body = at.until(key)
    assert body["step"] == "failed" and f"tried {TRIES} times" in body["error"]["text"]


def test_a_slot_that_was_missed_is_late_or_held_as_was_wished(at: Desk) -> None:
    at.channel()
    held, late = at.schedule("held", late="hold"), at.schedule("late", late="publish")
    at.clock.move(GRACE.total_seconds() + 60)
    assert at.until(held)["error"]["code"] == "late" and at.step(held) == "held"
    assert at.until(late)["step"] == "published"


def test_what_comes_after_a_post_cannot_undo_it(at: Desk) -> None:
    at.channel()
    at.plain.finishes = [PlatformSaid("no thumbnails for you", code="unverified")]
    key = at.schedule()
    body = at.until(key)
    assert body["step"] == "published" and body["left_out"][0]["why"] == "no thumbnails for you"


def test_what_a_post_is_called_may_be_told_later(at: Desk) -> None:
    at.channel()
    at.plain.silent = True
    wait = PlatformSaid("it is looked at", code="processing", action="wait", after_s=1800)
    at.plain.finishes = [wait, Unreachable("nobody there"), Finished(id="post-9", url="https://plain.example/9")]
    key = at.schedule()
    body = at.until(key, until=lambda body: body["step"] == "published")
    assert body["remote"] is None
    published = at.clock.now()
    body = at.until(key)
    assert (body["step"], body["remote"], body["url"]) == ("published", "post-9", "https://plain.example/9")
    assert at.clock.now() - published >= timedelta(seconds=1800), "no sooner than the platform says"


def test_its_figures_wait_for_what_it_is_called(at: Desk) -> None:
    """Though the first of them are due before."""
    at.channel()
    at.plain.silent = True
    wait = PlatformSaid("it is looked at", code="processing", action="wait", after_s=3 * 3600)
    at.plain.finishes = [wait, Finished(id="post-9")]
    key = at.schedule()
    figures = f"tenants/{TENANT}/chores/insights-{key.rpartition('/')[2]}"
    at.until(key, until=lambda body: body.get("remote") is not None)
    body = at.until(figures, until=lambda body: "read" in body)
    assert "read" in body and "left_out" not in body


def test_what_a_platform_took_and_does_not_show_has_failed(at: Desk) -> None:
    at.channel()
    at.plain.silent = True
    no = PlatformSaid("the frame rate is not what we take", code="frame_rate", action="re-render", raw={"code": 3})
    at.plain.finishes = [Finished(undone=no)]
    body = at.until(at.schedule())
    assert (body["step"], body["error"]["code"], body["error"]["action"]) == ("failed", "frame_rate", "re-render")
    assert at.plain.posts == {"container-1": 1}, "and is not posted again"


def test_nothing_is_learned_of_what_a_platform_does_not_show(at: Desk) -> None:
    """Its figures would be those of a post that nobody could see."""
    at.channel()
    no = PlatformSaid("it shows too much", code="policy")
    at.plain.finishes = [Finished(undone=no)]
    key = at.schedule()
    at.until(key)
    name = key.rpartition("/")[2]
    body = at.until(f"tenants/{TENANT}/chores/insights-{name}", seconds=8 * 86_400)
    assert "due" not in body and "read" not in body
    outcome = f"tenants/{TENANT}/outcomes/{name}"
    assert not at.tools.engine.documents.get_many([outcome])


def test_a_commit_whose_channel_went_is_in_doubt_and_a_person_may_say(at: Desk) -> None:
    """Its worker died at the commit, and nobody may look any more: that is unknown, and not committing for ever."""
    channel = at.channel()
    key = at.schedule()
    documents = at.tools.engine.documents

    def after(writes: Sequence[Write]) -> None:
        if any(write.key == key_of(key, "commit.1") for write in writes):
            snap = documents.get_many([f"tenants/{TENANT}/channels/{channel}"])
            (one,) = snap.values()
            documents.commit([Update(one.key, {"state": "disconnected"}, one.version)])
            raise Dead

    at.with_documents(Meddling(documents, after=after))
    with pytest.raises(Dead):
        at.until(key)
    at.with_documents(documents)
    at.reborn()
    body = at.until(key, seconds=7200, until=lambda body: (body.get("error") or {}).get("code") == "disconnected")
    assert (body["step"], body["error"]["action"]) == ("unknown", "reconnect")
    assert documents.get_many([key_of(key, "commit.1")])[key_of(key, "commit.1")].body["state"] == "unknown"


def test_what_is_held_while_its_channel_is_connected_again_goes_on(at: Desk) -> None:
    """Whoever lets go what waited has looked already, and will not look again."""
    channel = at.channel(state="broken", error="no")
    key = at.schedule()
    documents = at.tools.engine.documents
    where = f"tenants/{TENANT}/channels/{channel}"

    def before(writes: Sequence[Write]) -> None:
        held = any(write.key == key and getattr(write, "fields", {}).get("step") == "held" for write in writes)
        if held and documents.get_many([where])[where].body["state"] == "broken":
            documents.commit([Update(where, {"state": "connected"}, documents.get_many([where])[where].version)])
            assert channels.freed(at.tools.engine, TENANT, channel) == 0

    at.with_documents(Meddling(documents, before=before))
    assert at.until(key)["step"] == "published"


def test_of_an_account_that_was_told_to_post_nothing_the_platform_has_the_word(at: Desk) -> None:
    """It said so when it was connected, and there is no post whose end would have to be waited for."""
    at.channel(posts_a_day=0)
    full = PlatformSaid("the account has posted 0 times, of 0 that it may", code="quota", action="wait", after_s=1800)
    at.plain.advances = [full]
    key = at.schedule()
    body = at.until(key, until=lambda body: "error" in body)
    assert (body["error"]["code"], body["error"]["action"]) == ("quota", "wait")
    assert at.until(key)["step"] == "published"


def test_a_text_that_is_changed_as_it_is_begun_is_what_goes_out(tmp_path: Path) -> None:
    """Whoever changed it was told that it is changed."""
    texts: list[str] = []

    class Reader(Plain):
        def advance(self, job: Job) -> Ready | Wait:
            texts.append(job.post.body)
            return super().advance(job)

    at = desk(tmp_path, Reader())
    at.channel()
    key = at.schedule()
    documents = at.tools.engine.documents

    def before(writes: Sequence[Write]) -> None:
        snap = documents.get_many([key])[key]
        begins = any(write.key == key and getattr(write, "fields", {}).get("step") == "claimed" for write in writes)
        if begins and snap.body["post"]["body"] != "Another":
            documents.commit([Update(key, {"post": {**snap.body["post"], "body": "Another"}}, snap.version)])

    at.with_documents(Meddling(documents, before=before))
    assert at.until(key)["step"] == "published" and set(texts) == {"Another"}


def test_what_a_platform_moderates_for_hours_is_waited_for(at: Desk) -> None:
    at.channel()
    at.plain.silent = True
    wait = PlatformSaid("it is looked at", code="processing", action="wait", after_s=1200)
    at.plain.finishes = [*[wait] * (2 * TRIES), Finished(id="post-9")]
    body = at.until(at.schedule())
    assert (body["remote"], body["left_out"]) == ("post-9", [])


@pytest.mark.parametrize(("asked", "step"), [("cancel", "cancelled"), ("hold", "held")])
def test_what_is_called_off_in_the_last_moment_is_not_sent(at: Desk, asked: str, step: str) -> None:
    at.channel()
    key = at.schedule()
    documents = at.tools.engine.documents

    def before(writes: Sequence[Write]) -> None:
        if any(write.key == key_of(key, "commit.1") for write in writes):
            snap = documents.get_many([key])[key]
            documents.commit([Update(key, {"asked": asked}, snap.version)])

    at.with_documents(Meddling(documents, before=before))
    assert at.until(key)["step"] == step
    assert not at.plain.posts


@pytest.mark.parametrize("ahead", [False, True])
def test_what_is_moved_in_the_last_moment_goes_out_at_its_new_time(at: Desk, ahead: bool) -> None:
    """Wished ahead of its time or not: this platform shows nothing later by itself."""
    at.channel()
    key = at.schedule(ahead=ahead)
    documents = at.tools.engine.documents
    later = at.clock.now() + timedelta(hours=2)

    def before(writes: Sequence[Write]) -> None:
        if any(write.key == key_of(key, "commit.1") for write in writes):
            snap = documents.get_many([key])[key]
            documents.commit([Update(key, {"slot": stamp(later)}, snap.version)])

    at.with_documents(Meddling(documents, before=before))
    body = at.until(key)
    assert body["step"] == "published" and parse(body["published"]) >= later
    assert at.plain.posts == {"container-1": 1}


FAULTS = st.sampled_from([None, "lost before", "lost after", "not connected", "late"])


@given(faults=st.lists(FAULTS, max_size=4), again=st.booleans(), deaths=st.lists(st.integers(0, 40), max_size=4))
def test_deaths_and_losses_at_any_write_post_it_once_or_leave_it_unknown(
    tmp_path_factory: pytest.TempPathFactory, faults: list[Fault], again: bool, deaths: list[int]
) -> None:
    """`deaths` count the writes that each life does; an odd one dies after the write is done, an even one before."""
    at = desk(tmp_path_factory.mktemp("desk"), Plain(faults=list(faults), again=again, waits=1))
    at.channel()
    key = at.schedule()
    documents, left = at.tools.engine.documents, iter(deaths)
    life = next(left, None)

    def count(when: int) -> None:
        nonlocal life
        if life is not None and life % 2 == when:
            life -= 2
            if life < 0:
                life = next(left, None)
                raise Dead

    def before(writes: Sequence[Write]) -> None:
        count(0)

    def after(writes: Sequence[Write]) -> None:
        count(1)

    at.with_documents(Meddling(documents, before=before, after=after))
    for _ in range(500):
        try:
            body = at.until(key)
            break
        except Dead:
            at.reborn()
        except Transient:
            continue
    assert all(times == 1 for times in at.plain.posts.values()) and len(at.plain.posts) <= 1
    assert body["step"] in ("published", "unknown", "failed")
    if body["step"] == "published":
        assert len(at.plain.posts) == 1
    if body["step"] == "failed":
        assert not at.plain.posts
