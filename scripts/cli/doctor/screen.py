"""Findings and places as tables."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from scripts.cli.doctor.finding import Finding, State
from scripts.cli.doctor.pipeline import Placed

_COLOURS: dict[State, str] = {"ok": "green", "note": "yellow", "wrong": "red"}


def many(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def show(console: Console, findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "what", "seen", "what to do"):
        table.add_column(name, overflow="fold")
    group = ""
    for one in findings:
        if one.group != group:
            group = one.group
            table.add_row("", f"[bold]{escape(group)}[/bold]")
        state = f"[{_COLOURS[one.state]}]{one.state}[/]"
        table.add_row(state, escape(one.name), escape(one.seen), escape(one.fix))
    console.print(table)


def show_places(console: Console, placed: list[Placed]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", title="\nWhere runs would work on the cloud")
    for name in ("stage", "a run per", "places it may work", "video", "estimate", "where", "why"):
        table.add_column(name, justify="right" if name == "estimate" else "left", overflow="fold")
    last = ""
    for one in placed:
        first = (one.stage, one.per, one.places) if one.stage != last else ("", "", "")
        estimate = "" if one.seconds is None else f"{one.seconds:.1f} s"
        table.add_row(*map(escape, (*first, one.video, estimate, one.where, one.reason)))
        last = one.stage
    console.print(table)
