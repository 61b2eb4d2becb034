"""scripts/bench judgement: which clips are chosen, and how far one liar moves the council."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benches import Row, choosing, liar


def rows() -> Iterator[Row]:
    yield from choosing.rows()
    yield from liar.rows()
