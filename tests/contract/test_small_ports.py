"""Clock, scratch, secrets and calls: one suite each for every adapter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.adapters.calls import DocumentCalls
from common.adapters.embedded import boot
from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.scratch import FolderScratch
from common.adapters.embedded.secrets import LocalSecrets
from common.adapters.embedded.sqlite import SqliteDocuments
from common.errors import BadInput, Fenced, NoSpace, Transient
from common.ports.calls import Answer, Call, NotSent
from common.ports.clock import parse, stamp

RUN = "tenants/t/runs/f.council.0"


def test_a_stamp_is_read_back_and_sorts_as_time() -> None:
    now = SteadyClock().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(parse(stamp(now)) - now) < timedelta(milliseconds=1)
    stamps = [stamp(now + timedelta(milliseconds=n * 7)) for n in range(50)]
    assert stamps == sorted(stamps)


def test_the_clock_does_not_follow_a_step_of_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SteadyClock()
    before = clock.now()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert timedelta(0) <= clock.now() - before < timedelta(seconds=5)
    assert SteadyClock(clock.anchor).now() - before < timedelta(seconds=5)
    assert boot.seconds() > 0 and boot.name()


def test_scratch_is_empty_at_first_and_gone_afterwards(tmp_path: Path) -> None:
    scratch = FolderScratch(tmp_path / "s")
    with scratch.folder("tenants/t/runs/x") as folder:
        (folder / "half.mp4").write_bytes(b"x")
        kept = folder
    assert not kept.exists()
    kept.mkdir(parents=True)
    (kept / "left by a dead one").write_bytes(b"x")
    with scratch.folder("tenants/t/runs/x") as folder:
        assert folder == kept and not list(folder.iterdir())


def test_scratch_refuses_what_the_disk_cannot_hold(tmp_path: Path) -> None:
    scratch = FolderScratch(tmp_path / "s")
    with pytest.raises(NoSpace, match="free some space"), scratch.folder("r", needs_bytes=1 << 60):
        raise AssertionError("it must not begin")
    assert not list((tmp_path / "s").iterdir())


def test_secrets_come_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text("# keys\ngemini-api-key = from-file\nother=1\n")
    os.chmod(file, 0o600)
    secrets = LocalSecrets(file, {"CUTROOM_SECRET_OTHER": "from-environment"})
    assert secrets.get("gemini-api-key") == "from-file"
    assert secrets.get("other") == "from-environment"
    assert secrets.get("none") is None
    assert LocalSecrets(tmp_path / "no", {}).get("other") is None
    os.chmod(file, 0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        secrets.get("gemini-api-key")
    with pytest.raises(BadInput, match="no secret's name"):
        secrets.get("../etc/passwd")


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[DocumentCalls]:
    documents = SqliteDocuments(tmp_path / "c.sqlite")
    yield DocumentCalls(documents, SteadyClock())
    documents.close()


def perform(
    calls: DocumentCalls,
    send: Callable[[], Answer],
    *,
    token: str = "t1",
    request: dict[str, str] | None = None,
    mine: bool = True,
    timeout_s: float = 60,
) -> Call:
    return calls.perform(
        RUN,
        "vote.1",
        token=token,
        request=request or {"ask": "x"},
        reserved_micros=500,
        timeout_s=timeout_s,
        send=send,
        still_mine=lambda: mine,
    )


def refuse() -> Answer:
    raise AssertionError("it was sent twice")


def test_a_call_is_sent_once_and_its_answer_kept(calls: DocumentCalls) -> None:
    first = perform(calls, lambda: Answer(body={"vote": 7}, remote_id="m1", cost_micros=120))
    assert (first.state, first.remote_id, first.cost_micros, first.answer) == ("done", "m1", 120, {"vote": 7})
    assert perform(calls, refuse) == first
    assert perform(calls, refuse, token="t2") == first


def test_what_never_left_costs_nothing(calls: DocumentCalls) -> None:
    def closed() -> Answer:
        raise NotSent

    assert (perform(calls, closed).state, perform(calls, refuse).cost_micros) == ("not_sent", 0)


def test_a_lost_answer_is_unknown_and_never_sent_again(calls: DocumentCalls) -> None:
    def lost() -> Answer:
        raise TimeoutError("no answer")

    with pytest.raises(TimeoutError):
        perform(calls, lost)
    found = perform(calls, refuse, token="t2")
    assert (found.state, found.cost_micros, found.reserved_micros) == ("unknown", None, 500)
    read = calls.resolve(found.key, state="done", answer=Answer(body={}, remote_id="m9", cost_micros=80))
    assert (read.state, read.remote_id, perform(calls, refuse).state) == ("done", "m9", "done")
    with pytest.raises(BadInput, match="only an unknown call"):
        calls.resolve(found.key, state="not_sent")


def test_a_sender_that_died_leaves_unknown_once_its_time_is_over(calls: DocumentCalls) -> None:
    class Killed(BaseException):
        pass

    def die() -> bool:
        raise Killed

    with pytest.raises(Killed):
        calls.perform(
            RUN, "vote.1", token="t1", request={"ask": "x"}, reserved_micros=5, timeout_s=-30, send=refuse,
            still_mine=die,
        )  # fmt: skip
    assert perform(calls, refuse, token="t2").state == "unknown"


def test_while_a_sender_may_be_at_it_others_wait(calls: DocumentCalls) -> None:
    def inner() -> Answer:
        with pytest.raises(Transient, match="under way"):
            perform(calls, refuse, token="t2")
        return Answer(body={})

    assert perform(calls, inner).state == "done"


def test_an_attempt_that_lost_its_run_sends_nothing(calls: DocumentCalls) -> None:
    with pytest.raises(Fenced):
        perform(calls, refuse, mine=False)
    assert perform(calls, refuse).state == "not_sent"


def test_one_name_is_one_request(calls: DocumentCalls) -> None:
    perform(calls, lambda: Answer(body={}))
    with pytest.raises(BadInput, match="another request"):
        perform(calls, refuse, request={"ask": "y"})
