"""scripts/run as a person uses it: what is typed, what is seen, what goes wrong."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pytest

from scripts.cli import run
from scripts.cli.export import folder_name
from scripts.cli.serve import Watcher
from tests.media import three_seconds

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "result.schema.json").read_text())
QUICK = ["--min", "1", "--max", "3", "--clips", "2"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    return tmp_path


def test_a_video_becomes_clips_and_again_nothing_is_done(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = three_seconds(here)
    assert run.main([str(video), *QUICK]) == 0
    first = capsys.readouterr().out
    assert "Report: out/three/report.html" in first and "left out" in first
    result = json.loads((here / "out/three/result.json").read_text())
    jsonschema.validate(result, SCHEMA)
    clip = result["clips"][0]
    assert clip["renditions"][0]["aspect"] == "9:16"
    checks = [check for rendition in clip["renditions"] for check in rendition["checks"]]
    assert clip["ready"] and all(check["ok"] for check in checks if check["platform"] is None)
    assert any(not check["ok"] for check in checks if check["platform"] == "snapchat_spotlight")
    for path in (clip["renditions"][0]["path"], clip["captions"]["srt"], clip["captions"]["vtt"]):
        assert (here / "out/three" / path).stat().st_size > 0
    assert [word["text"] for word in result["transcript"]["words"]][:2] == ["Why", "does"]

    before = (here / "out/three/result.json").read_bytes()
    assert run.main([str(video), *QUICK]) == 0
    assert (here / "out/three/result.json").read_bytes() == before

    assert run.main([str(video), *QUICK, "--aspect", "1:1", "--json"]) == 0
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["aspect"] for one in again["clips"][0]["renditions"]] == ["1:1"]
    timings = again["timings"]
    assert timings["detect"]["reused"] == timings["ingest"]["reused"] == 1 and timings["render"]["reused"] == 0

    copy = here / "a copy.mp4"
    shutil.copyfile(video, copy)
    shutil.copyfile(video.with_suffix(".vtt"), copy.with_suffix(".vtt"))
    video.unlink()
    assert run.main([str(copy), *QUICK, "--aspect", "4:5"]) == 0
    assert "the same file is here already" in capsys.readouterr().out
    assert json.loads((here / "out/a copy/result.json").read_text())["timings"]["detect"]["reused"] == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.mp4"], "nowhere.mp4 is not there"),
        (["now[/here].mp4"], "now[/here].mp4 is not there"),
        (["empty"], "no video in empty"),
        (["x.mp4", "--aspect", "2:1"], "none of 9:16"),
        (["x.mp4", "--clips", "0"], "--clips takes"),
        (["x.mp4", "--min", "9", "--max", "3"], "--max no fewer than"),
        (["x.mp4", "--max", "9999"], "no clip"),
        (["x.mp4", "--audio-track", "-1"], "counts from 0"),
        (["x.mp4", "x.mp4", "--transcript", "t.srt"], "exactly one video"),
        (["x.mp4", "--transcript", "t.srt"], "t.srt is not there"),
        (["x.mp4", "--transcript", "bad.srt"], "no SRT"),
        (["x.mp4", "--again", "rendr"], "there is no stage 'rendr'"),
        (["x.mp4"], "holds no video"),
    ],
)
def test_bad_use_ends_with_2_and_a_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    (here / "empty").mkdir()
    (here / "x.mp4").write_bytes(b"this is no video at all")
    (here / "bad.srt").write_text("nothing timed")
    status = run.main(arguments)
    said = " ".join(capsys.readouterr().out.split())
    assert status == 2, said
    if complaint == "holds no video":
        assert "Not done" in said and "left out" not in said  # the cause is said once, not for every stage after it
    else:
        assert complaint in said


def test_names_of_any_kind_work(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = three_seconds(here)
    plain.with_suffix(".vtt").unlink()
    odd = here / os.fsdecode(b"-i %03d [red]\xff\n'\xe4\xbd\xa0.mp4")
    plain.rename(odd)
    assert run.main([str(odd), *QUICK]) == 0
    assert len(list((here / "out").glob("*/report.html"))) == 1
    outside = [path.name for path in here.iterdir()]
    assert sorted(outside) == sorted([odd.name, "out", "state"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("talk.mp4", "talk"),
        ("../../etc/passwd", "passwd"),
        ("..mp4", "video"),
        ("a:b\0c.mov", "a_b_c"),
        (".mp4", "mp4"),
    ],
)
def test_a_folder_is_named_safely(name: str, expected: str) -> None:
    assert folder_name(name) == expected
    assert len(folder_name("你" * 300 + ".mp4").encode()) <= 120


def test_the_watcher_takes_whole_files_once(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path)
    video = tmp_path / "new.mp4"
    video.write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("x")
    assert watcher.ready(0.0) == []
    video.write_bytes(b"half and the rest")
    assert watcher.ready(5.0) == []
    assert watcher.ready(8.0) == [video]
    assert watcher.ready(20.0) == []


def test_a_storyboard_is_scored_before_anything_is_shot(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = here / "plan.json"
    shots = [{"seconds": 2, "say": "Why does your bread fail?"}, {"seconds": 3, "say": "Your dough is too cold."}]
    plan.write_text(json.dumps({"schema": "cutroom.storyboard/1", "title": "[b]Bread[/b]", "shots": shots}))
    assert run.main([str(plan), "--json"]) == 0
    out, err = capsys.readouterr()
    scored = json.loads(out)
    assert 0 < scored["score"] <= 1 and scored["prediction"] is None and "[b]Bread[/b]" in err
    assert {part["name"] for part in scored["judgement"]["parts"] if part["value"] is None} >= {"energy", "novelty"}
    plan.write_text('{"schema": "cutroom.storyboard/1"}')
    assert run.main([str(plan)]) == 2
    assert "title" in capsys.readouterr().out
    assert not (here / "out").exists()
