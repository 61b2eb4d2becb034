"""scripts/bench: figures with their targets and, where there is one, the peer measured in the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `peer` says what it was measured against; `ok` is None where there is no target."""

    name: str
    value: float
    unit: str
    target: float | None = None
    peer: str = ""
    at_least: bool = False  # the target is a floor, not a ceiling

    @property
    def ok(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


# name -> the module whose `rows()` yields its figures
BENCHES = {
    "main": "scripts.benches.main",
    "senses": "scripts.benches.senses",
    "render": "scripts.benches.render_bench",
    "judgement": "scripts.benches.judgement",
    "fanout": "scripts.benches.fanout",
    "cloud": "scripts.benches.cloud",
    "api": "scripts.benches.api",
    "search": "scripts.benches.searching",
    "council": "scripts.benches.council",
    "publish": "scripts.benches.publishing",
    "learn": "scripts.benches.learning",
}
