"""scripts/publish as a person uses it, beside scripts/serve: connect, schedule, lose an answer, find it, look."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import requests
from rich.console import Console

from common.adapters.embedded.folder import StateFolder
from common.errors import BadInput
from functions.api.publications import Local
from scripts.cli import here, publish
from tests.contract.platforms.worlds import WORLDS
from tests.contract.platforms.worlds.world import World
from tests.emulators import free_port
from tests.media import three_seconds
from tests.serving import ROOT, Serving, served

NETWORKS = ("x", "youtube", "tiktok")


@pytest.fixture
def worlds() -> Iterator[dict[str, World]]:
    with ExitStack() as held:
        yield {name: held.enter_context(WORLDS[name]()) for name in NETWORKS}


@pytest.fixture
def serving(tmp_path: Path, worlds: dict[str, World], monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    sites = {one.network: {"address": one.address} for one in worlds.values()}
    monkeypatch.setenv("CUTROOM_PLATFORMS", json.dumps(sites))
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    for one in worlds.values():
        monkeypatch.setenv(f"CUTROOM_SECRET_{one.network.upper()}_CLIENT_ID", one.app.id)
        monkeypatch.setenv(f"CUTROOM_SECRET_{one.network.upper()}_CLIENT_SECRET", one.app.secret)
    with served(tmp_path) as made:
        for one in worlds.values():
            one.site.redirect = f"{made.url}/v1/connections/callback"
        yield made


def begun(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "scripts.cli.publish", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True)


def said(tmp_path: Path, *arguments: str, status: int = 0) -> str:
    process = begun(tmp_path, *arguments)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == status, told
    return told


def connect(tmp_path: Path, world: World) -> None:
    """With a browser that is a test's."""
    process = begun(tmp_path, "connect", world.network, "--no-browser")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(2)]
    back = world.site.allowed(world.owner, lines[1].strip())
    page = requests.get(world.site.redirect, params=back, timeout=30)
    assert page.status_code == 200 and "Connected" in page.text, page.text
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0 and "Connected" in told, told


def test_a_clip_is_posted_from_the_command_line(serving: Serving, tmp_path: Path, worlds: dict[str, World]) -> None:
    three_seconds(tmp_path / "uploads", "tea.mp4", seconds=4, rate=25)
    assert "No channel is connected yet" in said(tmp_path, "channels")
    assert "Nothing is scheduled yet" in said(tmp_path, "list")
    for one in worlds.values():
        connect(tmp_path, one)
    connect(tmp_path, worlds["x"])  # once more, such as to allow more
    told = said(tmp_path, "channels")
    assert all(network in told for network in NETWORKS) and told.count("connected") == len(NETWORKS)
    until = time.monotonic() + 240
    while not (tmp_path / "out" / "tea" / "result.json").is_file():
        assert time.monotonic() < until and serving.process.poll() is None, serving.said.read_text()
        time.sleep(0.5)
    assert "no clip" in said(tmp_path, "schedule", "nobody.1", "--at", "now", status=2)

    worlds["youtube"].site.faults["commit"].append("lost")
    process = begun(tmp_path, "schedule", "out/tea/1", "--at", "now", "--title", "Tea", "--wait")
    until = time.monotonic() + 60
    while "unknown" not in (listed := said(tmp_path, "list")):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError(f"{listed}\n{process.communicate()[0]}")
        time.sleep(0.5)
    (post,) = re.findall(r"^([0-9a-f]{16}) +youtube +.* unknown", listed, re.MULTILINE)
    asked = begun(tmp_path, "reconcile", post)
    asked.communicate(timeout=120)
    assert asked.returncode in (0, 1)  # it is found out while the command looks, or is not yet
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and told.count("published") == len(NETWORKS), told
    assert {name: one.posts() for name, one in worlds.items()} == dict.fromkeys(worlds, 1)
    assert "published" in said(tmp_path, "status", post)

    later = said(tmp_path, "schedule", "out/tea/1", "--at", "2027-06-01T18:00", "--title", "Later")
    posts = re.findall(r"^([0-9a-f]{16}) ", later, re.MULTILINE)
    assert len(posts) == len(NETWORKS)
    assert "held" in said(tmp_path, "hold", posts[0])
    assert "scheduled" in said(tmp_path, "go", posts[0])
    assert "cancelled" in said(tmp_path, "cancel", posts[1])
    table = tmp_path / "calendar.csv"
    table.write_text("clip,channel,at\nnobody.1,nowhere,2027-01-01\n")
    told = said(tmp_path, "schedule", "--table", str(table), status=2)
    assert "line 2: no channel is called 'nowhere'" in told and "none scheduled" in told


def test_what_serves_is_loaded_only_where_nobody_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "import sys, scripts.cli.publish; print({'numpy', 'uvicorn', 'common.bootstrap'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", asked], cwd=ROOT, text=True) == "set()\n"
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("scripts.cli.serve.PORT", free_port())
    StateFolder(tmp_path / "state").tell_address("http://127.0.0.1:9")  # by one that was killed
    with here.client() as client:
        assert list(client.channels.every()) == []


def test_help_answers_and_mistakes_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    for command in ((), ("schedule",), ("connect",), ("settle",)):
        assert "usage: scripts/publish" in said(tmp_path, *command, "--help")


@pytest.mark.parametrize("extra", ["out/talk/1", "--to=c", "--at=now", "--title=t", "--paid", "--ai-made", "--wait"])
def test_a_table_says_it_all_itself(capsys: pytest.CaptureFixture[str], extra: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        publish.main(["schedule", "--table", "calendar.csv", extra])
    named = "CLIP" if extra.startswith("out") else extra.partition("=")[0]
    assert stopped.value.code == 2 and f"leave out {named}" in capsys.readouterr().err


@pytest.mark.parametrize("told", ["tomorrow", "2026-12-01", "18:00", "2026-13-01T18:00", "", "%", "９"])
def test_a_time_that_is_none_is_asked_for_in_words(capsys: pytest.CaptureFixture[str], told: str) -> None:
    with pytest.raises(SystemExit):
        publish.parser().parse_args(["schedule", "c", "--at", told])
    assert "write one such as 2026-12-01T18:00, or now, or next" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-12-01 18:00", "2026-12-01T18:00:00"),
        ("2026-12-01T18:00z", "2026-12-01T18:00:00+00:00"),
        ("2026-12-01T18:00:30.5+05:30", "2026-12-01T18:00:30.500000+05:30"),
        ("next", "next"),
    ],
)
def test_a_time_is_taken_as_a_table_takes_it(told: str, meant: str) -> None:
    options = publish.parser().parse_args(["schedule", "c", "--at", told])
    assert options.at == meant
    msgspec.convert(options.at, Local)


def test_an_address_that_is_none_is_asked_for_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        publish.parser().parse_args(["settle", "p", "--posted", "yes", "--url", "the third from above"])
    assert "begins with https://" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["", '{"flow":', "[]", "{}", '{"flow": null}', '"flow"', b"\xff".decode("latin-1")])
def test_a_clip_of_results_that_are_none_is_asked_for_anew(tmp_path: Path, written: str) -> None:
    (tmp_path / "result.json").write_text(written, "latin-1")
    options = publish.parser().parse_args(["schedule", str(tmp_path / "1"), "--to", "c"])
    client: Any = SimpleNamespace(channels=SimpleNamespace(every=list), publications=SimpleNamespace(create=None))
    with pytest.raises(BadInput, match="run it again, or give the id of the clip"):
        publish.schedule(client, options, Console())


def test_a_table_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    client: Any = None
    for path in (tmp_path, tmp_path / "calendar.csv"):
        with pytest.raises(BadInput, match="is no file; name the CSV"):
            publish.schedule(client, publish.parser().parse_args(["schedule", "--table", str(path)]), Console())


def test_that_nothing_is_found_is_not_said_to_be_nothing_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    client: Any = SimpleNamespace(publications=SimpleNamespace(every=lambda **how: iter(())))
    publish.every(client, publish.parser().parse_args(["list", "--state", "held"]), Console(width=200))
    assert "without --state" in (told := capsys.readouterr().out) and "Nothing is scheduled" not in told
