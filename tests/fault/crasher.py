"""python -m tests.fault.crasher SCENARIO FOLDER: die at every write, come back, and compare.

A death leaves what is on the disk at that moment. So one life that comes through copies its home at every write
(every commit, before and after it lands, and every object, before and after it is linked into place) if it is
not as it was at the write before; then for each copy, put where the home was, the next life must bring the flow
to the same end. Each life is a process of its own. Prints one line of JSON.

What a stage makes of equal inputs is equal, so the next lives need not make it again: where a handler did nothing but
keep objects, they keep the same ones in the same order. (test_kills does make all of it again.)
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from common.bootstrap import local as bootstrap
from common.pipeline import execution, usage
from common.pipeline.engine import Engine
from common.pipeline.execution import execute
from common.pipeline.run import Flow, RunId
from common.pipeline.runner import Runner
from common.pipeline.stage import Definition, Stage
from common.ports.documents import Json
from common.ports.work import ObjectRef, Outcome, Work
from tests.harness import Meddling, NoModels, cutroom, finish

TICK_NS = 10**9  # longer than any between two times of a file system: of two writes in one, the later leaves no trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What to run, and what must be the same whatever happened."""

    definition: Definition
    submit: Callable[[Engine, Path], Flow]
    outcome: Callable[[bootstrap.Local, Flow], Json]


@dataclass(frozen=True, slots=True)
class Made:
    """What a handler kept, in order, and what it returned."""

    objects: tuple[tuple[str, bytes], ...]
    outcome: Outcome

    def again(self, work: Work) -> Outcome:
        for name, content in self.objects:
            work.put(name, content)
        return self.outcome


class Watched:
    """A handler's `Work`, noting what it keeps and whether it does anything else that lasts or changes."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.objects: list[tuple[str, bytes]] = []
        self.alone = True

    def __getattr__(self, name: str) -> Any:
        if name in ("claim", "find", "ended", "asking"):
            self.alone = False
        return getattr(self._work, name)

    def put(self, name: str, content: bytes | Path) -> ObjectRef:
        self.objects.append((name, content.read_bytes() if isinstance(content, Path) else content))
        kept: ObjectRef = self._work.put(name, content)
        return kept


def remembering(made: dict[str, Made]) -> Callable[[Stage], Callable[[Any], Outcome]]:
    """How the engine finds handlers: one that did its work before, on equal inputs, only keeps it again."""
    find = execution._handler

    def found(stage: Stage) -> Callable[[Any], Outcome]:
        def handle(work: Any) -> Outcome:
            if work.result_key in made:
                return made[work.result_key].again(work)
            watched = Watched(work)
            outcome = find(stage)(cast(Work, watched))
            if watched.alone:
                made[work.result_key] = Made(tuple(watched.objects), outcome)
            return outcome

        return handle

    return found


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


def life(scenario: Scenario, home: Path, at_write: Callable[[], None], made: dict[str, Made]) -> Json:
    """Run to the end; what must be the same. `made` is what handlers have made before, and gets what they make now."""
    link = os.link
    setattr(execution, "_handler", remembering(made))  # noqa: B010
    # The kernel takes longer to tell a process's memory than most runs take here; nobody compares it.
    setattr(usage, "tree_pss", lambda root: 0)  # noqa: B010

    def watched_link(source: Path, target: Path) -> None:
        at_write()
        link(source, target)
        at_write()

    with cutroom(home, scenario.definition) as local:
        os.link = watched_link  # type: ignore[assignment]
        documents = Meddling(local.engine.documents, before=lambda _: at_write(), after=lambda _: at_write())
        # To open a model takes longer than all else in a life; it writes nothing, so that no death is left out.
        engine = replace(local.engine, documents=documents, models=NoModels(), beat_s=3600.0)
        flow = scenario.submit(engine, home)
        runner = Runner(engine, Inline(engine), cores=8)
        finish(local, flow, runner=runner, seconds=120)
        return scenario.outcome(local, flow)


class Looks:
    """How a folder looks. A file that was left alone for long before it was read is not read again until it changes."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], bytes] = {}

    def of(self, folder: Path) -> bytes:
        """A digest of all that is in it, but for the index of SQLite's log, which also changes as something is read."""
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            digest.update(bytes(path) + b"\0")
            if path.is_file() and not path.name.endswith("-shm"):
                digest.update(self._content(path))
        return digest.digest()

    def _content(self, path: Path) -> bytes:
        about = path.stat()
        now = (about.st_ino, about.st_size, about.st_mtime_ns)
        found = self._known.get(now)
        if found is None:
            found = hashlib.sha256(path.read_bytes()).digest()
            if time.time_ns() - about.st_mtime_ns > TICK_NS:
                self._known[now] = found
        return found


def in_child(work: Callable[[], Any]) -> tuple[int, Any]:
    """Do it in a forked process; its exit status and what it returned."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            _written(writer, pickle.dumps(work()))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), pickle.loads(said) if said else None


def _written(pipe: int, content: bytes) -> None:
    with os.fdopen(pipe, "wb") as file:
        file.write(content)


def main(name: str, folder: Path) -> Json:
    from tests.fault.scenarios import SCENARIOS

    scenario, home = SCENARIOS[name], folder / "home"
    for module in map(importlib.import_module, scenario.definition.modules):
        getattr(module, "prepare", lambda: None)()  # here once, and not in each life

    def unharmed() -> Json:
        writes, last, deaths, looks = 0, b"", [], Looks()

        def copy() -> None:
            nonlocal writes, last
            writes += 1
            if (now := looks.of(home)) != last:
                deaths.append(writes)
                subprocess.run(["cp", "-a", home, folder / f"death-{writes}"], check=True)
            last = now

        made: dict[str, Made] = {}
        outcome = life(scenario, home, copy, made)
        return {"outcome": outcome, "writes": writes, "deaths": deaths, "made": made}

    status, told = in_child(unharmed)
    assert status == 0 and told is not None, "the pipeline fails without any death"
    wrong: list[str] = []
    for at in told["deaths"]:
        shutil.rmtree(home)
        (folder / f"death-{at}").rename(home)
        status, outcome = in_child(lambda: life(scenario, home, lambda: None, dict(told["made"])))
        if status != 0:
            wrong.append(f"write {at}: the next life ended with status {status}")
        elif outcome != told["outcome"]:
            wrong.append(f"write {at}: {outcome} instead of {told['outcome']}")
    return {"writes": told["writes"], "deaths": len(told["deaths"]), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
