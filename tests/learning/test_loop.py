"""The loop on one machine, by a clock that is moved by hand: learned, tried, promoted, alarmed, taken back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.bootstrap import local as bootstrap
from common.chores import chore, learning, work
from common.chores.erasing import erase_asset
from common.chores.tools import Tools
from common.domain.learning import Creative, Silence
from common.errors import ModelRefused
from common.learning import history, promoting, registry, retraining
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Delete, Json, Merge
from common.scoring.ctr.model import Model
from jobs import __main__ as jobs
from tests.dying import Killed
from tests.hand import Hand
from tests.harness import Meddling, settings
from tests.helping import tools
from tests.learning.worlds import TENANT, creative, outcome

KEY = learning.key_of(TENANT)


@dataclass
class World:
    """An organisation that brings out a creative an hour, each of which is counted a week later."""

    tools: Tools
    clock: Hand
    how: dict[str, Any] = field(default_factory=dict)  # of what comes out from now on
    out: list[Creative] = field(default_factory=list)
    counted: int = 0

    def days(self, many: int = 1) -> None:
        """A look a day."""
        for _ in range(many):
            self.hours(24)
            self.look()

    def hours(self, many: int) -> None:
        for _ in range(many):
            self.out.append(creative(len(self.out), launched=self.clock.now(), **self.how))
            self.clock.move(3600)
        ripe = [one for one in self.out[self.counted :] if one.launched + timedelta(days=7) <= self.clock.now()]
        self.counted += len(ripe)
        parent = f"tenants/{TENANT}/outcomes"
        told = {one.id: outcome(one) for one in ripe}
        self.tools.engine.documents.commit([Create(f"{parent}/{name}", body) for name, body in told.items()])

    def look(self) -> str:
        learning.begun(self.tools.engine, TENANT)
        return work.execute(self.tools, KEY)

    @property
    def said(self) -> Json:
        """By the last look."""
        told: Json = self.tools.engine.documents.get_many([KEY])[KEY].body["looks"][-1]
        return told

    @property
    def chore(self) -> Json:
        return self.tools.engine.documents.get_many([KEY])[KEY].body

    @property
    def shelf(self) -> registry.Shelf:
        return registry.read(self.tools.engine.documents, TENANT)

    @property
    def moves(self) -> list[str]:
        return [line["what"] for line in self.shelf.body.get("history", ())]

    def alerts(self) -> list[str]:
        found = self.tools.engine.documents.query("events", parent=f"tenants/{TENANT}", order="n", limit=1000)
        return [snap.body["told"] for snap in found]

    def reborn(self) -> None:
        engine = self.tools.engine
        self.tools = replace(self.tools, engine=replace(engine, epoch=engine.epoch + 1))


@pytest.fixture
def world(tmp_path: Path) -> World:
    registry._opened.clear()
    clock = Hand()
    engine = replace(bootstrap.engine(settings(tmp_path)), clock=clock)
    return World(tools(engine, tmp_path), clock)


def test_it_learns_tries_promotes_notices_that_the_world_has_changed_and_is_taken_back(world: World) -> None:
    world.days(10)
    assert world.shelf.versions == [] and world.said["have"] < retraining.FRESH and world.said["why"] is None
    silence = registry.live(world.tools.engine.documents, world.tools.engine.objects, TENANT)
    assert isinstance(silence, Silence) and (silence.have, silence.need) == (world.said["have"], 100)
    assert world.said["unripe"] == 0, "what is not counted yet is not there"

    world.days(3)
    first = world.shelf.live
    assert first and world.moves == ["put", "promote"], world.said
    assert "own mean" in world.shelf.body["history"][-1]["why"]
    trained = int((world.shelf.newest or {})["rows"])
    assert 100 <= trained < 150, "nothing is learned from before it was out for 7 days"

    world.how, began = {"factor": 1.35}, world.clock.now()  # from now on more people click
    for _ in range(20):
        world.hours(48)
        world.look()
        if world.shelf.previous:
            break
    changed = world.shelf.body["history"][2:]
    end = next(n for n, line in enumerate(changed) if line["what"] == "promote")
    assert [line["what"] for line in changed[:end]] == ["shadow", "refuse"] * (end // 2) + ["shadow"], changed
    routine, refused, promoted = changed[0], changed[1], changed[end]
    assert "new" in routine["why"] and "not calibrated" in refused["why"], "it had seen too little of what changed"
    assert refused["live"] == first and "not calibrated" in changed[end - 1]["why"]
    assert (parse(promoted["at"]) - began).days < 26, "7 until what is new counts, 9 that the next is tried"
    assert promoted["by"] == registry.CUTROOM and "neither had seen" in promoted["why"]
    second = changed[end - 1]["shadow"]
    assert (world.shelf.live, world.shelf.previous) == (second, first)
    assert any("not calibrated" in line for line in world.alerts())

    weeks = world.tools.engine.documents.query("learning", parent=f"tenants/{TENANT}", order="week")
    assert len(weeks) >= 4 and all(snap.body["model"] == f"ctr@{first}" for snap in weeks)
    assert not weeks[0].body["alarm"] and weeks[-1].body["alarm"] and weeks[-1].body["calibration"] < 0.9

    registry.rollback(
        world.tools.engine.documents,
        world.tools.engine.objects,
        world.clock,
        TENANT,
        by="ann",
        why="a person went back",
    )
    world.days(1)
    assert world.shelf.live == first, "what a person took back is not put live again by itself"
    world.hours(24 * 7)
    assert world.look() == "waiting" and "error" not in world.chore, "it goes on in the weeks after a promotion"
    last = world.tools.engine.documents.query("learning", parent=f"tenants/{TENANT}", order="week")[-1].body
    assert last["model"] == f"ctr@{first}" and 0 <= last["importance_drift"] <= 1
    told = registry.live(world.tools.engine.documents, world.tools.engine.objects, TENANT)
    assert isinstance(told, Model) and told.name == f"ctr@{first}"


def ready(world: World) -> str:
    """A live model, and a day on which nothing is due."""
    world.days(13)
    live = world.shelf.live
    assert live, world.said
    return live


def test_a_challenger_that_is_no_better_stays_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live = ready(world)
    monkeypatch.setattr(promoting, "MATURED", 60)
    learning.hastened(world.tools.engine, TENANT, "ann")
    world.days(1)
    assert world.shelf.shadow and world.said["why"] == "asked for by ann"
    tried = world.shelf.shadow
    world.days(8)
    (refused,) = (line for line in world.shelf.body["history"] if line["what"] == "refuse")
    assert world.shelf.live == live and refused["why"] and world.shelf.shadow != tried
    assert any("stays out" in line for line in world.alerts())


def test_a_look_that_is_asked_for_is_had_once(world: World) -> None:
    ready(world)
    before = len(world.shelf.versions)
    learning.hastened(world.tools.engine, TENANT, "ann")
    learning.hastened(world.tools.engine, TENANT, "ann")
    assert world.look() == "waiting" and len(world.shelf.versions) == before + 1
    world.clock.move(learning.LOOK_S)
    assert world.look() == "waiting" and world.said["asked"] is None


def test_a_look_that_died_anywhere_is_done_again_by_the_next(world: World) -> None:
    world.days(10)
    world.hours(72)
    plain = world.tools.engine.documents
    died = 0
    while True:
        left = [died]

        def kill(_: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        meddling = Meddling(plain, after=kill)
        world.tools = replace(world.tools, engine=replace(world.tools.engine, documents=meddling))
        try:
            ending = world.look()
            break
        except Killed:
            died += 1
            world.reborn()
    assert ending == "waiting" and died >= 4
    world.tools = replace(world.tools, engine=replace(world.tools.engine, documents=plain))
    assert world.shelf.live and len([line for line in world.moves if line == "promote"]) == 1
    assert len(world.shelf.versions) == 1, "the same rows at the same time give the same version"
    assert len([line for line in world.alerts() if "is live" in line]) <= 1


def test_two_trainers_at_once_end_with_one_live(world: World) -> None:
    world.days(10)
    world.hours(72)
    learning.look(world.tools.engine, TENANT, asked="a job")
    world.look()
    assert world.moves.count("promote") == 1 and world.shelf.live


def test_a_job_trains_at_once(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = world.clock.at - timedelta(days=300)
    there = {one.id: one for one in (creative(n, launched=old + timedelta(hours=n)) for n in range(120))}
    made = [Create(f"tenants/{TENANT}/outcomes/{name}", outcome(one)) for name, one in there.items()]
    world.tools.engine.documents.commit(made)
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path))
    assert jobs.main(["train", TENANT]) == 0
    assert world.shelf.live and world.shelf.versions[-1]["by"] == "a job" and world.shelf.versions[-1]["rows"] == 120
    with pytest.raises(SystemExit, match="no organisation's id"):
        jobs.main(["train", "../other"])


def test_without_enough_it_says_what_it_takes(world: World) -> None:
    world.days(8)
    learning.hastened(world.tools.engine, TENANT, "ann")
    world.look()
    lacks = world.said["lacks"]
    assert lacks and (lacks["have"], lacks["need"]) == (25, 100) and world.shelf.versions == []


def test_a_live_model_whose_file_is_gone_is_told_of_and_another_takes_its_place(world: World) -> None:
    live = ready(world)
    registry._opened.clear()
    world.tools.engine.objects.delete(f"{registry.files_of(TENANT, live)}/model.ubj")
    with pytest.raises(ModelRefused, match=live):
        registry.live(world.tools.engine.documents, world.tools.engine.objects, TENANT)
    world.days(1)
    assert any("model_refused" in line for line in world.alerts())
    shelf = world.shelf
    assert shelf.live and shelf.live != live and shelf.previous == live


def test_who_has_a_video_erased_has_models_flagged_and_the_next_look_trains_without_it(world: World) -> None:
    live = ready(world)
    engine, parent = world.tools.engine, f"tenants/{TENANT}"
    gone = [f"{parent}/outcomes/{one.id}" for one in world.out[:5]]
    engine.documents.commit([Merge(key, {"asset": "video"}) for key in gone])
    engine.documents.commit([Create(f"{parent}/assets/video", {"state": "erasing"})])
    planned = erase_asset.planned(engine, TENANT, "video", "ann")
    engine.documents.commit([planned])
    for _ in range(4):
        work.execute(world.tools, planned.key)
        world.clock.move(200)
    assert not engine.documents.get_many(gone)
    entry = world.shelf.entry(live)
    assert entry and entry["erased_rows"] == 5 and world.moves[-1] == "erase"
    rows = entry["rows"]
    world.days(1)
    newest = world.shelf.newest
    assert newest and newest["version"] != live and newest["erased_rows"] == 0 and "erased" in world.said["why"]
    assert newest["rows"] == rows + 48 - 5 and world.shelf.shadow == newest["version"]


def test_what_is_erased_while_a_model_is_trained_is_trained_without_at_the_next_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.days(10)
    world.hours(72)
    documents, put = world.tools.engine.documents, registry.put
    gone = [f"tenants/{TENANT}/outcomes/{one.id}" for one in world.out[:5]]

    def erased(*of: Any, **how: Any) -> str:
        documents.commit([Delete(key) for key in gone if key in documents.get_many(gone)])
        return put(*of, **how)

    monkeypatch.setattr(registry, "put", erased)
    world.look()
    first = world.shelf.newest
    assert first and first["erased_rows"] == 5 and "erase" in world.moves
    world.days(1)
    newest = world.shelf.newest
    assert newest and newest["version"] != first["version"] and newest["erased_rows"] == 0
    assert "5 of the outcomes" in world.said["why"]


def test_who_goes_back_to_no_model_gets_the_next_that_is_trained_and_none_from_before(world: World) -> None:
    live = ready(world)
    engine = world.tools.engine
    registry.rollback(engine.documents, engine.objects, world.clock, TENANT, by="ann", why="none of it")
    world.days(1)
    assert (world.shelf.live, world.shelf.previous) == (None, live)
    learning.hastened(engine, TENANT, "ann")
    world.days(1)
    assert world.shelf.live and world.shelf.live != live, world.said


def test_a_challenger_from_before_does_not_speak_for_who_went_back_to_no_model(world: World) -> None:
    live = ready(world)
    engine = world.tools.engine
    learning.hastened(engine, TENANT, "ann")
    world.days(1)
    tried = world.shelf.shadow
    assert tried and world.shelf.live == live
    registry.rollback(engine.documents, engine.objects, world.clock, TENANT, by="ann", why="none of it")
    world.days(1)
    shelf = world.shelf
    assert shelf.live is None and shelf.shadow is None and shelf.previous == live, world.said
    assert "no model" in world.shelf.body["history"][-1]["why"]
    learning.hastened(engine, TENANT, "ann")
    world.days(1)
    assert world.shelf.live not in (None, live, tried), "that it is tried no longer does not hold up the next"


def test_who_went_back_to_no_model_long_ago_gets_the_next_that_is_trained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(world)
    engine = world.tools.engine
    registry.rollback(engine.documents, engine.objects, world.clock, TENANT, by="ann", why="none of it")
    monkeypatch.setattr(registry, "MOST_MOVES", 2)
    for _ in range(3):
        moved = registry.erased(world.shelf, 1, now=world.clock.now())
        assert moved is not None
        engine.documents.commit([moved])
    assert "rollback" not in world.moves
    world.days(1)
    assert world.shelf.live, world.said


def test_a_model_that_somebody_chose_while_another_was_trained_goes_on_speaking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, put = ready(world), registry.put
    engine = world.tools.engine
    how = (engine.documents, engine.objects, world.clock, TENANT)
    registry.rollback(*how, by="ann", why="none of it")

    def meanwhile(*of: Any, **more: Any) -> str:
        if world.shelf.live is None:
            registry.promote(*how, chosen, by="ann", why="a person chose it")
        return put(*of, **more)

    monkeypatch.setattr(registry, "put", meanwhile)
    learning.hastened(engine, TENANT, "bob")
    world.days(1)
    fresh = (world.shelf.newest or {})["version"]
    assert fresh != chosen and world.shelf.live == chosen, world.shelf.body["history"][-1]


def test_a_report_names_nobody(world: World) -> None:
    first = ready(world)
    early = registry.report(world.tools.engine.objects, world.shelf, first)
    assert set(early) == {"why_not"}, "of so few nothing later is left to be asked about"
    world.days(8)
    learning.hastened(world.tools.engine, TENANT, "ann")
    world.days(1)
    tried = world.shelf.shadow
    assert tried and world.said["have"] > 300
    report = registry.report(world.tools.engine.objects, world.shelf, tried)
    assert report["schema"] == "cutroom.backtest/1" and set(report["models"]) == {"own mean", "glm", "ours"}
    assert world.out[0].id == "c0000" and "c00" not in str(report)


def test_its_chore_goes_to_the_image_that_can_count(world: World) -> None:
    learning.begun(world.tools.engine, TENANT)
    learning.begun(world.tools.engine, TENANT)
    body = world.tools.engine.documents.get_many([KEY])[KEY].body
    sent: list[Any] = []

    class Wake:
        def work(self, errand: Any, at: Any) -> None:
            sent.append(errand)

    engine = replace(world.tools.engine, wake=Wake())  # type: ignore[arg-type]
    chore.wake(engine, KEY, body)
    learning.hastened(engine, TENANT, "ann")
    assert {errand.image for errand in sent} == {"media"} == {work.KINDS["learning"].image}
    assert work.KINDS["insights"].image == "light"


def test_nothing_is_learned_where_nothing_is_known(world: World) -> None:
    world.look()
    assert world.said["have"] == 0 and world.said["did"] == [] and world.shelf.versions == []
    parent = f"tenants/{TENANT}/outcomes"
    world.tools.engine.documents.commit([Create(f"{parent}/odd", {"schema": 1, "as_of": stamp(world.clock.now())})])
    world.clock.move(learning.LOOK_S)
    world.look()
    assert [one["what"] for one in world.said["left_out"]] == ["1 outcomes"]
    world.tools.engine.documents.commit([Delete(f"{parent}/odd")])


def test_above_what_there_is_time_for_the_newest_teach_and_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 250)
    monkeypatch.setattr(learning, "TRIED", 200)
    world.hours(24 * 7 + 400)
    world.look()
    entry = world.shelf.newest or {}
    assert (entry["rows"], entry["there_were"], world.said["have"]) == (250, 401, 401)
    said = ["It was learned from the newest 250 of 401 creatives.", "tried on the newest 200 of these"]
    assert all(any(one in line for line in world.said["did"]) for one in said)
    told = registry.report(world.tools.engine.objects, world.shelf, entry["version"])
    assert told["notes"] and (told["creatives"], len(told["notes"])) == (200, 2)
    model = registry.model(world.tools.engine.objects, world.shelf, entry["version"])
    assert model.manifest["left_out"]["older than the newest"] == 151
    world.days(2)
    assert world.said["why"] is None and world.shelf.newest == entry, "48 are new, whatever was left out"
    world.days(3)
    assert world.said["have"] == 521 and len(world.shelf.versions) == 2, "100 are, though 250 are all that teach"
