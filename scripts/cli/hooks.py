"""scripts/hooks: learn how well an opening line pulls, and write the weights that are shipped."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from common.adapters.models.minilm import DIMENSIONS
from common.errors import CutroomError
from common.scoring.pull import model
from scripts.cli.terminal import Terminal
from scripts.pulling import archive, embedding, training

HERE = Path(model.__file__).resolve().parent


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/hooks",
        description="Learn how well an opening line pulls, from the exploratory tests of the Upworthy Research "
        "Archive, and write weights and manifest. It takes some minutes. New weights change what the stages meaning, "
        "propose and score give: raise their versions in common/pipeline/definition.py.",
    )
    parser.add_argument("archive", type=Path, metavar="TABLE.csv.gz", help="the archive's exploratory tests")
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help="where to (the package)")
    parser.add_argument(
        "--kept",
        type=Path,
        default=Path(tempfile.gettempdir()) / "cutroom-hooks",
        metavar="FOLDER",
        help="where what the model of sentences holds of the headlines is kept for the next time",
    )
    options = parser.parse_args(argv)
    console = Terminal(stderr=True)
    try:
        made = _trained(options.archive, options.kept, console)
        model.opened(made.weights, made.manifest)
    except CutroomError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / model.WEIGHTS).write_bytes(made.weights)
    (options.out / model.MANIFEST).write_bytes(made.manifest)
    print(json.dumps(json.loads(made.manifest)["readings"], indent=1))
    print(f"{options.out}: {len(made.weights) / 1e3:.0f} KB of weights")
    return 0


def _trained(path: Path, kept: Path, console: Console) -> training.Trained:
    rows, data = archive.read(path)
    arms = archive.arms(rows)
    with console.status("Reading headlines") as status:
        deep = embedding.depths(
            arms.headlines, kept, lambda done, whole: status.update(f"Reading headlines: {done} of {whole}")
        )
        group = archive.groups(arms, deep[:, :DIMENSIONS].astype("float32"), training.ALIKE)
        status.update("Fitting")
        return training.train(
            path,
            arms,
            archive.pairs(arms),
            group,
            deep[:, DIMENSIONS:].astype("float32"),
            data=data,
            source=embedding.source(),
        )


if __name__ == "__main__":
    sys.exit(main())
