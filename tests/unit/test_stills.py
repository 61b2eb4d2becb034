"""Stills: the very frame on show at a time, upright, in its true colours; None where there is none."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from common.media.probe import probe
from common.media.stills import in_turns, stills
from common.media.tools import run

RAMP = "nullsrc=s=64x36:r=10:d=4,geq=lum='16+N*5':cb=128:cr=128,format=yuv420p"


def made(folder: Path, name: str, source: str, *more: str, codec: str = "libx264") -> Path:
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", codec, *more]
    subprocess.run([*argv, str(folder / name)], check=True, stdin=subprocess.DEVNULL)
    return folder / name


def taken(path: Path, times: list[Any], folder: Path, *, long_side: int = 1280) -> list[Any]:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    about = probe(path, scratch=scratch)
    found = stills(path, about, [Fraction(at) for at in times], long_side=long_side, scratch=scratch)
    assert not list(scratch.glob("still-*"))  # nothing is left behind
    return found


def numbers(found: list[Any]) -> list[int | None]:
    """Which frame of RAMP each still is, from its brightness."""
    return [None if one is None else round(float(one.mean()) * 219 / 255 / 5) for one in found]


@pytest.mark.parametrize("name", ["ramp.mp4", "ramp.ts", "ramp.h264"])
def test_the_frame_on_show_is_taken_whatever_can_be_sought_in(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, RAMP, "-g", "15", "-crf", "10")
    times = ["0", "1/20", "99/100", "1", "149/100", "299/100", "3", "399/100"]
    assert numbers(taken(path, times, tmp_path)) == [0, 0, 9, 10, 14, 29, 30, 39]


def test_a_frame_that_stays_for_long_is_taken_at_any_time_of_its_stay(tmp_path: Path) -> None:
    rare = RAMP + ",select='not(between(n,8,29))'"
    path = made(tmp_path, "rare.mp4", rare, "-fps_mode", "vfr", "-g", "100", "-crf", "10")
    assert numbers(taken(path, ["0.75", "1.5", "2.9", "3.05"], tmp_path)) == [7, 7, 7, 30]


def test_before_the_first_frame_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-itsoffset", "1", "-i", RAMP]
    argv += ["-f", "lavfi", "-i", "sine=d=4", "-c:v", "libx264", "-crf", "10", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    assert numbers(taken(path, ["0.5", "2.05"], tmp_path)) == [None, 10]


def test_stills_are_upright_with_square_pixels_and_never_enlarged(tmp_path: Path) -> None:
    flat = made(tmp_path, "flat.mp4", "color=red:s=96x54:r=10:d=1,drawbox=w=20:h=54:color=blue:t=fill,setsar=4/3")
    turned = tmp_path / "turned.mp4"
    turn = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-display_rotation", "90", "-i", str(flat), "-c", "copy"]
    done = subprocess.run([*turn, str(turned)], capture_output=True)
    if done.returncode:  # before ffmpeg 6 a tag says it
        turn = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-i", str(flat), "-c", "copy", "-metadata:s:v", "rotate=90"]
        subprocess.run([*turn, str(turned)], check=True)
    [lying] = taken(flat, ["0.5"], tmp_path)
    assert lying.shape == (54, 128, 3)
    assert lying[27, 5, 2] > 200 > 60 > lying[27, 5, 0]  # blue on the left
    assert lying[27, 100, 0] > 200 > 60 > lying[27, 100, 2]
    about = probe(turned, scratch=tmp_path).video
    [standing] = taken(turned, ["0.5"], tmp_path, long_side=64)
    assert (about.rotation in (90, 270), max(standing.shape), standing.shape[0] > standing.shape[1]) == (True, 64, True)
    ends = (standing[2, 10, 2], standing[-3, 10, 2])
    assert max(ends) > 200 > 60 > min(ends)  # blue at one end only
    assert (ends[0] > ends[1]) == (about.rotation == 90)


def test_a_picture_of_8k_is_made_small_inside_ffmpeg(tmp_path: Path) -> None:
    path = made(tmp_path, "8k.mp4", "testsrc2=s=7680x4320:r=2:d=1", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    [still] = taken(path, ["0.6"], tmp_path)
    assert still.shape == (720, 1280, 3)
    assert float(still.std()) > 40


def test_few_decoders_of_large_pictures_work_at_once(tmp_path: Path) -> None:
    small = probe(made(tmp_path, "small.mp4", "testsrc2=s=64x36:r=2:d=1"), scratch=tmp_path).video
    large = replace(small, width=7680, height=4320)
    assert [list(turn) for turn in in_turns(range(8), small)] == [[0, 1, 2, 3, 4, 5], [6, 7]]
    assert [list(turn) for turn in in_turns(range(3), large)] == [[0], [1], [2]]


def test_hdr_is_made_small_before_it_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ramp = "color=s=640x360:r=10:d=1,geq=lum='64+X':cb=512:cr=512,format=yuv420p10le"
    told = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")
    quiet = ("-x265-params", "log-level=error")
    path = made(tmp_path, "hdr.mp4", ramp, "-preset", "ultrafast", *quiet, *told, codec="libx265")
    asked: list[list[str]] = []

    def noted(tool: str, args: list[str], **more: Any) -> Any:
        asked.append(args)
        return run(tool, args, **more)

    monkeypatch.setattr("common.media.stills.run", noted)
    [still] = taken(path, ["0.5"], tmp_path, long_side=64)
    row = still[18].mean(axis=1)
    assert still.shape == (36, 64, 3) and row[0] < 30 and row[-1] > 120 and (row[1:] >= row[:-1] - 2).all()
    graph = asked[0][asked[0].index("-filter_complex") + 1]
    assert graph.index("scale=64:36") < graph.index("zscale")


def test_broken_frames_take_no_other_still_along(tmp_path: Path) -> None:
    path = made(tmp_path, "whole.mp4", RAMP.replace("64x36", "160x90"), "-g", "10", "-crf", "10", "-bf", "0")
    asked = ["ffprobe", "-v", "error", "-show_entries", "packet=pos,size", "-of", "csv=p=0", str(path)]
    lines = subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split()
    packets = [[int(field) for field in line.split(",")[:2]] for line in lines]
    raw = bytearray(path.read_bytes())
    for size, at in packets[10:20]:  # a key frame and all that lean on it
        raw[at + 4 : at + size] = bytes(size - 4)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(raw)
    found = numbers(taken(broken, ["0.25", "1.75", "3.55", "3.95"], tmp_path))
    assert (found[0], found[2], found[3]) == (2, 35, 39)
    assert found[1] is None or found[1] < 10  # nothing of its own, at best what stayed on show
