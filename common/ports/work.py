"""What a stage is handed and what it gives back.

A stage is `def run(work: Work) -> Outcome`. It reads its inputs from `work`, writes files below
`work.scratch`, keeps results with `work.put`, and returns an Outcome. It touches nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.ports.annotator import Watching
from common.ports.asking import Asking
from common.ports.models import Models

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """An object by content: key in the media bucket, sha256 in hex, size in bytes."""

    object: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something the result does not have, and why, in plain words."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one run of this flow ended, for the stage that reports on all of them."""

    stage: str
    title: str
    member: int | None
    state: str  # done, failed or skipped
    error: str | None  # why not done, in plain words
    reused: bool
    wall_s: float | None
    cpu_s: float | None
    peak_mb: float | None
    cost_micros: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stage found.

    `result` is the small JSON (under 48 KB) that later stages read with `work.need`; larger things are
    objects, named in it by `ObjectRef`. `members` names the fan-out: kind -> one small JSON per run to come.
    `documents` are written in the batch that settles the run: path under the tenant -> fields to merge, a vector
    or words among them as `common.ports.documents.plain` has it; the fields `flow` and `created` are filled where a
    document has them, for an outcome may serve many flows. `used` is counted for the account, by the names of
    common.domain.usage; its time and the files it keeps are counted without being said. `cost_micros` is what
    others were paid for it.
    """

    result: Json
    members: Mapping[str, list[Json]] = field(default_factory=dict)
    documents: Mapping[str, Json] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    used: Mapping[str, int] = field(default_factory=dict)
    cost_micros: int = 0


class Work(Protocol):
    """One run's inputs and its only way out."""

    @property
    def tenant(self) -> str: ...

    @property
    def asset(self) -> str: ...

    @property
    def flow(self) -> str: ...

    @property
    def settings(self) -> FlowSettings: ...

    @property
    def source(self) -> Source:
        """Of the asset, as uploaded."""

    @property
    def member(self) -> Json | None:
        """This run's entry of the fan-out; None for a stage that runs once."""

    @property
    def number(self) -> int | None:
        """Its place in the fan-out, from 0."""

    @property
    def scratch(self) -> Path:
        """An empty folder, removed when the run settles."""

    @property
    def models(self) -> Models:
        """Those of this machine; the table names the kinds that the stage may open."""

    @property
    def asking(self) -> Asking:
        """Language models, for a stage whose row says that it asks."""

    @property
    def watching(self) -> Watching:
        """What others see in the video for money, for a stage whose row says that it has it watched."""

    @property
    def address(self) -> str | None:
        """Of the asset's bytes for others on the same cloud, as gs://bucket/object; None on one machine."""

    def need(self, stage: str) -> Json | None:
        """The result of a stage this one comes after; None when that one was skipped or failed."""

    def needs(self, stage: str) -> list[Json]:
        """The results of all members of a fanned-out stage, in order; those that failed are absent."""

    def ended(self) -> tuple[Ended, ...]:
        """How every run of this flow so far ended, in the order of the definition."""

    def local_source(self) -> Path:
        """The asset's bytes as a local file, read-only. Raises Permanent if they changed since the upload."""

    def put(self, name: str, content: bytes | Path) -> ObjectRef:
        """Keep bytes (or a finished file of `scratch`) as an object of this run. The first writer wins."""

    def get(self, ref: ObjectRef | Json) -> bytes:
        """The bytes of an object."""

    def local(self, ref: ObjectRef | Json) -> Path:
        """An object as a local file, read-only."""

    def claim(self, name: str, value: str) -> str:
        """Set a tenant-wide name to `value` unless it is set; returns the value that stands."""

    def find(self, collection: str, field: str, value: Any) -> list[Json]:
        """Documents of this tenant whose `field` equals `value`, each with its `id`; at most 100."""

    def count(self, collection: str, field: str, value: Any) -> int:
        """How many documents of this tenant have `field` equal to `value`."""

    def progress(self, done: float, total: float, unit: str) -> None:
        """Say how far the work is; cheap, call it as often as you like."""
