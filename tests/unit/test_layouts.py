"""Views that move, layouts that change, and words burned in, looked at in the finished pixels."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from common.domain.asset import Probe
from common.domain.framing import Framing, Key, View
from common.domain.platforms import Safe
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.domain.transcript import Word
from common.media.captions.burn import Burned, burned
from common.media.cover import cover
from common.media.expressions import piecewise
from common.media.overlay import overlay
from common.media.probe import probe
from common.media.render import Made, planned, render
from common.media.stills import stills
from tests.framed import face, shot_of, unseen

SPAN = Span(Fraction(0), Fraction(2))
KNOWN = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p", "-g", "25")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small frames, for speed; nothing looked at here depends on their size."""
    monkeypatch.setattr("common.media.reframe.REDUCED", 180)
    monkeypatch.setattr("common.media.graph.PREVIEW", 120)


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2 s at 25 fps, 320x180, dark at the left and bright at the right: luma tells where a view is."""
    path = tmp_path_factory.mktemp("layouts") / "ramp.mp4"
    source = "color=s=320x180:r=25:d=2,geq=lum='20+200*X/W':cb=128:cr=128"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *KNOWN, str(path)], check=True)
    return path


def made(source: Path, tmp_path: Path, framings: list[Framing], captions: Burned | None = None) -> Made:
    about = looked_at(source)
    plan = planned(about, SPAN, framings, "9:16")
    return render(
        source,
        about,
        SPAN,
        plans=[plan],
        captions={"9:16": captions} if captions else {},
        sound=None,
        out=tmp_path,
        scratch=tmp_path,
        progress=lambda done: None,
    )[0]


def looked_at(source: Path) -> Probe:
    return probe(source, scratch=source.parent)


def luma(path: Path, width: int, height: int) -> NDArray[np.int_]:
    args = ["-v", "error", "-i", str(path), "-vf", f"scale={width}:{height}:flags=area,format=gray"]
    raw = subprocess.run(["ffmpeg", *args, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width).astype(int)


def following(span: Span, *keys: tuple[str, float], shot: int = 0) -> Framing:
    view = View(width=0.31641, height=1.0, keys=tuple(Key(at=Fraction(at), x=x, y=0.5) for at, x in keys))
    return Framing(aspect="9:16", shot=shot, span=span, layout="follow", reason="r", views=(view,))


def test_a_view_moves_evenly_and_jumps_with_the_cut(ramp: Path, tmp_path: Path) -> None:
    first = following(Span(Fraction(0), Fraction(1)), ("0", 0.2), ("1/5", 0.2), ("4/5", 0.5))
    second = following(Span(Fraction(1), Fraction(2)), ("1", 0.8), shot=1)
    clip = made(ramp, tmp_path, [first, second])
    middles = luma(clip.path, 1, 1).ravel()
    places = (middles - middles[0]) / (middles[-1] - middles[0])  # 0 where it starts, 1 where it ends
    assert len(places) == 50
    assert np.abs(places[:6]).max() < 0.02 and np.abs(places[25:] - 1).max() < 0.02
    assert places[20:25] == pytest.approx([0.5] * 5, abs=0.03)
    steps = np.diff(places[5:21])
    assert steps.max() < 0.07 and steps.min() > 0.0


def test_layouts_change_with_the_shots_and_no_frame_is_lost(tmp_path: Path) -> None:
    """Frame n has the bits of n in rows: each stretch shows its own frames, in order."""
    source = tmp_path / "counted.mp4"
    rows = "geq=lum='16+219*mod(floor(N/pow(2,floor(Y*8/H))),2)':cb=128:cr=128"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color=s=320x180:r=25:d=2,{rows}", *KNOWN, str(source)],
        check=True,
    )
    cuts = [Fraction(n, 5) for n in (0, 2, 5, 8, 10)]
    a, b, c, d = (Span(x, y) for x, y in pairwise(cuts))
    half = tuple(View(width=0.5, height=1.0, keys=(Key(at=b.start, x=x, y=0.5),)) for x in (0.25, 0.75))
    wide = (View(width=0.6, height=1.0, keys=(Key(at=d.start, x=0.5, y=0.5),)),)
    framings = [
        following(a, ("0", 0.3)),
        Framing(aspect="9:16", shot=1, span=b, layout="split", reason="r", views=half),
        replace(unseen(c, 320, 180, "9:16")[0], shot=2),
        Framing(aspect="9:16", shot=3, span=d, layout="wide", reason="r", views=wide),
    ]
    clip = made(source, tmp_path, framings)
    assert clip.plan is not None and [one.layout for one in clip.plan.stretches] == ["follow", "split", "blur", "wide"]
    shown = luma(clip.path, clip.plan.width // 4 * 4, clip.plan.height)
    assert len(shown) == 50
    seen = []
    for n, stretch in ((n, s) for s in clip.plan.stretches for n in range(s.first, s.first + s.frames)):
        place = stretch.parts[0].place
        strip = shown[n][place.y : place.y + place.height, place.x + place.width // 4 : place.x + place.width // 2]
        bits = [strip[int((k + 0.5) * place.height / 8)].mean() > 128 for k in range(8)]
        seen.append(sum(1 << k for k, bit in enumerate(bits) if bit))
    assert seen == list(range(50))


def test_a_cover_is_what_its_file_shows_at_that_moment(tmp_path: Path) -> None:
    source = tmp_path / "moving.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2")
    subprocess.run(["ffmpeg", "-v", "error", *picture, *KNOWN, str(source)], check=True)
    a, b, c, d = (Span(x, y) for x, y in pairwise(Fraction(n, 2) for n in range(5)))
    half = tuple(View(width=0.5, height=1.0, keys=(Key(at=b.start, x=x, y=0.5),)) for x in (0.25, 0.75))
    wide = (View(width=0.6, height=1.0, keys=(Key(at=d.start, x=0.6, y=0.5),)),)
    framings = [
        following(a, ("0", 0.2), ("1/2", 0.8)),
        Framing(aspect="9:16", shot=1, span=b, layout="split", reason="r", views=half),
        replace(unseen(c, 320, 180, "9:16")[0], shot=2),
        Framing(aspect="9:16", shot=3, span=d, layout="wide", reason="r", views=wide),
    ]
    clip, about = made(source, tmp_path, framings), looked_at(source)
    assert clip.plan is not None and len(clip.plan.stretches) == 4
    args = ["-v", "error", "-i", str(clip.path), "-vf", "scale=90:160:flags=area,format=rgb24", "-f", "rawvideo", "-"]
    raw = subprocess.run(["ffmpeg", *args], capture_output=True, check=True).stdout
    shown = np.frombuffer(raw, np.uint8).reshape(-1, 160, 90, 3).astype(int)
    asked = [0, 6, 11, 18, 30, 45, 49]
    found = stills(source, about, [Fraction(n, 25) for n in asked], long_side=320, scratch=tmp_path)
    for n, still in zip(asked, found, strict=True):
        assert still is not None
        picture_of = cover(Image.fromarray(still), clip.plan, n, (320, 180))
        assert picture_of.size == (720, 1280)
        told = np.asarray(picture_of.resize((90, 160), Image.Resampling.BOX)).astype(int)
        assert np.abs(told - shown[n]).mean() < 9, n
        assert np.abs(told - shown[(n + 13) % 50]).mean() > 40, n


def test_words_are_burned_in_while_they_are_spoken(ramp: Path, tmp_path: Path) -> None:
    words = [
        Word(text="HELLO", span=Span(Fraction(1, 2), Fraction(1))),
        Word(text="🎉", span=Span(Fraction(1), Fraction(5, 4))),
    ]
    framings = unseen(SPAN, 320, 180, "9:16")
    plan = planned(looked_at(ramp), SPAN, framings, "9:16")
    safe = Safe(top=0.1, bottom=0.3, left=0.1, right=0.1)
    captions = burned(words, SPAN, width=plan.width, height=plan.height, style="pop", safe=safe)
    bare = luma(made(ramp, tmp_path, framings).path, 90, 160)
    (tmp_path / "with").mkdir()
    burnt = luma(made(ramp, tmp_path / "with", framings, captions).path, 90, 160)
    ink = np.abs(burnt - bare) > 40
    there = ink.sum(axis=(1, 2))
    assert there[:11].max() == 0 and there[14:24].min() > 50
    assert not ink[:, :16].any() and not ink[:, 114:].any()


def test_what_was_seen_is_drawn_where_it_was_seen(ramp: Path, tmp_path: Path) -> None:
    about = looked_at(ramp)
    track = face(lambda t: (0.25, 0.5), Span(Fraction(0), Fraction(1)), size=0.2)
    line = TextLine(text="{\\an8}<b>\\N", box=Box(x=0.6, y=0.6, width=0.3, height=0.2), confidence=0.9)
    drawn = overlay(
        ramp,
        about,
        shots=[shot_of(0, 2)],
        tracks=[track],
        readings=[Reading(at=Fraction(1), shot=0, source="x@1", coverage=0.06, lines=(line,))],
        framings=unseen(SPAN, 320, 180, "9:16"),
        audio=None,
        scratch=tmp_path,
        progress=lambda done: None,
    )
    changed = np.abs(luma(drawn, 320, 180) - luma(ramp, 320, 180)) > 25
    assert len(changed) == 50
    middle = slice(80, 100)
    assert changed[5:20, middle, 46:52].any(axis=(1, 2)).all()  # the left side of the face's box
    assert not changed[30:45, middle, 46:52].any()  # it left
    assert changed[5:45, 110:140, 190:196].any(axis=(1, 2)).all()  # the left side of the text's


def test_piecewise_expressions_stay_shallow() -> None:
    keys = [(n, float(n % 7)) for n in range(1000)]
    text = piecewise(keys)
    depth = most = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        most = max(most, depth)
    assert most <= 24
    assert piecewise([(0, 12.0)]) == "12.00"
