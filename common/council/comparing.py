"""One question about the best clips of a video: of each two, which holds a stranger longer.

The clips stand under letters in a mixed order, and each pair is asked in both orders, so that it gains a clip nothing
to be named first.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from common.council import prompts
from common.council.questions import closed, cut, enclosed, facts
from common.council.untrusted import plain
from common.domain.observed import Observed
from common.domain.verdict import Vote
from common.errors import VoteRefused
from common.ports.language import Part, Picture, Question
from common.scoring import pairs
from common.scoring.pairs import Pair

MOST = 6  # clips: 30 answers, and a picture of each
MOST_TOKENS = 1500
_CHOICES = ("first", "second", "equal")


def compare(clips: Mapping[int, Observed], pictures: Mapping[int, Picture], secret: bytes, draw: int = 0) -> Question:
    """The question about 2 to MOST clips by their numbers. Its key is the same whatever the secret."""
    prompt = prompts.load("compare")
    letters, order = _drawn(sorted(clips), draw)
    material = {
        letters[number]: cut(facts(clips[number]), len(clips)) for number in sorted(clips, key=letters.__getitem__)
    }
    asked = "\n".join(f"{name}: {letters[one]} or {letters[other]}" for name, (one, other) in order.items())
    parts: list[Part] = []
    for number in sorted(clips, key=letters.__getitem__):
        if number in pictures:
            parts += [f"A picture of {letters[number]}:", pictures[number]]
    choice = {"type": "string", "enum": list(_CHOICES)}
    schema = closed(dict.fromkeys(order, choice))
    return enclosed(prompt.id, prompt.text, material, (*parts, asked), schema, most_tokens=MOST_TOKENS, secret=secret)


def places(content: Any, numbers: Sequence[int], draw: int = 0) -> dict[int, float] | None:
    """The place of each clip, 0 to 1, from the answer to `compare` of the same clips; None where it contradicts itself.

    Raises VoteRefused where it is no answer to it.
    """
    _, order = _drawn(sorted(numbers), draw)
    if not isinstance(content, dict):
        raise VoteRefused("the answer is not in the shape that was asked for; ask again, or leave the member out")
    for name in order:
        if content.get(name) not in _CHOICES:
            said = plain(str(content.get(name)), 40)
            raise VoteRefused(f"{said!r} is no answer to {name}; ask again, or leave the member out")
    return pairs.places(sorted(numbers), {pair: content[name] for name, pair in order.items()})


def placed(vote: Vote, place: float | None) -> Vote:
    """A member's vote with what its own comparison of the clip with others adds."""
    if place is None or vote.score is None:
        return vote
    told = f"holds longer than {place:.0%} of the other clips it was compared with"
    return replace(vote, score=pairs.moved(vote.score, place), reasons=(*vote.reasons, told))


def _drawn(numbers: Sequence[int], draw: int) -> tuple[dict[int, str], dict[str, Pair]]:
    """A letter for each clip, and a name for each pair, mixed."""
    if not 2 <= len(numbers) <= MOST:
        raise VoteRefused(f"{len(numbers)} clips cannot be compared at once; give 2 to {MOST}")
    drawn = random.Random(f"{draw} {numbers}")
    mixed = drawn.sample(numbers, len(numbers))
    asked = pairs.pairs(numbers)
    drawn.shuffle(asked)
    return {number: chr(ord("A") + n) for n, number in enumerate(mixed)}, {f"p{n}": p for n, p in enumerate(asked, 1)}
