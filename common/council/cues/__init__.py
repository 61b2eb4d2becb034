"""What people write to a machine that is to judge them: the cues that injection.scan weighs, one file per language.

A line is a sort, a weight and a pattern. The weight says how sure one is by this cue alone; 1 is enough. Most are weak:
a machine spoken to, a mark wanted, a right claimed, each is said every day, and hardly ever two of them in one breath.

A pattern is a plain phrase: a space stands for whatever parts two words, ~ for a few words in between, ( | ) ? * + are
those of regular expressions, and ^ says that the word ends: else it may go on after its last letter written here.
Patterns and texts are folded alike (no accents, lower case). `name = pattern` gives a part a name, `{name}` puts it in.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Final, Literal, NamedTuple, cast, get_args

Sort = Literal[
    "override",
    "address",
    "demand",
    "format",
    "role",
    "prompt",
    "authority",
    "post",
    "pressure",
    "secrecy",
    "marker",
    "hidden",
    "gist",
]

SAID: Final[dict[Sort, str]] = {
    "override": "asks to set instructions aside",
    "address": "speaks to a machine or a judge",
    "demand": "asks for a score or a choice",
    "format": "says how to answer",
    "role": "gives who reads it another role",
    "prompt": "speaks of the instructions that a model is given",
    "authority": "claims a right to decide",
    "post": "says what to write into the post",
    "pressure": "threatens or promises something",
    "secrecy": "asks for silence about it",
    "marker": "has marks that open a model's turn",
    "hidden": "is hidden from people's eyes",
    "gist": "reads like a word to whoever is to judge",
}
UNPARTED: Final = ("zh", "ja", "ar", "hi")  # where a word need not begin after a gap
LATIN: Final = "[a-z]"
SCRIPTS: Final = {  # letters without which a text is not in the language; Latin ones for those that are not here
    "ru": "[а-я]",
    "zh": "[\u4e00-\u9fff]",
    "ja": "[\u3040-\u30ff\u4e00-\u9fff]",
    "ko": "[\uac00-\ud7a3]",
    "ar": "[\u0600-\u06ff]",
    "hi": "[\u0900-\u097f]",
}


class Cue(NamedTuple):
    sort: Sort
    weight: float
    pattern: str


@lru_cache(maxsize=1)
def cues() -> dict[str, tuple[Cue, ...]]:
    """By language."""
    files = [one for one in resources.files(__package__).iterdir() if one.name.endswith(".txt")]
    return {one.name.removesuffix(".txt"): _read(one.read_text("utf-8")) for one in sorted(files, key=lambda f: f.name)}


def _read(text: str) -> tuple[Cue, ...]:
    parts: dict[str, str] = {}
    found = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        first, second, rest = line.split(" ", 2)
        for name, part in parts.items():
            rest = rest.replace("{" + name + "}", part)
        if second == "=":
            parts[first] = rest
        elif first in get_args(Sort):
            found.append(Cue(cast(Sort, first), float(second), rest))
        else:
            raise ValueError(f"{first!r} is no sort of cue; the sorts are {', '.join(get_args(Sort))}")
    return tuple(found)
