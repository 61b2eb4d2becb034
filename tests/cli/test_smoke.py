"""scripts/smoke without a cloud: which trigger is named for what is seen, and what is said when an address is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.client import Refused
from scripts.delivery import api, smoke, watch
from scripts.delivery.watch import TRIGGERS, Watch
from tests.standins import loopback

OVER = {name: one.patience_s for name, one in TRIGGERS.items()}


def run(stage: str, state: str, *, place: str = "task", attempt: int = 0, number: int | None = None) -> dict[str, Any]:
    known = {"stage": stage, "title": stage, "state": state, "place": place, "attempt": attempt, "number": number}
    return {**known, "error": None}


def flow(*runs: dict[str, Any], state: str = "running") -> dict[str, Any]:
    return {"id": "a-1", "state": state, "error": None, "runs": list(runs)}


def named(seen: dict[str, Any] | None) -> str | None:
    """What is named when nothing else was seen for as long as anything may take."""
    looking = Watch()
    assert looking.see(seen, 0.0) is None
    suspect = looking.see(seen, max(OVER.values()))
    return suspect.trigger if suspect else None


@pytest.mark.parametrize(
    ("seen", "trigger"),
    [
        (None, "event"),
        (flow(run("ingest", "queued")), "task"),
        (flow(run("ingest", "done"), run("render", "queued", place="pool", number=2)), "job"),
        (flow(run("ingest", "done"), run("fingerprint", "skipped")), "announcement"),
        (flow(run("ingest", "running", attempt=1)), None),
        (flow(run("ingest", "queued", attempt=1)), None),  # it is tried again, and was woken once
        (flow(run("ingest", "waiting", attempt=1)), None),
        (flow(state="waiting"), None),  # for the tenant's other flows
        (flow(run("report", "done"), state="done"), None),
    ],
)
def test_what_is_seen_names_the_trigger(seen: dict[str, Any] | None, trigger: str | None) -> None:
    assert named(seen) == trigger


def test_a_trigger_that_fires_in_time_is_not_named_however_often() -> None:
    looking = Watch()
    for n in range(20):
        seen = flow(*[run("detect", "done", number=one) for one in range(n)], run("detect", "queued", number=n))
        assert looking.see(seen, n * (OVER["task"] - 1)) is None


def test_the_sweep_never_makes_up_for_it_before_it_is_named() -> None:
    """A run's wake is due after a minute and an end's after 30 s; then `tick` comes within a minute."""
    assert OVER["task"] < 60 and OVER["announcement"] < 30


def test_each_trigger_says_where_to_look() -> None:
    for name in watch.TRIGGERS:
        text = smoke._told(watch.Suspect(trigger=name, shown="it shows"))
        assert "did not fire: it shows" in text and "gcloud " in text


# --- over HTTP ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[str, list[loopback.Reply]]]:
    """Its address, and what it answers, one after the other; the last for ever."""
    answers: list[loopback.Reply] = []
    with loopback.serving(lambda _: answers.pop(0) if len(answers) > 1 else answers[0]) as address:
        yield address, answers


def told(body: Any, status: int = 200) -> loopback.Reply:
    return loopback.Reply(status=status, body=json.dumps(body).encode())


def main(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("CUTROOM_TOKEN", "token")
    (tmp_path / "video.mp4").write_bytes(b"video")
    return smoke.main(["--url", address, "--video", str(tmp_path / "video.mp4"), "--within", "2"])


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (flow(run("render", "done"), state="done"), None),
        (flow(run("report", "done"), state="done"), "no clip was rendered"),
        ({**flow(state="failed"), "error": {"code": "not_media", "text": "this is no video"}}, "this is no video"),
        (flow(run("render", "running", attempt=1)), "still open: render running"),
    ],
)
def test_how_it_ends(
    ending: dict[str, Any],
    words: str | None,
    server: tuple[str, list[loopback.Reply]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, answers = server
    monkeypatch.setattr("secrets.token_hex", lambda _: "1")
    monkeypatch.setattr(smoke, "_LOOK_S", 0.05)
    begin = {"method": "POST", "url": f"{address}/begin", "headers": {}}
    begun = loopback.Reply(status=201, headers={"Location": f"{address}/session"})
    named = {"items": [{"id": "a-1"}], "next": None}
    answers += [told({"id": "a", "upload": {"resumable": begin}}), begun, told({}), told(named), told(ending)]
    assert main(address, tmp_path, monkeypatch) == (1 if words else 0)
    out, err = capsys.readouterr()
    assert words in err if words else "1 clip: all triggers fired" in out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (told({"error": {"code": "unauthorized", "text": "prove who you are"}}, 401), "answered 401"),
        (loopback.Reply(body=b"<html>"), "is it Cutroom's address?"),
        (loopback.Reply(status=0), "was not answered"),
    ],
)
def test_an_address_that_is_wrong_is_said_plainly(
    answer: loopback.Reply,
    words: str,
    server: tuple[str, list[loopback.Reply]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, answers = server
    answers.append(answer)
    assert main(address, tmp_path, monkeypatch) == 1
    assert words in capsys.readouterr().err


def test_who_is_nobody_is_told_what_to_set() -> None:
    with pytest.raises(Refused, match="CUTROOM_SMOKE_KEY, CUTROOM_SMOKE_PASSWORD"):
        api.token({"CUTROOM_SMOKE_EMAIL": "a@b.c"})


def test_signing_in_gives_a_token_and_never_shows_the_key(
    server: tuple[str, list[loopback.Reply]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, answers = server
    monkeypatch.setattr(api, "_SIGN_IN", f"{address}/signIn")
    given = {"CUTROOM_SMOKE_KEY": "s3cret", "CUTROOM_SMOKE_EMAIL": "a@b.c", "CUTROOM_SMOKE_PASSWORD": "x"}
    answers.append(told({"idToken": "mine"}))
    assert api.token(given) == "mine"
    answers[:] = [told({"error": {"message": "INVALID_LOGIN_CREDENTIALS"}}, 400)]
    with pytest.raises(Refused, match="INVALID_LOGIN") as refused:
        api.token(given)
    assert "s3cret" not in str(refused.value)
