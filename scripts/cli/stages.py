"""scripts/stages: what Terraform needs of the code, written for it: stages, lanes, pools, indexes. And its READMEs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common.adapters.google.indexes import EXPIRING, INDEXES, Index
from common.pipeline.definition import PIPELINE
from common.pipeline.launcher import POLICIES, PoolPolicy
from common.pipeline.place import POOLS
from common.pipeline.stage import LONGEST, LONGEST_ON_GPU, Image, Stage, Where
from scripts.cli import terraform_readme

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
ORDER = list(Image)  # each holds all that the one before it holds


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    stale = {path: text for path, text in written().items() if not path.is_file() or path.read_text() != text}
    for path, text in stale.items():
        name = path.relative_to(TERRAFORM.parent)
        if options.check:
            print(f"{name} is not what the code says; run scripts/stages")
        else:
            path.write_text(text)
            print(f"{name} written")
    if not stale:
        print("everything is as the code says")
    return int(options.check and bool(stale))


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/stages",
        description="Write terraform/*.auto.tfvars.json from the table of stages and from the code's queries, and the "
        "tables of the READMEs below terraform/. Nothing else is changed.",
    )
    found.add_argument("--check", action="store_true", help="write nothing; exit with 1 if anything would change")
    return found


def written() -> dict[Path, str]:
    """Every generated file as it should be."""
    tables = {
        TERRAFORM / "stages.auto.tfvars.json": stages_table(PIPELINE, POLICIES),
        TERRAFORM / "indexes.auto.tfvars.json": indexes_table(INDEXES, EXPIRING),
    }
    found = {path: json.dumps(table, indent=2) + "\n" for path, table in tables.items()}
    return found | terraform_readme.pages(TERRAFORM)


def stages_table(stages: Iterable[Stage], policies: Mapping[str, PoolPolicy]) -> dict[str, Any]:
    """Stages, lanes and pools by name; all times in seconds."""
    return {
        "stages": {
            stage.name: {
                "title": stage.title,
                "image": stage.image.value,
                "places": [where.value for where in stage.places],
                "timeout_s": int(stage.timeout_s),
                "lane": stage.image.value if Where.TASK in stage.places else None,
                "pool": POOLS[stage.image] if Where.POOL in stage.places else None,
            }
            for stage in stages
        },
        # No service has a GPU; every other image has one, whether a stage is there for it today or not.
        "lanes": {
            image.value: {"image": image.value, "call_s": int(LONGEST[Where.TASK])}
            for image in Image
            if image is not Image.GPU
        },
        "pools": {pool: _pool(pool, policy) for pool, policy in policies.items()},
    }


def _pool(pool: str, policy: PoolPolicy) -> dict[str, Any]:
    image = max((image for image, name in POOLS.items() if name == pool), key=ORDER.index)
    gpu = image is Image.GPU
    return {
        "image": image.value,
        "live_s": int(LONGEST_ON_GPU if gpu else LONGEST[Where.POOL]),
        "cap": policy.cap,
        "gpu": gpu,
    }


def indexes_table(indexes: Iterable[Index], expiring: Iterable[str]) -> dict[str, Any]:
    """Indexes of several fields, and single fields that are indexed otherwise than by themselves."""
    kept = list(indexes)
    return {
        "indexes": {one.name: _composite(one) for one in kept if not one.single},
        "fields": {
            **{one.name: _field(one.collection, one.fields[0], group=True) for one in kept if one.single},
            **{f"{name}-expires": _field(name, "expires", expires=True) for name in expiring},
        },
    }


def _composite(index: Index) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [{"path": name} for name in index.fields]
    if index.dimension is not None:  # Firestore puts the name before the vector, and wants to be told so
        fields[-1:] = [{"path": "__name__"}, {"path": index.fields[-1], "dimension": index.dimension}]
    if index.last_first:
        fields[-1]["order"] = "DESCENDING"
    return {"collection": index.collection, "group": index.group, "fields": fields}


def _field(collection: str, field: str, *, group: bool = False, expires: bool = False) -> dict[str, Any]:
    return {"collection": collection, "field": field, "group": group, "expires": expires}


if __name__ == "__main__":
    raise SystemExit(main())
