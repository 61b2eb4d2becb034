"""One suite per port of models that see, read and understand: every adapter behind it keeps what the port says."""

from __future__ import annotations

import importlib
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from common.adapters.models.child import Here, opened
from common.adapters.models.local import ADAPTERS, LocalModels
from common.domain.track import Box, TextLine
from common.errors import ModelMissing, ModelRefused
from common.ports.models import SeenFace, SeenThing

Picture = NDArray[np.uint8]
EYES = [(kind, dotted) for kind in ("faces", "people", "texts") for dotted in ADAPTERS[kind]]
READERS = [("sentences", dotted) for dotted in ADAPTERS["sentences"]]
LOOKED_UP = {  # where each adapter asks for the package that brings it
    "common.adapters.models.blazeface": "common.adapters.models.mediapipe",
    "common.adapters.models.blazepose": "common.adapters.models.mediapipe",
}
WORDS = "Maria Keller"


def name_of(case: Any) -> str:
    return str(case[1]).rpartition(":")[2]


def here(dotted: str, store: Path) -> Here:
    module, _, name = dotted.partition(":")
    found: Here = getattr(importlib.import_module(module), name).here(store)
    return found


@dataclass(frozen=True, kw_only=True)
class Eye:
    """An adapter at work, asked in one way whatever its port; `first` is what it said of drawn() before all else."""

    kind: str
    remote: Any
    first: list[Any]

    def look(self, picture: Picture, *, search: str = "parts") -> list[Any]:
        return looked(self.kind, self.remote, picture, search)


def looked(kind: str, remote: Any, picture: Picture, search: str = "parts") -> list[Any]:
    if kind == "faces":
        found = remote.faces(picture, around=[], search=search)
    else:
        found = remote.people(picture) if kind == "people" else remote.read(picture)
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module", params=EYES, ids=name_of)
def eye(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Eye]:
    kind, dotted = request.param
    scratch = tmp_path_factory.mktemp("scratch")
    with opened(dotted, here(dotted, scratch / "store"), scratch=scratch) as remote:
        yield Eye(kind=kind, remote=remote, first=looked(kind, remote, drawn()))


@pytest.fixture(scope="module", params=READERS, ids=name_of)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    scratch = tmp_path_factory.mktemp("scratch")
    with opened(request.param[1], here(request.param[1], scratch / "store"), scratch=scratch) as remote:
        yield remote


def drawn(width: int = 640, height: int = 360, x: float = 220, y: float = 150, size: float = 60) -> Picture:
    """Somebody with a name under them: head and shoulders about (x, y), the face `size` pixels wide."""
    picture = Image.new("RGB", (width, height), (90, 110, 130))
    pen = ImageDraw.Draw(picture)

    def oval(left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]) -> None:
        pen.ellipse((x + left * size, y + top * size, x + right * size, y + bottom * size), fill=colour)

    pen.rounded_rectangle((x - 1.3 * size, y + 0.75 * size, x + 1.3 * size, y + 4 * size), 0.5 * size, (40, 50, 90))
    pen.rectangle((x - 0.25 * size, y + 0.4 * size, x + 0.25 * size, y + 0.9 * size), (200, 150, 120))
    oval(-0.56, -0.85, 0.56, 0.3, (50, 35, 25))
    oval(-0.5, -0.65, 0.5, 0.65, (224, 172, 140))
    for side in (-0.2, 0.2):
        oval(side - 0.1, -0.17, side + 0.1, -0.07, (250, 250, 250))
        oval(side - 0.045, -0.165, side + 0.045, -0.075, (30, 20, 20))
        oval(side - 0.12, -0.28, side + 0.12, -0.23, (50, 35, 25))
    oval(-0.07, 0.02, 0.07, 0.14, (195, 140, 112))
    oval(-0.2, 0.3, 0.2, 0.42, (150, 60, 60))
    font = ImageFont.truetype("DejaVuSans.ttf", max(8, height // 14))
    picture = picture.filter(ImageFilter.GaussianBlur(max(0.5, size / 50)))
    ImageDraw.Draw(picture).text((width * 0.03, height * 0.88), WORDS, fill="white", font=font)
    return np.asarray(picture)


def noise(height: int, width: int) -> Picture:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3)).astype(np.uint8)


def flat(height: int, width: int, *colour: int) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


def near(box: Box) -> bool:
    """Whether a box is one, in the picture or sticking out of it by no more than its own size."""
    numbers = (box.x, box.y, box.width, box.height)
    inside = -box.width <= box.x <= 1 and -box.height <= box.y <= 1
    return all(math.isfinite(n) for n in numbers) and box.width >= 0 and box.height >= 0 and inside


def sound(found: Sequence[Any]) -> None:
    """What holds of all answers."""
    for one in found:
        assert near(one.box) and 0 <= one.confidence <= 1
        if isinstance(one, SeenFace):
            points = (*one.eyes, one.mouth)
            assert all(math.isfinite(value) for point in points for value in point)
            assert one.eyes[0][0] <= one.eyes[1][0] and 0 <= one.frontal <= 1
            assert one.opening is None or (math.isfinite(one.opening) and one.opening >= 0)
        elif isinstance(one, SeenThing):
            assert one.label == "person"
            assert one.head is None or all(math.isfinite(n) for n in (*one.head.middle, one.head.area))
        else:
            assert isinstance(one, TextLine) and one.text.strip() == one.text != ""
            assert one.box.x >= 0 and one.box.x + one.box.width <= 1 + 1e-6
            assert one.box.y >= 0 and one.box.y + one.box.height <= 1 + 1e-6


def test_it_says_what_it_is_as_the_run_names_it(eye: Eye, tmp_path: Path) -> None:
    name, _, version = eye.remote.source.partition("@")
    assert name and re.search(r"\d", version)
    assert LocalModels(tmp_path).identity([eye.kind]) == {eye.kind: eye.remote.source}


@pytest.mark.parametrize(
    ("width", "height", "x", "y", "size"),
    [(360, 640, 180, 220, 80), (320, 180, 200, 70, 28), (768, 768, 400, 300, 140)],
)
def test_what_is_drawn_is_found_where_it_is(eye: Eye, width: int, height: int, x: float, y: float, size: float) -> None:
    found = eye.look(drawn(width, height, x, y, size))
    sound(found)
    one, *doubts = sorted(found, key=lambda seen: -seen.confidence)
    assert one.confidence > 0.9 and all(doubt.confidence < 0.6 for doubt in doubts)
    if eye.kind == "texts":
        assert one.text == WORDS
        assert one.box.holds((0.03 + 0.1 * height / width, 0.88 + 0.045)) and one.box.height < 0.12
        return
    face = Box(x=(x - size / 2) / width, y=(y - 0.65 * size) / height, width=size / width, height=1.3 * size / height)
    if eye.kind == "faces":
        assert one.box.overlap(face) > 0.4 and one.frontal > 0.5
        for (u, v), across, down in zip((*one.eyes, one.mouth), (-0.2, 0.2, 0), (-0.12, -0.12, 0.36), strict=True):
            assert math.hypot(u * width - x - across * size, v * height - y - down * size) < 0.15 * size
    else:
        assert one.box.holds((x / width, (y + size) / height)) and one.head is not None
        assert one.head.shared(face) > 0.4 * face.area


def test_there_is_nothing_in_flat_pictures(eye: Eye) -> None:
    for picture in (flat(180, 320, 0, 0, 0), flat(320, 180, 255, 80, 20), flat(1, 1, 255, 255, 255)):
        assert eye.look(picture) == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 2), (5, 7), (30, 50), (250, 20), (20, 3000)])
def test_a_picture_of_any_size_is_looked_at(eye: Eye, height: int, width: int) -> None:
    """Noise, where a model sees what is not there, searched in all its parts."""
    sound(eye.look(noise(height, width), search="parts"))


def test_a_picture_gives_the_same_whatever_came_before_it(eye: Eye) -> None:
    assert eye.first
    eye.look(noise(90, 160))
    assert eye.look(drawn()) == eye.first


def test_a_picture_gives_the_same_in_every_process(eye: Eye, tmp_path: Path) -> None:
    dotted = next(dotted for kind, dotted in EYES if kind == eye.kind)
    with opened(dotted, here(dotted, tmp_path), scratch=tmp_path) as fresh:
        assert looked(eye.kind, fresh, drawn()) == eye.first


def test_how_a_picture_lies_in_memory_is_nothing_to_it(eye: Eye) -> None:
    part = np.concatenate([drawn(), noise(360, 640)], axis=1)[:, :640]
    assert not part.flags.c_contiguous
    assert eye.look(part) == eye.first


def test_two_are_two_and_lines_come_from_the_top(eye: Eye) -> None:
    """Two people side by side; two names one above the other."""
    one = drawn(320, 360, 160, 150, 60)
    found = eye.look(np.concatenate([one, one], axis=0 if eye.kind == "texts" else 1))
    sound(found)
    sure = [one.box.middle for one in found if one.confidence > 0.8]
    places = [y for _, y in sure] if eye.kind == "texts" else sorted(x for x, _ in sure)
    assert len(places) == 2 and places[0] < 0.5 < places[1]


# What one port alone promises.


@pytest.fixture(scope="module", params=[case for case in EYES if case[0] == "faces"], ids=name_of)
def faces(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    scratch = tmp_path_factory.mktemp("scratch")
    with opened(request.param[1], here(request.param[1], scratch), scratch=scratch) as remote:
        yield remote


def at(found: list[SeenFace], x: float, y: float) -> list[SeenFace]:
    """Those at a place, whatever doubts there are elsewhere."""
    return [face for face in found if face.box.holds((x, y))]


def test_a_face_is_looked_for_where_it_is_expected_and_where_the_search_says(faces: Any) -> None:
    picture, x, y = drawn(), 220 / 640, 150 / 360
    (face,) = at(faces.faces(picture, around=[], search="whole"), x, y)
    assert faces.faces(picture, around=[], search="nowhere") == []
    (again,) = faces.faces(picture, around=[face.box], search="nowhere")
    assert again.box.overlap(face.box) > 0.7 and again.confidence > 0.9
    away = replace(face.box, x=0.8)
    assert faces.faces(picture, around=[away], search="nowhere") == []
    found = faces.faces(picture, around=[face.box, away, face.box], search="parts")
    assert len(at(found, x, y)) == 1  # once, however often asked for


def test_small_faces_are_found_in_parts(faces: Any) -> None:
    (found,) = at(faces.faces(drawn(1280, 720, 900, 300, 22), around=[], search="parts"), 900 / 1280, 300 / 720)
    assert found.confidence > 0.9 and found.box.width < 40 / 1280


@pytest.mark.parametrize(
    "box",
    [
        Box(x=-3.0, y=7.0, width=0.2, height=0.2),
        Box(x=-1.0, y=-1.0, width=3.0, height=3.0),
        Box(x=0.99, y=0.99, width=0.5, height=0.001),
        Box(x=0.9, y=0.0, width=1e-6, height=1e-6),
        Box(x=0.9, y=0.0, width=0.0, height=0.0),
    ],
)
def test_where_a_face_is_expected_in_an_odd_place_nothing_is_seen(faces: Any, box: Box) -> None:
    assert faces.faces(drawn(), around=[box], search="nowhere") == []


# Texts to vectors.


def test_vectors_have_the_length_one_and_the_order_of_the_texts(embedder: Any) -> None:
    name, _, version = embedder.source.partition("@")
    assert name and version
    texts = ["A cat sleeps.", "", "一只猫在睡觉。", "🎉" * 40, "\x00\x07\ud7ff", "word " * 400, "A cat sleeps."]
    made = embedder.embed(texts)
    assert made.shape == (7, 384) and made.dtype == np.float32
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(7), abs=1e-5)
    assert embedder.embed([]).shape == (0, 384)
    assert made[0] == pytest.approx(made[6], abs=1e-6)
    for n in (0, 2, 3):
        assert embedder.embed([texts[n]])[0] == pytest.approx(made[n], abs=1e-5)
    assert np.array_equal(embedder.embed(texts), made)


def test_depths_begin_with_the_vector_and_depend_on_no_other_text(embedder: Any) -> None:
    texts = ["A cat sleeps.", "", "word " * 400, "一只猫在睡觉。"]
    deep = embedder.depths(texts)
    assert deep.shape == (4, 10752) and deep.dtype == np.float32 and np.isfinite(deep).all()
    assert np.array_equal(deep[:, :384], embedder.embed(texts))
    for n in (0, 1, 3):
        assert embedder.depths([texts[n]])[0] == pytest.approx(deep[n], abs=1e-3)
    assert embedder.depths([]).shape == (0, 10752)


def test_texts_of_like_meaning_are_nearer(embedder: Any) -> None:
    cat, kitten, bank = embedder.embed(["A cat sleeps.", "The kitten is asleep.", "Banks raise their interest rates."])
    assert cat @ kitten > 0.5 > 0.3 > cat @ bank


# Models that are not here, or not what they should be.

CASES = pytest.mark.parametrize(("kind", "dotted"), [*EYES, *READERS])


@CASES
def test_without_its_package_it_is_missing_and_the_command_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dotted: str
) -> None:
    def absent(name: str) -> Any:
        raise PackageNotFoundError(name)

    module = dotted.partition(":")[0]
    monkeypatch.setattr(f"{LOOKED_UP.get(module, module)}.distribution", absent)
    models = LocalModels(tmp_path)
    with pytest.raises(ModelMissing, match="scripts/setup"), getattr(models, kind)(tmp_path):
        pytest.fail("it was opened")
    assert models.identity([kind]) == {kind: None}


@CASES
def test_without_its_files_it_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, dotted: str
) -> None:
    class Hollow:
        """The package, installed, but for its files."""

        version = "9.9"
        files = ()

        def locate_file(self, path: object) -> Path:
            return tmp_path / str(path)

    module = dotted.partition(":")[0]
    monkeypatch.setattr(f"{LOOKED_UP.get(module, module)}.distribution", lambda name: Hollow())
    models = LocalModels(tmp_path)
    with pytest.raises((ModelMissing, ModelRefused), match="scripts/setup"), getattr(models, kind)(tmp_path):
        pytest.fail("it was opened")
    assert models.identity([kind]) == {kind: None}


def files_of(dotted: str, found: Here) -> list[Path]:
    """The files that a model is made of: those it is given, or those of a folder whose hashes it knows."""
    given = [Path(value) for value in found.arguments.values()]
    known = getattr(importlib.import_module(dotted.partition(":")[0]), "SHA256", {})
    return [path for path in given if path.is_file()] or [given[0] / name for name in known]


def harmed(dotted: str, found: Here, file: Path, content: bytes, folder: Path) -> Here:
    """The same model with another content of one file: links to all the others."""
    for path in files_of(dotted, found):
        target = folder / path.name
        if path == file:
            target.write_bytes(content)
        else:
            os.symlink(path, target)
    moved = {
        name: str(folder / Path(value).name) if Path(value).is_file() else str(folder)
        for name, value in found.arguments.items()
    }
    return replace(found, arguments=moved)


def refused(kind: str, dotted: str, found: Here, scratch: Path) -> str:
    with pytest.raises(ModelRefused) as told, opened(dotted, found, scratch=scratch) as remote:
        if kind == "sentences":
            remote.embed(["a"])
        else:
            looked(kind, remote, drawn())
    return str(told.value)


@CASES
def test_a_file_that_is_cut_off_is_refused_by_its_name(tmp_path: Path, kind: str, dotted: str) -> None:
    found = here(dotted, tmp_path)
    files = files_of(dotted, found)
    for n, file in enumerate(files):
        (tmp_path / str(n)).mkdir()
        content = file.read_bytes()[: file.stat().st_size // 3]
        said = refused(kind, dotted, harmed(dotted, found, file, content, tmp_path / str(n)), tmp_path)
        assert file.name in said and "scripts/setup" in said
    assert files


@pytest.mark.parametrize(("kind", "dotted"), [case for case in (*EYES, *READERS) if case[0] in ("texts", "sentences")])
def test_a_file_with_another_content_is_refused_by_its_name(tmp_path: Path, kind: str, dotted: str) -> None:
    found = here(dotted, tmp_path)
    file = min(files_of(dotted, found), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    said = refused(kind, dotted, harmed(dotted, found, file, bytes(content), tmp_path), tmp_path)
    assert file.name in said and "changed" in said and "scripts/setup" in said


def test_who_asks_for_models_loads_none_of_them() -> None:
    program = (
        "import sys; from pathlib import Path; from common.adapters.models.local import LocalModels;"
        "found = LocalModels(Path('none')).identity(['faces', 'people', 'texts', 'sentences']);"
        "heavy = {'ai_edge_litert', 'mediapipe', 'rapidocr', 'onnxruntime', 'safetensors', 'tokenizers', 'cv2'};"
        "print(*found.values(), *(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert re.fullmatch(r"blazeface@\S+ blazepose@\S+ rapidocr@\S+ all-MiniLM-L6-v2@\S+\n", said)
