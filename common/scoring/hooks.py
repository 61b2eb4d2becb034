"""What a first sentence does to hold somebody, seen in its first words. English lists; marks and digits in any."""

from __future__ import annotations

import re
from dataclasses import dataclass

OPENING = 14  # words; what comes later in a sentence comes too late to hold anybody
LONG = 28  # words of a sentence that takes its time

_QUESTION = re.compile(r"[?？؟]")
_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|billion|half|twice)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:\W*)(?:why|how|what|who|when|where|which|have you|did you|do you|can you|are you)\b", re.IGNORECASE
)
_YOU = re.compile(r"\b(?:you|your|yours|you're|you've|you'll|yourself)\b", re.IGNORECASE)
_CONTRAST = re.compile(
    r"\b(?:but|however|instead|actually|wrong|never|nobody|nothing|mistake|myth|secret|truth|surprising|turns out)\b",
    re.IGNORECASE,
)
_EXTREME = re.compile(
    r"\b(?:best|worst|most|least|biggest|smallest|first|last|only|always|every|everyone|impossible|incredible|amazing)\b",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\b(?:imagine|remember|one day|once|years ago|when i was|picture this|let me tell)\b", re.IGNORECASE
)
_FOLLOWS = re.compile(r"^\W*(?:and|but|so|because|or|which|also|then|therefore|that's why|as i said)\b", re.IGNORECASE)
_DANGLES = re.compile(
    r"^\W*(?:(?:is|was|are|were|does|did|do) )?(?:he|she|they|it|this|that|these|those|his|her|their)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing seen in a sentence: a fixed name, words for people, and what it is worth (below 0: against it)."""

    name: str
    text: str
    worth: float


_SIGNS = (
    (_QUESTION, Sign("opens_with_question", "opens with a question", 0.5)),
    (_NUMBER, Sign("opens_with_number", "names a number in its first sentence", 0.2)),
    (_YOU, Sign("addresses_viewer", "speaks to the viewer", 0.25)),
    (_CONTRAST, Sign("opens_with_contrast", "sets up a contrast", 0.25)),
    (_EXTREME, Sign("opens_with_extreme", "makes a strong claim", 0.15)),
    (_STORY, Sign("opens_with_story", "begins a story", 0.25)),
)
_MARKS = (_SIGNS[0], (re.compile(r"\d"), _SIGNS[1][1]))


def opening_signs(sentence: str, *, english: bool = True) -> list[Sign]:
    """What holds, or loses, somebody in a first sentence; in other languages than English only marks and digits do."""
    words = sentence.split()
    opening = " ".join(words[:OPENING])
    signs = _SIGNS if english else _MARKS
    found = [sign for pattern, sign in signs if pattern.search(sentence if pattern is _QUESTION else opening)]
    if len(words) > LONG:
        found.append(Sign("opens_at_length", f"opens with a sentence of {len(words)} words", -0.2))
    if not english:
        return found
    if _ASKING.match(sentence) and not _QUESTION.search(sentence):
        found.append(Sign("opens_with_asking", "opens by asking why or how", 0.25))
    if _FOLLOWS.match(sentence):
        found.append(Sign("opens_mid_thought", "opens in the middle of a thought", -0.5))
    elif _DANGLES.match(sentence):
        found.append(Sign("opens_with_pronoun", "opens with a word that points to what came before", -0.25))
    return found


def strength(signs: list[Sign]) -> float:
    """0 to 1: a plain sentence is worth 0.3, signs add or take; what takes does so from 1 at most."""
    good = sum(sign.worth for sign in signs if sign.worth > 0)
    bad = sum(sign.worth for sign in signs if sign.worth < 0)
    return max(0.0, min(1.0, 0.3 + good) + bad)
