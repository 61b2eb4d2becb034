"""Drive the engine in a test: a state folder, the toy pipeline, and ports that fail on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import config
from common.bootstrap import local as bootstrap
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import ModelMissing
from common.pipeline import flows
from common.pipeline.engine import Engine
from common.pipeline.run import Flow, RunId
from common.pipeline.runner import Runner
from common.pipeline.stage import Definition
from common.ports.documents import Documents, Json, Snap, Version, Where, Write

TENANT = "local"


def settings(home: Path) -> config.Settings:
    return config.from_environment({"CUTROOM_HOME": str(home), "CUTROOM_CORES": "2"})


class NoModels:
    """A machine without any model: what needs one is left out."""

    def _none(self, scratch: Path) -> AbstractContextManager[Any]:
        raise ModelMissing("there is no model here")

    voice = recogniser = aligner = faces = people = objects = texts = sentences = _none

    def identity(self, kinds: Iterable[str]) -> dict[str, str | None]:
        return dict.fromkeys(kinds)


@contextmanager
def cutroom(home: Path, definition: Definition) -> Iterator[bootstrap.Local]:
    with bootstrap.local(settings(home), definition=definition) as local:
        yield local


def submit(engine: Engine, *, parts: int = 3, name: str = "talk.mp4", again: str | None = None) -> flows.Submitted:
    source = Source(bucket="file", name=name, generation="1", size=10)
    return flows.submit(engine, TENANT, source, name, FlowSettings(clips=parts), again=again)


def finish(local: bootstrap.Local, flow: Flow, *, runner: Runner | None = None, seconds: float = 20) -> Flow:
    """Run until the flow is closed; fails the test when that takes too long."""
    late = threading.Event()
    timer = threading.Timer(seconds, late.set)
    timer.start()
    try:
        (runner or local.runner).until(lambda: late.is_set() or read(local, flow).state != "running")
    finally:
        timer.cancel()
    assert not late.is_set(), [f"{run.id} {run.body['state']}" for run in flows.runs(local.engine, flow)]
    return read(local, flow)


def read(local: bootstrap.Local, flow: Flow) -> Flow:
    return flows.read(local.engine, TENANT, flow.id)


def run(local: bootstrap.Local, flow: Flow, stage: str, number: int | None = None) -> Json:
    snap = local.engine.run(RunId(TENANT, flow.id, stage, number))
    assert snap is not None, f"{stage} was not planned"
    return snap.body


def result(local: bootstrap.Local, flow: Flow, stage: str) -> Json:
    snap = local.engine.run(RunId(TENANT, flow.id, stage))
    assert snap is not None
    found = local.engine.result(snap)
    assert found is not None, snap.body.get("error")
    return found


def everything(local: bootstrap.Local) -> dict[str, Json]:
    """All that the toy pipeline leaves, but for times, tokens and counts of attempts."""
    kept = ("state", "result", "number", "stage", "error", "squares", "value")
    snaps = [*local.engine.documents.query("runs", limit=9999), *local.engine.documents.query("squares", limit=9999)]
    return {snap.id.split("-", 1)[1]: {k: _plain(snap.body[k]) for k in kept if k in snap.body} for snap in snaps}


def _plain(value: object) -> object:
    """A result by what it says, not by the name of the object it lies in."""
    if isinstance(value, dict):
        hidden = ("object", "sha256", "digest")
        return {key: _plain(inner) for key, inner in value.items() if key not in hidden}
    return value


class Meddling:
    """Documents that call `before` and `after` around each commit; either may raise or kill."""

    def __init__(
        self,
        inner: Documents,
        *,
        before: Callable[[Sequence[Write]], None] = lambda writes: None,
        after: Callable[[Sequence[Write]], None] = lambda writes: None,
    ) -> None:
        self.inner = inner
        self.before = before
        self.after = after

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        return self.inner.get_many(keys)

    def commit(self, writes: Sequence[Write]) -> Mapping[str, Version]:
        self.before(writes)
        versions = self.inner.commit(writes)
        self.after(writes)
        return versions

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        parent: str | None = None,
        order: str | None = None,
        last_first: bool = False,
        limit: int = 100,
    ) -> list[Snap]:
        return self.inner.query(collection, where, parent=parent, order=order, last_first=last_first, limit=limit)

    def count(self, collection: str, where: Sequence[Where] = (), *, parent: str | None = None) -> int:
        return self.inner.count(collection, where, parent=parent)

    def collections(self, parent: str) -> list[str]:
        return self.inner.collections(parent)

    def named(self, collection: str, *, parent: str, begins: str = "", after: str = "", limit: int = 100) -> list[Snap]:
        return self.inner.named(collection, parent=parent, begins=begins, after=after, limit=limit)


def with_documents(engine: Engine, documents: Documents) -> Engine:
    return replace(engine, documents=documents)
