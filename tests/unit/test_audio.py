from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from common.domain.asset import Probe
from common.domain.codec import loads, to_json
from common.domain.timebase import Span
from common.media.audio import MOST_GAIN, Momentary, Sound, gain_to_target, integrated, listen, silences
from common.media.probe import probe
from common.stages import listen as stage
from tests.work import make_work


def ffmpeg(*args: str) -> str:
    done = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-y", *args], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """8 s: noise at changing levels, still from 2.5 to 3.5 s and for 50 ms at 6 s."""
    path = tmp_path_factory.mktemp("audio") / "talk.mp4"
    level = "0.25*(0.2+mod(floor(t*2),4)/3)*(1-between(t,2.5,3.5))*(1-between(t,6,6.05))"
    sound = f"aevalsrc='(random(0)*2-1)*{level}|(random(1)*2-1)*{level}':s=48000:d=8"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=10:d=8", "-f", "lavfi", "-i", sound, "-b:a", "256k", str(path))
    return path


def heard(path: Path, scratch: Path) -> tuple[Probe, Sound]:
    about = probe(path, scratch=scratch)
    steps: list[float] = []
    sound = listen(path, about, about.audio[0], scratch=scratch, progress=steps.append)
    assert steps == sorted(steps)
    return about, sound


def test_loudness_of_a_span_is_what_ffmpeg_measures_of_the_cut(talk: Path, tmp_path: Path) -> None:
    _, sound = heard(talk, tmp_path)
    for start, end in ((0, 8), (1, 4), (4, 7)):
        said = ffmpeg("-i", str(talk), "-af", f"atrim={start}:{end},ebur128", "-f", "null", "-")
        wanted = float(re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1])
        got = integrated(sound.momentary, Span(Fraction(start), Fraction(end)))
        assert got is not None and abs(got - wanted) <= 0.3
    summary = ffmpeg("-i", str(talk), "-af", "ebur128=peak=true", "-f", "null", "-")
    assert sound.integrated == pytest.approx(float(re.findall(r"I: +(-?[\d.]+) LUFS", summary)[-1]), abs=0.1)
    assert sound.true_peak == pytest.approx(float(re.findall(r"Peak: +(-?[\d.]+) dBFS", summary)[-1]), abs=0.3)
    assert sound.loudness_range == pytest.approx(float(re.findall(r"LRA: +([\d.]+) LU", summary)[-1]), abs=0.3)


def test_a_silence_is_found_at_its_edges(talk: Path, tmp_path: Path) -> None:
    _, sound = heard(talk, tmp_path)
    assert len(sound.silences) == 1  # 50 ms are none
    assert float(sound.silences[0].start) == pytest.approx(2.5, abs=0.03)
    assert float(sound.silences[0].end) == pytest.approx(3.5, abs=0.03)


def test_sound_that_begins_late_is_on_the_files_clock(talk: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=s=64x64:r=10:d=10", "-itsoffset", "1.5", "-i", str(talk)),
        *("-map", "0:v", "-map", "1:a", "-c:a", "pcm_s16le", str(late)),
    )
    about, sound = heard(late, tmp_path)
    assert about.audio[0].start == Fraction(3, 2)
    assert sound.momentary.start == Fraction(3, 2)
    found = [(float(quiet.start), float(quiet.end)) for quiet in sound.silences]
    assert [edge for pair in found for edge in pair] == pytest.approx([0.0, 1.5, 4.0, 5.0, 9.5, 10.0], abs=0.03)


def test_digital_silence_has_no_loudness(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=10:d=2", "-f", "lavfi", "-i", "anullsrc=d=2", "-t", "2", str(path))
    _, sound = heard(path, tmp_path)
    assert (sound.integrated, sound.true_peak, sound.loudness_range) == (None, None, None)
    assert sound.silences == (Span(Fraction(0), Fraction(2)),)
    assert set(sound.momentary.values) == {None}


def test_gates() -> None:
    quiet_does_not_count = Momentary(start=Fraction(0), values=(-20.0, -20.0, -75.0, None, -35.0))
    assert integrated(quiet_does_not_count) == pytest.approx(-20.0)
    both_count = Momentary(start=Fraction(0), values=(-20.0, -26.0))
    assert integrated(both_count) == pytest.approx(-22.04, abs=0.01)


def test_only_blocks_wholly_inside_count() -> None:
    curve = Momentary(start=Fraction(1), values=(-10.0, -20.0, -10.0))  # 1.0-1.4, 1.1-1.5, 1.2-1.6 s
    assert integrated(curve, Span(Fraction(11, 10), Fraction(3, 2))) == pytest.approx(-20.0)
    assert integrated(curve, Span(Fraction(11, 10), Fraction(149, 100))) is None
    assert integrated(curve, Span(Fraction(0), Fraction(1))) is None


def test_gain_is_bounded_and_silence_left_alone() -> None:
    assert gain_to_target(-20.0) == 6.0
    assert gain_to_target(-5.0) == -9.0
    assert gain_to_target(-50.0) == MOST_GAIN
    assert gain_to_target(None) == 0.0


def test_quiet_is_measured_against_the_noise_of_the_place() -> None:
    levels = np.array([-20.0] * 100 + [-42.0] * 30 + [-20.0] * 100)  # a pause over a humming room
    found = silences(levels, -20.0, start=Fraction(0), until=Fraction(23, 10))
    assert found == (Span(Fraction(1), Fraction(13, 10)),)
    assert silences(np.full(200, -20.0), -20.0, start=Fraction(0), until=Fraction(2)) == ()


def test_the_stage_keeps_the_curve(talk: Path, tmp_path: Path) -> None:
    about = probe(talk, scratch=tmp_path)
    work = make_work(tmp_path, source=talk, needs={"ingest": {"probe": to_json(about), "audio_track": 0}})
    result = stage.run(work).result
    levels = loads(work.get(result["levels"]))
    assert levels["step"] == "1/10" and levels["start"] == "0/1"
    curve = Momentary(start=Fraction(levels["start"]), values=tuple(levels["momentary"]))
    assert integrated(curve) == pytest.approx(result["integrated_lufs"])
    assert work.steps[-1][0] == pytest.approx(8, abs=0.1)
