"""What a handler is given: its inputs read, its outputs kept, its progress noted. Implements common.ports.work.Work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common.domain.asset import Source
from common.domain.codec import digest, from_json
from common.domain.settings import FlowSettings
from common.errors import Conflict
from common.pipeline.asking import RunAsking
from common.pipeline.engine import Engine
from common.pipeline.lease import Lease
from common.pipeline.run import TERMINAL, Flow, RunId
from common.pipeline.stage import Stage
from common.pipeline.watching import RunWatching
from common.ports.documents import Create, Json, Snap, Where
from common.ports.work import Ended, LeftOut, ObjectRef

_MEMBERS = 20_000  # no fan-out is wider


class RunWork:
    """Reads what the stages before left, once, at the start; the handler sees it through `Work`."""

    def __init__(self, engine: Engine, flow: Flow, stage: Stage, lease: Lease) -> None:
        self._engine = engine
        self._flow = flow
        self._stage = stage
        self._lease = lease
        self._asking = RunAsking(engine, flow, lease)
        self._before = {need.stage: self._snaps(need.stage) for need in stage.after}
        self.tenant = flow.tenant
        self.asset = flow.asset
        self.flow = flow.id
        self.settings: FlowSettings = flow.settings
        self.member: Json | None = lease.body.get("member")
        self.number: int | None = lease.run.number
        self._asset = engine.documents.get_many([self._key("assets", flow.asset)])[self._key("assets", flow.asset)]
        self.models = engine.models
        self.source = from_json(Source, self._asset.body["source"])
        self.inputs = self._inputs_digest()
        self._prefix = f"t/{flow.tenant}/a/{flow.asset}/{stage.name}@{stage.version}/{self.inputs}"
        if not stage.reuse:
            self._prefix += f"-{lease.token[:12]}"
        self.folder: Path | None = None
        self.made_bytes = 0  # of the objects it kept

    @property
    def scratch(self) -> Path:
        if self.folder is None:
            raise RuntimeError("scratch exists while the stage runs only")
        return self.folder

    @property
    def result_key(self) -> str:
        """Where all this run kept is listed: once it is there, the work need not be done again."""
        return f"{self._prefix}/_kept.json"

    @property
    def asking(self) -> RunAsking:
        if not self._stage.asks:
            raise RuntimeError(f"stage {self._stage.name!r} does not say in the table that it asks language models")
        return self._asking

    @property
    def watching(self) -> RunWatching:
        if not self._stage.watches:
            raise RuntimeError(f"stage {self._stage.name!r} does not say in the table that it has the video watched")
        return RunWatching(self._engine, self._flow, self._lease, str(self._asset.body["location"]))

    @property
    def address(self) -> str | None:
        on_cloud = str(self._asset.body["location"]).startswith("gs://")
        return f"gs://{self.source.bucket}/{self.source.name}" if on_cloud else None

    def need(self, stage: str) -> Json | None:
        snaps = self._declared(stage)
        return self._engine.result(snaps[0]) if snaps else None

    def needs(self, stage: str) -> list[Json]:
        results = (self._engine.result(snap) for snap in self._declared(stage))
        return [result for result in results if result is not None]

    def ended(self) -> tuple[Ended, ...]:
        snaps = self._engine.documents.query(
            "runs", [Where("flow", "==", self.flow)], parent=f"tenants/{self.tenant}", limit=_MEMBERS
        )
        order = {name: at for at, name in enumerate(self._engine.definition.names)}
        over = [snap for snap in snaps if snap.body["state"] in TERMINAL]
        over.sort(key=lambda snap: (order[snap.body["stage"]], snap.body.get("number") or 0))
        return tuple(self._ended(snap) for snap in over)

    def local_source(self) -> Path:
        return self._engine.sources.fetch(self._asset.body["location"], self.source, self.scratch)

    def put(self, name: str, content: bytes | Path) -> ObjectRef:
        if name.startswith("_"):
            raise ValueError(f"{name!r}: names with an underscore first are the engine's")
        kept = self._engine.objects.put_new(f"{self._prefix}/{name}", content)
        self.made_bytes += kept.size
        return ObjectRef(object=kept.key, sha256=kept.sha256, size=kept.size)

    def get(self, ref: ObjectRef | Json) -> bytes:
        return self._engine.objects.get(_object(ref))

    def local(self, ref: ObjectRef | Json) -> Path:
        return self._engine.objects.fetch(_object(ref), self.scratch)

    def claim(self, name: str, value: str) -> str:
        key = self._key("claims", digest(name, 32))
        try:
            self._engine.documents.commit([Create(key, {"schema": 1, "name": name, "value": value})])
        except Conflict:
            return str(self._engine.documents.get_many([key])[key].body["value"])
        return value

    def find(self, collection: str, field: str, value: Any) -> list[Json]:
        snaps = self._engine.documents.query(
            collection, [Where(field, "==", value)], parent=f"tenants/{self.tenant}", limit=100
        )
        return [{**snap.body, "id": snap.id} for snap in snaps]

    def count(self, collection: str, field: str, value: Any) -> int:
        return self._engine.documents.count(collection, [Where(field, "==", value)], parent=f"tenants/{self.tenant}")

    def progress(self, done: float, total: float, unit: str) -> None:
        self._lease.note(done, total, unit)

    def _inputs_digest(self) -> str:
        """Names all the result depends on but the asset, whose bytes never change: equal digests, equal results."""
        settings = {name: getattr(self.settings, name) for name in self._stage.settings}
        again = self._flow.again
        from_here = again and self._stage.name in self._engine.definition.downstream(again["stage"])
        return digest(
            {
                "stage": self._stage.name,
                "makers": self._engine.makers(self._stage),
                "member": self.member,
                "settings": settings,
                "needs": {
                    need.stage: [_digest_of(snap) for snap in self._before[need.stage]]
                    for need in self._stage.after
                    if need.input
                },
                "again": again["nonce"] if again and from_here else None,
            },
            length=32,
        )

    def _snaps(self, name: str) -> list[Snap]:
        """The runs of a stage before: of all its members, or of this run's own where both run for each."""
        each = self._engine.definition[name].each
        if each is not None and each == self._stage.each:
            keys = [RunId(self._flow.tenant, self._flow.id, name, self._lease.run.number).key]
        elif each is None:
            keys = [RunId(self._flow.tenant, self._flow.id, name).key]
        else:
            snaps = self._engine.documents.query(
                "runs",
                [Where("flow", "==", self._flow.id), Where("stage", "==", name)],
                parent=f"tenants/{self._flow.tenant}",
                limit=_MEMBERS,
            )
            return sorted(snaps, key=lambda snap: snap.body.get("number") or 0)
        found = self._engine.documents.get_many(keys)
        return [found[key] for key in keys if key in found]

    def _declared(self, stage: str) -> list[Snap]:
        if stage not in self._before:
            raise KeyError(f"stage {self._stage.name!r} does not declare that it comes after {stage!r}")
        return self._before[stage]

    def _ended(self, snap: Snap) -> Ended:
        body = snap.body
        timings = body.get("timings") or {}
        return Ended(
            stage=body["stage"],
            title=self._engine.definition[body["stage"]].title,
            member=body.get("number"),
            state=body["state"],
            error=(body.get("error") or {}).get("text") if body["state"] != "done" else None,
            reused=bool(body.get("reused")),
            wall_s=timings.get("wall_s"),
            cpu_s=timings.get("cpu_s"),
            peak_mb=timings.get("peak_mb"),
            cost_micros=int(body.get("cost_micros", 0)),
            left_out=tuple(LeftOut(**entry) for entry in body.get("left_out", ())),
        )

    def _key(self, collection: str, name: str) -> str:
        return f"tenants/{self._flow.tenant}/{collection}/{name}"


def _object(ref: ObjectRef | Json) -> str:
    return ref.object if isinstance(ref, ObjectRef) else str(ref["object"])


def _digest_of(snap: Snap) -> str | None:
    kept = snap.body.get("result")
    return kept["digest"] if kept and snap.body["state"] == "done" else None
