"""The stages that hear words and join or time them, with an ear that is easy to foresee and with the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.codec import from_json, loads, to_json
from common.domain.settings import FlowSettings
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.errors import ModelMissing
from common.media.sound import RATE
from common.ports.models import Heard, Transcribed
from common.scoring.placing import blocks
from common.stages import hear, transcribe
from tests.sound import JFK, Samples, ingested, noisy_film, span, video
from tests.work import OneStage, make_work


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noisy_film(tmp_path_factory.mktemp("noisy"))


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
    # nobody speaks; no model hears; hearing failed, and says so itself; the sound could not be listened to
    for speech, parts in ((0, []), (2, [silent]), (2, []), (None, [])):
        needs = {"ingest": ingested(noisy, tmp_path), "hear": parts}
        if speech is not None:
            needs["listen"] = {"seconds": {"speech": speech}}
        found, result, _ = transcribed(make_work(tmp_path, source=noisy, needs=needs))
        assert found.words == () and result["words"] == 0 and result["quality"] is None
        assert found.notes == (("nobody speaks",) if speech == 0 else ())


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


def test_a_line_that_stands_for_hours_is_not_listened_to_for_hours() -> None:
    long = Word(text="Music", span=span(0, 10_000))
    words = [Word(text="so", span=span(0, 1)), long]
    words += [Word(text="on", span=span(n, n + 1)) for n in (5, 9_999, 10_000)]
    found = blocks(words, Fraction(20_000))
    assert max(one.span.duration for one in found) < 60
    assert [n for one in found for n in range(one.keep_first, one.keep_last)] == list(range(5))


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
