"""What is YouTube's own: sessions, doubts, times to come, thumbnails, captions, where figures are, its documents."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from common.adapters.platforms import registry
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import Reply as Said
from common.adapters.platforms.youtube import LARGEST, LARGEST_COVER, STEP
from common.adapters.platforms.youtube_client import judge
from common.adapters.platforms.youtube_insights import REACH
from common.domain.publication import File, Metrics, Post
from common.errors import PlatformSaid, Unreachable
from common.ports.clock import stamp
from common.ports.platforms import Absent, Job, Open, Platform, Posted, Ready, Wait
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import PICTURE, SIZE, Work, World, content, verifier
from tests.publishing.discovery import document, method, paths, wrong
from tests.publishing.uploading import part
from tests.standins.loopback import Reply, Request
from tests.standins.platforms import youtube_rules as rules
from tests.standins.platforms.mutations import Mutants
from tests.standins.platforms.network import Asked, running
from tests.standins.platforms.youtube import OPS, Video, YouTube

TEA = Post(title="Tea", body="How to make tea", tags=("tea",))
COVER = File(object="cover.jpg", sha256="0" * 64, size=len(PICTURE), kind="image/jpeg")
CAPTIONS = File(object="clip.srt", sha256="0" * 64, size=100, kind="application/x-subrip")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL = 1000
IDS = {op: id for id, op in OPS.items()}


@pytest.fixture
def world() -> Iterator[World]:
    with WORLDS["youtube"]() as made:
        yield made


def site(world: World) -> YouTube:
    return cast(YouTube, world.site)


def video(world: World) -> Video:
    """The last one."""
    return cast(Video, next(reversed(world.site.posts.values())))


def out(world: World, work: Work, **more: Any) -> Posted:
    while not isinstance(world.platform.advance(replace(work.job(), **more)), Ready):
        pass
    return world.platform.commit(replace(work.job(), **more))


def asked(world: World, op: str) -> list[Asked]:
    return [one for one in world.site.requests if one.op == op]


def doubted(world: World, fault: Any = "reset", size: int = SIZE) -> Work:
    """One whose commit was not answered."""
    work = world.work(size=size)
    work.ready()
    world.meets("commit", fault)
    with pytest.raises(Unreachable):
        world.platform.commit(work.job())
    return work


def refused(told: pytest.ExceptionInfo[PlatformSaid]) -> tuple[str, str]:
    return told.value.code, told.value.action


class TestDocuments:
    """Google's own, which come with its client: what the stand-in takes is what they have."""

    @pytest.mark.parametrize("id", rules.METHODS)
    def test_a_method_is_as_its_document_has_it(self, id: str) -> None:
        ours, (whole, told) = rules.METHODS[id], method(id)
        assert (ours.verb, ours.path in paths(whole, told)) == (told["httpMethod"], True)
        assert {rules.SCOPES[one] for one in ours.scopes} == set(told["scopes"])
        given = told.get("parameters", {})
        assert {name: given[name]["type"] for name in ours.params} == dict(ours.params)
        required = {name for name, one in given.items() if one.get("required") and one["location"] == "query"}
        assert set(ours.must) == required
        assert ours.body == told.get("request", {}).get("$ref")
        assert list(ours.media) == told.get("mediaUpload", {}).get("accept", [])

    @pytest.mark.parametrize("name", rules.SHAPES)
    def test_a_shape_is_as_its_document_has_it(self, name: str) -> None:
        schema = document("youtubereporting.v1" if name == "Job" else "youtube.v3")["schemas"][name]["properties"]
        for one, kind in rules.SHAPES[name].items():
            told = schema[one]
            if isinstance(kind, tuple):
                assert list(kind) == told["enum"]
            elif isinstance(kind, list):
                assert (told["type"], told["items"]["type"]) == ("array", kind[0])
            else:
                assert kind == told.get("$ref", told.get("format", told.get("type")))

    def test_all_requests_are_as_the_documents_have_them(self, world: World) -> None:
        story(world)
        ops = {one.op for one in world.site.requests}
        every = {op for _, _, op, _ in world.site.routes} | {"commit", "read"}
        assert ops == every - {"subscribe"}, "the story asks all there is; the hub is no part of the API"
        for one in world.site.requests:
            if one.op in IDS:
                assert wrong(IDS[one.op], one.request) == []

    def test_what_is_wrong_in_a_request_is_refused(self, world: World) -> None:
        """By the stand-in and, but for values that are any text to them, the documents; each before the right one."""

        def other(one: Asked, what: str, request: Request) -> bool:
            any_text = " has what " in what or " is odd" in what
            return one.op not in IDS or any_text or bool(wrong(IDS[one.op], request))

        mutants = Mutants(world.site, other=other)
        story(world)
        assert not mutants.taken and mutants.tried > 75

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("Content-Range", f"bytes 1-{STEP}/{SIZE}"),
            ("Content-Range", f"bytes 0-{STEP - 1}/{SIZE + 1}"),
            ("Content-Range", f"bytes 0-{STEP - 2}/{SIZE}"),
            ("Content-Range", ""),
            ("Content-Length", "7"),
            ("Authorization", "Bearer another"),
        ],
    )
    def test_a_part_that_does_not_follow_is_refused(self, world: World, header: str, value: str) -> None:
        work = world.work(size=SIZE)
        seen: list[bool] = []

        def decide(one: Asked) -> None:
            if one.op == "part" and not seen:
                body = one.request.body[:STEP]
                usual = {"Content-Range": f"bytes 0-{STEP - 1}/{SIZE}", "Content-Length": str(STEP)}
                headers = {**one.request.headers, **usual, header: value}
                headers = {name.lower(): told for name, told in headers.items()} | {header.lower(): value}
                seen.append(world.site.refuses(replace(one.request, headers=headers, body=body)))

        world.site.decide = decide
        work.ready()
        assert seen == [True]


class TestUpload:
    def test_it_goes_on_at_the_byte_where_it_was_cut_off(self, world: World) -> None:
        work = world.work()
        site(world).cuts = ["cut"]
        with pytest.raises(Unreachable):
            work.slice()
        assert world.sent() == 4 << 20, "half of a part has arrived"
        out(world, work)
        assert (world.posts(), world.begun(), world.sent()) == (1, 1, SIZE)
        assert asked(world, "part")[1].header("content-range").startswith(f"bytes {4 << 20}-")
        assert video(world).sha256 == hashlib.sha256(content(SIZE)).hexdigest()

    def test_it_goes_on_with_what_youtube_did_not_take(self, world: World) -> None:
        site(world).cuts = ["answered"]
        out(world, world.work())
        assert (world.sent(), video(world).sha256) == (SIZE, hashlib.sha256(content(SIZE)).hexdigest())

    @pytest.mark.parametrize("size", [1, STEP - 1, STEP, STEP + 1, 2 * STEP, (8 << 20) + STEP, SIZE])
    def test_all_but_the_last_bytes_are_there_before_it_is_posted(self, world: World, size: int) -> None:
        work = world.work(size=size)
        work.ready()
        assert 0 < size - world.sent() <= STEP and world.posts() == 0
        world.platform.commit(work.job())
        assert (world.sent(), video(world).sha256) == (size, hashlib.sha256(content(size)).hexdigest())
        assert len(asked(world, "commit")) == 1

    def test_a_break_is_no_failure_while_it_gets_on(self, world: World) -> None:
        work, answers = world.work(size=40 << 20), []
        site(world).decide = lambda one: "lost" if one.op == "part" and len(asked(world, "part")) % 2 == 0 else None
        for _ in range(10):
            answers.append(world.platform.advance(work.job()))
            if isinstance(answers[-1], Ready):
                break
        assert isinstance(answers[-1], Ready) and len(answers) == 3
        assert all(isinstance(one, Wait) and one.after_s > 0 for one in answers[:-1])
        assert world.sent() == (40 << 20) - STEP

    @pytest.mark.parametrize("size", [96 << 20, pytest.param(1 << 30, marks=pytest.mark.long)], ids=["96 MiB", "1 GiB"])
    def test_a_large_file_takes_little_memory_and_goes_on_after_breaks(self, size: int) -> None:
        """In a process of its own. A GiB (scripts/test --long) took 71 MB."""
        with running(YouTube(recording=False)) as made:
            count = iter(range(size))
            made.decide = lambda one: made.cuts.append("cut") if one.op == "part" and next(count) % 4 == 2 else None
            told = [sys.executable, "-m", "tests.publishing.uploading", made.address, made.token("UC-ann"), str(size)]
            said = json.loads(subprocess.run(told, capture_output=True, check=True, text=True, timeout=500).stdout)
            whole = hashlib.sha256()
            for start in range(0, size, 8 << 20):
                whole.update(part(start, min(8 << 20, size - start)))
            assert said["peak_mb"] < 100 and said["slices"] > size >> 26
            assert (made.taken, len(made.posts), sum(made.begun.values())) == (size, 1, 1)
            assert cast(Video, made.posts[said["id"]]).sha256 == whole.hexdigest()

    def test_a_session_is_asked_where_it_is_and_not_begun_anew(self, world: World) -> None:
        work = world.work()
        work.ready()
        steps = list(work.steps)
        work.slice()
        assert (world.begun(), len(asked(world, "read")), work.steps) == (1, 1, steps), "and says nothing new"

    def test_other_texts_are_another_session(self, world: World) -> None:
        work = world.work(TEA)
        work.ready()
        work.post = replace(TEA, title="Green tea")
        out(world, work)
        assert (world.begun(), world.posts(), world.said()[0]) == (2, 1, "Green tea")

    def test_a_session_that_is_gone_is_begun_anew(self, world: World) -> None:
        work = world.work()
        work.ready()
        world.meets("read", "gone")
        with pytest.raises(PlatformSaid) as error:
            work.slice()
        assert error.value.anew and error.value.action == "retry"

    def test_an_address_elsewhere_is_not_gone_to(self, world: World) -> None:
        reply = Reply(headers={"Location": "https://evil.example/upload?upload_id=1"})
        world.site.faults["begin"].append(reply)
        with pytest.raises(PlatformSaid, match=r"evil\.example"):
            world.work().slice()

    @pytest.mark.parametrize(
        "told",
        [
            {"size": 0},
            {"size": LARGEST + 1},
            {"kind": "image/gif"},
        ],
    )
    def test_a_file_that_it_cannot_take_is_not_begun_with(self, world: World, told: dict[str, Any]) -> None:
        job = world.work().job()
        with pytest.raises(PlatformSaid) as error:
            world.platform.advance(replace(job, video=replace(job.video, **told)))
        assert refused(error) == ("not_taken", "re-render") and not world.site.requests

    @pytest.mark.parametrize("post", [replace(TEA, title="a < b"), replace(TEA, body="<script>")])
    def test_texts_that_it_cannot_take_are_not_begun_with(self, world: World, post: Post) -> None:
        with pytest.raises(PlatformSaid, match="no < and no >"):
            world.work(post).slice()
        assert not world.site.requests

    def test_a_file_that_has_shrunk_is_not_posted(self, world: World) -> None:
        work = world.work()
        job = replace(work.job(), read=lambda name, start, size: content(SIZE)[start : start + size][:-1])
        with pytest.raises(PlatformSaid) as error:
            world.platform.advance(job)
        assert error.value.action == "re-render" and world.sent() == 0


class TestDoubt:
    def test_a_commit_that_is_done_late_makes_no_second_video(self, world: World) -> None:
        work = doubted(world, "late")
        assert isinstance(world.platform.find(work.job()), Open)
        assert isinstance(world.platform.advance(work.job()), Ready)
        posted = world.platform.commit(work.job())
        world.site.catch_up()
        assert world.posts() == 1 and posted.id == video(world).id

    def test_one_that_comes_between_the_question_and_the_next_commit_is_that_video(self, world: World) -> None:
        work = doubted(world, "late")
        assert isinstance(world.platform.find(work.job()), Open)
        world.site.catch_up()
        posted = world.platform.commit(work.job())
        assert (world.posts(), posted.id) == (1, video(world).id)

    def test_after_a_doubt_a_session_that_is_gone_is_never_begun_anew(self, world: World) -> None:
        work = doubted(world)
        assert isinstance(world.platform.find(work.job()), Open)
        world.meets("commit", "gone")
        with pytest.raises(Unreachable):
            world.platform.commit(work.job())
        assert isinstance(world.platform.find(work.job()), Absent)
        assert isinstance(world.platform.advance(work.job()), Ready)
        assert (world.begun(), world.posts()) == (1, 0)

    def test_one_that_is_gone_before_it_was_looked_for_is_absent(self, world: World) -> None:
        work = doubted(world, "lost")
        world.meets("read", "gone")
        assert isinstance(world.platform.find(work.job()), Absent)

    @pytest.mark.parametrize(("fault", "action"), [("expired", "reconnect"), (429, "wait"), ("units", "wait")])
    def test_a_question_that_is_not_answered_yet_is_no_answer(self, world: World, fault: Any, action: str) -> None:
        work = doubted(world)
        world.meets("read", fault)
        with pytest.raises(PlatformSaid) as error:
            world.platform.find(work.job())
        assert error.value.action == action

    def test_a_refused_question_says_nothing_of_the_post(self, world: World) -> None:
        work = doubted(world, "lost")
        world.meets("read", "policy")
        assert isinstance(world.platform.find(work.job()), Absent)

    def test_bytes_that_youtube_lost_are_sent_again_before_it_is_committed(self, world: World) -> None:
        """It takes all of a commit's bytes but the last, and answers how many it has."""
        work = world.work(size=(1 << 20) + 7)
        work.ready()
        session = next(iter(site(world).sessions.values()))
        session.taken, session.digest = 0, hashlib.sha256()
        work.kept["sent"] = 0
        site(world).cuts = ["answered"]
        with pytest.raises(PlatformSaid) as error:
            world.platform.commit(work.job())
        assert refused(error) == ("upload_incomplete", "retry") and world.posts() == 0
        out(world, work)
        assert video(world).sha256 == hashlib.sha256(content((1 << 20) + 7)).hexdigest()

    def test_a_video_that_is_there_already_is_not_sent_again(self, world: World) -> None:
        """The end was taken although a commit seemed to be refused."""
        work = world.work()
        work.ready()
        world.platform.commit(work.job())
        assert isinstance(world.platform.advance(work.job()), Ready)
        before = len(world.site.requests)
        assert world.platform.commit(work.job()).id == video(world).id
        assert len(world.site.requests) == before and world.posts() == 1

    @pytest.mark.parametrize("reply", [Reply(body=b"{}"), Reply(body=b"<html>"), Reply(status=302)])
    def test_an_answer_that_says_nothing_leaves_it_in_doubt(self, world: World, reply: Reply) -> None:
        work = world.work()
        work.ready()
        world.site.faults["commit"].append(reply)
        with pytest.raises(Unreachable):
            world.platform.commit(work.job())

    @pytest.mark.parametrize("told", ["bytes=0-99999999999", "bytes=5-7", "all"])
    def test_an_odd_range_is_not_believed(self, world: World, told: str) -> None:
        world.site.faults["part"].append(Reply(status=308, headers={"Range": told}))
        with pytest.raises(Unreachable):
            world.work().slice()

    def test_what_was_never_begun_is_absent(self, world: World) -> None:
        assert isinstance(world.platform.find(world.work().job()), Absent)


class TestTold:
    """What YouTube is told of a video."""

    @pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
    def test_who_may_see_it(self, world: World, visibility: Any) -> None:
        out(world, world.work(replace(TEA, visibility=visibility), size=SMALL))
        status = video(world).made["status"]
        told = {"privacyStatus": visibility, "selfDeclaredMadeForKids": False, "containsSyntheticMedia": False}
        assert status == told and video(world).made["snippet"]["categoryId"] == "22"

    def test_what_has_to_be_disclosed(self, world: World) -> None:
        out(world, world.work(replace(TEA, made_for_kids=True, ai_made=True, paid_partnership=True), size=SMALL))
        made = video(world).made
        assert made["status"]["selfDeclaredMadeForKids"] and made["status"]["containsSyntheticMedia"]
        assert made["paidProductPlacementDetails"] == {"hasPaidProductPlacement": True}

    def test_it_is_shown_at_its_time(self, world: World) -> None:
        assert world.platform.shows_later
        out(world, world.work(TEA, size=SMALL), at=NOW)
        status = video(world).made["status"]
        assert (status["privacyStatus"], status["publishAt"]) == ("private", stamp(NOW))

    def test_what_stays_private_has_no_time(self, world: World) -> None:
        out(world, world.work(replace(TEA, visibility="private"), size=SMALL), at=NOW)
        assert "publishAt" not in video(world).made["status"]

    def test_what_is_unlisted_cannot_be_shown_later(self, world: World) -> None:
        work = world.work(replace(TEA, visibility="unlisted"))
        with pytest.raises(PlatformSaid, match="becomes public"):
            world.platform.advance(replace(work.job(), at=NOW))
        assert not world.site.requests

    def test_another_time_is_another_session_and_a_near_one_is_not(self, world: World) -> None:
        work = world.work(TEA, size=SMALL)
        for at in (NOW, NOW, NOW + timedelta(hours=1), None):
            assert isinstance(world.platform.advance(replace(work.job(), at=at)), Ready)
        world.platform.commit(work.job())
        assert world.begun() == 2
        assert video(world).made["status"]["publishAt"] == stamp(NOW + timedelta(hours=1))

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("Tea", "Tea\n\nhttps://a.example"),
            ("", "https://a.example"),
            ("See https://a.example", "See https://a.example"),
            ("ä" * 2495, "ä" * 2495),
        ],
    )
    def test_a_link_closes_the_description_where_there_is_room(self, world: World, body: str, said: str) -> None:
        out(world, world.work(replace(TEA, body=body, link="https://a.example"), size=SMALL))
        assert video(world).made["snippet"]["description"] == said

    def test_its_address_is_that_of_its_kind(self, world: World) -> None:
        work = world.work(TEA, size=SMALL)
        posted = out(world, work)
        assert posted.url == f"https://www.youtube.com/shorts/{posted.id}"
        told = world.platform.finish(replace(work.job(), kind="youtube_video"), posted.id)
        assert told.url == f"https://youtu.be/{posted.id}" and told.left_out == ()


class TestAfterwards:
    def test_picture_and_captions_are_set_once(self, world: World) -> None:
        work = world.work(TEA, size=SMALL, cover=COVER)
        posted = out(world, work)
        for _ in range(2):
            assert world.platform.finish(replace(work.job(), captions=CAPTIONS), posted.id).left_out == ()
        assert video(world).cover == PICTURE and len(asked(world, "thumbnail")) == 1
        assert video(world).captions == {("und", ""): content(SMALL)[:100]}

    def test_a_channel_that_is_not_verified_keeps_its_video(self, world: World) -> None:
        site(world).channel(world.account).verified = False
        work = world.work(TEA, size=SMALL, cover=COVER)
        told = world.platform.finish(work.job(), out(world, work).id)
        ((what, why),) = told.left_out
        assert what == "thumbnail" and "doesnt have permissions" in why and "youtube.com/verify" in why
        assert told.url and world.posts() == 1

    @pytest.mark.parametrize(
        ("file", "why"),
        [
            (replace(COVER, size=LARGEST_COVER + 1), f"{LARGEST_COVER + 1} bytes"),
            (replace(COVER, kind="image/webp"), "image/webp"),
        ],
    )
    def test_a_picture_that_it_would_not_take_is_not_sent(self, world: World, file: File, why: str) -> None:
        work = world.work(TEA, size=SMALL, cover=file)
        told = world.platform.finish(work.job(), out(world, work).id)
        assert why in told.left_out[0][1] and not asked(world, "thumbnail")

    def test_captions_without_the_right_to_them_are_left_out(self, world: World) -> None:
        scopes = tuple(rules.SCOPES[one] for one in ("youtube.upload", "youtube.readonly", "yt-analytics.readonly"))
        work = world.work(TEA, size=SMALL, cover=COVER, token=world.site.token(world.owner, scopes))
        told = world.platform.finish(replace(work.job(), captions=CAPTIONS), out(world, work).id)
        ((what, why),) = told.left_out
        assert what == "captions" and "without the right" in why and video(world).cover == PICTURE

    @pytest.mark.parametrize("op", ["thumbnail", "captions"])
    @pytest.mark.parametrize("fault", ["lost", "broken", "rate"])
    def test_what_passes_is_tried_again_and_the_rest_is_done(self, world: World, op: str, fault: Any) -> None:
        work = world.work(TEA, size=SMALL, cover=COVER)
        posted = out(world, work)
        world.meets(op, fault)
        job = replace(work.job(), captions=CAPTIONS)
        with pytest.raises((PlatformSaid, Unreachable)):
            world.platform.finish(job, posted.id)
        assert len(video(world).captions) + bool(video(world).cover) >= 1
        assert world.platform.finish(replace(work.job(), captions=CAPTIONS), posted.id).left_out == ()
        assert video(world).cover and len(video(world).captions) == 1


class TestRefusals:
    def test_a_channel_that_may_upload_no_more_waits_until_midnight_in_california(self, world: World) -> None:
        site(world).channel(world.account).uploads = 0
        with pytest.raises(PlatformSaid, match="exceeded the number of videos") as error:
            world.work().slice()
        assert refused(error) == ("uploadLimitExceeded", "wait") and error.value.after_s is not None
        assert 60 <= error.value.after_s <= 25 * 3600 + 60

    @pytest.mark.parametrize(
        ("date", "seconds"),
        [
            ("Sun, 22 Nov 2026 12:00:00 GMT", 20 * 3600 + 60),
            ("Sun, 22 Nov 2026 07:59:00 GMT", 120),
            ("Sun, 01 Nov 2026 07:30:00 GMT", 24.5 * 3600 + 60),  # summer time ends in that night
            ("Sun, 08 Mar 2026 08:30:00 GMT", 22.5 * 3600 + 60),
            ("soon", 3600),
            (None, 3600),
        ],
    )
    def test_midnight_is_told_by_its_own_clock(self, date: str | None, seconds: float) -> None:
        error = {
            "code": 403,
            "message": 'Exceeded your <a href="/q">quota</a>.',
            "errors": [{"reason": "quotaExceeded"}],
        }
        headers = {} if date is None else {"date": date}
        told = judge(Said(status=403, headers=headers, body=json.dumps({"error": error}).encode()))
        assert isinstance(told, PlatformSaid) and (told.action, told.after_s) == ("wait", seconds)
        assert "Exceeded your quota." in str(told) and told.raw["error"] == error

    @pytest.mark.parametrize(
        ("status", "error", "code", "action"),
        [
            (401, {"message": "No.", "errors": [{"reason": "authError"}]}, "authError", "reconnect"),
            (401, {"message": "No.", "errors": [{"reason": "youtubeSignupRequired"}]}, "youtubeSignupRequired", "stop"),
            (401, {"message": "No.", "status": "UNAUTHENTICATED"}, "UNAUTHENTICATED", "reconnect"),
            (400, "invalid_grant", "invalid_grant", "reconnect"),
            (401, "invalid_client", "invalid_client", "stop"),
            (403, {"errors": [{"reason": "insufficientPermissions"}]}, "insufficientPermissions", "reconnect"),
            (403, {"message": "No.", "errors": [{"reason": "userRateLimitExceeded"}]}, "userRateLimitExceeded", "wait"),
            (403, {"message": "No.", "errors": [{"reason": "forbidden"}]}, "forbidden", "stop"),
            (400, {"message": "No.", "errors": [{"reason": "invalidTags"}]}, "invalidTags", "stop"),
            (400, {"message": "No.", "errors": [{"reason": "badContent"}]}, "badContent", "re-render"),
            (429, {"message": "No.", "status": "RESOURCE_EXHAUSTED"}, "RESOURCE_EXHAUSTED", "wait"),
            (418, {"message": None, "errors": "odd", "details": [7]}, "http_418", "stop"),
            (400, None, "http_400", "stop"),
            (400, [], "http_400", "stop"),
        ],
    )  # fmt: skip
    def test_each_kind_of_refusal_says_what_helps(self, status: int, error: Any, code: str, action: str) -> None:
        told = judge(Said(status=status, headers={}, body=json.dumps({"error": error}).encode()))
        assert isinstance(told, PlatformSaid) and (told.code, told.action) == (code, action)
        assert "YouTube says: " in str(told)

    @pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[1]", b'"x"', b"\xff"])
    def test_a_refusal_without_words_is_one(self, body: bytes) -> None:
        assert isinstance(judge(Said(status=400, headers={}, body=body)), PlatformSaid)


class TestSignIn:
    def test_the_right_to_captions_is_asked_for_where_it_is_switched_on(self, world: World) -> None:
        off = registry.platform("youtube", Site(address=world.address))
        for platform, wanted in ((off, False), (world.platform, True)):
            page = platform.authorize(world.app, world.site.redirect, "s", verifier()[1])
            assert ("youtube.force-ssl" in page) == wanted

    def test_without_the_switch_it_needs_no_more(self, world: World) -> None:
        platform = registry.platform("youtube", Site(address=world.address))
        told, challenge = verifier()
        back = site(world).allowed(world.owner, platform.authorize(world.app, world.site.redirect, "s", challenge))
        tokens = platform.exchange(world.app, world.site.redirect, back["code"], told)
        work = Work(world, TEA, size=SMALL, cover=COVER, token=tokens.access)
        posted = out(world, work)
        assert platform.finish(work.job(), posted.id).left_out == ()
        platform.linked(tokens.access, world.account)
        assert posted.id and platform.measure(tokens.access, world.account, posted.id, NOW, NOW).raw

    @pytest.mark.parametrize("missing", ["youtube.upload", "youtube.readonly", "yt-analytics.readonly"])
    def test_a_box_that_was_unticked_is_said(self, world: World, missing: str) -> None:
        told, challenge = verifier()
        page = world.platform.authorize(world.app, world.site.redirect, "s", challenge)
        back = site(world).allowed(world.owner, page, without=(missing,))
        with pytest.raises(PlatformSaid, match=missing) as error:
            world.platform.exchange(world.app, world.site.redirect, back["code"], told)
        assert error.value.action == "reconnect"

    def test_captions_may_be_unticked(self, world: World) -> None:
        told, challenge = verifier()
        page = world.platform.authorize(world.app, world.site.redirect, "s", challenge)
        back = site(world).allowed(world.owner, page, without=("youtube.force-ssl",))
        tokens = world.platform.exchange(world.app, world.site.redirect, back["code"], told)
        assert rules.SCOPES["youtube.force-ssl"] not in tokens.scopes and tokens.refresh

    @pytest.mark.parametrize(
        ("long", "longest"), [("allowed", 43_200), ("eligible", 900), ("longUploadsUnspecified", None)]
    )
    def test_an_account_says_how_long_its_videos_may_be(self, world: World, long: str, longest: float | None) -> None:
        site(world).channel(world.account).long = long
        (account,) = world.platform.accounts(world.token)
        assert (account.id, account.name, account.handle) == ("UC-ann", "Channel UC-ann", "@uc-ann")
        assert account.longest_s == longest

    def test_reports_are_set_up_once(self, world: World) -> None:
        for _ in range(2):
            world.platform.linked(world.token, world.account)
        assert [one["reportTypeId"] for one in site(world).channel(world.account).jobs.values()] == [REACH]
        assert len(asked(world, "job")) == 1

    def test_reports_that_another_sets_up_at_the_same_time_are_no_error(self, world: World) -> None:
        seen: list[int] = []

        def decide(one: Asked) -> None:
            if one.op == "job" and not seen:
                seen.append(1)
                assert not world.site.refuses(one.request)

        world.site.decide = decide
        world.platform.linked(world.token, world.account)
        assert len(site(world).channel(world.account).jobs) == 1


class TestFigures:
    def measured(self, world: World, since: datetime = NOW - timedelta(days=3)) -> Metrics:
        return world.platform.measure(world.token, world.account, video(world).id, since, NOW).metrics

    def test_all_three_places_are_read(self, world: World) -> None:
        world.platform.linked(world.token, world.account)
        out(world, world.work(TEA, size=SMALL))
        counted = {"views": 90, "engagedViews": 70, "estimatedMinutesWatched": 12, "averageViewDuration": 8}
        counted |= {"likes": 4, "comments": 1, "shares": 2, "subscribersGained": 3}
        video(world).counts = {"live": {"viewCount": 100, "commentCount": 2}, "counted": counted}
        name, made = video(world).id, site(world)
        made.page = 1
        made.report(world.account, "20261119", [(name, 7, 0.1)])  # the day before
        made.report(world.account, "20261120", [("another", 9, 0.5), (name, 100, 0.05)])
        made.report(world.account, "20261121", [(name, 1, 1.0)], created="2026-11-22T09:00:00Z")
        made.report(world.account, "20261121", [(name, 50, 0.1), (name, 50, 0.2)], created="2026-11-23T09:00:00Z")
        assert self.measured(world, datetime(2026, 11, 21, 1, tzinfo=UTC)) == Metrics(
            impressions=200,
            views=100,
            engaged_views=70,
            watch_ms=720_000,
            average_watch_ms=8000,
            clicks=20,
            likes=4,  # which the video itself does not show
            comments=2,
            shares=2,
            follows=3,
        )
        days = asked(world, "measure")[0].query
        assert (days["startDate"], days["endDate"]) == ("2026-11-20", "2026-11-22"), "as days are in California"

    def test_a_report_is_read_once(self, world: World) -> None:
        world.platform.linked(world.token, world.account)
        for _ in range(2):
            out(world, world.work(TEA, size=SMALL))
        site(world).report(world.account, "20261121", [(name, 5, 0.2) for name in world.site.posts])
        for name in world.site.posts:
            told = world.platform.measure(world.token, world.account, name, NOW - timedelta(days=2), NOW)
            assert (told.metrics.impressions, told.metrics.clicks) == (5, 1)
        assert len(asked(world, "media")) == 1

    def test_without_a_job_the_rest_is_told_all_the_same(self, world: World) -> None:
        out(world, world.work(TEA, size=SMALL))
        video(world).counts = {"live": {"viewCount": 5}}
        told = world.platform.measure(world.token, world.account, video(world).id, NOW, NOW)
        assert told.metrics == Metrics(views=5) and "connect it again" in told.raw["reach"]

    @pytest.mark.parametrize("text", ["", "date\n1\n", "video_id,video_thumbnail_impressions\nx,many\n", "\x00,\xff"])
    def test_an_odd_report_spoils_nothing_else(self, world: World, text: str) -> None:
        world.platform.linked(world.token, world.account)
        out(world, world.work(TEA, size=SMALL))
        video(world).counts = {"live": {"viewCount": 5}}
        site(world).report(world.account, "20261122", [])
        site(world).channel(world.account).reports[0]["text"] = text
        assert self.measured(world) == Metrics(views=5)

    def test_a_report_elsewhere_is_not_gone_to(self, world: World) -> None:
        world.platform.linked(world.token, world.account)
        out(world, world.work(TEA, size=SMALL))
        site(world).report(world.account, "20261122", [(video(world).id, 5, 0.2)])
        site(world).channel(world.account).reports[0]["downloadUrl"] = "https://evil.example/v1/media/x?alt=media"
        assert self.measured(world).impressions is None and not asked(world, "media")

    @pytest.mark.parametrize(
        ("state", "code", "action"),
        [
            ({"uploadStatus": "failed", "failureReason": "codec"}, "codec", "re-render"),
            ({"uploadStatus": "rejected", "rejectionReason": "copyright"}, "copyright", "stop"),
            (None, "gone", "stop"),
        ],
    )
    def test_a_video_that_is_no_more_is_said(self, world: World, state: Any, code: str, action: str) -> None:
        posted = out(world, world.work(TEA, size=SMALL))
        assert posted.id
        if state is None:
            del world.site.posts[posted.id]
        else:
            video(world).state = state
        with pytest.raises(PlatformSaid) as error:
            world.platform.measure(world.token, world.account, posted.id, NOW, NOW)
        assert refused(error) == (code, action)

    def test_a_token_that_has_ended_is_to_be_got_anew(self, world: World) -> None:
        posted = out(world, world.work(TEA, size=SMALL))
        world.site.revoke(world.owner)
        with pytest.raises(PlatformSaid) as error:
            world.platform.measure(world.token, world.account, str(posted.id), NOW, NOW)
        assert error.value.action == "reconnect"


def test_googles_client_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, common.adapters.platforms.youtube; print('googleapiclient' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_without_an_address_it_is_googles_own(world: World) -> None:
    platform: Any = registry.platform("youtube", Site())
    made = platform._client.data.videos().list(part="status", id="x")
    assert made.uri.startswith("https://youtube.googleapis.com/youtube/v3/videos?")
    page = platform.authorize(world.app, world.site.redirect, "s", verifier()[1])
    assert page.startswith("https://accounts.google.com/o/oauth2/v2/auth?")


def test_a_version_that_there_is_not_says_so(world: World) -> None:
    platform: Platform = registry.platform("youtube", Site(address=world.address, version="v4"))
    with pytest.raises(Exception, match=r"no document youtube\.v4"):
        platform.accounts(world.token)


def story(world: World) -> None:
    """Every request that Cutroom makes of YouTube."""
    tokens = world.allowed()
    world.platform.accounts(tokens.access)
    world.platform.linked(tokens.access, world.account)
    post = replace(TEA, link="https://a.example", ai_made=True, paid_partnership=True, made_for_kids=True)
    work = world.work(post, cover=COVER, token=tokens.access)

    def job() -> Job:
        return replace(work.job(), at=NOW, captions=CAPTIONS)

    assert isinstance(world.platform.advance(job()), Ready)
    posted = world.platform.commit(job())
    assert isinstance(world.platform.find(job()), Posted) and posted.id is not None
    world.platform.finish(job(), posted.id)
    site(world).report(world.account, "20261122", [(posted.id, 5, 0.2)])
    world.platform.measure(tokens.access, world.account, posted.id, NOW - timedelta(days=3), NOW)
    world.platform.revoke(world.app, tokens)
