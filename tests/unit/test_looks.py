"""Pictures to look at: some frames of a stretch, each the very frame of its time, upright and no larger than asked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.errors import ToolFailed
from common.media import tools
from common.media.looks import looks, size
from common.media.probe import probe
from tests.media import three_seconds

ALL = Fraction(1, 1000)  # seconds between two pictures: every frame there is
RAMP = "nullsrc=s=64x36:r=10:d=4,geq=lum='16+N*5':cb=128:cr=128,format=yuv420p"

Look = tuple[Fraction, NDArray[np.uint8]]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_seconds(tmp_path_factory.mktemp("three"))


def made(folder: Path, name: str, source: str, *more: str) -> Path:
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-crf", "10"]
    subprocess.run([*argv, *more, str(folder / name)], check=True, stdin=subprocess.DEVNULL)
    return folder / name


@cache
def known(path: Path) -> Probe:
    return probe(path, scratch=path.parent)


def seen(path: Path, *, every: Any = ALL, long_side: int = 64, start: Any = 0, end: Any = None) -> list[Look]:
    last = None if end is None else Fraction(end)
    found = looks(
        path,
        known(path),
        every=Fraction(every),
        long_side=long_side,
        scratch=path.parent,
        start=Fraction(start),
        end=last,
    )
    return [(at, picture.copy()) for at, picture in found]


def numbers(found: list[Look]) -> list[int]:
    """Which frame of RAMP each picture is, from its brightness."""
    return [round(float(picture.mean()) * 219 / 255 / 5) for _, picture in found]


def times(found: list[Look]) -> list[Fraction]:
    return [at for at, _ in found]


@pytest.mark.parametrize("name", ["ramp.mp4", "ramp.mkv", "ramp.ts", "ramp.h264"])
def test_each_picture_is_the_frame_of_its_time(tmp_path: Path, name: str) -> None:
    """From the start of any file, and from anywhere in those that are cut into segments."""
    path = made(tmp_path, name, RAMP, "-g", "15", "-bf", "2")
    stretches: list[tuple[Any, Any, int, int]] = [(0, None, 0, 39), (0, "1.35", 0, 13)]
    assert known(path).seekable == (name in ("ramp.mp4", "ramp.mkv"))
    if known(path).seekable:
        stretches += [("1.05", "2.25", 11, 22), ("3.9", None, 39, 39)]
    for start, end, first, last in stretches:
        found = seen(path, start=start, end=end)
        assert numbers(found) == list(range(first, last + 1))
        assert [float(at) for at in times(found)] == pytest.approx([n / 10 for n in numbers(found)], abs=0.001)


def test_pictures_lie_as_far_apart_as_asked_and_no_further_than_the_next_frame(tmp_path: Path) -> None:
    """At 25 frames a second: each is the first frame after the step, less a hundredth that clocks may be off."""
    path = made(tmp_path, "fast.mp4", "testsrc2=s=64x36:r=25:d=3")
    for every, frames in (("1/10", 3), ("1/25", 1), ("2/5", 10), ("21/50", 11), ("1", 25)):
        found = times(seen(path, every=every))
        assert found == [Fraction(n, 25) for n in range(0, 75, frames)], every


def test_a_stretch_is_counted_from_its_own_first_frame_and_its_end_is_outside(three: Path) -> None:
    found = times(seen(three, every="1/2", start="3/10", end="13/10"))
    assert found == [Fraction(3, 10), Fraction(8, 10)]
    assert times(seen(three, every="1/2", start="31/100", end="14/10"))[0] == Fraction(4, 10)
    assert seen(three, start="1", end="1") == seen(three, start="1.01", end="1.09") == seen(three, start="3.01") == []


@pytest.mark.parametrize("rate", ["30000/1001", "10"])
def test_stretches_give_together_the_very_frames_of_the_whole(tmp_path: Path, rate: str) -> None:
    """Open groups of pictures; seams on a frame's instant, between two, and a thousandth beside one."""
    path = made(tmp_path, "v.mp4", f"testsrc2=s=96x54:r={rate}:d=3", "-x264-params", "open-gop=1:keyint=17:scenecut=0")
    whole = seen(path)
    step = 1 / Fraction(rate)
    assert times(whole) == [n * step for n in range(len(whole))] and len(whole) >= 30
    seams = [Fraction(0), 5 * step, 11 * step + step / 3, 18 * step + Fraction(1, 1000), 29 * step, None]
    parts = [seen(path, start=a, end=b) for a, b in pairwise(seams)]
    assert [len(part) for part in parts[:4]] == [5, 7, 7, 10]
    joined = [look for part in parts for look in part]
    assert times(joined) == times(whole)
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(joined, whole, strict=True))


@pytest.mark.parametrize(("name", "sound"), [("late.mkv", "flac"), ("late.mov", "pcm_s16le")])
def test_zero_is_the_first_instant_of_the_file(tmp_path: Path, name: str, sound: str) -> None:
    """The sound begins a second before the picture, and the file itself late."""
    path = tmp_path / name
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-itsoffset", "1", "-i", RAMP]
    argv += [
        "-f",
        "lavfi",
        "-i",
        "sine=d=5",
        "-c:v",
        "libx264",
        "-crf",
        "10",
        "-c:a",
        sound,
        "-fps_mode",
        "passthrough",
    ]
    subprocess.run([*argv, "-output_ts_offset", "2.5", str(path)], check=True, stdin=subprocess.DEVNULL)
    assert known(path).start == Fraction(5, 2) and known(path).seekable
    found = seen(path, every="1/2")
    assert [float(at) for at in times(found)] == [1 + n / 2 for n in range(8)]
    assert numbers(found) == list(range(0, 40, 5))
    found = seen(path, start="2.95", end="3.25")
    assert (numbers(found), [float(at) for at in times(found)]) == ([20, 21, 22], [3.0, 3.1, 3.2])


def test_frames_far_apart_keep_their_true_times(tmp_path: Path) -> None:
    rare = RAMP + ",select='not(between(n,8,19)+between(n,22,28))'"
    path = made(tmp_path, "rare.mp4", rare, "-fps_mode", "vfr", "-g", "100")
    found = seen(path, every="3/10")
    assert numbers(found) == [0, 3, 6, 20, 29, 32, 35, 38]
    assert times(found) == [Fraction(n, 10) for n in numbers(found)]


@pytest.mark.parametrize(
    ("shown", "long_side", "wanted"),
    [
        ((1920, 1080), 768, (768, 432)),
        ((1080, 1920), 768, (432, 768)),
        ((320, 180), 768, (320, 180)),  # never enlarged
        ((321, 181), 768, (320, 180)),  # even
        ((853, 480), 640, (640, 360)),
        ((7680, 20), 768, (768, 2)),
        ((3, 4000), 768, (2, 768)),
    ],
)
def test_the_long_side_is_as_asked_and_both_are_even(
    three: Path, shown: tuple[int, int], long_side: int, wanted: tuple[int, int]
) -> None:
    about = known(three)
    about = replace(about, video=replace(about.video, width=shown[0], height=shown[1]))
    assert size(about, long_side) == wanted


def test_pictures_are_upright_in_colour_with_square_pixels(tmp_path: Path) -> None:
    flat = made(tmp_path, "flat.mp4", "color=red:s=96x54:r=10:d=1,drawbox=w=20:h=54:color=blue:t=fill,setsar=4/3")
    [(_, lying)] = seen(flat, every=5, long_side=1000)
    assert lying.shape == (54, 128, 3) and lying.dtype == np.uint8
    assert lying[27, 5, 2] > 200 > 60 > lying[27, 5, 0]  # blue on the left
    assert lying[27, 100, 0] > 200 > 60 > lying[27, 100, 2]
    turned = tmp_path / "turned.mp4"
    turn = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-display_rotation", "90", "-i", str(flat), "-c", "copy"]
    if subprocess.run([*turn, str(turned)], capture_output=True).returncode:  # before ffmpeg 6 a tag says it
        turn = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=90"]
        subprocess.run([*turn, str(turned)], check=True)
    about = known(turned)
    [(_, standing)] = seen(turned, every=5, long_side=64)
    assert about.video.rotation in (90, 270) and (standing.shape[1], standing.shape[0]) == size(about, 64)
    assert standing.shape[0] == 64 > standing.shape[1]
    ends = (standing[2, 10, 2], standing[-3, 10, 2])
    assert max(ends) > 200 > 60 > min(ends)  # blue at one end only
    assert (ends[0] > ends[1]) == (about.video.rotation == 90)


def zeroed(path: Path, *, first: int, last: int) -> Path:
    """The same with its packets from `first` to before `last` full of zeros."""
    asked = ["ffprobe", "-v", "error", "-show_entries", "packet=pos,size", "-of", "csv=p=0", str(path)]
    lines = subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split()
    raw = bytearray(path.read_bytes())
    for line in lines[first:last]:
        length, at = (int(field) for field in line.split(",")[:2])
        raw[at + 4 : at + length] = bytes(length - 4)
    broken = path.with_name(f"broken-{path.name}")
    broken.write_bytes(raw)
    return broken


def test_broken_frames_are_passed_over_and_no_other_time_is_changed(tmp_path: Path) -> None:
    path = made(tmp_path, "whole.mp4", RAMP.replace("64x36", "160x90"), "-g", "10", "-bf", "0")
    found = seen(zeroed(path, first=10, last=20))
    kept = [(at, n) for at, n in zip(times(found), numbers(found), strict=True) if not 1 <= at < 2]
    assert kept == [(Fraction(n, 10), n) for n in (*range(10), *range(20, 40))]
    assert all(number < 10 for at, number in zip(times(found), numbers(found), strict=True) if 1 <= at < 2)
    assert len(found) < 40


def test_where_nothing_can_be_decoded_there_is_no_picture(tmp_path: Path) -> None:
    path = made(tmp_path, "whole.mp4", RAMP, "-g", "10")
    about, broken, found = known(path), zeroed(path, first=0, last=40), []
    with suppress(ToolFailed):  # some versions of ffmpeg call it an error to have decoded nothing
        found += [at for at, _ in looks(broken, about, every=ALL, long_side=64, scratch=tmp_path)]
    assert found == []


def fake(folder: Path, program: str) -> Callable[[str], str]:
    """Stands for tools.find: an ffmpeg that does this."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    return lambda tool: str(path)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("head -c 1000 /dev/zero", "in the middle of a frame"),
        ("echo 'no such codec' >&2; exit 3", "ended with status 3: no such codec"),
        ("kill -9 $$", "killed by signal 9"),
    ],
)
def test_an_ffmpeg_that_dies_is_an_error_that_says_how(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    about = known(three)
    monkeypatch.setattr(tools, "find", fake(tmp_path, program))
    with pytest.raises(ToolFailed, match=said):
        list(looks(three, about, every=ALL, long_side=64, scratch=tmp_path))


def test_a_frame_without_a_time_is_passed_over(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = known(three)
    width, height = size(about, 64)
    line = "[Parsed_showinfo_2 @ 0x55] [info] n: {} pts: {} pts_time:1"
    named = "; ".join(f"echo '{line.format(n, pts)}' >&2" for n, pts in enumerate(("NOPTS", 1024, 2048)))
    monkeypatch.setattr(tools, "find", fake(tmp_path, f"{named}; head -c {3 * width * height * 3} /dev/zero"))
    zero = round(about.start / about.video.timebase)
    found = [at for at, _ in looks(three, about, every=ALL, long_side=64, scratch=tmp_path)]
    assert found == [(tick - zero) * about.video.timebase for tick in (1024, 2048)]


def test_whoever_stops_looking_stops_ffmpeg(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = known(three)
    started: list[Any] = []
    popen = subprocess.Popen

    def noted(*args: Any, **kwargs: Any) -> Any:
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr("common.media.tools.subprocess.Popen", noted)
    with closing(looks(three, about, every=ALL, long_side=96, scratch=tmp_path)) as found:
        assert next(found)[0] == 0
    assert [process.poll() is not None for process in started] == [True]
