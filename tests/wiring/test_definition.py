"""The table, the code and the documents say the same."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from common.domain.settings import FlowSettings
from common.pipeline.conditions import CONDITIONS
from common.pipeline.definition import PIPELINE
from common.pipeline.place import place
from common.pipeline.stage import Definition, Image, Need, Stage, Where
from scripts.benches import BENCHES
from scripts.cli import inputs

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stage", list(PIPELINE), ids=lambda stage: stage.name)
def test_every_stage_has_its_handler_settings_and_conditions(stage: Stage) -> None:
    module, _, name = stage.handler.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    assert set(stage.settings) <= {field.name for field in fields(FlowSettings)}
    assert set(stage.when) <= set(CONDITIONS)


def test_every_setting_is_read_by_some_stage() -> None:
    assert {name for stage in PIPELINE for name in stage.settings} == {field.name for field in fields(FlowSettings)}


def test_the_architecture_names_every_stage() -> None:
    rows = re.findall(r"^\| (\w+) \|", (ROOT / "docs" / "architecture.md").read_text(), re.M)
    assert {row for row in rows if row != "stage" and row != "port"} >= set(PIPELINE.names)


def test_the_readme_names_what_there_is() -> None:
    readme = (ROOT / "README.md").read_text()
    for command in re.findall(r"`scripts/(\w+)", readme):
        assert (ROOT / "scripts" / command).is_file(), command
    offered = {option for action in inputs.parser()._actions for option in action.option_strings}
    named = set(re.findall(r"(--[a-z][a-z-]*)", readme)) - {"--long"}
    assert named <= offered, named - offered
    for link in re.findall(r"\]\(([^)#]+)\)", readme):
        assert link.startswith("http") or (ROOT / link).exists(), link
    for heading in PIPELINE:
        assert heading.title in readme or heading.name in ("overlay", "watch"), (
            heading.title
        )  # those only when asked for


def test_every_bench_is_there() -> None:
    for module in BENCHES.values():
        assert callable(importlib.import_module(module).rows)


STAGE = Stage(name="a", version=1, title="A", handler="x:y")


@pytest.mark.parametrize(
    ("stages", "complaint"),
    [
        ((STAGE, STAGE), "share a name"),
        ((replace(STAGE, after=(Need("b"),)), replace(STAGE, name="b")), "not above it"),
        ((STAGE, replace(STAGE, name="b", after=(Need("a"), Need("a", input=False)))), "comes after 'a' twice"),
        ((replace(STAGE, each="part"),), "no stage's result names"),
        ((replace(STAGE, fans_out="part"), replace(STAGE, name="b", each="part")), "must need 'a'"),
        (
            (
                replace(STAGE, fans_out="part"),
                replace(STAGE, name="b", each="part", after=(Need("a"),)),
                replace(STAGE, name="slow", after=(Need("a"),)),
                replace(STAGE, name="c", each="part", after=(Need("a"), Need("b"), Need("slow"))),
            ),
            "member by member for 'b', and 'slow' may end after",
        ),
        ((replace(STAGE, timeout_s=40.0),), "stall limit"),
        ((replace(STAGE, lease_s=5.0),), "heartbeats"),
        ((replace(STAGE, places=(Where.TASK,), timeout_s=3600.0),), "longer than the 1800 s"),
        ((replace(STAGE, image=Image.GPU, places=(Where.POOL,), timeout_s=7200.0),), "longer than the 3600 s"),
    ],
)
def test_a_table_the_cloud_would_refuse_is_refused(stages: tuple[Stage, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Definition(stages)


@pytest.mark.parametrize(
    ("name", "seconds", "where"),
    [
        ("transcribe", 60, Where.TASK),
        ("detect", 60, Where.TASK),
        ("detect", 3600 * 3, Where.POOL),
        ("render", 60, Where.TASK),
        ("render", 600, Where.POOL),
    ],
)
def test_a_run_is_placed_by_how_long_it_takes(name: str, seconds: float, where: Where) -> None:
    found = place(PIPELINE[name], seconds)
    assert found.where is where and found.reason
