"""Drive: videos that somebody shared by link on Google Drive. No account of anybody's is used, so none can leak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A file as Drive describes it; `mark` changes with its content."""

    id: str
    name: str
    size: int
    mark: str


class Drive(Protocol):
    """All raise Permanent where it is not shared by link, or this Cutroom has no key for Drive, and Unreachable."""

    def file(self, file: str) -> Shared:
        """Raises Permanent (code `not_a_video`) where it is none."""

    def folder(self, folder: str, most: int) -> list[Shared]:
        """The videos right in it; raises Permanent (code `too_many`) where there are more."""

    def where(self, file: str) -> tuple[str, Mapping[str, str]]:
        """The address that gives a file's bytes, and the headers to ask it with: a key in them is never kept."""
