from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.gate import Finished
from common.domain.platforms import FILE, platforms, read
from common.errors import BadInput, ToolFailed
from common.media.flashes import FIELD, WHOLE, FlashMeter, luminance
from common.media.inspect import inspect
from common.media.mp4 import has_edit_list, starts_fast

SHAPE = (64, 36)


def ffmpeg(*args: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *args], check=True)


def looked_at(path: Path, tmp_path: Path) -> Finished:
    steps: list[float] = []
    found = inspect(path, scratch=tmp_path, progress=steps.append)
    assert steps == sorted(steps)
    return found


def drawn(path: Path, picture: str, *more: str, sound: str | None = None) -> Path:
    heard = ("-f", "lavfi", "-i", sound) if sound else ()
    coded = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast")
    ffmpeg("-f", "lavfi", "-i", picture, *heard, *coded, *more, str(path))
    return path


def test_a_file_is_measured_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    tone = "sine=f=1000:d=3:r=48000,volume=0.5,aformat=channel_layouts=stereo"
    drawn(
        path, "testsrc=s=180x320:r=25:d=3", "-profile:v", "high", "-c:a", "aac", "-movflags", "+faststart", sound=tone
    )
    found = looked_at(path, tmp_path)
    assert (found.width, found.height, found.frames, found.frame_rate) == (180, 320, 75, Fraction(25))
    assert found.duration == pytest.approx(3, abs=0.05) and found.size == path.stat().st_size
    assert (found.codec, found.pixels, found.pixel_aspect, found.progressive) == ("h264", "yuv420p", "1:1", True)
    assert (found.audio_codec, found.audio_profile, found.sample_rate, found.channels) == ("aac", "LC", 48_000, 2)
    assert found.index_first and found.edit_list and "mp4" in found.containers
    assert found.loudness is not None and found.loudness.integrated == pytest.approx(-27.1, abs=0.3)
    assert found.loudness.true_peak is not None and -27.2 < found.loudness.true_peak < -25
    assert found.black == () and found.damage == 0 and found.flashes == 0


def test_black_and_frozen_stretches_are_found(tmp_path: Path) -> None:
    picture = (
        "testsrc2=s=160x90:r=10:d=8,loop=loop=19:size=1:start=40,trim=end=8,setpts=N/10/TB,"
        "drawbox=c=black:t=fill:enable='between(t,1,2.45)'"
    )
    found = looked_at(drawn(tmp_path / "b.mp4", picture), tmp_path)
    (black,) = found.black
    assert float(black.start) == pytest.approx(1.0, abs=0.11) and float(black.end) == pytest.approx(2.5, abs=0.11)
    assert any(abs(float(one.start) - 4.1) < 0.15 and float(one.end) > 5.7 for one in found.frozen)
    assert found.loudness is None and found.audio_codec is None


def test_a_picture_that_is_black_throughout(tmp_path: Path) -> None:
    found = looked_at(drawn(tmp_path / "black.mp4", "color=black:s=90x160:r=10:d=2"), tmp_path)
    assert [(one.start, one.end) for one in found.black] == [(Fraction(0), Fraction(2))]


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ToolFailed):
        looked_at(path, tmp_path)
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", str(tmp_path / "sound.mp4"))
    with pytest.raises(ToolFailed, match="no picture; render it again"):
        looked_at(tmp_path / "sound.mp4", tmp_path)


def test_boxes_of_a_file_are_read_as_far_as_they_make_sense(tmp_path: Path) -> None:
    path = drawn(tmp_path / "a.mp4", "color=s=64x64:r=10:d=1", "-use_editlist", "0", "-bf", "0")
    assert not has_edit_list(path) and not starts_fast(path)
    path.write_bytes((3).to_bytes(4, "big") + b"moov" + b"x" * 20)  # a box smaller than its own head
    assert not has_edit_list(path) and not starts_fast(path)


def flashing(
    hertz: float,
    rate: int,
    area: tuple[float, float] = (1.0, 1.0),
    low: float = 0.1,
    high: float = 0.9,
    field: int = FIELD,
) -> int:
    meter = FlashMeter(SHAPE, Fraction(rate), field=field)
    height, width = (round(side * share) for side, share in zip(SHAPE, area, strict=True))
    for n in range(3 * rate):
        frame = np.full(SHAPE, 0.4, np.float32)
        frame[:height, :width] = high if (n * hertz / rate) % 1 < 0.5 else low
        meter.add(frame)
    return meter.most


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
@pytest.mark.parametrize("hertz", [1, 2, 3])
def test_up_to_three_flashes_a_second_are_counted_as_they_are(hertz: int, rate: int) -> None:
    assert flashing(hertz, rate) == hertz


@pytest.mark.parametrize("rate", [24, 25, 30, 60])
@pytest.mark.parametrize("hertz", [4, 5, 8, 10])
def test_more_than_three_flashes_a_second_are_more_than_three(hertz: int, rate: int) -> None:
    assert flashing(hertz, rate) > 3


def test_small_faint_or_bright_flashes_do_no_harm() -> None:
    assert flashing(8, 30, area=(0.12, 0.12)) == 0
    assert flashing(8, 30, area=(0.3, 0.3)) > 3
    assert flashing(8, 30, low=0.42, high=0.50) == 0
    assert flashing(8, 30, low=0.82, high=1.0) == 0


def test_of_the_whole_picture_a_quarter_must_flash() -> None:
    assert flashing(8, 30, area=(0.45, 0.45), field=WHOLE) == 0
    assert flashing(8, 30, area=(0.6, 0.6), field=WHOLE) > 3


def test_what_moves_through_the_picture_is_no_flash() -> None:
    meter = FlashMeter(SHAPE, Fraction(30))
    rows = np.arange(SHAPE[0])[:, None] + np.zeros(SHAPE[1])[None, :]
    for n in range(90):
        meter.add((0.5 + 0.4 * np.sign(np.sin((rows + 2 * n) / 3))).astype(np.float32))
    assert meter.most == 0


def test_luminance_is_that_of_the_guideline() -> None:
    colours = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [128, 128, 128]]], np.uint8)
    assert luminance(colours)[0] == pytest.approx([0, 1, 0.2126, 0.2159], abs=1e-4)


def rules() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(resources.files("common.domain").joinpath(FILE).read_bytes())
    return found


def test_every_platform_names_its_source_and_date() -> None:
    assert {one.name for one in platforms()} >= {"tiktok", "youtube_short", "instagram_reels", "x", "linkedin"}
    assert all(one.source and one.date.startswith("20") for one in platforms())


@given(st.data())
def test_rules_with_a_missing_field_are_refused_by_name(data: st.DataObject) -> None:
    told = rules()
    name = data.draw(st.sampled_from(sorted(told["platforms"])))
    field = data.draw(st.sampled_from(sorted(told["platforms"][name])))
    del told["platforms"][name][field]
    with pytest.raises(BadInput, match=f"{name} lacks {field}; write null"):
        read(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"longest_s": "ten"}, r"tiktok: .*longest_s.*correct this value"),
        ({"hours": 3}, "tiktok has hours"),
        ({"source": ""}, "tiktok does not say its source"),
        ({"date": None}, "tiktok does not say its date"),
    ],
)
def test_rules_that_are_off_are_refused_by_name(change: dict[str, Any], complaint: str) -> None:
    told = rules()
    told["platforms"]["tiktok"] |= change
    with pytest.raises(BadInput, match=complaint):
        read(json.dumps(told).encode())


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"platforms": 3}', b'{"platforms": {"x": 3}}', b"\xff"])
def test_a_file_that_holds_no_rules_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read(raw)
