"""The stages that see: who is followed through which shot, what catches the eye, and how that becomes framings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.domain.codec import from_json, loads, to_json
from common.domain.framing import Framing
from common.domain.settings import FlowSettings
from common.domain.timebase import Span
from common.domain.track import Attention, Box, Reading, TextLine, Track
from common.errors import ModelMissing, ModelRefused, Permanent, ToolFailed
from common.media.probe import probe
from common.ports.models import Search, SeenFace, SeenThing
from common.scoring.tracks import EDGE_S
from common.stages import frame, track
from tests.framed import shot_of
from tests.work import OneStage, make_work

F = Fraction
Picture = NDArray[np.uint8]
WIDTH, HEIGHT, SIDE = 160, 90, 16
SHOTS = [shot_of(0, 2), shot_of(2, 5, 1), shot_of(5, 6, 2)]
MARKS = Path(__file__).resolve().parents[1] / "data" / "faces.json"


def white(t: float) -> float:
    """The middle of the white square, in fractions of the width; it is there until 2 s."""
    return (24 + 30 * t) / WIDTH


def red(t: float) -> float:
    """The middle of the red square, which is there from 2 to 5 s."""
    return (130 - 20 * (t - 2)) / WIDTH


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 s at 10 fps on dark grey: a white square goes right, then a red one left, then there is nothing."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    face = "lt(abs(X-24-3*N),8)*lt(abs(Y-40),8)*lt(N,20)"
    thing = "lt(abs(X-130+2*(N-20)),8)*lt(abs(Y-60),8)*between(N,20,49)"
    other = f"40+200*{face}"
    graph = f"color=s={WIDTH}x{HEIGHT}:r=10:d=6,format=gbrp,geq=r='40+200*({face}+{thing})':g='{other}':b='{other}'"
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", graph, "-pix_fmt", "yuv444p"]
    subprocess.run([*argv, "-c:v", "libx264", "-qp", "4", "-g", "10", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


@dataclass(kw_only=True)
class Squares:
    """Finds faces where it is white, and a body about each; `fails` is raised at the picture of that number."""

    source: str = "square@1"
    asked: list[tuple[Search, tuple[Box, ...]]] = field(default_factory=list)
    bodies: int = 0
    fails: tuple[int, Exception] | None = None

    def faces(self, picture: Picture, *, around: Sequence[Box], search: Search) -> list[SeenFace]:
        self.asked.append((search, tuple(around)))
        if self.fails is not None and len(self.asked) > self.fails[0]:
            raise self.fails[1]
        return [
            SeenFace(
                box=box,
                confidence=0.9,
                frontal=0.8,
                eyes=((box.x + 0.02, box.y + 0.05), (box.x + 0.06, box.y + 0.05)),
                mouth=(box.x + 0.04, box.y + 0.1),
                opening=0.3 * (len(self.asked) % 2),
            )
            for box in self._white(picture)
        ]

    def people(self, picture: Picture) -> list[SeenThing]:
        self.bodies += 1
        return [
            SeenThing(
                label="person",
                box=Box(x=box.x - 0.1, y=0.2, width=box.width + 0.2, height=0.8),
                confidence=0.8,
                head=box,
            )
            for box in self._white(picture)
        ]

    def _white(self, picture: Picture) -> list[Box]:
        rows, columns = np.nonzero(picture.min(axis=2) > 180)
        if not len(rows):
            return []
        height, width = picture.shape[:2]
        left, top = int(columns.min()) / width, int(rows.min()) / height
        right, bottom = int(columns.max() + 1) / width, int(rows.max() + 1) / height
        return [Box(x=left, y=top, width=right - left, height=bottom - top)]


class Blind(Squares):
    def _white(self, picture: Picture) -> list[Box]:
        return []


@dataclass(kw_only=True)
class Seers:
    """All models there are: one for faces, one for people, each of which may be an error instead."""

    face: Squares | Exception = field(default_factory=Squares)
    body: Squares | Exception = field(default_factory=Squares)

    def faces(self, scratch: Path) -> Any:
        return self._opened(self.face)

    def people(self, scratch: Path) -> Any:
        return self._opened(self.body)

    @contextmanager
    def _opened(self, model: Squares | Exception) -> Iterator[Squares]:
        if isinstance(model, Exception):
            raise model
        yield model


def work_on(folder: Path, film: Path, *, shots: Any = None, models: Any = None, **settings: Any) -> OneStage:
    seers: Any = models or Seers()
    work = make_work(folder, source=film, settings=FlowSettings(**settings), models=seers)
    work.given = {"ingest": {"probe": to_json(probe(film, scratch=folder))}}
    work.given["shots"] = {"shots": work.keep("shots.json", to_json(SHOTS if shots is None else shots))}
    return work


def tracked(work: OneStage, start: str = "0", end: str | None = None) -> Any:
    """Run track on a segment and add its part, kept by a name of its own, to what is given."""
    work.member = {"start": start, "end": end}
    outcome = track.run(work)
    part = dict(outcome.result)
    for name in ("tracks", "attention"):
        if part[name] is not None:
            part[name] = work.keep(f"{name}-{len(work.given.get('track', []))}.json", loads(work.get(part[name])))
    work.given.setdefault("track", []).append(part)
    return outcome


def tracks_of(work: OneStage, part: Any) -> list[Track]:
    return from_json(list[Track], loads(work.get(part["tracks"])))


def eyed_of(work: OneStage, part: Any) -> list[Attention]:
    return from_json(list[Attention], loads(work.get(part["attention"])))


def framed(work: OneStage) -> tuple[list[Framing], list[Track], Any]:
    result = frame.run(work).result
    found = from_json(list[Framing], loads(work.get(result["framings"])))
    return found, tracks_of(work, result), result


def shows(framing: Framing, where: Callable[[float], float], *, half: float, per_s: int = 10) -> bool:
    """Whether the view holds what reaches `half` to either side of `where(t)`, all through the shot."""
    span = framing.span
    for n in range(int(span.duration * per_s)):
        t = span.start + F(n, per_s)
        view, x = framing.views[0].at(t), where(float(t))
        if not view.x <= x - half <= x + half <= view.x + view.width:
            return False
    return True


# Faces and people, through their shots.


def test_a_face_and_a_body_are_followed_through_their_shot_and_no_further(film: Path, tmp_path: Path) -> None:
    work = work_on(tmp_path, film)
    outcome = tracked(work)
    face, person = tracks_of(work, outcome.result)
    assert (outcome.result["count"], outcome.result["sources"], outcome.left_out) == (2, ["square@1", "square@1"], ())
    assert [(one.number, one.kind, one.shot, one.span) for one in (face, person)] == [
        (0, "face", 0, Span(F(0), F(2))),
        (1, "person", 0, Span(F(0), 1 + EDGE_S)),
    ]
    assert [one.at for one in face.sightings] == [F(n, 10) for n in range(20)]
    assert [one.at for one in person.sightings] == [F(0), F(1)]
    for n in range(20):
        box = face.at(F(n, 10))
        assert box is not None and box.middle == pytest.approx((white(n / 10), 40 / HEIGHT), abs=0.02)
        assert (box.width, box.height) == pytest.approx((SIDE / WIDTH, SIDE / HEIGHT), abs=0.02)
    first = face.sightings[0]
    assert first.eyes is not None and first.mouth is not None and first.frontal == 0.8 and first.confidence == 0.9
    assert [one.opening for one in face.sightings[:3]] == [0.3, 0, 0.3]
    assert work.steps[-1] == (5.9, 6.0, "s")


def test_new_faces_are_looked_for_at_their_turn_and_known_ones_always(film: Path, tmp_path: Path) -> None:
    """Each shot begins anew; a body's head is a place to look at for as long as it is the last one seen."""
    work, face, body = work_on(tmp_path, film), Squares(), Squares()
    work.models = Seers(face=face, body=body)  # type: ignore[assignment]
    tracked(work)
    turns = ["parts", *["nowhere", "whole"] * 4, "nowhere"] * 6
    assert [search for search, _ in face.asked] == turns
    assert body.bodies == 6
    seen = [len(around) for _, around in face.asked]
    assert seen[:20] == [1, *[1, 2] * 4, 1, *[2, 1] * 5]
    assert seen[20:] == [0] * 40
    last = face.asked[9][1][0].middle[0]
    assert last == pytest.approx(white(0.8), abs=0.02)  # where the picture before showed it


def test_a_head_without_a_size_is_no_place_to_look_at(film: Path, tmp_path: Path) -> None:
    class Headless(Squares):
        def people(self, picture: Picture) -> list[SeenThing]:
            return [replace(one, head=Box(x=0.4, y=0.2, width=0.0, height=0.1)) for one in super().people(picture)]

    face = Blind()
    tracked(work_on(tmp_path, film, models=Seers(face=face, body=Headless())))
    assert len(face.asked) == 60 and {around for _, around in face.asked} == {()}


def test_segments_see_together_what_the_whole_does(film: Path, tmp_path: Path) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, parts = work_on(tmp_path / "whole", film), work_on(tmp_path / "parts", film)
    tracked(whole)
    spans = [("0", "1"), ("1", "4"), ("4", None)]
    assert [tracked(parts, *span).result["count"] for span in spans] == [2, 2, 0]
    for part, (start, end) in zip(parts.given["track"], spans, strict=True):
        for one in tracks_of(parts, part):
            assert F(start) <= one.span.start < one.span.end <= F(end or 6)

    def faces(work: OneStage) -> tuple[list[Any], list[float]]:
        listed = [one for part in work.given["track"] for one in tracks_of(work, part) if one.kind == "face"]
        seen = [sighting for one in listed for sighting in one.sightings]
        return [one.at for one in seen], [one.box.x for one in seen]

    assert faces(parts)[0] == faces(whole)[0]
    assert faces(parts)[1] == pytest.approx(faces(whole)[1], abs=0.01)
    eyed = [one for part in parts.given["track"] for one in eyed_of(parts, part)]
    assert [(one.at, one.shot) for one in eyed] == [(F(n), (0, 0, 1, 1, 1, 2)[n]) for n in range(6)]


def test_what_frames_past_the_last_shot_show_stops_nothing(film: Path, tmp_path: Path) -> None:
    """Where the file claims to be shorter than it is: the white square comes after the only shot."""
    backwards = tmp_path / "backwards.mp4"
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(film), "-vf", "reverse", "-c:v", "libx264", "-qp", "4"]
    subprocess.run([*argv, "-pix_fmt", "yuv444p", str(backwards)], check=True, stdin=subprocess.DEVNULL)
    face = Squares()
    work = work_on(tmp_path, backwards, shots=[shot_of(0, "7/2")], models=Seers(face=face))
    outcome = tracked(work)
    assert len(face.asked) == 45 and any(around for _, around in face.asked)  # it was seen from 4 s on
    assert outcome.result["count"] == 0 and outcome.left_out == ()


# Models that are not here, that refuse, that die.


@pytest.mark.parametrize("missing", ["face", "body"])
def test_without_a_model_faces_are_left_out_and_shots_are_framed_by_what_catches_the_eye(
    film: Path, tmp_path: Path, missing: str
) -> None:
    (tmp_path / "blind").mkdir()
    models: Any = Seers(**{missing: ModelMissing("no eyes are here; run scripts/setup")})
    work = work_on(tmp_path, film, models=models, aspects=("9:16", "1:1"))
    outcome = tracked(work)
    assert [(one.what, one.why) for one in outcome.left_out] == [
        ("faces and people", "no eyes are here; run scripts/setup")
    ]
    assert (outcome.result["tracks"], outcome.result["count"], outcome.result["sources"]) == (None, 0, [])
    blind = work_on(tmp_path / "blind", film, models=Seers(face=Blind(), body=Blind()))
    assert tracked(blind).left_out == ()
    assert eyed_of(work, work.given["track"][0]) == eyed_of(blind, blind.given["track"][0])
    found, tracks, result = framed(work)
    assert (tracks, result["faces"]) == ([], 0)
    assert [(one.shot, one.aspect) for one in found] == [(n, aspect) for n in range(3) for aspect in ("9:16", "1:1")]
    for one, where in ((found[0], white), (found[2], red)):
        assert (one.layout, one.reason) == ("follow", "follows what catches the eye; nobody is seen")
        assert shows(one, where, half=0, per_s=1)  # what catches the eye is told once a second


def test_a_model_that_refuses_ends_the_stage_by_the_name_of_its_file(film: Path, tmp_path: Path) -> None:
    """A harmed file is for a person to mend: nothing goes on as if there were nobody."""
    for models in (Seers(face=ModelRefused("f.tflite is cut off")), Seers(body=ModelRefused("f.tflite is cut off"))):
        with pytest.raises(ModelRefused, match=r"f\.tflite is cut off"):
            tracked(work_on(tmp_path, film, models=models))
    assert not (tmp_path / "objects" / "tracks.json").exists()


def test_a_model_that_dies_takes_ffmpeg_along(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    popen = subprocess.Popen

    def noted(*args: Any, **kwargs: Any) -> Any:
        started.append(popen(*args, **kwargs))
        return started[-1]

    dying = Squares(fails=(3, ToolFailed("square@1 ended in the middle of its work")))
    work = work_on(tmp_path, film, models=Seers(face=dying))
    monkeypatch.setattr("common.media.tools.subprocess.Popen", noted)
    with pytest.raises(ToolFailed, match="in the middle"):
        tracked(work)
    assert len(dying.asked) == 4
    assert [process.poll() is not None for process in started] == [True]


def test_before_there_are_shots_nothing_is_looked_at(film: Path, tmp_path: Path) -> None:
    work = work_on(tmp_path, film)
    for stage, lost in ((track, "shots"), (track, "ingest"), (frame, "shots"), (frame, "ingest")):
        given = dict(work.given)
        work.member = {"start": "0", "end": None}
        del work.given[lost]
        with pytest.raises(Permanent, match="run again from ingest"):
            stage.run(work)
        work.given = given


# What was seen, as framings.


def test_each_shot_is_framed_by_who_is_in_it_else_by_what_moves(film: Path, tmp_path: Path) -> None:
    work = work_on(tmp_path, film, aspects=("9:16", "16:9"))
    tracked(work)
    found, tracks, result = framed(work)
    assert [(one.kind, one.number) for one in tracks] == [("face", 0), ("person", 1)] and result["faces"] == 1
    tall = [one for one in found if one.aspect == "9:16"]
    assert [(one.shot, one.span) for one in tall] == [(shot.number, shot.span) for shot in SHOTS]
    assert [(one.layout, one.tracks) for one in tall[:2]] == [("follow", (0,)), ("follow", ())]
    assert shows(tall[0], white, half=SIDE / WIDTH / 2) and shows(tall[1], red, half=0, per_s=1)
    assert not shows(tall[0], lambda t: red(t + 2), half=0) and not shows(tall[1], lambda t: white(t - 2), half=0)
    assert [one.layout for one in found if one.aspect == "16:9"] == ["whole"] * 3


def test_where_nothing_was_looked_at_shots_are_framed_all_the_same(film: Path, tmp_path: Path) -> None:
    """Neither faces nor eyes nor text: all of those stages failed."""
    found, tracks, result = framed(work_on(tmp_path, film))
    assert (len(found), tracks, result["faces"]) == (3, [], 0)
    assert {one.layout for one in found} == {"blur"} and "nobody is seen" in found[0].reason


def test_a_mouth_that_moves_while_there_is_speech_is_a_speakers(film: Path, tmp_path: Path) -> None:
    for n, (spans, moves) in enumerate((([Span(F(0), F(2))], 3.0), ([Span(F(3), F(4))], None))):
        (tmp_path / str(n)).mkdir()
        work = work_on(tmp_path / str(n), film)
        tracked(work)
        work.given["listen"] = {"spans": work.keep("spans.json", {"speech": to_json(spans)})}
        _, (face, person), _ = framed(work)
        assert face.speaking == (moves if moves is None else pytest.approx(moves)) and person.speaking is None


def test_text_that_is_believed_stays_in_view_and_doubtful_text_does_not(film: Path, tmp_path: Path) -> None:
    for n, (text, layout) in enumerate((("Maria Keller", "crop"), ("?", "follow"))):
        (tmp_path / str(n)).mkdir()
        work = work_on(tmp_path / str(n), film)
        tracked(work)
        line = TextLine(text=text, box=Box(x=0.1, y=0.8, width=0.2, height=0.1), confidence=0.9)
        reading = Reading(at=F(3), shot=1, source="echo@1", coverage=0.02, lines=(line,))
        work.given["read"] = [{"readings": work.keep("readings.json", to_json([reading]))}]
        found, _, _ = framed(work)
        assert found[1].layout == layout
        view = found[1].views[0].at(F(3))
        assert (view.x <= 0.1 and view.x + view.width >= 0.3) == (layout == "crop")


# Real footage.


def test_faces_in_an_interview_are_those_a_person_marked(shared: Path, tmp_path: Path) -> None:
    """Four at a table, then, after the cut at 21.15 s, one alone: by the real models, in a segment with both."""
    video = shared / "video" / "googlework_short.mp4"
    cut, first = F(211543, 10000), F(417, 500)  # the cut; the time of the first frame
    shots = [shot_of("4713/250", cut, 15), shot_of(cut, "73573/3000", 16)]
    work = work_on(tmp_path, video, shots=shots)
    work.models = make_work(tmp_path, source=video).models
    outcome = tracked(work, "19", "22")
    assert outcome.left_out == () and all("@mediapipe-" in source for source in outcome.result["sources"])
    tracks = tracks_of(work, work.given["track"][0])
    faces = [one for one in tracks if one.kind == "face"]
    assert [one.shot for one in faces] == [15, 15, 15, 15, 16]
    for one in tracks:
        shot = next(shot for shot in shots if shot.number == one.shot)
        assert max(shot.span.start, F(19)) <= one.span.start < one.span.end <= min(shot.span.end, F(22))
        assert all(a.at < b.at for a, b in pairwise(one.sightings))
        assert all(0.35 <= sighting.confidence <= 1 for sighting in one.sightings)
        steps = [(a.box, b.box) for a, b in pairwise(one.sightings) if one.kind == "face"]
        assert all(a.overlap(b) > 0.4 for a, b in steps)  # no track jumps from one to another
    marks = json.loads(MARKS.read_text())["videos"][video.name]["frames"]
    compared = 0
    for mark in marks:
        at = first + F(mark["frame"] * 1001, 30000)
        if not 19 <= at < 22:
            continue
        boxes = [Box(x=x, y=y, width=w, height=h) for x, y, w, h in (one["box"] for one in mark["faces"])]
        seen = [box for one in faces if (box := one.at(at)) is not None]
        assert len(seen) == len(boxes)
        assert all(sum(box.overlap(other) > 0.4 for other in seen) == 1 for box in boxes), mark["frame"]
        compared += 1
    assert compared == 9
    found, _, result = framed(work)
    assert result["faces"] == 5
    assert found[1].layout == "follow" and found[1].tracks == (faces[4].number,)
    assert shows(found[1], lambda t: 0.71, half=0.06)
