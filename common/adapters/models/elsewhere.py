"""The models of what plans and announces: none, on a light image or beside some. What needs one works elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from common.errors import ModelMissing
from common.ports.documents import Vector


class ModelsElsewhere:
    """Implements common.ports.models.Models."""

    def _none(self, scratch: Path) -> AbstractContextManager[Any]:
        raise ModelMissing("models are on the images of the media service and the pools; this stage belongs there")

    voice = recogniser = aligner = faces = people = objects = texts = sentences = _none

    def identity(self, kinds: Iterable[str]) -> dict[str, str | None]:
        """Not known here: which models are on the other images is told by their release."""
        return dict.fromkeys(kinds)


class MeaningElsewhere:
    """Implements common.ports.meaning.Meaning."""

    def of(self, text: str) -> tuple[str, Vector]:
        raise ModelMissing("the model of sentences is on another image than what answers here; search by words")
