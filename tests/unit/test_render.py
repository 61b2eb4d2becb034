from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.asset import Probe, VideoStream
from common.domain.clip import Aspect
from common.domain.framing import Framing, Key, View
from common.domain.timebase import Span
from common.errors import Permanent
from common.media.audio import gain_to_target, integrated, listen
from common.media.captions.burn import Burned
from common.media.checks import Wanted, checked
from common.media.colour import standard_range
from common.media.mp4 import starts_fast
from common.media.probe import probe
from common.media.rates import frames_of, steady_rate
from common.media.render import Made, planned, render
from common.media.soundtrack import CEILING, cut, encode
from common.media.thumbnail import Activity, candidates, quality, thumbnail
from tests.framed import unseen

COUNT = "geq=lum='16+219*mod(floor(N/pow(2,floor(Y*8/H))),2)':cb=128:cr=128"  # eight rows, the bits of n
KNOWN = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p", "-g", "25")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small frames, for speed; nothing looked at here depends on their size."""
    monkeypatch.setattr("common.media.reframe.REDUCED", 180)
    monkeypatch.setattr("common.media.graph.PREVIEW", 120)


def ffmpeg(*args: str) -> str:
    done = subprocess.run(["ffmpeg", "-hide_banner", "-nostdin", "-y", *args], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


def frames(path: Path, shape: tuple[int, int] = (8, 8)) -> NDArray[np.uint8]:
    """Luma of all frames, made small: (n, height, width)."""
    width, height = shape
    args = ["-v", "error", "-i", str(path), "-vf", f"scale={width}:{height}:flags=area,format=yuv420p"]
    raw = subprocess.run(["ffmpeg", *args, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return (
        np.frombuffer(raw, np.uint8).reshape(-1, height * width * 3 // 2)[:, : width * height].reshape(-1, *shape[::-1])
    )


def numbers(path: Path) -> list[int]:
    """Which frames of the counted source a file shows."""
    return [sum(1 << bit for bit in range(8) if frame[bit].mean() > 128) for frame in frames(path)]


def sound(path: Path) -> NDArray[np.float32]:
    args = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "2", "-ar", "48000", "-"]
    return np.frombuffer(subprocess.run(args, capture_output=True, check=True).stdout, np.float32)[::2]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s at 25 fps, frame n with the bits of n in black and white rows; a tone that begins at 2 s, quiet before."""
    path = tmp_path_factory.mktemp("render") / "counted.mp4"
    tone = "aevalsrc='0.1*sin(2*PI*440*t)*gte(t,2)':s=48000:d=4"
    ffmpeg("-f", "lavfi", "-i", f"color=s=320x180:r=25:d=4,{COUNT}", "-f", "lavfi", "-i", tone, *KNOWN, str(path))
    return path


@cache
def looked_at(source: Path) -> Probe:
    return probe(source, scratch=source.parent)


def made(
    source: Path,
    tmp_path: Path,
    start: str,
    end: str,
    *aspects: Aspect,
    gain_db: float = 0,
    name: str = "out",
    framings: list[Framing] | None = None,
    captions: dict[Aspect, Burned] | None = None,
) -> tuple[Made, ...]:
    out = tmp_path / name
    out.mkdir()
    about = looked_at(source)
    span = Span(Fraction(start), Fraction(end))
    display = (about.video.display_width, about.video.display_height)
    aspects = aspects or ("16:9",)
    steps: list[float] = []
    files = render(
        source,
        about,
        span,
        plans=[planned(about, span, framings or unseen(span, *display, aspect), aspect) for aspect in aspects],
        captions=captions,
        sound=heard(source, about, span, gain_db, out),
        out=out,
        scratch=tmp_path,
        progress=steps.append,
    )
    assert steps and steps == sorted(steps) and steps[-1] <= float(Fraction(end) - Fraction(start))
    return files


def heard(source: Path, about: Probe, span: Span, gain_db: float, out: Path) -> Path | None:
    """The clip's sound at a gain."""
    if not about.audio:
        return None
    rate = steady_rate(about.video)
    samples = cut(source, about, span, about.audio[0], frames_of(span, rate) / rate, out=out, scratch=out)
    encode(samples, out / "sound.m4a", gain_db=gain_db, ceiling_db=CEILING, scratch=out)
    return out / "sound.m4a"


def layout_of(file: Made) -> str:
    assert file.plan is not None
    (stretch,) = file.plan.stretches
    return stretch.layout


def test_a_clip_has_exactly_the_frames_of_its_span(counted: Path, tmp_path: Path) -> None:
    clip, square, preview = made(counted, tmp_path, "61/25", "87/25", "16:9", "1:1")
    for file in (clip, square, preview):
        assert numbers(file.path) == list(range(61, 87))
        assert len(sound(file.path)) == pytest.approx(26 / 25 * 48_000, abs=1024)
    assert [file.path.name for file in (clip, square, preview)] == ["clip-16x9.mp4", "clip-1x1.mp4", "preview.mp4"]
    assert all(check.ok for check in clip.checks)
    assert {check.name for check in clip.checks} >= {"size", "frames", "frame rate", "duration", "sound", "index"}


def test_sound_keeps_step_with_the_picture(counted: Path, tmp_path: Path) -> None:
    clip, _ = made(counted, tmp_path, "1", "3")
    heard = np.abs(sound(clip.path)) > 0.02
    assert int(np.argmax(heard)) / 48_000 == pytest.approx(1.0, abs=0.01)


def test_equal_inputs_give_equal_bytes(counted: Path, tmp_path: Path) -> None:
    runs = [made(counted, tmp_path, "1/2", "4/5", "9:16", name=name) for name in ("a", "b")]
    digests = [[hashlib.sha256(file.path.read_bytes()).hexdigest() for file in run] for run in runs]
    assert digests[0] == digests[1]
    assert b"Lavf" not in runs[0][0].path.read_bytes()


def test_sound_that_begins_late_stays_late(counted: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    tone = "aevalsrc='0.2*sin(2*PI*440*t)':s=44100:d=2"
    ffmpeg("-i", str(counted), "-itsoffset", "1.5", "-f", "lavfi", "-i", tone, *("-map", "0:v", "-map", "1:a"),
           *("-c:v", "copy", "-c:a", "pcm_s16le"), str(late))  # fmt: skip
    clip, _ = made(late, tmp_path, "1", "4")
    heard = np.abs(sound(clip.path)) > 0.05
    assert int(np.argmax(heard)) / 48_000 == pytest.approx(0.5, abs=0.01)
    assert (len(heard) - int(np.argmax(heard[::-1]))) / 48_000 == pytest.approx(2.5, abs=0.03)
    assert numbers(clip.path) == list(range(25, 100))


def test_a_picture_that_begins_late_is_held_from_the_start(counted: Path, tmp_path: Path) -> None:
    early = tmp_path / "early.mkv"
    tone = "aevalsrc='0.2*sin(2*PI*440*t)':s=48000:d=4"
    ffmpeg("-itsoffset", "1", "-i", str(counted), "-f", "lavfi", "-i", tone, *("-map", "0:v", "-map", "1:a"),
           *("-c:v", "copy", "-c:a", "pcm_s16le"), str(early))  # fmt: skip
    clip, _ = made(early, tmp_path, "1/2", "3/2")
    shown = numbers(clip.path)
    assert len(shown) == 25
    assert shown[12:] == pytest.approx(list(range(13)), abs=1)
    assert set(shown[:12]) == {0}


def test_a_start_that_is_not_zero(counted: Path, tmp_path: Path) -> None:
    shifted = tmp_path / "shifted.ts"
    ffmpeg("-i", str(counted), "-c:v", "copy", "-output_ts_offset", "7", str(shifted))
    clip, _ = made(shifted, tmp_path, "3", "18/5")
    assert numbers(clip.path) == list(range(75, 90))


def test_frames_at_changing_times_are_shown_when_they_should_be(counted: Path, tmp_path: Path) -> None:
    uneven = tmp_path / "uneven.mkv"
    ffmpeg("-i", str(counted), "-an", "-vf", "select='not(eq(mod(n,3),1))*not(between(n,60,70))'", "-fps_mode", "vfr",
           *KNOWN, str(uneven))  # fmt: skip
    clip, _ = made(uneven, tmp_path, "64/25", "88/25")
    rate = clip.wanted.frame_rate
    assert rate in (24000 * Fraction(1, 1001), Fraction(24), Fraction(25))
    there = [n for n in range(100) if n % 3 != 1 and not 60 <= n <= 70]
    for k, shown in enumerate(numbers(clip.path)):
        now = 64 + k / float(rate) * 25  # the frame of the even source that would be on show
        assert any(abs(shown - max(n for n in there if n <= now + slack)) <= 0 for slack in (-0.6, 0, 0.6)), (k, shown)
    assert numbers(clip.path)[0] == 59  # on show since before the clip


def test_no_sound_in_no_sound_out(counted: Path, tmp_path: Path) -> None:
    mute = tmp_path / "mute.mp4"
    ffmpeg("-i", str(counted), "-an", "-c:v", "copy", str(mute))
    clip, _ = made(mute, tmp_path, "0", "1/5")
    assert next(check for check in clip.checks if check.name == "sound").measured == "none"


def test_loudness_lands_on_the_target(tmp_path: Path) -> None:
    source = tmp_path / "noise.mp4"
    noise = "anoisesrc=color=pink:amplitude=0.3:seed=1:d=6:r=44100,tremolo=f=0.5:d=0.5"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=10:d=6", "-f", "lavfi", "-i", noise, "-b:a", "192k", str(source))
    about = probe(source, scratch=tmp_path)
    heard = listen(source, about, about.audio[0], scratch=tmp_path, progress=lambda _: None)
    gain = gain_to_target(integrated(heard.momentary, Span(Fraction(1), Fraction(5))))
    clip, _ = made(source, tmp_path, "1", "5", "1:1", gain_db=min(gain, 20))
    said = ffmpeg("-i", str(clip.path), "-af", "ebur128=peak=true", "-f", "null", "-")
    loudness = float(re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1])
    before = integrated(heard.momentary, Span(Fraction(1), Fraction(5)))
    assert before is not None
    assert loudness == pytest.approx(min(-14.0, before + 10), abs=1)
    assert float(re.findall(r"Peak: +(-?[\d.]+) dBFS", said)[-1]) < -0.5


def test_loud_peaks_are_limited(counted: Path, tmp_path: Path) -> None:
    clip, _ = made(counted, tmp_path, "5/2", "7/2", gain_db=25)
    peak = float(np.abs(sound(clip.path)).max())
    assert 0.75 < peak < 0.95


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_comes_out_upright(turn: int, tmp_path: Path) -> None:
    flat, turned = tmp_path / "flat.mp4", tmp_path / "turned.mov"
    left = "geq=lum='16+219*lt(X,W/4)':cb=128:cr=128"
    ffmpeg("-f", "lavfi", "-i", f"color=s=192x128:r=10:d=1.2,{left}", *KNOWN, str(flat))
    ffmpeg("-i", str(flat), "-c", "copy", "-metadata:s:v", f"rotate={turn}", str(turned))
    clockwise = probe(turned, scratch=tmp_path).video.rotation
    assert clockwise in (turn, 360 - turn)  # versions of ffmpeg write the tag either way
    clip, _ = made(turned, tmp_path, "0", "1/2", "16:9" if turn == 180 else "9:16")
    assert clip.plan is not None and layout_of(clip) == "crop"
    as_stored = np.rot90(frames(clip.path)[3], clockwise // 90)  # numpy turns against the clock
    assert as_stored[:, 0].min() > 200 and as_stored[:, 3:].max() < 60


def test_pixels_that_are_not_square_come_out_square(tmp_path: Path) -> None:
    """A disc stored squeezed comes out round."""
    source = tmp_path / "squeezed.mp4"
    disc = "16+219*lt(hypot((X-60)*4/3,Y-60),45)"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"color=s=120x120:r=10:d=1.2,geq=lum='{disc}':cb=128:cr=128,setsar=4/3",
        *KNOWN,
        str(source),
    )
    clip, _ = made(source, tmp_path, "0", "3/5", "1:1")
    shown = frames(clip.path, (120, 120))[5] > 128
    across, down = int(shown[60].sum()), int(shown[:, 60].sum())
    assert across == pytest.approx(90, abs=2) and down == pytest.approx(90, abs=2)


def test_a_blur_shows_the_whole_picture_over_a_darker_ground(tmp_path: Path) -> None:
    source = tmp_path / "bright.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=0xC0C0C0:s=320x180:r=10:d=1.2", *KNOWN, str(source))
    clip, _ = made(source, tmp_path, "0", "1/2", "9:16")
    assert clip.plan is not None and layout_of(clip) == "blur"
    shown = frames(clip.path, (8, 32))[3].astype(int)
    assert shown[16, 4] == pytest.approx(180, abs=5)
    assert 90 < shown[2, 4] < 130 and 90 < shown[29, 4] < 130


def test_colours_of_small_video_become_those_of_large(tmp_path: Path) -> None:
    source = tmp_path / "red.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=320x180:r=10:d=1.2,scale=out_color_matrix=smpte170m,format=yuv420p",
           *KNOWN, "-colorspace", "smpte170m", str(source))  # fmt: skip
    clip, _ = made(source, tmp_path, "0", "1/2")
    assert float(frames(clip.path)[3].mean()) == pytest.approx(63, abs=5)  # red in BT.709; 81 in BT.601


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_high_dynamic_range_is_mapped(transfer: str, tmp_path: Path) -> None:
    source = tmp_path / "hdr.mp4"
    told = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc", "-color_range", "tv")
    ffmpeg("-f", "lavfi", "-i", "color=s=320x180:r=10:d=1.2,geq=lum='64+X*2':cb=512:cr=512,format=yuv420p10le",
           *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"),
           *told, str(source))  # fmt: skip
    about = probe(source, scratch=tmp_path)
    assert about.video.dynamic_range == {"smpte2084": "pq", "arib-std-b67": "hlg"}[transfer]
    clip, _ = made(source, tmp_path, "0", "2/5")
    shown = frames(clip.path, (16, 8))[2][4].astype(int)
    assert shown[0] < 40 and shown[-1] > 120 and all(np.diff(shown) >= -1)


def test_of_large_high_dynamic_range_only_as_much_is_mapped_as_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two halves of a ramp, each cut out of the picture made small, meet where they should."""
    source = tmp_path / "hdr.mp4"
    told = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv")
    ffmpeg("-f", "lavfi", "-i", "color=s=640x360:r=10:d=1.2,geq=lum='64+X':cb=512:cr=512,format=yuv420p10le",
           *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"),
           *told, str(source))  # fmt: skip
    monkeypatch.setattr("common.media.reframe.FULL", 90)
    sizes: list[tuple[int, int]] = []

    def noted(picture: Any, video: VideoStream, width: int, height: int) -> Any:
        sizes.append((width, height))
        return standard_range(picture, video, width, height)

    monkeypatch.setattr("common.media.graph.standard_range", noted)
    span = Span(Fraction(0), Fraction(2, 5))
    halves = []
    for name, x in (("left", 0.25), ("right", 0.75)):
        view = View(width=0.5, height=0.5, keys=(Key(at=Fraction(0), x=x, y=0.5),))
        half = Framing(aspect="16:9", shot=0, span=span, layout="follow", reason="", views=(view,))
        clip, _ = made(source, tmp_path, "0", "2/5", name=name, framings=[half])
        halves.append(frames(clip.path, (16, 8))[2][4].astype(int))
    assert sizes == [(320, 180)] * 2
    row = np.concatenate(halves)
    assert row[0] < 40 and row[-1] > 120 and all(np.diff(row) >= -1) and abs(halves[1][0] - halves[0][-1]) < 12


def test_interlaced_pictures_are_woven(tmp_path: Path) -> None:
    """A bar that moves between the fields leaves no comb."""
    source = tmp_path / "fields.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=320x180:r=50:d=1.4,geq=lum='16+219*lt(abs(X-20-4*N),12)':cb=128:cr=128",
           "-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ildct+ilme", *KNOWN, str(source))  # fmt: skip
    assert probe(source, scratch=tmp_path).video.interlaced
    clip, _ = made(source, tmp_path, "0", "3/5")

    def comb(path: Path) -> float:
        luma = frames(path, (320, 180))[10].astype(int)
        return float(np.abs(luma[1:-1:2] - (luma[:-2:2] + luma[2::2]) / 2).mean())

    assert comb(clip.path) < comb(source) / 3


def stream(rate: str, timebase: str, variable: bool = False) -> VideoStream:
    return VideoStream(
        index=0, codec="h264", width=16, height=16, pixel_aspect=Fraction(1), rotation=0, timebase=Fraction(timebase),
        start_ticks=0, frame_rate=Fraction(rate), variable_rate=variable, duration=Fraction(9), pixel_format="yuv420p",
        bit_depth=8, interlaced=False, dynamic_range="sdr",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rate", "timebase", "variable", "wanted"),
    [
        ("25", "1/12800", False, "25"),
        ("6942720/231569", "1/15360", False, "30"),  # an average of 29.98; only 30 falls on its ticks
        ("30000/1001", "1/30000", False, "30000/1001"),
        ("30000/1001", "1/1000", False, "30000/1001"),
        ("15", "1/15360", False, "15"),
        ("120", "1/15360", False, "60"),
        ("240", "1/15360", False, "60"),
        ("120000/1001", "1/120000", False, "60000/1001"),
        ("60", "1/15360", False, "60"),
        ("3840000/239239", "1/24000", True, "24000/1001"),  # 16 a second on average
        ("283/10", "1/90000", True, "30000/1001"),
        ("1", "1/1000", False, "24000/1001"),
    ],
)
def test_the_steady_rate_of_a_source(rate: str, timebase: str, variable: bool, wanted: str) -> None:
    assert steady_rate(stream(rate, timebase, variable)) == Fraction(wanted)


def test_a_file_that_is_not_as_wanted_is_never_done(counted: Path, tmp_path: Path) -> None:
    clip, _ = made(counted, tmp_path, "1", "6/5")
    wanted = clip.wanted
    size = f"{wanted.width}x{wanted.height}"
    changes: list[tuple[Wanted, str]] = [
        (replace(wanted, width=wanted.width + 2), f"size is {size}, not {wanted.width + 2}x"),
        (replace(wanted, frames=wanted.frames + 1), f"frames is {wanted.frames}, not {wanted.frames + 1}"),
        (replace(wanted, sound=False), "sound is aac, not none"),
    ]
    for other, told in changes:
        with pytest.raises(Permanent, match=told):
            checked(clip.path, other, scratch=tmp_path)


def test_an_index_at_the_end_is_noticed(counted: Path, tmp_path: Path) -> None:
    clip, _ = made(counted, tmp_path, "1", "6/5")
    slow = tmp_path / "slow.mp4"
    ffmpeg("-i", str(clip.path), "-c", "copy", str(slow))
    assert starts_fast(clip.path) and not starts_fast(slow)


def activity(**values: float) -> Activity:
    every = {"motion": 0.1, "brightness": 0.5, "sharpness": 0.5} | values
    return Activity(step=Fraction(1, 2), **{name: [value] * 40 for name, value in every.items()})


def test_stills_are_sought_where_the_picture_is_calm_lit_and_whole() -> None:
    seen = activity()
    best = Activity(
        step=seen.step,
        motion=seen.motion,
        brightness=seen.brightness,
        sharpness=[0.9 if n == 9 else 0.2 for n in range(40)],
    )
    span = Span(Fraction(2), Fraction(10))
    found = candidates(span, best, cuts=[Fraction(6)])
    assert found[0] == Fraction(19, 4)
    assert len(found) == 4 and len(set(found)) == 4
    assert all(Fraction(5, 2) <= at <= Fraction(19, 2) for at in found)
    assert all(abs(at - 6) >= Fraction(1, 4) for at in found)


def test_a_sharp_still_beats_a_blurred_one_and_black_is_none() -> None:
    rng = np.random.default_rng(1)
    sharp = rng.integers(60, 200, (90, 160), dtype=np.uint8)
    soft = ((sharp[:-1, :-1].astype(int) + sharp[1:, 1:] + sharp[1:, :-1] + sharp[:-1, 1:]) // 4).astype(np.uint8)
    assert (quality(sharp) or 0) > (quality(soft) or 0) > 0
    assert quality(np.full((90, 160), 5, np.uint8)) is None
    assert quality(np.full((90, 160), 128, np.uint8)) is None


@pytest.mark.parametrize("kind", ["mp4", "ts"])  # in a stream nothing can be sought
def test_a_thumbnail_is_the_sharpest_and_upright(kind: str, tmp_path: Path) -> None:
    source = tmp_path / f"black_then_not.{kind}"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc=s=360x640:r=10:d=6,drawbox=t=fill:c=black:enable='lt(t,3)'", *KNOWN, str(source)
    )
    about = probe(source, scratch=tmp_path)
    span = Span(Fraction(0), Fraction(6))
    found = thumbnail(source, about, span, activity=activity(), cuts=[Fraction(3)], scratch=tmp_path)
    assert found is not None and found.at > 3
    assert found.path.read_bytes()[:3] == b"\xff\xd8\xff"
    said = ffmpeg("-i", str(found.path), "-f", "null", "-")
    assert "405x720" in said
    black = Span(Fraction(0), Fraction(5, 2))
    assert thumbnail(source, about, black, activity=activity(), cuts=[], scratch=tmp_path) is None
