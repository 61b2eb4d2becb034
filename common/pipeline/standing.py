"""How far the stages of a flow are, each document read once.

What is read may be old by the time it is used, and that is safe: whoever looks has committed its own end before, so of
two that end together the one that looks last sees both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from common.pipeline.engine import Engine
from common.pipeline.run import OPEN, TERMINAL, Flow, RunId
from common.pipeline.stage import Stage
from common.ports.documents import Json, Snap, Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far a stage of a flow is. `cause` says why it has nothing to give, if so."""

    over: bool
    cause: str | None = None


class Standing:
    """One look at one flow; `seen` are runs of it that were read already."""

    def __init__(self, engine: Engine, flow: Flow, seen: Iterable[Snap] = ()) -> None:
        self._engine, self._flow = engine, flow
        self._snaps: dict[str, Snap | None] = {snap.key: snap for snap in seen}
        self._stages: dict[tuple[str, int | None], Status] = {}

    def of(self, stage: Stage, number: int | None = None) -> Status:
        """How far a stage is; with `number`, one member of it."""
        if (stage.name, number) not in self._stages:
            self._stages[stage.name, number] = self._status(stage, number)
        return self._stages[stage.name, number]

    def results(self, stages: Iterable[str]) -> dict[str, Any]:
        """Results of those of these stages that run once and are done."""
        alone = {self._run(name).key: name for name in stages if self._engine.definition[name].each is None}
        found = {alone[key]: self._engine.result(snap) for key, snap in self._read(alone).items()}
        return {name: result for name, result in found.items() if result is not None}

    def members(self, stage: Stage) -> list[Json] | None:
        """The members that a stage runs for; None for one that runs once."""
        maker = self._engine.definition.source_of(stage)
        if maker is None or stage.each is None:
            return None
        key = self._run(maker.name).key
        return self._engine.members(self._read([key])[key], stage.each)

    def _status(self, stage: Stage, number: int | None) -> Status:
        maker = self._engine.definition.source_of(stage)
        wanted = [self._run(stage.name)]
        if maker is not None and number is not None:
            wanted.append(self._run(stage.name, number))
        there = self._read([run.key for run in wanted])
        for run in wanted:
            if (snap := there.get(run.key)) is not None:
                over = snap.body["state"] in TERMINAL
                return Status(over=over, cause=self._cause(stage, snap) if over else None)
        if maker is None or number is not None:
            return Status(over=False)
        return self._all(stage, maker)

    def _all(self, stage: Stage, maker: Stage) -> Status:
        """Of all members together."""
        key = self._run(maker.name).key
        made = self._read([key]).get(key)
        if made is None or made.body["state"] != "done":
            return Status(over=False)
        documents, parent = self._engine.documents, f"tenants/{self._flow.tenant}"
        of_stage = [Where("flow", "==", self._flow.id), Where("stage", "==", stage.name)]
        # Most members see another one open; only the last ones have to count, for some may not be planned yet.
        if documents.query("runs", [*of_stage, Where("state", "in", OPEN)], parent=parent, limit=1):
            return Status(over=False)
        total = made.body["result"]["members"].get(stage.each, 0)
        if documents.count("runs", [*of_stage, Where("state", "in", TERMINAL)], parent=parent) < total:
            return Status(over=False)
        bad = [*of_stage, Where("state", "in", ("failed", "skipped"))]
        lost = documents.query("runs", bad, parent=parent, limit=1)
        return Status(over=True, cause=self._cause(stage, lost[0]) if lost else None)

    def _cause(self, stage: Stage, snap: Snap) -> str | None:
        if snap.body["state"] == "done":
            return None
        text = str(snap.body["error"]["text"])
        return text if snap.body["state"] == "skipped" else f"“{stage.title}” failed: {text}"

    def _run(self, stage: str, number: int | None = None) -> RunId:
        return RunId(self._flow.tenant, self._flow.id, stage, number)

    def _read(self, keys: Iterable[str]) -> Mapping[str, Snap]:
        """The documents of these keys that exist."""
        wanted = list(keys)
        if missing := [key for key in wanted if key not in self._snaps]:
            found = self._engine.documents.get_many(missing)
            self._snaps.update({key: found.get(key) for key in missing})
        return {key: snap for key in wanted if (snap := self._snaps[key]) is not None}
