"""What Terraform made, by its outputs: the names that everything after an apply needs."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.delivery.commands import Commands, Failed

OUTPUT = ("terraform", "-chdir=terraform", "output", "-json")
NEEDED = ("api", "services", "settings")
# Cloud Run's address of a service that is known beforehand: NAME-PROJECTNUMBER.REGION.run.app
_ADDRESS = re.compile(r"https://(?P<name>[a-z0-9-]+)-[0-9]+\.[a-z0-9-]+\.run\.app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """`services`: names on Cloud Run, those that work before `api`, which people see; `url`: where they ask.

    `behind`: they ask a load balancer, and no revision can be reached past it.
    """

    project: str
    region: str
    prefix: str
    services: tuple[str, ...]
    api: str
    url: str

    @property
    def behind(self) -> bool:
        return not _ADDRESS.fullmatch(self.url)


def add_options(parser: argparse.ArgumentParser) -> None:
    help_ = f"what `{' '.join(OUTPUT)}` printed, where this machine has no state of Terraform"
    parser.add_argument("--outputs", type=Path, metavar="FILE", help=help_)


def read_stack(commands: Commands, file: Path | None) -> Stack:
    """From a file, or from Terraform. Raises Failed."""
    if file is None:
        text = commands.read(*OUTPUT, instead=json.dumps(pretended()))
    elif commands.dry:
        text = json.dumps(pretended())
    else:
        try:
            text = file.read_text()
        except OSError as error:
            raise Failed(f"{file} cannot be read ({error.strerror}); write it after an apply") from error
    try:
        outputs = {name: one["value"] for name, one in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise Failed("what Terraform printed are no outputs; was anything applied? scripts/deploy does") from error
    return stack_of(outputs)


def stack_of(outputs: Mapping[str, Any]) -> Stack:
    if lacking := [name for name in NEEDED if name not in outputs]:
        raise Failed(f"Terraform has no output {', '.join(lacking)}; was this version applied? scripts/deploy does")
    found = {key: _ADDRESS.fullmatch(url) for key, url in outputs["services"].items()}
    names = {key: one["name"] for key, one in found.items() if one}
    if strange := sorted(found.keys() - names.keys()):
        raise Failed(f"the output services has no address of Cloud Run for {', '.join(strange)}; look at terraform/")
    settings = outputs["settings"]
    return Stack(
        project=settings["CUTROOM_PROJECT"],
        region=settings["CUTROOM_LOCATION"],
        prefix=settings["CUTROOM_PREFIX"],
        services=tuple(names[key] for key in sorted(names, key=lambda key: (key == "api", key))),
        api=names["api"],
        url=outputs["api"],
    )


def pretended() -> dict[str, Any]:
    names = ("api", "events", "tick", "work-light", "work-media")
    services = {name: f"https://cutroom-{name}-1.region.run.app" for name in names}
    settings = {"CUTROOM_PROJECT": "PROJECT", "CUTROOM_LOCATION": "REGION", "CUTROOM_PREFIX": "PREFIX"}
    outputs = {"api": services["api"], "services": services, "settings": settings, "registry": "REGISTRY"}
    return {name: {"value": value} for name, value in outputs.items()}
