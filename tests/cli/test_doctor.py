"""scripts/doctor: what it finds, what it advises, and that nothing makes it fail or hang."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.errors import Permanent
from common.pipeline.definition import PIPELINE
from scripts.cli.doctor import asking, command, machine
from scripts.cli.doctor import cloud as of_cloud
from scripts.cli.doctor import pipeline as of_pipeline
from scripts.cli.doctor.command import examine, main
from scripts.cli.doctor.finding import Finding
from tests.cli.fakes import programs

ROOT = Path(__file__).resolve().parents[2]
CLOUD = {
    "CUTROOM_PROJECT": "demo-cutroom",
    "CUTROOM_LOCATION": "europe-west4",
    "CUTROOM_UPLOADS": "demo-uploads",
    "CUTROOM_MEDIA": "demo-media",
    "CUTROOM_TOPIC": "demo-events",
    "CUTROOM_INVOKER": "invoker@demo-cutroom.iam.gserviceaccount.com",
    "CUTROOM_SIGNER": "signer@demo-cutroom.iam.gserviceaccount.com",
    "CUTROOM_AUDIENCE": "https://work.example",
    "CUTROOM_SERVICE_LIGHT": "https://light.example",
    "CUTROOM_SERVICE_MEDIA": "https://media.example",
}

Findings = dict[str, Finding]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that nobody has told anything, whose credentials are a file that is not there."""
    for name in list(os.environ):
        if name.startswith(("CUTROOM_", "FIREBASE_", "PUBSUB_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    return tmp_path


def examined(group: str | None = None) -> Findings:
    """What is found, by name."""
    return {one.name: one for one in examine(os.environ) if group in (None, one.group)}


def broken(here: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put an ffmpeg before the real one."""
    folder = here / "programs"
    folder.mkdir()
    (folder / "ffmpeg").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main([*arguments])
    return status, capsys.readouterr().out


def test_an_empty_state_folder_is_nothing_wrong_and_stays_unmade(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = told(capsys)
    assert status == 0 and "Nothing is wrong" in said
    assert not (here / "state").exists()


def test_what_is_not_ok_comes_with_a_fix_and_nothing_else_does() -> None:
    found = examined()
    assert {one.group for one in found.values()} == {
        "this machine",
        "models",
        "pipeline",
        "council",
        "cloud",
        "project",
    }
    for one in found.values():
        assert one.seen
        assert bool(one.fix) == (one.state != "ok"), one
    assert found["objects"].state in ("ok", "note")
    assert "not in use" in found["cloud"].seen


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = told(capsys, "--json")
    document = json.loads(said)
    assert document["wrong"] == status == 0
    names = [(one["group"], one["name"], one["state"]) for one in document["findings"]]
    assert names == [(one.group, one.name, one.state) for one in examine(os.environ)]
    assert [one["stage"] for one in document["places"]] == [
        name for name in PIPELINE.names for _ in of_pipeline.LENGTHS
    ]


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("echo 'cannot open shared object file' >&2; exit 127", "does not start (cannot open shared object"),
        ('"$REAL" "$@" | grep -v " ebur128 "', "lacks the filter ebur128"),
        ('case "$*" in *libx264*) exit 1 ;; esac; exec "$REAL" "$@"', "lacks the encoders libx264 and aac"),
    ],
)
def test_a_broken_ffmpeg_is_wrong(here: Path, monkeypatch: pytest.MonkeyPatch, script: str, seen: str) -> None:
    monkeypatch.setenv("REAL", shutil.which("ffmpeg") or "")
    broken(here, monkeypatch, script)
    found = examined("this machine")
    assert found["ffmpeg"].state == "wrong" and seen in found["ffmpeg"].seen
    assert re.match(r"(sudo apt-get|brew) install .*ffmpeg", found["ffmpeg"].fix)
    assert "disk" in found


def test_an_ffmpeg_that_hangs_is_not_waited_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(here, monkeypatch, "sleep 60 & sleep 60")
    monkeypatch.setattr(asking, "PROBE_S", 0.3)
    began = time.monotonic()
    assert "no answer within 0.3 s" in examined("this machine")["ffmpeg"].seen
    assert time.monotonic() - began < 20


def test_it_asks_of_ffmpeg_what_setup_asks() -> None:
    (names,) = re.findall(r"for name in (ass [a-z0-9 ]+); do", (ROOT / "scripts" / "setup").read_text())
    assert tuple(names.split()) == machine.FILTERS


def test_the_holder_of_the_state_folder_is_named(here: Path) -> None:
    (here / "state").mkdir(mode=0o700)
    lock = here / "state" / "lock"
    lock.write_text("process 42 (since 10:00:00)")
    assert examined("this machine")["state folder"].state == "ok"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "held by process 42" in examined("this machine")["state folder"].seen


def test_a_state_folder_open_to_others_is_a_note(here: Path) -> None:
    (here / "state").mkdir()
    (here / "state").chmod(0o755)
    assert examined("this machine")["state folder"].fix == f"chmod 700 {here / 'state'}"
    assert stat.S_IMODE((here / "state").stat().st_mode) == 0o755


@pytest.mark.parametrize("variable", ["CUTROOM_CORES", "CUTROOM_EPOCH", "CUTROOM_ANCHOR"])
def test_a_setting_that_is_no_number_is_wrong(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "many")
    found = examined("this machine")["settings"]
    assert found.state == "wrong" and variable in found.fix


def test_a_check_that_fails_ends_its_group_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Any:
        raise RuntimeError("out of the blue")

    monkeypatch.setattr(machine, "_packages", fails)
    found = examined()
    assert "out of the blue" in found["doctor"].seen and found["doctor"].state == "wrong"
    assert found["places"].state == "ok"


# --- the pipeline ---------------------------------------------------------------------------------------------------


def test_cost_says_what_is_known_and_what_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, said = told(capsys, "--cost")
    assert status == 0 and "An hour of footage: $" in said and "unknown" in said
    assert told(capsys, "--plan", str(tmp_path / "none.json"))[0] == 1


def test_places_come_with_their_reasons(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, said = told(capsys, "--places")
    assert "short enough for a task" in said and "for a worker of the pool" in said
    assert all(name in said for name in PIPELINE.names)


def test_a_stage_without_a_place_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any) -> Any:
        raise Permanent("it would take too long")

    monkeypatch.setattr(of_pipeline, "place", nowhere)
    found = examined("pipeline")
    assert found["render"].state == "wrong" and "too long" in found["render"].seen


# --- the cloud ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Findings]:
    """The findings of the cloud, with these settings; nothing else is examined."""
    for other in ("machine", "models", "project"):
        monkeypatch.setattr(command, other, lambda *_: [])

    def found(**changed: str) -> Findings:
        for name, value in {**CLOUD, **changed}.items():
            monkeypatch.setenv(name, value)
        return examined("cloud")

    return found


def test_all_that_is_missing_is_named_with_what_must_not_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "project", lambda *_: [])
    monkeypatch.setenv("CUTROOM_PROJECT", "demo-cutroom")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    settings = [one for one in examine(os.environ) if one.name == "settings"]
    missing, stray = settings
    assert missing.state == stray.state == "wrong"
    assert set(re.findall(r"CUTROOM_\w+", missing.seen)) == set(CLOUD) - {"CUTROOM_PROJECT"}
    assert "PUBSUB_EMULATOR_HOST" in stray.seen


def test_forged_tokens_are_wrong_but_on_stand_ins(
    cloud: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = cloud(FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:1")[of_cloud.AUTH_EMULATOR]
    assert found.state == "wrong" and found.fix == f"unset {of_cloud.AUTH_EMULATOR}"
    monkeypatch.delenv("CUTROOM_PROJECT")
    assert examined("cloud")[of_cloud.AUTH_EMULATOR].state == "note"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CUTROOM_PROJECT", "Demo"),
        ("CUTROOM_LOCATION", "Europe"),
        ("CUTROOM_UPLOADS", "my_google_bucket"),
        ("CUTROOM_MEDIA", "Media"),
        ("CUTROOM_TOPIC", "goog-topic"),
        ("CUTROOM_PREFIX", "1st"),
        ("CUTROOM_INVOKER", "me@example.com"),
        ("CUTROOM_AUDIENCE", "work.example"),
        ("CUTROOM_ACTIVE", "many"),
        ("CUTROOM_IMAGE", "heavy"),
    ],
)
def test_a_name_the_cloud_would_refuse_is_wrong(cloud: Callable[..., Findings], variable: str, value: str) -> None:
    found = cloud(**{variable: value})
    assert found[variable].state == "wrong" and "must be" in found[variable].fix
    assert "not reached" in found["what is there"].seen


def test_one_bucket_for_both_would_feed_itself(cloud: Callable[..., Findings]) -> None:
    assert cloud(CUTROOM_MEDIA="demo-uploads")["buckets"].state == "wrong"


def test_without_credentials_it_says_how_to_get_some(cloud: Callable[..., Findings]) -> None:
    found = cloud()
    assert found["settings"].state == "ok"
    assert found["credentials"].state == "wrong" and "gcloud auth" in found["credentials"].fix
    assert found["what is there"].state == "note"


class Parts:
    """A cloud in which buckets are there, queues are not, the topic refuses, and jobs never answer."""

    def __init__(self, settings: Any) -> None: ...

    def storage(self) -> Any:
        return self

    def tasks(self) -> Any:
        return self

    def publisher(self) -> Any:
        return self

    def jobs(self) -> Any:
        return self

    def get_bucket(self, name: str, **_: Any) -> str:
        return name

    def get_queue(self, **_: Any) -> Any:
        from google.api_core.exceptions import NotFound

        raise NotFound("no such queue")  # type: ignore[no-untyped-call]

    def get_topic(self, **_: Any) -> Any:
        raise PermissionError("no right to see it")

    def get_job(self, **_: Any) -> Any:
        time.sleep(4)


def test_what_is_there_is_told_from_what_is_not_and_from_what_does_not_answer(
    cloud: Callable[..., Findings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.adapters.google.clients.Clients", Parts)
    monkeypatch.setattr(of_cloud, "_REACH_S", 2.0)
    found = cloud(CUTROOM_LOCAL_CLOUD="1")
    assert found["bucket demo-uploads"].state == found["bucket demo-media"].state == "ok"
    assert found["queue cutroom-light"].state == "wrong" and found["queue cutroom-light"].fix == "terraform apply"
    assert found["topic demo-events"].state == "note" and "no right" in found["topic demo-events"].seen
    assert found["job cutroom-gpu"].state == "note" and "no answer" in found["job cutroom-gpu"].seen
    assert "credentials" not in found


# --- as a person types it -------------------------------------------------------------------------------------------


def test_the_launcher_shows_findings_and_never_a_traceback(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(here, monkeypatch, "gcloud").say("projects describe", "nobody is signed in", 1)
    (here / "state").write_text("a file where the folder should be")
    environment = {**os.environ, "CUTROOM_PROJECT": "x", "CUTROOM_CORES": "-1", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cli.doctor", "--places"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stderr == "" and "Traceback" not in done.stdout
    assert "cannot be written to" in " ".join(done.stdout.split())
