"""A text that must fit a pattern fits it whole, in Python as in what reads docs/openapi.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from functions.api.route import matching

DESCRIBED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.mark.parametrize("text", ["ab\n", "ab ", "\nab", "xab", "abab"])
def test_what_comes_after_it_or_before_it_is_refused(text: str) -> None:
    shape = Annotated[str, matching("ab")]
    assert msgspec.json.decode(b'"ab"', type=shape) == "ab"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(text), type=shape)


def test_no_pattern_of_a_body_lets_a_line_end_follow() -> None:
    found = list(patterns(json.loads(DESCRIBED.read_text())["components"]["schemas"]))
    assert len(found) >= 8
    assert [one for one in found if not one.endswith(r"$(?!\n)")] == []


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    for one in schema if isinstance(schema, list) else ():
        yield from patterns(one)
