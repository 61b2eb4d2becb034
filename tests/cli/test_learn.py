"""scripts/learn as a marketer uses it: look at a table, try it, import it, train, read the report, promote, go back."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.adapters.embedded.auth import LocalKey
from common.adapters.embedded.folder import StateFolder
from scripts.cli import learn
from tests.serving import ROOT, Serving, served

KAG = Path("/work/shared/data/ctr/KAG_conversion_data.csv")
TRENDING = Path("/work/shared/data/ctr/youtube_US_trending_2017.csv.gz")
HEAD = "Kontoname;Name der Anzeige;Anzeigen-ID;Tag;Alter;Geschlecht;Impressionen;Linkklicks;Ausgegebener Betrag (EUR)"


def export(path: Path, ads: int = 160) -> Path:
    """As Ads Manager writes one in German: women click twice as often as men."""
    chance, rows = random.Random(4), [HEAD]
    for n in range(ads):
        day = date(2026, 1, 1) + timedelta(days=n % 150)
        for gender, rate in (("weiblich", 0.02), ("männlich", 0.01)):
            shown = chance.randrange(2000, 9000)
            clicks = sum(chance.random() < rate for _ in range(shown))
            told, spent = f"{shown:,}".replace(",", "."), f"{shown / 300:.2f}".replace(".", ",")
            name = "" if n else "<script>alert(1)</script>"
            rows.append(f"Laden {n % 2};{name}Anzeige {n};77{n};{day:%d.%m.%Y};25-34;{gender};{told};{clicks};{spent}")
    path.write_text("\n".join(rows), "utf-16")
    return path


def said(folder: Path, *arguments: str, status: int = 0) -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-u", "-m", "scripts.cli.learn", *arguments]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    with served(tmp_path) as made:
        yield made


def test_a_history_is_imported_learned_from_promoted_and_taken_back(serving: Serving, tmp_path: Path) -> None:
    table = export(tmp_path / "export.csv")
    told = said(tmp_path, "status")
    assert "No model of clicks speaks yet" in told and "Known already" in told and "scripts/learn import" in told
    told = said(tmp_path, "import", str(table), "--dry-run")
    assert "Linkklicks" in told and "320 creatives" in told and "Nothing was kept" in told
    told = said(tmp_path, "import", str(table))
    assert "320 creatives are taken" in told and "Laden 1 (meta-ads): 160" in told
    (name,) = re.findall(r"undo (\w+)", told)
    told = said(tmp_path, "train")
    (version,) = set(re.findall(r"ctr@([\w-]+) was trained", told))
    told = said(tmp_path, "status")
    (live,) = re.findall(r"ctr@([\w-]+) speaks\.", told)
    assert version in told and "320 creatives" in told and "shadow" in told, "the first speaks, the next is tried first"
    told = said(tmp_path, "report", "--version", version, "--out", "page/report.html")
    assert "Better than" in told and version in (tmp_path / "page/report.html").read_text()
    assert f"ctr@{version} speaks from now on" in said(tmp_path, "promote", version)
    assert f"ctr@{live} speaks again" in said(tmp_path, "rollback")
    assert f"ctr@{version} speaks again" in said(tmp_path, "rollback")
    assert "no experiment yet" in said(tmp_path, "experiment", "list")
    assert "no version" in said(tmp_path, "promote", "9-none", status=2)
    assert "is taken back" in said(tmp_path, "undo", name)
    assert "nothing to take back" in said(tmp_path, "undo", name, status=2)


def asked(path: str, body: object = None) -> dict[str, Any]:
    """What the API of this machine says."""
    folder = StateFolder(Path(os.environ["CUTROOM_HOME"]))
    headers = {"Authorization": f"Bearer {LocalKey(folder.key).key}", "Content-Type": "application/json"}
    wanted = urllib.request.Request(f"{folder.address}{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(wanted, timeout=30) as answer:
        return dict(json.loads(answer.read()))


def test_an_experiment_is_seen_started_and_stopped(serving: Serving, tmp_path: Path) -> None:
    arms = [{"name": name, "text": f"[red]{name}[/red]"} for name in ("A", "B")]
    made = {"name": "[bold]Tea[/bold] titles", "kind": "title", "arms": arms, "shown": "together"}
    name = asked("/v1/experiments", made)["id"]
    told = said(tmp_path, "experiment", "list")
    assert name in told and "[bold]Tea[/bold] titles" in told and "A 50%, B 50%" in told
    told = said(tmp_path, "experiment", "show", name)
    assert "is draft: Not started yet" in told and "–" in told, "of what nobody counted nothing is known"
    assert "is running: It begins even" in said(tmp_path, "experiment", "start", name)
    assert "is running" in said(tmp_path, "experiment", "start", name), "twice is once"
    day = datetime.now(UTC).date().isoformat()
    figures = [{"arm": arm, "date": day, "impressions": 2000, "clicks": n} for arm, n in (("A", 20), ("B", 60))]
    asked(f"/v1/experiments/{name}/figures", {"figures": figures})
    told = said(tmp_path, "experiment", "show", name)
    assert "2,000" in told and "60" in told
    assert "is stopped: local stopped it." in said(tmp_path, "experiment", "stop", name)
    assert "what is over is not started again" in said(tmp_path, "experiment", "start", name, status=2)
    assert "there is no experiment" in said(tmp_path, "experiment", "stop", "0" * 16, status=2)


def test_what_a_score_counts_is_seen_and_taken_back(serving: Serving, tmp_path: Path) -> None:
    told = said(tmp_path, "weights")
    assert "what they do for everybody" in told and "hook" in told
    assert "nothing to take back" in said(tmp_path, "weights", "--rollback", status=2)


def test_training_that_cannot_end_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"looks": [], "trouble": "a fault of Cutroom (RuntimeError); report it"}
    models = SimpleNamespace(one=lambda _: said, train=lambda _: said)
    monkeypatch.setattr("scripts.cli.here.client", lambda: nullcontext(SimpleNamespace(models=models)))
    monkeypatch.setattr(learn, "LOOK_S", 0.0)
    monkeypatch.setattr(learn, "PATIENCE_S", 0.0)
    assert learn.main(["train"]) == 2
    assert "it could not be done: a fault of Cutroom" in capsys.readouterr().out


def test_a_table_is_tried_without_keeping_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    table = export(tmp_path / "export.csv")
    told = said(tmp_path, "backtest", str(table))
    assert "the account's own average" in told and "a plain line (GLM)" in told
    page = (tmp_path / "backtest/report.html").read_text()
    assert "Anzeige 80 · age 25-34 · gender women" in page and "<script" not in page
    found = json.loads((tmp_path / "backtest/backtest.json").read_bytes())
    assert found["models"]["ours"]["skill"] > 0.5 and 0.9 < found["models"]["ours"]["calibration_ratio"] < 1.1
    assert not (tmp_path / "state").exists(), "no state is touched"
    told = json.loads(said(tmp_path, "backtest", str(table), "--json"))
    assert told["verdict"]["sentence"] and told["foretold"] == found["foretold"]


def test_what_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "is no file" in said(tmp_path, "backtest", "nothing.csv", status=2)
    short = export(tmp_path / "short.csv", ads=20)
    assert "of" in said(tmp_path, "backtest", str(short), status=1)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("id,day,impressions,clicks\n1,2026-01-01,10,11\n2,2026-01-01,10,1\n")
    told = said(tmp_path, "backtest", str(wrong), status=2)
    assert "line 2: 11 clicks are more than its 10 impressions" in told and "1 of 2 rows are wrong" in told
    assert not (tmp_path / "backtest").exists()


@pytest.mark.skipif(not KAG.is_file(), reason="the shared data are not on this machine")
def test_the_public_tables_are_tried_or_refused(tmp_path: Path) -> None:
    told = said(tmp_path, "backtest", str(KAG), "--out", "kag")
    assert "own average" in told and "Nobody says in which currency" in told
    assert "interest 15" in (tmp_path / "kag/report.html").read_text(), "who has no title is known by its segments"
    assert "Views say who watched" in said(tmp_path, "backtest", str(TRENDING), status=2)
