"""The project on Google Cloud, before and after a deployment, as far as gcloud shows it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from common.pipeline.launcher import POLICIES
from scripts.cli.doctor.asking import in_time
from scripts.cli.doctor.finding import Finding, Found, of
from scripts.cli.doctor.machine import ROOT
from scripts.delivery.commands import Commands, Failed
from scripts.delivery.deploy import state_bucket

BUCKETS = ("uploads", "media", "models", "knowledge", "logs")  # PROJECT-NAME, as in terraform/storage.tf
DATABASE = ("google_firestore_database.main", "cutroom")  # its address in terraform/, and its name
REGION = "europe-west4"  # where CUTROOM_LOCATION names no other
# What each service agent must be let do. Google grants it when the service is first used, and not always in time.
AGENTS = {
    "gcp-sa-eventarc": ("eventarc", "roles/eventarc.serviceAgent"),
    "gcp-sa-pubsub": ("pubsub", "roles/pubsub.serviceAgent"),
    "gcp-sa-cloudtasks": ("cloudtasks", "roles/cloudtasks.serviceAgent"),
    "gcp-sa-cloudscheduler": ("cloudscheduler", "roles/cloudscheduler.serviceAgent"),
    "serverless-robot-prod": ("run", "roles/run.serviceAgent"),
    "gs-project-accounts": ("storage", "roles/pubsub.publisher"),
}
_CALL_S, _ALL_S = 45.0, 60.0


def project(name: str | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Nothing is asked where no project is named, and one thing where gcloud is not here or nobody is signed in."""
    found = of("project")
    if name is None or environ.get("CUTROOM_LOCAL_CLOUD") == "1":
        yield found("project", "ok", "not in use: neither --project nor CUTROOM_PROJECT names one")
        return
    if shutil.which("gcloud") is None:
        yield found(
            "project", "note", "not looked at: gcloud is not here", "install the gcloud CLI to have it looked at"
        )
        return
    gcloud = _Gcloud(name)
    try:
        number = gcloud.text("projects", "describe", name, "--format=value(projectNumber)").strip()
    except Failed as error:
        fix = f"gcloud auth login; or, where there is none yet, gcloud projects create {name}"
        yield found("project", "note", f"not looked at: {error}", fix)
        return
    yield found("project", "ok", f"{name} ({number})")
    region = environ.get("CUTROOM_LOCATION") or REGION
    checks: dict[str, Callable[[], list[Finding]]] = {
        "billing": partial(_billing, gcloud, found),
        "services": partial(_services, gcloud, found),
        "GPU quota": partial(_quota, gcloud, found, region),
        "service agents": partial(_agents, gcloud, found, number),
        "state bucket": partial(_state, gcloud, found),
        "secrets": partial(_secrets, gcloud, found),
        "database": partial(_leftover, gcloud, found),
        **{f"bucket {name}-{one}": partial(_bucket, gcloud, found, f"{name}-{one}", number) for one in BUCKETS},
    }
    for what, answer in in_time(checks, _ALL_S).items():
        if isinstance(answer, Exception):
            yield found(what, "note", f"not known: {answer}", "check that you may look at this project, and try again")
        else:
            yield from answer


@dataclass(frozen=True, slots=True)
class _Gcloud:
    """Raises Failed where gcloud does."""

    project: str

    def text(self, *argv: str) -> str:
        return Commands().read("gcloud", *argv, f"--project={self.project}", "--quiet", instead="", timeout_s=_CALL_S)

    def json(self, *argv: str) -> Any:
        return json.loads(self.text(*argv, "--format=json") or "null")


def needed_services() -> set[str]:
    """Those that terraform/main.tf switches on."""
    listed = re.search(
        r"^  apis = toset\(concat\(.*?, \[\n(.*?)\n  \]\)\)", (ROOT / "terraform" / "main.tf").read_text(), re.M | re.S
    )
    return {f"{one}.googleapis.com" for one in re.findall(r'"([a-z]+)"', listed[1])} if listed else set()


def _billing(gcloud: _Gcloud, found: Found) -> list[Finding]:
    pays = gcloud.text("billing", "projects", "describe", gcloud.project, "--format=value(billingEnabled)")
    if pays.strip().lower() == "true":
        return [found("billing", "ok", "somebody pays")]
    fix = f"gcloud billing projects link {gcloud.project} --billing-account=ACCOUNT"
    return [found("billing", "wrong", "nobody pays for this project", fix)]


def _services(gcloud: _Gcloud, found: Found) -> list[Finding]:
    on = set(gcloud.text("services", "list", "--enabled", "--format=value(config.name)").split())
    if lacking := sorted(needed_services() - on):
        fix = f"scripts/deploy switches them on; or gcloud services enable {' '.join(lacking)}"
        return [found("services", "note", f"{len(lacking)} are off: {', '.join(lacking)}", fix)]
    return [found("services", "ok", "all that Terraform needs are on")]


def _quota(gcloud: _Gcloud, found: Found, region: str) -> list[Finding]:
    """GPUs of Cloud Run without zonal redundancy. A project begins with none, and must ask."""
    told = gcloud.json("beta", "quotas", "info", "list", "--service=run.googleapis.com") or []
    mine = [one for one in told if re.search(r"L4.*NoZonalRedundancy", one.get("quotaId", ""), re.I)]
    if not mine:
        fix = f"look for “L4 … no zonal redundancy” of Cloud Run in {region} under IAM & Admin, Quotas"
        return [found("GPU quota", "note", "not known: gcloud lists no such quota", fix)]
    here = [
        int(one.get("details", {}).get("value", 0))
        for quota in mine
        for one in quota.get("dimensionsInfos", [])
        if region in one.get("applicableLocations", []) or one.get("dimensions", {}).get("region") == region
    ]
    most, want = max(here, default=0), POLICIES["gpu"].cap
    fix = f"ask for {want} of {mine[0]['quotaId']} in {region}, under IAM & Admin, Quotas; it takes days"
    state = "ok" if most >= want else "note" if most else "wrong"
    return [found("GPU quota", state, f"{most} in {region}; the pool gpu has {want} workers at most", fix)]


def _agents(gcloud: _Gcloud, found: Found, number: str) -> list[Finding]:
    policy = gcloud.json("projects", "get-iam-policy", gcloud.project) or {}
    held = {(member, one["role"]) for one in policy.get("bindings", []) for member in one.get("members", [])}
    lacking = []
    for domain, (service, role) in AGENTS.items():
        member = f"serviceAccount:service-{number}@{domain}.iam.gserviceaccount.com"
        if (member, role) not in held:
            fix = (
                f"gcloud beta services identity create --service={service}.googleapis.com --project={gcloud.project}; "
                f"gcloud projects add-iam-policy-binding {gcloud.project} --member={member} --role={role}"
            )
            lacking.append(found(f"agent of {service}", "note", f"has no {role} (before a deployment: not yet)", fix))
    return lacking or [found("service agents", "ok", "each has its role")]


def _bucket(gcloud: _Gcloud, found: Found, name: str, number: str) -> list[Finding]:
    """Names of buckets are all the world's."""
    try:
        told = gcloud.json("storage", "buckets", "describe", f"gs://{name}") or {}
    except Failed as error:
        if re.search(r"\b404\b|not found", str(error), re.I):
            return [found(f"bucket {name}", "ok", "free")]
        if re.search(r"\b403\b|does not have", str(error), re.I):
            fix = "choose another project: buckets are named after it. Or sign in as somebody who may look"
            return [found(f"bucket {name}", "wrong", "taken by a project that is not yours to see", fix)]
        raise
    owner = str(told.get("project_number", number))
    fix = "choose another project: buckets are named after it"
    if owner != number:
        return [found(f"bucket {name}", "wrong", f"taken by project {owner}", fix)]
    return [found(f"bucket {name}", "ok", "there")]


def _state(gcloud: _Gcloud, found: Found) -> list[Finding]:
    name = state_bucket(gcloud.project)
    try:
        told = gcloud.json("storage", "buckets", "describe", f"gs://{name}") or {}
    except Failed as error:
        if not re.search(r"\b404\b|not found", str(error), re.I):
            raise
        return [found("state bucket", "note", f"{name} is not there yet", "scripts/deploy makes it")]
    if not told.get("versioning_enabled"):
        fix = f"gcloud storage buckets update gs://{name} --versioning"
        return [found("state bucket", "wrong", "without versions a broken state cannot be brought back", fix)]
    return [found("state bucket", "ok", f"{name}, with versions")]


def _secrets(gcloud: _Gcloud, found: Found) -> list[Finding]:
    names = gcloud.text("secrets", "list", "--format=value(name)").split()
    empty = []
    for name in names:
        listed = ("secrets", "versions", "list", name, "--filter=state=ENABLED", "--limit=1", "--format=value(name)")
        if not gcloud.text(*listed).strip():
            fix = f"gcloud secrets versions add {name} --data-file=- --project={gcloud.project}"
            empty.append(found(f"secret {name}", "wrong", "has no version that is on", fix))
    return empty or [found("secrets", "ok", f"{len(names)}, each with a version" if names else "none")]


def _leftover(gcloud: _Gcloud, found: Found) -> list[Finding]:
    """A database that a destroy left behind: Terraform does not know it, and its next apply is answered 409."""
    address, name = DATABASE
    there = {one["name"].rpartition("/")[2] for one in gcloud.json("firestore", "databases", "list") or []}
    if name not in there:
        return [found("database", "ok", f"{name} is free")]
    try:
        state = gcloud.text("storage", "cat", f"gs://{state_bucket(gcloud.project)}/**.tfstate")
    except Failed:
        state = ""
    if "google_firestore_database" in state:
        return [found("database", "ok", f"{name} is there, and Terraform knows it")]
    fix = (
        f"keep it: terraform -chdir=terraform import {address} projects/{gcloud.project}/databases/{name}; "
        f"or lose what is in it: gcloud firestore databases delete --database={name} --project={gcloud.project}"
    )
    return [found("database", "wrong", f"{name} is left from before, and Terraform does not know it", fix)]
