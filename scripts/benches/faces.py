"""Faces found, and faces kept in the crop, against boxes marked by hand in real footage.

The marks (tests/data/faces.json, every 10th frame) were made by eye, without a detector. A face counts when it is at
least SMALLEST of the picture's height: below, it fills no more than a thumb's breadth of a phone; the recall over all
marked faces, however small, is printed too. A found box is right when it and a marked one, each used once, have an
intersection over union of at least 0.5. Boxes on faces marked "ignore" (turned away, blurred, statues, posters) are
neither right nor false. The detector's thresholds were chosen on these same marks: there is no other footage with any.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.domain.asset import Probe
from common.domain.codec import from_json
from common.domain.framing import Framing
from common.domain.settings import FlowSettings
from common.domain.shot import Shot
from common.domain.track import Box, Track
from common.media.looks import looks
from scripts.benches import Row
from scripts.benches.flows import finished

SMALLEST = 0.07  # of the picture's height
RIGHT = 0.5  # intersection over union
CALM = Fraction(1, 5)  # seconds about a cut in which nothing may move

_ROOT = Path(__file__).resolve().parents[2]
_DATA = _ROOT.parent / "shared" / "data" / "video"


@dataclass(frozen=True, slots=True)
class Marked:
    """One frame: faces that count, faces too small to, and places that are neither right nor false."""

    at: Fraction
    faces: list[Box]
    small: list[Box]
    ignored: list[Box]


@dataclass(slots=True)
class Tally:
    """Of all videos together."""

    found: int = 0
    missed: int = 0
    small: int = 0
    false: int = 0
    frames: int = 0
    peer_found: int = 0
    peer_false: int = 0
    planned: int = 0
    kept: int = 0
    largest: int = 0
    centred: int = 0
    shown: int = 0
    alone: int = 0
    alone_followed: int = 0
    moves: int = 0
    layouts: Counter[str] = field(default_factory=Counter)


def rows() -> Iterator[Row]:
    tally = Tally()
    errors: list[str] = []
    for name, marks in json.loads((_ROOT / "tests" / "data" / "faces.json").read_text())["videos"].items():
        video = _DATA / name
        if not video.is_file():
            yield Row(name=f"faces: {name} is not here", value=0, unit="")
            return
        assert hashlib.sha256(video.read_bytes()).hexdigest() == marks["sha256"], f"{name} is another file"
        with tempfile.TemporaryDirectory(prefix="cutroom-bench-") as folder:
            _one(video, Path(folder), marks["frames"], tally, errors)
    yield from _of_faces(tally, errors)
    yield from _of_framing(tally)


def _of_faces(tally: Tally, errors: Sequence[str]) -> Iterator[Row]:
    count = tally.found + tally.missed
    peer = f"OpenCV's Haar cascade: {tally.peer_found / count:.3f}, {100 * tally.peer_false / tally.frames:.0f} false"
    yield Row(name="faces: recall", value=tally.found / count, unit="", target=0.97, peer=peer, at_least=True)
    per_frame = 100 * tally.false / tally.frames
    yield Row(name="faces: false per 100 frames", value=per_frame, unit="", target=1, peer=peer)
    every = (tally.found + tally.small) / (
        count + sum(1 for error in errors if error.startswith("small")) + tally.small
    )
    yield Row(name="faces: recall, the smallest too", value=every, unit="")
    for error in errors:
        if not error.startswith("small"):
            yield Row(name=f"faces: {error}", value=1, unit="")


def _of_framing(tally: Tally) -> Iterator[Row]:
    centre = f"a plain centre crop keeps {tally.centred / tally.shown:.3f} of the largest faces"
    yield Row(
        name="framing: planned faces in the crop",
        value=tally.kept / tally.planned,
        unit="",
        target=0.97,
        peer=centre,
        at_least=True,
    )
    yield Row(name="framing: largest faces shown, any layout", value=tally.largest / tally.shown, unit="", peer=centre)
    alone = tally.alone_followed / tally.alone
    yield Row(name="framing: follow on single-face frames", value=alone, unit="", target=0.6, at_least=True)
    yield Row(name="framing: moves within 0.2 s of a cut", value=tally.moves, unit="", target=0)
    total = tally.layouts.total()
    for layout, frames in sorted(tally.layouts.items()):
        yield Row(name=f"framing: share of {layout}", value=frames / total, unit="")


def _one(video: Path, folder: Path, marks: list[dict[str, object]], tally: Tally, errors: list[str]) -> None:
    wanted = FlowSettings(clips=1, min_s=1, max_s=3, captions="none")
    with finished(video, folder / "state", wanted) as done:
        probe = from_json(Probe, done.result("ingest")["probe"])
        framed, shots = done.result("frame"), done.result("shots")
        tracks = from_json(list[Track], done.json(framed["tracks"]))
        framings = from_json(list[Framing], done.json(framed["framings"]))
        known = from_json(list[Shot], done.json(shots["shots"]))
        with np.load(io.BytesIO(done.bytes(shots["times"]))) as arrays:
            ticks: NDArray[np.int64] = arrays["ticks"]
    frames = [_marked(mark, ticks, probe) for mark in marks]
    faces = [track for track in tracks if track.kind == "face"]
    for number, frame in zip((mark["frame"] for mark in marks), frames, strict=True):
        found = [box for face in faces if (box := face.at(frame.at)) is not None]
        missed, false = _compared(found, frame)
        tally.frames += 1
        tally.found += len(frame.faces) - len(missed)
        tally.missed += len(missed)
        tally.false += len(false)
        small, _ = _compared(found, Marked(frame.at, frame.small, [], []))
        tally.small += len(frame.small) - len(small)
        errors += [f"missed in frame {number} of {video.name}" for _ in missed]
        errors += [f"false in frame {number} of {video.name}" for _ in false]
        errors += ["small" for _ in small]
        _framing(frame, faces, framings, probe, tally)
    tally.moves += sum(_moves(framing, known) for framing in framings)
    _haar(video, probe, frames, folder, tally)


def _marked(mark: dict[str, object], ticks: NDArray[np.int64], probe: Probe) -> Marked:
    number, listed = mark["frame"], mark["faces"]
    assert isinstance(number, int) and isinstance(listed, list)
    at = int(ticks[min(number, len(ticks) - 1)]) * probe.video.timebase
    boxes = [(Box(x=b[0], y=b[1], width=b[2], height=b[3]), one["ignore"]) for one in listed for b in [one["box"]]]
    small = [box for box, ignore in boxes if not ignore and box.height < SMALLEST]
    return Marked(
        at,
        [box for box, ignore in boxes if not ignore and box.height >= SMALLEST],
        small,
        [box for box, ignore in boxes if ignore] + small,
    )


def _compared(found: Sequence[Box], frame: Marked) -> tuple[list[Box], list[Box]]:
    """Marked faces that were missed, and boxes that are on nothing; the best pairs first, each box used once."""
    pairs = sorted(
        ((box.overlap(face), n, m) for n, box in enumerate(found) for m, face in enumerate(frame.faces)), reverse=True
    )
    boxes, faces = set[int](), set[int]()
    for overlap, n, m in pairs:
        if overlap >= RIGHT and n not in boxes and m not in faces:
            boxes.add(n)
            faces.add(m)
    false = [
        box
        for n, box in enumerate(found)
        if n not in boxes
        and not any(box.shared(place) > box.area / 2 or box.overlap(place) > 0.2 for place in frame.ignored)
    ]
    return [face for m, face in enumerate(frame.faces) if m not in faces], false


def _framing(frame: Marked, faces: Sequence[Track], framings: Sequence[Framing], probe: Probe, tally: Tally) -> None:
    if probe.video.display_width <= probe.video.display_height:
        return
    framing = next((one for one in framings if one.span.contains(frame.at)), None)
    if framing is None:
        return
    tally.layouts[framing.layout] += 1
    if not frame.faces:
        return
    if len(frame.faces) == 1:
        tally.alone += 1
        tally.alone_followed += framing.layout == "follow"
    view = framing.views[0].at(frame.at) if framing.layout in ("follow", "crop") else None
    largest = max(frame.faces, key=lambda face: face.height)
    width = float(Fraction(9, 16) * probe.video.display_height / probe.video.display_width)
    tally.shown += 1
    tally.centred += abs(largest.middle[0] - 0.5) <= width / 2
    tally.largest += view is None or _holds(view, largest)
    if framing.layout != "follow" or view is None:
        return
    followed = [box for face in faces if face.number in framing.tracks and (box := face.at(frame.at)) is not None]
    planned = [face for face in frame.faces if any(box.overlap(face) > 0.3 for box in followed)]
    for face in planned or [largest]:
        tally.planned += 1
        tally.kept += _holds(view, face)


def _holds(view: Box, face: Box) -> bool:
    x, y = face.middle
    return view.x <= x <= view.x + view.width and view.y <= y <= view.y + view.height


def _moves(framing: Framing, shots: Sequence[Shot]) -> int:
    """Views that move within CALM of either end of their shot."""
    ends = [(framing.span.start, framing.span.start + CALM), (framing.span.end - CALM, framing.span.end)]
    moving = 0
    for view in framing.views:
        for start, end in ends:
            times = [start + (end - start) * n / 20 for n in range(20)]
            moving += any(view.at(a) != view.at(b) for a, b in pairwise(times) if framing.span.contains(a))
    return moving


def _haar(video: Path, probe: Probe, frames: Sequence[Marked], folder: Path, tally: Tally) -> None:
    """The peer on the same frames, at its defaults."""
    import cv2

    files = Path(cv2.__file__).parent / "data"
    haar = cv2.CascadeClassifier(str(files / "haarcascade_frontalface_default.xml"))
    wanted = iter(frames)
    frame = next(wanted, None)
    for at, picture in looks(video, probe, every=Fraction(1, 1000), long_side=1280, scratch=folder):
        if frame is None or at != frame.at:
            continue
        height, width = picture.shape[:2]
        seen = [
            Box(x=float(x) / width, y=float(y) / height, width=float(w) / width, height=float(h) / height)
            for x, y, w, h in haar.detectMultiScale(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
        ]
        missed, false = _compared(seen, frame)
        tally.peer_found += len(frame.faces) - len(missed)
        tally.peer_false += len(false)
        frame = next(wanted, None)
