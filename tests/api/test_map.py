"""docs/api-map.md names no route that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from functions.api.table import TABLE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api-map.md"


def test_every_route_that_the_map_names_is_there() -> None:
    named = set(re.findall(r"`([A-Z]+ /v1/[^`]*)`", PAGE.read_text()))
    assert len(named) > 10
    assert named <= {f"{route.method} {route.path}" for route in TABLE}
