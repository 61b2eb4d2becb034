"""A talk as the stages before the choice of clips leave it, for tests and benches."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe, VideoStream
from common.domain.codec import dumps, to_json
from common.domain.settings import FlowSettings
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.transcript import Transcript, Word
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
    folder: Path, *, seconds: int, said: Transcript | None, cuts: tuple[int, ...] = (), every: int = 1, **chosen: Any
) -> OneStage:
    """What a stage after these is given of a video of about `seconds`, cut at these seconds.

    Only one in `every` frames is there; `chosen` are its settings.
    """
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
    source = folder / "talk.mp4"
    source.touch()  # its name is all that is read of it
    made = make_work(folder, source=source, settings=FlowSettings(**chosen))
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
        made.given["transcribe"] = {
            "quality": said.quality,
            "transcript": to_json(made.put("transcript.json", dumps(said))),
            "words": len(said.words),
        }
    return made


def weighed(job: OneStage, key: list[float], vectors: NDArray[np.float32]) -> OneStage:
    """The same, with what is said weighed: how key each sentence is, and its vector."""
    packed = io.BytesIO()
    np.savez(packed, vectors=vectors)
    job.given["meaning"] = {
        "source": "test@1",
        "meaning": job.keep("meaning.json", {"sentences": [{"key": one} for one in key], "topics": []}),
        "vectors": to_json(job.put("vectors.npz", packed.getvalue())),
    }
    return job
