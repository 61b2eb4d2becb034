"""What the API tells programs, for people who typed a command: in the place of a route the command that asks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

COMMANDS: Final[Mapping[str, str]] = {
    "GET /v1/models": "scripts/learn status",
    "GET /v1/models/ctr": "scripts/learn status",
    "POST /v1/history": "scripts/learn import",
    "GET /v1/history/accounts": "scripts/learn accounts",
    "GET /v1/experiments": "scripts/learn experiment list",
    "GET /v1/channels": "scripts/publish channels",
    "GET /v1/publications": "scripts/publish list",
}


def spoken(said: object) -> str:
    """A route of which there is no command stays."""
    return re.sub(r"\b[A-Z]+ /v1/[a-z0-9/_{}-]*[a-z0-9}]", lambda route: COMMANDS.get(route[0], route[0]), str(said))
