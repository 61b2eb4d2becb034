"""python -m tests.fault.crasher SCENARIO FOLDER [FIRST STEP]: die at every write, come back, and compare.

Each life is a forked process. A life that is to die counts its writes (every commit, before and after it
lands, and every object, before and after it is linked into place) and ends by `_exit` at the n-th. The next
life must bring the flow to the same end as a life that never died. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common import bootstrap
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.run import Flow, RunId
from common.pipeline.runner import Runner
from common.pipeline.stage import Definition
from common.ports.documents import Json
from tests.harness import Meddling, cutroom, finish

_DIED = 77


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What to run, and what must be the same whatever happened."""

    definition: Definition
    submit: Callable[[Engine, Path], Flow]
    outcome: Callable[[bootstrap.Local, Flow], Json]


class _Over:
    def over(self) -> bool:
        return True

    def stop(self) -> None:
        """It has stopped."""


class Inline:
    """Workers that work at once, in this thread: writes come in one order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, stage: str, subject: str, *, in_place: bool) -> _Over:
        execute(self._engine, RunId.of(stage, subject))
        return _Over()

    def announced(self) -> list[str]:
        return []

    def wait(self, seconds: float) -> None:
        """Nothing happens elsewhere."""


class Countdown:
    """Ends the process at the n-th call."""

    def __init__(self, at: int | None) -> None:
        self.count = 0
        self._at = at

    def __call__(self, *_: object) -> None:
        self.count += 1
        if self.count == self._at:
            os._exit(_DIED)


def life(scenario: Scenario, home: Path, die_at: int | None) -> tuple[Json, int]:
    """Run to the end, or die; returns the outcome and how many writes there were."""
    tick = Countdown(die_at)
    link = os.link

    def counted_link(source: Path, target: Path) -> None:
        tick()
        link(source, target)
        tick()

    with cutroom(home, scenario.definition) as local:
        os.link = counted_link  # type: ignore[assignment]
        documents = Meddling(local.engine.documents, before=tick, after=tick)
        engine = replace(local.engine, documents=documents, beat_s=3600.0)
        flow = scenario.submit(engine, home)
        runner = Runner(engine, Inline(engine), cores=8)
        finish(local, flow, runner=runner, seconds=120)
        return scenario.outcome(local, flow), tick.count


def in_child(work: Callable[[], Json]) -> tuple[int, Json | None]:
    """Do it in a forked process; its exit status and what it returned."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(writer, json.dumps(work()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), json.loads(said) if said else None


def main(name: str, folder: Path, first: int = 1, step: int = 1) -> Json:
    from tests.fault.scenarios import SCENARIOS

    scenario = SCENARIOS[name]

    def whole(home: Path, die_at: int | None) -> Callable[[], Json]:
        def run() -> Json:
            outcome, writes = life(scenario, home, die_at)
            return {"outcome": outcome, "writes": writes}

        return run

    status, unharmed = in_child(whole(folder / "unharmed", None))
    assert status == 0 and unharmed is not None, "the pipeline fails without any crash"
    wrong: list[str] = []
    deaths = 0
    at = first
    while True:
        home = folder / f"death-{at}"
        status, _ = in_child(whole(home, at))
        if status == 0:
            break  # it had fewer writes than that
        if status != _DIED:
            wrong.append(f"write {at}: the first life ended with status {status}")
            break
        deaths += 1
        status, revived = in_child(whole(home, None))
        if status != 0 or revived is None:
            wrong.append(f"write {at}: the second life ended with status {status}")
        elif revived["outcome"] != unharmed["outcome"]:
            wrong.append(f"write {at}: {revived['outcome']} instead of {unharmed['outcome']}")
        at += step
    return {"writes": unharmed["writes"], "deaths": deaths, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))))
