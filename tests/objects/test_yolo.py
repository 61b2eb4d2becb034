"""The object detector that lives apart: what it refuses, that it stays alone, and one trained on drawn shapes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from common.adapters.models import store, yolo
from common.adapters.models.child import opened
from common.adapters.models.local import LocalModels
from common.domain.track import Box
from common.errors import ModelMissing, ModelRefused
from common.ports.models import SeenThing
from tests.objects.shapes import NAMES, drawn

ROOT = Path(__file__).resolve().parents[2]
apart = pytest.mark.skipif(not yolo.PYTHON.exists(), reason="there is no .venv-objects here: scripts/setup objects")


@pytest.fixture
def models(tmp_path: Path) -> LocalModels:
    return LocalModels(tmp_path / "models")


def add(models: LocalModels, weights: Path) -> Path:
    """Add weights to the store; where they lie there."""
    store.add(models.store, "shapes", weights, kind="objects")
    return store.folder(models.store, "shapes") / weights.name


def some_weights(tmp_path: Path, content: bytes = b"weights" * 1000) -> Path:
    path = tmp_path / "tiny.pt"
    path.write_bytes(content)
    return path


def trained(folder: Path, *, epochs: int, side: int, count: int) -> Path:
    """A YOLO trained on drawn shapes; nothing may have left the process meanwhile."""
    argv = [str(yolo.PYTHON), "-P", "-m", "tests.objects.train", str(folder), *map(str, (epochs, side, count))]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == []
    return folder / "best.pt"


def pictures(seeds: range, *, side: int, width: int) -> tuple[NDArray[np.uint8], list[list[tuple[str, Box]]]]:
    made = [drawn(seed, side=side, width=width) for seed in seeds]
    return np.stack([picture for picture, _ in made]), [shapes for _, shapes in made]


# --- apart --------------------------------------------------------------------------------------------------------


def test_cutrooms_own_environment_holds_no_agpl_code() -> None:
    assert [name for name in ("ultralytics", "thop", "torch") if find_spec(name) is not None] == []


def test_one_file_imports_ultralytics() -> None:
    imports = re.compile(r"^\s*(import|from) (ultralytics|thop)\b", flags=re.MULTILINE)
    folders = ("common", "functions", "jobs", "scripts", "tests")
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    found = [str(path.relative_to(ROOT)) for path in files if imports.search(path.read_text())]
    assert found == ["jobs/detectors/ultralytics.py"]


def test_its_requirements_are_pinned_with_hashes_and_ask_for_one_agpl_package() -> None:
    for name in ("requirements-objects.txt", "requirements-objects-cpu.txt"):
        text = (ROOT / name).read_text()
        assert not re.search(r"://|--index|--extra-index|--find-links|^-", text, flags=re.MULTILINE)
        for entry in re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)[1:]:
            assert re.match(r"[a-z0-9._-]+==[\w.+]+( |$)", entry), entry.splitlines()[0]
            assert "--hash=sha256:" in entry
    assert "ultralytics-thop" not in (ROOT / "requirements-objects.txt").read_text()


def test_setup_objects_is_silent_when_nothing_is_to_do_and_stops_without_a_registry(tmp_path: Path) -> None:
    for name in ("scripts", "requirements"):
        (tmp_path / name).mkdir()
        for file in (ROOT / name).iterdir():
            if file.is_file():
                (tmp_path / name / file.name).symlink_to(file)
    (tmp_path / "scripts" / "setup").unlink()
    (tmp_path / "scripts" / "setup").write_bytes((ROOT / "scripts" / "setup").read_bytes())
    for file in ROOT.glob("requirements*.txt"):
        (tmp_path / file.name).symlink_to(file)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }

    def setup() -> subprocess.CompletedProcess[str]:
        argv = ["bash", str(tmp_path / "scripts" / "setup"), "objects"]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)

    failed = setup()
    assert failed.returncode == 1
    assert "AGPL-3.0" in failed.stdout
    assert "could not be installed; what was there before is untouched" in failed.stderr
    assert not list(tmp_path.glob(".venv*"))

    venv = tmp_path / ".venv-objects"
    (venv / "bin").mkdir(parents=True)
    (venv / "lib" / f"python3.{sys.version_info[1]}" / "site-packages").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    stamp = 'cd "$0" && cat requirements-objects.txt requirements-objects-cpu.txt | sha256sum'
    (venv / "stamp-objects").write_text(subprocess.check_output(["bash", "-c", stamp, str(tmp_path)], text=True))
    done = setup()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- absent and refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["weights", "environment"])
def test_absent_it_says_how_it_is_had(
    models: LocalModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(yolo, "PYTHON", Path(sys.executable) if missing == "weights" else tmp_path / "none")
    if missing == "environment":
        add(models, some_weights(tmp_path))
    with pytest.raises(ModelMissing, match=r"scripts/setup objects, then scripts/models add NAME WEIGHTS"):
        models.objects(tmp_path).__enter__()
    assert models.identity(["objects"]) == {"objects": None}


@pytest.mark.parametrize("how", ["cut off", "changed", "gone"])
def test_weights_that_are_not_those_that_were_added_are_refused_by_name(
    models: LocalModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(yolo, "PYTHON", Path(sys.executable))  # hashes are compared before ultralytics is imported
    path = add(models, some_weights(tmp_path))
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if how == "cut off" else whole[:-1] + b"?")
    with pytest.raises(ModelRefused, match=r"shapes/files/tiny\.pt"), models.objects(tmp_path) as model:
        model.objects(np.zeros((1, 8, 8, 3), np.uint8))


def test_a_model_of_two_weights_is_refused(
    models: LocalModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yolo, "PYTHON", Path(sys.executable))
    folder = tmp_path / "two"
    folder.mkdir()
    for name in ("a.pt", "b.pt"):
        (folder / name).write_bytes(b"x")
    store.add(models.store, "shapes", folder, kind="objects")
    with pytest.raises(ModelRefused, match="2 files of weights"):
        models.objects(tmp_path).__enter__()


@apart
def test_weights_that_would_run_a_command_are_refused_by_name(models: LocalModels, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    add(models, some_weights(tmp_path, f"cos\nsystem\n(S'touch {ran}'\ntR.".encode()))
    with pytest.raises(ModelRefused, match=r"tiny\.pt holds no model"), models.objects(tmp_path) as model:
        model.objects(np.zeros((1, 8, 8, 3), np.uint8))
    assert not ran.exists()


# --- a real one ---------------------------------------------------------------------------------------------------


@apart
def test_a_tiny_model_is_trained_stored_and_looks_at_pictures_alone(models: LocalModels, tmp_path: Path) -> None:
    add(models, trained(tmp_path, epochs=2, side=64, count=32))
    seen, _ = pictures(range(500, 503), side=48, width=96)
    here: Any = yolo.Yolo.here(models.store)
    # So little training leaves only doubts; they show that labels and boxes arrive.
    here.arguments["least"] = "0.001"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with opened("common.adapters.models.yolo:Yolo", here, scratch=scratch) as model:
        found: list[list[SeenThing]] = model.objects(seen)
        assert model.source == models.identity(["objects"])["objects"]
        assert re.fullmatch(r"shapes@[0-9a-f]{12}", model.source)
        assert model.objects(seen[:0]) == []
        assert model.objects(seen[:1])[0][:1] == found[0][:1]
    assert len(found) == 3
    assert any(found)
    for thing in (thing for things in found for thing in things):
        box = thing.box
        assert thing.label in NAMES
        assert 0.001 <= thing.confidence <= 1
        assert -1e-3 <= box.x <= box.x + box.width <= 1.001
        assert -1e-3 <= box.y <= box.y + box.height <= 1.001


@apart
@pytest.mark.long
def test_a_model_that_has_learnt_finds_the_shapes_where_they_are(models: LocalModels, tmp_path: Path) -> None:
    add(models, trained(tmp_path, epochs=20, side=160, count=200))
    seen, known = pictures(range(5000, 5040), side=120, width=160)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with models.objects(scratch) as model:
        found = model.objects(seen)
    shapes = [(n, kind, box) for n, of_one in enumerate(known) for kind, box in of_one]
    right = [any(thing.label == kind and thing.box.overlap(box) > 0.6 for thing in found[n]) for n, kind, box in shapes]
    assert sum(right) >= 0.8 * len(shapes), f"{sum(right)} of {len(shapes)}"
    assert sum(map(len, found)) <= 1.5 * len(shapes)
