from __future__ import annotations

import hashlib
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.domain.clip import Clip
from common.domain.codec import from_json, to_json
from common.domain.gate import Levelled, Loudness
from common.domain.timebase import Span
from common.media.audio import MOST_GAIN, RATE, TARGET
from common.media.probe import probe
from common.media.soundtrack import PEAK, corrected, cut, level, measured, shortfall
from common.stages import listen, mix
from tests.work import OneStage, make_work

SECONDS = 8
# comes and goes as speech does
SPEECH = "anoisesrc=color=pink:seed=3:r=48000,tremolo=f=3:d=0.9,bandpass=f=700:width_type=h:w=900"
CLICKS = "aevalsrc='0.01*sin(2*PI*300*t)+0.9*lt(mod(t,1),0.0005)':s=48000"
SOURCES = {
    "soft": f"{SPEECH},volume=3dB",
    "loud": f"{SPEECH},volume=16dB,alimiter=limit=0.98:level=0",
    "music": "aevalsrc='0.15*sin(2*PI*110*t)+0.15*sin(2*PI*443*t)+0.05*random(0)':s=44100",
    "pulses": "aevalsrc='0.45*sin(2*PI*200*t)*lt(mod(t,0.5),0.06)':s=48000",
}


def made(folder: Path, sound: str) -> Path:
    path = folder / "source.mkv"
    args = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"color=s=64x64:r=10:d={SECONDS}"]
    args += ["-f", "lavfi", "-i", sound, "-t", str(SECONDS), "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*args, "-c:a", "pcm_s16le", str(path)], check=True)
    return path


def levelled(folder: Path, sound: str) -> tuple[Path, Levelled]:
    path = made(folder, sound)
    about = probe(path, scratch=folder)
    whole = Span(Fraction(0), Fraction(SECONDS))
    samples = cut(path, about, whole, about.audio[0], whole.duration, out=folder, scratch=folder)
    before = measured(samples, scratch=folder).integrated
    return level(samples, before, out=folder, scratch=folder)


def heard(path: Path) -> tuple[float, float]:
    """LUFS and dBTP, by ffmpeg's own summary."""
    args = ["ffmpeg", "-hide_banner", "-nostdin", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(args, capture_output=True, text=True, check=True).stderr
    return float(said.rsplit("I:", 1)[1].split()[0]), float(said.rsplit("Peak:", 1)[1].split()[0])


@pytest.mark.parametrize("name", SOURCES)
def test_a_clip_lands_within_half_a_unit_of_the_target(name: str, tmp_path: Path) -> None:
    path, found = levelled(tmp_path, SOURCES[name])
    loudness, peak = heard(path)
    assert found.before is not None and TARGET - found.before <= MOST_GAIN
    assert loudness == pytest.approx(TARGET, abs=0.5) and peak <= PEAK and found.why is None
    assert found.after.integrated == pytest.approx(loudness, abs=0.1)
    assert found.after.true_peak == pytest.approx(peak, abs=0.1)
    assert found.encoded <= 2


def test_more_than_the_most_gain_is_not_made_up_for_and_said(tmp_path: Path) -> None:
    path, found = levelled(tmp_path, f"{SPEECH},volume=-24dB")
    assert found.before is not None and TARGET - found.before > MOST_GAIN
    assert heard(path)[0] == pytest.approx(found.before + MOST_GAIN, abs=0.5)
    assert found.why is not None and "noise" in found.why and found.gain_db <= MOST_GAIN + 0.5


def test_peaks_win_over_loudness_and_it_is_said(tmp_path: Path) -> None:
    path, found = levelled(tmp_path, f"{CLICKS},volume=11dB")
    loudness, peak = heard(path)
    assert peak <= PEAK
    assert (found.why is None) == (abs(loudness - TARGET) <= 0.5)


def test_silence_is_left_alone(tmp_path: Path) -> None:
    path, found = levelled(tmp_path, "anullsrc=r=48000")
    assert (found.gain_db, found.before, found.after.integrated, found.encoded) == (0.0, None, None, 1)
    assert found.why == "it is silent, and left alone" and path.stat().st_size > 0


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        path, _ = levelled(tmp_path / name, SOURCES["music"])
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


decibels = st.floats(-60, 0, allow_nan=False)


@given(before=decibels, after=decibels, peak=st.floats(-30, 3), ceiling=st.floats(-6, -1), alone=st.booleans())
def test_a_correction_goes_the_right_way(before: float, after: float, peak: float, ceiling: float, alone: bool) -> None:
    told = Loudness(integrated=after, true_peak=peak)
    found = corrected(5.0, ceiling, before, told, peak_alone=alone)
    wanted = min(TARGET, before + MOST_GAIN)
    if found is None:
        assert peak <= PEAK and (alone or abs(after - wanted) <= 0.3)
        return
    gain, limit = found
    assert (limit < ceiling) == (peak > PEAK)
    assert (alone and gain == 5.0) or (gain - 5.0) * (wanted - after) >= 0


@given(before=st.none() | decibels, after=st.none() | decibels)
def test_a_shortfall_has_a_reason_and_nothing_else_has(before: float | None, after: float | None) -> None:
    why = shortfall(before, Loudness(integrated=after, true_peak=None))
    near = before is not None and after is not None and abs(after - TARGET) <= 0.5
    assert (why is None) == near


def samples_of(path: Path) -> NDArray[np.float32]:
    args = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "1", "-ar", str(RATE), "-"]
    return np.frombuffer(subprocess.run(args, capture_output=True, check=True).stdout, np.float32)


@pytest.mark.parametrize("kind", ["mkv", "ts", "mp4"])
@pytest.mark.parametrize("start", [Fraction(1, 2), Fraction(5)])
def test_a_cut_is_exact_wherever_the_decoder_begins(kind: str, start: Fraction, tmp_path: Path) -> None:
    """A tone begins at 5.25 s: it is heard there, whatever part is cut; but for a coder's delay of 21 ms."""
    source = tmp_path / f"source.{kind}"
    tone = "aevalsrc='0.4*sin(2*PI*440*t)*gte(t,5.25)':s=48000:d=8"
    args = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=8", "-f", "lavfi", "-i", tone]
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "80", "-c:a", "aac", "-b:a", "192k")
    subprocess.run([*args, *coded, str(source)], check=True)
    about = probe(source, scratch=tmp_path)
    span = Span(start, Fraction(7))
    path = cut(source, about, span, about.audio[0], span.duration, out=tmp_path, scratch=tmp_path)
    found = np.abs(samples_of(path)) > 0.1
    assert len(found) == round(span.duration * RATE)
    assert int(np.argmax(found)) / RATE == pytest.approx(float(Fraction(21, 4) - start), abs=0.03)


# --- the stage ----------------------------------------------------------------------------------------------------


def stage(tmp_path: Path, *, heard_before: bool) -> OneStage:
    path = made(tmp_path, SOURCES["soft"])
    about = probe(path, scratch=tmp_path)
    within = Span(Fraction(1), Fraction(6))
    clip = Clip(number=1, span=within, title="t", score=0.5, scores={}, evidence=(), why="w", text="")
    needs = {"ingest": {"probe": to_json(about), "audio_track": 0}}
    work = make_work(tmp_path, source=path, needs=needs, member=to_json(clip), number=0)
    if heard_before:
        work.given["listen"] = listen.run(work).result
    return work


@pytest.mark.parametrize("heard_before", [True, False])
def test_the_sound_of_a_clip_is_made_with_and_without_what_was_heard(heard_before: bool, tmp_path: Path) -> None:
    work = stage(tmp_path, heard_before=heard_before)
    outcome = mix.run(work)
    told = from_json(Levelled, outcome.result["levelled"])
    assert told.before is not None and heard(work.local(outcome.result["sound"]))[0] == pytest.approx(TARGET, abs=0.5)
    assert outcome.left_out == () and work.steps[-1] == (3, 3, "steps")
