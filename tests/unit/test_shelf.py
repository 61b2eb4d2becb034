"""Models kept at work between runs: started once, and anew where one failed, died or is old."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from common.adapters.models.child import Here, Remote, opened
from common.adapters.models.shelf import LASTS_S, MOST, Shelf
from common.errors import ModelRefused, ToolFailed


class Counter:
    """An adapter that tells which process it is in."""

    def __init__(self, name: str) -> None:
        self._name = name

    def process(self) -> int:
        return os.getpid()

    def doubled(self, samples: np.ndarray) -> np.ndarray:
        return samples * 2

    def refuses(self) -> None:
        raise ModelRefused("model.bin is cut off; get it again")


class Hand:
    """Lends from a shelf whose clock it holds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.started: list[str] = []
        self.shelf = Shelf(lambda: self.now)

    def lent(self, name: str = "counter") -> AbstractContextManager[Remote]:
        return self.shelf.lent(name, self._start(name))

    def process(self, name: str = "counter") -> int:
        with self.lent(name) as remote:
            found: int = remote.process()
        return found

    def _start(self, name: str) -> Callable[[Path], AbstractContextManager[Remote]]:
        def start(folder: Path) -> AbstractContextManager[Remote]:
            self.started.append(name)
            here = Here(source=f"{name}@1", arguments={"name": name})
            return opened("tests.unit.test_shelf:Counter", here, scratch=folder)

        return start


@pytest.fixture
def hand() -> Iterator[Hand]:
    hand = Hand()
    yield hand
    hand.shelf.close()


def test_the_second_run_finds_the_model_of_the_first(hand: Hand) -> None:
    assert hand.process() == hand.process()
    assert hand.process("other") != hand.process()
    assert hand.started == ["counter", "other"]


def test_one_that_refused_a_run_is_not_given_to_the_next(hand: Hand) -> None:
    first = hand.process()
    with pytest.raises(ModelRefused, match="cut off"), hand.lent() as remote:
        remote.refuses()
    assert hand.process() != first
    assert not _lives(first)


def test_one_that_died_at_rest_costs_no_run(hand: Hand) -> None:
    first = hand.process()
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert hand.process() != first


def test_one_that_dies_at_work_fails_its_run_alone(hand: Hand) -> None:
    with pytest.raises(ToolFailed, match="counter@1 ended"), hand.lent() as remote:
        os.kill(remote.process(), signal.SIGKILL)
        remote.process()
    assert hand.process()


def test_one_that_is_old_is_started_anew(hand: Hand) -> None:
    first = hand.process()
    hand.now += LASTS_S
    assert hand.process() == first
    hand.now += 1
    assert hand.process() != first
    assert not _lives(first)


def test_the_one_not_used_for_longest_makes_room(hand: Hand) -> None:
    names = [f"m{n}" for n in range(MOST)]
    there = {name: hand.process(name) for name in names}
    assert hand.process("m0") == there["m0"]
    hand.process("new")
    assert [name for name in names if not _lives(there[name])] == ["m1"]


def test_nothing_is_left_of_a_shelf_that_is_closed() -> None:
    hand = Hand()
    one = hand.process()
    hand.shelf.close()
    assert not _lives(one)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
