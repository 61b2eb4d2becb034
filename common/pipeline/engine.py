"""The engine's parts, put together once by `common.bootstrap`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.domain.codec import loads
from common.media.captions.fonts import installed
from common.pipeline.run import Flow, RunId
from common.pipeline.stage import Definition, Stage
from common.ports.annotator import Evidence, no_evidence
from common.ports.calls import Calls
from common.ports.clock import Clock
from common.ports.documents import Documents, Json, Snap
from common.ports.language import Seats, nobody
from common.ports.models import Models
from common.ports.objects import Objects
from common.ports.scratch import Scratch
from common.ports.sources import Sources
from common.ports.wake import Errand, Wake

KNOWN_S = 1.0  # seconds


def carry_on() -> None:
    """What an attempt that lost its run does by default: its settle is refused, nothing else happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The table and the ports it runs on.

    `epoch` counts the lives of an embedded runner: a run claimed in an earlier one has no holder.
    `active` is how many flows of one tenant may be at work at once; None where one person has the machine alone.
    `wake_s` is how long a wake may take before the sweep looks whether it was lost; 0 where the sweep is the wake.
    `seats` reads keys when it is asked, and so is asked by stages that need them alone. `evidence` is what of it is
    wanted, at what price. `fonts` names those of this machine, None where it draws no letters.
    `abandon` is called when an attempt must stop now; a worker process ends itself and its children.
    """

    definition: Definition
    documents: Documents
    objects: Objects
    sources: Sources
    wake: Wake
    clock: Clock
    scratch: Scratch
    models: Models
    calls: Calls
    seats: Callable[[], Seats] = nobody
    evidence: Callable[[], Evidence] = no_evidence
    fonts: Callable[[], str | None] = installed
    epoch: int = 0
    beat_s: float = 20.0
    wake_s: float = 0.0
    active: int | None = None
    abandon: Callable[[], None] = carry_on
    _makers: dict[str, tuple[float, Json]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def makers(self, stage: Stage) -> Json:
        """What a stage's results depend on besides its inputs; on another machine it may be another.

        Looked up anew after KNOWN_S: to look takes longer than to start a flow, and models are brought by hand.
        """
        at, found = self._makers.get(stage.name, (float("-inf"), {}))
        if time.monotonic() - at > KNOWN_S:
            found = self._looked_up(stage)
            self._makers[stage.name] = (time.monotonic(), found)
        return dict(found)

    def _looked_up(self, stage: Stage) -> Json:
        found: Json = {
            "version": stage.version,
            "models": self.models.identity(stage.models),
            "fonts": self.fonts() if stage.fonts else None,
        }
        if stage.watches:
            found["evidence"] = sorted(self.evidence().wanted)
        return found | ({"seats": {one.name: one.model for one in self.seats().models}} if stage.asks else {})

    def errand(self, run: RunId, body: Json) -> Errand:
        """What a run of this body needs next."""
        stage = self.definition[run.stage]
        return Errand(
            run=run.key,
            stage=run.stage,
            place=body["place"],
            image=stage.image.value,
            timeout_s=stage.timeout_s,
            attempt=int(body["attempt"]),
            wake=int(body["wake"]),
            trace=body.get("trace"),
        )

    def run(self, run: RunId) -> Snap | None:
        return self.documents.get_many([run.key]).get(run.key)

    def flow(self, run: RunId) -> Flow | None:
        key = f"tenants/{run.tenant}/flows/{run.flow}"
        snap = self.documents.get_many([key]).get(key)
        return Flow.of(snap) if snap else None

    def result(self, snap: Snap) -> Json | None:
        """The result of a run that is done: from its document where it is small, else from its object."""
        kept = snap.body.get("result")
        if snap.body["state"] != "done" or kept is None:
            return None
        if "small" in kept:
            return dict(kept["small"])
        return dict(self.kept(snap)["result"])

    def members(self, snap: Snap, kind: str) -> list[Json]:
        """The members of a kind that a run's result names."""
        if not (snap.body.get("result") or {}).get("members", {}).get(kind):
            return []
        return list(self.kept(snap)["members"][kind])

    def kept(self, snap: Snap) -> dict[str, Any]:
        """All a done run kept: result, members, documents, left_out, timings."""
        return dict(loads(self.objects.get(snap.body["result"]["object"])))
