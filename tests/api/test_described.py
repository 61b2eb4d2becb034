"""The API does what its description says, whatever is asked: requests are made from it, and answers held against it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from functions.api.openapi import described
from functions.api.table import TABLE
from scripts.cli import openapi as written
from tests.api.conftest import Served
from tests.api.test_resources import finished

EXAMPLES = 100  # of each route; --long makes ten times as many
ROUTES = [pytest.param(route, id=f"{route.method} {route.path}") for route in TABLE]


@pytest.mark.parametrize("route", ROUTES)
def test_whatever_is_asked_the_answer_is_as_described(served: Served, route: Any, pytestconfig: pytest.Config) -> None:
    clip = finished(served)
    flow = clip.rpartition(".")[0]
    there = {"clip": clip, "flow": flow, "asset": flow.rpartition("-")[0], "format": "srt", "aspect": "9x16"}
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", served.client.app)
    # It is Ann who asks: of what proves who somebody is, only a signature that was drawn would ever be sent.
    schema.config.generation.update(with_security_parameters=route.signed)
    examples = EXAMPLES * (10 if pytestconfig.getoption("--long") else 1)

    @given(case=schema[route.path][route.method].as_strategy(), real=st.booleans(), _again=st.integers())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def hold(case: schemathesis.Case[Any], real: bool, _again: int) -> None:
        if real:  # no chance finds what is there
            case.path_parameters |= {name: there[name] for name in case.path_parameters.keys() & there}
        # A schema cannot say all: a cursor must be one of ours, a name have a letter in it, min_s not be over max_s.
        case.call_and_validate(headers={"Authorization": "Bearer ann"}, excluded_checks=[positive_data_acceptance])

    hold()


def test_the_description_is_written_down() -> None:
    assert written.PATH.read_text() == written.page(), "run scripts/openapi"


def test_no_two_shapes_have_one_name() -> None:
    assert [name for name in described(TABLE)["components"]["schemas"] if not name.isidentifier()] == []
