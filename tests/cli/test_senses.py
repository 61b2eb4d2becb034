"""What scripts/run says of what is hard to hear, see and read: nothing is invented, nothing is lost without a word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models import store as kept
from scripts.cli import run
from tests import tiny_whisper
from tests.sound import ffmpeg, melody

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text())
QUICK = ("--clips", "1", "--min", "1", "--max", "3", "--json")
BLACK = "color=black:s=64x64:r=10"  # black pictures are not read, which saves the time to open what reads
LIVELY = "testsrc2=s=160x90:r=25"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTROOM_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("CUTROOM_MODELS", raising=False)
    return tmp_path


def film(path: Path, picture: str, *sound: str | Path, seconds: float = 4, coded: tuple[str, ...] = ()) -> Path:
    """A video of this ffmpeg source, with the sound of these inputs."""
    length = ("-t", str(seconds))
    heard = (*map(str, sound), "-c:a", "aac") if sound else ()
    ffmpeg("-f", "lavfi", "-i", picture, *heard, *length, *(coded or ("-c:v", "libx264")), str(path))
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[Any]]:
    """The exit status, and what is printed of each video."""
    status = run.main([*map(str, arguments), *QUICK])
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for result in results:
        if result["schema"] != "cutroom.error/1":
            jsonschema.validate(result, SCHEMA)
    return status, results


def left_out(result: Any) -> str:
    return "\n".join(f"{one['what']}: {one['why']}" for one in result["left_out"])


def luma(path: Path | str, width: int, height: int) -> NDArray[np.uint8]:
    """Four frames a second."""
    raw = ffmpeg("-i", str(path), "-vf", f"fps=4,scale={width}:{height},format=gray", "-f", "rawvideo", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width)


def test_no_words_are_invented(here: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    melody(3).tofile(here / "tune.f32")
    tune = ("-f", "f32le", "-ar", "16000", "-ac", "1", "-i", here / "tune.f32")
    german = ("-ss", "0.6", "-i", shared / "speech/leopard/test_de.wav")
    videos = {
        "nobody speaks": film(here / "silence.mp4", BLACK, "-f", "lavfi", "-i", "anullsrc", seconds=1.5),
        "gave no sure words; they may be in another language": film(here / "de.mp4", BLACK, *german, seconds=3),
        "": film(here / "tune.mp4", BLACK, *tune, seconds=3),
    }
    status, results = told(capsys, *videos.values())
    assert status == 0
    for result, (why, video) in zip(results, videos.items(), strict=True):
        assert result["asset"]["name"] == video.name and result["transcript"] is None
        assert why in left_out(result) and "words were heard" not in left_out(result)
        (clip,) = result["clips"]
        assert clip["text"] == "" and set(clip["captions"].values()) == {None}
    assert results[2]["sound"]["kinds"][-1]["kind"] == "music"


EVIL = [
    ("beyond", 60, 61), ("{\\an8}top", 0.2, 0.6), ("\\Nnext\nline", 0.6, 1.2), ("{\\p1}m 0 0 l 500 0{\\p0}", 1.2, 1.5),
    ("🔥", 2.2, 2.6), ("שלום", 1.8, 2.2), ("<i>bold</i>", 1.5, 1.8), ("\u202e}{\\", 2.6, 2.8), ("runs", 2.8, 99),
]  # fmt: skip


def test_words_of_any_kind_are_shown_and_do_no_more(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = film(here / "black.mp4", BLACK, seconds=3)
    words = [{"text": text, "start": start, "end": end} for text, start, end in EVIL]
    (here / "words.json").write_text(json.dumps({"words": words}))
    for style in ("pop", "box"):
        status, (result,) = told(capsys, video, "--transcript", here / "words.json", "--captions", style)
        assert status == 0
        (clip,) = result["clips"]
        (made,) = clip["renditions"]
        assert made["captions"] == style
        shown = luma(here / "out/black" / made["path"], 180, 320)
        rows = np.flatnonzero((shown > 128).any(axis=(0, 2)))
        assert 0.4 * 320 < rows[0] < rows[-1] < 0.7 * 320  # in the lower middle, nothing at the top
    said = [word["text"] for word in result["transcript"]["words"]]
    assert said == ["top", "next", "line", "bold", "שלום", "🔥", "}{\\", "runs"]
    assert result["transcript"]["words"][-1]["end"] == 3
    notes = " ".join(result["transcript"]["notes"])
    assert "not in order of time and were sorted" in notes and "1 word past the end of the video left out" in notes
    for kind in ("srt", "vtt", "ass"):
        text = (here / "out/black" / clip["captions"][kind]).read_text()
        assert "an8" not in text and "500" not in text and "\u202e" not in text and "שלום" in text
    assert "<i>" not in (here / "out/black/report.html").read_text()
    assert "the file has no sound" in left_out(result) and "nobody speaks" not in left_out(result)


def test_broken_frames_are_counted_and_a_clip_is_made_of_the_rest(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = film(here / "whole.mp4", LIVELY, "-f", "lavfi", "-i", "sine")
    content = bytearray(whole.read_bytes())
    first, last = len(content) * 3 // 10, len(content) * 3 // 4
    content[first:last] = bytes(last - first)
    video = here / "broken.mp4"
    video.write_bytes(content)
    video.with_suffix(".srt").write_text("1\n00:00:01,200 --> 00:00:03,600\nHow do you win three million dollars?\n")
    status, (result,) = told(capsys, video)
    assert status == 0
    (lost,) = [one for one in result["left_out"] if one["what"].endswith("frames of the picture")]
    assert 10 < int(lost["what"].split()[0]) <= 100 and lost["why"].startswith("broken in the file")
    assert "show the same" not in left_out(result)  # what can be seen was fingerprinted
    (clip,) = result["clips"]
    assert clip["start"] < 2.5 < clip["end"] and clip["end"] - clip["start"] >= 1
    assert clip["thumbnail"] is not None
    assert clip["ready"] and all(check["ok"] or check["platform"] for check in clip["renditions"][0]["checks"])


def test_a_harmed_model_is_named_and_once_it_is_mended_the_same_command_uses_it(
    here: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = film(here / "jfk.mp4", BLACK, "-i", shared / "speech/jfk.flac", seconds=3)
    kept.add(here / "state/models", "tiny", tiny_whisper.make(here / "made"))
    model = kept.folder(here / "state/models", "tiny") / "model.bin"
    content = model.read_bytes()
    model.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status, (result,) = told(capsys, video)
    assert status == 0 and result["transcript"] is None and result["clips"][0]["renditions"]
    assert f"{model} is changed: its sha256 is not " in left_out(result)
    assert "nobody speaks" not in left_out(result) and "words were heard" not in left_out(result)
    model.write_bytes(content)
    status, (result,) = told(capsys, video)
    assert status == 0 and "sha256" not in left_out(result)
    assert "1 of 1 stretches of speech gave no sure words" in left_out(result)  # its weights are random
    assert result["timings"]["track"]["runs"] == 1


def test_a_turned_hdr_picture_at_240_frames_a_second_comes_out_as_it_is_seen(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = "color=black:s=160x90:r=240,geq=lum='64+X*5':cb=512:cr=512,format=yuv420p10le"
    colours = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", *colours)
    flat = film(here / "flat.mp4", grey, seconds=1.5, coded=hevc)
    odd = here / os.fsdecode(b"-y [b]%d\xff\n'.mp4")
    ffmpeg("-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=90", "-tag:v", "hvc1", str(here / "turned.mp4"))
    (here / "turned.mp4").rename(odd)
    status, (result,) = told(capsys, odd)
    assert status == 0
    asset = result["asset"]
    assert (asset["width"], asset["height"], asset["dynamic_range"], asset["frame_rate"]) == (90, 160, "pq", 240)
    (made,) = result["clips"][0]["renditions"]
    assert made["frame_rate"] == 60 and all(check["ok"] or check["platform"] for check in made["checks"])
    (folder,) = (here / "out").iterdir()
    column = luma(folder / made["path"], 9, 16)[1].mean(axis=1)
    assert min(column[0], column[-1]) < 60 < 120 < max(column[0], column[-1])  # dark at one end, light at the other
    assert np.ptp(luma(folder / made["path"], 9, 16)[1], axis=1).max() < 20


def test_the_smallest_picture_is_refused_and_the_largest_fits_in_memory(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dot = film(here / "dot.mkv", "color=s=1x1:r=10,format=yuv444p", seconds=2, coded=("-c:v", "ffv1"))
    fast = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    vast = film(here / "vast.mp4", "color=black:s=7680x4320:r=2", seconds=1.5, coded=fast)
    status, (refused, result) = told(capsys, dot, vast)
    assert status == 2 and refused["error"]["code"] == "too_small" and "1x1" in refused["error"]["text"]
    assert result["asset"]["width"] == 7680
    assert [one["aspect"] for one in result["clips"][0]["renditions"]] == ["9:16"]
    assert max(stage["peak_mb"] for stage in result["timings"].values()) < 1000


def working(state: Path) -> list[str]:
    """Command lines of the processes that work in this state folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(state).encode() in (process / "environ").read_bytes() + os.fsencode(os.readlink(process / "cwd")):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def awaited(condition: Callable[[], Any]) -> Any:
    """What it gives once that is not nothing."""
    until = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_ctrl_c_leaves_nothing_behind_and_the_same_command_carries_on(here: Path, shared: Path) -> None:
    """While models look, read and hear, each of them once, in whatever order they come."""
    video = film(here / "talk.mp4", LIVELY, "-i", shared / "speech/jfk.flac", seconds=3)
    state = here / "state"

    @contextmanager
    def started() -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.cli.run", str(video), *QUICK],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def at_work() -> set[str]:
        return {model for model in models for line in working(state) if model in line}

    models = {"blazeface:", "rapid:", "sphinx:Sphinx "}
    while models:
        with started() as process:
            models -= awaited(at_work)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=300)
        assert (process.returncode, out) == (130, "") and "Run the same command again to go on." in err
        assert "Traceback" not in err
        awaited(lambda: not working(state))
        assert not (here / "out").exists() and not list(state.rglob("*.part"))
    with started() as process:
        result = json.loads(process.communicate(timeout=120)[0])
    assert all(stage["runs"] == 1 and stage["reused"] == 0 for stage in result["timings"].values())
    assert result["transcript"]["words"] and result["texts"] and result["clips"][0]["renditions"]
    assert not list((state / "objects/.writing").iterdir())
