"""cloudbuild*.yaml by reading: order, approval, secrets, escapes; and every script they name, run in its dry mode."""

from __future__ import annotations

import copy
import os
import re
import shlex
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
STAGING, PRODUCTION = "cloudbuild.yaml", "cloudbuild.production.yaml"
GIVEN = {"PROJECT_ID", "COMMIT_SHA"}  # by Cloud Build
BEFORE_PUSH = {"test", "check", "check-terraform", "scan-code", "scan-packages", "build"}
ORDER = {
    STAGING: ["push", "scan-images", "plan", "apply", "rollout", "prove"],
    PRODUCTION: ["find", "plan", "apply", "rollout"],
}
HELP_ALONE = ("scripts/test", "scripts/check")  # they change nothing that others see, and have no dry mode

Build = dict[str, Any]


def read(name: str) -> Build:
    return dict(yaml.safe_load((ROOT / name).read_text()))


def commands(step: Build) -> list[list[str]]:
    """The scripts that a step runs, as words."""
    lines = [shlex.join(step["args"])] if step["args"][0] != "-euc" else step["args"][1].splitlines()
    return [shlex.split(line, comments=True) for line in map(str.strip, lines) if line.startswith("scripts/")]


def before(build: Build) -> dict[str, set[str]]:
    """What each step waits for, and what that waits for."""
    found: dict[str, set[str]] = {}
    for step in build["steps"]:
        named = {one for one in step["waitFor"] if one != "-"}
        found[step["id"]] = named.union(*(found.get(one, {f"nothing called {one}"}) for one in named))
    return found


def faults(name: str, build: Build) -> list[str]:
    """What is wrong with a build, in words."""
    waits = before(build)
    found = [f"{step} waits for {one}" for step, needs in waits.items() for one in needs if "nothing called" in one]
    order = ORDER[name]
    found += [f"{b} does not wait for {a}" for a, b in pairwise(order) if a not in waits.get(b, set())]
    found += [f"push does not wait for {one}" for one in BEFORE_PUSH if name == STAGING and one not in waits["push"]]
    found += ["rollout has no video"] if "film" not in waits["rollout"] else []
    text = yaml.safe_dump(build, width=10**6)
    for one in set(re.findall(r"(?<!\$)\$\{?(\w+)", text.replace("$$", ""))):
        if one not in GIVEN and one not in build["substitutions"]:
            found.append(f"${one} is nobody's: $$ escapes")
    found += [
        f"{one} is never used" for one in build["substitutions"] if f"${one}" not in text.partition("substitutions")[0]
    ]
    secrets = {one["env"] for one in build["availableSecrets"]["secretManager"]}
    asked = {one for step in build["steps"] for one in step.get("secretEnv", [])}
    found += [f"secret {one} is not both asked for and there" for one in secrets ^ asked]
    if build["options"].get("logging") != "CLOUD_LOGGING_ONLY" or "serviceAccount" not in build:
        found.append("an account of our own logs with CLOUD_LOGGING_ONLY alone")
    found += [f"{step['name']} moves" for step in build["steps"] if step["name"].endswith(":latest")]
    ran = [words for step in build["steps"] for words in commands(step)]
    found += [f"{words[0]} is no program" for words in ran if not os.access(ROOT / words[0], os.X_OK)]
    if name == PRODUCTION and any(
        words[:2] in (["scripts/images", "build"], ["scripts/images", "push"]) for words in ran
    ):
        found.append("production builds what nobody has proven")
    return found


@pytest.mark.parametrize("name", ORDER)
def test_nothing_is_wrong_with_a_build(name: str) -> None:
    assert faults(name, read(name)) == []


def _step(build: Build, name: str) -> Build:
    return next(step for step in build["steps"] if step["id"] == name)


MISTAKES: dict[str, Callable[[Build], object]] = {
    "a push without tests": lambda build: _step(build, "push")["waitFor"].remove("test"),
    "a plan before the scan": lambda build: _step(build, "plan").update(waitFor=["push"]),
    "a rollout before the apply": lambda build: _step(build, "rollout").update(waitFor=["plan", "film"]),
    "a step that is not there": lambda build: _step(build, "apply").update(waitFor=["plans"]),
    "a script that is not there": lambda build: _step(build, "prove").update(args=["scripts/approve"]),
    "a dollar of the shell's": lambda build: _step(build, "film")["args"].append("echo $HOME"),
    "a secret nobody has": lambda build: _step(build, "rollout")["secretEnv"].append("CUTROOM_OTHER"),
    "logs in a bucket": lambda build: build["options"].pop("logging"),
    "an image that moves": lambda build: _step(build, "plan").update(name="hashicorp/terraform:latest"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    build = copy.deepcopy(read(STAGING))
    MISTAKES[mistake](build)
    assert faults(STAGING, build)


def test_production_waits_for_a_person_and_staging_for_none() -> None:
    lines = re.sub(r" \\\n\s*", " ", (ROOT / "docs" / "deploy.md").read_text()).splitlines()
    made = {name: line for line in lines for name in ORDER if f"--build-config={name}" in line.split()}
    assert set(made) == set(ORDER), "docs/deploy.md says how each trigger is made"
    assert "--require-approval" in made[PRODUCTION] and "--tag-pattern=^v" in made[PRODUCTION]
    assert "--require-approval" not in made[STAGING] and "--branch-pattern=^main$" in made[STAGING]


def test_every_script_named_runs_in_its_dry_mode_and_changes_nothing(tmp_path: Path) -> None:
    ran = {tuple(words) for name in ORDER for step in read(name)["steps"] for words in commands(step)}
    assert {words[0] for words in ran} >= {"scripts/images", "scripts/scan", "scripts/smoke", "scripts/rollout"}
    (tmp_path / "outputs.json").touch()
    for words in sorted(ran):
        mode = "--help" if words[0] in HELP_ALONE else "--dry-run"
        told = [word.replace("/workspace", str(tmp_path)).replace("$", "") for word in words]
        done = subprocess.run([*told, mode], cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, (words, done.stderr)
        assert "+ " in done.stdout + done.stderr or mode == "--help", words
    assert [path.name for path in tmp_path.iterdir()] == ["outputs.json"]
