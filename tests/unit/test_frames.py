"""The picture pass: exact times, exact seams, damage counted."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.errors import ToolFailed
from common.media.frames import SmallFrames
from common.media.probe import probe
from common.signals.picture import Measures, Meter

OPEN_GOP = ["-c:v", "libx264", "-x264-params", "bframes=5:b-adapt=0:open-gop=1:keyint=37:min-keyint=37:scenecut=0"]

Stretch = tuple[NDArray[np.int64], list[dict[str, NDArray[Any]]], int]


def made(path: Path, *, picture: str = "testsrc2=s=320x180:r=30:d=6", encode: list[str] = OPEN_GOP) -> Path:
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, *encode, "-pix_fmt", "yuv420p"]
    subprocess.run([*argv, str(path)], check=True)
    return path


def seen(video: Path, scratch: Path, start: Fraction = Fraction(0), end: Fraction | None = None) -> Stretch:
    """Ticks and measures of a stretch, and the damage counted in it."""
    meter, ticks, parts = Meter(), [], []
    frames = SmallFrames(video, probe(video, scratch=scratch), scratch=scratch, start=start, end=end)
    for batch in frames:
        inside = batch.ticks >= frames.first
        ticks.append(batch.ticks[inside])
        parts.append({name: values[inside] for name, values in meter.add(batch.y, batch.u, batch.v).arrays().items()})
    return np.concatenate([np.zeros(0, np.int64), *ticks]), parts, frames.damaged


def assert_seams_exact(video: Path, scratch: Path, cuts: list[Fraction]) -> None:
    ticks, parts, _ = seen(video, scratch)
    whole = Measures.joined(parts)
    stretches = [seen(video, scratch, a, b) for a, b in zip([Fraction(0), *cuts], [*cuts, None], strict=True)]
    joined = Measures.joined([part for _, parts, _ in stretches for part in parts])
    assert np.array_equal(ticks, np.concatenate([t for t, _, _ in stretches]))
    for name, values in whole.arrays().items():
        assert np.array_equal(values, joined.arrays()[name]), name


@pytest.mark.parametrize("segments", [2, 5])
def test_segments_give_the_very_frames_of_the_whole(tmp_path: Path, segments: int) -> None:
    video = made(tmp_path / "open gop.mp4")
    assert_seams_exact(video, tmp_path, [Fraction(6 * n, segments) + Fraction(n, 997) for n in range(1, segments)])


def test_seams_hold_where_frames_are_seconds_apart(tmp_path: Path) -> None:
    slides = made(tmp_path / "slides.mp4", picture="testsrc2=s=320x180:r=1/3:d=60")
    assert_seams_exact(slides, tmp_path, [Fraction(10), Fraction(31)])


def test_every_frame_has_its_time_since_zero(tmp_path: Path) -> None:
    encode = ["-c:v", "libx264", "-bf", "3", "-video_track_timescale", "30000", "-output_ts_offset", "1.5"]
    video = made(tmp_path / "late.mp4", picture="testsrc2=s=320x180:r=30000/1001:d=2", encode=encode)
    ticks, _, damaged = seen(video, tmp_path)
    assert damaged == 0
    assert np.array_equal(ticks, np.arange(len(ticks)) * 1001)
    assert len(ticks) == 60


def test_a_tall_picture_stays_tall(tmp_path: Path) -> None:
    video = made(tmp_path / "tall.mp4", picture="testsrc2=s=180x320:r=10:d=1")
    batch = next(iter(SmallFrames(video, probe(video, scratch=tmp_path), scratch=tmp_path)))
    assert batch.y.shape == (10, 160, 90)
    assert batch.u.shape == batch.v.shape == (10, 80, 45)


def test_broken_frames_are_counted_and_the_rest_is_kept(tmp_path: Path) -> None:
    video = made(tmp_path / "broken.mp4", encode=["-c:v", "mpeg4", "-b:v", "2M", "-g", "10"])
    content = bytearray(video.read_bytes())
    about = probe(video, scratch=tmp_path)
    half = len(content) // 2
    content[half : half + 60_000] = bytes(60_000)
    video.write_bytes(content)
    frames = SmallFrames(video, about, scratch=tmp_path)
    kept = sum(len(batch.ticks) for batch in frames)
    assert 60 < kept < 180
    assert frames.damaged > 0


def test_where_nothing_can_be_decoded_there_are_no_frames(tmp_path: Path) -> None:
    video = made(tmp_path / "noise.mp4", encode=["-c:v", "libx264", "-movflags", "+faststart"])
    about = probe(video, scratch=tmp_path)
    content = bytearray(video.read_bytes())
    data = content.index(b"mdat") + 4
    content[data:] = bytes(len(content) - data)
    video.write_bytes(content)
    frames = SmallFrames(video, about, scratch=tmp_path)
    assert list(frames) == []
    assert frames.damaged >= 1


def test_frames_without_a_time_are_given_one(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole.mp4", picture="testsrc2=s=320x180:r=30:d=1", encode=["-c:v", "libx264", "-bf", "0"])
    about = probe(whole, scratch=tmp_path)
    frames = SmallFrames(whole, about, scratch=tmp_path)
    for line in ("n:   0 pts:   512 pts_time:1", "n:   1 pts:NOPTS pts_time:NOPTS", "n:   2 pts:   512 pts_time:1"):
        assert frames._on_line(f"[Parsed_showinfo_1 @ 0x55] [info] {line} pos: 1 fmt:yuv420p iskey:1 type:I ")
    frames._decoded = lambda seek: iter([np.zeros((3, 160 * 90 * 3 // 2), np.uint8)])  # type: ignore[method-assign]
    batches = list(frames._batches(None))
    assert batches[0].ticks.tolist() == [512, 512 + 512]
    assert frames.damaged == 2


def test_variable_frame_rate_keeps_the_true_times(shared: Path, tmp_path: Path) -> None:
    ticks, _, _ = seen(shared / "shots" / "goldeneye-vfr-drop3.mp4", tmp_path)
    assert ticks[:4].tolist() == [0, 1001, 3003, 4004]
    assert len(ticks) == 160


def test_a_stretch_that_ends_early_stops_decoding_early(tmp_path: Path) -> None:
    video = made(tmp_path / "v.mp4")
    ticks, _, _ = seen(video, tmp_path, Fraction(2), Fraction(3))
    timebase = probe(video, scratch=tmp_path).video.timebase
    assert [int(t) * timebase for t in ticks] == [2 + Fraction(n, 30) for n in range(30)]


def test_a_lost_count_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = made(tmp_path / "v.mp4", picture="testsrc2=s=320x180:r=30:d=1")
    frames = SmallFrames(video, probe(video, scratch=tmp_path), scratch=tmp_path)
    frames._shown.put((0, True))
    frames._decoded = lambda seek: iter([])  # type: ignore[method-assign]
    with pytest.raises(ToolFailed, match="named the times"):
        list(frames._batches(None))
