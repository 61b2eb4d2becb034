"""An organisation's own weights: one step a week, every step kept, taken back by one call, frozen into a flow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from common.adapters.embedded.sqlite import SqliteDocuments
from common.chores import learning
from common.domain.codec import loads
from common.domain.settings import Weighing
from common.errors import BadInput
from common.learning import weighing
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.ports.clock import stamp
from common.ports.documents import Create, Documents, Json, Merge
from common.scoring import reweighing
from common.scoring.sentences import sentences
from common.scoring.weights import COMPOSITE
from common.stages import propose, score
from tests import toy
from tests.hand import Hand
from tests.harness import TENANT, cutroom, submit
from tests.talks import spoken, weighed, work

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    found = SqliteDocuments(tmp_path / "documents.db")
    yield found
    found.close()


def came(documents: Documents, count: int, *, days: int = 30, tenant: str = "t") -> None:
    """Posts of one channel, `days` ago, of which the pace alone decided."""
    chance = random.Random(3)
    for n in range(count):
        scores = {name: chance.random() for name in COMPOSITE}
        clicks = round(3000 * 0.02 * (0.3 + 1.4 * scores["pace"]))
        body: Json = {
            "schema": 1,
            "channel": "c",
            "network": "x",
            "published": stamp(NOW - timedelta(days=days)),
            "as_of": stamp(NOW),
        }
        body |= {"metrics": {"impressions": 3000, "clicks": clicks}, "predicted": {"scores": scores}}
        documents.commit([Create(f"tenants/{tenant}/outcomes/{n:04}", body)])


def kept(documents: Documents) -> Json:
    return documents.get_many([weighing.key_of("t")])[weighing.key_of("t")].body


def test_they_move_once_a_week_and_every_step_is_kept(documents: Documents) -> None:
    came(documents, 220)
    assert "pace went from 0.10 to 0.20" in weighing.step(documents, "t", NOW).text
    first = weighing.live(kept(documents))
    assert max(abs(first[name] - COMPOSITE[name]) for name in first) <= reweighing.MOST + 1e-9
    for later in (timedelta(0), timedelta(days=6, hours=23)):
        assert "once a week at most" in weighing.step(documents, "t", NOW + later).text
    assert weighing.live(kept(documents)) == first
    assert weighing.step(documents, "t", NOW + timedelta(days=7)).moved
    assert [one["version"] for one in kept(documents)["versions"]] == ["1", "2"]
    assert [(one["what"], one["live"]) for one in kept(documents)["history"]] == [("step", "1"), ("step", "2")]


def test_a_step_is_taken_back_and_stays_back_for_a_week(documents: Documents) -> None:
    came(documents, 220)
    weighing.step(documents, "t", NOW)
    weighing.step(documents, "t", NOW + timedelta(days=7))
    later = NOW + timedelta(days=8)
    assert weighing.rollback(documents, "t", later, by="ann") == "1"
    assert weighing.rollback(documents, "t", later, by="ann") is None
    assert weighing.live(kept(documents)) == COMPOSITE and kept(documents)["history"][-1]["by"] == "ann"
    with pytest.raises(BadInput, match="nothing to take back"):
        weighing.rollback(documents, "t", later, by="ann")
    assert "once a week" in weighing.step(documents, "t", later + timedelta(days=6)).text
    assert weighing.step(documents, "t", later + timedelta(days=7)).moved, "they may be learned again"


@pytest.mark.parametrize(("count", "days"), [(0, 30), (199, 30), (220, 6)])
def test_too_little_that_is_old_enough_moves_nothing(documents: Documents, count: int, days: int) -> None:
    came(documents, count, days=days)
    assert "publish more" in weighing.step(documents, "t", NOW).text
    assert documents.get_many([weighing.key_of("t")]) == {}


def test_what_was_not_told_is_no_zero(documents: Documents) -> None:
    came(documents, 220)
    gone: Json = {"metrics": {"impressions": 3000, "clicks": None}}
    for n in range(40):
        documents.commit([Merge(f"tenants/t/outcomes/{n:04}", gone)])
    assert "there are 180" in weighing.step(documents, "t", NOW).text


def test_a_flow_keeps_the_weights_it_began_with(tmp_path: Path) -> None:
    parts = {**COMPOSITE, "hook": COMPOSITE["hook"] + 0.05, "pace": COMPOSITE["pace"] - 0.05}
    body: Json = {"schema": 1, "name": "weights", "live": "4", "since": stamp(NOW)}
    body["versions"] = [{"version": "4", "at": stamp(NOW), "parts": parts, "from": None}]
    with cutroom(tmp_path, toy.definition()) as local:
        before = submit(local.engine).flow
        assert before.settings.weights is None
        local.engine.documents.commit([Create(f"tenants/{TENANT}/models/weights", body)])
        after = submit(local.engine)
        assert after.news == "new" and after.flow.id != before.id
        assert after.flow.settings.weights == Weighing(version="4", since=stamp(NOW), parts=parts)
        assert submit(local.engine).flow.id == after.flow.id
        local.engine.documents.commit([Merge(f"tenants/{TENANT}/models/weights", {"live": None})])
        assert flows.read(local.engine, TENANT, after.flow.id).settings.weights is not None
    assert "weights" in PIPELINE["score"].settings


def test_the_daily_look_moves_them_once_a_week_and_says_so(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        clock = Hand()
        engine = replace(local.engine, clock=clock)
        clock.at = NOW
        came(engine.documents, 220, tenant=TENANT)
        said = learning.look(engine, TENANT)["did"]
        assert any("pace went from 0.10 to 0.20" in one for one in said), said
        clock.at = NOW + timedelta(days=1)
        assert not any("pace went" in one for one in learning.look(engine, TENANT)["did"])
        assert (
            weighing.live(engine.documents.get_many([weighing.key_of(TENANT)])[weighing.key_of(TENANT)].body)
            != COMPOSITE
        )


def test_a_clip_is_scored_by_them(tmp_path: Path) -> None:
    said = spoken(118)
    count = len(sentences(said.words))
    job = work(tmp_path, seconds=120, said=said, cuts=(9, 31, 52), clips=3, min_s=10, max_s=25)
    weighed(job, [0.5] * count, np.eye(count, dtype=np.float32))
    job.given["propose"] = propose.run(job).result

    def scored() -> list[Json]:
        found: list[Json] = loads(job.get(score.run(job).result["scores"]))
        return [one["judgement"] for one in found]

    usual = scored()
    parts = {**dict.fromkeys(COMPOSITE, 0.0), "completeness": 1.0}
    job.settings = replace(job.settings, weights=Weighing(version="1", since=stamp(NOW), parts=parts))
    own = scored()
    for one in own:
        (complete,) = (part["value"] for part in one["parts"] if part["name"] == "completeness")
        assert one["score"] == pytest.approx(complete)
    assert {one["score"] for one in own} != {one["score"] for one in usual}
    strange = Weighing(version="1", since=stamp(NOW), parts={"hook": 1.0})  # of a time with other parts
    job.settings = replace(job.settings, weights=strange)
    assert scored() == usual
