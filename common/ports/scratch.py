"""Scratch: a folder per run, empty at its start, gone at its end."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Scratch(Protocol):
    def folder(self, run: str, *, needs_bytes: int = 0) -> AbstractContextManager[Path]:
        """A fresh folder for this run; raises NoSpace when `needs_bytes` would not fit the disk."""

    def clear(self) -> None:
        """Remove what dead runs left behind."""
