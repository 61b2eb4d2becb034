"""Who typed a command is told commands, not routes; each of them is one."""

from __future__ import annotations

import shlex

import pytest

from functions.api.table import TABLE
from scripts.cli import learn, publish
from scripts.cli.spoken import COMMANDS, spoken


def test_a_route_is_told_as_its_command_and_what_has_none_stays() -> None:
    said = "there is no version 7 of ctr; GET /v1/models/ctr lists them (status 404, code not_found)"
    assert spoken(said) == "there is no version 7 of ctr; scripts/learn status lists them (status 404, code not_found)"
    for route in ("GET /v1/channels/{channel}", "GET /v1/channels/7", "POST /v1/history/parts", "GET /v1/models/x"):
        assert spoken(f"see {route}; then") == f"see {route}; then"
    assert spoken("GET /v1/channels, then") == "scripts/publish channels, then"


@pytest.mark.parametrize(("route", "command"), COMMANDS.items())
def test_each_is_a_route_and_a_command_that_there_are(route: str, command: str) -> None:
    method, path = route.split()
    paths = {(one.method, one.path.replace("{model}", "ctr")) for one in TABLE}
    assert (method, path) in paths
    program, *words = shlex.split(command)
    parser = {"scripts/learn": learn.parser, "scripts/publish": publish.parser}[program]()
    assert parser.parse_args([*words, *(["x.csv"] if words == ["import"] else [])])
