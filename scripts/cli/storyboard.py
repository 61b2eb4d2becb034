"""scripts/run PLAN.json: what a storyboard would score, before anything is shot."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.domain.judgement import Judgement
from common.domain.timebase import clock
from common.errors import BadInput
from common.ports.documents import Json
from common.scoring import storyboard
from common.scoring.judging import judge
from common.scoring.telling import storyboard_of
from scripts.cli.inputs import shown

SUFFIX = ".json"
_BAR = 20  # characters


def score(path: Path, console: Console) -> Json:
    """Judge the plan in a file, show what it is made of, and give it as JSON; raises BadInput naming what is off."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{shown(path)} cannot be read ({error.strerror}); check the name") from error
    board = storyboard.read(raw)
    observed = storyboard.observe(board)
    judgement = judge(observed)
    console.print(f"[bold]{escape(board.title)}[/bold]  {len(board.shots)} shots, {clock(observed.span.end)}")
    console.print(_table(judgement))
    for reason in judgement.raise_by:
        console.print(f"  would raise it: {escape(reason)}")
    return storyboard_of(board, observed, judgement)


def as_line(found: Json) -> str:
    return json.dumps(found, ensure_ascii=True, separators=(",", ":"))


def _table(judgement: Judgement) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2), pad_edge=True)
    table.add_row("[bold]score[/bold]", _bar(judgement.score), f"[bold]{judgement.score:.2f}[/bold]")
    for part in judgement.parts:
        if part.value is None:
            table.add_row(part.name, f"[dim]{escape(part.why or '')}[/dim]", "")
        else:
            table.add_row(part.name, _bar(part.value), f"{part.value:.2f}")
    met = sum(item.met is True for item in judgement.rubric)
    told = sum(item.met is not None for item in judgement.rubric)
    table.add_row("rubric", f"{met} of {told} items met", "")
    return table


def _bar(value: float) -> str:
    full = round(value * _BAR)
    return "█" * full + "[dim]" + "░" * (_BAR - full) + "[/dim]"
