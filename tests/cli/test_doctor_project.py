"""scripts/doctor on a project, by a gcloud of the test's own: before a deployment, after one, and after a destroy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.cli.doctor import project
from scripts.cli.doctor.finding import Finding
from tests.cli.fakes import Programs, programs

ROOT = Path(__file__).resolve().parents[2]
QUOTA = {
    "quotaId": "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion",
    "dimensionsInfos": [{"applicableLocations": ["europe-west4"], "details": {"value": "3"}}],
}


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """A project in which everything is as it should be."""
    made = programs(tmp_path, monkeypatch, "gcloud")
    made.say("projects describe p", "42")
    made.say("billing projects describe", "True")
    made.say("services list", "\n".join(project.needed_services()))
    made.say("quotas info list", [QUOTA])
    members = [
        (f"serviceAccount:service-42@{name}.iam.gserviceaccount.com", role)
        for name, (_, role) in project.AGENTS.items()
    ]
    made.say("get-iam-policy", {"bindings": [{"role": role, "members": [member]} for member, role in members]})
    made.say("buckets describe", {"project_number": "42", "versioning_enabled": True})
    made.say("secrets list", "one")
    made.say("secrets versions list", "1")
    made.say("databases list", [{"name": "projects/p/databases/cutroom"}])
    made.say("storage cat", '"type": "google_firestore_database"')
    return made


def found() -> dict[str, Finding]:
    return {one.name: one for one in project.project("p", {})}


def test_all_is_well(gcloud: Programs) -> None:
    assert {one.state for one in found().values()} == {"ok"}
    assert not any(word in ("create", "update", "delete", "enable", "add") for call in gcloud.calls() for word in call)


@pytest.mark.parametrize(
    ("told", "answer", "status", "name", "state", "fix"),
    [
        ("billing projects", "False", 0, "billing", "wrong", "gcloud billing projects link p"),
        ("services list", "run.googleapis.com", 0, "services", "note", "gcloud services enable aiplatform"),
        ("quotas info", [{**QUOTA, "dimensionsInfos": []}], 0, "GPU quota", "wrong", "ask for 3"),
        ("quotas info", [], 0, "GPU quota", "note", "no zonal redundancy"),
        ("get-iam-policy", {}, 0, "agent of eventarc", "note", "--role=roles/eventarc.serviceAgent"),
        ("gs://p-media", {"project_number": "7"}, 0, "bucket p-media", "wrong", "another project"),
        ("gs://p-media", "403: does not have permission", 1, "bucket p-media", "wrong", "another project"),
        ("gs://p-media", "404: not found", 1, "bucket p-media", "ok", ""),
        ("gs://p-state ", {}, 0, "state bucket", "wrong", "--versioning"),
        ("gs://p-state ", "404: not found", 1, "state bucket", "note", "scripts/deploy"),
        ("versions list one", "", 0, "secret one", "wrong", "gcloud secrets versions add one"),
        ("storage cat", "none", 1, "database", "wrong", "import google_firestore_database.main"),
        ("databases list", [], 0, "database", "ok", ""),
        ("databases list", "out of order", 1, "database", "note", "try again"),
    ],
)
def test_each_finding_comes_with_its_fix(
    gcloud: Programs, told: str, answer: object, status: int, name: str, state: str, fix: str
) -> None:
    gcloud.say(told, answer, status)
    one = found()[name]
    assert one.state == state and fix in one.fix, one


def test_without_gcloud_or_a_project_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (unnamed,) = project.project(None, {})
    assert unnamed.state == "ok"
    monkeypatch.setenv("PATH", str(tmp_path))
    (absent,) = project.project("p", {})
    assert absent.state == "note" and absent.seen == "not looked at: gcloud is not here"


def test_who_is_not_signed_in_is_told_once(gcloud: Programs) -> None:
    gcloud.say("projects describe p", "You do not currently have an active account selected", 1)
    (one,) = project.project("p", {})
    assert one.state == "note" and "active account" in one.seen and "gcloud auth login" in one.fix


def test_what_it_knows_of_terraform_is_there() -> None:
    text = "".join(path.read_text() for path in (ROOT / "terraform").glob("*.tf"))
    address, _ = project.DATABASE
    assert f'resource "{address.replace(".", chr(34) + " " + chr(34))}"' in text
    buckets = re.search(r"^  buckets = \{\n(.*?)^  \}", text, re.M | re.S)
    assert buckets and set(re.findall(r"^    (\w+) ", buckets[1], re.M)) == set(project.BUCKETS)
    assert "eventarc.googleapis.com" in project.needed_services()
