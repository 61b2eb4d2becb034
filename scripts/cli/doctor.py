"""scripts/doctor: what Cutroom needs, what of it is there, and what to do about the rest. It changes nothing."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common import config
from common.domain.settings import FlowSettings
from common.errors import BadInput, ModelMissing, Permanent
from common.pipeline.definition import PIPELINE
from common.pipeline.place import POOLS, place
from common.pipeline.stage import Stage

State = Literal["ok", "note", "wrong"]

ROOT = Path(__file__).resolve().parents[2]
FILTERS = ("ass", "zscale", "tonemap", "ebur128", "alimiter", "gblur", "bwdif")  # as in scripts/setup
LENGTHS = {"60 s": 60.0, "60 min": 3600.0}  # videos that are placed
AUTH_EMULATOR = "FIREBASE_AUTH_EMULATOR_HOST"
EMULATORS = {"Firestore": "cloud-firestore-emulator", "Pub/Sub": "pubsub-emulator"}
_GB = 1e9
_LITTLE_DISK, _SOME_DISK, _SOME_MEMORY = 1 * _GB, 10 * _GB, 4 * _GB
_PROBE_S = 10.0  # for one program to answer
_REACH_S = 8.0  # for all that is asked of the cloud, at once
_PARTS = {"segment": 120.0, "speech": 300.0, "clip": float(FlowSettings().max_s)}  # seconds of video in one, at most
_COLOURS: dict[State, str] = {"ok": "green", "note": "yellow", "wrong": "red"}

_BUCKET = r"(?!goog)(?!.*google)(?!.*\.\.)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]"
_ACCOUNT = r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com"
_URL = r"https?://[^\s/]+(/\S*)?"
# variable -> what its value must be, as a pattern and in words
RULES = {
    "CUTROOM_PROJECT": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "6 to 30 small letters, digits and hyphens, a letter first"),
    "CUTROOM_LOCATION": (r"[a-z]+-[a-z]+[0-9]+", "a region, such as europe-west4"),
    "CUTROOM_UPLOADS": (_BUCKET, "a bucket: 3 to 63 small letters, digits, hyphens; without google in it"),
    "CUTROOM_MEDIA": (_BUCKET, "a bucket: 3 to 63 small letters, digits, hyphens; without google in it"),
    "CUTROOM_TOPIC": (r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}", "a topic: 3 to 255 letters, digits and -._~+%"),
    "CUTROOM_PREFIX": (r"[a-z][a-z0-9-]{0,56}", "small letters, digits and hyphens, 57 at most, a letter first"),
    "CUTROOM_INVOKER": (_ACCOUNT, "a service account: NAME@PROJECT.iam.gserviceaccount.com"),
    "CUTROOM_SIGNER": (_ACCOUNT, "a service account: NAME@PROJECT.iam.gserviceaccount.com"),
    "CUTROOM_AUDIENCE": (_URL, "the URL of this service"),
    "CUTROOM_SERVICE_LIGHT": (_URL, "the URL of the service that does light work"),
    "CUTROOM_SERVICE_MEDIA": (_URL, "the URL of the service that does media work"),
    "CUTROOM_ACTIVE": (r"[1-9][0-9]*", "a number from 1"),
    "CUTROOM_IMAGE": (r"light|media|gpu", "light, media or gpu"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing examined. `fix` is a command or a sentence, and empty where the state is ok."""

    group: str
    name: str
    state: State
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a run of a stage would work for a video of this length. `seconds`: the estimate, None where no place is."""

    stage: str
    per: str
    places: str
    video: str
    seconds: float | None
    where: str
    reason: str


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="scripts/doctor",
        description="Examine what Cutroom needs, and say what to do about what is wrong. Nothing is changed.",
        epilog="The cloud is examined where CUTROOM_PROJECT is set. Exit status: 0 nothing is wrong, 1 something is.",
    )
    found.add_argument("--places", action="store_true", help="also where each stage would work, and why")
    found.add_argument("--json", action="store_true", help="print everything as one JSON object")
    return found


def main(argv: list[str] | None = None) -> int:
    options = parser().parse_args(argv)
    findings = examine(os.environ)
    placed = [one for stage in PIPELINE for one in _placed(stage)]
    wrong = sum(one.state == "wrong" for one in findings)
    if options.json:
        told = {"findings": [asdict(one) for one in findings], "places": [asdict(one) for one in placed]}
        print(json.dumps({"schema": "cutroom.doctor/1", "wrong": wrong, **told}, indent=2))
        return int(wrong > 0)
    console = Console(highlight=False)
    _show(console, findings)
    if options.places:
        _show_places(console, placed)
    notes = sum(one.state == "note" for one in findings)
    console.print(f"{wrong} wrong, {_many(notes, 'note')}." if wrong else f"Nothing is wrong; {_many(notes, 'note')}.")
    return int(wrong > 0)


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """All findings, in the order in which they are shown. A check that fails itself is a finding too."""
    groups: dict[str, Callable[[Mapping[str, str]], Iterable[Finding]]] = {
        "this machine": _machine,
        "models": _models,
        "pipeline": _pipeline,
        "cloud": _cloud,
    }
    found: list[Finding] = []
    for group, check in groups.items():
        try:
            for one in check(environ):
                found.append(one)
        except Exception as error:  # whatever is broken, the other groups are still examined
            seen = f"the examination ended early: {type(error).__name__}: {error}"
            fix = "run scripts/setup; if it stays so, report it"
            found.append(Finding(group=group, name="doctor", state="wrong", seen=seen, fix=fix))
    return found


# --- this machine ---------------------------------------------------------------------------------------------------


def _machine(environ: Mapping[str, str]) -> Iterator[Finding]:
    def found(name: str, state: State, seen: str, fix: str = "") -> Finding:
        return Finding(group="this machine", name=name, state=state, seen=seen, fix="" if state == "ok" else fix)

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
    status, said = _run([path, "-hide_banner", "-version"])
    if status != 0 or not said.startswith(tool):
        return "", f"{path} does not start ({_first(said) or f'status {status}'})"
    seen = f"{said.split()[2]} ({path})"
    if tool == "ffprobe":
        return seen, None
    filters = _filters()
    lacking = [f"the filter {name}" for name in FILTERS if name not in filters]
    made = "-nostdin -loglevel error -f lavfi -i color=s=64x64:d=0.1 -f lavfi -i sine=d=0.1 -vf format=yuv420p"
    coded = "-c:v libx264 -c:a aac -f mp4 -movflags +empty_moov -y /dev/null"
    if _run([path, *made.split(), *coded.split()])[0] != 0:
        lacking.append("the encoders libx264 and aac")
    return f"{seen}, with all filters needed", f"{path} lacks {', '.join(lacking)}" if lacking else None


def _filters() -> set[str]:
    path = shutil.which("ffmpeg")
    said = _run([path, "-hide_banner", "-filters"])[1] if path else ""
    return {line.split()[1] for line in said.splitlines() if len(line.split()) > 2}


def _voice() -> str | None:
    if sys.platform == "darwin":
        return "say"
    if shutil.which("espeak-ng"):
        return "espeak-ng"
    return "ffmpeg's flite" if "flite" in _filters() else None


def _fonts(found: Callable[..., Finding]) -> Iterator[Finding]:
    from common.media.captions import emoji, fonts  # here, not above: a broken Pillow is a finding

    face = fonts.find_face("black")
    best = face.path is not None and face.family != "DejaVu Sans"
    seen = face.family if face.path else "none known: captions take what the system has"
    yield found("fonts", "ok" if best else "note", seen, _install("fonts-inter fonts-dejavu-core"))
    drawn = emoji.available()
    seen = "Noto Color Emoji" if drawn else "none: captions leave emoji out"
    yield found("emoji", "ok" if drawn else "note", seen, _install("fonts-noto-color-emoji"))


def _room(found: Callable[..., Finding], environ: Mapping[str, str]) -> Iterator[Finding]:
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


def _emulators(found: Callable[..., Finding]) -> Iterator[Finding]:
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


# --- models ---------------------------------------------------------------------------------------------------------


def _models(environ: Mapping[str, str]) -> Iterator[Finding]:
    from common.adapters.models.local import ADAPTERS  # here, not above: a broken package is a finding

    store = Path(environ.get("CUTROOM_MODELS") or Path(environ.get("CUTROOM_HOME") or ".cutroom") / "models").absolute()
    for kind, adapters in ADAPTERS.items():
        seen, fix, wrong = "", "", False
        for dotted in adapters:
            module, _, name = dotted.partition(":")
            try:
                here = getattr(importlib.import_module(module), name).here(store)
            except ModelMissing as error:
                what, _, how = str(error).partition("; " if "; " in str(error) else ": ")
                seen, fix = seen or what, fix or how
            except (Permanent, BadInput, ImportError, OSError, ValueError) as error:
                seen, fix, wrong = str(error), "scripts/models list; add the model again, or run scripts/setup", True
            else:
                quality = here.facts.get("quality")
                seen = f"{here.source} ({quality}); {seen}" if quality and seen else here.source
                fix = fix if quality else ""
                break
        state: State = "wrong" if wrong else "note" if fix else "ok"
        yield Finding(group="models", name=kind, state=state, seen=seen, fix=fix)


# --- the pipeline ---------------------------------------------------------------------------------------------------


def _pipeline(environ: Mapping[str, str]) -> Iterator[Finding]:
    stages = list(PIPELINE)
    nowhere = [one for stage in stages for one in _placed(stage) if one.seconds is None]
    for one in nowhere:
        yield Finding(
            group="pipeline",
            name=one.stage,
            state="wrong",
            seen=f"no place for a video of {one.video}: {one.reason}",
            fix="give the stage another place or a smaller cost in common/pipeline/definition.py",
        )
    if not nowhere:
        seen = f"{len(stages)} stages, a place for each for videos of {' and '.join(LENGTHS)} (--places shows them)"
        yield Finding(group="pipeline", name="places", state="ok", seen=seen)


def _placed(stage: Stage) -> Iterator[Placed]:
    """One for each length. A stage that runs per part looks at one part, not at the whole video."""
    for video, length in LENGTHS.items():
        seconds = min(length, _PARTS[stage.each]) if stage.each in _PARTS else length
        per, places = stage.each or "video", ", ".join(one.value for one in stage.places)
        try:
            chosen = place(stage, seconds)
        except Permanent as error:
            yield Placed(
                stage=stage.name, per=per, places=places, video=video, seconds=None, where="nowhere", reason=str(error)
            )
        else:
            pool = chosen.pool(stage)
            yield Placed(
                stage=stage.name,
                per=per,
                places=places,
                video=video,
                seconds=chosen.seconds,
                where=f"{chosen.where.value} {pool}" if pool else f"{chosen.where.value} {stage.image.value}",
                reason=chosen.reason,
            )


# --- the cloud ------------------------------------------------------------------------------------------------------


def _cloud(environ: Mapping[str, str]) -> Iterator[Finding]:
    def found(name: str, state: State, seen: str, fix: str = "") -> Finding:
        return Finding(group="cloud", name=name, state=state, seen=seen, fix=fix)

    local = environ.get("CUTROOM_LOCAL_CLOUD") == "1"
    if not config.on_cloud(environ):
        yield found("cloud", "ok", "not in use: CUTROOM_PROJECT is not set, everything stays on this machine")
        if environ.get(AUTH_EMULATOR):
            yield found(AUTH_EMULATOR, "note", "set; nothing on one machine reads it", f"unset {AUTH_EMULATOR}")
        return
    settings, problems = _settings(environ)
    yield from problems
    if environ.get(AUTH_EMULATOR) and not local:
        yield found(AUTH_EMULATOR, "wrong", "set: with it forged tokens pass", f"unset {AUTH_EMULATOR}")
    misnamed = False
    for variable, (pattern, words) in RULES.items():
        value = environ.get(variable)
        if value and not re.fullmatch(pattern, value):
            misnamed = True
            yield found(variable, "wrong", f"{value!r} cannot be right", f"it must be {words}")
    if environ.get("CUTROOM_UPLOADS") and environ.get("CUTROOM_UPLOADS") == environ.get("CUTROOM_MEDIA"):
        yield found("buckets", "wrong", "uploads and media are one: what is made would be taken for uploads", "use two")
    if settings is not None and not misnamed:
        yield found("settings", "ok", f"all there, for {settings.project} in {settings.location}")
    reason = "the settings above come first"
    if not local:
        kind, why = _credentials()
        yield found("credentials", "ok" if kind else "wrong", kind or why, "" if kind else _LOGIN)
        reason = reason if kind else "there are no credentials"
        settings = settings if kind else None
    if settings is None or misnamed:
        yield found("what is there", "note", f"not reached: {reason}", "put that right and run scripts/doctor again")
    else:
        yield from _reach(found, settings)
    fix = "a call that is refused is logged with the right it lacks; quotas stand in the Google Cloud console"
    yield found("roles, quotas", "note", "not known: nobody can see them from here", fix)


_LOGIN = "gcloud auth application-default login"


def _settings(environ: Mapping[str, str]) -> tuple[config.Cloud | None, list[Finding]]:
    """The settings, or all that is wrong with them: what is missing must not hide what must not be there."""
    given = dict(environ)
    problems: list[Finding] = []
    for name in ("missing", "stray"):
        try:
            settings = config.cloud_from_environment(given)
            return (None if problems else settings), problems
        except BadInput as error:
            seen, _, fix = str(error).partition("; ")
            problems.append(Finding(group="cloud", name="settings", state="wrong", seen=seen, fix=fix))
            absent = [one for one in re.findall(r"[A-Z]+(?:_[A-Z]+)+", seen) if not given.get(one)]
            if name == "stray" or not any(one in RULES for one in absent):
                break
            given |= dict.fromkeys(absent, "-")
        except ValueError:
            break  # CUTROOM_ACTIVE is no number: RULES says so
    return None, problems


def _credentials() -> tuple[str, str]:
    """What kind of credentials are found, or why none are."""
    try:
        import google.auth
    except ImportError:
        return "", "Google's packages are not installed: scripts/setup dev brings them"
    made = _in_time({"": lambda: type(google.auth.default()[0])}, _REACH_S)[""]
    if isinstance(made, type):
        return f"{made.__module__.rpartition('.')[2].strip('_')} {made.__name__}", ""
    return "", str(made).partition(". ")[0]


def _reach(found: Callable[..., Finding], settings: config.Cloud) -> Iterator[Finding]:
    """Whether the parts are there: each asked once, all at the same time."""
    from common.adapters.google.clients import Clients

    made, call = Clients(settings), {"retry": None, "timeout": _REACH_S / 2}
    place_of = f"projects/{settings.project}/locations/{settings.location}"
    topic = f"projects/{settings.project}/topics/{settings.topic}"

    def bucket(name: str) -> Callable[[], Any]:
        return lambda: made.storage().get_bucket(name, **call)

    def queue(name: str) -> Callable[[], Any]:
        return lambda: made.tasks().get_queue(name=f"{place_of}/queues/{name}", **call)

    def job(name: str) -> Callable[[], Any]:
        return lambda: made.jobs().get_job(name=f"{place_of}/jobs/{name}", **call)

    asked = {f"bucket {name}": bucket(name) for name in (settings.uploads, settings.media)}
    asked |= {f"topic {settings.topic}": lambda: made.publisher().get_topic(topic=topic, **call)}
    asked |= {f"queue {settings.prefix}-{image}": queue(f"{settings.prefix}-{image}") for image in settings.services}
    asked |= {f"job {settings.prefix}-{pool}": job(f"{settings.prefix}-{pool}") for pool in sorted({*POOLS.values()})}
    for name, answer in _in_time(asked, _REACH_S).items():
        if not isinstance(answer, Exception):
            yield found(name, "ok", "there")
        elif type(answer).__name__ == "NotFound":
            yield found(name, "wrong", "not there", "terraform apply")
        else:
            seen = f"not reached: {_first(str(answer)) or type(answer).__name__}"
            yield found(name, "note", seen, "check the network and the roles of these credentials")


# --- asking, and showing --------------------------------------------------------------------------------------------


def _in_time(asked: Mapping[str, Callable[[], Any]], seconds: float) -> dict[str, Any]:
    """What each gave or raised, all at once; TimeoutError for those that are not done by then and are left behind."""
    answers: dict[str, Any] = {name: TimeoutError(f"no answer within {seconds:g} s") for name in asked}

    def ask(name: str) -> None:
        try:
            answer = asked[name]()
        except Exception as error:
            answer = error
        answers[name] = answer

    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in asked]
    until = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return dict(answers)


def _run(argv: list[str]) -> tuple[int | None, str]:
    """A program's exit status and what it said; None where it could not start or did not end in time."""
    with tempfile.TemporaryFile() as out:
        try:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            return None, str(error.strerror or error)
        try:
            status = process.wait(_PROBE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None, f"no answer within {_PROBE_S:g} s"
        out.seek(0)
        return status, out.read().decode("utf-8", "replace")


def _install(packages: str) -> str:
    return "brew install " + packages if sys.platform == "darwin" else "sudo apt-get install -y " + packages


def _where(tool: str) -> str:
    return f"put one that works before it on PATH (type -a {tool} lists them)"


def _first(text: str) -> str:
    return next((line.strip()[:160] for line in text.splitlines() if line.strip()), "")


def _many(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def _show(console: Console, findings: list[Finding]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "what", "seen", "what to do"):
        table.add_column(name, overflow="fold")
    group = ""
    for one in findings:
        if one.group != group:
            group = one.group
            table.add_row("", f"[bold]{escape(group)}[/bold]")
        state = f"[{_COLOURS[one.state]}]{one.state}[/]"
        table.add_row(state, escape(one.name), escape(one.seen), escape(one.fix))
    console.print(table)


def _show_places(console: Console, placed: list[Placed]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", title="\nWhere runs would work on the cloud")
    for name in ("stage", "a run per", "places it may work", "video", "estimate", "where", "why"):
        table.add_column(name, justify="right" if name == "estimate" else "left", overflow="fold")
    last = ""
    for one in placed:
        first = (one.stage, one.per, one.places) if one.stage != last else ("", "", "")
        estimate = "" if one.seconds is None else f"{one.seconds:.1f} s"
        table.add_row(*map(escape, (*first, one.video, estimate, one.where, one.reason)))
        last = one.stage
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
