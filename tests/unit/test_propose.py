"""The stage that chooses: real inputs of the stages before, clips on edges of frames."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.domain.asset import Probe, VideoStream
from common.domain.clip import Clip
from common.domain.codec import dumps, from_json, loads, to_json
from common.domain.settings import FlowSettings
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
from common.errors import Permanent
from common.ports.work import Outcome
from common.stages import propose
from tests.work import OneStage, make_work

TIMEBASE = Fraction(1, 30_000)
FRAME = 1001  # ticks: 29.97 frames per second
SAID = "Why does this happen? You see it every day. It is simple once you know. Nobody tells you that. We did. "


def video(duration: Fraction) -> Probe:
    stream = VideoStream(
        index=0,
        codec="h264",
        width=320,
        height=180,
        pixel_aspect=Fraction(1),
        rotation=0,
        timebase=TIMEBASE,
        start_ticks=0,
        frame_rate=Fraction(30_000, 1001),
        variable_rate=False,
        duration=duration,
        pixel_format="yuv420p",
        bit_depth=8,
        interlaced=False,
        dynamic_range="sdr",
    )
    return Probe(container="mp4", size=1, start=Fraction(0), duration=duration, video=stream, audio=(), seekable=True)


def spoken(until: int) -> Transcript:
    words, at = [], Fraction(1, 2)
    for text in (SAID * 40).split():
        if at > until:
            break
        words.append(Word(text=text, span=Span(at, at + Fraction(3, 10))))
        at += Fraction(7, 10) if text[-1] in ".?" else Fraction(35, 100)
    return Transcript(language="en", source="srt", timing="measured", words=tuple(words))


def work(
    tmp_path: Path, *, seconds: int, said: Transcript | None, cuts: tuple[int, ...] = (), every: int = 1, **chosen: Any
) -> OneStage:
    """The stage's inputs for a video of about `seconds`, cut at these seconds; only one in `every` frames is there."""
    frames = seconds * 30
    end = frames * FRAME * TIMEBASE
    ticks = np.arange(0, frames, every, dtype=np.int64) * FRAME
    edges = [Fraction(0), *(second * 30 * FRAME * TIMEBASE for second in cuts), end]
    shots = tuple(
        Shot(
            number=n,
            span=Span(start, stop),
            opens_with="cut" if n else "start",
            confidence=1.0,
            brightness=0.5,
            motion=0.1,
            black=False,
            frozen=False,
        )
        for n, (start, stop) in enumerate(pairwise(edges))
    )
    made = make_work(tmp_path, source=tmp_path / "none", settings=FlowSettings(**chosen))
    packed = io.BytesIO()
    np.savez(packed, ticks=ticks)
    steps = seconds * 2 + 2
    made.given["ingest"] = {"probe": to_json(video(end)), "audio_track": None}
    made.given["shots"] = {
        "shots": made.keep("shots.json", to_json(shots)),
        "times": to_json(made.put("times.npz", packed.getvalue())),
        "activity": made.keep(
            "activity.json",
            {"step": "1/2", "motion": [0.1 + n % 5 / 50 for n in range(steps)], "brightness": [0.5] * steps},
        ),
        "black": [],
        "frozen": [],
    }
    if said is not None:
        made.given["transcribe"] = {"transcript": to_json(made.put("transcript.json", dumps(said)))}
    return made


def clips(outcome: Outcome) -> list[Clip]:
    return [from_json(Clip, member) for member in outcome.members["clip"]]


@pytest.mark.parametrize("said", [spoken(118), None], ids=["speech", "picture"])
def test_clips_begin_and_end_on_frames_and_are_as_long_as_asked(tmp_path: Path, said: Transcript | None) -> None:
    job = work(tmp_path, seconds=120, said=said, cuts=(9, 31, 52, 77, 101), clips=4, min_s=10, max_s=25)
    outcome = propose.run(job)
    found = clips(outcome)
    assert len(found) == outcome.result["count"] == 4
    assert [clip.number for clip in found] == [1, 2, 3, 4]
    one = FRAME * TIMEBASE
    for clip in found:
        assert (clip.span.start / one).denominator == 1 and (clip.span.end / one).denominator == 1
        assert 10 - one <= clip.span.duration <= 25
        assert clip.span.start >= 0 and clip.span.end <= 3600 * one
        assert clip.evidence and clip.why.endswith(".") and 0 < len(clip.title) <= 60
    assert set(outcome.documents) == {f"clips/{{flow}}.{n}" for n in (1, 2, 3, 4)}


@pytest.mark.parametrize("said", [spoken(118), None], ids=["speech", "picture"])
def test_where_frames_stand_for_long_or_are_missing_clips_are_as_long_as_asked(
    tmp_path: Path, said: Transcript | None
) -> None:
    found = clips(propose.run(work(tmp_path, seconds=120, said=said, every=270, clips=4, min_s=10, max_s=12)))
    assert len(found) == 4
    assert all(10 - FRAME * TIMEBASE <= clip.span.duration <= 12 for clip in found)


def test_no_clip_cuts_a_word(tmp_path: Path) -> None:
    said = spoken(118)
    for clip in clips(propose.run(work(tmp_path, seconds=120, said=said, clips=4, min_s=10, max_s=25))):
        for edge in (clip.span.start, clip.span.end):
            # A clip may begin up to a frame early, never late.
            assert not any(word.span.start + FRAME * TIMEBASE < edge < word.span.end for word in said.words)
        assert clip.text.split()[0] in {"Why", "You", "It", "Nobody", "We"}


def test_the_list_of_candidates_marks_the_chosen(tmp_path: Path) -> None:
    job = work(tmp_path, seconds=120, said=spoken(118), clips=3, min_s=10, max_s=25)
    listed = loads(job.get(propose.run(job).result["candidates"]))
    assert sorted(one["chosen"] for one in listed if one["chosen"]) == [1, 2, 3]


def test_a_video_shorter_than_asked_is_one_clip_and_says_so(tmp_path: Path) -> None:
    outcome = propose.run(work(tmp_path, seconds=8, said=spoken(7), min_s=15))
    assert [clip.span for clip in clips(outcome)] == [Span(Fraction(0), 240 * FRAME * TIMEBASE)]
    assert outcome.result["fewer"] and "whole video" in clips(outcome)[0].why


def test_a_few_words_in_a_long_video_leave_the_choice_to_the_picture(tmp_path: Path) -> None:
    outcome = propose.run(work(tmp_path, seconds=90, said=spoken(4), cuts=(20, 40, 60), clips=2))
    assert len(clips(outcome)) == 2


def test_without_shots_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="run again"):
        propose.run(make_work(tmp_path, source=tmp_path / "none"))
