"""What a person reads while it works: each stage once, and not what nobody asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from common.pipeline.conditions import NOT_ASKED
from common.pipeline.run import Flow
from common.ports.documents import Snap
from scripts.cli.screen import Screen
from tests import toy
from tests.harness import cutroom, submit


def said(folder: Path, text: str) -> str:
    """What is shown of a flow whose second stage is skipped for this reason."""
    console = Console(record=True, width=120)
    with cutroom(folder, toy.definition()) as local:
        flow: Flow = submit(local.engine).flow
        first = local.engine.documents.query("runs", parent=f"tenants/{flow.tenant}")[0]
        body = {**first.body, "state": "skipped", "error": {"code": "skipped", "text": text}}
        screen = Screen(console, local.engine)
        stage = replace(next(iter(local.engine.definition)), title="Drawing what was seen")
        screen._say(stage, [Snap(first.key, body, first.version, 0.0)])
    return console.export_text()


def test_what_was_left_out_is_said_with_why(tmp_path: Path) -> None:
    assert "Drawing what was seen: left out, the file has no sound" in said(tmp_path, "the file has no sound")


def test_what_nobody_asked_for_is_not_missed(tmp_path: Path) -> None:
    assert said(tmp_path, NOT_ASKED) == ""
