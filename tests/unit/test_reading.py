"""Text on screen: what a still says, which stills are read, and the spans of what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from common.adapters.models import rapid
from common.adapters.models.local import LocalModels
from common.domain.codec import from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.errors import ModelMissing, ModelRefused
from common.media.probe import probe
from common.scoring.texts import coverage, texts
from common.signals.lettering import alike, lettering, tiny
from common.stages import read
from tests.work import OneStage, make_work

F = Fraction


def drawn(*lines: tuple[str, int, int, int], size: tuple[int, int] = (640, 360), ground: int = 40) -> NDArray[np.uint8]:
    """A picture with (text, x, y, pixels) on it."""
    picture = Image.new("RGB", size, (ground, ground, ground + 20))
    for text, x, y, pixels in lines:
        ImageDraw.Draw(picture).text((x, y), text, fill="white", font=ImageFont.truetype("DejaVuSans.ttf", pixels))
    return np.asarray(picture)


def test_lines_come_with_words_places_and_order_whatever_the_size(tmp_path: Path) -> None:
    small = drawn(("Maria Keller", 40, 270, 26), ("Head of Research", 40, 310, 20), ("LIVE", 560, 20, 24))
    huge = np.asarray(Image.fromarray(small).resize((7680, 4320)))
    before = set(sys.modules)
    with LocalModels(tmp_path).texts(tmp_path) as reader:
        assert reader.source == "rapidocr@3.10.0"
        for picture in (small, huge):
            lines = reader.read(picture)
            assert [line.text for line in lines] == ["LIVE", "Maria Keller", "Head of Research"]
            box = lines[1].box
            assert box.overlap(Box(x=40 / 640, y=272 / 360, width=165 / 640, height=26 / 360)) > 0.5
            assert min(line.confidence for line in lines) > 0.9
        few_pixels = drawn(("Maria Keller", 8, 20, 9), ("Head of Research", 8, 40, 9), size=(128, 72))
        assert [line.text for line in reader.read(few_pixels)] == ["Maria Keller", "Head of Research"]
        assert reader.read(np.zeros((1, 1, 3), np.uint8)) == []
        assert reader.read(np.full((2, 5000, 3), 200, np.uint8)) == []
        assert reader.read(drawn()) == []
    assert not {"rapidocr", "onnxruntime"} & (set(sys.modules) - before)  # they work in the child alone


def test_changed_files_are_refused_and_missing_ones_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(rapid.Rapid.here(tmp_path).arguments["folder"])
    (tmp_path / rapid.FINDS).write_bytes((folder / rapid.FINDS).read_bytes()[:-1])
    with pytest.raises(ModelRefused, match=rapid.FINDS):
        rapid.Rapid(str(tmp_path))
    rapid.Rapid(str(folder))
    monkeypatch.setattr(rapid, "PACKAGE", "rapidocr-that-is-not-there")
    with pytest.raises(ModelMissing, match="scripts/setup"):
        rapid.Rapid.here(tmp_path)


# Which stills are read, with a reader that tells the brightest column it sees.


class Reader:
    source = "echo@1"

    def __init__(self) -> None:
        self.seen: list[NDArray[np.uint8]] = []

    def read(self, picture: NDArray[np.uint8]) -> list[TextLine]:
        self.seen.append(picture)
        box = Box(x=0.1, y=0.7, width=0.4, height=0.1)
        return [TextLine(text=f"picture {len(self.seen)}", box=box, confidence=0.9)]


class Models(LocalModels):
    def __init__(self, reader: Reader | None) -> None:
        super().__init__(Path("nowhere"))
        object.__setattr__(self, "reader", reader)

    @contextmanager
    def texts(self, scratch: Path) -> Iterator[Any]:
        reader = getattr(self, "reader")  # noqa: B009
        if reader is None:
            raise ModelMissing("no reader here; run scripts/setup")
        yield reader


def shot(number: int, start: Any, end: Any, **more: Any) -> Shot:
    plain = Shot(
        number=number,
        span=Span(F(start), F(end)),
        opens_with="cut" if number else "start",
        confidence=1.0,
        brightness=0.5,
        motion=0.1,
        black=False,
        frozen=False,
    )
    return replace(plain, **more)


def work_on(folder: Path, video: Path, found: list[Shot], reader: Reader | None, member: Any = None) -> OneStage:
    about = probe(video, scratch=folder)
    work = make_work(
        folder,
        source=video,
        models=Models(reader),
        member=member or {"start": "0", "end": None},
        needs={"ingest": {"probe": to_json(about)}},
    )
    work.given["shots"] = {"shots": work.keep("shots.json", to_json(found))}
    return work


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s at 5 fps: a moving picture with a name over it from 1 to 2.2 s, from 6 s a standing one, black from 9 s."""
    folder = tmp_path_factory.mktemp("film")
    font = "fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    name = f"drawtext={font}:text='Maria Keller':x=30:y=130:fontsize=20:fontcolor=white:enable='between(t,1,2.2)'"
    parts = [
        f"gradients=s=320x180:r=5:d=6:c0=navy:c1=teal:speed=0.05:seed=1,{name}",
        "color=gray:s=320x180:r=5:d=3",
        "color=black:s=320x180:r=5:d=3",
    ]
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error"]
    for part in parts:
        argv += ["-f", "lavfi", "-i", part]
    joined = "".join(f"[{n}:v]format=yuv420p,setsar=1[v{n}];" for n in range(3))
    argv += ["-filter_complex", joined + "[v0][v1][v2]concat=n=3", "-c:v", "libx264", "-crf", "16"]
    subprocess.run([*argv, str(folder / "film.mp4")], check=True, stdin=subprocess.DEVNULL)
    return folder / "film.mp4"


def test_a_shot_is_read_when_it_says_most_a_black_one_never_a_repeat_once(film: Path, tmp_path: Path) -> None:
    found = [shot(0, 0, 6), shot(1, 6, "15/2"), shot(2, "15/2", 9, frozen=True), shot(3, 9, 12, black=True)]
    reader = Reader()
    work = work_on(tmp_path, film, found, reader)
    outcome = read.run(work)
    readings = from_json(list[Reading], loads(work.get(outcome.result["readings"])))
    assert [one.shot for one in readings] == [0, 1, 2]
    assert 1 <= readings[0].at <= 2.2  # the usual moment, at 3.54 s, shows no name
    assert [one.lines[0].text for one in readings] == ["picture 1", "picture 2", "picture 2"]
    assert (outcome.result["stills"], outcome.result["count"], outcome.result["source"]) == (2, 3, "echo@1")
    assert readings[0].coverage == pytest.approx(0.04)
    assert not outcome.left_out
    assert work.steps[-1] == (3, 3, "stills")


def test_a_picture_that_comes_back_is_read_once(tmp_path: Path) -> None:
    path, views = tmp_path / "talk.mp4", ("gray", "navy", "gray", "navy")
    parts = [part for view in views for part in ("-f", "lavfi", "-i", f"color={view}:s=320x180:r=5:d=2")]
    argv = ["ffmpeg", "-nostdin", "-v", "error", *parts, "-filter_complex", "concat=n=4", "-c:v", "libx264", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    reader = Reader()
    work = work_on(tmp_path, path, [shot(n, 2 * n, 2 * n + 2) for n in range(4)], reader)
    outcome = read.run(work)
    readings = from_json(list[Reading], loads(work.get(outcome.result["readings"])))
    assert [one.lines[0].text for one in readings] == ["picture 1", "picture 2"] * 2
    assert (len(reader.seen), outcome.result["stills"]) == (2, 2)


def test_each_shot_belongs_to_the_segment_of_its_middle(film: Path, tmp_path: Path) -> None:
    found = [shot(0, 0, 5), shot(1, 5, 9), shot(2, 9, 12)]
    read_in = []
    for member in ({"start": "0", "end": "7"}, {"start": "7", "end": None}):
        work = work_on(tmp_path, film, found, Reader(), member)
        readings = from_json(list[Reading], loads(work.get(read.run(work).result["readings"])))
        read_in.append([one.shot for one in readings])
    assert read_in == [[0], [1, 2]]


def test_without_a_model_nothing_is_read_and_it_is_said(film: Path, tmp_path: Path) -> None:
    work = work_on(tmp_path, film, [shot(0, 0, 12)], None)
    outcome = read.run(work)
    assert [(one.what, one.why) for one in outcome.left_out] == [
        ("text on screen", "no reader here; run scripts/setup")
    ]
    assert (outcome.result["source"], outcome.result["count"]) == (None, 0)
    assert loads(work.get(outcome.result["readings"])) == []


def test_where_all_is_black_no_reader_is_opened(film: Path, tmp_path: Path) -> None:
    outcome = read.run(work_on(tmp_path, film, [shot(0, 0, 12, black=True)], None))
    assert (outcome.left_out, outcome.result["count"]) == ((), 0)


def test_long_shots_are_looked_at_more_often_and_away_from_transitions() -> None:
    assert [len(read.stretches(shot(0, 0, length), None)) for length in (1, 12, 13, 60, 7200)] == [1, 1, 2, 5, 40]
    after = shot(1, 8, 20, transition=Span(F(6), F(9)))
    times = [at for look in read.stretches(shot(0, 0, 8), after) for at in look.times]
    assert max(times) < 6
    times = [at for look in read.stretches(after, None) for at in look.times]
    assert min(times) > 9


# What looks like lettering, and what looks alike.


def test_lettering_is_more_than_a_picture_without_it() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (360, 640, 3))
    plain = np.clip(drawn() + noise, 0, 255).astype(np.uint8)
    named = np.clip(drawn(("Maria Keller, Berlin", 40, 290, 22)) + noise, 0, 255).astype(np.uint8)
    above = np.clip(drawn(("Maria Keller, Berlin", 40, 40, 22)) + noise, 0, 255).astype(np.uint8)
    assert lettering(named) > 1.5 * lettering(above) > 1.5 * 1.15 * lettering(plain)
    assert lettering(np.zeros((1, 1, 3), np.uint8)) == 0
    assert alike(tiny(plain), tiny(drawn()))
    assert not alike(tiny(plain), tiny(named))
    assert tiny(np.zeros((1, 1, 3), np.uint8)).shape == (1, 1)


# From stills to texts with spans.


def line(text: str, x: float, y: float, width: float = 0.3, height: float = 0.05, sure: float = 0.95) -> TextLine:
    return TextLine(text=text, box=Box(x=x, y=y, width=width, height=height), confidence=sure)


def reading(at: Any, shot: int, *lines: TextLine) -> Reading:
    area = coverage([one.box for one in lines])
    return Reading(at=F(at), shot=shot, source="echo@1", coverage=area, lines=lines)


def test_neighbouring_stills_join_what_stays_and_nothing_else() -> None:
    found = [shot(0, 0, 24), shot(1, 24, 30), shot(2, 30, 120)]
    seen = texts(
        [
            reading(
                20, 0, line("Maria Ke1ler", 0.1, 0.8, sure=0.8), line("x", 0.5, 0.5), line("blur", 0.2, 0.2, sure=0.4)
            ),
            reading(8, 0),
            reading(27, 1, line("Maria Keller", 0.1, 0.8)),
            reading(40, 2, line("Maria Keller", 0.6, 0.3)),
            reading(80, 2, line("Maria Keller", 0.6, 0.3)),
        ],
        found,
    )
    assert [(one.text, one.span, one.shot) for one in seen] == [
        ("Maria Keller", Span(F(14), F(30)), 0),
        ("Maria Keller", Span(F(30), F(120)), 2),
    ]
    assert (seen[0].confidence, seen[0].source) == (0.95, "echo@1")


def test_places_are_told_by_where_when_and_how_large() -> None:
    found = [shot(0, 0, 50), shot(1, 50, 55, frozen=True), shot(2, 55, 120)]
    big = line("The long way", 0.25, 0.4, width=0.5, height=0.12)
    seen = texts(
        [
            reading(3, 0, big, line("Maria Keller", 0.1, 0.8)),
            reading(30, 0, line("RUE DE LONDRES", 0.25, 0.3, width=0.5, height=0.3)),
            reading(52, 1, line("Chapter two", 0.3, 0.4, width=0.4, height=0.1)),
            reading(118, 2, line("Subscribe", 0.3, 0.3, width=0.4, height=0.1)),
        ],
        found,
    )
    assert {one.text: one.place for one in seen} == {
        "The long way": "title",
        "Maria Keller": "lower third",
        "RUE DE LONDRES": "sign/other",
        "Chapter two": "title",
        "Subscribe": "end card",
    }
    assert texts([], found) == texts([reading(1, 0)], []) == []


def test_coverage_is_the_area_of_the_union() -> None:
    one, other = Box(x=0.0, y=0.0, width=0.5, height=0.5), Box(x=0.25, y=0.25, width=0.5, height=0.5)
    assert coverage([one, other, one]) == pytest.approx(0.4375)
    assert coverage([]) == 0
