"""scripts/deploy and scripts/destroy against programs of the test's own, and what a plan is said to cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.delivery import cost, deploy, destroy, plan, rollout
from scripts.delivery.commands import Commands, Failed
from tests.cli.fakes import Programs, programs

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "google_cloud_run_v2_service"


def planned(*resources: dict[str, Any], changes: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"planned_values": {"root_module": {"resources": list(resources)}}, "resource_changes": list(changes)}


def service(name: str, *, image: str = "light", warm: int = 0, cpu: str = "1", memory: str = "1Gi") -> dict[str, Any]:
    env = [{"name": "CUTROOM_IMAGE", "value": image}, {"name": "FUNCTION_TARGET", "value": name.partition("-")[0]}]
    container = {"env": env, "resources": [{"limits": {"cpu": cpu, "memory": memory}}]}
    template = {"scaling": [{"min_instance_count": warm}], "containers": [container]}
    return {"type": SERVICE, "name": "service", "values": {"name": name, "template": [template]}}


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """An empty project that somebody pays for; what is applied has outputs after."""
    made = programs(tmp_path, monkeypatch, "gcloud", "terraform")
    made.say("billingEnabled", "True")
    made.say("buckets describe", "", 1)
    made.say("show -json", planned())
    made.say("output -json", {"registry": {"value": "r.example/p/cutroom"}})
    monkeypatch.setattr(
        deploy, "stack_of", lambda outputs: type("Made", (), {"project": "p", "region": "r", "url": "u"})
    )
    monkeypatch.setattr(deploy, "_images", lambda *_: tmp_path / "images.tfvars.json")
    monkeypatch.setattr(rollout, "go", lambda *_: None)
    return made


def told(made: Programs, program: str, word: str) -> list[str]:
    return [" ".join(call) for call in made.calls(program) if word in call]


def test_what_is_there_is_passed_over(cloud: Programs) -> None:
    assert deploy.main(["staging", "--project", "p", "--tag", "t", "--yes"]) == 0
    assert len(told(cloud, "gcloud", "create")) == 1 and len(told(cloud, "terraform", "apply")) == 1
    cloud.say("buckets describe", "there")
    assert deploy.main(["staging", "--project", "p", "--tag", "t", "--yes"]) == 0
    assert len(told(cloud, "gcloud", "create")) == 1


def test_an_empty_project_gets_its_registry_before_images_are_built(cloud: Programs) -> None:
    cloud.say("output -json", {})
    with pytest.raises(KeyError):  # this Terraform never makes the registry
        deploy.main(["staging", "--project", "p", "--tag", "t", "--yes"])
    (first,) = told(cloud, "terraform", "plan")
    assert "envs/staging.tfvars" in first and "images" not in first


def test_an_apply_that_fails_is_planned_and_tried_once_more(
    cloud: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.say("apply -input", "permission denied", 1)
    assert deploy.main(["staging", "--project", "p", "--tag", "t", "--yes"]) == 1
    assert len(told(cloud, "terraform", "plan")) == len(told(cloud, "terraform", "apply")) == 2
    assert "tried once more" in capsys.readouterr().out


def test_nobody_pays_or_nobody_agrees(cloud: Programs, capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["staging", "--project", "p", "--tag", "t"]) == 1
    assert "--yes" in capsys.readouterr().err and not told(cloud, "terraform", "apply")
    cloud.say("billingEnabled", "False")
    assert deploy.main(["staging", "--project", "p", "--tag", "t"]) == 1
    assert "gcloud billing projects link p" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "last"), [("deploy", "--remove-tags=next"), ("destroy", "terraform apply")])
def test_a_dry_run_prints_all_and_runs_nothing(
    name: str, last: str, cloud: Programs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert {"deploy": deploy, "destroy": destroy}[name].main(["production", "--dry-run"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("+ ")]
    assert last.split()[-1] in lines[-1] and any("envs/production.tfvars" in line for line in lines)
    assert cloud.calls() == []


def test_a_plan_that_deletes_what_is_kept_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = programs(tmp_path, monkeypatch, "terraform")
    doomed = {"address": "google_storage_bucket.x", "type": "google_storage_bucket", "change": {"actions": ["delete"]}}
    made.say("show -json", planned(changes=(doomed,)))
    with pytest.raises(Failed, match=r"google_storage_bucket\.x"):
        plan.apply(Commands(), [], yes=True, kept=destroy.kept)
    assert not told(made, "terraform", "apply")


def test_destroy_takes_services_and_leaves_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = programs(tmp_path, monkeypatch, "gcloud", "terraform")
    kinds = ("storage_bucket", "firestore_database", "storage_bucket_iam_member", "pubsub_topic")
    there = [{"address": f"google_{kind}.x", "type": f"google_{kind}", "values": {}} for kind in kinds]
    run = {"address": f"{SERVICE}.x", "type": SERVICE, "values": {"name": "cutroom-api", "location": "r"}}
    module = {"child_modules": [{"resources": [run]}], "resources": there}
    made.say("show -json", {"values": {"root_module": module}, **planned()})
    assert destroy.main(["production", "--project", "p", "--yes"]) == 0
    assert told(made, "gcloud", "delete") == ["gcloud run services delete cutroom-api --region=r --project=p --quiet"]
    (last,) = told(made, "terraform", "plan")
    targets = {word.removeprefix("-target=") for word in last.split() if word.startswith("-target=")}
    assert targets == {"google_storage_bucket_iam_member.x", "google_pubsub_topic.x"}
    made.say("services describe", "it is gone since an earlier try", 1)
    assert destroy.main(["production", "--project", "p", "--yes"]) == 0
    assert len(told(made, "gcloud", "delete")) == 1 and len(told(made, "terraform", "rm")) == 2


# --- cost -----------------------------------------------------------------------------------------------------------


def parts(tmp_path: Path, *resources: dict[str, Any]) -> list[cost.Part]:
    (tmp_path / "plan.json").write_text(json.dumps(planned(*resources)))
    return cost.of_plan(tmp_path / "plan.json")


def test_an_idle_month_is_what_stays_on(tmp_path: Path) -> None:
    schedule = {"type": "google_cloud_scheduler_job", "name": "tick", "values": {}}
    found = parts(tmp_path, service("api", warm=1), service("events"), schedule)
    warm, job, tick = cost.idle(found)
    assert warm.at_most and warm.usd == pytest.approx((0.000024 + 0.0000025) * 730 * 3600)
    assert job.usd == pytest.approx(0.10) and tick.usd is None


def test_a_price_nobody_saw_is_unknown_and_named(tmp_path: Path) -> None:
    (line,) = cost.idle(parts(tmp_path, {"type": "google_new_thing", "name": "x", "values": {}}))
    assert line.usd is None and "google_new_thing" in line.what
    assert "and 1 thing unknown" in cost.told("A month", [line])


def test_an_hour_of_footage_follows_the_measured_seconds_and_the_planned_size(tmp_path: Path) -> None:
    seconds = cost.measured(cost.BENCHMARKS.read_text())
    assert 5000 < seconds < 7000  # docs/benchmarks.md says "about 5,600"
    work = service("work-media", image="media", cpu="2", memory="8Gi")
    api = service("api", image="media", memory="2Gi")  # of the same image, and of no footage
    first = cost.footage(parts(tmp_path, work, api))[0]
    assert first.usd == pytest.approx(seconds * (2 * 0.000024 + 8 * 0.0000025))


def test_every_type_that_terraform_makes_has_a_price_or_none_that_was_seen() -> None:
    """A type that is new here must be thought of: is it free while nothing happens?"""
    unknown = {line.what for line in cost.idle(cost.of_files(ROOT / "terraform")) if line.usd is None}
    kinds = {what.rpartition("google_")[2] for what in unknown if "google_" in what}
    assert kinds <= {
        "compute_global_address",
        "compute_security_policy",
        "kms_crypto_key",
        "monitoring_alert_policy",
        "monitoring_custom_service",
        "monitoring_slo",
        "monitoring_uptime_check_config",
    }
