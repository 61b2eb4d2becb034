"""The still that stands for a clip: a face with open eyes, sharp, with room for text."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from common.domain.timebase import Span
from common.domain.track import Box, Sighting, Track
from common.media.portrait import Face, Grey, faces_at, open_eyes, promise, room
from common.media.probe import probe
from common.media.thumbnail import CANDIDATES, WITH_FACES, Activity, candidates, thumbnail
from tests.framed import face

BOX = Box(x=0.3, y=0.2, width=0.4, height=0.6)
EYES = ((0.4, 0.4), (0.6, 0.4))
WHOLE = Span(Fraction(0), Fraction(8))


def even(steps: int = 40) -> Activity:
    """Nothing in the picture pass tells one time from another."""
    known = [0.5] * steps
    return Activity(step=Fraction(1, 2), motion=[0.0] * steps, brightness=known, sharpness=known)


def looking(span: Span = WHOLE, *, frontal: float = 0.9) -> Track:
    """A large face in the middle, both eyes known."""
    track = face(lambda _: BOX.middle, span, size=BOX.width, height=BOX.height)
    return replace(track, sightings=tuple(replace(one, eyes=EYES, frontal=frontal) for one in track.sightings))


def drawn(*, shut: tuple[bool, bool], width: int = 320, height: int = 180) -> Grey:
    """Skin, with a white eye and a dark pupil where an eye is open, and a thin dark line where it is not."""
    luma: Grey = np.full((height, width), 0.6, np.float32)
    for (x, y), closed in zip(EYES, shut, strict=True):
        across, down = round(x * width), round(y * height)
        if closed:
            luma[down, across - 9 : across + 9] = 0.45
        else:
            luma[down - 4 : down + 5, across - 9 : across + 10] = 0.9
            luma[down - 4 : down + 5, across - 4 : across + 5] = 0.1
    return luma


def shown(box: Box = BOX, eyes: tuple[tuple[float, float], tuple[float, float]] | None = EYES) -> Face:
    return Face(box=box, sighting=Sighting(at=Fraction(1), box=box, confidence=0.9, frontal=0.9, eyes=eyes))


def test_open_eyes_are_told_from_shut_ones_and_one_shut_eye_is_a_wink() -> None:
    opened = open_eyes(drawn(shut=(False, False)), shown())
    wink, closed = (open_eyes(drawn(shut=shut), shown()) for shut in ((True, False), (True, True)))
    assert opened is not None and wink is not None and closed is not None
    assert opened > 0.9 and wink == closed < 0.6


def test_of_eyes_that_are_tiny_unseen_or_outside_nothing_is_told() -> None:
    luma = drawn(shut=(False, False))
    assert open_eyes(luma, shown(eyes=None)) is None
    assert open_eyes(luma, Face(box=BOX, sighting=None)) is None
    assert open_eyes(luma, shown(eyes=((0.5, 0.4), (0.51, 0.4)))) is None
    assert open_eyes(luma, shown(eyes=((1.4, 0.4), (1.6, 0.4)))) is None


def test_a_tall_face_that_looks_here_promises_most() -> None:
    small = Box(x=0.4, y=0.4, width=0.05, height=0.1)
    aside = Face(box=BOX, sighting=replace(shown().sighting or pytest.fail(), frontal=0.2))
    assert promise([shown()]) > promise([shown(small)]) > 0
    assert promise([shown()]) > promise([aside])
    assert promise([]) == 0


def test_faces_are_where_their_tracks_are_then_the_tallest_first() -> None:
    near, far = looking(), face(lambda _: (0.1, 0.1), WHOLE, number=1)
    person = face(lambda _: (0.5, 0.5), WHOLE, kind="person", size=0.9)
    found = faces_at([far, person, near], Fraction(2))
    assert [one.box for one in found] == [near.at(Fraction(2)), far.at(Fraction(2))]
    assert found[0].sighting is not None and found[0].sighting.at == 2
    assert faces_at([near], Fraction(9)) == []
    seldom = replace(near, sightings=(near.sightings[0], near.sightings[-1]))
    assert faces_at([seldom], Fraction(4))[0].sighting is None


def test_calm_bands_without_a_face_have_room_for_text() -> None:
    calm: Grey = np.full((90, 160), 0.5, np.float32)
    busy = np.random.default_rng(1).random((90, 160)).astype(np.float32)
    half = busy.copy()
    half[60:] = 0.5
    assert room(calm, []) == 1 and room(busy, []) == 0 and room(half, []) == 1
    assert room(half, [shown(Box(x=0.2, y=0.6, width=0.6, height=0.4))]) < 0.2
    assert room(calm[:3], []) == 0


def test_where_a_face_is_more_stills_are_looked_at_and_they_show_it() -> None:
    there = looking(Span(Fraction(4), Fraction(8)))
    assert len(candidates(WHOLE, even(), cuts=[])) == CANDIDATES
    found = candidates(WHOLE, even(), cuts=[], faces=[there])
    assert CANDIDATES < len(found) <= WITH_FACES
    assert all(at >= 4 for at in found[:3])


def test_the_still_has_open_eyes_though_others_are_as_sharp(tmp_path: Path) -> None:
    source = tmp_path / "blinking.mp4"
    skin = "drawbox=x=192:y=72:w=256:h=216:t=fill:c=0xb08868"
    eyes = []
    for x, y in EYES:
        left, top = round(x * 640), round(y * 360)
        eyes += [f"drawbox=x={left - 18}:y={top}:w=36:h=3:t=fill:c=0x705040"]
        only = "enable='between(t,5,6)'"
        eyes += [f"drawbox=x={left - 18}:y={top - 9}:w=36:h=18:t=fill:c=white:{only}"]
        eyes += [f"drawbox=x={left - 8}:y={top - 8}:w=16:h=16:t=fill:c=black:{only}"]
    # A patch of fine detail elsewhere while the eyes are shut: sharpness of the whole picture must not win.
    patch = "drawgrid=x=0:y=0:w=4:h=4:t=1:c=white:enable='lt(t,4)'"
    graph = f"color=c=0x406080:s=640x360:r=10:d=8,{patch},{skin},{','.join(eyes)}"
    argv = ["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", graph]
    subprocess.run([*argv, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(source)], check=True)
    about = probe(source, scratch=tmp_path)
    found = thumbnail(source, about, WHOLE, activity=even(), cuts=[], scratch=tmp_path, faces=[looking()])
    assert found is not None and 5 <= found.at <= 6
    without = thumbnail(source, about, WHOLE, activity=even(), cuts=[], scratch=tmp_path)
    assert without is not None and without.at < 4
