"""scripts/deploy: from an empty project to clips. Run again after anything went wrong, it goes on where it stopped."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from scripts.cli.interrupts import Interrupts
from scripts.delivery import plan, rollout
from scripts.delivery.commands import ROOT, Commands, Failed
from scripts.delivery.revisions import Revisions
from scripts.delivery.stack import OUTPUT, pretended, stack_of

ENVIRONMENTS = ("staging", "production")
FIRST = ("cloudresourcemanager", "serviceusage", "storage", "iam")  # Terraform itself needs these to be on
_STEPS = """Deploying {environment} to the project {project}:
  1  services that Terraform needs are switched on, and a bucket for its state is made (costs nothing)
  2  where nothing is there yet, everything is made with sample images (you are asked, and told what it costs)
  3  images are built and pushed, unless those of this commit are there
  4  what changes is planned, shown with what it costs, and applied when you agree
  5  new revisions get a tenth, a smoke test uploads a video and waits for clips, then they get all, or nothing
Each step that is done is passed over, so run it again after anything went wrong."""


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/deploy",
        description="Build, plan, apply and prove; from an empty project on. It asks before it makes anything.",
        epilog="The smoke test signs in as scripts/smoke --help says. Exit status: 0 done, 1 not, 2 bad use.",
    )
    found.add_argument("environment", choices=ENVIRONMENTS)
    found.add_argument("--project", help="the project (cutroom-ENVIRONMENT)")
    found.add_argument("--tag", help="the images' tag (the commit)")
    found.add_argument("--yes", action="store_true", help="do not ask")
    found.add_argument("--dry-run", action="store_true", help="print the commands, in order, and run none")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    Interrupts()
    project = options.project or f"cutroom-{options.environment}"
    commands = Commands(dry=options.dry_run)
    print(_STEPS.format(environment=options.environment, project=project), flush=True)
    try:
        deploy(commands, options.environment, project, options.tag, yes=options.yes)
    except (Failed, plan.Declined) as error:
        print(f"scripts/deploy: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on.", file=sys.stderr)
        return 130
    return 0


def deploy(commands: Commands, environment: str, project: str, tag: str | None, *, yes: bool) -> None:
    tag = tag or _commit(commands)
    _prepare(commands, project)
    plan.initialise(commands, state_bucket(project), environment)
    variables = [f"-var-file=envs/{environment}.tfvars", f"-var=project={project}"]
    outputs = _outputs(commands, applied=False)
    if "registry" not in outputs:
        plan.apply(commands, variables, yes=yes)
        outputs = _outputs(commands)
    images = _images(commands, outputs["registry"], tag)
    plan.apply(commands, [*variables, f"-var-file={images}"], yes=yes)
    made = stack_of(_outputs(commands))
    revisions = Revisions(commands=commands, project=made.project, region=made.region)
    rollout.go(revisions, made, None)
    print(f"Cutroom answers at {made.url}")


def state_bucket(project: str) -> str:
    return f"{project}-state"


def _commit(commands: Commands) -> str:
    """The commit that is here, whole. Raises Failed: images of a tag must be what the tag says."""
    if changed := commands.read(
        "git", "status", "--porcelain", "--", "common", "functions", "jobs", instead=""
    ).strip():
        raise Failed(f"{len(changed.splitlines())} files differ from the last commit; commit them, or name a --tag")
    return commands.read("git", "rev-parse", "HEAD", instead="COMMIT").strip()


def _prepare(commands: Commands, project: str) -> None:
    try:
        billing = commands.read(
            *("gcloud", "billing", "projects", "describe", project, "--format=value(billingEnabled)"), instead="True"
        )
    except Failed as error:
        raise Failed(f"{error}. Is there a project {project}? gcloud projects create {project} makes it") from error
    if billing.strip().lower() != "true":
        raise Failed(f"nobody pays for {project}: gcloud billing projects link {project} --billing-account=ACCOUNT")
    services = [f"{name}.googleapis.com" for name in FIRST]
    commands.run("gcloud", "services", "enable", *services, f"--project={project}")
    bucket = f"gs://{state_bucket(project)}"
    if not commands.holds("gcloud", "storage", "buckets", "describe", bucket, f"--project={project}"):
        closed = ("--uniform-bucket-level-access", "--public-access-prevention")
        commands.run("gcloud", "storage", "buckets", "create", bucket, f"--project={project}", "--location=EU", *closed)
    commands.run("gcloud", "storage", "buckets", "update", bucket, "--versioning")


def _outputs(commands: Commands, *, applied: bool = True) -> dict[str, Any]:
    """Terraform's outputs by name; none before the first apply."""
    told = commands.read(*OUTPUT, instead=json.dumps(pretended() if applied else {}))
    return {name: one["value"] for name, one in json.loads(told).items()}


def _images(commands: Commands, registry: str, tag: str) -> Path:
    """The file of the images' digests, made unless it is there for this tag."""
    file = ROOT / ".cutroom" / f"images-{tag}.tfvars.json"
    if commands.dry or not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        host = registry.partition("/")[0]
        commands.run("gcloud", "auth", "configure-docker", host, "--quiet")
        commands.run("scripts/images", "push", "--registry", registry, "--tag", tag, "--out", str(file))
    return file


if __name__ == "__main__":
    sys.exit(main())
