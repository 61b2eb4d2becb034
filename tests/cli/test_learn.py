"""scripts/learn as a marketer uses it: look at a table, try it, import it, train, read the report, promote, go back."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.cli import experiments, learn
from tests.conftest import SHARED
from tests.serving import ROOT, Serving, served

KAG = SHARED / "ctr" / "KAG_conversion_data.csv"
TRENDING = SHARED / "ctr" / "youtube_US_trending_2017.csv.gz"
HEAD = "Kontoname;Name der Anzeige;Anzeigen-ID;Tag;Alter;Geschlecht;Impressionen;Linkklicks;Ausgegebener Betrag (EUR)"


Learned = Callable[..., str]


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
    assert "Laden 1: of no channel: no channel of meta-ads is called so" in told
    told = said(tmp_path, "accounts", "--as", "Laden 1=none")
    assert "Laden 0" in told and "somebody said so" in told and 'accounts --as "NAME=CHANNEL"' in told
    assert "none is connected yet" in said(tmp_path, "accounts", "--as", "Laden 1=" + "f" * 16, status=2)
    assert "says nothing" in said(tmp_path, "accounts", "--as", "Laden 1", status=2)
    told = said(tmp_path, "train")
    (version,) = set(re.findall(r"ctr@([\w-]+) was trained", told))
    told = said(tmp_path, "status")
    (live,) = re.findall(r"ctr@([\w-]+) speaks\.", told)
    assert re.search(r"320 creatives are known that can be learned from \(looked at 20[-\d]+ [\d:]+ UTC\)", told)
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


@pytest.fixture
def learned(serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Learned:
    """A command of experiments in this process: what it said."""
    monkeypatch.setenv("COLUMNS", "200")

    def ran(*arguments: str, status: int = 0) -> str:
        found = learn.main(["experiment", *arguments])
        told = capsys.readouterr().out
        assert found == status, told
        return told

    return ran


def test_an_experiment_is_made_counted_and_stopped(
    learned: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ("--title", "[red]Tea[/red]", "--title", "Iced tea")
    told = learned("make", "[bold]Tea[/bold] titles", *titles, "--together", "--cap", "10.50", "--daily", "4")
    (name,) = re.findall(r"experiment start (\w+)", told)
    assert "[bold]Tea[/bold] titles is draft: Not started yet" in told and "[red]Tea[/red]" in told
    assert "–" in told, "of what nobody counted nothing is known"
    assert "Every arm every day; 1,000 impressions before" in told and "at most 10.50 spent" in told
    assert "Nothing changes a budget by itself" in told
    told = learned("list")
    assert name in told and "[bold]Tea[/bold] titles" in told and "A 50%, B 50%" in told and "more" not in told
    learned("make", "Another", *titles)
    monkeypatch.setattr(experiments, "MOST_ROWS", 1)
    told = learned("list")
    assert "Another" in told and name not in told and "There are more than these 1; --state shows fewer" in told
    assert "no experiment that is decided" in learned("list", "--state", "decided")
    day = datetime.now(UTC).date().isoformat()
    one = ("--arm", "A", "--date", day, "--impressions", "2000", "--clicks", "20", "--spend", "1.25")
    assert "it is not started; start it" in learned("figures", name, *one, status=2)
    assert "is running: It begins even" in learned("start", name)
    assert "is running" in learned("start", name), "twice is once"
    assert "1 row is kept; 1 said something new" in learned("figures", name, *one)
    assert "none said anything new" in learned("figures", name, *one)
    csv = tmp_path / "counted.csv"
    csv.write_text(f"\ufeffArm;Date;Impressions;Clicks;Spend\r\nA;{day};2000;20;\r\nB;{day};2100;60;2\r\n")
    assert "2 rows are kept; 2 said" in learned("figures", name, str(csv)), "that nobody tells the money is news"
    told = learned("show", name)
    assert "2,100" in told and "60" in told and "0.00" in told, "no more is given where nobody tells the money"
    assert "figures" in told
    csv.write_text(f"arm,date,impressions,clicks\nA,{day},9,1\nC,{day},1,1\n")
    assert "row 2: there is no arm C; the arms are A, B" in learned("figures", name, str(csv), status=2)
    assert "2,000" in learned("show", name), "all rows or none"
    told = learned("stop", name)
    assert "is stopped: local stopped it." in told and "experiment make" in told
    assert "what is over is not started again" in learned("start", name, status=2)
    assert "there is no experiment" in learned("stop", "0" * 16, status=2)
    assert "an id is empty; give the one" in learned("stop", "", status=2)
    assert "is no id; give the one" in learned("stop", "\udcff", status=2)
    assert "'a b' is no experiment; give its id" in learned("stop", "a b", status=2)


def test_an_arm_is_drawn_for_a_slot(learned: Learned) -> None:
    told = learned("make", "Tea", "--thumbnail", "red", "--thumbnail", "blue")
    assert "One arm to each slot" in told
    (name,) = re.findall(r"experiment start (\w+)", told)
    assert f"draw {name} SLOT" in learned("start", name)
    told = learned("draw", name, "monday's")
    assert re.search(r"monday's gets (A: red|B: blue) \(its chance was 50%\)", told)
    assert f"draw {name} 'monday'\\''s' --publication ID" in told
    assert learned("draw", name, "monday's") == told, "the same ever after"
    for way, what in (((), "all arms alike"), (("--even",), "all arms alike"), (("--choose", "B"), "B for every slot")):
        told = learned("evaluate", name, *way, status=1)
        assert f"What {what} would have brought is not known" in told and "worth 0 of the 500 slots" in told
        assert "Slots: 1 drawn, 0 with a post." in told
    assert "there is no arm B&x; the arms are A, B" in learned("evaluate", name, "--choose", "B&x", status=2)
    assert "there is no publication p" in learned("draw", name, "monday's", "--publication", "p", status=2)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give one of --clip, --title, --thumbnail"),
        (("--title", "a", "--clip", "b"), "give one of"),
        (("--title", "a"), "2 to 12 arms, not 1; give --title once for each"),
        (("--title", "a") * 13, "2 to 12 arms, not 13"),
        (("--title", "a", "--title", "b", "--campaign", "C=7"), "one of the arms A, B, not C=7"),
        (("--title", "a", "--title", "b", "--publication", "p"), "ARM=ID"),
        (("--title", "a", "--title", "b", "--cap", "12,50"), "write it so"),
        (("--title", "a", "--title", "b", "--cap", "1e999999999"), "write it so"),
        (("--title", "a", "--title", "b", "--daily", "NaN"), "write it so"),
        (("--title", "a", "--title", "b", "--daily", "-1"), "0 or more"),
        (("--title", "a", "--title", "b", "--minimum", "²"), "whole number"),
        (("--title", "a", "--title", "b", "--minimum", "9999999999"), "from 0 to 1,000,000,000, such as 1200"),
        (("--title", "a", "--title", "b", "--days", "999"), "--days is a whole number from 1 to 365, such as 90"),
        (("--title", "a", "--title", "b", "--days", "0"), "--days is a whole number from 1 to 365"),
        (("--title", "a", "--title", "b", "--cap", "0"), "--cap is over 0; leave it out to have none"),
    ],
)
def test_what_is_no_experiment_is_refused_with_what_to_do(
    arguments: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert learn.main(["experiment", "make", "Tea", *arguments]) == 2
    assert why in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column arm, date, impressions, clicks"),
        ("arm,date,impressions,clicks\n", "has 0 rows"),
        ("arm,date,impressions,clicks\n" + "A,2026-01-01,1,1\n" * 201, "has 201 rows; send 1 to 200"),
        ("arm,date,impressions,clicks\nA,1.1.2026,9,1\nA,2026-01-01,9,1,7\n", "row 1: '1.1.2026' is no day"),
        ("arm,date,impressions,clicks\nA,1.1.2026,9,1\nA,2026-01-01,9,1,7\n", "row 2: it has more cells"),
        ("arm,date,impressions,clicks\nA,2026-01-01,1.5,1\n", "row 1: impressions is a whole number"),
        ("arm,date,impressions,clicks\nA,2026-01-01\n", "row 1: impressions is a whole number"),
        ("arm,date,impressions,clicks,spend\nA,2026-01-01,9,1,free\n", "row 1: spend is an amount"),
        ('arm,date,impressions,clicks\n"A,2026-01-01,9,1\n', "cannot be read"),
        ("arm,date,impressions,clicks\rA,1.1.2026,9,1\r", "row 1: '1.1.2026' is no day"),
        ("arm,date,impressions,clicks,Clicks\nA,2026-01-01,9,1,2\n", "two columns of the CSV are called clicks"),
        ("arm,date,impressions,clicks\nä,2026-01-01,9,1\n".encode("latin-1"), "not UTF-8"),
    ],
    ids=["empty", "none", "many", "day", "cells", "half", "short", "free", "quote", "mac", "twice", "latin"],
)
def test_figures_that_cannot_be_are_refused_all_of_them(
    text: str | bytes, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "counted.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert learn.main(["experiment", "figures", "x", str(path)]) == 2
    assert why in capsys.readouterr().out.replace("\n", " ")


def test_a_day_of_an_arm_is_told_whole_or_by_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert learn.main(["experiment", "figures", "x", "--arm", "A"]) == 2
    assert "--date, --impressions, --clicks is lacking: give it" in capsys.readouterr().out
    assert learn.main(["experiment", "figures", "x", "no.csv", "--arm", "A"]) == 2
    assert "leave one of them out" in capsys.readouterr().out
    assert learn.main(["experiment", "figures", "x", "no.csv"]) == 2
    assert "no.csv is no file" in capsys.readouterr().out


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
