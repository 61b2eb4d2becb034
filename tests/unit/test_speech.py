"""From sound to words: exact samples, utterances, the voice model, recognition and alignment."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest

from common.adapters.models.pronunciation import pronunciations
from common.adapters.models.silero import Silero
from common.adapters.models.sphinx import Sphinx, SphinxAligner
from common.domain.timebase import Span
from common.media.probe import probe
from common.media.sound import RATE, pieces, samples
from common.ports.models import Transcribed
from common.scoring.utterances import utterances
from tests.sound import JFK, decoded, melody, noise, noisy_film, span, video

# --- samples ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noisy_film(tmp_path_factory.mktemp("noisy"))


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
        ("Qanaq", "K AE N AE K"),
    ],
)
def test_what_is_written_is_said(aligner: SphinxAligner, word: str, phones: str) -> None:
    assert pronunciations(word, aligner._decoder.lookup_word)[0] == phones


def test_whatever_letters_there_are_can_be_said() -> None:
    for one in ascii_lowercase:
        for other in ascii_lowercase:
            for word in (one + other + one, f"a{one}{other}"):
                assert pronunciations(word, lambda _: None) != []


def test_an_acronym_may_be_spelt(aligner: SphinxAligner) -> None:
    assert "JH IY P IY Y UW" in pronunciations("GPU", aligner._decoder.lookup_word)
