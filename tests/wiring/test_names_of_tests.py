"""Workers in parallel refuse to begin unless each of them gives every test the same name."""

from __future__ import annotations

import gzip

import pytest


@pytest.mark.parametrize("raw", [gzip.compress(b"holds the second it was made in")])
def test_bytes_are_named_by_their_argument(raw: bytes, request: pytest.FixtureRequest) -> None:
    assert raw
    assert request.node.name.endswith("[raw]")
