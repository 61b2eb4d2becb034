"""One sitting with the pipeline: videos in, flows run to their end, results out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.adapters.embedded.sources import generation_of, local_path
from common.bootstrap.local import Local
from common.domain.codec import loads
from common.domain.settings import FlowSettings
from common.domain.timebase import clock
from common.pipeline import flows
from common.pipeline.run import Flow
from common.ports.documents import Json
from scripts.cli import inputs
from scripts.cli.export import Folders, export, original_of, state_of
from scripts.cli.inputs import Item
from scripts.cli.interrupts import Interrupts
from scripts.cli.screen import Screen

TENANT = "local"
_OTHER_COLUMNS = 48  # characters of a row of the table beside its title and files
# What a person must mend in the file or the command, not in Cutroom: exit status 2.
_BAD_INPUT = frozenset({"ingest", "transcribe"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one video. `status` as the command's exit status; `result` is result.json, None without one."""

    item: Item
    status: int
    result: Json | None
    error: Json | None
    folder: Path | None


class Session:
    """What `interrupts` holds is looked at a few times a second while it works."""

    def __init__(self, local: Local, console: Console, out: Path, interrupts: Interrupts) -> None:
        self._local = local
        self._engine = local.engine
        self._console = console
        self._out = out
        self._interrupts = interrupts
        self._folders = Folders()

    def work(self, item: Item, wanted: FlowSettings, *, again: str | None = None) -> Done:
        """Bring one video in, run it to its end, copy its results out, and say how it went."""
        if item.transcript is not None:
            key = inputs.keep_transcript(self._engine.objects, TENANT, item.transcript)
            wanted = replace(wanted, transcript=key)
        self._console.print(f"[bold]{escape(item.name)}[/bold]")
        submitted = flows.submit(self._engine, TENANT, item.source, item.location, wanted, again=again)
        flow = self._run(submitted)
        original = original_of(self._engine, flow)
        if original is not None:
            self._console.print("  [dim]the same file is here already: its results are used[/dim]")
            self._bring_back(original, item)
            flow = self._run(flows.start(self._engine, TENANT, original, wanted, again=again))
        return self._hand_out(item, flow)

    def _run(self, submitted: flows.Submitted) -> Flow:
        flow = submitted.flow

        def tick() -> None:
            self._interrupts.check()
            screen.show(flow)

        if submitted.news == "resumed":
            self._console.print("  [dim]taking up where it stopped[/dim]")
        with self._interrupts.held(), Screen(self._console, self._engine) as screen:
            self._local.runner.until(
                lambda: flows.read(self._engine, TENANT, flow.id).state != "running",
                flow=flow.id,
                tick=tick,
            )
            screen.show(flow)
        return flow

    def _bring_back(self, asset: str, item: Item) -> None:
        """The first copy of this file may have gone: then this one takes its place."""
        key = f"tenants/{TENANT}/assets/{asset}"
        body = self._engine.documents.get_many([key])[key].body
        path = local_path(body["location"])
        if not path.is_file() or generation_of(path) != body["source"]["generation"]:
            flows.relocate(self._engine, TENANT, asset, item.source, item.location)

    def _hand_out(self, item: Item, flow: Flow) -> Done:
        state, error = state_of(self._engine, flow)
        exported = export(self._engine, flow, self._out, self._folders.of(item.name))
        result = loads((exported[0] / "result.json").read_bytes()) if exported else None
        folder = exported[0] if exported else None
        if state != "done":
            error = error or {"code": state, "text": f"the flow is {state}"}
            self._console.print(f"  [red bold]{escape(_plainly(error))}[/red bold]")
        if result is not None and folder is not None:
            self._tell(result, folder)
        return Done(item=item, status=_status(state, error, result), result=result, error=error, folder=folder)

    def _tell(self, result: Json, folder: Path) -> None:
        table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2), pad_edge=True)
        for name in ("#", "from", "to", "length", "score"):
            table.add_column(name, justify="right", no_wrap=True)
        room = max(20, self._console.width - _OTHER_COLUMNS - 5 * len(result["flow"]["settings"]["aspects"]))
        table.add_column("title", overflow="ellipsis", no_wrap=True, max_width=room)
        table.add_column("files", no_wrap=True)
        for clip in result["clips"]:
            table.add_row(
                str(clip["rank"]),
                clock(clip["start"]),
                clock(clip["end"]),
                f"{clip['end'] - clip['start']:.1f} s",
                f"{clip['score']:.2f}",
                escape(clip["title"]),
                " ".join(rendition["aspect"] for rendition in clip["renditions"]) or "[red]none[/red]",
            )
        if result["clips"]:
            self._console.print(table)
        for line in _foretold(result["clips"]):
            self._console.print(f"  {escape(line)}")
        for entry in result["left_out"]:
            self._console.print(f"  [dim]left out: {escape(entry['what'])}: {escape(entry['why'])}[/dim]")
        self._console.print(f"  Report: [bold]{escape(str(folder / 'report.html'))}[/bold]\n", soft_wrap=True)


def _status(state: str, error: Json | None, result: Json | None) -> int:
    if state != "done":
        return 2 if error is not None and error.get("stage") in _BAD_INPUT else 1
    clips = result["clips"] if result is not None else []
    return 1 if clips and not any(clip["renditions"] for clip in clips) else 0


def _foretold(clips: list[Json]) -> Iterator[str]:
    """What clicks are to be expected, a line for each clip; where nothing can be said of any, why, once."""
    whys: dict[str, None] = {}
    for clip in clips:
        told = clip["prediction"] or {"accounts": [], "silence": None}
        first = told["accounts"][0] if told["accounts"] else {"prediction": None, "silence": told["silence"]}
        if first["prediction"]:
            yield f"{clip['rank']}: {first['prediction']['says']}"
        elif silence := first["silence"]:
            short = f"not enough data, {silence['have']} of {silence['need']} {silence['of']}"
            whys["clicks: " + (short if silence["have"] < silence["need"] else silence["why"])] = None
    yield from whys


def _plainly(error: Json) -> str:
    return f"Not done: {error['text']}"


def as_line(done: Done) -> str:
    """One video's outcome as a line of JSON: its result.json, or its name and the error."""
    if done.result is not None:
        return json.dumps(done.result, ensure_ascii=False)
    return json.dumps({"schema": "cutroom.error/1", "file": done.item.name, "error": done.error}, ensure_ascii=False)
