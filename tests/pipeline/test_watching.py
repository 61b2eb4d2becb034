"""Evidence is bought once per video, whoever dies and whoever else asks; through the real client and its adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.cloud import videointelligence_v1 as vi

from common.adapters.calls import DocumentCalls
from common.adapters.google.video_intelligence import VideoIntelligence
from common.bootstrap.local import Local
from common.domain.annotation import FEATURES, Annotations, Feature
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import Later, Transient
from common.pipeline import flows, watching
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine
from common.pipeline.execution import INTERRUPTIONS, claim
from common.pipeline.lease import Lease
from common.pipeline.run import Flow, RunId
from common.pipeline.stage import Definition, Image
from common.pipeline.watching import TRIES, RunWatching
from common.ports.annotator import Annotator, Evidence, Seen
from common.ports.calls import NotSent
from common.ports.language import Caps
from common.ports.work import Outcome, Work
from tests import toy
from tests.harness import TENANT, cutroom, submit
from tests.post import Hands, cloudlike, drain
from tests.standins.video_intelligence import Watcher, names, watcher

HOUR = Fraction(3600)
MINUTE = Fraction(60)
PRICES: dict[Feature, int] = {
    "labels": 100_000,
    "shots": 50_000,
    "objects": 150_000,
    "texts": 150_000,
    "faces": 100_000,
    "speech": 48_000,
}


class Kill(BaseException):
    """The process ends here."""


@dataclass
class Between:
    """The adapter; before or after it has asked, something happens."""

    inner: Annotator
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None

    def ask(self, location: str, features: Collection[Feature]) -> str:
        self.before()
        name = self.inner.ask(location, features)
        self.after()
        return name

    def answer(self, name: str, features: Collection[Feature]) -> Annotations | None:
        return self.inner.answer(name, features)


def raised(error: BaseException) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then


@dataclass
class Bench:
    local: Local
    google: Watcher
    clock: Hands
    caps: Caps = field(default_factory=lambda: Caps(per_video=50_000_000, per_day=100_000_000))
    between: Between = field(init=False)

    def __post_init__(self) -> None:
        self.between = Between(VideoIntelligence(self.google.client))

    @property
    def engine(self) -> Engine:
        evidence = Evidence(
            wanted=FEATURES, per_minute=PRICES, seen="2026-11-22", caps=self.caps, annotator=self.between
        )
        calls = DocumentCalls(self.local.engine.documents, self.clock)
        return replace(self.local.engine, clock=self.clock, calls=calls, evidence=lambda: evidence)

    def flow(self, parts: int = 3) -> Flow:
        return submit(self.engine, parts=parts).flow

    def attempt(self, flow: Flow) -> RunWatching:
        """The run given to a next attempt, as after a crash."""
        run, engine = RunId(TENANT, flow.id, "split"), self.engine
        snap = engine.run(run)
        assert snap is not None
        lease = claim(replace(engine, epoch=1 + int(snap.body["attempt"])), run, engine.definition["split"])
        assert isinstance(lease, Lease), lease
        return RunWatching(engine, flow, lease, "gs://up/t/local/1/talk.mp4#7")

    def see(self, flow: Flow, *features: Feature, seconds: Fraction = MINUTE, looks: int = 40) -> Seen:
        """One attempt after another, as the clock goes, until it is seen."""
        for _ in range(looks):
            try:
                return self.attempt(flow).see(features, seconds)
            except Later as later:
                self.clock.at += timedelta(seconds=later.after_s)
        raise AssertionError("it is never there")

    @property
    def asked(self) -> list[list[str]]:
        return [names(one) for one in self.google.requests]

    def purse(self, of: str = "asset") -> int:
        found = self.engine.documents.query("spending", parent=f"tenants/{TENANT}")
        return sum(snap.body["micros"] for snap in found if snap.id.startswith(of))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    patient = replace(toy.definition()["split"].retry, attempts=50)
    stages = tuple(replace(one, retry=patient) for one in toy.definition())
    with cutroom(tmp_path, type(toy.definition())(stages)) as local, watcher() as google:
        yield Bench(local, google, Hands())


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that may be under way is given up at once: ages are the store's own, and no test waits for them."""
    monkeypatch.setattr(watching, "SEND_S", -100.0)


def label(text: str, start: float = 0, end: float = 1) -> vi.VideoAnnotationResults:
    segment = vi.VideoSegment(start_time_offset=timedelta(seconds=start), end_time_offset=timedelta(seconds=end))
    found = {"entity": {"description": text}, "segments": [{"segment": segment, "confidence": 0.5}]}
    return vi.VideoAnnotationResults(segment_label_annotations=[found])


def texts(seen: Seen) -> list[str]:
    return [one.text for one in seen.annotations.labels or ()]


def test_it_is_asked_once_and_looked_at_until_it_is_there(bench: Bench) -> None:
    bench.google.looks, bench.google.results = 3, [label("dog")]
    flow = bench.flow()
    with pytest.raises(Later, match="still being watched"):
        bench.attempt(flow).see(["labels"], MINUTE)
    call = bench.engine.documents.get_many([f"tenants/{TENANT}/calls/{flow.asset}.watch.labels.1"])
    assert [one.body["remote_id"] for one in call.values()] == ["projects/1/locations//operations/1"]
    assert bench.purse() == 100_000 == bench.purse("day"), "set aside before it is there"
    seen = bench.see(flow, "labels")
    assert (texts(seen), seen.cost, seen.spent) == (["dog"], {"labels": 100_000}, 100_000)
    assert len(bench.asked) == 1 and bench.purse() == 100_000
    assert bench.see(flow, "labels") == seen, "an attempt that died before it settled says the same again"


def test_another_flow_has_it_for_nothing_even_once_google_has_forgotten(bench: Bench) -> None:
    bench.google.results = [label("dog")]
    bench.see(bench.flow(), "labels")
    bench.google._asked.clear()
    seen = bench.see(bench.flow(4), "labels")
    assert (texts(seen), seen.cost, seen.spent) == (["dog"], {"labels": 100_000}, 0)
    assert len(bench.asked) == 1 and bench.purse() == 100_000


def test_six_features_of_an_hour_are_asked_apart_and_cost_what_the_list_says(bench: Bench) -> None:
    seen = bench.see(bench.flow(), *FEATURES, seconds=HOUR)
    assert seen.spent == 32_880_000 == sum(seen.cost.values()) and not seen.left_out
    assert sorted(bench.asked) == [
        ["FACE_DETECTION"],
        ["LABEL_DETECTION", "SHOT_CHANGE_DETECTION"],
        ["OBJECT_TRACKING"],
        ["SPEECH_TRANSCRIPTION"],
        ["TEXT_DETECTION"],
    ]
    assert seen.annotations.shots == () and seen.annotations.faces == ()


@pytest.mark.parametrize(("seconds", "minutes"), [("1/10", 1), ("60", 1), ("3601/60", 2), ("61", 2), ("3599", 60)])
def test_a_minute_that_is_begun_is_paid(bench: Bench, seconds: str, minutes: int) -> None:
    assert bench.see(bench.flow(), "texts", seconds=Fraction(seconds)).spent == minutes * 150_000


def test_shots_cost_alone_and_come_free_with_labels_once_those_are_there(bench: Bench) -> None:
    bench.see(bench.flow(), "labels")
    assert bench.see(bench.flow(4), "shots").spent == 0 and len(bench.asked) == 1
    assert Evidence(per_minute=PRICES).prices(["shots"], MINUTE) == {"shots": 50_000}
    assert Evidence(per_minute=PRICES).prices(["shots", "labels"], MINUTE) == {"shots": 0, "labels": 100_000}


def test_nothing_is_bought_that_was_not_set_aside(bench: Bench) -> None:
    bench.caps = Caps(per_video=348_000, per_day=10_000_000)
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED]
    first, second = bench.flow(), bench.flow(4)
    with pytest.raises(Later):
        bench.attempt(first).see(["texts"], MINUTE)  # 150,000 set aside, and told to wait
    with pytest.raises(Later):
        bench.attempt(second).see(["texts", "labels"], MINUTE)  # 100,000 set aside: texts may not be asked for yet
    bench.clock.at += timedelta(seconds=61)
    seen = bench.see(second, "texts", "labels")
    assert "$0.0980 is left" in seen.left_out["texts"] and "--again" in seen.left_out["texts"]
    assert (seen.spent, bench.purse()) == (100_000, 250_000)
    assert bench.asked == [["LABEL_DETECTION", "SHOT_CHANGE_DETECTION"]]


def test_what_may_be_asked_for_later_is_set_aside_then(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED]
    first, second = bench.flow(), bench.flow(4)
    with pytest.raises(Later):
        bench.attempt(first).see(["texts"], MINUTE)
    with pytest.raises(Later):
        bench.attempt(second).see(["texts", "labels"], MINUTE)
    bench.clock.at += timedelta(seconds=61)
    assert bench.see(second, "texts", "labels").spent == 250_000
    assert bench.see(first, "texts").spent == 0 and bench.purse() == 250_000 == bench.purse("day")


def test_nothing_is_bought_once_the_run_has_settled_what_it_spends(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED] * TRIES
    flow = bench.flow()
    assert "wants a pause" in bench.see(flow, "labels").left_out["labels"]
    seen = bench.see(flow, "labels", "texts")
    assert "--again" in seen.left_out["texts"] and (seen.spent, bench.purse(), bench.asked) == (0, 0, [])


def test_what_was_bought_alone_is_there_whatever_becomes_of_what_it_comes_free_with(bench: Bench) -> None:
    bench.see(bench.flow(), "shots")
    bench.caps = Caps(per_video=50_000, per_day=10_000_000)
    seen = bench.see(bench.flow(4), "shots", "labels")
    assert set(seen.left_out) == {"labels"} and seen.annotations.shots == ()


def test_what_does_not_fit_the_cap_is_left_out_with_the_figures_and_the_rest_is_bought(bench: Bench) -> None:
    bench.caps = Caps(per_video=200_000, per_day=10_000_000)
    seen = bench.see(bench.flow(), "labels", "texts", "shots", "speech")
    assert seen.spent == 148_000 == bench.purse() and len(bench.asked) == 2
    assert set(seen.left_out) == {"texts"} and "$0.1500" in seen.left_out["texts"]
    assert "$0.0520 is left" in seen.left_out["texts"]


def test_with_no_money_left_nothing_is_asked(bench: Bench) -> None:
    bench.caps = Caps(per_video=1_000_000, per_day=0)
    seen = bench.see(bench.flow(), *FEATURES)
    assert set(seen.left_out) == set(FEATURES) and seen.spent == 0 and not bench.asked
    assert "$0.0000 is left" in seen.left_out["shots"], "it comes with labels, and goes with them"


def test_a_quota_is_waited_for_and_nothing_is_paid_twice(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED] * 2
    flow, began = bench.flow(), bench.clock.at
    with pytest.raises(Later) as later:
        bench.attempt(flow).see(["labels"], MINUTE)
    assert later.value.after_s == 60
    with pytest.raises(Later):
        bench.attempt(flow).see(["labels"], MINUTE)
    assert len(bench.google.refusals) == 1, "before its time it is not asked"
    seen = bench.see(flow, "labels")
    assert (seen.spent, bench.purse(), len(bench.asked)) == (100_000, 100_000, 1)
    assert (bench.clock.at - began).total_seconds() >= 60 + 120


def test_a_quota_that_stays_used_up_is_given_up_and_costs_nothing(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED] * TRIES
    seen = bench.see(bench.flow(), "labels")
    assert "wants a pause" in seen.left_out["labels"]
    assert (seen.spent, bench.purse(), bench.asked) == (0, 0, [])


def test_however_often_it_was_refused_the_next_flow_asks_again(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.PERMISSION_DENIED] * (watching.PAGE + 2)
    for parts in range(watching.PAGE + 2):
        assert "labels" in bench.see(bench.flow(parts), "labels").left_out
    bench.google.refusals = [grpc.StatusCode.RESOURCE_EXHAUSTED] * TRIES
    assert "wants a pause" in bench.see(bench.flow(30), "labels").left_out["labels"]
    assert bench.see(bench.flow(31), "labels").spent == 100_000 == bench.purse() and len(bench.asked) == 1


def test_what_is_refused_is_not_asked_again_but_by_another_flow(bench: Bench) -> None:
    bench.google.refusals = [grpc.StatusCode.PERMISSION_DENIED]
    flow = bench.flow()
    for _ in range(2):
        seen = bench.see(flow, "labels")
        assert "refuses" in seen.left_out["labels"] and "scripts/doctor" in seen.left_out["labels"]
    assert (seen.spent, bench.purse(), bench.asked) == (0, 0, [])
    assert bench.see(bench.flow(4), "labels").spent == 100_000, "somebody has mended it since"


@pytest.mark.parametrize("lost", [True, False], ids=["taken, the answer lost", "broken inside"])
def test_what_nobody_knows_to_be_taken_may_have_cost_and_is_not_bought_again(bench: Bench, lost: bool) -> None:
    bench.google.lost = int(lost)
    bench.google.refusals = [] if lost else [grpc.StatusCode.INTERNAL]
    flow = bench.flow()
    seen = bench.see(flow, "labels", "texts")
    assert "not asked for twice" in seen.left_out["labels"] and seen.annotations.texts == ()
    assert seen.spent == 250_000 == bench.purse()
    again = bench.see(bench.flow(4), "labels")
    assert again.spent == 0 and "labels" in again.left_out
    taken = [["LABEL_DETECTION", "SHOT_CHANGE_DETECTION"]] if lost else []
    assert bench.asked == [*taken, ["TEXT_DETECTION"]]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.usefixtures("forgetful")
def test_who_dies_while_asking_leaves_nothing_that_is_bought_twice(bench: Bench, when: str) -> None:
    setattr(bench.between, when, raised(Kill()))
    flow = bench.flow()
    with pytest.raises(Kill):
        bench.attempt(flow).see(["labels"], MINUTE)
    setattr(bench.between, when, lambda: None)
    seen = bench.see(flow, "labels")
    assert "not asked for twice" in seen.left_out["labels"]
    assert (seen.spent, bench.purse(), len(bench.asked)) == (100_000, 100_000, int(when == "after"))


def test_who_died_a_moment_ago_may_still_be_asking(bench: Bench) -> None:
    flow, calls = bench.flow(), DocumentCalls(bench.engine.documents, bench.clock)
    request = {"location": "gs://up/t/local/1/talk.mp4#7", "features": ["labels", "shots"]}
    calls._intend(f"tenants/{TENANT}/calls/{flow.asset}.watch.labels.1", "dead", request, 100_000, 20.0)
    with pytest.raises(Later):
        bench.attempt(flow).see(["labels"], MINUTE)
    assert not bench.asked


def test_who_dies_while_looking_looks_again(bench: Bench) -> None:
    bench.google.results = [label("dog")]
    flow = bench.flow()
    bench.google.looks = 1
    with pytest.raises(Later):
        bench.attempt(flow).see(["labels"], MINUTE)
    bench.between = Between(_Silent(bench.between))
    with pytest.raises(Later):
        bench.attempt(flow).see(["labels"], MINUTE)
    bench.between = Between(VideoIntelligence(bench.google.client))
    assert texts(bench.see(flow, "labels")) == ["dog"] and len(bench.asked) == 1


@dataclass
class _Silent:
    """Whoever looks is told that nobody answers."""

    inner: Annotator

    def ask(self, location: str, features: Collection[Feature]) -> str:
        return self.inner.ask(location, features)

    def answer(self, name: str, features: Collection[Feature]) -> Annotations | None:
        raise Transient("Video Intelligence does not answer")


def test_a_request_that_never_left_is_sent_again(bench: Bench) -> None:
    bench.between.before = raised(NotSent("no credentials"))
    flow = bench.flow()
    with pytest.raises(Later):
        bench.attempt(flow).see(["labels"], MINUTE)
    bench.between.before = lambda: None
    assert bench.see(flow, "labels").spent == 100_000 and len(bench.asked) == 1


def test_a_video_it_cannot_watch_is_left_out_with_what_it_says(bench: Bench) -> None:
    bench.google.of["TEXT_DETECTION"] = [vi.VideoAnnotationResults(error={"code": 3, "message": "unsupported codec"})]
    seen = bench.see(bench.flow(), "texts", "faces")
    assert "unsupported codec" in seen.left_out["texts"] and seen.annotations.faces == ()
    assert seen.cost == {"texts": 150_000, "faces": 100_000}, "whether a failure is free nobody says"


def test_a_feature_it_says_nothing_of_is_unknown_not_empty(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = bench.between.inner
    answer = inner.answer
    monkeypatch.setattr(
        inner, "answer", lambda name, features: (answer(name, features) or Annotations()).only(["labels"])
    )
    seen = bench.see(bench.flow(), "labels", "shots")
    assert seen.annotations.shots is None and "does not tell" in seen.left_out["shots"]


def test_what_takes_too_long_is_given_up_and_found_later_at_no_cost(bench: Bench) -> None:
    bench.google.looks = 10**6
    began = bench.clock.at
    seen = bench.see(bench.flow(), "labels")
    assert "being watched for" in seen.left_out["labels"] and seen.spent == 100_000
    assert 3600 < (bench.clock.at - began).total_seconds() < 2 * 3600
    bench.google.looks, bench.google.results = 0, [label("dog")]
    late = bench.see(bench.flow(4), "labels")
    assert (texts(late), late.spent, len(bench.asked)) == (["dog"], 0, 1)


def test_the_looks_are_few_enough_for_the_longest_video(bench: Bench) -> None:
    bench.google.looks = 10**6
    bench.caps = Caps(per_video=100_000_000, per_day=100_000_000)
    seen = bench.see(bench.flow(), "labels", seconds=12 * HOUR, looks=INTERRUPTIONS // 2)
    assert "being watched for" in seen.left_out["labels"]


def test_flows_side_by_side_buy_once(bench: Bench) -> None:
    bench.google.results = [label("dog")]
    attempts = [bench.attempt(bench.flow(parts)) for parts in (3, 4, 5, 6)]
    together = threading.Barrier(4, timeout=10)

    def look(one: RunWatching) -> Seen | None:
        together.wait()
        try:
            return one.see(["labels"], MINUTE)
        except Later:
            return None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(look, attempts))
    found = [bench.see(bench.flow(parts), "labels") for parts in (3, 4, 5, 6)]
    assert all(texts(one) == ["dog"] for one in found) and len(bench.asked) == 1
    assert sum(one.spent for one in found) == 100_000 == bench.purse()


def test_what_lies_outside_the_video_is_dropped(bench: Bench) -> None:
    bench.google.results = [label("in", 0, 90), label("out", 61, 62), label("late", 59, 100)]
    seen = bench.see(bench.flow(), "labels").annotations
    assert [(one.text, one.span.end) for one in seen.labels or ()] == [("in", MINUTE), ("late", MINUTE)]
    assert seen.dropped == 1


def test_on_one_machine_nobody_is_asked(bench: Bench) -> None:
    flow = bench.flow()
    engine = replace(bench.engine, evidence=lambda: Evidence(wanted=("labels",), why="there is none here"))
    run = RunId(TENANT, flow.id, "split")
    lease = claim(engine, run, engine.definition["split"])
    assert isinstance(lease, Lease)
    seen = RunWatching(engine, flow, lease, "talk.mp4").see(["labels"], MINUTE)
    assert seen.left_out == {"labels": "there is none here"} and seen.spent == 0


# --- the stage of the table, on the engine as the cloud wakes it ----------------------------------------------------


def looked_at(work: Work) -> Outcome:
    return Outcome(result={"probe": {"duration": "90/1"}, "audio_track": None})


def is_new(work: Work) -> Outcome:
    return Outcome(result={"duplicate_of": None})


def _table() -> Definition:
    own = {"ingest": "looked_at", "fingerprint": "is_new"}
    light: Any = {"models": (), "fans_out": None, "image": Image.LIGHT}
    first = (replace(PIPELINE[name], handler=f"{__name__}:{made}", **light) for name, made in own.items())
    return Definition((*first, PIPELINE["watch"]))


def _sent(engine: Engine, clips: int) -> Flow:
    source = Source(bucket="up", name="t/local/1/talk.mp4", generation="7", size=10)
    return flows.submit(engine, TENANT, source, "gs://up/t/local/1/talk.mp4#7", FlowSettings(clips=clips)).flow


def test_the_stage_waits_holding_nothing_and_the_next_flow_has_it_for_nothing(tmp_path: Path) -> None:
    with watcher() as google:
        google.looks, google.results = 5, [label("dog")]
        engine, post, clock = cloudlike(tmp_path, _table(), lost=0.2, doubled=0.3)
        known = Evidence(
            wanted=("labels", "speech"),
            per_minute=PRICES,
            caps=Caps(per_video=10**7, per_day=10**7),
            annotator=VideoIntelligence(google.client),
        )
        calls = DocumentCalls(engine.documents, clock)
        engine = replace(engine, calls=calls, evidence=lambda: known)
        flow = _sent(engine, 3)
        drain(engine, post, clock)
        snap = engine.run(RunId(TENANT, flow.id, "watch"))
        assert snap is not None and snap.body["state"] == "done", snap
        assert snap.body["interrupted"] == 5 and snap.body["cost_micros"] == 200_000
        assert [one["why"] for one in snap.body["left_out"]] == ["the file has no sound"]
        told = engine.result(snap)
        assert told is not None and told["features"] == [
            {"name": "labels", "count": 1, "cost_micros": 200_000},
            {"name": "speech", "count": None, "cost_micros": 0},
        ]
        again = _sent(engine, 4)
        drain(engine, post, clock)
        snap = engine.run(RunId(TENANT, again.id, "watch"))
        assert snap is not None and snap.body["reused"] and snap.body["cost_micros"] == 0
        anew = flows.start(engine, TENANT, flow.asset, FlowSettings(clips=4), again="watch").flow
        drain(engine, post, clock)
        snap = engine.run(RunId(TENANT, anew.id, "watch"))
        assert snap is not None and snap.body["state"] == "done" and snap.body["cost_micros"] == 0
        assert [names(one) for one in google.requests] == [["LABEL_DETECTION", "SHOT_CHANGE_DETECTION"]]
