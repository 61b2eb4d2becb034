"""What sound is, and how somebody speaks, on made sounds whose truth is known and on real ones."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.timebase import Span
from common.signals.prosody import Follower, Summary, Voice, nuclei
from common.signals.sound import LOWEST, RATE, Read, Stretch, Windows, kinds, shares, windows

Samples = NDArray[np.int16]


def reader(samples: Samples) -> Read:
    def read(first: int, last: int) -> Samples:
        found: Samples = np.zeros(last - first, np.int16)
        a, b = max(first, 0), min(last, len(samples))
        if a < b:
            found[a - first : b - first] = samples[a:b]
        return found

    return read


def made(wave: NDArray[np.float64], level: float = 0.3) -> Samples:
    return np.asarray(wave / np.abs(wave).max() * level * 32767, np.int16)


def clock(seconds: float) -> NDArray[np.float64]:
    return np.arange(int(seconds * RATE)) / RATE


def noise(seconds: float, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def voiced(pitch: NDArray[np.float64], harmonics: int = 11) -> NDArray[np.float64]:
    """A buzz on a pitch, one value per sample."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    return sum((np.sin(k * phase + k) / k for k in range(1, harmonics + 1)), np.zeros(len(pitch)))


def tune(seconds: float, beat: float = 0.5) -> NDArray[np.float64]:
    """A chord every `beat` seconds that rings on."""
    t = clock(seconds)
    chords = ((220, 277, 330), (196, 247, 294), (262, 311, 392), (175, 208, 349), (185, 233, 370), (165, 415, 494))
    rung = [
        np.exp(-t / 0.8) * sum(np.sin(2 * np.pi * f * k * t) / k for f in chord for k in (1, 2, 3)) for chord in chords
    ]
    wave = np.zeros(len(t))
    for n in range(int(seconds / beat)):
        struck = int(n * beat * RATE)
        wave[struck:] += rung[n % 6][: len(t) - struck]
    return wave


def drums(seconds: float) -> NDArray[np.float64]:
    t = clock(seconds)
    return noise(seconds) * np.exp(-(t % 0.5) / 0.03) + 0.001 * noise(seconds, 2)


def hum(seconds: float) -> NDArray[np.float64]:
    t = clock(seconds)
    return np.sin(2 * np.pi * 50 * t) + np.sin(2 * np.pi * 150 * t)


def babble(seconds: float) -> NDArray[np.float64]:
    """Like speech: a gliding pitch in syllables of uneven length and loudness, with breath between them."""
    random = np.random.default_rng(3)
    wave = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(wave):
        length = int(random.uniform(0.12, 0.3) * RATE)
        start, end = random.uniform(90, 160, 2)
        syllable = voiced(np.linspace(start, end, length), 30) * np.hanning(length) * random.uniform(0.3, 1)
        part = wave[at : at + length]
        part += syllable[: len(part)]
        at += length + int(random.uniform(0.05, 0.3) * RATE)
    return wave + 0.02 * noise(seconds)


def heard(samples: Samples, speech: Sequence[Span] | None = (), silences: Sequence[Span] = ()) -> list[Stretch]:
    measured = Windows.joined(list(windows(reader(samples), len(samples))))
    return kinds(measured, silences, speech, duration=Fraction(len(samples), RATE))


def seconds(found: list[Stretch]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for one in found:
        sums[one.kind] += float(one.end - one.start)  # type: ignore[assignment]
    return sums


def follow(samples: Samples) -> Voice:
    follower = Follower(len(samples))
    whole = Span(Fraction(0), Fraction(len(samples), RATE))
    assert list(follower.hear(reader(samples), whole))
    return follower.voice()


def whole(wave: Samples) -> list[Span]:
    return [Span(Fraction(0), Fraction(len(wave), RATE))]


def test_energy_is_the_level_of_each_half_second() -> None:
    wave = np.concatenate((np.sin(2 * np.pi * 440 * clock(1)) * 0.5, np.zeros(RATE), 0.05 * np.ones(RATE // 4)))
    samples = (wave * 32768).astype(np.int16)
    energy = Windows.joined(list(windows(reader(samples), len(samples)))).energy
    assert energy.tolist() == pytest.approx([-9.03, -9.03, LOWEST, LOWEST, -26.02], abs=0.05)


def test_a_minute_more_changes_no_window_before_it() -> None:
    samples = made(np.concatenate((tune(50), babble(40))))
    long = Windows.joined(list(windows(reader(samples), len(samples))))
    assert len(long.energy) == 180
    for name in ("energy", "steady", "held", "under", "pulse"):
        short = Windows.joined(list(windows(reader(samples), 75 * RATE)))
        np.testing.assert_allclose(getattr(short, name)[:130], getattr(long, name)[:130], atol=1e-4)


@pytest.mark.parametrize(
    ("wave", "speech", "wanted"),
    [
        (lambda: tune(20), False, "music"),
        (lambda: drums(20), False, "music"),
        (lambda: noise(20), False, "noise"),
        (lambda: hum(20) + 0.1 * noise(20), False, "noise"),
        (lambda: babble(20), True, "speech"),
        (lambda: babble(20) + 0.3 * tune(20), True, "both"),
        (lambda: babble(20) + 0.3 * noise(20), True, "speech"),
    ],
    ids=["tune", "drums", "hiss", "hum", "speech", "speech over a tune", "speech in noise"],
)
def test_what_a_made_sound_is(wave: Callable[[], NDArray[np.float64]], speech: bool, wanted: str) -> None:
    samples = made(wave())
    found = heard(samples, whole(samples) if speech else ())
    assert seconds(found)[wanted] >= 18
    assert all(0.5 <= one.confidence <= 1 for one in found if one.kind == wanted)


def test_stretches_follow_each_other_and_differ() -> None:
    samples = made(np.concatenate((tune(10), np.zeros(4 * RATE), noise(10.2))))
    quiet = [Span(Fraction(10), Fraction(14))]
    found = heard(samples, (), quiet)
    assert found[0].start == 0 and found[-1].end == Fraction(242, 10)
    assert all(a.end == b.start and a.kind != b.kind for a, b in pairwise(found))
    [silence] = [one for one in found if one.kind == "silence"]
    assert silence.span == quiet[0]


def test_without_a_model_speech_is_what_is_neither_still_nor_music() -> None:
    found = heard(made(np.concatenate((tune(15), babble(15)))), None)
    sums = seconds(found)
    assert sums["music"] == pytest.approx(15, abs=2) and sums["speech"] == pytest.approx(15, abs=2)
    assert all(one.confidence <= 0.5 for one in found if one.kind == "speech")


def test_nothing_to_hear() -> None:
    assert heard(np.zeros(0, np.int16)) == []
    [silence] = heard(np.zeros(3 * RATE, np.int16))
    assert (silence.kind, silence.span) == ("silence", Span(Fraction(0), Fraction(3)))
    voice = follow(np.zeros(3 * RATE, np.int16))
    assert voice.summary([]) == Summary(pitch_hz=None, pitch_range_st=None, rate_per_s=None)
    assert voice.windows([], 6) == ([None] * 6, [None] * 6)


def test_shares_of_windows() -> None:
    spans = [Span(Fraction(1, 4), Fraction(5, 4)), Span(Fraction(7, 4), Fraction(15, 8))]
    assert shares(spans, 5).tolist() == pytest.approx([0.5, 1, 0.5, 0.25, 0])
    assert shares([], 2).tolist() == [0, 0]


@pytest.mark.parametrize("pitch", [65.0, 83.0, 120.0, 210.0, 333.0, 470.0])
@pytest.mark.parametrize("snr", [40, 5])
def test_the_pitch_of_a_buzz(pitch: float, snr: int) -> None:
    wave = voiced(np.full(2 * RATE, pitch))
    samples = made(wave + noise(2) * wave.std() * 10 ** (-snr / 20))
    found = follow(samples)
    cents = 1200 * np.log2(found.pitch[5:-5] / pitch)
    assert np.isfinite(cents).mean() > 0.95
    assert np.nanpercentile(np.abs(cents), 95) < 35
    [summary, *_] = [found.summary(whole(samples))]
    assert summary.pitch_hz == pytest.approx(pitch, rel=0.005)
    assert summary.pitch_range_st is not None and summary.pitch_range_st < 0.6


def test_the_pitch_of_a_glide_is_followed() -> None:
    truth = 100 * 2 ** (clock(4) / 4)  # one octave in 4 s
    samples = made(voiced(truth))
    found = follow(samples)
    middle = truth[160::320][: len(found.pitch)]
    assert np.nanmedian(np.abs(1200 * np.log2(found.pitch / middle))) < 10
    summary = found.summary(whole(samples))
    assert summary.pitch_range_st == pytest.approx(0.9 * 12, abs=0.4)
    pitch, _ = found.windows(whole(samples), 8)
    assert pitch == sorted(pitch, key=lambda hz: hz or 0) and None not in pitch


def test_noise_has_no_pitch() -> None:
    assert np.isnan(follow(made(noise(3))).pitch).mean() > 0.97


@pytest.mark.parametrize("rate", [2.0, 4.0, 6.0])
def test_syllables_are_counted(rate: float) -> None:
    t = clock(6)
    wave = voiced(np.full(len(t), 130.0)) * (0.02 + np.maximum(0, np.sin(2 * np.pi * rate * t)))
    samples = made(wave)
    summary = follow(samples).summary(whole(samples))
    assert summary.rate_per_s == pytest.approx(rate, rel=0.07)
    assert len(nuclei(made(noise(6) * (0.02 + np.maximum(0, np.sin(2 * np.pi * rate * t)))))) >= 6 * rate * 0.9
    breath = made(noise(6) * (0.02 + np.maximum(0, np.sin(2 * np.pi * rate * t))))
    assert (follow(breath).summary(whole(breath)).rate_per_s or 0) < rate / 4  # without a voice they are no syllables


def test_an_even_tone_has_no_syllables() -> None:
    samples = made(voiced(np.full(4 * RATE, 130.0)))
    assert (follow(samples).summary(whole(samples)).rate_per_s or 0) <= 0.5


def decoded(path: Path, *cut: str) -> Samples:
    argv = ["ffmpeg", "-v", "error", *cut, "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    return np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.int16)


@pytest.mark.parametrize(
    ("name", "cut", "wanted"),
    [
        ("video/ChromeCast.mp4", ("-ss", "0.5"), "music"),
        ("video/googlework_short.mp4", ("-ss", "0.5", "-t", "20"), "music"),
        ("video/chaplin.mp4", (), "music"),
        ("video/applausing.mp4", (), "noise"),
        ("speech/jfk.flac", (), "noise"),  # not music: that it is speech, the model says
        ("speech/multilingual.mp3", (), "noise"),
        ("speech/apollo11.mp3", (), "noise"),
        ("speech/leopard/test_fr.wav", (), "noise"),
    ],
)
def test_real_music_is_told_from_real_speech_and_applause(
    shared: Path, name: str, cut: tuple[str, ...], wanted: str
) -> None:
    sums = seconds(heard(decoded(shared / name, *cut)))
    del sums["silence"]
    assert sums[wanted] >= 0.9 * sum(sums.values())


@pytest.mark.parametrize(
    ("name", "pitch", "rate"),
    [
        ("ljspeech/LJ001-0001.wav", (190, 250), (3, 5)),  # a woman reads
        ("librivox_sense/sense_and_sensibility_01_austen_64kb-0870.wav", (90, 260), (3, 5.5)),
        ("leopard/test_de.wav", (70, 110), (3, 6)),  # a man reads
    ],
)
def test_real_voices_are_as_high_and_as_fast_as_people_are(
    shared: Path, name: str, pitch: tuple[float, float], rate: tuple[float, float]
) -> None:
    samples = decoded(shared / "speech" / name)
    summary: Any = follow(samples).summary(whole(samples))
    assert pitch[0] <= summary.pitch_hz <= pitch[1]
    assert rate[0] <= summary.rate_per_s <= rate[1]
