from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import from_json, loads, to_json
from common.domain.timebase import Span
from common.errors import ModelMissing
from common.media.audio import MOST_GAIN, Momentary, Sound, gain_to_target, integrated, listen, silences
from common.media.clipping import ClipMeter, Clipping
from common.media.probe import probe
from common.scoring.utterances import utterances
from common.stages import listen as stage
from tests.work import OneStage, make_work


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


def clipped(samples: NDArray[np.int16], *, batch: int = 1000, rate: int = 48_000) -> Clipping:
    meter = ClipMeter(rate, samples.shape[1])
    for at in range(0, len(samples), batch):
        meter.add(samples[at : at + batch])
    return meter.found(start=Fraction(1))


def test_only_flat_peaks_at_full_scale_are_clipped() -> None:
    t = np.arange(96_000) / 48_000
    over = np.clip(1.5 * np.sin(2 * np.pi * 440 * t), -1, 1) * 32_767
    over[48_000:] *= 0.5  # turned down for its second second
    full = np.sin(2 * np.pi * 30 * t) * 32_767  # as loud as can be, and whole: its peaks are round
    stereo = np.stack((over, full), axis=1).astype(np.int16)
    found = clipped(stereo)
    assert found.spans == (Span(Fraction(1), Fraction(2)),)
    share = float((np.abs(stereo[:48_000, 0]) >= 32_766).mean())
    assert 0.4 < share < 0.6
    assert found.share == pytest.approx(share / 4, rel=0.01)
    assert clipped(stereo, batch=1) == clipped(stereo, batch=7) == clipped(stereo, batch=10**6) == found
    assert clipped(stereo[:, 1:]) == Clipping(share=0.0, spans=())
    pairs = np.tile(np.array([0, 32_767, 32_767, 0], np.int16), 5000).reshape(-1, 1)
    assert clipped(pairs).share == 0.0  # two in a row may be a peak
    assert clipped(np.zeros((0, 2), np.int16)) == Clipping(share=0.0, spans=())


@pytest.mark.parametrize(("codec", "least"), [("pcm_s16le", 0.2), ("aac", 0.001)])
def test_clipping_is_heard_at_the_rate_of_the_source(tmp_path: Path, codec: str, least: float) -> None:
    """44.1 kHz made to 48 kHz shows no flat peak any more; a coder leaves some."""
    path = tmp_path / "loud.mkv"
    tone = "(0.5+gte(t,2)*2)*sin(2*PI*220*t)"  # from 2 s on far over full scale
    sound = f"aevalsrc='{tone}|{tone}':s=44100:d=4,aformat=sample_fmts=s16"
    picture = ("-f", "lavfi", "-i", "color=s=64x64:r=10:d=4")
    ffmpeg(*picture, "-f", "lavfi", "-i", sound, "-c:a", codec, "-b:a", "192k", str(path))
    clipping = heard(path, tmp_path)[1].clipping
    assert clipping is not None and least < clipping.share < 0.5
    assert float(clipping.spans[0].start) == pytest.approx(2, abs=0.51)
    assert float(clipping.spans[-1].end) == pytest.approx(4, abs=0.1)


def test_the_kept_samples_are_on_the_files_clock(tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=s=64x64:r=10:d=4", "-itsoffset", "1.5", "-f", "lavfi", "-i", "sine=d=2:r=8000"),
        *("-map", "0:v", "-map", "1:a", "-c:a", "libmp3lame", "-ar", "8000", str(late)),
    )
    about, sound = heard(late, tmp_path)
    assert (about.audio[0].sample_rate, about.audio[0].channels) == (8000, 1)
    assert sound.clipping == Clipping(share=0.0, spans=())
    samples = sound.mono.read(-100, 5 * 16_000)
    assert len(samples) == 5 * 16_000 + 100
    loud = np.flatnonzero(np.abs(samples) > 300)
    assert (loud[0] - 100) / 16_000 == pytest.approx(1.5, abs=0.08)
    assert (loud[-1] - 100) / 16_000 == pytest.approx(3.5, abs=0.12)
    assert np.array_equal(sound.mono.read(30_000, 30_050), samples[30_100:30_150])
    assert len(sound.mono.read(5, 5)) == 0


def test_the_stage_keeps_the_curve(talk: Path, tmp_path: Path) -> None:
    about = probe(talk, scratch=tmp_path)
    work = make_work(tmp_path, source=talk, needs={"ingest": {"probe": to_json(about), "audio_track": 0}})
    result = stage.run(work).result
    levels = loads(work.get(result["levels"]))
    assert levels["step"] == "1/10" and levels["start"] == "0/1"
    curve = Momentary(start=Fraction(levels["start"]), values=tuple(levels["momentary"]))
    assert integrated(curve) == pytest.approx(result["integrated_lufs"])
    assert work.steps[-1][0] == pytest.approx(8, abs=0.1)


@dataclass
class Voice:
    """Stands for all models: hears speech where it is loud, as in `spans` of each call, and keeps what it was given."""

    spans: list[tuple[float, float]] | None
    given: list[int] = field(default_factory=list)
    source: str = "fake@1"

    @contextmanager
    def voice(self, scratch: Path) -> Iterator[Voice]:
        if self.spans is None:
            raise ModelMissing("Silero is not here; run scripts/setup")
        yield self

    def speech(self, samples: NDArray[np.float32]) -> list[tuple[float, float]]:
        assert samples.dtype == np.float32 and np.abs(samples).max() <= 1
        self.given.append(len(samples))
        return [span for span in self.spans or [] if span[0] < len(samples) / 16_000]


def listened(source: Path, tmp_path: Path, voice: Any) -> tuple[OneStage, Any]:
    about = probe(source, scratch=tmp_path)
    needs = {"ingest": {"probe": to_json(about), "audio_track": 0}}
    work = make_work(tmp_path, source=source, needs=needs, models=voice)
    return work, stage.run(work)


def test_the_stage_says_where_and_how_somebody_speaks(talk: Path, tmp_path: Path) -> None:
    work, outcome = listened(talk, tmp_path, Voice([(0.5, 2.5), (3.5, 99.0)]))
    assert outcome.left_out == ()
    result = json.loads(json.dumps(outcome.result))
    spans = loads(work.get(result["spans"]))
    assert spans["silences"] == result["silences"] and spans["clipping"] == []
    assert [float(Fraction(one["start"])) for one in spans["speech"]] == [0.5, 3.5]
    assert Fraction(spans["speech"][1]["end"]) <= probe(talk, scratch=tmp_path).duration
    assert {one["kind"] for one in spans["kinds"]} == {"speech", "noise", "silence"}
    assert result["seconds"]["speech"] == pytest.approx(6.5, abs=0.5)
    assert (result["pitch_hz"], result["pitch_range_st"]) == (None, None)  # it is noise
    curves = loads(work.get(result["prosody"]))
    assert curves["step"] == "1/2"
    assert len(curves["pitch"]) == len(curves["energy"]) == len(curves["rate"]) == 16
    assert curves["energy"][5] < -50 < curves["energy"][4]
    [member] = outcome.members["speech"]
    said = [Span(Fraction(a), Fraction(b)) for a, b in member["utterances"]]
    speech = [Span(Fraction(one["start"]), Fraction(one["end"])) for one in spans["speech"]]
    assert said == utterances(speech, from_json(tuple[Span, ...], spans["silences"]))
    assert [done for done, *_ in work.steps] == sorted(done for done, *_ in work.steps)
    assert not list(work.scratch.glob("*.s16"))


def test_without_a_voice_model_the_stage_says_what_it_took_for_speech(talk: Path, tmp_path: Path) -> None:
    _, outcome = listened(talk, tmp_path, Voice(None))
    [left] = outcome.left_out
    assert left.what == "voice activity" and "Silero is not here" in left.why and "neither silent nor music" in left.why
    assert outcome.result["seconds"]["speech"] == pytest.approx(7, abs=0.6)
    assert outcome.members["speech"]


def test_silence_has_no_members(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=10:d=2", "-f", "lavfi", "-i", "anullsrc=d=2", "-t", "2", str(path))
    for voice in (Voice([]), Voice(None)):
        work, outcome = listened(path, tmp_path, voice)
        assert outcome.members == {"speech": []}
        assert outcome.result["energy"] == {"median_dbfs": None, "range_db": None}
        assert outcome.result["seconds"]["silence"] == pytest.approx(2, abs=0.1)
        assert loads(work.get(outcome.result["spans"]))["speech"] == []


def seconds(*edges: tuple[float, float]) -> list[Span]:
    return [Span(Fraction(str(a)), Fraction(str(b))) for a, b in edges]


def test_utterances_are_dealt_out_whole_and_in_order() -> None:
    spoken = seconds(*((3 * n, 3 * n + 2) for n in range(1000)))  # 2000 s of speech: seven parts
    groups = stage.stretches(spoken)
    assert [one for group in groups for one in group] == spoken
    assert len(groups) == 7
    assert all(280 < sum(one.duration for one in group) <= 301 for group in groups)
    assert stage.stretches([]) == []
    assert stage.stretches(spoken[:1]) == [spoken[:1]]
    many = seconds(*((n, n + 0.1) for n in range(1200)))
    assert [len(group) for group in stage.stretches(many)] == [500, 500, 200]


def test_the_voice_model_is_given_parts_that_end_in_silence() -> None:
    silences = seconds((100, 101), (560, 561), (580, 582), (590, 590.5), (1175, 1300))
    edges = [(float(part.start), float(part.end)) for part in stage.seams(silences, Fraction(2000))]
    assert edges == [(0, 581), (581, 1178), (1178, 1778), (1778, 2000)]
    assert list(stage.seams([], Fraction(0))) == []


def test_parts_are_put_on_one_clock(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "AT_ONCE", Fraction(4))
    monkeypatch.setattr(stage, "_SEAM", Fraction(2))
    voice = Voice([(0.5, 1.0)])
    work, outcome = listened(talk, tmp_path, voice)
    assert voice.given[0] == pytest.approx(3 * 16_000, abs=500)  # the middle of its silence
    starts = [float(Fraction(one["start"])) for one in loads(work.get(outcome.result["spans"]))["speech"]]
    assert starts == pytest.approx([0.5, 3.5, 7.5], abs=0.05)


def test_a_long_talk_keeps_a_small_result(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = tuple(Span(Fraction(n, 1000), Fraction(n, 1000) + Fraction(1, 7919)) for n in range(7000))
    monkeypatch.setattr("common.media.audio.silences", lambda *_, **__: many)
    work, outcome = listened(talk, tmp_path, Voice([]))
    assert len(json.dumps(outcome.result)) < 30_000
    assert len(loads(work.get(outcome.result["spans"]))["silences"]) == 7000


def test_a_real_interview(shared: Path, tmp_path: Path) -> None:
    """20 s of music, then two people speak."""
    work, outcome = listened(shared / "video" / "googlework_short.mp4", tmp_path, Voice([(21.5, 35.0)]))
    kinds = loads(work.get(outcome.result["spans"]))["kinds"]
    music = sum(Fraction(one["end"]) - Fraction(one["start"]) for one in kinds if one["kind"] == "music")
    assert float(music) == pytest.approx(20, abs=3)
    assert 90 < outcome.result["pitch_hz"] < 200
    assert 2 < outcome.result["rate_per_s"] < 6
