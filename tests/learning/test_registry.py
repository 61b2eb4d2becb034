"""Versions stand as they were put; one document says which speaks, and no accident moves it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from common.adapters.embedded.files import FileObjects
from common.adapters.embedded.sqlite import SqliteDocuments
from common.domain.learning import Prediction, Silence
from common.errors import BadInput, CutroomError, ModelRefused, NotFound, Stale
from common.learning import registry
from common.ports.documents import Documents
from common.scoring.ctr.manifest import seal
from common.scoring.ctr.model import Model
from common.scoring.ctr.training import Trained, train
from tests.dying import dying
from tests.hand import Hand
from tests.harness import Meddling
from tests.learning.worlds import START, TENANT, creatives

BY = "ann"


@cache
def trained(many: int = 120) -> Trained:
    return train(creatives(many), now=START + timedelta(days=90), features_version="v1")


@dataclass
class Place:
    home: Path
    documents: Documents
    objects: FileObjects
    clock: Hand

    def put(self, many: int = 120, *, shadow: bool = False) -> str:
        made = trained(many)
        told = {"documents": self.documents, "objects": self.objects, "clock": self.clock, "tenant": TENANT}
        return registry.put(**told, ubj=made.ubj, manifest=made.manifest, shadow=shadow, report={"rows": many})  # type: ignore[arg-type]

    def promote(self, version: str) -> registry.Shelf:
        return registry.promote(self.documents, self.objects, self.clock, TENANT, version, by=BY, why="it is good")

    def rollback(self) -> registry.Shelf:
        return registry.rollback(self.documents, self.objects, self.clock, TENANT, by=BY, why="it is not")

    def live(self) -> Model | Silence:
        return registry.live(self.documents, self.objects, TENANT)

    def named(self) -> str | None:
        found = self.live()
        return found.name if isinstance(found, Model) else None

    def shelf(self) -> registry.Shelf:
        return registry.read(self.documents, TENANT)

    def file(self, version: str, name: str) -> Path:
        (found,) = (self.home / "objects").rglob(f"{registry.files_of(TENANT, version)}/{name}")
        found.chmod(0o600)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    registry._opened.clear()
    documents = SqliteDocuments(tmp_path / "documents.sqlite")
    yield Place(tmp_path, documents, FileObjects(tmp_path / "objects"), Hand())
    documents.close()


def test_a_version_is_put_promoted_and_taken_back_with_one_call_each(place: Place) -> None:
    assert isinstance(place.live(), Silence)
    one, two = place.put(), place.put(140)
    assert one.startswith("1-") and two.startswith("2-") and place.named() is None
    place.promote(one)
    assert place.named() == f"ctr@{one}"
    place.promote(two)
    assert place.named() == f"ctr@{two}", "what was promoted a moment ago speaks"
    shelf = place.rollback()
    assert (shelf.live, shelf.previous) == (one, two) and place.named() == f"ctr@{one}"
    assert place.rollback().live == two, "a second one takes the first back"
    history = place.shelf().body["history"]
    assert [line["what"] for line in history] == ["put", "put", "promote", "promote", "rollback", "rollback"]
    assert {line["by"] for line in history} == {BY, registry.CUTROOM} and all(line["at"] for line in history)
    assert (history[3]["live"], history[3]["previous"], history[3]["why"]) == (two, one, "it is good")


def test_the_model_that_speaks_is_the_one_that_was_trained(place: Place) -> None:
    place.promote(place.put())
    model = place.live()
    assert isinstance(model, Model)
    told = model.foretell({"strength": 1.0}, account="account-1", network="meta-ads", exposure=2000)
    assert isinstance(told, Prediction) and told.model == model.name and 0.01 < told.value < 0.1


def test_going_back_from_the_first_leaves_nothing_live_and_says_why(place: Place) -> None:
    with pytest.raises(BadInput, match="nothing to go back from"):
        place.rollback()
    version = place.put()
    place.promote(version)
    place.rollback()
    silence = place.live()
    assert isinstance(silence, Silence) and version in silence.why
    assert place.rollback().live == version


def test_the_same_content_is_the_same_version(place: Place) -> None:
    assert place.put() == place.put() and len(place.shelf().versions) == 1


def test_silence_says_how_much_there_is_and_what_it_takes(place: Place) -> None:
    registry.counted(place.documents, TENANT, 37)
    registry.counted(place.documents, TENANT, 37)
    silence = place.live()
    assert isinstance(silence, Silence) and (silence.have, silence.need) == (37, 100)
    version = place.put()
    assert place.shelf().body["have"] == 37 and "own mean" in silence_why(place)
    place.promote(version)
    assert place.named()


def silence_why(place: Place) -> str:
    found = place.live()
    assert isinstance(found, Silence)
    return found.why


def test_a_file_that_was_altered_by_a_byte_is_refused_by_name_and_what_was_live_stays(place: Place) -> None:
    one, two = place.put(), place.put(140)
    place.promote(one)
    before = place.shelf().body
    path = place.file(two, "model.ubj")
    whole = path.read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ModelRefused, match=f"ctr@{two}"):
            place.promote(two)
        assert place.shelf().body == before and place.named() == f"ctr@{one}"
    path.write_bytes(whole)
    assert place.promote(two).live == two


def test_a_manifest_that_was_sealed_anew_is_not_the_one_that_was_put_there(place: Place) -> None:
    version = place.put()
    path = place.file(version, "manifest.json")
    told = json.loads(path.read_bytes())
    path.write_bytes(seal({**told, "rows": told["rows"] + 1}))
    with pytest.raises(ModelRefused, match=f"ctr@{version}.*manifest"):
        place.promote(version)
    assert place.shelf().live is None


@pytest.mark.parametrize("name", ["model.ubj", "manifest.json"])
def test_a_missing_file_is_refused_by_name(place: Place, name: str) -> None:
    one, two = place.put(), place.put(140)
    place.promote(one)
    place.file(two, name).unlink()
    with pytest.raises(ModelRefused, match=f"ctr@{two}"):
        place.promote(two)
    assert place.named() == f"ctr@{one}"


def test_a_live_model_whose_file_is_broken_is_refused_by_name_and_nobody_else_speaks_for_it(place: Place) -> None:
    one, two = place.put(), place.put(140)
    for version in (one, two):
        place.promote(version)
    registry._opened.clear()  # another process
    place.file(two, "model.ubj").write_bytes(b"")
    with pytest.raises(ModelRefused, match=f"ctr@{two}"):
        place.live()
    assert place.shelf().live == two and place.rollback().live == one and place.named() == f"ctr@{one}"


def test_what_does_not_exist_cannot_be_promoted(place: Place) -> None:
    version = place.put()
    place.promote(version)
    before = place.shelf().body
    with pytest.raises(NotFound, match="9-abc"):
        place.promote("9-abc")
    with pytest.raises(BadInput, match="live already"):
        place.promote(version)
    assert place.shelf().body == before


def test_what_is_no_model_is_not_put(place: Place) -> None:
    made = trained()
    with pytest.raises(ModelRefused):
        registry.put(place.documents, place.objects, place.clock, TENANT, made.ubj[:-9], made.manifest)
    assert place.shelf().versions == []


def test_of_two_promotions_at_once_one_is_done_and_the_other_is_told(place: Place) -> None:
    one, two, three = place.put(), place.put(140), place.put(160)
    place.promote(one)
    both = threading.Barrier(2, timeout=20)
    waited = threading.local()

    def meet(_: object) -> None:
        if not getattr(waited, "over", False):
            waited.over = True
            both.wait()

    place.documents = Meddling(place.documents, before=meet)
    said: dict[str, CutroomError | None] = {}

    def promote(version: str) -> None:
        try:
            place.promote(version)
            said[version] = None
        except CutroomError as error:
            said[version] = error

    threads = [threading.Thread(target=promote, args=(version,)) for version in (two, three)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [version for version, error in said.items() if error is None]
    (lost,) = [error for error in said.values() if error is not None]
    assert isinstance(lost, Stale) and place.shelf().live == won and place.shelf().previous == one


def test_what_becomes_known_meanwhile_does_not_hold_up_a_promotion(place: Place) -> None:
    version = place.put()
    inner, once = place.documents, [True]

    def meddle(_: object) -> None:
        if once.pop() if once else False:
            registry.counted(inner, TENANT, 500)

    place.documents = Meddling(inner, before=meddle)
    assert place.promote(version).live == version and place.shelf().body["have"] == 500


def test_two_trainers_at_once_make_two_versions(place: Place) -> None:
    threads = [threading.Thread(target=place.put, args=(many,), kwargs={"shadow": True}) for many in (120, 140)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shelf = place.shelf()
    assert sorted(one["n"] for one in shelf.versions) == [1, 2]
    assert shelf.shadow in {one["version"] for one in shelf.versions}
    for one in shelf.versions:
        assert registry.model(place.objects, shelf, one["version"]).name == f"ctr@{one['version']}"


def test_a_trainer_that_dies_anywhere_leaves_what_was_live_and_the_next_one_puts_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = place.put()
    place.promote(live)
    steps = [(SqliteDocuments, "commit"), (FileObjects, "put_new")]
    for number in range(1, 100):
        with dying(monkeypatch, number, *steps) as died:
            place.put(140, shadow=True)
        shelf = place.shelf()
        assert shelf.live == live and place.named() == f"ctr@{live}"
        for one in shelf.versions:
            registry._checked(place.objects, shelf, one["version"])
        if not died:
            break
    assert number > 8 and place.put(140, shadow=True) == shelf.shadow and len(shelf.versions) == 2


def test_old_versions_are_told_of_no_longer_but_those_that_are_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MOST_VERSIONS", 3)
    first = place.put()
    place.promote(first)
    for many in (140, 160, 180):
        last = place.put(many)
    named = [one["version"] for one in place.shelf().versions]
    assert len(named) == 3 and named[0] == first and named[-1] == last


def test_a_challenger_is_dropped_once_and_never_another(place: Place) -> None:
    one = place.put(shadow=True)
    two = place.put(140, shadow=True)
    registry.dropped(place.documents, place.clock, TENANT, one, why="it is worse")
    assert place.shelf().shadow == two
    registry.dropped(place.documents, place.clock, TENANT, two, why="it is worse")
    assert place.shelf().shadow is None and place.shelf().body["history"][-1]["what"] == "refuse"


def test_rows_that_were_erased_are_noted_in_every_version(place: Place) -> None:
    assert registry.erased(place.shelf(), 3, now=place.clock.now()) is None
    place.put(), place.put(140)
    for rows in (3, 2):
        write = registry.erased(place.shelf(), rows, now=place.clock.now())
        assert write is not None
        place.documents.commit([write])
    assert [one["erased_rows"] for one in place.shelf().versions] == [5, 5]
