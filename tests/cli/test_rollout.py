"""scripts/rollout against a gcloud of the test's own: what moves, in which order, and that it comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.delivery import rollout
from scripts.delivery.commands import Commands
from tests.cli.fakes import Programs, programs

NAMES = ("events", "work-light", "api")


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """Every service has a new revision at 0 %, and the smoke test passes."""
    made = programs(tmp_path, monkeypatch, "gcloud")
    for name in NAMES:
        describe(made, name)
    services = {name: f"https://{name}-1.r.run.app" for name in NAMES}
    settings = {"CUTROOM_PROJECT": "p", "CUTROOM_LOCATION": "r", "CUTROOM_PREFIX": "x"}
    outputs = {"api": services["api"], "services": services, "settings": settings}
    (tmp_path / "outputs.json").write_text(json.dumps({name: {"value": value} for name, value in outputs.items()}))
    return made


def describe(made: Programs, name: str, *, newest: str = "new", ready: str = "new", latest: bool = False) -> None:
    traffic: list[dict[str, Any]] = [{"revisionName": f"{name}-old", "percent": 100, "latestRevision": latest}]
    traffic += [{"revisionName": f"{name}-{newest}", "tag": "next", "url": f"https://next---{name}"}]
    status = {"url": f"https://{name}", "traffic": traffic}
    status |= {"latestCreatedRevisionName": f"{name}-{newest}", "latestReadyRevisionName": f"{name}-{ready}"}
    made.say(f"services describe {name} ", {"status": status})


def run(made: Programs, what: str, monkeypatch: pytest.MonkeyPatch, smoke: int = 0) -> tuple[int, list[str]]:
    """The exit status, and what was moved and proven, in order."""
    run_ = Commands.run

    def instead(self: Commands, *argv: str, timeout_s: float = 60) -> None:
        if argv[0] == "scripts/smoke":
            argv = ("gcloud", "smoke", *argv[1:])
        run_(self, *argv, timeout_s=timeout_s)

    monkeypatch.setattr(Commands, "run", instead)
    made.say("gcloud smoke", "", smoke)
    status = rollout.main([what, "--outputs", str(made.folder / "outputs.json")])
    told = []
    for call in made.calls():
        if "update-traffic" in call:
            told.append(
                " ".join([call[4], *[one for one in call[5:] if "--project" not in one and "--region" not in one]])
            )
        elif "smoke" in call:
            told.append(" ".join(call[1:]))
    return status, told


def test_a_new_revision_is_proven_at_a_tenth_and_then_gets_all(
    gcloud: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, told = run(gcloud, "go", monkeypatch)
    assert status == 0
    assert told == [
        *(f"{name} --update-tags=next={name}-new" for name in NAMES),
        *(f"{name} --to-revisions={name}-new=10,{name}-old=90" for name in NAMES),
        "smoke --url=https://next---api",
        *(f"{name} --to-revisions={name}-new=100 --remove-tags=next" for name in NAMES),
    ]


@pytest.mark.parametrize("fails", ["smoke", "events-new=100", "api-new=10,"])
def test_what_fails_on_the_way_brings_everything_back(
    gcloud: Programs, monkeypatch: pytest.MonkeyPatch, fails: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if fails != "smoke":
        gcloud.say(fails, "no", 1)
    status, told = run(gcloud, "go", monkeypatch, smoke=fails == "smoke")
    assert status == 1
    assert told[-3:] == [f"{name} --to-revisions={name}-old=100 --remove-tags=next" for name in NAMES]
    assert "back at the revision it had" in capsys.readouterr().err


def test_what_cannot_be_taken_back_is_named_and_the_others_are(
    gcloud: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gcloud.say("events-old=100", "no", 1)
    assert run(gcloud, "go", monkeypatch, smoke=1)[0] == 1
    assert "could not be taken back: events" in capsys.readouterr().err
    assert any("api-old=100" in " ".join(call) for call in gcloud.calls())


def test_a_revision_that_is_not_ready_moves_nothing(gcloud: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(gcloud, "events", ready="old")
    assert run(gcloud, "go", monkeypatch) == (1, [])


def test_first_revisions_serve_at_once_and_are_pinned_when_proven(
    gcloud: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        describe(gcloud, name, newest="old", ready="old", latest=True)
    status, told = run(gcloud, "go", monkeypatch)
    assert status == 0 and "smoke" in told[0]
    assert told[1:] == [f"{name} --to-revisions={name}-old=100" for name in NAMES]


def test_first_revisions_that_are_not_proven_are_not_pinned(
    gcloud: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NAMES:
        describe(gcloud, name, newest="old", ready="old", latest=True)
    status, told = run(gcloud, "go", monkeypatch, smoke=1)
    assert status == 1 and len(told) == 1
    assert "back at the revision" not in capsys.readouterr().err


def test_only_what_floats_is_pinned(gcloud: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    describe(gcloud, "api", latest=True)
    assert run(gcloud, "pin", monkeypatch) == (0, ["api --to-revisions=api-old=100"])


def test_back_goes_to_the_ready_revision_before(gcloud: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    def revision(name: str, at: str, ready: str = "True") -> dict[str, Any]:
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        return {"metadata": {"name": name, "creationTimestamp": at}, "status": status}

    made = [revision("api-new", "4"), revision("api-old", "3"), revision("api-bad", "2", "False")]
    gcloud.say("--service=api ", [*made, revision("api-good", "1")])
    gcloud.say("revisions list", [])
    gcloud.say("--service=api ", [*made, revision("api-good", "1")])
    assert run(gcloud, "back", monkeypatch) == (0, ["api --to-revisions=api-good=100"])


def test_a_dry_run_prints_the_commands_in_order_and_runs_none(
    gcloud: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rollout.main(["go", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.index("=10,") < said.index("scripts/smoke --url=https://next---cutroom-api") < said.index("NEW=100")
    assert gcloud.calls() == []
