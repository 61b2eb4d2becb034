"""A tenant's flows take turns, whatever is lost, doubled or killed; and the sweep brings back what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.ports.documents import Where, Write
from tests import toy
from tests.harness import Meddling, with_documents
from tests.post import cloudlike, drain


def upload(engine: Engine, tenant: str, n: int) -> str:
    source = Source(bucket="uploads", name=f"{n}.mp4", generation=str(n), size=10)
    return flows.submit(engine, tenant, source, f"gs://up/{n}#1", FlowSettings(clips=2)).flow.id


def states(engine: Engine, tenant: str) -> list[str]:
    return [snap.body["state"] for snap in engine.documents.query("flows", parent=f"tenants/{tenant}", limit=999)]


def running(engine: Engine, tenant: str) -> int:
    return engine.documents.count("flows", [Where("state", "==", "running")], parent=f"tenants/{tenant}")


@pytest.mark.parametrize("seed", range(3))
def test_no_more_flows_of_a_tenant_than_allowed_are_at_work_and_all_get_their_turn(tmp_path: Path, seed: int) -> None:
    engine, post, clock = cloudlike(tmp_path, toy.definition(), active=2, seed=seed, doubled=0.3)
    for n in range(9):
        upload(engine, "many", n)
    assert states(engine, "many").count("waiting") == 7
    while post.deliver(engine):
        assert running(engine, "many") <= 2
    drain(engine, post, clock)
    assert states(engine, "many") == ["done"] * 9


def test_one_upload_does_not_wait_for_anothers_hundred(tmp_path: Path) -> None:
    engine, post, _ = cloudlike(tmp_path, toy.definition(), active=2)
    for n in range(100):
        upload(engine, "many", n)
    upload(engine, "one", 1)
    assert states(engine, "one") == ["running"]
    waiting = sum("many" in errand.run for _, errand in post.errands)
    assert waiting == 2, "the hundred have their first runs out, and no more"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_lost_the_sweep_brings_back(tmp_path: Path, seed: int) -> None:
    engine, post, clock = cloudlike(tmp_path, toy.definition(), active=3, seed=seed, lost=0.5, doubled=0.2)
    for n in range(6):
        upload(engine, "t", n)
    found = drain(engine, post, clock)
    assert states(engine, "t") == ["done"] * 6
    assert found > 0, "half of all messages were lost"
    assert engine.documents.query("runs", [Where("due", ">", "")], limit=9) == []
    assert engine.documents.query("admission", [Where("due", ">", "")], limit=9) == []


def test_without_a_loss_the_sweep_finds_nothing(tmp_path: Path) -> None:
    engine, post, clock = cloudlike(tmp_path, toy.definition(), active=3)
    for n in range(4):
        upload(engine, "t", n)
    assert drain(engine, post, clock) == 0
    assert states(engine, "t") == ["done"] * 4


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_write_loses_no_flow_and_no_turn(tmp_path: Path, after: bool) -> None:
    writes = 0
    while True:
        engine, post, clock = cloudlike(tmp_path / f"{writes}", toy.definition(), active=1)
        left = [writes]

        def die(batch: Sequence[Write], left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise Died

        mortal = with_documents(engine, Meddling(engine.documents, **{"after" if after else "before": die}))
        died = False
        for n in range(3):
            try:
                upload(mortal, "t", n)
            except Died:
                died = True
                upload(engine, "t", n)  # the event is delivered again
        while True:
            try:
                if not post.deliver(mortal):
                    break
            except Died:
                died = True
        drain(replace(engine, epoch=1), post, clock)  # the dead one's lease is over
        assert states(engine, "t") == ["done"] * 3, f"killed {'after' if after else 'before'} write {writes}"
        if not died:
            break
        writes += 7  # every seventh: the toy pipeline's own writes are each killed in tests/fault
    assert writes > 30


def test_a_flow_that_was_cancelled_while_it_waited_gives_its_turn_to_the_next(tmp_path: Path) -> None:
    engine, post, clock = cloudlike(tmp_path, toy.definition(), active=1)
    first, second, third = (upload(engine, "t", n) for n in range(3))
    flows.cancel(engine, flows.read(engine, "t", second))
    flows.cancel(engine, flows.read(engine, "t", first))
    assert flows.read(engine, "t", third).state == "running"
    drain(engine, post, clock)
    assert flows.read(engine, "t", third).state == "done"
    assert {flows.read(engine, "t", one).state for one in (first, second)} == {"cancelled"}
