"""What a judge elsewhere is sent of a clip: few and small, of the right moments, with the sound."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from common.domain.timebase import Span
from common.media import excerpt
from common.media.probe import probe

RAMP = "nullsrc=s=16x9:r=10:d=8,geq=lum='16+N*2':cb=128:cr=128,scale=640:360:flags=neighbor,format=yuv420p"
CLIP = Span(Fraction(2), Fraction(6))


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    path = tmp_path / "ramp.mp4"
    sound = ("-f", "lavfi", "-i", "sine=f=440:d=8", "-c:a", "aac")
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", RAMP, *sound, "-c:v", "libx264", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def test_pictures_are_of_their_moments_and_small(ramp: Path, tmp_path: Path) -> None:
    times = (Fraction(5, 2), Fraction(5))
    found = excerpt.pictures(ramp, probe(ramp, scratch=tmp_path), CLIP, times, scratch=tmp_path)
    assert [one.at for one in found] == [0.5, 3.0]  # from the clip's start
    stills = [Image.open(BytesIO(one.jpeg)) for one in found]
    assert [still.size for still in stills] == [(512, 288)] * 2
    light = [still.convert("L").getpixel((50, 50)) for still in stills]
    assert light == pytest.approx([25 * 2 * 255 / 219, 50 * 2 * 255 / 219], abs=4)


def test_footage_is_the_clip_alone_with_its_sound(ramp: Path, tmp_path: Path) -> None:
    found = excerpt.footage(ramp, probe(ramp, scratch=tmp_path), CLIP, scratch=tmp_path)
    assert found.content is not None and (found.mime, found.start, found.end) == ("video/mp4", 0.0, 4.0)
    assert len(found.content) < 200_000
    path = tmp_path / "found.mp4"
    path.write_bytes(found.content)
    told = probe(path, scratch=tmp_path)
    assert (told.video.width, told.video.height, len(told.audio)) == (360, 202, 1)
    assert float(told.duration) == pytest.approx(4, abs=0.3)
    [first] = excerpt.pictures(path, told, Span(Fraction(0), Fraction(4)), [Fraction(0)], scratch=tmp_path)
    assert Image.open(BytesIO(first.jpeg)).convert("L").getpixel((50, 50)) == pytest.approx(20 * 2 * 255 / 219, abs=6)


@given(st.fractions(0, 50), st.fractions("1/10", 90), st.lists(st.fractions(0, 140), max_size=30, unique=True))
def test_moments_lie_in_the_clip_in_order_and_are_few(start: Fraction, length: Fraction, cuts: list[Fraction]) -> None:
    span = Span(start, start + length)
    edges = sorted({Fraction(0), *cuts, Fraction(150)})
    shots = [Span(a, b) for a, b in pairwise(edges)]
    found = excerpt.instants(span, shots)
    assert 1 <= len(found) <= excerpt.MOST_PICTURES
    assert list(found) == sorted(set(found)) and all(span.contains(at) for at in found)
    assert found[0] <= span.start + Fraction(1, 2)
