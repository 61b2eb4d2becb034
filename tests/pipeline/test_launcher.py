"""A pool has the workers it needs and no more, whoever launches, refuses or dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.adapters.embedded.clock import SteadyClock
from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.errors import Conflict, Permanent, Transient
from common.pipeline import flows, sweep
from common.pipeline.execution import execute
from common.pipeline.launcher import ALIVE, KEPT_S, PoolPolicy, Slot, launch, reap, want
from common.pipeline.pull import pull
from common.pipeline.run import RunId
from common.ports.documents import Documents, Json, Merge, Write
from tests.harness import Meddling, cutroom, read, result, run, submit, with_documents
from tests.pools import (
    POOL,
    QUICK,
    Dated,
    Died,
    Fate,
    Mortal,
    Platform,
    definition,
    enqueue,
    launch_of,
    launches,
)
from tests.post import Hands

POLICY = PoolPolicy(cap=4, target_s=10.0, start_s=300.0, lease_s=90.0, beat_s=20.0, hold_s=30.0)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def documents(tmp_path: Path, clock: Hands) -> Iterator[Documents]:
    store = SqliteDocuments(tmp_path / "store.sqlite")
    yield Dated(store, clock)
    store.close()


def later(clock: Hands, seconds: float) -> None:
    clock.at += timedelta(seconds=seconds)


def came_up(documents: Documents, clock: Hands, name: str) -> Slot:
    slot = Slot(documents, clock, name, POLICY)
    assert slot.up()
    return slot


some = st.integers(0, 1000)


@given(
    cap=st.integers(0, 50),
    target_s=st.floats(1, 1e5),
    alive=some,
    free=some,
    queued=some,
    run_s=st.floats(0, 1e5),
)
def test_what_is_wanted_is_enough_and_no_more(
    cap: int, target_s: float, alive: int, free: int, queued: int, run_s: float
) -> None:
    idle, queued_s = min(alive, free), queued * run_s
    wanted = want(cap=cap, target_s=target_s, alive=alive, idle=idle, queued=queued, queued_s=queued_s)
    assert 0 <= wanted <= max(0, cap - alive)
    assert wanted <= max(0, queued - idle)
    if wanted > 1:
        assert (wanted + idle - 1) * target_s < queued_s
    if queued and cap and not alive:
        assert wanted >= 1
    again = want(cap=cap, target_s=target_s, alive=alive + wanted, idle=idle + wanted, queued=queued, queued_s=queued_s)
    assert again == 0


@pytest.mark.parametrize(
    ("queued", "seconds", "expected"),
    [(0, 0.0, 0), (1, 0.0, 1), (3, 1.0, 1), (3, 10.0, 3), (3, 1000.0, 3), (30, 5.0, 4), (30, 0.5, 2)],
)
def test_a_queue_gets_workers_by_its_work(
    documents: Documents, clock: Hands, queued: int, seconds: float, expected: int
) -> None:
    enqueue(documents, clock, queued, seconds=seconds)
    enqueue(documents, clock, 0 if queued else 9, seconds=seconds, pool="gpu")
    platform = Platform()
    assert launch(documents, clock, platform, POOL, POLICY) == [f"cpu-{n}" for n in range(1, expected + 1)]
    assert len(platform.started) == expected
    assert launch(documents, clock, platform, POOL, POLICY) == []


def test_those_who_were_asked_and_those_who_are_up_are_counted_until_they_end(
    documents: Documents, clock: Hands
) -> None:
    platform = Platform()
    enqueue(documents, clock, 2, seconds=5.0)
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-1"]
    slot = came_up(documents, clock, "cpu-1")
    assert launch(documents, clock, platform, POOL, POLICY) == []
    slot.ended()
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-2"]
    assert launch_of(documents, "cpu-2")["execution"] == "executions/cpu-2"
    later(clock, POLICY.start_s + 1)  # it never came up
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-3"]


def test_who_has_a_run_is_no_help_for_the_queue(documents: Documents, clock: Hands) -> None:
    platform = Platform()
    enqueue(documents, clock, 2, seconds=5.0)
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-1"]
    busy: Json = {"state": "running", "due": "2026-01-01T00:01:00.000Z"}
    documents.commit([Merge(RunId("local", "a1-1", "part", 0).key, busy)])
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-2"]
    later(clock, 61)  # the run's holder is dead
    assert launch(documents, clock, platform, POOL, POLICY) == []


def test_a_refusal_is_marked_at_once_and_holds_the_pool_for_a_while(documents: Documents, clock: Hands) -> None:
    platform = Platform(refusals=[None, Transient("full; it is asked again")])
    enqueue(documents, clock, 4, seconds=10.0)
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-1"]
    assert launches(documents, "refused") == ["cpu-2", "cpu-3", "cpu-4"]
    assert launch_of(documents, "cpu-2")["error"] == "full; it is asked again"
    assert not Slot(documents, clock, "cpu-2", POLICY).up()
    assert launch(documents, clock, platform, POOL, POLICY) == []
    later(clock, POLICY.hold_s + 1)
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-5", "cpu-6", "cpu-7"]


def test_a_platform_that_will_not_breaks_nobody(documents: Documents, clock: Hands) -> None:
    platform = Platform(refusals=[Permanent("no such job; run scripts/doctor")])
    enqueue(documents, clock, 1)
    assert launch(documents, clock, platform, POOL, POLICY) == []
    assert documents.get_many(["pools/cpu"])["pools/cpu"].body["refused"] == "no such job; run scripts/doctor"


def test_a_worker_that_came_up_before_its_launch_was_refused_stays(documents: Documents, clock: Hands) -> None:
    """The platform started it, its answer was lost, and the worker was quicker than the launcher."""

    class Quick(Platform):
        def start(self, pool: str, launch: str) -> str:
            came_up(documents, clock, launch)
            raise Transient("no answer")

    enqueue(documents, clock, 1)
    assert launch(documents, clock, Quick(), POOL, POLICY) == []
    assert launches(documents, "up") == ["cpu-1"]


def test_of_many_workers_of_one_launch_one_comes_up(tmp_path: Path, clock: Hands) -> None:
    path = tmp_path / "store.sqlite"
    first = SqliteDocuments(path)
    enqueue(first, clock, 1)
    assert launch(first, clock, Platform(), POOL, POLICY) == ["cpu-1"]
    up: list[bool] = []

    def come() -> None:
        store = SqliteDocuments(path)
        up.append(Slot(store, clock, "cpu-1", POLICY).up())
        store.close()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(up) == [False] * 7 + [True]
    assert not Slot(first, clock, "cpu-99", POLICY).up()
    first.close()


def test_a_write_whose_answer_was_lost_is_our_own(documents: Documents, clock: Hands) -> None:
    lost: list[str] = []

    def lose(writes: Sequence[Write]) -> None:
        said = f"{writes[0].key} {getattr(writes[0], 'fields', {}).get('state')}"
        if said not in lost and not isinstance(writes[0], Merge):  # which has no condition that could fail
            lost.append(said)
            raise Conflict("the answer was lost; the write landed")

    enqueue(documents, clock, 2, seconds=10.0)
    leaky, platform = Meddling(documents, after=lose), Platform()
    assert launch(leaky, clock, platform, POOL, POLICY) == ["cpu-1", "cpu-2"]
    assert [name for _, name in platform.started] == launches(documents) == ["cpu-1", "cpu-2"]
    slot = Slot(leaky, clock, "cpu-1", POLICY)
    assert slot.up()
    later(clock, POLICY.beat_s)
    assert slot.beat()
    slot.ended()
    assert launches(documents, "ended") == ["cpu-1"]
    assert lost == ["pools/cpu None", "launches/cpu-1 up", "launches/cpu-1 None", "launches/cpu-1 ended"]


def test_who_never_came_up_or_fell_silent_is_lost_and_old_ones_are_forgotten(
    documents: Documents, clock: Hands
) -> None:
    platform = Platform()
    enqueue(documents, clock, 3, seconds=10.0)
    assert launch(documents, clock, platform, POOL, POLICY) == ["cpu-1", "cpu-2", "cpu-3"]
    silent, beats = came_up(documents, clock, "cpu-1"), came_up(documents, clock, "cpu-2")
    for _ in range(3):
        later(clock, POLICY.lease_s / 3)
        assert beats.beat()
    assert reap(documents, clock, platform) == ["cpu-1"]
    assert not silent.beat()  # had it only been slow, it would end now
    silent.ended()
    later(clock, POLICY.start_s)
    assert set(reap(documents, clock, platform)) == {"cpu-2", "cpu-3"}
    assert platform.cancelled == ["executions/cpu-1", "executions/cpu-2", "executions/cpu-3"]
    assert launch_of(documents, "cpu-1")["error"] == "its worker stopped without a word"
    assert launch_of(documents, "cpu-3")["error"] == "it did not come up"
    assert not Slot(documents, clock, "cpu-3", POLICY).up()
    later(clock, KEPT_S + 1)
    assert reap(documents, clock, platform) == []
    assert launches(documents) == []


def test_a_clock_that_goes_wrong_loses_nobody(documents: Documents, clock: Hands) -> None:
    platform, slow = Platform(), Hands(at=clock.at - timedelta(hours=1))
    enqueue(documents, clock, 1)
    launch(documents, clock, platform, POOL, POLICY)
    slot = Slot(documents, slow, "cpu-1", POLICY)
    assert slot.up()
    assert reap(documents, clock, platform) == []
    later(clock, POLICY.lease_s)
    assert reap(documents, clock, platform) == ["cpu-1"]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def test_thirty_at_once_start_no_more_than_are_wanted(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    clock, platform, began = SteadyClock(), Platform(), threading.Barrier(30)
    make = request.getfixturevalue("firestore") if kind == "firestore" else None

    def opened() -> Documents:
        return SqliteDocuments(tmp_path / "store.sqlite") if make is None else FirestoreDocuments(make)

    documents = opened()
    enqueue(documents, clock, 20, seconds=4.0)
    policy = replace(POLICY, cap=50)

    def plan() -> None:
        mine = opened()
        began.wait()
        launch(mine, clock, platform, POOL, policy)
        if isinstance(mine, SqliteDocuments):
            mine.close()

    threads = [threading.Thread(target=plan) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(platform.started) == [(POOL, f"cpu-{n}") for n in range(1, 9)]  # 80 s of work, 10 s for each
    assert documents.get_many(["pools/cpu"])["pools/cpu"].body["launches"] == 8
    if isinstance(documents, SqliteDocuments):
        documents.close()


def life(home: Path, fate: Fate) -> None:
    """A flow whose parts are pulled, with somebody dying on the way; at its end nothing is missing and no slot lost."""
    with cutroom(home, definition(part="tests.pools:square")) as local:
        clock, platform = Hands(), Platform()
        documents = Dated(local.engine.documents, clock)
        engine = replace(with_documents(local.engine, documents), clock=clock, beat_s=3600.0)
        flow = submit(engine, parts=3).flow
        for _ in range(60):
            for found in sweep.due(engine):  # what functions do; they are not the ones who die here
                snap = engine.run(found.run)
                if found.act:
                    flows.act(engine, found.run)
                elif snap is not None and snap.body["pool"] is None:
                    execute(engine, found.run)
            ticking = Mortal(documents, fate)
            with suppress(Died):
                reap(ticking, clock, platform)
                launch(ticking, clock, platform, POOL, QUICK)
            while platform.started:
                pool, name = platform.started.pop(0)
                worker = with_documents(engine, Mortal(documents, fate))
                with suppress(Died):
                    pull(
                        worker,
                        pool,
                        policy=QUICK,
                        left_s=lambda: 3600.0,
                        stop=threading.Event(),
                        launch=name,
                        jobs=platform,
                    )
            assert len(launches(documents, *ALIVE)) <= QUICK.cap
            if read(local, flow).state != "running":
                break
            later(clock, 20)
        assert read(local, flow).state == "done", [(s.id, s.body["state"]) for s in flows.runs(engine, flow)]
        assert result(local, flow, "join") == {"sum": 5, "count": 3, "lost": [], "side": {"side": True}}
        attempts = [int(run(local, flow, "part", n)["attempt"]) for n in range(3)]
        assert sum(attempts) <= 3 + (fate.at is not None)
        later(clock, QUICK.start_s + 1)
        reap(documents, clock, platform)
        assert launches(documents, *ALIVE) == []


def test_a_death_at_any_write_loses_neither_work_nor_a_slot(tmp_path: Path) -> None:
    unharmed = Fate()
    life(tmp_path / "unharmed", unharmed)
    assert unharmed.commits > 10
    for at in range(1, unharmed.commits + 1):
        for landed in (False, True):
            life(tmp_path / f"{at}-{landed}", Fate(at=at, landed=landed))
