"""This machine: programs, packages, fonts, room and the state folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from common import config
from scripts.cli.doctor.asking import first, run
from scripts.cli.doctor.finding import Finding, Found, State, of

ROOT = Path(__file__).resolve().parents[3]
FILTERS = ("ass", "zscale", "tonemap", "ebur128", "alimiter", "gblur", "bwdif")  # as in scripts/setup
EMULATORS = {"Firestore": "cloud-firestore-emulator", "Pub/Sub": "pubsub-emulator"}
_GB = 1e9
_LITTLE_DISK, _SOME_DISK, _SOME_MEMORY = 1 * _GB, 10 * _GB, 4 * _GB


def machine(environ: Mapping[str, str]) -> Iterator[Finding]:
    found = of("this machine")
    version = ".".join(map(str, sys.version_info[:3]))
    known = (3, 11) <= sys.version_info[:2] <= (3, 14)
    yield found("Python", "ok" if known else "wrong", version, "PYTHON=python3.11 scripts/setup")
    fresh, seen = _packages()
    yield found("packages", "ok" if fresh else "note", seen, "scripts/setup")
    lacks = None
    for tool in ("ffmpeg", "ffprobe"):
        seen, lacks = _tool(tool)
        yield found(tool, "wrong" if lacks else "ok", lacks or seen, f"{_install('ffmpeg')}, or {_where(tool)}")
        if lacks:
            break
    voice = _voice()
    yield found("voice", "ok" if voice else "note", voice or "none: the sample needs one", _install("espeak-ng"))
    yield from _fonts(found)
    yield from _room(found, environ)
    yield from _emulators(found)


def _packages() -> tuple[bool, str]:
    """Whether the virtual environment was made of today's requirement files; scripts/setup leaves their hash in it."""
    files = ("requirements-local.txt", "requirements-nodeps.txt")
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in files)).hexdigest()
    with suppress(OSError):
        if (ROOT / ".venv" / "stamp-local").read_text().split()[:1] == [wanted]:
            return True, "those that requirements-local.txt pins"
    return False, "made of other requirement files than today's"


def _tool(tool: str) -> tuple[str, str | None]:
    """What a media program is, and what it lacks."""
    path = shutil.which(tool)
    if path is None:
        return "", "not on this machine"
    status, said = run([path, "-hide_banner", "-version"])
    if status != 0 or not said.startswith(tool):
        return "", f"{path} does not start ({first(said) or f'status {status}'})"
    seen = f"{said.split()[2]} ({path})"
    if tool == "ffprobe":
        return seen, None
    filters = _filters()
    lacking = [f"the filter {name}" for name in FILTERS if name not in filters]
    made = "-nostdin -loglevel error -f lavfi -i color=s=64x64:d=0.1 -f lavfi -i sine=d=0.1 -vf format=yuv420p"
    coded = "-c:v libx264 -c:a aac -f mp4 -movflags +empty_moov -y /dev/null"
    if run([path, *made.split(), *coded.split()])[0] != 0:
        lacking.append("the encoders libx264 and aac")
    return f"{seen}, with all filters needed", f"{path} lacks {', '.join(lacking)}" if lacking else None


def _filters() -> set[str]:
    path = shutil.which("ffmpeg")
    said = run([path, "-hide_banner", "-filters"])[1] if path else ""
    return {line.split()[1] for line in said.splitlines() if len(line.split()) > 2}


def _voice() -> str | None:
    if sys.platform == "darwin":
        return "say"
    if shutil.which("espeak-ng"):
        return "espeak-ng"
    return "ffmpeg's flite" if "flite" in _filters() else None


def _fonts(found: Found) -> Iterator[Finding]:
    from common.media.captions import emoji, fonts  # here, not above: a broken Pillow is a finding

    face = fonts.find_face("black")
    best = face.path is not None and face.family != "DejaVu Sans"
    seen = face.family if face.path else "none known: captions take what the system has"
    yield found("fonts", "ok" if best else "note", seen, _install("fonts-inter fonts-dejavu-core"))
    drawn = emoji.available()
    seen = "Noto Color Emoji" if drawn else "none: captions leave emoji out"
    yield found("emoji", "ok" if drawn else "note", seen, _install("fonts-noto-color-emoji"))


def _room(found: Found, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Cores, memory, disk and the state folder."""
    try:
        settings = config.from_environment(environ)
    except ValueError as error:
        fix = "unset CUTROOM_CORES, CUTROOM_EPOCH and CUTROOM_ANCHOR, or give them numbers"
        yield found("settings", "wrong", f"a setting that must be a number is none: {error}", fix)
        return
    cores = settings.cores
    yield found("cores", "ok" if cores > 0 else "wrong", str(cores), "unset CUTROOM_CORES, or give it a number from 1")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    few = "close other programs while Cutroom works, or set CUTROOM_CORES=1"
    yield found("memory", "ok" if memory >= _SOME_MEMORY else "note", f"{memory / _GB:.1f} GB", few)
    home = settings.home
    there = next(path for path in (home, *home.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        fix = "set CUTROOM_HOME to a folder of yours"
        yield found("state folder", "wrong", f"{there} cannot be written to", fix)
        return
    free = shutil.disk_usage(there).free
    state: State = "ok" if free >= _SOME_DISK else "note" if free >= _LITTLE_DISK else "wrong"
    yield found(
        "disk", state, f"{free / _GB:.1f} GB free", "free some, or set CUTROOM_HOME to a folder on another disk"
    )
    holder = _holder(home / "lock")
    if holder is not None:
        fix = "wait for it or stop it; another run needs another CUTROOM_HOME"
        yield found("state folder", "note", f"{home}, held by {holder}", fix)
    elif home.exists() and home.stat().st_mode & 0o077:
        yield found("state folder", "note", f"{home} can be read by others", f"chmod 700 {home}")
    else:
        yield found("state folder", "ok", f"{home}, {'free' if home.exists() else 'made by the first run'}")


def _holder(lock: Path) -> str | None:
    """Who holds the state folder; None where nobody does."""
    with suppress(FileNotFoundError), lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or "another process"
    return None


def _emulators(found: Found) -> Iterator[Finding]:
    java, gcloud = shutil.which("java"), shutil.which("gcloud")
    if java is None or gcloud is None:
        absent = " and ".join(name for name, path in (("java", java), ("gcloud", gcloud)) if path is None)
        fix = "only tests of the cloud's parts need them; install java 17 and the gcloud CLI"
        yield found("emulators", "note", f"{absent} not installed", fix)
        return
    platform = Path(gcloud).resolve().parents[1] / "platform"
    lacking = {name: folder for name, folder in EMULATORS.items() if not any((platform / folder).rglob("*.jar"))}
    if lacking:
        fix = f"gcloud components install {' '.join(lacking.values())} (only tests of the cloud's parts need it)"
        yield found("emulators", "note", f"no {' and no '.join(lacking)}", fix)
    else:
        yield found("emulators", "ok", " and ".join(EMULATORS))


def _install(packages: str) -> str:
    return "brew install " + packages if sys.platform == "darwin" else "sudo apt-get install -y " + packages


def _where(tool: str) -> str:
    return f"put one that works before it on PATH (type -a {tool} lists them)"
