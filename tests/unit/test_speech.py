"""From sound to words: exact samples, utterances, the voice model, recognition, alignment, and the stages over them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models.pronunciation import pronunciations
from common.adapters.models.silero import Silero
from common.adapters.models.sphinx import Sphinx, SphinxAligner
from common.domain.codec import from_json, loads, to_json
from common.domain.settings import FlowSettings
from common.domain.timebase import Span
from common.domain.transcript import Transcript
from common.errors import ModelMissing
from common.media.probe import probe
from common.media.sound import RATE, pieces, samples
from common.ports.models import Heard, Transcribed
from common.scoring.utterances import utterances
from common.stages import hear, transcribe
from tests.work import OneStage, make_work

Samples = NDArray[np.float32]
JFK = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


def ffmpeg(*args: str) -> bytes:
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", *args], check=True, capture_output=True, stdin=subprocess.DEVNULL
    ).stdout


def decoded(path: Path) -> Samples:
    return np.frombuffer(ffmpeg("-i", str(path), "-vn", "-ac", "1", "-ar", "16000", "-f", "f32le", "-"), np.float32)


def noise(seconds: float, level: float = 0.1) -> Samples:
    return (level * np.random.default_rng(3).standard_normal(int(seconds * RATE))).astype(np.float32)


def melody(seconds: float) -> Samples:
    """A tune of three voices with a beat: music, as far as a model of speech can tell."""
    t = np.arange(int(seconds * RATE)) / RATE
    made = sum(
        0.2 * np.sin(2 * np.pi * low * 2 ** (np.floor(t * beat) * 7 % 12 / 12) * t) * np.exp(-3 * (t * beat % 1) / beat)
        for low, beat in ((110, 1.5), (220, 3), (330, 3))
    )
    return (np.asarray(made) + noise(seconds, 0.05) * np.exp(-20 * (t % 0.5))).astype(np.float32)


def span(start: float | str, end: float | str) -> Span:
    return Span(Fraction(start), Fraction(end))


def video(folder: Path, sound: str | Path, *options: str, name: str = "v.mp4") -> Path:
    """A small picture with this sound, a file or an ffmpeg source."""
    source = ["-i", str(sound)] if isinstance(sound, Path) else ["-f", "lavfi", "-i", sound]
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=10:d=14"]
    made = folder / name
    ffmpeg(*picture, *options, *source, "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-c:a", "aac", str(made))
    return made


def ingested(path: Path, scratch: Path) -> dict[str, Any]:
    return {"probe": to_json(probe(path, scratch=scratch)), "audio_track": 0}


# --- samples ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """14 s of full-scale noise, both channels alike, in AAC at 44.1 kHz: after a seek its decoder gives other noise."""
    return video(tmp_path_factory.mktemp("noisy"), "anoisesrc=d=14:a=1:r=44100,aformat=channel_layouts=stereo,volume=9")


def test_samples_are_the_same_alone_and_with_the_whole(noisy: Path, tmp_path: Path) -> None:
    about = probe(noisy, scratch=tmp_path)
    audio = about.audio[0]
    whole = samples(noisy, audio, about, span(0, 14), scratch=tmp_path)
    assert len(whole) == 14 * RATE and 0.9 < float(np.abs(whole[RATE:-RATE]).max()) <= 1
    asked = [span("1/3", "5/2"), span(2, 3), span("61/7", "9.5"), span("9.5", "9.5")]
    for wanted, got in zip(asked, pieces(noisy, audio, about, asked, scratch=tmp_path), strict=True):
        first, last = round(wanted.start * RATE), round(wanted.end * RATE)
        assert np.array_equal(got, whole[first:last])
        assert np.array_equal(samples(noisy, audio, about, wanted, scratch=tmp_path), got)
    with pytest.raises(ValueError, match="in order"):
        list(pieces(noisy, audio, about, [span(3, 4), span(1, 2)], scratch=tmp_path))


def test_a_late_track_is_silent_before_it_begins_and_after_it_ends(tmp_path: Path) -> None:
    late = video(tmp_path, "sine=d=4:r=48000", "-itsoffset", "2.5", name="late.mkv")
    about = probe(late, scratch=tmp_path)
    found = np.abs(samples(late, about.audio[0], about, span(0, 10), scratch=tmp_path))
    loud = np.flatnonzero(found > 0.01)
    assert len(found) == 10 * RATE
    assert loud[0] / RATE == pytest.approx(2.5, abs=0.03) and loud[-1] / RATE == pytest.approx(6.5, abs=0.05)
    assert found[: int(2.4 * RATE)].max() == 0 and found[int(6.7 * RATE) :].max() == 0


# --- utterances ------------------------------------------------------------------------------------------------


def test_short_pauses_stay_inside_and_rests_cut() -> None:
    speech = [span(1, 3), span("3.5", 6), span(8, 9), span(9, "9.2")]
    assert utterances(speech, []) == [span(1, 6), span(8, "9.2")]
    assert utterances([span(0, 10)], [span(4, 6)]) == [span(0, "4.15"), span("5.85", 10)]
    assert utterances([span(0, 10)], [span(4, "4.3")]) == [span(0, 10)]
    assert utterances([span(0, 2)], [span(0, 2)]) == []
    assert utterances([], [span(0, 9)]) == []


def test_what_is_too_long_is_cut_at_its_longest_silence() -> None:
    quiet = [span(10, "10.4"), span(19, "19.9"), span(30, "30.5"), span(35, "35.2")]
    found = utterances([span(0, 40)], quiet)
    assert found == [span(0, "19.15"), span("19.75", "30.15"), span("30.35", 40)]
    assert utterances([span(0, 25)], [span(12, "12.2")]) == [span(0, "12.1"), span("12.1", 25)]
    assert utterances([span(0, 50)], []) == [span(0, "50/3"), span("50/3", "100/3"), span("100/3", 50)]


def test_utterances_are_in_order_apart_and_hold_all_speech_that_can_be_heard() -> None:
    draw = np.random.default_rng(5)
    for _ in range(60):
        edges = [Fraction(int(n), 100) for n in np.sort(draw.choice(20_000, 40, replace=False))]
        speech = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        edges = [Fraction(int(n), 100) for n in np.sort(draw.choice(20_000, 60, replace=False))]
        quiet = [Span(a, a + min(b - a, Fraction(1))) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        found = utterances(speech, quiet)
        assert all(a.end <= b.start for a, b in pairwise(found))
        assert all(0 < one.duration <= 20 for one in found)
        for grain in range(20_000):
            at = Fraction(2 * grain + 1, 200)
            if any(s.contains(at) for s in speech) and not any(q.contains(at) for q in quiet):
                assert any(one.contains(at) for one in found), at
                break


# --- voice activity --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero(**Silero.here(Path("none")).arguments)


def test_speech_is_found_between_noise_and_silence(silero: Silero, shared: Path) -> None:
    jfk = decoded(shared / "speech/jfk.flac")
    found = silero.speech(np.concatenate([noise(3, 0.01), jfk, np.zeros(3 * RATE, np.float32)]))
    assert found[0][0] == pytest.approx(3.3, abs=0.3) and found[-1][1] == pytest.approx(13.5, abs=0.5)
    assert all(a < b <= c for (a, b), (c, _) in pairwise(found))
    assert 6 < sum(b - a for a, b in found) < 10


def test_there_is_no_speech_in_noise_music_and_silence(silero: Silero) -> None:
    for sound in (noise(8), np.zeros(8 * RATE, np.float32), np.zeros(0, np.float32), noise(0.01)):
        assert silero.speech(sound) == []
    # The first beat of a tune may be taken for a syllable; the recogniser finds no word in it.
    assert sum(end - start for start, end in silero.speech(melody(8))) < 0.6


def test_a_long_sound_is_heard_as_a_short_one(silero: Silero, shared: Path) -> None:
    """Minutes of silence must not make the model miss the first words."""
    jfk = decoded(shared / "speech/jfk.flac")
    alone = silero.speech(jfk)
    found = silero.speech(np.concatenate([np.zeros(330 * RATE, np.float32), jfk]))
    assert found[0][0] == pytest.approx(alone[0][0] + 330, abs=0.1)
    assert found[-1][1] == pytest.approx(alone[-1][1] + 330, abs=0.1)
    assert sum(b - a for a, b in found) == pytest.approx(sum(b - a for a, b in alone), rel=0.15)


# --- recognition -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sphinx() -> Sphinx:
    return Sphinx()


def errors(reference: str, found: str) -> int:
    row = list(range(len(found.split()) + 1))
    for i, word in enumerate(reference.split(), 1):
        before, row[0] = row[0], i
        for j, other in enumerate(found.split(), 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def test_english_words_have_times_and_chances_whatever_was_heard_before(sphinx: Sphinx, shared: Path) -> None:
    sound = decoded(shared / "speech/ljspeech/LJ001-0004.wav")
    other = decoded(shared / "speech/leopard/test_ja.wav")
    found = sphinx.transcribe(sound, None)
    said = "produced the block books which were the immediate predecessors of the true printed book"
    assert errors(said, " ".join(word.text for word in found.words)) <= 4
    assert found.language == "en"
    assert all(word.text.replace("'", "").isalpha() and 0 <= (word.confidence or 0) <= 1 for word in found.words)
    assert all(a.start < a.end <= b.start for a, b in pairwise(found.words))
    assert found.words[-1].end <= len(sound) / RATE
    assert sphinx.transcribe(other, None).words == ()
    assert sphinx.transcribe(sound, "en-GB") == found


@pytest.mark.parametrize("language", ["de", "es", "pt"])
def test_another_language_gives_no_words(sphinx: Sphinx, shared: Path, language: str) -> None:
    sound = decoded(shared / f"speech/leopard/test_{language}.wav")
    assert sphinx.transcribe(sound, None).words == ()
    assert sphinx.transcribe(sound, language) == Transcribed(words=(), language=language)


def test_music_noise_and_silence_give_no_words(sphinx: Sphinx) -> None:
    hum = (0.3 * np.sin(np.arange(4 * RATE) / RATE * 2 * np.pi * 261)).astype(np.float32)
    for sound in (noise(2), melody(3), hum, np.zeros(3 * RATE, np.float32), np.zeros(0, np.float32)):
        assert sphinx.transcribe(sound, "en").words == ()


# --- alignment -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aligner() -> SphinxAligner:
    return SphinxAligner()


def test_given_words_are_found_within_60_ms_behind_known_silences(aligner: SphinxAligner, shared: Path) -> None:
    """Each recording alone says where its words are; spliced with silences they must be found moved by as much."""
    texts = dict(line.split("|")[:2] for line in (shared / "speech/ljspeech/metadata.csv").read_text().splitlines())
    track, words, wanted, at = [], [], list[float](), 0
    for n, (name, text) in enumerate(texts.items()):
        sound = decoded(shared / f"speech/ljspeech/{name}.wav")
        at += int((0.3 + 0.17 * n) * RATE)
        track += [np.zeros(int((0.3 + 0.17 * n) * RATE), np.float32), sound]
        alone = aligner.align(sound, text.split())
        assert all(word is not None for word in alone)
        wanted += [at / RATE + word.start for word in alone if word is not None]
        words += text.split()
        at += len(sound)
    found = aligner.align(np.concatenate(track), words)
    off = [abs(word.start - truth) if word else 9.0 for word, truth in zip(found, wanted, strict=True)]
    assert float(np.median(off)) < 0.06 and float(np.percentile(off, 95)) < 0.1


def test_words_of_no_dictionary_do_not_spoil_the_others(aligner: SphinxAligner, shared: Path) -> None:
    sound = decoded(shared / "speech/jfk.flac")
    plain = aligner.align(sound, JFK.split())
    odd = ["—", *JFK.replace("fellow", "phellough").replace("americans", "Americans,").split(), "東京"]
    found = aligner.align(sound, odd)
    assert found[0] is None and found[-1] is None and found[4] is not None
    pairs = [(a, b) for a, b in zip(found[1:-1], plain, strict=True) if a is not None and b is not None]
    assert len(pairs) >= 21 and sum(abs(a.start - b.start) < 0.06 for a, b in pairs) >= 20
    assert [a.text for a, _ in pairs][3:5] == ["phellough", "Americans,"]


def test_words_that_were_not_said_are_not_placed(aligner: SphinxAligner, shared: Path) -> None:
    words = JFK.split()
    for sound in (decoded(shared / "speech/ljspeech/LJ001-0001.wav"), melody(8), np.zeros(4 * RATE, np.float32)):
        assert aligner.align(sound, words) == [None] * len(words)
    assert aligner.align(noise(0.05), ["a"]) == [None] and aligner.align(noise(1), ["!", ""]) == [None, None]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("1914", "N AY N T IY N F AO R T IY N"),
        ("$5", "F AY V D AA L ER Z"),
        ("50%", "F IH F T IY P ER S EH N T"),
        ("21st", "T W EH N T IY F ER S T"),
        ("woodcutters", "W UH D K AH T ER Z"),
        ("don’t", "D OW N T"),
        ("phake", "F EY K"),
    ],
)
def test_what_is_written_is_said(aligner: SphinxAligner, word: str, phones: str) -> None:
    assert pronunciations(word, aligner._decoder.lookup_word)[0] == phones


def test_an_acronym_may_be_spelt(aligner: SphinxAligner) -> None:
    assert "JH IY P IY Y UW" in pronunciations("GPU", aligner._decoder.lookup_word)


# --- stages ----------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Ear:
    """A recogniser that hears one word per loud utterance, named by its first samples, and an aligner of its own."""

    source: str = "ear@1"
    quality: str = "draft"
    languages: tuple[str, ...] = ("en",)
    asked: list[str | None] = field(default_factory=list)
    places: list[Heard | None] = field(default_factory=list)

    def transcribe(self, samples: Samples, language: str | None) -> Transcribed:
        self.asked.append(language)
        if len(samples) < RATE:
            return Transcribed(words=(), language=language)
        name = f"w{int(np.abs(samples[:400]).sum() * 1e6)}"
        return Transcribed(words=(Heard(text=name, start=0.25, end=99, confidence=0.5),), language="en")

    def align(self, samples: Samples, words: list[str]) -> list[Heard | None]:
        return [Heard(text=w, start=0.1 * n, end=0.1 * n + 0.1, confidence=1) for n, w in enumerate(words)]


@dataclass(kw_only=True)
class EarModels:
    ear: Any = field(default_factory=Ear)

    def recogniser(self, scratch: Path) -> AbstractContextManager[Any]:
        return self._opened()

    def aligner(self, scratch: Path) -> AbstractContextManager[Any]:
        return self._opened()

    def _opened(self) -> AbstractContextManager[Any]:
        if self.ear is None:
            raise ModelMissing("no ear is here; scripts/setup brings one")
        return nullcontext(self.ear)


def hearing(tmp_path: Path, source: Path, spans: list[Span], ear: Any, language: str | None = None) -> OneStage:
    models: Any = EarModels(ear=ear)
    return make_work(
        tmp_path,
        source=source,
        needs={"ingest": ingested(source, tmp_path)},
        settings=FlowSettings(language=language),
        member={"utterances": to_json([(one.start, one.end) for one in spans])},
        models=models,
    )


def test_words_are_the_same_however_the_utterances_are_shared_out(noisy: Path, tmp_path: Path) -> None:
    spans = [span("0.5", 2), span("61/7", "79/7"), span(12, "12.4"), span("12.5", "13.9")]

    def heard(members: list[list[Span]]) -> Iterator[Any]:
        for n, member in enumerate(members):
            (tmp_path / str(n)).mkdir(exist_ok=True)
            work = hearing(tmp_path / str(n), noisy, member, Ear())
            result = hear.run(work).result
            words = loads(work.get(result["words"]))
            assert result["count"] == len(words)
            assert work.steps[-1][0] == work.steps[-1][1] > 0
            yield from words

    whole, apart = list(heard([spans])), list(heard([spans[:1], spans[1:3], spans[3:]]))
    assert whole == apart and len({word["text"] for word in whole}) == 3
    assert [word["start"] for word in whole] == ["3/4", "251/28", "51/4"]
    assert whole[0]["end"] == "2/1"  # no word is longer than its utterance


def test_an_unknown_language_and_a_missing_model_give_no_words_and_say_why(noisy: Path, tmp_path: Path) -> None:
    for ear, language, why in (
        (Ear(), "de-AT", "words are recognised for en only here, and de-AT was asked for; give --transcript"),
        (None, None, "no ear is here"),
    ):
        outcome = hear.run(hearing(tmp_path, noisy, [span(0, 2)], ear, language))
        assert outcome.result["words"] is None and outcome.result["count"] == 0
        assert outcome.left_out[0].what == "the words" and why in outcome.left_out[0].why
        if ear is not None:
            assert ear.asked == []


def transcribed(work: OneStage) -> tuple[Transcript, dict[str, Any], tuple[Any, ...]]:
    outcome = transcribe.run(work)
    return from_json(Transcript, loads(work.get(outcome.result["transcript"]))), outcome.result, outcome.left_out


def test_heard_words_are_joined_and_what_was_not_understood_is_said(noisy: Path, tmp_path: Path) -> None:
    parts = []
    for n, member in enumerate(([span(0, 2), span(2, "2.5")], [span(3, 5)])):
        (tmp_path / str(n)).mkdir()
        part = hearing(tmp_path / str(n), noisy, member, Ear())
        result = hear.run(part).result
        ref = part.put(f"words-{n}.json", part.get(result["words"]))
        parts.append({**result, "words": to_json(ref)})
        (tmp_path / "objects").mkdir(exist_ok=True)
        (tmp_path / "objects" / ref.object).write_bytes(part.get(ref))
    work = make_work(tmp_path, source=noisy, needs={"ingest": ingested(noisy, tmp_path), "hear": parts})
    found, result, _ = transcribed(work)
    assert [word.span.start for word in found.words] == [Fraction(1, 4), Fraction(13, 4)]
    assert (found.source, found.quality, found.language, found.timing) == ("ear@1", "draft", "en", "measured")
    assert found.notes == ("1 of 3 stretches of speech gave no sure words; they may be in another language",)
    assert result["words"] == 2


def test_no_words_are_a_transcript_too(noisy: Path, tmp_path: Path) -> None:
    silent = hear.run(hearing(tmp_path, noisy, [span(0, 2)], None)).result
    for parts in ([], [silent]):
        work = make_work(tmp_path, source=noisy, needs={"ingest": ingested(noisy, tmp_path), "hear": parts})
        found, result, _ = transcribed(work)
        assert found.words == () and result["words"] == 0 and (found.notes == ("nobody speaks",)) == (not parts)


SRT = "1\n00:00:01,000 --> 00:00:03,000\nhello out there\n\n2\n00:00:30,000 --> 00:00:31,000\ntoo late\n"


def given(tmp_path: Path, source: Path, text: str, models: Any, language: str | None = None) -> OneStage:
    work = make_work(
        tmp_path,
        source=source,
        needs={"ingest": ingested(source, tmp_path)},
        settings=FlowSettings(transcript="words.srt", language=language),
        models=models,
    )
    work.put("words.srt", text.encode())
    return work


def test_estimated_times_become_measured_and_what_lies_past_the_end_is_left_out(noisy: Path, tmp_path: Path) -> None:
    ear: Any = EarModels()
    found, _, left_out = transcribed(given(tmp_path, noisy, SRT, ear))
    assert [float(word.span.start) for word in found.words] == [0.5, 0.6, 0.7]  # half a second before the line, on
    assert found.timing == "measured" and found.quality == "given" and left_out == ()
    assert found.notes == ("2 words past the end of the video left out", "times found by ear@1")


def test_without_an_aligner_or_its_language_times_stay_estimated(noisy: Path, tmp_path: Path) -> None:
    none: Any = EarModels(ear=None)
    found, _, left_out = transcribed(given(tmp_path, noisy, SRT, none))
    assert found.timing == "estimated" and left_out[0].what == "the exact times of words"
    found, _, _ = transcribed(given(tmp_path, noisy, SRT, EarModels(), "de"))
    assert found.timing == "estimated" and float(found.words[0].span.start) == 1


def test_a_real_transcript_with_sloppy_lines_is_put_where_the_words_are(shared: Path, tmp_path: Path) -> None:
    """Through a child process, as in a run: lines up to 0.4 s off, one word that nobody said."""
    film = video(tmp_path, shared / "speech/jfk.flac")
    words = JFK.split()
    lines = [(0.6, 2.6, words[:5]), (3.6, 4.3, ["(laughter)"]), (3.0, 4.6, words[5:7]), (5.0, 11.0, words[7:])]
    text = "".join(
        f"{n}\n00:00:{a:06.3f} --> 00:00:{b:06.3f}\n{' '.join(said)}\n\n" for n, (a, b, said) in enumerate(lines, 1)
    ).replace(".", ",")
    work = make_work(
        tmp_path,
        source=film,
        needs={"ingest": ingested(film, tmp_path)},
        settings=FlowSettings(transcript="words.srt"),
    )
    work.put("words.srt", text.replace("(laughter)", "東京").encode())
    found, _, left_out = transcribed(work)
    assert left_out == () and found.timing == "measured", found.notes
    starts = {word.text: float(word.span.start) for word in reversed(found.words)}
    for word, truth in (("my", 0.97), ("ask", 3.25), ("what", 5.37), ("country", 5.86)):
        assert starts[word] == pytest.approx(truth, abs=0.12), word
    assert all(a.span.end <= b.span.start for a, b in pairwise(found.words))
    assert json.dumps(list(found.notes)).count("pocketsphinx@") == 1


def test_the_wrong_transcript_keeps_its_times_and_that_is_said(shared: Path, tmp_path: Path) -> None:
    film = video(tmp_path, shared / "speech/jfk.flac")
    text = "1\n00:00:01,000 --> 00:00:08,000\nproduced the block books which were the immediate predecessors\n"
    work = given(tmp_path, film, text, None)
    found, _, _ = transcribed(work)
    assert found.timing == "estimated" and "is it the right transcript" in found.notes[-1]
    assert float(found.words[0].span.start) == 1
