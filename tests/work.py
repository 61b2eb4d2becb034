"""A Work for testing one stage alone: real files below a temporary folder, no engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from common.adapters.models.local import LocalModels
from common.domain.annotation import Annotations, Feature
from common.domain.asset import Source
from common.domain.settings import FlowSettings
from common.errors import Permanent
from common.ports.annotator import Seen
from common.ports.language import LanguageModel, Question, Reply, Seats, nobody
from common.ports.models import Models
from common.ports.work import Ended, Json, ObjectRef


@dataclass(kw_only=True)
class AskedAtOnce:
    """Language models without a ledger: asked each time, paid each time."""

    seats: Seats = field(default_factory=nobody)
    refused: dict[str, str] = field(default_factory=dict)
    spent: int = 0

    def book(self, wanted: Mapping[str, int]) -> Mapping[str, str]:
        return {name: why for name, why in self.refused.items() if name in wanted}

    def ask(self, model: LanguageModel, question: Question, *, name: str, timeout_s: float) -> Reply:
        reply = model.ask(question, timeout_s=timeout_s)
        self.spent += reply.cost_micros
        return reply

    def close(self) -> int:
        return self.spent


@dataclass(kw_only=True)
class Watched:
    """What others saw, at once; `asked` is what they were asked for."""

    wanted: tuple[Feature, ...] = ()
    seen: Annotations = field(default_factory=Annotations)
    cost: dict[Feature, int] = field(default_factory=dict)
    left_out: dict[Feature, str] = field(default_factory=dict)
    asked: list[tuple[list[Feature], Fraction]] = field(default_factory=list)

    def see(self, features: Collection[Feature], seconds: Fraction) -> Seen:
        self.asked.append((list(features), seconds))
        spent = sum(self.cost.values())
        return Seen(annotations=self.seen.only(features), cost=self.cost, spent=spent, left_out=self.left_out)


@dataclass(kw_only=True)
class OneStage:
    """See common.ports.work.Work; `given` holds the results of the stages before, `documents` what is found."""

    root: Path
    path: Path
    given: dict[str, Any]
    settings: FlowSettings
    models: Models
    member: Json | None = None
    number: int | None = None
    tenant: str = "local"
    asset: str = "a1"
    flow: str = "a1-1"
    runs: tuple[Ended, ...] = ()
    claimed: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[float, float, str]] = field(default_factory=list)
    asking: AskedAtOnce = field(default_factory=lambda: AskedAtOnce())
    watching: Watched = field(default_factory=lambda: Watched())
    address: str | None = None
    documents: dict[str, list[Json]] = field(default_factory=dict)  # by collection, each with its id

    @property
    def scratch(self) -> Path:
        folder = self.root / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def source(self) -> Source:
        stat = self.path.stat()
        return Source(bucket="file", name=str(self.path), generation=str(stat.st_mtime_ns), size=stat.st_size)

    def need(self, stage: str) -> Json | None:
        return self.given.get(stage)

    def needs(self, stage: str) -> list[Json]:
        return list(self.given.get(stage, []))

    def ended(self) -> tuple[Ended, ...]:
        return self.runs

    def local_source(self) -> Path:
        return self.path

    def put(self, name: str, content: bytes | Path) -> ObjectRef:
        data = content if isinstance(content, bytes) else content.read_bytes()
        target = self.root / "objects" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return ObjectRef(object=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))

    def get(self, ref: ObjectRef | Json) -> bytes:
        path = self.local(ref)
        if not path.is_file():
            raise Permanent(f"there is no object {ref}", code="no_object")
        return path.read_bytes()

    def local(self, ref: ObjectRef | Json) -> Path:
        return self.root / "objects" / (ref.object if isinstance(ref, ObjectRef) else ref["object"])

    def claim(self, name: str, value: str) -> str:
        return self.claimed.setdefault(name, value)

    def find(self, collection: str, field: str, value: Any) -> list[Json]:
        return [one for one in self.documents.get(collection, []) if one.get(field) == value]

    def count(self, collection: str, field: str, value: Any) -> int:
        return len(self.find(collection, field, value))

    def progress(self, done: float, total: float, unit: str) -> None:
        self.steps.append((done, total, unit))

    def keep(self, name: str, value: object) -> Json:
        """Store JSON as an object and give its reference as a stage's result would name it."""
        ref = self.put(name, json.dumps(value).encode())
        return {"object": ref.object, "sha256": ref.sha256, "size": ref.size}


def make_work(
    tmp_path: Path,
    *,
    source: Path,
    settings: FlowSettings | None = None,
    needs: dict[str, Any] | None = None,
    member: Json | None = None,
    number: int | None = None,
    models: Models | None = None,
) -> OneStage:
    return OneStage(
        root=tmp_path,
        path=source,
        given=needs or {},
        settings=settings or FlowSettings(),
        models=models or LocalModels(tmp_path / "models"),
        member=member,
        number=number,
    )
