"""The texts that the gist is learned from: attacks and honest ones by family, and real talks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.council.attacks import HONEST, SEEN
from tests.council.blind import BLIND, BLIND_HONEST

HERE = Path(__file__).resolve().parent
TALKS = HERE.parents[2] / "shared/data/text"
WINDOW = 150  # words of a talk: about a minute
HELD = 3  # a talk of so many is never learned from


class Labelled(NamedTuple):
    family: str
    text: str
    attack: bool


def attacks() -> Iterator[Labelled]:
    """Families are groups of one wish or one way to say it, and languages."""
    yield from _read("attacks.txt", attack=True)
    for name, some in (("seen", SEEN), ("blind", BLIND)):
        yield from (Labelled(f"{name} {one.language}", "\n".join(one.pieces), True) for one in some)


def honest() -> Iterator[Labelled]:
    yield from _read("honest.txt", attack=False)
    for some in (HONEST, BLIND_HONEST):
        yield from (Labelled(f"honest {place} {n % 4}", text, False) for n, (place, text) in enumerate(some))


def _read(name: str, *, attack: bool) -> Iterator[Labelled]:
    """A line is a text, ` | ` a break in it; `## ` opens a family."""
    family = ""
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.startswith("## "):
            family = line.removeprefix("## ")
        elif line:
            yield Labelled(family, line.replace(" | ", "\n"), attack)


def talks() -> Iterator[str]:
    for talk in json.loads((TALKS / "bbc_transcripts_word_timed.json").read_text()):
        yield " ".join(word["text"] for word in talk.get("transcript", {}).get("words", []))
    with gzip.open(TALKS / "vtssum_dev_150.jsonl.gz", "rt") as lines:
        for line in lines:
            parts = json.loads(line)["segmentation"]
            parts = json.loads(parts) if isinstance(parts, str) else parts
            yield " ".join(sentence for part in parts for sentence in part)


def parts(talk: str) -> list[str]:
    """Of WINDOW words each; a last one of less than half is left out."""
    spoken = talk.split()
    return [" ".join(spoken[n : n + WINDOW]) for n in range(0, max(1, len(spoken) - WINDOW // 2), WINDOW)]
