"""What the model of sentences holds of the headlines; kept, for it takes minutes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.adapters.models.minilm import DEPTHS, DIMENSIONS, MiniLM

AT_ONCE = 256  # headlines between two words of progress


def source() -> str:
    return MiniLM.here(Path()).source


def depths(headlines: Sequence[str], folder: Path, told: Callable[[int, int], None]) -> NDArray[np.float16]:
    """(n, DIMENSIONS + DEPTHS) as the embedder gives them, of half precision. Raises ModelMissing, ModelRefused."""
    here = MiniLM.here(Path())
    name = hashlib.sha256("\n".join([here.source, str(DEPTHS), *headlines]).encode()).hexdigest()[:16]
    kept = folder / f"headlines-{name}.npy"
    if kept.is_file():
        known: NDArray[np.float16] = np.load(kept, allow_pickle=False)
        return known
    model = MiniLM(here.arguments["folder"])
    found = np.zeros((len(headlines), DIMENSIONS + DEPTHS), np.float16)
    for first in range(0, len(headlines), AT_ONCE):
        found[first : first + AT_ONCE] = model.depths(headlines[first : first + AT_ONCE])
        told(min(len(headlines), first + AT_ONCE), len(headlines))
    folder.mkdir(parents=True, exist_ok=True)
    partly = kept.with_suffix(f".{os.getpid()}.npy")
    np.save(partly, found, allow_pickle=False)
    partly.replace(kept)
    return found
