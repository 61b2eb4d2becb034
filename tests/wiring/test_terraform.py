"""The table, the code's questions and what Terraform plans are one thing; and what would be wrong is noticed."""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from common import config
from common.adapters.google.indexes import INDEXES, lacking
from common.domain.publication import Network
from scripts.cli import stages
from tests.unit.test_functions import ENV
from tests.wiring.terraform_drive import Noted, driven
from tests.wiring.terraform_plan import ROOT, TERRAFORM, Plan, absent, planned
from tests.wiring.terraform_problems import problems, secrets_read

# Asked on one machine alone, which needs no index: the runner's loop.
ONE_MACHINE = {"common/pipeline/runner.py"}


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Noted:
    return driven(tmp_path_factory.mktemp("drive"), config.cloud_from_environment(ENV))


# --- from the files and the code alone ------------------------------------------------------------------------------


def test_what_scripts_stages_writes_is_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert stages.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_table_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = _copy(tmp_path)
    monkeypatch.setattr(stages, "TERRAFORM", copy)
    path = copy / "stages.auto.tfvars.json"
    path.write_text(path.read_text().replace('"cap": ', '"cap": 1', 1))
    assert stages.main(["--check"]) == 1
    assert "stages.auto.tfvars.json is not what the code says" in capsys.readouterr().out
    assert stages.main([]) == 0 and stages.main(["--check"]) == 0


def test_every_line_that_asks_the_documents_was_driven(noted: Noted) -> None:
    asked = {(str(Path(file).relative_to(ROOT)), line) for file, line in noted.asked}
    for path, first, last in _asking():
        if path not in ONE_MACHINE:
            assert any(file == path and first <= line <= last for file, line in asked), f"{path}:{first} was not seen"


def test_every_question_has_its_index(noted: Noted) -> None:
    assert not lacking(noted.questions)


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: index.name)
def test_without_an_index_its_question_lacks_it(noted: Noted, index: object) -> None:
    assert lacking(noted.questions, [one for one in INDEXES if one != index]) == {index}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_every_secret_that_is_read_is_made(environment: str) -> None:
    told = re.search(r"^secrets = \{(.*?)^\}", (TERRAFORM / "envs" / f"{environment}.tfvars").read_text(), re.M | re.S)
    made = set(re.findall(r"^  ([a-z0-9-]+) +=", told[1], re.M)) if told else set()
    assert secrets_read([ROOT / "common", ROOT / "functions", ROOT / "jobs"]) <= made


def test_a_secret_that_is_read_is_seen(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("key = self._secrets.get('one-key')\nother = ports.secrets.get(NAME)\n")
    assert secrets_read([tmp_path]) == {"one-key", "one.py: NAME"}


def test_a_secret_of_each_network_is_seen_and_one_of_anything_else_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("id = secrets.get(f'{network}-client-id')\nother = secrets.get(f'{name}-key')\n")
    found = secrets_read([tmp_path])
    assert {"x-client-id", "youtube-client-id"} < found and len(found) == len(get_args(Network)) + 1
    assert "one.py: f'{name}-key'" in found


def _asking() -> Iterator[tuple[str, int, int]]:
    """Where the code asks a question: file, first and last line."""
    for folder in (
        "common/accounts",
        "common/chores",
        "common/events",
        "common/knowledge",
        "common/learning",
        "common/pipeline",
        "common/search",
        "common/stages",
        "functions",
        "jobs",
    ):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in ("query", "count", "nearest")
                    and ast.unparse(node.func.value).rpartition(".")[2].strip("_") in ("documents", "vectors", "store")
                ):
                    yield str(path.relative_to(ROOT)), node.lineno, node.end_lineno or node.lineno


# --- from the plan --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """One planted in a copy of terraform/: `old` becomes `new`, and `said` must be noticed."""

    file: str
    old: str
    new: str
    said: str


MISTAKES = (
    Mistake("modules/region/main.tf", "CUTROOM_TOPIC    = var.topic", "CUTROOM_TOPIK = var.topic", "CUTROOM_TOPIC"),
    Mistake("modules/region/services.tf", "= local.urls[each.key]", '= local.urls["api"]', "not for itself"),
    Mistake(
        "modules/region/services.tf", '"INGRESS_TRAFFIC_INTERNAL_ONLY"', '"INGRESS_TRAFFIC_ALL"', "from the internet"
    ),
    Mistake("modules/region/services.tf", "read_only = true", "read_only = false", "could write to the models"),
    Mistake(
        "modules/region/jobs.tf", "max_retries                   = 0", "max_retries = 3", "tried again by Cloud Run"
    ),
    Mistake("modules/region/jobs.tf", '"${each.value.live_s}s"', '"600s"', "lives 600s"),
    Mistake("modules/region/jobs.tf", '{ "nvidia.com/gpu" = "1" }', "{}", "has no GPU"),
    Mistake(
        "modules/region/queues.tf", '"${var.prefix}-${each.key}"', '"${var.prefix}-q-${each.key}"', "no queue cutroom-"
    ),
    Mistake(
        "modules/region/identity.tf",
        'who = "work-${lane}"',
        'who = "api"',
        "work-media lacks roles/cloudtasks.enqueuer",
    ),
    Mistake(
        "modules/region/identity.tf",
        'service["api"].name',
        'service["events"].name',
        "allUsers holds roles/run.invoker on service events",
    ),
    Mistake(
        "identity.tf",
        'role = "roles/storage.objectCreator", who = ["api"]',
        'role = "roles/storage.objectCreator", who = ["api", "events"]',
        "events holds roles/storage.objectCreator",
    ),
    Mistake(
        "identity.tf",
        'role = "roles/storage.objectCreator", who = local.heavy',
        'role = "roles/storage.objectAdmin", who = local.heavy',
        "cpu holds roles/storage.objectAdmin on bucket media",
    ),
    Mistake("main.tf", 'var.push ? ["fcm"] : []', "[]", "fcm.googleapis.com is off"),
    Mistake("modules/region/main.tf", 'CUTROOM_PUSH = "1"', 'CUTROOM_PUSH = "true"', "no service is told of it"),
    Mistake("identity.tf", '"cloudmessaging.messages.create"', '"cloudmessaging.messages.delete"', "who pushes may do"),
    Mistake(
        "identity.tf",
        "for_each = toset(var.push ? local.light : [])",
        'for_each = toset(var.push ? ["tick"] : [])',
        "work-light lacks pusher on project",
    ),
    Mistake(
        "main.tf", '"https://${var.domain}"', '"https://other.example"', "platforms send people back to https://other"
    ),
    Mistake("vault.tf", "${90 * local.day_s}s", "${900 * local.day_s}s", "the key of channels is the same for"),
    Mistake("vault.tf", "${30 * local.day_s}s", "${local.day_s}s", "that is destroyed is gone at once"),
    Mistake("main.tf", '"cloudkms", ', "", "cloudkms.googleapis.com is off"),
    Mistake(
        "modules/region/main.tf",
        "CUTROOM_KEY      = var.key",
        'CUTROOM_KEY = "another"',
        "which is not the key there is",
    ),
    Mistake(
        "identity.tf",
        'role = "roles/cloudkms.cryptoKeyDecrypter", who = local.light',
        'role = "roles/cloudkms.cryptoKeyDecrypter", who = ["api"]',
        "api holds roles/cloudkms.cryptoKeyDecrypter on key tokens",
    ),
    Mistake("storage.tf", "enabled = true\n  }\n\n  soft", "enabled = false\n  }\n\n  soft", "versioning is off"),
    Mistake("storage.tf", "= 30 * local.day_s", "= 7 * local.day_s", "not kept for 30 days"),
    Mistake("storage.tf", 'each.key == "uploads" ?', 'each.key == "media" ?', "cannot send a file"),
    Mistake(
        "services.tf",
        'image = "media", timeout_s = 60',
        'image = "functions", timeout_s = 60',
        "api has no model of sentences",
    ),
    Mistake("services.tf", "timeout_s   = one.call_s", "timeout_s = 300", "ends a request after 300s"),
    Mistake("events.tf", 'bucket["uploads"].name', 'bucket["media"].name', "the trigger watches"),
    Mistake("events.tf", "= 600 # a long", "= 10 # a long", "while it is still acted on"),
    Mistake("events.tf", 'ttl = "" # never', 'ttl = "2678400s" # never', "the subscription ended expires"),
    Mistake(
        "events.tf",
        "topic                      = google_pubsub_topic.dead.id",
        "topic = google_pubsub_topic.ended.id",
        "dead letters are lost",
    ),
    Mistake(
        "schedule.tf", "audience              = local.tick_url", "audience = local.events_url", "tick is called at"
    ),
    Mistake(
        "database.tf", '"POINT_IN_TIME_RECOVERY_ENABLED"', '"POINT_IN_TIME_RECOVERY_DISABLED"', "cannot be restored"
    ),
    Mistake("database.tf", "${30 * local.day_s}s", "${7 * local.day_s}s", "no daily backup"),
    Mistake("alerts.tf", "most   = 100\n", "most   = 1000\n", "no alert when over 100 tasks wait"),
    Mistake("alerts.tf", "share = 0.05,", "share = 0.5,", "alerts on errors"),
    Mistake("logs.tf", '"is left to the sweep"', '"was left to the sweep"', "counts a line that no code writes"),
    Mistake("modules/edge/firewall.tf", "most = 60,", "most = 600,", "limits of calls a minute"),
    Mistake("modules/edge/main.tf", '"TLS_1_3"', '"TLS_1_2"', "older TLS"),
    Mistake(
        "indexes.auto.tfvars.json",
        '"runs-pool-state-due": {\n      "collection": "runs"',
        '"runs-pool-state-due": {\n      "collection": "ruins"',
        "no index for runs by pool, state, due",
    ),
    Mistake(
        "indexes.auto.tfvars.json",
        '"collection": "uploads",\n      "field": "expires",\n      "group": false,\n      "expires": true',
        '"collection": "uploads",\n      "field": "expires",\n      "group": false,\n      "expires": false',
        "uploads never expire",
    ),
    Mistake("stages.auto.tfvars.json", '"council": {', '"counsel": {', "stage council is not in the table"),
)


@dataclass(frozen=True)
class Plans:
    """Production as it is, and staging with all mistakes at once: each plan takes seconds."""

    production: Plan
    mistaken: Plan


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    if (why := absent()) is not None:
        pytest.skip(f"no plan can be made: {why}")
    copy = _copy(tmp_path_factory.mktemp("mistaken"))
    for mistake in MISTAKES:
        path = copy / mistake.file
        text = path.read_text()
        assert mistake.old in text, f"{mistake.file} holds no {mistake.old!r} any more"
        path.write_text(text.replace(mistake.old, mistake.new, 1))
    session = tmp_path_factory.getbasetemp()
    session = session.parent if "PYTEST_XDIST_WORKER" in os.environ else session  # all workers share one plan
    with ThreadPoolExecutor(2) as pool:
        production = pool.submit(planned, session / "production.json")
        mistaken = pool.submit(planned, session / "mistaken.json", copy, "staging")
        return Plans(production=production.result(), mistaken=mistaken.result())


def test_nothing_is_wrong(plans: Plans, noted: Noted) -> None:
    assert problems(plans.production, noted) == []


def test_a_second_plan_changes_nothing(plans: Plans) -> None:
    assert plans.production.changes == plans.mistaken.changes == ()


def test_production_has_a_region_that_stands_by_and_staging_none(plans: Plans) -> None:
    assert len(plans.production.regions()) == 2 and len(plans.mistaken.regions()) == 1


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.said)
def test_a_mistake_is_noticed(plans: Plans, noted: Noted, mistake: Mistake) -> None:
    found = problems(plans.mistaken, noted)
    assert any(mistake.said in problem for problem in found), found


def _copy(folder: Path) -> Path:
    return Path(shutil.copytree(TERRAFORM, folder / "terraform", ignore=shutil.ignore_patterns(".terraform*")))
