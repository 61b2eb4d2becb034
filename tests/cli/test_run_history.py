"""scripts/run without any history, and once past campaigns were imported and a model has learned from them."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from common.bootstrap import local as bootstrap
from common.learning import history, imports, registry, summing
from common.learning.imports import Options
from common.ports.documents import Create
from common.scoring.ctr.training import train
from common.signals.features.registry import VERSION
from scripts.cli import run
from tests.harness import TENANT, settings
from tests.media import three_seconds

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "result.schema.json").read_text())
QUICK = ["--min", "1", "--max", "3", "--clips", "1"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def table(count: int) -> bytes:
    """Ads of one account, of which about 1.5 % of those who see them click."""
    chance = random.Random(5)
    rows = ["id,title,launched,impressions,clicks"]
    for n in range(count):
        shown = chance.randrange(2000, 9000)
        clicks = sum(chance.random() < 0.015 for _ in range(shown))
        rows.append(f"ad-{n},Ad {'x' * n},{date(2026, 3, 1) + timedelta(days=n % 200)},{shown},{clicks}")
    return "\n".join(rows).encode()


def learned(home: Path) -> None:
    """What an import, a training and a promotion leave."""
    with bootstrap.local(settings(home)) as there:
        engine = there.engine
        for one in imports.read(table(140), Options(account="Tea Shop"), NOW).past:
            key = f"tenants/{TENANT}/outcomes/{one.id}"
            engine.documents.commit([Create(key, {**summing.outcome(one, NOW), "history": []})])
        creatives = history.creatives(engine.documents, TENANT, NOW).creatives
        made = train(creatives, now=NOW, features_version=VERSION)
        whose = (engine.documents, engine.objects, engine.clock, TENANT)
        registry.promote(*whose, registry.put(*whose, made.ubj, made.manifest), by="ann", why="it is good")


def test_a_clip_is_foretold_once_there_is_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "240")
    video = three_seconds(tmp_path)

    def ran() -> tuple[str, dict[str, Any], str]:
        assert run.main([str(video), *QUICK]) == 0
        result = json.loads((tmp_path / "out/three/result.json").read_text())
        jsonschema.validate(result, SCHEMA)
        return capsys.readouterr().out, result, (tmp_path / "out/three/report.html").read_text()

    said, result, page = ran()
    told = result["clips"][0]["prediction"]
    assert "clicks: not enough data, 0 of 100 posts and ads" in said and "Not enough data" in page
    assert told["accounts"] == [] and told["model"] is None and told["silence"]["have"] == 0
    assert {one["name"] for one in told["known"]} >= {"score", "hook", "rubric"}

    learned(tmp_path / "state")
    said, result, page = ran()
    (one,) = result["clips"][0]["prediction"]["accounts"]
    assert one["name"] == "Tea Shop" and one["prediction"]["model"].startswith("ctr@1-")
    assert one["prediction"]["low"] < 0.015 < one["prediction"]["high"]
    assert one["prediction"]["alike"] and "the same for every clip" in said and "the same for every clip" in page
    assert f"1: {one['prediction']['says']}" in said and "Not enough data" not in page
    again = {name: (one["runs"], one["reused"]) for name, one in result["timings"].items()}
    assert again.pop("predict") == (1, 0)
    assert all(runs == reused for runs, reused in again.values()), "all else is as it was, and done before"
