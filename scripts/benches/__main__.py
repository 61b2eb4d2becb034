"""scripts/bench [NAME …] [--json FILE]: run benches, print their figures, exit 1 if one misses its target."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.benches import BENCHES, Row


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measure Cutroom against its targets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)} (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.names if name not in BENCHES]:
        parser.error(f"there is no bench {unknown[0]!r}; choose from {', '.join(BENCHES)}")
    console = Console(highlight=False)
    rows: list[Row] = []
    for name in options.names or BENCHES:
        with console.status(f"Measuring {name}") as status:
            for row in importlib.import_module(BENCHES[name]).rows():
                rows.append(row)
                status.update(f"Measuring {name}: after {row.name}")
                console.print(f"  {_sign(row)} {row.name}: {row.value:.3g} {row.unit}")
    console.print(_table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps([{**asdict(row), "ok": row.ok} for row in rows], indent=1) + "\n")
    return 0 if all(row.ok is not False for row in rows) else 1


def _sign(row: Row) -> str:
    return {True: "[green]ok[/green]  ", False: "[red]miss[/red]", None: "    "}[row.ok]


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("name", "value", "unit", "target", "peer", "ok"):
        numeric = heading in ("value", "target")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=heading not in ("name", "peer"))
    for row in rows:
        bound = "" if row.target is None else f"{'>=' if row.at_least else '<='} {row.target:g}"
        verdict = "" if row.ok is None else "ok" if row.ok else "MISS"
        table.add_row(row.name, f"{row.value:.3g}", row.unit, bound, row.peer, verdict)
    return table


if __name__ == "__main__":
    sys.exit(main())
