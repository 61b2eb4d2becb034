"""A store that does not answer: calls end in time as Transient, and a heartbeat outlives a moment of silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from common.adapters.google import firestore as adapter
from common.adapters.google.firestore import FirestoreDocuments
from common.errors import Transient
from common.pipeline.execution import claim, release
from common.pipeline.lease import Heartbeat, Lease
from common.pipeline.run import RunId
from common.ports.documents import Create, Update, Where, Write
from tests import toy
from tests.emulators import PROJECT, free_port
from tests.harness import Meddling, submit, with_documents
from tests.post import cloudlike


def test_every_call_of_a_firestore_that_is_not_there_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from google.cloud import firestore

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(adapter, "TIMEOUT_S", 0.5)
    documents = FirestoreDocuments(lambda: firestore.Client(project=PROJECT))
    for ask in (
        lambda: documents.get_many(["a/b"]),
        lambda: documents.commit([Create("a/b", {})]),
        lambda: documents.query("a", [Where("due", "<=", "x")]),
        lambda: documents.count("a"),
    ):
        began = time.monotonic()
        with pytest.raises(Transient):
            ask()
        assert time.monotonic() - began < 10


def test_a_heartbeat_outlives_a_moment_of_silence(tmp_path: Path) -> None:
    engine, _, _ = cloudlike(tmp_path, toy.definition())
    silent = [False]

    def before(batch: Sequence[Write]) -> None:
        if silent[0] and isinstance(batch[0], Update):
            raise Transient("the store does not answer; it is tried again")

    engine = with_documents(engine, Meddling(engine.documents, before=before))
    flow = submit(engine).flow
    run = next(iter(engine.documents.query("runs", [Where("flow", "==", flow.id)])))
    lease = claim(engine, RunId.parse(run.key), engine.definition["split"])
    assert isinstance(lease, Lease)
    ended: list[object] = []
    beating = Heartbeat(lease, every_s=0.02, give_up=ended.append)
    silent[0] = True
    beating.start()
    for done in range(10):
        lease.note(done, 10, "s")
        time.sleep(0.03)
    silent[0] = False
    lease.note(10, 10, "s")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        seen = engine.run(lease.run)
        if seen is not None and seen.body.get("progress"):
            break
        time.sleep(0.02)
    assert beating.is_alive() and ended == []
    assert seen is not None and seen.body["progress"]["done"] == 10
    lease.settle({"state": "done"})


def test_a_look_at_memory_is_no_beat(tmp_path: Path) -> None:
    """It comes early. A beat then would write beside whoever works, in an order that nobody could tell."""
    engine, _, _ = cloudlike(tmp_path, toy.definition())
    flow = submit(engine).flow
    run = next(iter(engine.documents.query("runs", [Where("flow", "==", flow.id)])))
    lease = claim(engine, RunId.parse(run.key), engine.definition["split"])
    assert isinstance(lease, Lease)
    sampled = threading.Event()
    lease.meter.sample = sampled.set  # type: ignore[method-assign]
    lease.note(1, 10, "s")
    Heartbeat(lease, every_s=3600, give_up=lambda why: None).start()
    assert sampled.wait(10)
    time.sleep(0.1)
    seen = engine.run(lease.run)
    assert seen is not None and seen.body["progress"] is None
    lease.settle({"state": "done"})


def test_a_run_that_was_claimed_since_the_sweep_looked_is_not_freed(tmp_path: Path) -> None:

    engine, _, _ = cloudlike(tmp_path, toy.definition())
    flow = submit(engine).flow
    run = RunId.parse(engine.documents.query("runs", [Where("flow", "==", flow.id)])[0].key)
    claim(engine, run, engine.definition["split"])
    release(engine, run, "its worker stopped answering", if_stale=True)
    held = engine.run(run)
    assert held is not None and held.body["state"] == "running"
