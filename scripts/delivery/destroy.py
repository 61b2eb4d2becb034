"""scripts/destroy: take down what works and what costs, and keep what people brought and what was made of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from scripts.cli.interrupts import Interrupts
from scripts.delivery import plan
from scripts.delivery.commands import Commands, Failed
from scripts.delivery.deploy import ENVIRONMENTS, state_bucket

# What is kept, by the beginning of its type, and why. Terraform still knows it, so that scripts/deploy finds it.
KEPT = {
    "google_storage_bucket": "people's videos, what was made of them, models and logs",
    "google_firestore_": "every document, its backups and its indexes; a database's name stays blocked for days",
    "google_firebaserules_": "the rules that keep documents closed",
    "google_secret_manager_secret": "secrets, whose values Terraform never had",
    "google_artifact_registry_repository": "images to roll back to",
    "google_project_service": "other things in the project may use them",
}
PROTECTED = {"google_cloud_run_v2_service": "services", "google_cloud_run_v2_job": "jobs"}


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/destroy",
        description="Take down what works and what costs while nothing happens; keep data. It asks first.",
        epilog="Exit status: 0 done, 1 not, 2 bad use. scripts/deploy brings everything back.",
    )
    found.add_argument("environment", choices=ENVIRONMENTS)
    found.add_argument("--project", help="the project (cutroom-ENVIRONMENT)")
    found.add_argument("--yes", action="store_true", help="do not ask")
    found.add_argument("--dry-run", action="store_true", help="print the commands, in order, and run none")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    Interrupts()
    project = options.project or f"cutroom-{options.environment}"
    commands = Commands(dry=options.dry_run)
    print(f"From the project {project} everything goes that works or costs while nothing happens. These stay:")
    for kind, why in KEPT.items():
        print(f"  {kind.removeprefix('google_').strip('_').replace('_', ' ')}: {why}")
    try:
        if not options.dry_run:
            _agree(project, options.yes)
        destroy(commands, options.environment, project)
    except (Failed, plan.Declined) as error:
        print(f"scripts/destroy: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on, or scripts/deploy to bring everything back.", file=sys.stderr)
        return 130
    print("Done. To remove what stays, empty the buckets and delete the project: gcloud projects delete", project)
    return 0


def destroy(commands: Commands, environment: str, project: str) -> None:
    """Raises Failed, and then what is kept is untouched."""
    plan.initialise(commands, state_bucket(project), environment)
    told = commands.read(*plan.TERRAFORM, "show", "-json", instead=json.dumps(_PRETENDED))
    there = list(_resources(json.loads(told).get("values", {}).get("root_module", {})))
    for one in there:
        # Terraform refuses to delete these; lifting that by its variable would open the database too.
        if kind := PROTECTED.get(one["type"]):
            where = (f"--region={one['values']['location']}", f"--project={project}", "--quiet")
            name = one["values"]["name"]
            if commands.holds("gcloud", "run", kind, "describe", name, *where) or commands.dry:  # else: an earlier try
                commands.run("gcloud", "run", kind, "delete", name, *where)
            commands.run(*plan.TERRAFORM, "state", "rm", one["address"])
    doomed = [one["address"] for one in there if one["type"] not in PROTECTED and not kept(one["type"])]
    if not doomed:
        print("Nothing is there but what is kept.")
        return
    targets = [f"-target={address}" for address in doomed]
    variables = [f"-var-file=envs/{environment}.tfvars", f"-var=project={project}"]
    plan.apply(commands, [*variables, "-destroy", *targets], yes=True, kept=kept)


def kept(kind: str) -> bool:
    """Whether what is of this type stays. Rights on what stays go, with the accounts that had them."""
    return not kind.endswith("_iam_member") and kind.startswith(tuple(KEPT))


_PRETENDED = {
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "module.region.google_cloud_run_v2_service.X",
                    "type": "google_cloud_run_v2_service",
                    "values": {"name": "SERVICE", "location": "REGION"},
                },
                {"address": "google_storage_bucket.X", "type": "google_storage_bucket", "values": {}},
                {"address": "google_pubsub_topic.X", "type": "google_pubsub_topic", "values": {}},
            ]
        }
    }
}


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (one for one in module.get("resources", []) if one.get("mode", "managed") == "managed")
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _agree(project: str, yes: bool) -> None:
    """Raises Declined."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise plan.Declined("nobody is here to ask; --yes agrees beforehand")
    if input(f"Type the project's name to go on ({project}): ").strip() != project:
        raise plan.Declined("that is another name; nothing was changed")


if __name__ == "__main__":
    sys.exit(main())
