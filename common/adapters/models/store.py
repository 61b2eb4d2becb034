"""The folder of models that were brought here, each with a manifest: what it is, its files and their hashes.

    <store>/<name>/manifest.json    {"name", "kind", "version", "files": {path: {"sha256", "size"}}, "licence",
                                    "source"}
    <store>/<name>/files/…          the files, exactly those
    <store>/<name>/checked.json     which files were hashed and found right: path -> [size, mtime in ns]

A model is put together aside and renamed into its place, so that it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import msgspec

from common.errors import BadInput, ModelRefused

KINDS = ("recogniser", "objects")
MANIFEST, FILES, CHECKED = "manifest.json", "files", "checked.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MOST_FILES = 1000
_BLOCK = 1 << 20

Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a model: sha256 in hex, size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model is. `version` names its content: the first digits of the hash over its files' hashes."""

    name: str
    kind: str
    version: str
    files: dict[str, File] = field(default_factory=dict)
    licence: str | None = None
    source: str | None = None  # where it came from, in plain words

    @property
    def label(self) -> str:
        """As results name it: name@version."""
        return f"{self.name}@{self.version}"


def checked_name(name: str) -> str:
    """The name itself; raises BadInput for one that could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name for a model; use small letters, digits, dots and hyphens")
    return name


def folder(store: Path, name: str) -> Path:
    """Where a model's files lie."""
    return store / checked_name(name) / FILES


def models(store: Path) -> list[Manifest]:
    """All that are here, by name. A folder without a manifest is none; one that cannot be read is ModelRefused."""
    if not store.is_dir():
        return []
    names = sorted(entry.name for entry in store.iterdir() if _NAME.fullmatch(entry.name))
    return [read(store, name) for name in names if (store / name / MANIFEST).is_file()]


def of_kind(store: Path, kind: str) -> list[Manifest]:
    return [manifest for manifest in models(store) if manifest.kind == kind]


def read(store: Path, name: str) -> Manifest:
    """One model's manifest. Raises ModelRefused when it is broken or names files outside its folder."""
    path = store / checked_name(name) / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise BadInput(f"there is no model {name!r} here; scripts/models list shows those that are") from None
    except (msgspec.DecodeError, OSError) as error:
        raise ModelRefused(f"{path} cannot be read ({error}); remove {path.parent} and bring the model again") from None
    if found.name != name or not found.files or any(not _inside(path) for path in found.files):
        raise ModelRefused(f"{path} does not describe {name}; remove {path.parent} and bring the model again")
    return found


def verify(store: Path, name: str, *, progress: Progress | None = None) -> Path:
    """The folder of a model whose every file is what the manifest says; a file is hashed again only once it changed.

    Raises ModelRefused naming the file that is missing, cut off or changed.
    """
    manifest, files = read(store, name), folder(store, name)
    note = store / name / CHECKED
    known = _checked(note)
    total, done, seen = sum(file.size for file in manifest.files.values()), 0, dict(known)
    for path, wanted in sorted(manifest.files.items()):
        where = files / path
        again = f"bring it again: scripts/models get {name}, or scripts/models add {name} PATH"
        try:
            stat = where.stat()
        except OSError:
            raise ModelRefused(f"{where} is missing; {again}") from None
        mark = [stat.st_size, stat.st_mtime_ns]
        if stat.st_size != wanted.size:
            how = "cut off" if stat.st_size < wanted.size else "changed"
            raise ModelRefused(f"{where} is {how}: {stat.st_size} of {wanted.size} bytes; {again}")
        if known.get(path) != mark:
            if sha256(where, _from(progress, done, total)) != wanted.sha256:
                raise ModelRefused(f"{where} is changed: its sha256 is not {wanted.sha256}; {again}")
            seen[path] = mark
        done += wanted.size
    if seen != known:
        with suppress(OSError):  # a store that cannot be written to is hashed every time
            _write(note, msgspec.json.encode(seen))
    return files


def add(
    store: Path,
    name: str,
    source: Path,
    *,
    kind: str = "recogniser",
    sha256: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Import a file, or a folder of files, as a model; one of that name is replaced once the new one is whole.

    `sha256` is what the file must have; for a folder, what its largest file must have. Raises BadInput.
    """
    checked_name(name)
    if not source.exists():
        raise BadInput(f"{source} is not there; check the path")
    paths = [source] if source.is_file() else _files(source)
    root = source.parent if source.is_file() else source
    total, done = sum(path.stat().st_size for path in paths), 0
    with building(store, name) as aside:
        for path in paths:
            target = aside / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            copied(path, target, _from(progress, done, total))
            done += path.stat().st_size
        return finish(store, name, aside, kind=kind, sha256=sha256, licence=licence, origin=origin or f"from {source}")


@contextmanager
def building(store: Path, name: str) -> Iterator[Path]:
    """A folder aside for a model's files; `finish` puts it in its place, and what was not finished is removed."""
    checked_name(name)
    store.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=store))  # a dot: no model has such a name
    try:
        (aside / FILES).mkdir()
        yield aside / FILES
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def finish(
    store: Path,
    name: str,
    files: Path,
    *,
    kind: str,
    sha256: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
) -> Manifest:
    """Write the manifest beside the files of `building` and rename the whole into its place."""
    if kind not in KINDS:
        raise BadInput(f"{kind!r} is no kind of model; choose from {', '.join(KINDS)}")
    hashed = {
        path.relative_to(files).as_posix(): File(sha256=_sha256(path, None), size=path.stat().st_size)
        for path in _files(files)
    }
    if not hashed:
        raise BadInput("there are no files to add; name the folder that holds the model")
    if sha256 is not None:
        largest = max(hashed, key=lambda path: hashed[path].size)
        if hashed[largest].sha256 != sha256.lower():
            raise BadInput(f"{largest} has the sha256 {hashed[largest].sha256}, not {sha256}; fetch it again")
    content = "".join(f"{path} {hashed[path].sha256}\n" for path in sorted(hashed))
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    manifest = Manifest(name=name, kind=kind, version=version, files=hashed, licence=licence, source=origin)
    _write(files.parent / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    os.chmod(files.parent, 0o755)  # mkdtemp's is private
    _replace(files.parent, store / name)
    return manifest


def sha256(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The file's hash in hex; `progress` is told the bytes read so far."""
    return _sha256(path, progress)


def copied(source: Path, target: Path, progress: Callable[[int], None] | None = None) -> None:
    with source.open("rb") as left, target.open("xb") as right:
        while block := left.read(_BLOCK):
            right.write(block)
            if progress is not None:
                progress(right.tell())


def _sha256(path: Path, progress: Callable[[int], None] | None) -> str:
    found, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            done += len(block)
            if progress is not None:
                progress(done)
    return found.hexdigest()


def _files(root: Path) -> list[Path]:
    """The regular files below a folder; links are followed to files, not to folders."""
    found = sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )
    if len(found) > _MOST_FILES:
        raise BadInput(f"{root} holds {len(found)} files, more than any model; name the folder of the model itself")
    return found


def _inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and "\\" not in path and "\0" not in path


def _checked(note: Path) -> dict[str, list[int]]:
    try:
        return msgspec.json.decode(note.read_bytes(), type=dict[str, list[int]])
    except (OSError, msgspec.DecodeError):
        return {}


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    os.replace(aside, path)


def _replace(new: Path, place: Path) -> None:
    """Folders cannot be renamed onto one that is not empty: the old one is moved away first, then removed."""
    if not place.exists():
        os.rename(new, place)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}-old-", dir=place.parent))
    os.rename(place, old / "old")
    os.rename(new, place)
    shutil.rmtree(old, ignore_errors=True)


def _from(progress: Progress | None, done: int, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda more: progress(done + more, total)
