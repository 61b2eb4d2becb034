"""What a plan costs: a month in which nothing happens, and an hour of footage. What is not known is said to be so."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.domain.prices import MONTH_H, PRICES
from scripts.delivery.commands import ROOT, Failed

BENCHMARKS = ROOT / "docs" / "benchmarks.md"

# Cost nothing while nothing happens: rights, names and settings; what is empty; what counts calls or seconds.
FREE_IDLE = frozenset(
    {
        "artifact_registry_repository",
        "billing_budget",
        "cloud_run_v2_job",
        "cloud_run_v2_job_iam_member",
        "cloud_run_v2_service_iam_member",
        "cloud_tasks_queue",
        "cloud_tasks_queue_iam_member",
        "compute_backend_service",
        "compute_firewall",
        "compute_managed_ssl_certificate",
        "compute_network",
        "compute_region_network_endpoint_group",
        "compute_route",
        "compute_ssl_policy",
        "compute_subnetwork",
        "compute_target_http_proxy",
        "compute_target_https_proxy",
        "compute_url_map",
        "dns_record_set",
        "eventarc_trigger",
        "firebaserules_release",
        "firebaserules_ruleset",
        "firestore_backup_schedule",
        "firestore_database",
        "firestore_field",
        "firestore_index",
        "identity_platform_config",
        "kms_crypto_key_iam_member",
        "kms_key_ring",
        "logging_metric",
        "logging_project_bucket_config",
        "logging_project_sink",
        "monitoring_dashboard",
        "monitoring_notification_channel",
        "project_iam_audit_config",
        "project_iam_custom_role",
        "project_iam_member",
        "project_service",
        "pubsub_subscription",
        "pubsub_subscription_iam_member",
        "pubsub_topic",
        "pubsub_topic_iam_member",
        "secret_manager_secret_iam_member",
        "service_account",
        "service_account_iam_member",
        "storage_bucket",
        "storage_bucket_iam_member",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`usd` None: not known. `at_most`: it is less, and how much less is not known."""

    what: str
    why: str
    usd: float | None
    at_most: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One resource of a plan; `values` is empty where it was only read from a file."""

    type: str
    name: str
    values: Mapping[str, Any]


def of_plan(path: Path) -> list[Part]:
    """The resources that a plan ends in, from `terraform show -json`. Raises Failed."""
    try:
        planned = json.loads(path.read_text())["planned_values"]["root_module"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{path} is no plan; terraform -chdir=terraform show -json PLAN writes one ({error})") from error
    return list(_parts(planned))


def of_files(folder: Path) -> list[Part]:
    """The resource blocks of a folder and its modules, each once: how many of each there will be a plan says alone."""
    found = []
    for path in sorted(folder.rglob("*.tf")):
        for kind, name in re.findall(r'^resource "google_(\w+)" "(\w+)"', path.read_text(), flags=re.MULTILINE):
            found.append(Part(type=kind, name=name, values={}))
    return found


def idle(parts: Iterable[Part]) -> list[Line]:
    """A month in which nothing happens, by what is there."""
    counted = Counter(part.type for part in parts)
    lines = [line for part in parts if part.type == "cloud_run_v2_service" for line in _warm(part)]
    if jobs := counted.pop("cloud_scheduler_job", 0):
        lines.append(_of(f"{_many(jobs, 'schedule')}", jobs, "scheduler job"))
        lines.append(Line(what="43,800 calls of tick", why="their seconds and reads were not measured", usd=None))
    if secrets := counted.pop("secret_manager_secret", 0):
        lines.append(_of(f"{_many(secrets, 'secret')} with one version each", secrets, "secret version"))
    if rules := counted.pop("compute_global_forwarding_rule", 0):
        lines.append(_of(f"{_many(rules, 'forwarding rule')} of the load balancer", MONTH_H, "forwarding rules"))
    counted.pop("cloud_run_v2_service", None)
    for kind in sorted(counted.keys() - FREE_IDLE):
        lines.append(Line(what=f"{counted[kind]} of google_{kind}", why="its price was not seen", usd=None))
    return lines


def footage(parts: Iterable[Part], benchmarks: Path = BENCHMARKS) -> list[Line]:
    """An hour of 1080p, on tasks of the service that the plan has for media. Raises Failed where nobody measured."""
    seconds = measured(benchmarks.read_text())
    cpus, memory, size = 1.0, 2.0, "1 vCPU and 2 GiB, as the benchmarks reckon"
    for part in parts:
        works = (_env(part, "CUTROOM_IMAGE"), _env(part, "FUNCTION_TARGET")) == ("media", "work")
        if part.type == "cloud_run_v2_service" and works and (limits := _limits(part)):
            cpus, memory = limits
            size = f"{cpus:g} vCPU and {memory:g} GiB, as planned, one of them busy"
    gpu = PRICES["gpu worker"].usd
    usd = seconds * (cpus * PRICES["service cpu"].usd + memory * PRICES["service memory"].usd)
    return [
        Line(what=f"{seconds:,.0f} seconds of an instance", why=f"{size}; computed in docs/benchmarks.md", usd=usd),
        Line(what="workers of the pool gpu", why=f"${gpu:g} an hour each; how long was not measured", usd=None),
        Line(what="documents: reads and writes", why="an hour's were not counted", usd=None),
        Line(what="a month of storage", why="its price was not seen", usd=None),
        _of("1.35 GB of clips taken out", 1.35, "egress"),
    ]


def measured(text: str) -> float:
    """CPU seconds of an hour of 1080p: the sum of the table that docs/benchmarks.md computes. Raises Failed."""
    _, _, section = text.partition("## An hour of 1080p on the cloud, computed")
    rows = re.findall(r"^\| (?!all )[^|]+\| ([0-9][0-9,; ]*) \|$", section.partition("\n## ")[0], flags=re.MULTILINE)
    if not rows:
        raise Failed("docs/benchmarks.md has no table of an hour of 1080p; scripts/bench cloud is where it comes from")
    return float(sum(int(one.replace(",", "")) for row in rows for one in re.split(r"; |, ", row)))


def total(lines: Iterable[Line]) -> tuple[float, int]:
    """The sum of what is known, and how many lines are not."""
    found = list(lines)
    return sum(line.usd or 0.0 for line in found), sum(line.usd is None for line in found)


def told(title: str, lines: Iterable[Line]) -> str:
    """As text, a line each."""
    found = list(lines)
    known, unknown = total(found)
    rows = [f"  {'unknown' if one.usd is None else _usd(one):>9}  {one.what} ({one.why})" for one in found]
    most = "at most " if any(one.at_most for one in found) else ""
    rest = f", and {_many(unknown, 'thing')} unknown" if unknown else ""
    return "\n".join([f"{title}: {most}${known:,.2f}{rest}", *rows])


def _usd(line: Line) -> str:
    return f"{'< ' if line.at_most else ''}${line.usd:,.2f}"


def _of(what: str, count: float, name: str) -> Line:
    price = PRICES[name]
    return Line(what=what, why=f"${price.usd:g} a {price.unit}; {price.source}, {price.seen}", usd=count * price.usd)


def _warm(part: Part) -> Iterator[Line]:
    """What a service keeps running while nobody asks. An idle instance costs less than one at work."""
    if not part.values:
        yield Line(what="instances kept warm", why="only a plan says how many; give one with --plan", usd=None)
        return
    template = (part.values.get("template") or [{}])[0]
    warm = int(((template.get("scaling") or [{}])[0] or {}).get("min_instance_count") or 0)
    if warm and (limits := _limits(part)):
        cpus, memory = limits
        second = cpus * PRICES["service cpu"].usd + memory * PRICES["service memory"].usd
        why = "the price of one at work; that of an idle one was not seen"
        what = (
            f"{warm} of {part.values.get('name', part.name)} kept warm in {part.values.get('location', 'its region')}"
        )
        yield Line(what=what, why=why, usd=warm * second * MONTH_H * 3600, at_most=True)


def _limits(part: Part) -> tuple[float, float] | None:
    """vCPUs and GiB of an instance."""
    template = (part.values.get("template") or [{}])[0]
    container = (template.get("containers") or [{}])[0]
    limits = ((container.get("resources") or [{}])[0] or {}).get("limits") or {}
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(Gi|Mi)", str(limits.get("memory", "")))
    if not found or "cpu" not in limits:
        return None
    cpu = str(limits["cpu"])
    cpus = float(cpu.removesuffix("m")) / (1000 if cpu.endswith("m") else 1)
    return cpus, float(found[1]) / (1 if found[2] == "Gi" else 1024)


def _env(part: Part, name: str) -> str | None:
    template = (part.values.get("template") or [{}])[0]
    container = (template.get("containers") or [{}])[0]
    return next((one["value"] for one in container.get("env") or [] if one["name"] == name), None)


def _parts(module: Mapping[str, Any]) -> Iterator[Part]:
    for one in module.get("resources", []):
        if one.get("mode", "managed") == "managed" and one["type"].startswith("google_"):
            kind = one["type"].removeprefix("google_")
            yield Part(type=kind, name=one["name"], values=one.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _parts(child)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
