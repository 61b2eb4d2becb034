"""The texts that the gist is learned from: attacks and honest ones by family, and real talks."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.council.attacks import HONEST, SEEN
from tests.council.blind import BLIND, BLIND_HONEST
from tests.council.spent.attacks import ATTACKS
from tests.council.spent.honest import HONEST as SPENT_HONEST

HERE = Path(__file__).resolve().parent
TALKS = HERE.parents[2] / "shared/data/text"
WINDOW = 150  # words of a talk: about a minute
STRANGERS = ("first", "second")  # two who had seen nothing of the scan
HELD = 3  # a talk of so many is never learned from


LONG = 42  # words from which a stranger's attack has honest sentences around it
_SENTENCE = re.compile(r"(?<=[.!?।؟])\s+|(?<=[。！？])|\n")
_UNPARTED = re.compile("[\u0e00-\u0e7f\u3040-\u9fff]")


class Labelled(NamedTuple):
    family: str
    text: str
    attack: bool
    author: str = "ours"  # who made the patterns and chose the words, or a stranger


def attacks() -> Iterator[Labelled]:
    """Families are groups of one wish or one way to say it, and languages."""
    yield from _read("attacks.txt", attack=True)
    for name, some in (("seen", SEEN), ("blind", BLIND)):
        yield from (Labelled(f"{name} {one.language}", "\n".join(one.pieces), True) for one in some)
    for one in ATTACKS:
        yield Labelled(f"spent {one.strategy}", "\n".join(text.text for text in one.texts), True, "spent")
    for author in STRANGERS:
        yield from _read(f"strangers/{author}_attacks.txt", attack=True, author=author)


def honest() -> Iterator[Labelled]:
    yield from _read("honest.txt", attack=False)
    for some in (HONEST, BLIND_HONEST):
        yield from (Labelled(f"honest {place} {n % 4}", text, False) for n, (place, text) in enumerate(some))
    for n, one in enumerate(SPENT_HONEST):
        yield Labelled(f"spent honest {n % 4}", one.text, False, "spent")
    for author in STRANGERS:
        yield from _read(f"strangers/{author}_honest.txt", attack=False, author=author)


def company() -> Iterator[Labelled]:
    """The honest sentences that strangers put around their attacks: the first and the last of a long text."""
    for author in STRANGERS:
        for one in _read(f"strangers/{author}_attacks.txt", attack=True, author=author):
            parts = [part for part in _SENTENCE.split(one.text) if part.strip()]
            if len(one.text.split()) + len(_UNPARTED.findall(one.text)) // 2 > LONG and len(parts) > 3:
                for part in (parts[0], parts[-1]):
                    yield Labelled(f"company {one.family}", part, False, author)


def _read(name: str, *, attack: bool, author: str = "ours") -> Iterator[Labelled]:
    """A line is a text, ` | ` a break in it; `## ` opens a family."""
    family = ""
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line.startswith("## "):
            family = line.removeprefix("## ") if author == "ours" else f"{author} {line.removeprefix('## ')}"
        elif line:
            yield Labelled(family, line.replace(" | ", "\n"), attack, author)


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
