"""One suite for every adapter of the limits port, and what many instances let through together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.adapters.embedded.limits import LocalLimits
from common.adapters.embedded.sqlite import SqliteDocuments
from common.adapters.google.firestore import FirestoreDocuments
from common.adapters.google.indexes import EXPIRING
from common.adapters.google.limits import SharedLimits
from common.errors import Conflict, Transient
from common.ports.clock import parse
from common.ports.documents import Documents, Version, Write
from common.ports.limits import PER_ADDRESS, PER_PERSON, UPLOADS, Limits, Rule
from tests.hand import START, Hand

TEN = (Rule(name="ten", most=10, seconds=60),)


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Documents]:
    if request.param == "firestore":
        yield FirestoreDocuments(request.getfixturevalue("firestore"))
        return
    store = SqliteDocuments(tmp_path / "limits.sqlite")
    yield store
    store.close()


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture(params=["local", "shared over sqlite", pytest.param("shared", marks=pytest.mark.emulator)])
def limits(request: pytest.FixtureRequest, tmp_path: Path, clock: Hand) -> Iterator[Limits]:
    if request.param == "local":
        yield LocalLimits(clock)
    elif request.param == "shared":
        yield SharedLimits(FirestoreDocuments(request.getfixturevalue("firestore")), clock)
    else:
        store = SqliteDocuments(tmp_path / "limits.sqlite")
        yield SharedLimits(store, clock)
        store.close()


def passed(limits: Limits, who: str, rules: tuple[Rule, ...], asked: int) -> int:
    return sum(limits.take(who, rules) is None for _ in range(asked))


def test_whoever_asks_alone_gets_all_of_a_window_and_no_more(limits: Limits, clock: Hand) -> None:
    clock.move(15)
    assert passed(limits, "ann", TEN, 25) == 10
    assert limits.take("ann", TEN) == pytest.approx(45)
    clock.move(44.5)
    assert limits.take("ann", TEN) == pytest.approx(0.5)
    clock.move(0.5)
    assert passed(limits, "ann", TEN, 25) == 10


def test_everybody_is_counted_apart(limits: Limits) -> None:
    assert passed(limits, "ann", TEN, 12) == 10
    for who in ("bob", "Ann", "ann ", "2001:db8::1", "a/b", "é\u202e", "\ud800"):
        assert limits.take(who, TEN) is None, who


def test_the_strictest_rule_decides_and_what_is_refused_is_not_counted(limits: Limits, clock: Hand) -> None:
    rules = (Rule(name="minute", most=3, seconds=60), Rule(name="hour", most=5, seconds=3600))
    assert passed(limits, "ann", rules, 9) == 3  # the six refused ones took nothing of the hour
    clock.move(60)
    assert passed(limits, "ann", rules, 9) == 2
    assert limits.take("ann", rules) == pytest.approx(3600 - 60)
    clock.move(3540)
    assert passed(limits, "ann", rules, 9) == 3


def test_of_many_threads_as_many_pass_as_may(limits: Limits) -> None:
    passes: list[float | None] = []
    threads = [
        threading.Thread(target=lambda: passes.extend(limits.take("ann", PER_ADDRESS) for _ in range(10)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passes), passes.count(None)) == (80, 60)


def test_one_machine_holds_a_bounded_number_of_counts_and_lets_nobody_off(clock: Hand) -> None:
    limits = LocalLimits(clock, most_kept=5)
    assert passed(limits, "ann", TEN, 12) == 10
    assert sum(limits.take(f"w{n}", TEN) is None for n in range(50)) == 4
    assert limits.take("ann", TEN) == 60
    clock.move(60)
    assert limits.take("new", TEN) is None and limits.take("ann", TEN) is None


def test_what_an_instance_forgets_it_asks_for_again(documents: Documents, clock: Hand) -> None:
    limits = SharedLimits(documents, clock, most_kept=2)
    rounds = [[limits.take(f"w{n}", TEN) for n in range(3)] for _ in range(12)]
    assert [each.count(None) for each in rounds] == [3] * 10 + [0] * 2


def test_several_instances_share_a_window(documents: Documents, clock: Hand) -> None:
    several = [SharedLimits(documents, clock) for _ in range(4)]
    turns = [limits.take("ann", PER_ADDRESS) for _ in range(40) for limits in several]
    assert turns.count(None) == 60  # each asks until there is no more, so nothing is left over


def test_instances_that_race_give_out_no_permit_twice(documents: Documents, clock: Hand) -> None:
    passes: list[float | None] = []

    def instance() -> None:
        limits = SharedLimits(documents, clock)
        passes.extend(limits.take("ann", PER_ADDRESS) for _ in range(30))

    threads = [threading.Thread(target=instance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passes), passes.count(None)) == (120, 60)


class Between(SqliteDocuments):
    """Lets something happen just before a commit, and just after, as when another is quicker; counts the commits."""

    def __init__(self) -> None:
        super().__init__(Path(":memory:"))
        self.meanwhile: list[Callable[[], object]] = []
        self.commits = 0

    def commit(self, writes: Sequence[Write]) -> dict[str, Version]:
        self.commits += 1
        self._others()
        versions = super().commit(writes)
        self._others()
        return dict(versions)

    def _others(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()


# Which instance asks, how many seconds pass before; and who asks just before and after it writes.
_ASK = st.tuples(st.integers(0, 2), st.sampled_from((0, 0, 0, 0, 1, 7)))
_TURN = st.tuples(_ASK, st.lists(_ASK, max_size=4))


@given(
    turns=st.lists(_TURN, max_size=60),
    most=st.integers(1, 35),
    behind=st.lists(st.sampled_from((0, 0, 1, 9)), min_size=3, max_size=3),
)
@example(  # a block arrives when its window is over
    turns=[((1, 0), []), ((0, 0), [(0, 10), (1, 0)]), *[((0, 0), [])] * 40], most=35, behind=[0, 0, 0]
)
def test_however_instances_interleave_no_window_has_more_than_it_may(
    turns: list[tuple[tuple[int, int], list[tuple[int, int]]]], most: int, behind: list[int]
) -> None:
    rule = Rule(name="r", most=most, seconds=10)
    documents, clocks = Between(), [Hand() for _ in behind]
    instances = [SharedLimits(documents, clock) for clock in clocks]
    for clock, seconds in zip(clocks, behind, strict=True):
        clock.move(-seconds)
    through: dict[int, int] = {}

    def ask(which: int, seconds: int) -> None:
        for clock in clocks:
            clock.move(seconds)
        if instances[which].take("ann", (rule,)) is None:
            # Of the window that the permit was for, which is ahead of a clock that lags.
            window = next(iter(instances[which]._held.values())).window
            assert window >= rule.window(clocks[which].at.timestamp())
            through[window] = through.get(window, 0) + 1

    try:
        for first, others in turns:
            documents.meanwhile = [partial(ask, *other) for other in others]
            ask(*first)
        assert all(count <= most for count in through.values()), through
    finally:
        documents.close()


def test_most_requests_ask_no_store(clock: Hand) -> None:
    documents = Between()
    limits = SharedLimits(documents, clock)
    assert passed(limits, "ann", PER_PERSON, 30) == 30
    assert documents.commits <= 11  # ten blocks of the minute, one of the hour
    before = documents.commits
    assert passed(limits, "ann", PER_PERSON, 1000) == 0
    assert documents.commits == before
    documents.close()


def test_a_store_in_which_nothing_succeeds_is_said_to_be_busy(clock: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = Between()

    def refuse(_: Sequence[Write]) -> None:
        raise Conflict("somebody was quicker")

    monkeypatch.setattr(documents, "commit", refuse)
    with pytest.raises(Transient, match="try again"):
        SharedLimits(documents, clock).take("ann", TEN)
    documents.close()


def test_what_is_kept_names_nobody_and_expires(documents: Documents, clock: Hand) -> None:
    SharedLimits(documents, clock).take("203.0.113.9", TEN)
    (kept,) = documents.query("limits")
    assert "203.0.113.9" not in f"{kept.key}{kept.body}"
    assert parse(kept.body["expires"]) > START + timedelta(seconds=60)
    assert "limits" in EXPIRING


def test_the_limits_are_those_that_were_promised() -> None:
    said = [[(rule.most, rule.seconds) for rule in rules] for rules in (PER_ADDRESS, PER_PERSON, UPLOADS)]
    assert said == [[(60, 60)], [(30, 60), (1000, 3600)], [(10, 60)]]
