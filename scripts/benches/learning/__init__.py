"""scripts/bench learn: what predictions are worth. Each module's `rows()` yields its figures."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Final

from scripts.benches import Row

MODULES: Final = (
    "scripts.benches.learning.hooks",
    "scripts.benches.learning.clicks",
    "scripts.benches.learning.growth",
    "scripts.benches.learning.small",
    "scripts.benches.learning.serving",
    "scripts.benches.learning.experiments",
)


def rows() -> Iterator[Row]:
    for module in MODULES:
        yield from importlib.import_module(module).rows()
