"""Progress as it happens: a bar per stage on a terminal, a line per finished stage anywhere else."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from common.pipeline import flows
from common.pipeline.conditions import NOT_ASKED
from common.pipeline.engine import Engine
from common.pipeline.run import TERMINAL, Flow
from common.pipeline.stage import Stage
from common.ports.documents import Snap


class Screen:
    """Reads documents only: what it shows is what is kept."""

    def __init__(self, console: Console, engine: Engine) -> None:
        self._console = console
        self._engine = engine
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._said: set[tuple[str, str]] = set()
        self._bars = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, flow: Flow) -> None:
        """Bring the screen up to date with a flow."""
        known: dict[str, list[Snap]] = {}
        for snap in flows.runs(self._engine, flow):
            known.setdefault(snap.body["stage"], []).append(snap)
        for stage in self._engine.definition:
            if stage.name in known:
                self._stage(flow, stage, known)

    def _stage(self, flow: Flow, stage: Stage, known: dict[str, list[Snap]]) -> None:
        snaps = known[stage.name]
        mark = (flow.id, stage.name)
        if mark in self._said:
            return
        over = [snap for snap in snaps if snap.body["state"] in TERMINAL]
        if len(over) == len(snaps) and self._complete(stage, known):
            self._said.add(mark)
            if mark in self._tasks:
                self._bars.remove_task(self._tasks.pop(mark))
            self._say(stage, snaps)
            return
        if not any(snap.body["state"] in ("running", *TERMINAL) for snap in snaps):
            return
        share = sum(_share(snap) for snap in snaps) / len(snaps)
        note = f"{len(over)} of {len(snaps)}" if len(snaps) > 1 else _note(snaps[0])
        if mark not in self._tasks:
            self._tasks[mark] = self._bars.add_task(stage.title, total=1.0, note=note)
        self._bars.update(self._tasks[mark], completed=share, note=note)

    def _complete(self, stage: Stage, known: dict[str, list[Snap]]) -> bool:
        """Whether a stage has all the runs it will have."""
        source = self._engine.definition.source_of(stage)
        first = known[stage.name][0]
        if source is None or first.body["number"] is None:
            return True
        return bool(known[source.name][0].body["result"]["members"][stage.each] == len(known[stage.name]))

    def _say(self, stage: Stage, snaps: list[Snap]) -> None:
        states = [snap.body["state"] for snap in snaps]
        wall = sum((snap.body.get("timings") or {}).get("wall_s") or 0 for snap in snaps)
        if all(state == "skipped" for state in states):
            error = snaps[0].body["error"]
            if error["code"] == "unreached" or error["text"] == NOT_ASKED:
                return  # its cause was said where it happened, or is the person's own choice
            self._console.print(f"  [dim]- {stage.title}: left out, {escape(error['text'])}[/dim]")
        elif "failed" in states:
            failed = next(snap for snap in snaps if snap.body["state"] == "failed")
            self._console.print(f"  [red]x {stage.title}[/red]: {escape(failed.body['error']['text'])}")
        elif all(snap.body.get("reused") for snap in snaps):
            self._console.print(f"  [green]+[/green] {stage.title} [dim](done before)[/dim]")
        else:
            many = f", {len(snaps)} parts" if len(snaps) > 1 else ""
            self._console.print(f"  [green]+[/green] {stage.title} [dim]{wall:.1f} s{many}[/dim]")


def _share(snap: Snap) -> float:
    if snap.body["state"] in TERMINAL:
        return 1.0
    progress = snap.body.get("progress")
    if snap.body["state"] != "running" or not progress or not progress["total"]:
        return 0.0
    return min(1.0, float(progress["done"]) / float(progress["total"]))


def _note(snap: Snap) -> str:
    if snap.body["state"] == "waiting":
        return "trying again"
    progress = snap.body.get("progress")
    return f"{progress['done']:.0f} of {progress['total']:.0f} {progress['unit']}" if progress else ""
