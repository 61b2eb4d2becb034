"""What the crasher runs."""

from __future__ import annotations

from pathlib import Path

from common import bootstrap
from common.pipeline.engine import Engine
from common.pipeline.run import Flow
from common.ports.documents import Json
from tests import toy
from tests.fault.crasher import Scenario
from tests.harness import everything, submit


def _squares(engine: Engine, home: Path) -> Flow:
    return submit(engine, parts=3).flow


def _all(local: bootstrap.Local, flow: Flow) -> Json:
    left = [path.name for path in (local.folder.objects / ".writing").iterdir()]
    left += [path.name for path in local.folder.scratch.glob("*")]
    return {"documents": everything(local), "half": left}


SCENARIOS = {
    "toy": Scenario(definition=toy.definition(), submit=_squares, outcome=_all),
}
