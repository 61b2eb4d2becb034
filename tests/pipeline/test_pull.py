"""Workers of a pool: each run is done once, whoever takes it, stops or dies."""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.scratch import FolderScratch
from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.adapters.google.run_jobs import CloudRunJobs
from common.bootstrap.local import Local
from common.errors import Transient
from common.pipeline import execution, flows, planner, sweep
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.launcher import launch, reap
from common.pipeline.lease import Lease
from common.pipeline.pull import Shift, pull
from common.pipeline.run import RunId
from common.ports.clock import stamp
from common.ports.documents import Documents, Merge, Write
from common.ports.documents import Where as Field
from common.ports.work import Outcome, Work
from jobs.__main__ import main
from tests import toy
from tests.harness import TENANT, Meddling, cutroom, read, result, run, submit, with_documents
from tests.pools import POOL, QUICK, Dated, Platform, definition, launch_of, launches, planned
from tests.post import Hands, cloudlike
from tests.standins.run_jobs import LOCATION, PROJECT, run_jobs

ROOT = Path(__file__).resolve().parents[2]
PATIENT = replace(QUICK, idle_s=0.5, poll_s=(0.02, 0.05))

# What the handlers of these tests do and see: they are named by string, and so share it by this module.
worked: Counter[str] = Counter()
threads: set[int] = set()
began = threading.Event()
go_on = threading.Event()
_lock = threading.Lock()


def counted(work: Work) -> Outcome:
    with _lock:
        worked[f"{work.flow}.{work.number}"] += 1
        threads.add(threading.get_ident())
    return toy.part(work)


def waits(work: Work) -> Outcome:
    """Work until the test lets it go on."""
    began.set()
    go_on.wait(30)
    return counted(work)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    worked.clear()
    threads.clear()
    began.clear()
    go_on.clear()
    yield
    go_on.set()
    for thread in threading.enumerate():  # what a worker has let go of is still at it
        if thread.name == "hands":
            thread.join(10)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with cutroom(tmp_path, definition(part=f"{__name__}:counted")) as found:
        yield found


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Local]:
    with cutroom(tmp_path, definition(part=f"{__name__}:waits")) as found:
        yield found


def work(engine: Engine, **how: Any) -> Shift:
    """A worker's whole life, in this thread."""
    given: dict[str, Any] = {"policy": QUICK, "left_s": lambda: 3600.0, "stop": threading.Event(), **how}
    return pull(engine, given.pop("pool", POOL), **given)


class Aside:
    """A worker's life in a thread of its own."""

    def __init__(self, engine: Engine, **how: Any) -> None:
        self.stop = threading.Event()
        self.shift: Shift | None = None
        self._thread = threading.Thread(target=self._work, args=(engine,), kwargs={**how, "stop": self.stop})
        self._thread.start()

    def _work(self, engine: Engine, **how: Any) -> None:
        self.shift = work(engine, **how)

    def over(self, seconds: float = 20.0) -> Shift:
        self._thread.join(seconds)
        assert self.shift is not None, "the worker did not end"
        return self.shift


def moved_by_hand(engine: Engine) -> tuple[Engine, Hands]:
    clock = Hands(at=SteadyClock().now())
    return replace(with_documents(engine, Dated(engine.documents, clock)), clock=clock), clock


def with_estimates(local: Local, flow: str, seconds: Sequence[float]) -> None:
    for number, estimate in enumerate(seconds):
        local.engine.documents.commit([Merge(RunId(TENANT, flow, "part", number).key, {"estimate_s": estimate})])


def asked(local: Local) -> tuple[Platform, str]:
    """A launch that waits for its worker."""
    platform = Platform()
    (name,) = launch(local.engine.documents, local.engine.clock, platform, POOL, replace(QUICK, cap=1))
    return platform, name


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def test_twelve_workers_do_each_run_once(
    request: pytest.FixtureRequest, tmp_path: Path, local: Local, kind: str, record_property: Callable[[str, int], None]
) -> None:
    make = request.getfixturevalue("firestore") if kind == "firestore" else None
    parts = 60

    def opened() -> Documents:
        return SqliteDocuments(local.folder.database) if make is None else FirestoreDocuments(make)

    engine = with_documents(local.engine, opened())
    flow = planned(engine, parts)
    workers = [Aside(with_documents(engine, opened()), policy=PATIENT) for _ in range(12)]
    shifts = [worker.over(120) for worker in workers]
    record_property("claims_lost", sum(shift.lost for shift in shifts))
    print(f"{kind}: {sum(shift.lost for shift in shifts)} claims lost by 12 workers over {parts} runs")
    assert {shift.why for shift in shifts} == {"idle"}
    assert sum(shift.done for shift in shifts) == parts
    assert sorted(worked.values()) == [1] * parts
    bodies = [snap.body for snap in flows.runs(engine, flow) if snap.body["stage"] == "part"]
    assert [(body["state"], body["attempt"]) for body in bodies] == [("done", 1)] * parts


def test_nothing_else_is_taken_and_nothing_is_planned(local: Local) -> None:
    flow = planned(local.engine, 2)
    documents = local.engine.documents
    documents.commit([Merge(RunId(TENANT, flow.id, "part", 1).key, {"pool": "gpu"})])
    later = local.engine.clock.now() + timedelta(hours=1)
    other = submit(local.engine, name="in place.mp4").flow
    assert work(local.engine) == Shift(why="idle", done=1)
    assert run(local, flow, "part", 1)["state"] == "queued"
    assert run(local, other, "split")["state"] == "queued"
    assert {snap.body["stage"] for snap in flows.runs(local.engine, flow)} == {"split", "part", "side"}
    documents.commit([Merge(RunId(TENANT, flow.id, "part", 1).key, {"pool": POOL, "due": later.isoformat()})])
    assert work(local.engine) == Shift(why="idle")
    documents.commit([Merge(RunId(TENANT, flow.id, "part", 1).key, {"due": "2026", "stage": "of another version"})])
    assert work(local.engine) == Shift(why="idle")


def test_all_runs_of_a_worker_are_done_in_one_thread(local: Local) -> None:
    planned(local.engine, 5)
    assert work(local.engine).done == 5
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_a_dead_workers_run_is_taken_over_when_its_lease_is_over(local: Local) -> None:
    engine, clock = moved_by_hand(local.engine)
    flow = planned(engine, 1)
    first = RunId(TENANT, flow.id, "part", 0)
    assert isinstance(execution.claim(engine, first, engine.definition["part"]), Lease)
    assert work(engine).done == 0
    clock.at += timedelta(seconds=61)
    assert work(engine) == Shift(why="idle", done=1)
    assert (run(local, flow, "part", 0)["state"], run(local, flow, "part", 0)["attempt"]) == ("done", 2)


def test_a_run_that_waits_is_tried_again_when_it_is_due(tmp_path: Path) -> None:
    with cutroom(tmp_path, definition(part="tests.toy:never_passes")) as local:
        engine, clock = moved_by_hand(local.engine)
        flow = planned(engine, 1)
        for _ in range(3):
            assert work(engine).done == 1
            clock.at += timedelta(seconds=1)
        assert run(local, flow, "part", 0)["state"] == "failed"


def test_a_worker_takes_no_run_that_it_has_no_time_for_but_a_fresh_one_takes_any(local: Local) -> None:
    flow = planned(local.engine, 3)
    with_estimates(local, flow.id, [500.0] * 3)
    shift = work(local.engine, left_s=lambda: 10.0 if worked else 1000.0)
    assert shift == Shift(why="time", done=1)
    assert work(local.engine, left_s=lambda: 10.0) == Shift(why="time", done=1)
    with_estimates(local, flow.id, [500.0, 500.0, 9.0])
    assert work(local.engine, left_s=lambda: 10.0).done == 1


def test_what_only_a_fresh_worker_may_take_goes_first(local: Local) -> None:
    flow = planned(local.engine, 8)
    with_estimates(local, flow.id, [1.0, 1.0, 1.0, 5000.0])
    shift = work(local.engine, left_s=lambda: 1000.0)
    assert shift == Shift(why="idle", done=8)
    assert next(iter(worked)) == f"{flow.id}.3"


def test_a_worker_that_has_nothing_to_do_ends(local: Local) -> None:
    began_at = time.monotonic()
    assert work(local.engine, policy=replace(QUICK, idle_s=0.3, poll_s=(0.01, 0.02))) == Shift(why="idle")
    assert 0.3 <= time.monotonic() - began_at < 5


def test_a_worker_told_to_stop_while_it_waits_ends_at_once(local: Local) -> None:
    worker = Aside(local.engine, policy=replace(QUICK, idle_s=60.0, poll_s=(50.0, 60.0)))
    worker.stop.set()
    assert worker.over(5) == Shift(why="stopped")


def test_a_worker_told_to_stop_gives_its_run_to_another(waiting: Local, tmp_path: Path) -> None:
    platform, engine = Platform(), waiting.engine
    flow = planned(engine, 1)
    (name,) = launch(engine.documents, engine.clock, platform, POOL, QUICK)
    worker = Aside(engine, launch=name, jobs=platform)
    assert began.wait(10)
    worker.stop.set()
    shift = worker.over(10)
    assert (shift.why, shift.done, shift.left) == ("stopped", 0, RunId(TENANT, flow.id, "part", 0))
    freed = run(waiting, flow, "part", 0)
    assert (freed["state"], freed["interrupted"]) == ("waiting", 1)
    assert launches(engine.documents, "ended") == [name]
    assert launches(engine.documents, "asked") == [platform.started[1][1]]  # there is a run again that nobody has
    elsewhere = replace(engine, scratch=FolderScratch(tmp_path / "heir"))
    heir = Aside(elsewhere, launch=platform.started[1][1], jobs=platform)
    go_on.set()  # the one that was stopped goes on as well, and is fenced
    assert heir.over() == Shift(why="idle", done=1)
    deadline = time.monotonic() + 10
    while sum(worked.values()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert run(waiting, flow, "part", 0)["state"] == "done"
    assert run(waiting, flow, "part", 0)["attempt"] == 2


def test_a_run_that_is_about_to_settle_may(waiting: Local) -> None:
    flow = planned(waiting.engine, 2)
    worker = Aside(waiting.engine)
    assert began.wait(10)
    worker.stop.set()
    time.sleep(0.3)
    go_on.set()
    assert worker.over(10) == Shift(why="stopped", done=1)
    assert sorted(run(waiting, flow, "part", n)["state"] for n in range(2)) == ["done", "queued"]


def test_a_worker_that_stops_does_not_free_what_another_has(waiting: Local) -> None:
    engine, clock = moved_by_hand(waiting.engine)
    engine = replace(engine, beat_s=3600.0)
    flow = planned(engine, 1)
    first = RunId(TENANT, flow.id, "part", 0)
    worker = Aside(engine)
    assert began.wait(10)
    clock.at += timedelta(seconds=61)  # it was frozen for a minute
    assert isinstance(execution.claim(engine, first, engine.definition["part"]), Lease)
    held = run(waiting, flow, "part", 0)
    worker.stop.set()
    assert worker.over(10).left == first
    assert run(waiting, flow, "part", 0) == held


def test_a_slot_is_given_back_before_the_queue_is_counted(local: Local) -> None:
    said: list[str] = []

    def hear(writes: Sequence[Write]) -> None:
        if writes[0].key.startswith(("pools/", "launches/")):
            said.append(getattr(writes[0], "fields", {}).get("state", writes[0].key))

    planned(local.engine, 3)
    platform, name = asked(local)
    assert name == "cpu-1"
    engine = with_documents(local.engine, Meddling(local.engine.documents, before=hear))
    left = itertools.chain([3600.0], itertools.repeat(0.5))
    shift = work(engine, policy=replace(QUICK, cap=1), left_s=lambda: next(left), launch=name, jobs=platform)
    assert (shift.why, shift.done) == ("time", 1)
    assert said == ["up", "ended", "pools/cpu", "launches/cpu-2"]
    assert [started for _, started in platform.started] == ["cpu-1", "cpu-2"]
    assert work(engine, policy=replace(QUICK, cap=1), launch="cpu-2", jobs=platform).done == 2
    assert len(platform.started) == 2  # nothing was left to do


def test_a_second_worker_of_a_launch_is_not_needed(waiting: Local) -> None:
    planned(waiting.engine, 2)
    platform, name = asked(waiting)
    worker = Aside(waiting.engine, launch=name, jobs=platform)
    assert began.wait(10)
    assert work(waiting.engine, launch=name, jobs=platform) == Shift(why="not needed")
    assert work(waiting.engine, launch="cpu-99", jobs=platform) == Shift(why="not needed")
    assert launches(waiting.engine.documents, "up") == [name]
    go_on.set()
    assert worker.over().done == 2


def test_a_worker_beats_while_it_works_and_ends_when_it_was_given_up(waiting: Local) -> None:
    engine, clock = moved_by_hand(waiting.engine)
    flow = planned(engine, 2)
    platform = Platform()
    (name,) = launch(engine.documents, clock, platform, POOL, replace(QUICK, cap=1))
    worker = Aside(engine, policy=replace(QUICK, cap=1, beat_s=1.0, lease_s=3.0), launch=name, jobs=platform)
    assert began.wait(10)
    for _ in range(4):
        clock.at += timedelta(seconds=1)
        ends = time.monotonic() + 10
        while launch_of(engine.documents, name)["due"] != stamp(clock.at + timedelta(seconds=3)):
            assert time.monotonic() < ends, "it does not beat"
            time.sleep(0.01)
    assert reap(engine.documents, clock, platform) == []
    (snap,) = engine.documents.query("launches", [Field("state", "==", "up")])
    engine.documents.commit([Merge(snap.key, {"state": "lost"})])
    clock.at += timedelta(seconds=1)
    go_on.set()
    assert worker.over() == Shift(why="given up", done=1)
    assert launch_of(engine.documents, name)["state"] == "lost"
    assert sorted(run(waiting, flow, "part", n)["state"] for n in range(2)) == ["done", "queued"]


def test_a_queue_that_can_not_be_read_is_asked_again(local: Local, caplog: pytest.LogCaptureFixture) -> None:
    class Away(Meddling):
        refusals = 3

        def query(self, *given: Any, **how: Any) -> Any:
            if self.refusals:
                self.refusals -= 1
                raise Transient("it does not answer; it is tried again")
            return super().query(*given, **how)

    planned(local.engine, 1)
    with caplog.at_level(logging.WARNING):
        assert work(with_documents(local.engine, Away(local.engine.documents)), policy=PATIENT).done == 1
    assert caplog.text.count("the queue of cpu can't be read") == 3


def test_a_run_that_nobody_can_claim_does_not_keep_a_worker(local: Local) -> None:
    flow = planned(local.engine, 1)
    local.engine.documents.commit([Merge(RunId(TENANT, flow.id, "part", 0).key, {"flow": "gone"})])
    lost = RunId(TENANT, flow.id, "part", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.pipeline.pull.execute", lambda engine, run: "gone")
        shift = work(local.engine, policy=replace(PATIENT, idle_s=0.3))
    assert (shift.why, shift.done, shift.left) == ("idle", 0, None)
    assert 1 <= shift.lost < 30
    assert execute(local.engine, lost) == "done"


def test_a_flow_is_done_by_workers_that_cloud_run_starts(local: Local) -> None:
    """Refusals and lost answers included; `tick` looks after what they leave, a hundred times as often as it does."""
    policy = replace(PATIENT, cap=3, target_s=5.0, start_s=1.0, lease_s=2.0, beat_s=0.2, hold_s=0.1)
    parts = 30

    def execution_of(arguments: Sequence[str], environment: Mapping[str, str], stop: threading.Event) -> int:
        word, pool, flag, name = arguments
        assert (word, flag) == ("pull", "--launch")
        documents = SqliteDocuments(local.folder.database)
        engine = with_documents(local.engine, documents)
        pull(engine, pool, policy=policy, left_s=lambda: 3600.0, stop=stop, launch=name, jobs=jobs)
        documents.close()
        return 0

    with run_jobs({"cutroom-cpu": execution_of}) as cloud:
        jobs = CloudRunJobs(
            cloud.jobs_client, cloud.executions_client, project=PROJECT, location=LOCATION, prefix="cutroom"
        )
        cloud.refuse(2)
        cloud.lose_answer(2)
        flow = planned(local.engine, parts)
        deadline = time.monotonic() + 60
        while read(local, flow).state == "running":
            assert time.monotonic() < deadline
            for found in sweep.due(local.engine):
                if found.act:
                    planner.act(local.engine, found.run)
                elif found.run.stage != "part":
                    execute(local.engine, found.run)
            reap(local.engine.documents, local.engine.clock, jobs)
            launch(local.engine.documents, local.engine.clock, jobs, POOL, policy)
            for snap in flows.runs(local.engine, flow):
                if snap.body["state"] == "done":
                    planner.act(local.engine, RunId.parse(snap.key))
            time.sleep(0.05)
        cloud.wait()
        assert result(local, flow, "join")["count"] == parts
        assert sorted(worked.values()) == [1] * parts
        assert launches(local.engine.documents, "asked", "up") == []


def test_a_fan_out_into_a_pool_calls_for_workers_once(tmp_path: Path) -> None:
    engine, post, _ = cloudlike(tmp_path, definition())
    planned(engine, parts=5)
    assert engine.documents.count("runs", [Field("pool", "==", POOL)]) == 5
    assert [errand.stage for _, errand in post.errands].count("part") == 1


def test_jobs_knows_its_pools(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pull", "tpu"])
    assert "there is no pool 'tpu'; choose one of cpu, gpu" in capsys.readouterr().err


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGTSTP])
def test_a_signal_ends_a_worker_in_good_order(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "jobs", "pull", POOL],
        cwd=ROOT,
        env={**os.environ, "CUTROOM_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as worker:
        assert worker.stderr is not None
        try:
            first = worker.stderr.readline()
            worker.send_signal(how)
            said = first + worker.stderr.read()
        finally:
            worker.kill()
    assert "asks for runs" in first, said
    assert "ended (stopped): 0 runs" in said
    assert worker.returncode == 0
