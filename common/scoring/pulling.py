"""The hook model asked about a line, in words for people: what it says, or why it says nothing."""

from __future__ import annotations

from common.domain.judgement import Pull
from common.errors import ModelRefused
from common.scoring.hooks import Sign
from common.scoring.pull import model

WEIGHT = 0.5  # of the strength of words: what lies between out-pulling none and out-pulling all headlines


def name() -> str | None:
    """The model's name@version; None where its files are not what they should be."""
    try:
        return model.shipped().name
    except ModelRefused:
        return None


def pull(text: str, worth: float | None = None) -> Pull | str:
    """Of an English line, or why there is none. `worth`: what it adds up to where its vectors were read too."""
    try:
        asked = model.shipped()
    except ModelRefused as refused:
        return str(refused)
    found = asked.pull(text) if worth is None else asked.standing(worth, "depths")
    return found or f"fewer than {model.FEW} words are too few for the hook model"


def sign(found: Pull) -> Sign:
    """As one of the signs of an opening: nothing where it would out-pull half of the headlines."""
    tenths = [round(10 * one) for one in (found.value, found.low, found.high)]
    text = "would out-pull {} of 10 headlines ({} to {})".format(*tenths)
    return Sign("pull", text, WEIGHT * (found.value - 0.5))
