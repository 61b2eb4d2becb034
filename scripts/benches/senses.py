"""scripts/bench senses: what is heard, seen and read, against what is known, and how long a talk takes."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.benches import Row, faces, reading, speech, talk, transitions


def rows() -> Iterator[Row]:
    yield from talk.rows()
    yield from faces.rows()
    yield from speech.rows()
    yield from reading.rows()
    yield from transitions.rows()
