"""docs/deploy.md and docs/runbook.md, and what the scripts run: every command against what exists."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scripts.cli.doctor import project
from scripts.delivery import deploy, destroy, rollout
from scripts.delivery.watch import TRIGGERS
from tests.cli.fakes import programs

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("deploy.md", "runbook.md")
OTHERS = {"curl", "git", "export", "read", "printf"}  # programs of everybody's
TERRAFORM = ROOT / "terraform"


def commands(page: str) -> Iterator[str]:
    """The lines of a page's shell blocks, and the commands that stand in its text."""
    text = (ROOT / "docs" / page).read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.M | re.S)
    for block in blocks:
        yield from re.sub(r"\s*\\\n\s*", " ", block).splitlines()
    apart = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    yield from re.findall(r"`((?:gcloud|scripts/\w+|terraform) [^`]+)`", apart)


def faults(line: str) -> list[str]:
    """What is wrong with a command, a pipe's parts each."""
    found = [fault for inner in re.findall(r"\$\((.+?)\)", line) for fault in faults(inner)]
    for part in re.split(r" (?:\||&&) ", re.sub(r"\$\(.+?\)", "VALUE", line)):
        words = shlex.split(part)
        if words[0] == "gcloud":
            found += of_gcloud(words[1:])
        elif words[0] == "terraform":
            found += of_terraform(words[1:])
        elif words[0].startswith("scripts/"):
            found += of_script(words)
        elif words[0] not in OTHERS:
            found.append(f"{words[0]} is no program that this page may need")
    return found


@cache
def gcloud_tree() -> dict[str, Any] | None:
    """Every command and option that the gcloud on this machine knows."""
    gcloud = shutil.which("gcloud")
    file = Path(gcloud).resolve().parents[1] / "data" / "cli" / "gcloud_completions.py" if gcloud else None
    if file is None or not file.exists():
        return None
    spec = importlib.util.spec_from_file_location("gcloud_completions", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.STATIC_COMPLETION_CLI_TREE)


def of_gcloud(words: list[str]) -> list[str]:
    tree = gcloud_tree()
    if tree is None:
        return []
    node, at = tree, 0
    while at < len(words) and words[at] in node.get("commands", {}):
        node, at = node["commands"][words[at]], at + 1
    if node.get("commands"):
        return [f"gcloud knows no {' '.join(words[: at + 1])}"]
    flags = {word.partition("=")[0] for word in words[at:] if word.startswith("--")}
    unknown = flags - node.get("flags", {}).keys() - tree["flags"].keys()
    return [f"gcloud {' '.join(words[:at])} knows no {flag}" for flag in sorted(unknown)]


def of_terraform(words: list[str]) -> list[str]:
    found = [] if words[0] == "-chdir=terraform" else ["-chdir=terraform is missing"]
    text = "".join(path.read_text() for path in TERRAFORM.glob("*.tf"))
    for word in words:
        option, _, value = word.partition("=")
        if option == "-var-file" and not value.endswith(".json") and not (TERRAFORM / value).exists():
            found.append(f"terraform/ has no {value}")
        if option == "-var" and f'variable "{value.partition("=")[0]}"' not in text:
            found.append(f"terraform/ has no variable {value}")
    if "output" in words and "-json" not in words and f'output "{words[-1]}"' not in text:
        found.append(f"terraform/ has no output {words[-1]}")
    return found


@cache
def help_of(script: str) -> str:
    if not (ROOT / script).exists():
        return ""
    return subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, timeout=300, check=True).stdout


def of_script(words: list[str]) -> list[str]:
    script, *rest = words
    if not (told := help_of(script)):
        return [f"there is no {script}"]
    flags = {word.partition("=")[0] for word in rest if word.startswith("--")}
    found = [f"{script} knows no {flag}" for flag in sorted(flags) if not re.search(rf"{flag}\b", told)]
    verbs = [word for word in rest[:1] if not word.startswith("-")]
    return found + [f"{script} knows no {verb}" for verb in verbs if not re.search(rf"\b{verb}\b", told)]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one(page: str) -> None:
    if gcloud_tree() is None:
        pytest.skip("no gcloud here to say which commands it knows")
    lines = list(commands(page))
    assert len(lines) > 15
    assert [(line, fault) for line in lines for fault in faults(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "gcloud run service list",
        "gcloud run services list --zone=x",
        "terraform -chdir=terraform output -raw url",
        "terraform -chdir=terraform plan -var-file=envs/test.tfvars",
        "terraform -chdir=terraform plan -var=zone=x",
        "terraform apply",
        "scripts/rollout forward",
        "scripts/deploy staging --force",
        "scripts/release v1",
        'scripts/smoke --url "$(terraform -chdir=terraform output -raw url)"',
        "kubectl get pods",
    ],
)
def test_a_planted_mistake_is_found(line: str) -> None:
    if gcloud_tree() is None and line.startswith("gcloud"):
        pytest.skip("no gcloud here to say which commands it knows")
    assert faults(line)


def test_every_command_that_a_script_runs_or_advises_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    for run in (deploy.main, destroy.main):
        assert run(["production", "--dry-run"]) == 0
    for what in ("pin", "go", "back"):
        assert rollout.main([what, "--dry-run"]) == 0
    lines = [line.removeprefix("+ ") for line in capsys.readouterr().out.splitlines() if line.startswith("+ ")]
    lines += [look.partition("   ")[0] for trigger in TRIGGERS.values() for look in trigger.look]
    lines = [line for line in lines if line.startswith(("gcloud", "scripts/"))]
    assert len(lines) > 40 and [(line, fault) for line in lines for fault in faults(line)] == []


def test_what_the_doctor_advises_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a project in which everything is wrong that can be."""
    gcloud_tree()  # while the real one is still found
    made = programs(tmp_path, monkeypatch, "gcloud")
    answers: dict[str, Any] = {
        "projects describe": "42",
        "billing": "False",
        "quotas": [],
        "get-iam-policy": {},
        "buckets": {},
    }
    answers |= {"secrets list": "one", "databases list": [{"name": "projects/p/databases/cutroom"}]}
    for told, answer in answers.items():
        made.say(told, answer)
    made.say("storage cat", "there is none", 1)
    fixes = [part for one in project.project("p", {}) for part in re.split(r"; (?:or )?", one.fix)]
    lines = [found[0] for fix in fixes if (found := re.search(r"(?:gcloud|terraform) .+", fix))]
    assert len(lines) > 12 and [(line, fault) for line in lines for fault in faults(line)] == []


def test_every_variable_of_the_environment_is_read_somewhere() -> None:
    named = {name for page in PAGES for line in commands(page) for name in re.findall(r"CUTROOM_[A-Z_]+", line)}
    read = (ROOT / "scripts" / "delivery" / "api.py").read_text()
    assert named == {f"CUTROOM_SMOKE_{name}" for name in ("KEY", "EMAIL", "PASSWORD")}
    assert all(f'"{name.rpartition("_")[2].lower()}"' in read for name in named)


def test_every_alert_has_its_page() -> None:
    """What goes off names a way on; the runbook has one for dead letters, stuck work, and money."""
    text = (ROOT / "docs" / "runbook.md").read_text()
    headings = set(re.findall(r"^## (.+)$", text, flags=re.M))
    assert {"Dead letters", "A stage is stuck", "Roll back", "Restore documents", "Restore files"} <= headings
    assert {"A region fails", "A key has leaked", "The cost alarm"} <= headings
    assert (
        "An announcement is dead" in text
        and 'title  = "An announcement is dead"' in (TERRAFORM / "alerts.tf").read_text()
    )
