"""Setting up a machine: the requirement files, scripts/setup without a network, the launchers, the import rules."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETS = {"core": "", "local": "-local", "nodeps": "-nodeps", "dev": "-dev"}
# What scripts/setup may count on everywhere. No apt-get, brew or sudo: no test may change the machine.
PROGRAMS = (
    "awk bash cat chmod cksum cp cut df dirname du env find grep head id ln ls mktemp mv rm sed sh tail tee uname"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    package: str
    version: str
    marker: str
    hashes: list[str]


def pinned(name: str) -> list[Pin]:
    """What a requirement file pins, in its order."""
    text = (ROOT / f"requirements{SETS[name]}.txt").read_text()
    pins = []
    for entry in re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)[1:]:
        line = entry.splitlines()[0].removesuffix("\\").strip()
        found = re.fullmatch(r"([a-z0-9._-]+)==([\w.]+)(?: ; (.+))?", line)
        assert found, f"{line!r} is no pinned package"
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})(?= |\n)", entry)
        pins.append(Pin(package=found[1], version=found[2], marker=found[3] or "", hashes=hashes))
    return pins


def wanted(name: str) -> list[str]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    return [line.partition("#")[0].strip() for line in lines if re.match("[a-z]", line)]


@pytest.mark.parametrize("name", SETS)
def test_every_package_is_pinned_with_hashes_and_comes_from_no_special_place(name: str) -> None:
    for pin in pinned(name):
        assert pin.hashes, f"{pin.package} has no hash"
    text = (ROOT / f"requirements{SETS[name]}.txt").read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|^-", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SETS)
def test_what_is_asked_for_is_what_is_pinned(name: str) -> None:
    versions = {pin.package: pin.version for pin in pinned(name)}
    for line in wanted(name):
        package, _, version = line.partition(";")[0].strip().partition("==")
        assert package in versions, f"{package} is not pinned: scripts/lock"
        assert fnmatchcase(versions[package], version or "*"), f"{line}: scripts/lock"


def test_the_sets_agree_on_every_version() -> None:
    seen: dict[tuple[str, str], str] = {}
    for pin in (*pinned("core"), *pinned("local"), *pinned("dev")):
        assert seen.setdefault((pin.package, pin.marker), pin.version) == pin.version, pin.package


def test_what_breaks_others_or_is_not_ours_to_ship_is_absent() -> None:
    everything = {pin.package for name in SETS for pin in pinned(name)}
    assert not everything & {"torch", "ultralytics", "usearch", "opencv-python", "opencv-contrib-python", "scenedetect"}


@pytest.mark.parametrize("command", ["setup", "test", "check", "clean", "lock"])
def test_help_answers_without_setting_anything_up(command: str, tmp_path: Path) -> None:
    copy_scripts(tmp_path)
    done = subprocess.run([tmp_path / "scripts" / command, "--help"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0
    assert done.stdout.startswith((f"usage: scripts/{command}",))
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_what_anyone_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["scripts/check", "scripts/test"]


# --- scripts/setup, in a folder of its own, without network -------------------------------------------------------


def copy_scripts(root: Path) -> None:
    (root / "scripts").mkdir(parents=True)
    for file in (ROOT / "scripts").iterdir():
        if file.is_file():
            shutil.copy2(file, root / "scripts")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with its scripts and requirements, whose name needs quoting."""
    root = tmp_path / "a clone"
    copy_scripts(root)
    shutil.copytree(ROOT / "requirements", root / "requirements")
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy2(file, root)
    return root


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with this Python, no registry, nothing to install with, and no ffmpeg."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in (*PROGRAMS.split(), "sha256sum", "shasum"):
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    (folder / "python3.11").symlink_to(base if base.exists() else sys.executable)
    return {"PATH": str(folder), "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PIP_NO_INDEX": "1"}


def add_ffmpeg(machine: dict[str, str]) -> None:
    for name in ("ffmpeg", "ffprobe"):
        path = shutil.which(name)
        assert path is not None, "the tests need ffmpeg: scripts/setup"
        (Path(machine["PATH"]) / name).symlink_to(path)


def make_environment(clone: Path) -> None:
    """A .venv as setup leaves it, but without packages."""
    site = clone / ".venv" / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    site.mkdir(parents=True)
    (clone / ".venv" / "bin").mkdir()
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    files = [clone / "requirements-local.txt", clone / "requirements-nodeps.txt"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    (clone / ".venv" / "stamp-local").write_text(f"{digest}  -\n")


def setup(clone: Path, machine: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / "scripts" / "setup", *arguments], env=machine, capture_output=True, text=True, timeout=300
    )


def test_without_a_python_setup_ends_in_a_command_to_type(clone: Path, machine: dict[str, str]) -> None:
    (Path(machine["PATH"]) / "python3.11").unlink()
    done = setup(clone, machine)
    assert done.returncode == 1
    assert re.fullmatch(r"  (sudo apt-get|brew) install .*python.*", done.stderr.splitlines()[-1])


def test_without_ffmpeg_setup_ends_in_a_command_to_type(clone: Path, machine: dict[str, str]) -> None:
    make_environment(clone)
    done = setup(clone, machine)
    assert done.returncode == 1
    assert "needs ffmpeg" in done.stderr
    assert re.fullmatch(r"  (sudo apt-get|brew) install .*ffmpeg.*", done.stderr.splitlines()[-1])


def test_an_ffmpeg_that_lacks_a_filter_is_not_taken(clone: Path, machine: dict[str, str]) -> None:
    make_environment(clone)
    add_ffmpeg(machine)
    real = shutil.which("ffmpeg")
    poor = Path(machine["PATH"]) / "ffmpeg"
    poor.unlink()
    poor.write_text(f'#!/bin/sh\n"{real}" "$@" | grep -v " ebur128 "\n')
    poor.chmod(0o755)
    done = setup(clone, machine)
    assert done.returncode == 1
    assert "needs the filter ebur128" in done.stderr


def test_the_second_setup_is_silent_and_quick(clone: Path, machine: dict[str, str]) -> None:
    make_environment(clone)
    add_ffmpeg(machine)
    first = setup(clone, machine)
    assert first.returncode == 0, first.stderr
    assert "Ready: " in first.stdout
    before = os.times()
    second = setup(clone, machine)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    after = os.times()  # of its processes: that others are busy does not count
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1


@pytest.mark.skipif(sys.platform != "linux", reason="apt is Linux's")
def test_without_ffmpeg_it_is_installed_by_apt(clone: Path, machine: dict[str, str]) -> None:
    make_environment(clone)
    programs = Path(machine["PATH"])
    (programs / "sudo").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    lines = [
        "#!/bin/sh",
        'case "$*" in *" update") exit 0 ;; esac',
        f'echo "$*" >>"{clone}/asked"',
        *(f'ln -s "{shutil.which(name)}" "{programs}/{name}"' for name in ("ffmpeg", "ffprobe")),
    ]
    (programs / "apt-get").write_text("\n".join(lines) + "\n")
    for name in ("sudo", "apt-get"):
        (programs / name).chmod(0o755)
    done = setup(clone, machine)
    assert done.returncode == 0, done.stderr
    asked = (clone / "asked").read_text().splitlines()
    assert re.search(r"install -y --no-install-recommends ffmpeg\b", asked[0])
    assert "  apt-get install ffmpeg" in done.stdout


def test_other_requirements_are_seen_and_a_failed_setup_leaves_what_was_there(
    clone: Path, machine: dict[str, str]
) -> None:
    make_environment(clone)
    add_ffmpeg(machine)
    assert setup(clone, machine).returncode == 0
    with (clone / "requirements-nodeps.txt").open("a") as changed:
        changed.write("# another line\n")
    before = {path: path.lstat().st_mtime_ns for path in (clone / ".venv").rglob("*")}
    done = setup(clone, machine)
    assert done.returncode == 1  # there is no registry here
    assert "could not be installed; what was there before is untouched" in done.stderr
    assert {path: path.lstat().st_mtime_ns for path in (clone / ".venv").rglob("*")} == before
    assert [path.name for path in clone.glob(".venv*")] == [".venv"]


def test_two_setups_at_once_take_turns(clone: Path, machine: dict[str, str]) -> None:
    make_environment(clone)
    add_ffmpeg(machine)
    held = os.open(clone / "scripts", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with subprocess.Popen([clone / "scripts" / "setup"], env=machine, stdout=subprocess.PIPE, text=True) as waiting:
        assert waiting.stdout is not None
        said = [waiting.stdout.readline() for _ in range(3)]
        assert "another setup is at work here; waiting for it" in said[-1]
        assert not (clone / ".venv" / "tools").exists()
        os.close(held)
        assert waiting.wait(timeout=300) == 0
    assert (clone / ".venv" / "tools").exists()


# --- launchers ----------------------------------------------------------------------------------------------------


def test_the_users_folder_is_kept_and_shadows_nothing(clone: Path, machine: dict[str, str], tmp_path: Path) -> None:
    make_environment(clone)
    videos = tmp_path / "my videos"
    (videos / "scripts").mkdir(parents=True)
    for name in ("json.py", "scripts/__init__.py"):
        (videos / name).write_text("raise AssertionError('the user\\'s file was imported')\n")
    (clone / "scripts" / "hello.py").write_text("import json, os, sys\nprint(os.getcwd(), sys.argv[1:])\n")
    done = subprocess.run(
        [clone / "scripts" / "python", "-m", "scripts.hello", "ä b.mp4"],
        cwd=videos,
        env={**machine, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip() == f"{videos} ['ä b.mp4']", done.stderr


def test_clean_removes_what_was_made_and_asks_first(clone: Path) -> None:
    for made in (".venv/bin", ".mypy_cache", "common/media/__pycache__", "state", "videos"):
        (clone / made).mkdir(parents=True)
    (clone / "videos" / "mine.mp4").write_text("x")

    def clean(*arguments: str, answer: str = "", home: str = "state") -> int:
        environment = {**os.environ, "CUTROOM_HOME": home}
        command = [str(clone / "scripts" / "clean"), *arguments]
        return subprocess.run(command, cwd=clone, env=environment, input=answer, text=True, timeout=300).returncode

    assert clean(answer="n\n") == 1
    assert (clone / ".venv").exists()
    assert clean("--state", "--yes", home="videos") == 2  # no state folder: a slip of the hand
    assert (clone / ".venv").exists()
    for file in ("lock", "cutroom.sqlite"):
        (clone / "state" / file).write_text("")
    assert clean(answer="y\n") == 0
    assert {path.name for path in clone.iterdir()} >= {"state", "videos", "scripts", "requirements.txt"}
    assert not any((clone / gone).exists() for gone in (".venv", ".mypy_cache", "common/media/__pycache__"))
    assert clean("--state", "--yes") == 0
    assert not (clone / "state").exists()
    assert (clone / "videos" / "mine.mp4").exists()


# --- who may import whom ------------------------------------------------------------------------------------------


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("file", "statement", "contract"),
    [
        ("common/media/breach.py", "import common.signals", "each layer"),
        ("common/domain/breach.py", "import common.ports.work", "each layer"),
        ("common/pipeline/breach.py", "import common.adapters.embedded.files", "each layer"),
        ("common/stages/breach.py", "import common.config", "settings are read"),
        ("common/pipeline/breach.py", "import sqlite3", "the outside"),
        ("common/stages/breach.py", "import google.cloud.storage", "the outside"),
        ("common/adapters/breach.py", "import ultralytics", "ultralytics"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, file: str, statement: str, contract: str) -> None:
    for package in ("common", "functions", "jobs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / file).write_text(f"{statement}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert re.search(rf"^{contract}.* BROKEN$", done.stdout, flags=re.MULTILINE), done.stdout


def test_every_package_of_the_product_is_under_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {name for name in ("common", "functions", "jobs") if (ROOT / name / "__init__.py").exists()}
    assert packages == set(rules["root_packages"])
    parts = {f"common.{path.stem}" for path in (ROOT / "common").iterdir() if not path.name.startswith(("_", "."))}
    layers = " ".join(rules["contracts"][0]["layers"])
    for part in parts - {"common.config"}:
        assert re.search(rf"\b{re.escape(part)}\b", layers), f"{part} has no layer in pyproject.toml"
