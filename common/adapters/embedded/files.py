"""Objects as files: written aside, made durable, then linked into place; a reader never sees half a file."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path

from common.errors import NoSpace, Permanent
from common.ports.objects import Stored, check_key

_ASIDE = ".writing"


class FileObjects:
    """A folder; keys are paths below it. The process must own the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / _ASIDE).mkdir(parents=True, exist_ok=True)

    def put_new(self, key: str, content: bytes | Path) -> Stored:
        target = self._path(key)
        if (there := self.stat(key)) is not None:
            return there
        aside = self.root / _ASIDE / uuid.uuid4().hex
        try:
            digest, size = self._write_aside(aside, content)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(aside, target)
            except FileExistsError:
                there = self.stat(key)
                assert there is not None
                return there
            _sync_folder(target.parent)
        except OSError as error:
            if error.errno == 28:
                raise NoSpace("the disk of the state folder is full; free some space and run again") from error
            raise
        finally:
            aside.unlink(missing_ok=True)
        return Stored(key=key, sha256=digest, size=size, created=True)

    def stat(self, key: str) -> Stored | None:
        path = self._path(key)
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Stored(key=key, sha256=digest, size=path.stat().st_size)

    def get(self, key: str) -> bytes:
        return self.fetch(key, self.root).read_bytes()

    def part(self, key: str, start: int, size: int) -> bytes:
        with self.fetch(key, self.root).open("rb") as file:
            file.seek(start)
            return file.read(size)

    def fetch(self, key: str, folder: Path) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise Permanent(f"object {key} is gone; run again with --again to make it anew", code="no_object")
        return path

    def list(self, prefix: str) -> list[str]:
        base = self.root / prefix if prefix else self.root
        found = [path for path in base.rglob("*") if path.is_file() and _ASIDE not in path.parts]
        return sorted(path.relative_to(self.root).as_posix() for path in found)

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def clear_aside(self) -> None:
        """Remove what writers left that died; only when no writer is alive."""
        for path in (self.root / _ASIDE).iterdir():
            path.unlink()

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    @staticmethod
    def _write_aside(aside: Path, content: bytes | Path) -> tuple[str, int]:
        if isinstance(content, bytes):
            aside.write_bytes(content)
        else:
            try:
                os.link(content, aside)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(content, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return digest, os.fstat(file.fileno()).st_size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
