"""Which model of this machine answers for what. Implements common.ports.models.Models."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.adapters.models.shelf import Shelf
from common.errors import ModelMissing, ModelRefused

if TYPE_CHECKING:  # what opens a model needs NumPy: it is imported with the first one, not with what may open one
    from common.adapters.models.child import Here

# kind -> adapters, the best first. `module:Class`; its static method `here(store)` says whether it can work.
ADAPTERS: dict[str, tuple[str, ...]] = {
    "voice": ("common.adapters.models.silero:Silero",),
    "recogniser": ("common.adapters.models.whisper:Whisper", "common.adapters.models.sphinx:Sphinx"),
    "aligner": ("common.adapters.models.sphinx:SphinxAligner",),
    "faces": ("common.adapters.models.blazeface:BlazeFace",),
    "people": ("common.adapters.models.blazepose:BlazePose",),
    "objects": ("common.adapters.models.yolo:Yolo",),
    "texts": ("common.adapters.models.rapid:Rapid",),
    "sentences": ("common.adapters.models.minilm:MiniLM",),
}


@dataclass(frozen=True, slots=True)
class LocalModels:
    """`store` is the folder that `scripts/models` keeps: one folder per model with its files and their hashes.

    With a `shelf`, models stay at work from one run to the next, in a folder of its own and not in the run's scratch.
    """

    store: Path
    shelf: Shelf | None = None

    @contextmanager
    def _open(self, kind: str, scratch: Path) -> Iterator[Any]:
        from common.adapters.models.child import opened

        dotted, here = self._find(kind)
        if self.shelf is None:
            start = opened(dotted, here, scratch=scratch)
        else:
            start = self.shelf.lent(f"{dotted} {here.source}", lambda folder: opened(dotted, here, scratch=folder))
        with start as remote:
            yield remote

    def _find(self, kind: str) -> tuple[str, Here]:
        """The first adapter that is here; raises ModelMissing with all that they say."""
        reasons = []
        for dotted in ADAPTERS[kind]:
            module, _, name = dotted.partition(":")
            try:
                return dotted, getattr(importlib.import_module(module), name).here(self.store)
            except ModelMissing as missing:
                reasons.append(str(missing))
        raise ModelMissing("; ".join(reasons))

    def identity(self, kinds: Iterable[str]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for kind in kinds:
            try:
                found[kind] = self._find(kind)[1].source
            except (ModelMissing, ModelRefused):
                found[kind] = None
        return found

    def voice(self, scratch: Path) -> Any:
        return self._open("voice", scratch)

    def recogniser(self, scratch: Path) -> Any:
        return self._open("recogniser", scratch)

    def aligner(self, scratch: Path) -> Any:
        return self._open("aligner", scratch)

    def faces(self, scratch: Path) -> Any:
        return self._open("faces", scratch)

    def people(self, scratch: Path) -> Any:
        return self._open("people", scratch)

    def objects(self, scratch: Path) -> Any:
        return self._open("objects", scratch)

    def texts(self, scratch: Path) -> Any:
        return self._open("texts", scratch)

    def sentences(self, scratch: Path) -> Any:
        return self._open("sentences", scratch)
