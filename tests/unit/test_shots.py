"""Shots from frames drawn here, and from real footage whose cuts are known."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.codec import from_json, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.errors import Permanent
from common.media.probe import probe
from common.scoring import shots
from common.scoring.boundaries import find
from common.signals.picture import Measures, Meter
from common.stages import detect
from common.stages import shots as stage
from scripts.benches.detect import cuts, score
from tests.work import make_work

Frames = NDArray[np.float64]


def picture(seed: int, count: int) -> Frames:
    """A still of coarse random blocks, (count, 90, 160)."""
    blocks = np.random.default_rng(seed).integers(30, 220, (9, 16)).astype(float)
    return np.repeat(np.kron(blocks, np.ones((10, 10)))[None], count, axis=0)


def black(count: int) -> Frames:
    return np.full((count, 90, 160), 16.0)


def blend(a: Frames, b: Frames, count: int) -> Frames:
    share = np.arange(1, count + 1)[:, None, None] / (count + 1)
    return a[:1] * (1 - share) + b[:1] * share


def measured(*parts: Frames) -> Measures:
    y = np.round(np.concatenate(parts)).astype(np.uint8)
    grey = np.full((len(y), 45, 80), 128, np.uint8)
    return Meter().add(y, grey, grey)


def read(*parts: Frames) -> shots.Picture:
    """At 30 frames a second from zero."""
    count = sum(len(part) for part in parts)
    times = shots.Times(ticks=np.arange(count), timebase=Fraction(1, 30), end=Fraction(count, 30))
    return shots.read(measured(*parts), times)


def found(*parts: Frames) -> list[tuple[str, int]]:
    return [(boundary.opens_with, boundary.frame) for boundary in find(measured(*parts), 30.0)]


def test_cuts_are_found_to_the_frame() -> None:
    assert found(picture(1, 20), picture(2, 20), picture(3, 5), picture(4, 20)) == [
        ("cut", 20),
        ("cut", 40),
        ("cut", 45),
    ]


def test_a_flash_is_no_cut() -> None:
    white = np.full((2, 90, 160), 235.0)
    assert found(picture(1, 20), white, picture(1, 20)) == []


def test_a_title_that_pops_up_is_no_cut() -> None:
    with_title = picture(1, 30)
    with_title[:, 60:80, 40:120] = 235
    assert found(picture(1, 30), with_title) == []


def test_a_dissolve_opens_in_its_middle() -> None:
    a, b = picture(1, 40), picture(2, 40)
    [(how, frame)] = found(a, blend(a, b, 24), b)
    assert how == "dissolve"
    assert abs(frame - 52) <= 2


def test_a_fade_through_black_is_one_boundary() -> None:
    a, b = picture(1, 40), picture(2, 40)
    [(how, frame)] = found(a, blend(a, black(1), 15), black(4), blend(black(1), b, 15), b)
    assert how == "fade"
    assert abs(frame - 57) <= 3


def test_a_change_of_light_is_no_dissolve() -> None:
    a = picture(1, 40)
    brighter = np.minimum(235, a + 40)
    assert found(a, blend(a, brighter, 24), brighter) == []


def test_long_black_is_a_shot_and_a_span() -> None:
    said = read(picture(1, 30), black(30), picture(2, 30))
    assert [shot.black for shot in said.shots] == [False, True, False]
    assert said.black == (Span(Fraction(1), Fraction(2)),)


def test_a_standing_picture_is_a_frozen_span() -> None:
    moving = np.concatenate([np.roll(picture(1, 1), 7 * n, axis=2) for n in range(30)])
    still = np.repeat(moving[-1:], 20, axis=0)
    said = read(moving, still, moving)
    assert said.frozen == (Span(Fraction(29, 30), Fraction(50, 30)),)


def test_one_frame_shown_for_seconds_is_frozen() -> None:
    frames = measured(picture(1, 1), picture(2, 1), picture(3, 1))
    times = shots.Times(ticks=np.array([0, 1, 100]), timebase=Fraction(1, 30), end=Fraction(101, 30))
    assert shots.read(frames, times).frozen == (Span(Fraction(1, 30), Fraction(100, 30)),)


def test_activity_has_a_value_per_half_second_and_none_without_frames() -> None:
    frames = measured(picture(1, 2))
    times = shots.Times(ticks=np.array([0, 60]), timebase=Fraction(1, 30), end=Fraction(61, 30))
    activity = shots.read(frames, times).activity
    assert [value is None for value in activity.brightness] == [False, True, True, True, False]


def test_the_stages_find_the_shots_of_a_video_in_two_segments(tmp_path: Path) -> None:
    video = tmp_path / "two.mp4"
    graph = "testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];[a][b]concat"
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-filter_complex", graph, "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run([*argv, str(video)], check=True)
    ingest = {"probe": to_json(probe(video, scratch=tmp_path)), "audio_track": None}
    done: list[dict[str, object]] = []
    whole = make_work(tmp_path, source=video, needs={"ingest": ingest, "detect": done})
    for number, (start, end) in enumerate([("0/1", "3/2"), ("3/2", None)]):
        work = make_work(
            tmp_path / str(number), source=video, needs={"ingest": ingest}, member={"start": start, "end": end}
        )
        result = detect.run(work).result
        kept = whole.put(f"{number}.npz", work.get(result["features"]))
        done.append({**result, "features": to_json(kept)})
        assert work.steps
    result = stage.run(whole).result
    said = from_json(tuple[Shot, ...], json.loads(whole.get(result["shots"])))
    assert [(shot.opens_with, shot.span) for shot in said] == [
        ("start", Span(Fraction(0), Fraction(2))),
        ("cut", Span(Fraction(2), Fraction(4))),
    ]
    assert (result["count"], result["frames"], result["damaged"]) == (2, 100, 0)
    assert json.loads(whole.get(result["activity"]))["step"] == "1/2"


def test_a_video_without_any_frame_says_what_to_do(tmp_path: Path) -> None:
    video = tmp_path / "v.mp4"
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=d=1", str(video)]
    subprocess.run(argv, check=True)
    needs = {"ingest": {"probe": to_json(probe(video, scratch=tmp_path))}, "detect": [{"frames": 0, "damaged": 3}]}
    with pytest.raises(Permanent, match="export it again"):
        stage.run(make_work(tmp_path, source=video, needs=needs))


def test_known_cuts_of_real_footage_are_found(shared: Path) -> None:
    truth = shared / "shots" / "shots_gt.json"
    hits = errors = 0
    for key in json.loads(truth.read_text("utf-8"))["videos"]:
        found_here, missed, extra = score(cuts(shared / key), truth, key)
        hits, errors = hits + found_here, errors + len(missed) + len(extra)
    assert 2 * hits / (2 * hits + errors) >= 0.97
