"""scripts/openapi: the API's description, as programs and people read it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from functions.api import openapi
from functions.api.table import TABLE

PATH = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def page() -> str:
    """docs/openapi.json as the table has it."""
    return json.dumps(openapi.described(TABLE), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    argparse.ArgumentParser(
        prog="scripts/openapi", description="Write docs/openapi.json anew from functions/api/table.py."
    ).parse_args()
    PATH.write_text(page())
    print(f"{PATH.relative_to(PATH.parents[1])} written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
