"""Files of this machine as sources: used where they lie, known by size, time of change and place on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from common.domain.asset import Source
from common.errors import Permanent


class FileSources:
    def fetch(self, location: str, source: Source, scratch: Path) -> Path:
        path = local_path(location)
        if not path.is_file():
            raise Permanent(f"{source.name} is gone; put it back and run again", code="source_gone")
        if generation_of(path) != source.generation:
            raise Permanent(f"{source.name} changed while it was worked on; run again", code="source_changed")
        plain = scratch / "source"
        if not plain.is_symlink():
            plain.symlink_to(path)
        return plain


def generation_of(path: Path) -> str:
    """Changes when a file's bytes do: its size, time of change and place on the disk."""
    stat = path.stat()
    return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"


def location(path: Path) -> str:
    """A path in a form that any file name survives."""
    return quote_from_bytes(os.fsencode(path.absolute()))


def local_path(location: str) -> Path:
    """The path that `location` told."""
    return Path(os.fsdecode(unquote_to_bytes(location)))
