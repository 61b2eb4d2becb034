"""The command: everything is examined, and shown or printed as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from common.pipeline.definition import PIPELINE
from scripts.cli.doctor.cloud import cloud
from scripts.cli.doctor.council import council
from scripts.cli.doctor.finding import Finding
from scripts.cli.doctor.machine import ROOT, machine
from scripts.cli.doctor.models import models
from scripts.cli.doctor.pipeline import pipeline, placed
from scripts.cli.doctor.project import project
from scripts.cli.doctor.screen import many, show, show_places
from scripts.cli.terminal import Terminal
from scripts.delivery import cost
from scripts.delivery.commands import Failed


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/doctor",
        description="Examine what Cutroom needs, and say what to do about what is wrong. Nothing is changed.",
        epilog="The cloud is examined where CUTROOM_PROJECT is set, or --project names one. "
        "Exit status: 0 nothing is wrong, 1 something is.",
    )
    found.add_argument("--places", action="store_true", help="also where each stage would work, and why")
    found.add_argument("--project", metavar="ID", help="also this project, before a deployment or after it")
    found.add_argument(
        "--cost", action="store_true", help="only what a month and an hour of footage cost, at list prices"
    )
    found.add_argument("--plan", type=Path, metavar="FILE", help="--cost of this plan (terraform show -json PLAN)")
    found.add_argument("--json", action="store_true", help="print everything as one JSON object")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    if options.cost or options.plan:
        return _cost(options.plan)
    named = options.project or os.environ.get("CUTROOM_PROJECT")
    if named and sys.stderr.isatty():
        print(f"Looking at the project {named}; gcloud takes some seconds.", file=sys.stderr)
    findings = examine(os.environ, named)
    places = [one for stage in PIPELINE for one in placed(stage)]
    wrong = sum(one.state == "wrong" for one in findings)
    if options.json:
        told = {"findings": [asdict(one) for one in findings], "places": [asdict(one) for one in places]}
        print(json.dumps({"schema": "cutroom.doctor/1", "wrong": wrong, **told}, indent=2))
        return int(wrong > 0)
    console = Terminal()
    show(console, findings)
    if options.places:
        show_places(console, places)
    notes = sum(one.state == "note" for one in findings)
    console.print(f"{wrong} wrong, {many(notes, 'note')}." if wrong else f"Nothing is wrong; {many(notes, 'note')}.")
    return int(wrong > 0)


def _cost(plan: Path | None) -> int:
    try:
        parts = cost.of_plan(plan) if plan else cost.of_files(ROOT / "terraform")
        if not plan:
            print("From the files of terraform/, each block once, even one that a setting leaves out; --plan says all.")
        print(cost.told("A month in which nothing happens", cost.idle(parts)))
        print(cost.told("An hour of footage", cost.footage(parts)))
    except Failed as error:
        print(f"scripts/doctor: {error}", file=sys.stderr)
        return 1
    return 0


def examine(environ: Mapping[str, str], named: str | None = None) -> list[Finding]:
    """All findings, in the order in which they are shown. A check that fails itself is a finding too."""
    groups: dict[str, Callable[[Mapping[str, str]], Iterable[Finding]]] = {
        "this machine": machine,
        "models": models,
        "pipeline": pipeline,
        "council": council,
        "cloud": cloud,
        "project": partial(project, named or environ.get("CUTROOM_PROJECT")),
    }
    found: list[Finding] = []
    for group, check in groups.items():
        try:
            for one in check(environ):
                found.append(one)
        except Exception as error:  # whatever is broken, the other groups are still examined
            seen = f"the examination ended early: {type(error).__name__}: {error}"
            fix = "run scripts/setup; if it stays so, report it"
            found.append(Finding(group=group, name="doctor", state="wrong", seen=seen, fix=fix))
    return found
