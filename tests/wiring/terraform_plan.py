"""A plan of terraform/, made without a cloud by the stand-in provider beside the repository, and read for tests.

The plan is the second: the first is applied to the stand-in, so that every value is known, and must leave no change.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
TOOL = ROOT.parent / "shared" / "tools" / "terraform" / "tfoffline.py"
TIMEOUT_S = 300.0
DIGEST = "@sha256:" + "1" * 64

# Production with all that is optional switched on.
VARIABLES = {
    "domain": "cutroom.example.com",
    "alert_emails": '["somebody@example.com"]',
    "billing_account": "012345-6789AB-CDEF01",
    "identity_platform": "true",
    "push": "true",
    "platforms": '{"snapchat": {"on": true}}',
    "images": json.dumps({name: f"registry.example/{name}{DIGEST}" for name in ("functions", "media", "gpu")}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One planned resource. `key`: of its for_each; `region`: of the module it is in, if it is in one."""

    address: str
    type: str
    name: str
    key: str
    region: str | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    resources: tuple[Resource, ...]
    changes: tuple[str, ...]  # addresses that the second plan would change
    outputs: Mapping[str, Any]

    def all(self, kind: str, name: str | None = None) -> list[Resource]:
        """All of a type, without its google_."""
        return [one for one in self.resources if one.type == f"google_{kind}" and name in (None, one.name)]

    def regions(self) -> list[str]:
        return sorted({one.region for one in self.resources if one.region})

    def emails(self) -> dict[str, str]:
        """Components by the e-mail address of their account."""
        return {str(one.values["email"]): one.key for one in self.all("service_account")}


def absent() -> str | None:
    """Why no plan can be made here; None where one can."""
    if not TOOL.is_file():
        return f"the stand-in provider is not at {TOOL.relative_to(ROOT.parent)}"
    if shutil.which("terraform") is None:
        return "terraform is not on PATH"
    return None


def planned(kept: Path, folder: Path = TERRAFORM, environment: str = "production") -> Plan:
    """The plan of a folder, from the file `kept` once any process of this session has made it.

    Raises AssertionError with what terraform said where there is none.
    """
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_text(_told(folder, environment))
    return _read(json.loads(kept.read_text()))


def _told(folder: Path, environment: str) -> str:
    argv = [sys.executable, str(TOOL), str(folder), "apply", "plan", "show", "--"]
    argv += [f"-var-file=envs/{environment}.tfvars", *(f"-var={name}={value}" for name, value in VARIABLES.items())]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, f"terraform: {done.stderr[-4000:]}"
    return done.stdout


def _read(told: Mapping[str, Any]) -> Plan:
    changes = tuple(
        change["address"]
        for change in told.get("resource_changes", ())
        if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
    )
    outputs = {name: one.get("value") for name, one in told["planned_values"].get("outputs", {}).items()}
    found = tuple(_resources(told["planned_values"]["root_module"]))
    return Plan(resources=found, changes=changes, outputs=outputs)


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    region = re.search(r'module\.region\["([^"]+)"\]', module.get("address", ""))
    for one in module.get("resources", ()):
        if one["mode"] == "managed":
            yield Resource(
                address=one["address"],
                type=one["type"],
                name=one["name"],
                key=str(one.get("index", "")),
                region=region[1] if region else None,
                values=one["values"],
            )
    for child in module.get("child_modules", ()):
        yield from _resources(child)
