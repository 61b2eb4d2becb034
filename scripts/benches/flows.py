"""A video through the whole pipeline, and what any of its stages left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import config
from common.bootstrap import local as bootstrap
from common.domain.codec import loads
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.run import Flow, RunId
from common.ports.documents import Json
from scripts.cli import inputs

TENANT = "bench"


@dataclass(frozen=True, slots=True)
class Finished:
    """A flow that is done. Results by stage, objects by reference."""

    local: bootstrap.Local
    flow: Flow

    def result(self, stage: str) -> Json:
        """Of a stage that runs once; of one that runs for each segment, the first."""
        for run in (RunId(TENANT, self.flow.id, stage), RunId(TENANT, self.flow.id, stage, 0)):
            snap = self.local.engine.run(run)
            if snap is not None and (found := self.local.engine.result(snap)) is not None:
                return found
        raise AssertionError(f"{stage} has no result")

    def bytes(self, ref: Json) -> bytes:
        return self.local.engine.objects.get(ref["object"])

    def json(self, ref: Json) -> Any:
        return loads(self.bytes(ref))


@contextmanager
def finished(video: Path, home: Path, settings: FlowSettings) -> Iterator[Finished]:
    """Run a video to its end in a state folder of its own."""
    with bootstrap.local(config.from_environment({"CUTROOM_HOME": str(home)})) as local:
        item = inputs.item(video, None)
        flow = flows.submit(local.engine, TENANT, item.source, item.location, settings).flow
        local.runner.until(lambda: flows.read(local.engine, TENANT, flow.id).state != "running", flow=flow.id)
        assert flows.read(local.engine, TENANT, flow.id).state == "done", f"{video.name} could not be worked on"
        yield Finished(local, flow)
