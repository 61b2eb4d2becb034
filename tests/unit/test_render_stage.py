from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.domain.clip import Clip, Rendition
from common.domain.codec import from_json, to_json
from common.domain.settings import FlowSettings
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.media.probe import probe
from common.stages import listen, mix, render
from tests.framed import face, unseen
from tests.work import OneStage, make_work


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stage") / "source.mp4"
    pictures = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=10:d=4")
    sound = ("-f", "lavfi", "-i", "sine=f=500:d=4", "-filter:a", "volume=0.5")
    subprocess.run(["ffmpeg", "-v", "error", *pictures, *sound, str(path)], check=True)
    return path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.media.reframe.REDUCED", 180)
    monkeypatch.setattr("common.media.graph.PREVIEW", 120)


def ready(source: Path, tmp_path: Path, *, sharpness: float | None = 0.5) -> OneStage:
    about = probe(source, scratch=tmp_path)
    span = Span(Fraction(1), Fraction(3))
    clip = Clip(number=2, span=span, title="t", score=0.5, scores={}, evidence=(), why="w", text="so")
    work = make_work(
        tmp_path,
        source=source,
        settings=FlowSettings(aspects=("9:16", "1:1")),
        needs={"ingest": {"probe": to_json(about), "audio_track": 0}, "fingerprint": {"sha256": "5" * 64}},
        member=to_json(clip),
        number=1,
    )
    work.given["listen"] = listen.run(work).result
    work.given["mix"] = mix.run(work).result
    whole = Span(Fraction(0), Fraction(4))
    shot = Shot(
        number=0, span=whole, opens_with="start", confidence=1, brightness=0.5, motion=0.1, black=False, frozen=False
    )
    activity = {"step": "1/2", "motion": [0.1] * 8, "brightness": [0.5] * 8, "sharpness": [sharpness] * 8}
    work.given["shots"] = {"shots": work.keep("shots.json", [to_json(shot)]), "activity": work.keep("a.json", activity)}
    words = (
        Word(text="Nothing", span=Span(Fraction(1, 5), Fraction(4, 5))),
        Word(text="Hello", span=Span(Fraction(6, 5), Fraction(8, 5))),
        Word(text="there.", span=Span(Fraction(8, 5), Fraction(2))),
    )
    transcript = Transcript(language="en", source="srt", timing="measured", words=words)
    tracks = [to_json(face(lambda t: (0.3, 0.4), whole))]
    framings = unseen(whole, 320, 180, "9:16", "1:1")
    work.given["frame"] = {"tracks": work.keep("k.json", tracks), "framings": work.keep("f.json", to_json(framings))}
    work.given["transcribe"] = {"transcript": work.keep("transcript.json", to_json(transcript))}
    work.steps.clear()
    return work


def test_a_clip_becomes_files(source: Path, tmp_path: Path) -> None:
    work = ready(source, tmp_path)
    outcome = render.run(work)
    result: dict[str, Any] = outcome.result
    renditions = from_json(list[Rendition], result["renditions"])
    assert result["number"] == 2
    assert [(one.aspect, one.object, one.frames) for one in renditions] == [
        ("9:16", "clip-9x16.mp4", 20),
        ("1:1", "clip-1x1.mp4", 20),
    ]
    assert all(check.ok for one in renditions for check in one.checks)
    names = [result[kind]["object"] for kind in ("preview", "thumbnail", "srt", "vtt", "ass")]
    assert names == ["preview.mp4", "thumbnail.jpg", "clip.srt", "clip.vtt", "clip.ass"]
    assert [(one.captions, one.shown[0].layout) for one in renditions] == [("pop", "blur"), ("pop", "crop")]
    assert 1 < Fraction(result["thumbnail_at"]) < 3
    assert {aspect: one["object"] for aspect, one in result["covers"].items()} == {
        "9:16": "cover-9x16.jpg",
        "1:1": "cover-1x1.jpg",
    }
    told = work.get(result["srt"]).decode()
    assert "Hello" in told and "Nothing" not in told and "00:00:00,200" in told
    assert not outcome.left_out
    assert work.steps[-1][0] <= work.steps[-1][1] == 4.0


def test_the_clip_is_brought_to_the_common_loudness(source: Path, tmp_path: Path) -> None:
    work = ready(source, tmp_path)
    result = render.run(work).result
    path = work.local({"object": result["renditions"][0]["object"]})
    args = ["ffmpeg", "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    said = subprocess.run(args, capture_output=True, text=True, check=True).stderr
    loudness = float(said.rsplit("I:", 1)[1].split()[0])
    before = float(work.given["listen"]["integrated_lufs"])
    assert loudness == pytest.approx(min(-14, before + 10), abs=1)


def test_without_words_sound_or_light(tmp_path: Path) -> None:
    black = tmp_path / "black.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=black:s=64x64:r=10:d=4", str(black)], check=True
    )
    about = probe(black, scratch=tmp_path)
    clip = Clip(
        number=1,
        span=Span(Fraction(0), Fraction(2)),
        title="t",
        score=0.5,
        scores={},
        evidence=(),
        why="w",
        text="",
    )
    work = make_work(
        tmp_path,
        source=black,
        needs={"ingest": {"probe": to_json(about), "audio_track": None}, "fingerprint": {"sha256": "5" * 64}},
        member=to_json(clip),
    )
    activity = {"step": "1/2", "motion": [None] * 8, "brightness": [0.0] * 8, "sharpness": [0.0] * 8}
    work.given["shots"] = {"shots": work.keep("shots.json", []), "activity": work.keep("a.json", activity)}
    work.given["frame"] = {"tracks": work.keep("k.json", []), "framings": work.keep("f.json", [])}
    outcome = render.run(work)
    assert [outcome.result[kind] for kind in ("thumbnail", "thumbnail_at", "srt", "vtt", "ass")] == [None] * 5
    assert [(one.what, one.why) for one in outcome.left_out] == [
        ("thumbnail of clip 1", "every picture tried is black, blank or broken")
    ]
    checks = outcome.result["renditions"][0]["checks"]
    assert next(check for check in checks if check["name"] == "sound")["measured"] == "none"


@pytest.mark.parametrize("asked", [False, True])
def test_a_draft_is_burned_in_only_when_asked(source: Path, tmp_path: Path, asked: bool) -> None:
    work = ready(source, tmp_path)
    draft = {**json.loads(work.get(work.given["transcribe"]["transcript"])), "quality": "draft"}
    work.given["transcribe"] = {"transcript": work.keep("draft.json", draft)}
    work.settings = FlowSettings(aspects=("9:16",), captions="box", burn_draft=asked)
    outcome = render.run(work)
    assert outcome.result["renditions"][0]["captions"] == ("box" if asked else None)
    assert outcome.result["srt"] is not None  # beside the clip they are always there
    told = [one.why for one in outcome.left_out if one.what == "captions in the picture"]
    assert bool(told) != asked and all("--burn-draft" in why for why in told)
