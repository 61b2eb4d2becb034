"""Titles, descriptions, hashtags and names of topics by a language model: what of its words is believed, and of whom.

A model that writes may invent, or repeat what a stranger told it to say. So only plain lines within their length pass,
every number and every capitalised name in them must be in the clip, and no address does. What does not pass is left
to the local means (common.scoring.naming), word by word of what was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.council import prompts
from common.council.questions import closed, cut, enclosed, facts
from common.council.untrusted import plain
from common.domain.observed import Observed
from common.errors import Unanswered
from common.ports.language import Question
from common.scoring.naming import DESCRIPTION, HASHTAGS
from common.scoring.posting import Naming

TITLE = 80  # characters, as many as every platform shows
TOPIC = 40
MOST_TOKENS = 2500
MOST_TOPICS = 12

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ADDRESS = re.compile(r"(?:https?:|www\.|\w\.(?:com|net|org|io|ru|cn|xyz|shop|link)\b|@\w)", re.IGNORECASE)
_TAG = re.compile(r"[^\W_]{2,30}")
_SENTENCE = re.compile(r"(?:^|[.!?:]\s+|[\"“„])\W*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """By clip number and by topic, those that passed; `refused` says in plain words what did not."""

    clips: Mapping[int, Naming]
    topics: Mapping[int, str]
    refused: tuple[str, ...]


def question(clips: Mapping[int, Observed], topics: Sequence[Sequence[str]], secret: bytes) -> Question:
    """The question about all clips of a video, and the words that tell its topics."""
    prompt = prompts.load("name")
    lettered = {_letter(n): clips[number] for n, number in enumerate(sorted(clips))}
    numbered = {f"T{n}": [plain(word, 40) for word in words] for n, words in enumerate(topics[:MOST_TOPICS], 1)}
    material = {
        "clips": {letter: _texts(cut(facts(one), len(clips))) for letter, one in lettered.items()},
        "topics": numbered,
    }
    texts = {name: {"type": "string"} for name in ("title", "description")}
    tags = {"hashtags": {"type": "array", "items": {"type": "string"}}}
    return enclosed(
        prompt.id,
        prompt.text.format(title=TITLE, description=DESCRIPTION, hashtags=HASHTAGS),
        material,
        (),
        closed(
            {
                "clips": closed({letter: closed({**texts, **tags}) for letter in lettered}),
                "topics": closed({name: closed({"name": {"type": "string"}}) for name in numbered}),
            }
        ),
        most_tokens=MOST_TOKENS,
        secret=secret,
    )


def read(content: Any, clips: Mapping[int, Observed], topics: Sequence[Sequence[str]]) -> Written:
    """What of an answer to `question` can stand. Raises Unanswered where it is none."""
    if not isinstance(content, dict) or not all(isinstance(content.get(part), dict) for part in ("clips", "topics")):
        raise Unanswered("the answer is not in the shape that was asked for; ask again", cost_micros=None)
    named, refused = {}, []
    for n, number in enumerate(sorted(clips)):
        given = content["clips"].get(_letter(n))
        known = _known(clips[number])
        found, wrong = _naming(given if isinstance(given, dict) else {}, known)
        if found is not None:
            named[number] = found
        refused += [f"clip {number}: {one}" for one in wrong]
    labels = {}
    for n, words in enumerate(topics[:MOST_TOPICS], 1):
        given = content["topics"].get(f"T{n}")
        name = plain(str(given.get("name", "")), 2 * TOPIC) if isinstance(given, dict) else ""
        if name and len(name) <= TOPIC and not _wrong(name, " ".join(words)):
            labels[n - 1] = name
    return Written(clips=named, topics=labels, refused=tuple(refused))


def _naming(given: Mapping[str, Any], known: str) -> tuple[Naming | None, list[str]]:
    """None where the title cannot stand: a description alone names nothing."""
    title = plain(str(given.get("title", "")), 2 * TITLE).strip("\"“”„'")
    description = plain(str(given.get("description", "")), 2 * DESCRIPTION)
    if not title:
        return None, []
    if why := "it is too long" if len(title) > TITLE else _wrong(title, known):
        return None, [f"the title {title!r}: {why}"]
    wrong = []
    if why := "it is too long" if len(description) > DESCRIPTION else _wrong(description, known):
        description, wrong = "", [f"the description: {why}"]
    listed = given.get("hashtags")
    tags = [plain(str(one), 40).lstrip("#").casefold() for one in (listed if isinstance(listed, list) else [])]
    tags = [one for one in dict.fromkeys(tags) if _TAG.fullmatch(one) and not _strange_numbers(one, known)]
    return Naming(title=title, description=description, hashtags=tuple(tags[:HASHTAGS])), wrong


def _wrong(text: str, known: str) -> str | None:
    """Why a line cannot stand, in plain words."""
    if _ADDRESS.search(text):
        return "it has an address in it"
    if strange := _strange_numbers(text, known):
        return f"{', '.join(strange)} is not in the clip"
    if strange := _strange_names(text, known):
        return f"{', '.join(strange)} is not in the clip"
    if len(text) > 12 and text.isupper():
        return "it shouts"
    return None


def _strange_numbers(text: str, known: str) -> list[str]:
    there = set(_NUMBER.findall(known))
    return [one for one in _NUMBER.findall(text) if one not in there and not _spelled(one, known)]


def _strange_names(text: str, known: str) -> list[str]:
    """Words with a capital that stand where no sentence begins, in a line that does not capitalise all its words."""
    words = _WORD.findall(text)
    if not words or sum(word[0].isupper() for word in words) > len(words) / 2:
        return []
    openings = {match.end() for match in _SENTENCE.finditer(text)}
    inside = [m.group() for m in _WORD.finditer(text) if m.group()[0].isupper() and m.start() not in openings]
    letters = known.casefold()
    return [one for one in inside if len(one) > 1 and one.casefold() not in letters]


def _spelled(number: str, known: str) -> bool:
    """Whether it is said as a word, as speech recognisers write small numbers."""
    return number.isdecimal() and int(number) < len(_SPELLED) and _SPELLED[int(number)] in known.casefold().split()


_SPELLED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _known(observed: Observed) -> str:
    told = facts(observed)
    return " ".join(one["text"] for part in ("said", "on_screen") for one in told[part])


def _texts(one: dict[str, Any]) -> dict[str, Any]:
    """Facts without their times."""
    return {**one, **{part: [line["text"] for line in one[part]] for part in ("said", "on_screen")}}


def _letter(n: int) -> str:
    """A, B, … Z, AA, AB, …"""
    return (_letter(n // 26 - 1) if n >= 26 else "") + chr(ord("A") + n % 26)
