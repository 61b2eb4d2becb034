"""docs/features.md says what the registry has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.signals.features.registry import FEATURES
from scripts.cli import features


def test_the_page_is_what_the_registry_has() -> None:
    assert features.PAGE.read_text() == features.page(), "run scripts/features"


def test_the_page_has_one_row_for_each_feature() -> None:
    rows = [line for line in features.page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [feature.name for feature in FEATURES]
    assert all(row.count("|") == 6 for row in rows)  # no source breaks its table


def test_a_changed_feature_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = features.page()
    monkeypatch.setattr(features, "FEATURES", (replace(FEATURES[0], version=7), *FEATURES[1:]))
    assert features.page() != before
