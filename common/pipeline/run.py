"""The run document: one stage of one flow, for one member. PROTOCOL in docs/architecture.md draws its life.

    queued ──claim──> running ──settle──> done | failed
      ^                 │ └──transient──> waiting ──claim──> running
      └──── resume ─────┴ failed                    skipped: planned so, never claimed

`due` is when somebody should look here; absent once nothing more is to come of the run. It stands for the
outbox, the lease, the schedule and the retry table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.domain.codec import from_json
from common.domain.settings import FlowSettings
from common.ports.clock import stamp
from common.ports.documents import Json, Snap

OPEN = ("queued", "running", "waiting")
TERMINAL = ("done", "failed", "skipped")
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class RunId:
    """`tenants/{tenant}/runs/{flow}.{stage}[.{number}]`."""

    tenant: str
    flow: str
    stage: str
    number: int | None = None

    @property
    def key(self) -> str:
        tail = "" if self.number is None else f".{self.number}"
        return f"tenants/{self.tenant}/runs/{self.flow}.{self.stage}{tail}"

    @property
    def subject(self) -> str:
        """What `python -m jobs STAGE SUBJECT` takes."""
        return f"{self.tenant}/{self.flow}" + ("" if self.number is None else f".{self.number}")

    @staticmethod
    def parse(key: str) -> RunId:
        _, tenant, _, name = key.split("/")
        flow, stage, *number = name.split(".")
        return RunId(tenant, flow, stage, int(number[0]) if number else None)

    @staticmethod
    def of(stage: str, subject: str) -> RunId:
        tenant, name = subject.split("/")
        flow, *number = name.split(".")
        return RunId(tenant, flow, stage, int(number[0]) if number else None)


def queued(
    run: RunId,
    *,
    version: int,
    asset: str,
    member: Json | None,
    place: str,
    pool: str | None,
    reason: str,
    seconds: float,
    trace: str | None,
    planned: datetime,
    due: datetime,
) -> Json:
    """The body of a run that is to be worked on; `seconds` is how long it may take, `pool` who takes it."""
    return {
        "schema": SCHEMA,
        "flow": run.flow,
        "stage": run.stage,
        "number": run.number,
        "stage_version": version,
        "asset_id": asset,
        "member": member,
        "state": "queued",
        "attempt": 0,
        "wake": 0,
        "place": place,
        "pool": pool,
        "place_reason": reason,
        "estimate_s": round(seconds, 3),
        "trace": trace,
        "planned": stamp(planned),
        "due": stamp(due),
    }


def skipped(
    run: RunId, *, version: int, asset: str, code: str, why: str, trace: str | None, planned: datetime, due: datetime
) -> Json:
    """The body of a run that will not be worked on; it ends as it begins, and is announced like any other.

    `code`: "skipped" when a condition or its size forbids it, "unreached" when what it needs did not come.
    """
    return {
        "schema": SCHEMA,
        "flow": run.flow,
        "stage": run.stage,
        "number": run.number,
        "stage_version": version,
        "asset_id": asset,
        "state": "skipped",
        "error": {"code": code, "text": why},
        "trace": trace,
        "planned": stamp(planned),
        "due": stamp(due),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`tenants/{tenant}/flows/{asset}-{n}`: one passage of an asset through the pipeline, settings frozen."""

    tenant: str
    id: str
    asset: str
    settings: FlowSettings
    again: Json | None  # {"stage", "nonce"}: from that stage on, nothing earlier is reused
    state: str  # waiting for its turn, running, done, failed or cancelled
    cancel: bool
    trace: str | None = None  # W3C traceparent

    @property
    def key(self) -> str:
        return f"tenants/{self.tenant}/flows/{self.id}"

    @staticmethod
    def of(snap: Snap) -> Flow:
        body: dict[str, Any] = snap.body
        return Flow(
            tenant=snap.key.split("/")[1],
            id=snap.id,
            asset=body["asset"],
            settings=from_json(FlowSettings, body["settings"]),
            again=body.get("again"),
            state=body["state"],
            cancel=bool(body.get("cancel")),
            trace=body.get("trace"),
        )
