"""Why a clip, what would raise its score, and what another lacks against it, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.domain.clip import Evidence
from common.domain.timebase import clock
from common.domain.transcript import Sentence
from common.scoring.candidates import Candidate
from common.scoring.hooks import opening_signs, strength
from common.scoring.weights import SILENT, SPOKEN

LEAST = 0.03  # what a change must gain to be worth a word
MOST = 3  # changes named

# part -> what one that is weak in it does
_WEAKER = {
    "hook": "it opens weaker",
    "complete": "its thought is less complete",
    "key": "it says less that is key",
    "density": "it is further from a lively pace",
    "energy": "it is quieter",
    "picture": "its picture changes less",
    "length": "its length serves less",
    "motion": "less moves in it",
    "change": "it has fewer cuts",
    "light": "it is worse lit",
}
# part -> what would raise it, where the clip itself does not say more
_RAISE = {
    "hook": "open with a question, a number or a word to the viewer",
    "complete": "let it begin and end with a whole thought, after a pause",
    "key": "take along the sentence that sums up its topic",
    "density": "bring its pace to some two and a half words a second",
    "energy": "speak up, or bring up the sound",
    "picture": "change the picture more often",
    "length": "bring it to a third of the way from the shortest to the longest length asked for",
    "motion": "show more that moves",
    "change": "cut more often",
    "light": "light it better",
}
_MENDED = {
    "ends_open": "end it where a sentence ends",
    "ends_with_question": "take the answer along, or end before the question",
    "starts_inside_sentence": "begin it where a sentence begins",
    "opens_mid_thought": "begin one sentence earlier, with what it goes on from",
    "opens_with_pronoun": "begin one sentence earlier, with what its first words point to",
}


@dataclass(frozen=True, slots=True)
class _Gain:
    part: str
    worth: float


def why(evidence: Sequence[Evidence]) -> str:
    """One sentence, from the weightiest reasons, which come first."""
    good = [one.text for one in evidence if one.weight > 0][:2]
    bad = [one.text for one in evidence if one.weight < 0][:1]
    if any(one.name == "whole_video" for one in evidence):
        return "The whole video: it is shorter than the least length asked for."
    said = "It " + " and ".join(_verb(text) for text in good) if good else "Nothing in it stands out"
    return said + (f"; against it: it {_verb(bad[0])}." if bad else ".")


def raise_by(candidate: Candidate, spoken: Sequence[Sentence]) -> tuple[str, ...]:
    """Up to MOST changes, the one that gains most first; those that gain next to nothing are not named."""
    found: list[str] = []
    for gain in _gains(candidate.parts, dict.fromkeys(candidate.parts, 1.0)):
        if gain.worth >= LEAST and len(found) < MOST:
            found.append(f"{_change(gain.part, candidate, spoken)} (up to +{gain.worth:.2f})")
    return tuple(found)


def behind(other: Candidate, clip: Candidate) -> str:
    """What the other lacks most against the clip."""
    gains = _gains(other.parts, clip.parts)
    if other.score > clip.score:
        return "it would leave no room for as many clips as were asked for"
    if not gains or gains[0].worth < LEAST / 3:
        return "there is little between the two"
    return _WEAKER[gains[0].part]


def _gains(parts: dict[str, float], best: dict[str, float]) -> list[_Gain]:
    """What each part would add to the score if it were as good as the best, the most first."""
    weights = SILENT if "motion" in parts else SPOKEN
    whole = sum(weights[name] for name in parts) or 1.0
    gains = [_Gain(name, weights[name] * (best.get(name, 0.0) - value) / whole) for name, value in parts.items()]
    return sorted((one for one in gains if one.worth > 0), key=lambda one: -one.worth)


def _change(part: str, candidate: Candidate, spoken: Sequence[Sentence]) -> str:
    if part == "hook" and spoken:
        strongest = max(spoken, key=lambda one: strength(opening_signs(one.text)))
        if strongest is not spoken[0] and strength(opening_signs(strongest.text)) > candidate.parts["hook"]:
            return f"open with the sentence at {clock(strongest.span.start)}, which holds better"
    if part == "complete":
        for one in candidate.evidence:
            if one.name in _MENDED:
                return _MENDED[one.name]
    return _RAISE[part]


def _verb(text: str) -> str:
    """Evidence reads as a predicate: "opens with a question"; other subjects are turned into one."""
    if text.startswith("the picture "):
        return "has a picture that " + text.removeprefix("the picture ")
    if text.startswith("little is said"):
        return "says little" + text.removeprefix("little is said")
    if "% of it is" in text:
        return "is " + text.replace(" of it is", "", 1)
    return text
