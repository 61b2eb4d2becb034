"""Scratch folders below the state folder, one per run."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import NoSpace


class FolderScratch:
    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def folder(self, run: str, *, needs_bytes: int = 0) -> Iterator[Path]:
        path = self.root / hashlib.sha256(run.encode()).hexdigest()[:24]
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        free = shutil.disk_usage(path).free
        if free < needs_bytes:
            path.rmdir()
            raise NoSpace(
                f"this step may need {needs_bytes >> 20} MB and the disk has {free >> 20} MB free; "
                "free some space and run again"
            )
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def clear(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
