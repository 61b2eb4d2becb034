"""The stage that names things: a detector that knows red from blue, real pictures, shots and segments."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models.local import LocalModels
from common.domain.codec import from_json, loads, to_json
from common.domain.shot import Shot
from common.domain.timebase import Span
from common.domain.track import Box, Track
from common.errors import ModelRefused, Permanent
from common.media.probe import probe
from common.ports.models import SeenThing
from common.stages import objects
from tests.work import OneStage, make_work


class Painted:
    """Finds what is wholly red or blue."""

    source = "painted@1"

    def objects(self, pictures: NDArray[np.uint8]) -> list[list[SeenThing]]:
        assert pictures.shape[1:] == (90, 160, 3)
        return [
            [thing for n, label in ((0, "red"), (2, "blue")) for thing in self._of(picture, n, label)]
            for picture in pictures
        ]

    @staticmethod
    def _of(picture: NDArray[np.uint8], channel: int, label: str) -> Iterator[SeenThing]:
        rows, columns = np.nonzero((picture[..., channel] > 150) & (picture[..., 1] < 90))
        if len(rows):
            x, y = int(columns.min()), int(rows.min())
            width, height = int(columns.max()) + 1 - x, int(rows.max()) + 1 - y
            box = Box(x=x / 160, y=y / 90, width=width / 160, height=height / 90)
            yield SeenThing(label=label, box=box, confidence=0.9)


@dataclass(frozen=True, slots=True)
class Painting(LocalModels):
    """The models of a machine that has that detector, or one that was refused."""

    refused: str | None = None

    @contextmanager
    def objects(self, scratch: Path) -> Iterator[Any]:
        if self.refused:
            raise ModelRefused(self.refused)
        yield Painted()


def video(tmp_path: Path) -> Path:
    """8 s of grey at 10 fps: a red square that moves right, from 4 s on a blue one that stands."""
    path = tmp_path / "squares.mp4"
    red = r"if(lt(T\,4)*between(X\,10+8*T\,40+8*T)*between(Y\,30\,60)\,250"
    blue = r"if(gte(T\,4)*between(X\,80\,110)*between(Y\,30\,60)\,250"
    green = red.replace("250", "20") + r"\," + blue.replace("250", "20") + r"\,128))"
    picture = rf"geq=r={red}\,{blue.replace('250', '20')}\,128)):g={green}:b={red.replace('250', '20')}\,{blue}\,128))"
    graph = f"color=gray:size=160x90:rate=10:duration=8,format=gbrp,{picture},format=yuv444p"
    argv = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i", graph]
    subprocess.run([*argv, "-c:v", "libx264", "-qp", "4", "-g", "10", str(path)], check=True)
    return path


def work_on(tmp_path: Path, start: str = "0/1", end: str | None = None, models: LocalModels | None = None) -> OneStage:
    source = video(tmp_path)
    known = probe(source, scratch=tmp_path)
    cut = Fraction(4)
    shots = [
        Shot(
            number=n,
            span=span,
            opens_with="start" if n == 0 else "cut",
            confidence=1,
            brightness=0.5,
            motion=0.1,
            black=False,
            frozen=False,
        )
        for n, span in enumerate((Span(Fraction(0), cut), Span(cut, known.duration)))
    ]
    work = make_work(
        tmp_path,
        source=source,
        member={"start": start, "end": end},
        number=0,
        models=models or Painting(tmp_path / "models"),
    )
    work.given = {"ingest": {"probe": to_json(known)}, "shots": {"shots": work.keep("shots.json", to_json(shots))}}
    return work


def tracks(work: OneStage, result: dict[str, Any]) -> list[Track]:
    return from_json(list[Track], loads(work.get(result["tracks"])))


def test_things_are_followed_through_their_shot_and_name_their_source(tmp_path: Path) -> None:
    work = work_on(tmp_path)
    outcome = objects.run(work)
    found = tracks(work, outcome.result)
    assert [(one.number, one.kind, one.shot, one.source) for one in found] == [
        (0, "red", 0, "painted@1"),
        (1, "blue", 1, "painted@1"),
    ]
    assert (outcome.result["count"], outcome.result["source"], outcome.left_out) == (2, "painted@1", ())
    red = found[0]
    assert [float(one.at) for one in red.sightings] == pytest.approx([0, 1, 2, 3], abs=0.2)
    assert red.span == Span(Fraction(0), red.sightings[-1].at + Fraction(1, 2))
    for one in red.sightings:
        assert one.confidence == 0.9
        assert one.box.x == pytest.approx((10 + 8 * float(one.at)) / 160, abs=0.02)
    assert work.steps[-1][0] == pytest.approx(7, abs=0.3)


def test_a_segment_looks_at_its_own_pictures_alone(tmp_path: Path) -> None:
    work = work_on(tmp_path, "2/1", "6/1")
    found = tracks(work, objects.run(work).result)
    assert [one.kind for one in found] == ["red", "blue"]
    inside = Span(Fraction(2), Fraction(6))
    assert all(inside.contains(one.at) for track in found for one in track.sightings)
    assert all(inside.start <= track.span.start < track.span.end <= inside.end for track in found)
    assert [len(track.sightings) for track in found] == [2, 2]


def test_without_a_detector_objects_are_left_out_and_nothing_is_decoded(tmp_path: Path) -> None:
    work = work_on(tmp_path, models=LocalModels(tmp_path / "models"))
    work.path.unlink()
    outcome = objects.run(work)
    assert outcome.result == {"tracks": None, "count": 0, "source": None}
    (left,) = outcome.left_out
    assert left.what == "objects"
    assert "scripts/setup objects" in left.why


def test_a_refused_detector_fails_the_run_by_name_so_that_no_result_without_it_is_kept(tmp_path: Path) -> None:
    work = work_on(tmp_path, models=Painting(tmp_path / "models", refused="shapes/tiny.pt is cut off"))
    with pytest.raises(ModelRefused, match="is cut off"):
        objects.run(work)


def test_without_shots_it_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="run again from ingest"):
        objects.run(make_work(tmp_path, source=tmp_path / "none"))


def seen(*things: tuple[int, str, float]) -> list[tuple[Fraction, list[SeenThing]]]:
    """(second, label, x): squares of a fifth of the picture."""
    times = sorted({at for at, _, _ in things})
    return [
        (
            Fraction(time),
            [
                SeenThing(label=label, box=Box(x=x, y=0.4, width=0.2, height=0.2), confidence=0.5)
                for at, label, x in things
                if at == time
            ],
        )
        for time in times
    ]


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        ([(0, "dog", 0.1), (1, "dog", 0.15), (2, "dog", 0.2)], [("dog", [0, 1, 2])]),
        ([(0, "dog", 0.1), (1, "cat", 0.1)], [("dog", [0]), ("cat", [1])]),
        ([(0, "dog", 0.1), (1, "dog", 0.7)], [("dog", [0]), ("dog", [1])]),
        ([(0, "dog", 0.1), (1, "cat", 0.5), (2, "dog", 0.1)], [("dog", [0, 2]), ("cat", [1])]),
        ([(0, "dog", 0.1), (3, "dog", 0.1)], [("dog", [0]), ("dog", [3])]),
        ([(0, "dog", 0.1), (0, "dog", 0.15), (1, "dog", 0.14)], [("dog", [0]), ("dog", [0, 1])]),
        ([], []),
    ],
    ids=["moves", "other label", "jumps", "unseen once", "lost", "nearer one", "nothing"],
)
def test_sightings_that_overlap_are_one_thing(
    things: list[tuple[int, str, float]], expected: list[tuple[str, list[int]]]
) -> None:
    found = objects.follow(seen(*things))
    assert [(label, [int(one.at) for one in sightings]) for label, sightings in found] == expected
