"""Workers are forked at once, ended with all they started, and none is waited for in vain."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.adapters.embedded.doorbell import Doorbell
from common.adapters.embedded.folder import StateFolder
from common.adapters.embedded.forkserver import ForkedWorker, ForkServer
from common.adapters.embedded.processes import worker_environment


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def server(folder: StateFolder) -> Iterator[ForkServer]:
    environment = worker_environment(os.environ, {})
    preload = ["json.tool", "no.such.module", "tests.standins.broken"]
    made = ForkServer(folder, environment, lambda: preload, Doorbell().ring, module=MODULE)
    yield made
    made.close()


MODULE = "tests.standins.forked"


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def hanging(server: ForkServer, told: Path) -> tuple[ForkedWorker, list[int]]:
    """A worker at work, its process, the one below it, and the server's."""
    worker = server.start("hang", str(told))
    until(lambda: told.exists() and len(told.read_text().split()) == 3, "the worker is at work")
    return worker, [int(pid) for pid in told.read_text().split()]


def noted(folder: StateFolder) -> list[str]:
    return [note.name for note in (folder.root / "workers").glob("*")]


def test_a_worker_that_ends_is_over_and_its_note_is_gone(server: ForkServer, folder: StateFolder) -> None:
    workers = [server.start("end", "-") for _ in range(20)]
    until(lambda: all(worker.over() for worker in workers), "all have ended")
    assert noted(folder) == []


def test_one_that_raises_is_over_and_says_why_in_the_log(server: ForkServer, folder: StateFolder) -> None:
    worker = server.start("raise", "-")
    until(worker.over, "it has ended")
    assert "this worker raises" in folder.log.read_text()
    again = server.start("end", "-")
    until(again.over, "the server forks on")


def test_one_that_is_stopped_is_gone_with_all_it_started(
    server: ForkServer, folder: StateFolder, tmp_path: Path
) -> None:
    worker, (pid, below, _) = hanging(server, tmp_path / "told")
    until(lambda: noted(folder) == [str(pid)], "it is known whom the server forked")
    assert os.getpgid(below) == pid != os.getpgid(0)
    worker.stop()
    assert worker.over()
    until(lambda: not alive(pid) and not alive(below), "both are gone")
    assert noted(folder) == []


def test_one_that_is_stopped_before_it_is_there_does_not_stay(server: ForkServer, tmp_path: Path) -> None:
    worker = server.start("hang", str(tmp_path / "told"))
    worker.stop()
    assert worker.over()


def test_a_server_that_dies_takes_its_workers_along_and_the_next_start_makes_another(
    server: ForkServer, folder: StateFolder, tmp_path: Path
) -> None:
    worker, (pid, below, parent) = hanging(server, tmp_path / "told")
    # Else it may die before it tells whom it forked: real workers end by their stdin then, this one minds none.
    until(lambda: noted(folder) == [str(pid)], "it is known whom the server forked")
    os.kill(parent, signal.SIGKILL)
    until(worker.over, "its worker counts as ended")
    until(lambda: not alive(pid) and not alive(below), "both are gone")
    until(lambda: noted(folder) == [], "its note is gone")
    _, (other, _, another) = hanging(server, tmp_path / "again")
    assert another != parent and alive(other)


def test_a_module_that_cannot_be_imported_ends_nobody_and_stands_in_the_log(
    server: ForkServer, folder: StateFolder, tmp_path: Path
) -> None:
    worker, _ = hanging(server, tmp_path / "told")
    until(lambda: "this library is broken" in folder.log.read_text(), "it was tried")
    again = server.start("end", "-")
    until(again.over, "the server forks on")
    assert not worker.over()


def test_where_no_note_can_be_written_workers_work_on(
    server: ForkServer, folder: StateFolder, caplog: pytest.LogCaptureFixture
) -> None:
    (folder.root / "workers").write_text("a file, where a folder should be")
    workers = [server.start("end", "-") for _ in range(2)]
    until(lambda: all(worker.over() for worker in workers), "all have ended")
    assert caplog.text.count("has no note") == 2


def test_what_is_at_work_when_it_is_closed_is_ended(server: ForkServer, tmp_path: Path) -> None:
    worker, (pid, below, parent) = hanging(server, tmp_path / "told")
    server.close()
    until(worker.over, "its worker counts as ended")
    until(lambda: not any(map(alive, (pid, below, parent))), "all are gone")
