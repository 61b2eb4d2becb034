"""Which trigger did not fire, told from what the API shows of a flow. Pure: whoever watches brings the time.

    upload ──event──> flow, first run ──task──> run ends ──announcement──> next runs ──task or job──> …

The sweep makes up for a task or an announcement that is lost, a minute later. So each wait is shorter than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Name = Literal["event", "task", "announcement", "job"]
OPEN = ("queued", "waiting", "running")
CLOSED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """`patience_s`: how long what it sets going may take, a cold start included; `look`: where to look, and for what.

    The names are those that terraform/ gives; REGION stands for the stack's own.
    """

    title: str
    patience_s: float
    look: tuple[str, ...]


TRIGGERS: dict[Name, Trigger] = {
    "event": Trigger(
        title="the upload event (Eventarc)",
        patience_s=120.0,
        look=(
            "gcloud eventarc triggers list --location=-   (is it there? made minutes ago, it may still sleep)",
            "gcloud run services logs read cutroom-events --region=REGION   (401: the trigger's account or audience)",
            "scripts/doctor   (the service agents of Cloud Storage and Eventarc, and their roles)",
        ),
    ),
    "task": Trigger(
        title="the task queue (Cloud Tasks), or the service it calls",
        patience_s=45.0,
        look=(
            "gcloud tasks queues list --location=REGION   (is it RUNNING, or paused?)",
            "gcloud run services logs read cutroom-work-light --region=REGION   (and -work-media; 401: the invoker)",
            "gcloud run services logs read cutroom-events --region=REGION   (a task that could not be sent is logged)",
        ),
    ),
    "announcement": Trigger(
        title="the announcement that a run has ended (Pub/Sub push)",
        patience_s=25.0,
        look=(
            "gcloud pubsub subscriptions describe cutroom-ended   (does it push to cutroom-events?)",
            "gcloud run services logs read cutroom-events --region=REGION   (401: the push's account or audience)",
        ),
    ),
    "job": Trigger(
        title="the launch of a pool's worker (Cloud Run job)",
        patience_s=300.0,
        look=(
            "gcloud run jobs executions list --region=REGION   (did one of the jobs …-cpu or …-gpu start, or fail?)",
            "scripts/doctor   (the quota of GPUs in the region)",
            "the documents pools/cpu and pools/gpu   (`refused` is what the platform answered)",
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A trigger that did not fire, and how that shows."""

    trigger: Name
    shown: str


@dataclass(slots=True, kw_only=True)
class Watch:
    """Told at each look what there is, it says what should have happened by then. `patience_s` overrides all waits."""

    patience_s: float | None = None
    _since: dict[tuple[Name, str], float] = field(default_factory=dict)

    def see(self, flow: Mapping[str, Any] | None, now: float) -> Suspect | None:
        """The first trigger that is overdue. `flow` as GET /v1/flows/{flow} tells it, None while there is none."""
        waits = _waits(flow)
        self._since = {key: self._since.get(key, now) for key in waits}
        for (name, what), shown in waits.items():
            waited = now - self._since[name, what]
            patience = TRIGGERS[name].patience_s if self.patience_s is None else self.patience_s
            if waited >= patience:
                return Suspect(trigger=name, shown=f"{shown} for {waited:.0f} s")
        return None


def _waits(flow: Mapping[str, Any] | None) -> dict[tuple[Name, str], str]:
    """What is being waited for now, by trigger and what waits for it, with how that shows."""
    if flow is None:
        return {("event", ""): "the file is in the bucket, and there has been no flow"}
    if flow["state"] in CLOSED or flow["state"] == "waiting":
        return {}  # it waits for the tenant's other flows, and no trigger
    waits: dict[tuple[Name, str], str] = {}
    runs = flow["runs"]
    for run in runs:
        if run["state"] == "queued" and not run["attempt"]:
            trigger: Name = "job" if run["place"] == "pool" else "task"
            part = "" if run["number"] is None else f" {run['number']}"
            name = f"{run['stage']}{part}"
            waits[trigger, name] = f"{name} has been queued ({run['place']})"
    if not any(run["state"] in OPEN for run in runs):
        ended = f"all runs that were planned ({len(runs)}) have ended, and none has been planned after them"
        waits["announcement", str(len(runs))] = ended
    return waits
