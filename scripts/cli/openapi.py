"""scripts/openapi: the API's description, as programs and people read it, and the client that is written from it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from functions.api import openapi
from functions.api.table import TABLE
from scripts.cli import client

PATH = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def page() -> str:
    """docs/openapi.json as the table has it."""
    return json.dumps(openapi.described(TABLE), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    argparse.ArgumentParser(
        prog="scripts/openapi",
        description="Write docs/openapi.json and the client's shapes and routes anew from functions/api/table.py.",
    ).parse_args()
    described = openapi.described(TABLE)
    for path, text in (
        (PATH, page()),
        (client.SHAPES, client.shapes(described)),
        (client.ROUTES, client.routes(described)),
    ):
        path.write_text(text)
        print(f"{path.relative_to(PATH.parents[1])} written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
