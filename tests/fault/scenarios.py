"""What the crasher runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from common.bootstrap import local as bootstrap
from common.domain.codec import loads
from common.domain.settings import FlowSettings
from common.pipeline import flows
from common.pipeline.definition import PIPELINE
from common.pipeline.engine import Engine
from common.pipeline.run import Flow
from common.ports.documents import Json
from scripts.cli import inputs
from tests import toy
from tests.fault.crasher import Scenario
from tests.harness import TENANT, everything, result, submit
from tests.media import three_seconds


def _squares(engine: Engine, home: Path) -> Flow:
    return submit(engine, parts=3).flow


def _all(local: bootstrap.Local, flow: Flow) -> Json:
    return {"documents": everything(local), "half": _half(local)}


def _half(local: bootstrap.Local) -> list[str]:
    left = [path.name for path in (local.folder.objects / ".writing").iterdir()]
    return left + [path.name for path in local.folder.scratch.glob("*")]


def _clips(engine: Engine, home: Path) -> Flow:
    video = home.parent / "three.mp4"
    if not video.exists():
        three_seconds(home.parent)
    item = inputs.item(video, video.with_suffix(".vtt"))
    assert item.transcript is not None
    key = inputs.keep_transcript(engine.objects, TENANT, item.transcript)
    wanted = replace(FlowSettings(clips=1, min_s=1, max_s=2), transcript=key)
    return flows.submit(engine, TENANT, item.source, item.location, wanted).flow


def _report(local: bootstrap.Local, flow: Flow) -> Json:
    kept = result(local, flow, "report")
    return {"result": without_times(loads(local.engine.objects.get(kept["result"]["object"]))), "half": _half(local)}


def without_times(result: Any, asset: str | None = None) -> Any:
    """A result.json but for what may differ from run to run: times taken, and the random asset id."""
    asset = asset or result["asset"]["id"]
    if isinstance(result, dict):
        return {key: without_times(value, asset) for key, value in result.items() if key != "timings"}
    if isinstance(result, list):
        return [without_times(value, asset) for value in result]
    return result.replace(asset, "ASSET") if isinstance(result, str) else result


SCENARIOS = {
    "toy": Scenario(definition=toy.definition(), submit=_squares, outcome=_all),
    "video": Scenario(definition=PIPELINE, submit=_clips, outcome=_report),
}
