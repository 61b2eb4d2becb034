"""Which revision of a Cloud Run service gets how much of what comes in.

Traffic stays pinned to revisions by name. So what Terraform applies is a new revision that gets nothing, until
somebody moves it: with traffic on "the latest", an apply would go live by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.delivery.commands import Commands, Failed

TAG = "next"  # a revision with it can be reached at an address of its own, whatever its share


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as it is now. `shares`: percent by revision; `addresses`: by tag."""

    name: str
    url: str
    newest: str
    ready: bool
    pinned: bool
    shares: Mapping[str, int]
    addresses: Mapping[str, str]

    @property
    def serving(self) -> str:
        """The revision that gets most."""
        return max(self.shares, key=lambda revision: self.shares[revision])


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """The services of one project and region."""

    commands: Commands
    project: str
    region: str

    def service(self, name: str) -> Service:
        told = self.commands.read(
            *("gcloud", "run", "services", "describe", name, *self._where, "--format=json"),
            instead=json.dumps(_pretended(name)),
        )
        return _service(name, json.loads(told))

    def older(self, service: Service) -> str | None:
        """The newest ready revision that was made before the one serving."""
        told = self.commands.read(
            *("gcloud", "run", "revisions", "list", f"--service={service.name}", *self._where, "--format=json"),
            instead=json.dumps([_revision(f"{service.name}-OLD", "2"), _revision(f"{service.name}-OLDER", "1")]),
        )
        made = {
            one["metadata"]["name"]: one["metadata"]["creationTimestamp"] for one in json.loads(told) if _ready(one)
        }
        before = {name: at for name, at in made.items() if at < made.get(service.serving, "")}
        return max(before, key=lambda name: before[name], default=None)

    def tag(self, name: str, revision: str) -> None:
        self._traffic(name, f"--update-tags={TAG}={revision}")

    def move(self, name: str, shares: Mapping[str, int], *, untag: bool = False) -> None:
        """Give each revision its percent, a hundred in all."""
        wanted = ",".join(f"{revision}={percent}" for revision, percent in shares.items())
        self._traffic(name, f"--to-revisions={wanted}", *([f"--remove-tags={TAG}"] if untag else []))

    def _traffic(self, name: str, *options: str) -> None:
        self.commands.run("gcloud", "run", "services", "update-traffic", name, *self._where, *options, timeout_s=600)

    @property
    def _where(self) -> tuple[str, ...]:
        return (f"--project={self.project}", f"--region={self.region}")


def _service(name: str, told: Mapping[str, Any]) -> Service:
    status = told.get("status", {})
    shares: dict[str, int] = {}
    for one in status.get("traffic", []):
        if one.get("percent"):
            shares[one["revisionName"]] = shares.get(one["revisionName"], 0) + int(one["percent"])
    newest = status.get("latestCreatedRevisionName")
    if not shares or not newest:
        raise Failed(f"{name} has no revision that serves; scripts/deploy brings the first")
    return Service(
        name=name,
        url=status.get("url", ""),
        newest=newest,
        ready=newest == status.get("latestReadyRevisionName"),
        pinned=not any(one.get("latestRevision") for one in status["traffic"] if one.get("percent")),
        shares=shares,
        addresses={one["tag"]: one["url"] for one in status["traffic"] if one.get("tag") and one.get("url")},
    )


def _ready(revision: Mapping[str, Any]) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in revision["status"].get("conditions", []))


def _pretended(name: str) -> dict[str, Any]:
    """A service with a new revision, for a dry run."""
    traffic = [
        {"revisionName": f"{name}-OLD", "percent": 100},
        {"revisionName": f"{name}-NEW", "tag": TAG, "url": f"https://{TAG}---{name}"},
    ]
    newest = {"latestCreatedRevisionName": f"{name}-NEW", "latestReadyRevisionName": f"{name}-NEW"}
    return {"status": {"url": f"https://{name}", "traffic": traffic, **newest}}


def _revision(name: str, at: str) -> dict[str, Any]:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "creationTimestamp": at}, "status": ready}
