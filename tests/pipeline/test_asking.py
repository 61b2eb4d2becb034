"""Questions to language models are booked before, asked once, paid once, and kept: whoever dies, and whenever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from common.bootstrap.local import Local
from common.errors import Permanent, TooMany, Transient, Unanswered
from common.pipeline.asking import RunAsking
from common.pipeline.engine import Engine
from common.pipeline.execution import claim
from common.pipeline.lease import Lease
from common.pipeline.run import Flow, RunId
from common.ports.calls import NotSent
from common.ports.documents import Json
from common.ports.language import Caps, Question, Reply, Seats, Sight, Usage
from tests import toy
from tests.harness import TENANT, cutroom, submit

WORTH = 400  # micros that a reply costs
MOST = 1000  # that it may cost


@dataclass
class Model:
    """Answers, or does what `then` does."""

    name: str = "claude"
    model: str = "claude-small"
    sees: Sight = "nothing"
    then: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)

    def estimate(self, question: Question) -> int:
        return MOST

    def ask(self, question: Question, *, timeout_s: float) -> Reply:
        self.asked.append(question.key)
        self.then()
        usage = Usage(input=10, output=5)
        return Reply(content={"said": question.key}, usage=usage, cost_micros=WORTH, model=self.model)


def question(key: str = "k") -> Question:
    return Question(key=key, prompt="p@1", system="", parts=(key,), schema={}, most_tokens=9)


def waited(barrier: threading.Barrier) -> None:
    barrier.wait()


class Kill(BaseException):
    """The process ends here."""


def raised(error: BaseException) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then


@dataclass
class Bench:
    engine: Engine
    flow: Flow
    run: RunId

    def attempt(self) -> RunAsking:
        """The run given to a next attempt, as after a crash."""
        snap = self.engine.run(self.run)
        assert snap is not None
        stage = self.engine.definition[self.run.stage]
        engine = replace(self.engine, epoch=self.engine.epoch + 1 + int(snap.body["attempt"]))
        lease = claim(engine, self.run, stage)
        assert isinstance(lease, Lease), lease
        return RunAsking(engine, self.flow, lease)

    def document(self, key: str) -> Json:
        return dict(self.engine.documents.get_many([f"tenants/{TENANT}/{key}"])[f"tenants/{TENANT}/{key}"].body)

    def spent(self) -> tuple[int, int]:
        """From the day's purse and from the video's."""
        day = self.engine.documents.query("spending", parent=f"tenants/{TENANT}")
        found = {snap.id.partition("-")[0]: snap.body["micros"] for snap in day}
        return found["day"], found["asset"]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with cutroom(tmp_path, toy.definition()) as local:
        yield made(local, Caps(per_video=10_000, per_day=20_000))


def made(local: Local, caps: Caps, name: str = "talk.mp4") -> Bench:
    engine = replace(local.engine, seats=lambda: Seats(caps=caps))
    flow = submit(engine, name=name).flow
    return Bench(engine, flow, RunId(TENANT, flow.id, "split"))


def test_an_answer_is_paid_once_and_what_is_left_goes_back(bench: Bench) -> None:
    model, asking = Model(), bench.attempt()
    assert asking.book({"claude": MOST}) == {}
    assert bench.spent() == (MOST, MOST)
    reply = asking.ask(model, question(), name="claude", timeout_s=1)
    assert (reply.content, reply.cost_micros, reply.usage) == ({"said": "k"}, WORTH, Usage(input=10, output=5))
    assert [asking.close(), asking.close()] == [WORTH, WORTH]
    assert bench.spent() == (WORTH, WORTH)


def test_the_same_question_to_the_same_model_costs_nothing_again(bench: Bench) -> None:
    model, asking = Model(), bench.attempt()
    asking.ask(model, question(), name="one", timeout_s=1)
    again = asking.ask(model, question(), name="two", timeout_s=1)
    assert (again.content, again.cost_micros) == ({"said": "k"}, 0) and model.asked == ["k"]
    asking.ask(replace(model, model="other"), question(), name="three", timeout_s=1)
    asking.ask(model, question("else"), name="four", timeout_s=1)
    assert model.asked == ["k", "k", "else"]


def test_a_booking_over_the_caps_is_refused_to_the_dearest(bench: Bench) -> None:
    refused = bench.attempt().book({"a": 6000, "b": 5000, "c": 4000, "d": 500})
    assert set(refused) == {"a"} and "$0.0060" in refused["a"] and "$0.0005 is left" in refused["a"]
    assert bench.spent() == (9500, 9500)
    assert bench.attempt().book({"a": 1}) == refused  # a later attempt has what the first one was given
    assert bench.spent() == (9500, 9500)


def test_what_a_day_may_cost_holds_over_all_videos_whoever_books_beside(tmp_path: Path) -> None:
    with cutroom(tmp_path, toy.definition()) as local:
        benches = [made(local, Caps(per_video=5_000, per_day=7_000), f"talk{n}.mp4") for n in range(6)]
        attempts = [bench.attempt() for bench in benches]
        with ThreadPoolExecutor(6) as pool:
            refused = list(pool.map(lambda one: one.book({"claude": 2_000}), attempts))
        assert sum(not one for one in refused) == 3
        assert local.engine.documents.query("spending", parent=f"tenants/{TENANT}")[0].body["micros"] <= 7_000


@pytest.mark.parametrize(
    ("error", "kind", "cost"),
    [
        (TooMany("claude wants a pause", after_s=5), TooMany, 0),
        (Permanent("the key of claude is wrong"), Permanent, 0),
        (Unanswered("claude wrote prose", cost_micros=300), Unanswered, 300),
        (NotSent("refused"), Transient, 0),
    ],
)
def test_an_answer_of_no_use_is_written_down_and_not_bought_again(
    bench: Bench, error: Exception, kind: type[Exception], cost: int
) -> None:
    model = Model(then=raised(error))
    for _ in range(2):
        asking = bench.attempt()
        asking.book({"claude": MOST})
        with pytest.raises(kind):
            asking.ask(model, question(), name="claude", timeout_s=1)
    assert model.asked == ["k"]
    assert asking.close() == cost and bench.spent() == (cost, cost)


def test_a_question_whose_asker_died_is_not_asked_twice_and_counts_as_paid(bench: Bench) -> None:
    model = Model(then=raised(Kill()))
    first = bench.attempt()
    first.book({"claude": MOST})
    with pytest.raises(Kill):
        first.ask(model, question(), name="claude", timeout_s=1)
    second = bench.attempt()
    assert second.book({"claude": MOST}) == {}
    with pytest.raises(Transient, match="not asked twice"):
        second.ask(model, question(), name="claude", timeout_s=1)
    assert model.asked == ["k"]
    assert second.close() == MOST and bench.spent() == (MOST, MOST)


def test_what_one_attempt_bought_the_next_one_has(bench: Bench) -> None:
    model = Model()
    first = bench.attempt()
    first.book({"claude": 2 * MOST})
    first.ask(model, question("one"), name="one", timeout_s=1)
    second = bench.attempt()
    second.ask(model, question("one"), name="one", timeout_s=1)
    second.ask(model, question("two"), name="two", timeout_s=1)
    assert model.asked == ["one", "two"]
    assert second.close() == 2 * WORTH and bench.spent() == (2 * WORTH, 2 * WORTH)


def test_many_are_asked_side_by_side(bench: Bench) -> None:
    together = threading.Barrier(12, timeout=10)
    model, asking = Model(then=lambda: waited(together)), bench.attempt()
    asking.book({"claude": 10 * MOST})
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: asking.ask(model, question(str(n)), name=f"claude.{n}", timeout_s=5), range(12)))
    assert asking.close() == 12 * WORTH
