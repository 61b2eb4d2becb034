"""Terraform's plans: made, shown with what they cost, agreed to, applied."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.delivery import cost
from scripts.delivery.commands import Commands, Failed

TERRAFORM = ("terraform", "-chdir=terraform")


class Declined(Exception):
    """The person said no; nothing was changed."""


def initialise(commands: Commands, bucket: str, environment: str) -> None:
    where = (f"-backend-config=bucket={bucket}", f"-backend-config=prefix={environment}")
    commands.run(*TERRAFORM, "init", "-input=false", "-reconfigure", *where)


def apply(
    commands: Commands, options: Sequence[str], *, yes: bool, kept: Callable[[str], bool] = lambda _: False
) -> None:
    """Plan, show, ask, apply; a plan that deletes what is `kept`, by its type, is refused. Raises Failed, Declined.

    An apply that fails is planned and tried once more: rights that were just given take minutes to be known.
    """
    agreed = yes
    for last in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            plan = str(Path(folder) / "plan")
            commands.run(*TERRAFORM, "plan", "-input=false", "-lock-timeout=300s", f"-out={plan}", *options)
            told = commands.read(*TERRAFORM, "show", "-json", plan, instead='{"planned_values": {"root_module": {}}}')
            document = json.loads(told)
            refuse_deletions(document, kept)
            if not commands.dry:
                print(summary(document, Path(folder)))
                agree(agreed)
                agreed = True
            try:
                return commands.run(*TERRAFORM, "apply", "-input=false", "-lock-timeout=300s", plan)
            except Failed as error:
                if last:
                    raise
                print(f"{error}.\nIt is planned and tried once more: rights just given take minutes to be known.")


def summary(document: dict[str, Any], folder: Path) -> str:
    """What changes, and what it costs."""
    counted: Counter[str] = Counter()
    for change in document.get("resource_changes", []):
        actions = change["change"]["actions"]
        counted["replace" if len(actions) > 1 else actions[0]] += 1
    changes = ", ".join(
        f"{counted[name]} to {name}" for name in ("create", "update", "replace", "delete") if counted[name]
    )
    file = folder / "plan.json"
    file.write_text(json.dumps(document))
    parts = cost.of_plan(file)
    month = cost.told("A month in which nothing happens", cost.idle(parts))
    return f"{changes or 'nothing changes'}\n{month}\n{cost.told('An hour of footage', cost.footage(parts))}"


def refuse_deletions(document: dict[str, Any], kept: Callable[[str], bool]) -> None:
    """Raises Failed where a plan deletes what is to be kept."""
    doomed = [
        change["address"]
        for change in document.get("resource_changes", [])
        if kept(change["type"]) and "delete" in change["change"]["actions"]
    ]
    if doomed:
        raise Failed(f"the plan would delete {', '.join(doomed)}, which is kept; nothing was changed")


def agree(already: bool) -> None:
    """Ask, unless that was answered before. Raises Declined."""
    if already:
        return
    if not sys.stdin.isatty():
        raise Declined("nobody is here to ask; --yes agrees beforehand")
    if input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Declined("nothing was changed")
