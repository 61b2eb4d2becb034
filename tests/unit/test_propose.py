"""The stage that chooses: real inputs of the stages before, clips on edges of frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from common.domain.clip import Clip
from common.domain.codec import from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.domain.transcript import Transcript, Word
from common.errors import Permanent
from common.ports.work import Outcome
from common.scoring.sentences import sentences
from common.stages import propose
from tests.talks import FRAME, TIMEBASE, spoken, weighed, work
from tests.work import OneStage, make_work


def clips(job: OneStage, outcome: Outcome | None = None) -> list[Clip]:
    """What the stage proposes."""
    result = (outcome or propose.run(job)).result
    return from_json(list[Clip], loads(job.get(result["clips"])))


@pytest.mark.parametrize("said", [spoken(118), None], ids=["speech", "picture"])
def test_clips_begin_and_end_on_frames_and_are_as_long_as_asked(tmp_path: Path, said: Transcript | None) -> None:
    job = work(tmp_path, seconds=120, said=said, cuts=(9, 31, 52, 77, 101), clips=4, min_s=10, max_s=25)
    outcome = propose.run(job)
    found = clips(job, outcome)
    assert len(found) == outcome.result["count"] == 4
    assert [clip.number for clip in found] == [1, 2, 3, 4]
    one = FRAME * TIMEBASE
    for clip in found:
        assert (clip.span.start / one).denominator == 1 and (clip.span.end / one).denominator == 1
        assert 10 - one <= clip.span.duration <= 25
        assert clip.span.start >= 0 and clip.span.end <= 3600 * one
        assert clip.evidence and clip.why.endswith(".") and 0 < len(clip.title) <= 60


@pytest.mark.parametrize("said", [spoken(118), None], ids=["speech", "picture"])
def test_where_frames_stand_for_long_or_are_missing_clips_are_as_long_as_asked(
    tmp_path: Path, said: Transcript | None
) -> None:
    found = clips(work(tmp_path, seconds=120, said=said, every=270, clips=4, min_s=10, max_s=12))
    assert len(found) == 4
    assert all(10 - FRAME * TIMEBASE <= clip.span.duration <= 12 for clip in found)


def test_no_clip_cuts_a_word(tmp_path: Path) -> None:
    said = spoken(118)
    for clip in clips(work(tmp_path, seconds=120, said=said, clips=4, min_s=10, max_s=25)):
        for edge in (clip.span.start, clip.span.end):
            # A clip may begin up to a frame early, never late.
            assert not any(word.span.start + FRAME * TIMEBASE < edge < word.span.end for word in said.words)
        assert clip.text.split()[0] in {"Why", "You", "It", "Nobody", "We"}


def test_the_list_of_candidates_marks_the_chosen(tmp_path: Path) -> None:
    job = work(tmp_path, seconds=120, said=spoken(118), clips=3, min_s=10, max_s=25)
    listed = loads(job.get(propose.run(job).result["candidates"]))
    assert sorted(one["chosen"] for one in listed if one["chosen"]) == [1, 2, 3]


def test_a_video_shorter_than_asked_is_one_clip_and_says_so(tmp_path: Path) -> None:
    job = work(tmp_path, seconds=8, said=spoken(7), min_s=15)
    outcome = propose.run(job)
    assert [clip.span for clip in clips(job, outcome)] == [Span(Fraction(0), 240 * FRAME * TIMEBASE)]
    assert outcome.result["fewer"] and "whole video" in clips(job, outcome)[0].why


def test_clips_that_say_the_same_are_chosen_once_and_that_is_said(tmp_path: Path) -> None:
    said = spoken(118)
    count = len(sentences(said.words))
    one_subject = np.tile(np.array([[1.0, 0.0]], np.float32), (count, 1))
    job = work(tmp_path, seconds=120, said=said, clips=4, min_s=10, max_s=25)
    outcome = propose.run(weighed(job, [0.5] * count, one_subject))
    assert outcome.result["count"] == 1 and "say much the same" in outcome.result["fewer"]
    only = clips(job, outcome)[0]
    assert only.runner_up is not None and only.runner_up.behind >= 0
    assert "key" in only.scores


def test_the_key_sentences_draw_the_choice(tmp_path: Path) -> None:
    said = spoken(118)
    found = sentences(said.words)
    late = [0.9 if one.span.start > 80 else 0.1 for one in found]
    apart = np.eye(len(found), dtype=np.float32)
    job = work(tmp_path, seconds=120, said=said, clips=1, min_s=10, max_s=25)
    best = clips(weighed(job, late, apart))[0]
    assert best.span.start > 75
    assert any(one.name == "says_key_sentence" for one in best.evidence)


def test_vectors_of_another_transcript_are_not_used(tmp_path: Path) -> None:
    said = spoken(118)
    count = len(sentences(said.words))
    job = weighed(work(tmp_path, seconds=120, said=said, clips=2), [0.5] * count, np.eye(3, dtype=np.float32))
    assert all("key" not in clip.scores for clip in clips(job))


def test_where_nobody_speaks_the_screen_gives_the_name(tmp_path: Path) -> None:
    job = work(tmp_path, seconds=40, said=None, cuts=(20,), clips=1)
    line = TextLine(text="Harbour at dawn", box=Box(x=0.3, y=0.3, width=0.4, height=0.1), confidence=0.95)
    shots = from_json(list[Shot], loads(job.get(job.given["shots"]["shots"])))
    readings = [
        Reading(at=(shot.span.start + shot.span.end) / 2, shot=shot.number, source="t@1", coverage=0.1, lines=(line,))
        for shot in shots
    ]
    job.given["read"] = [{"source": "t@1", "readings": job.keep("readings.json", to_json(readings))}]
    clip = clips(job)[0]
    assert clip.title == "Harbour at dawn" and set(clip.hashtags) == {"harbour", "dawn"}


def test_a_video_of_one_word_is_chosen_by_its_picture(tmp_path: Path) -> None:
    word = Word(text="Well", span=Span(Fraction(3), Fraction(4)))
    said = Transcript(language="en", source="srt", timing="measured", words=(word,))
    found = clips(work(tmp_path, seconds=60, said=said, cuts=(20, 40), clips=2))
    assert len(found) == 2 and all(set(clip.scores) >= {"motion"} for clip in found)
    empty = Transcript(language=None, source="srt", timing="measured", words=(), quality=None)
    assert len(clips(work(tmp_path, seconds=60, said=empty, clips=2))) == 2


def test_a_few_words_in_a_long_video_leave_the_choice_to_the_picture(tmp_path: Path) -> None:
    assert len(clips(work(tmp_path, seconds=90, said=spoken(4), cuts=(20, 40, 60), clips=2))) == 2


def test_without_shots_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="run again"):
        propose.run(make_work(tmp_path, source=tmp_path / "none"))
