"""A chosen candidate as a clip: its name, its reason, what stood against it, and what would raise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from common.domain.clip import Clip, RunnerUp
from common.domain.footage import Footage
from common.domain.transcript import Sentence, joined
from common.scoring import naming
from common.scoring.advice import raise_by, why
from common.scoring.candidates import Candidate
from common.scoring.contentwords import content_words
from common.scoring.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of the whole video for naming its clips."""

    footage: Footage
    said: Sequence[Sentence]
    key: Sequence[float] | None = None  # per sentence, 0 to 1; None where nobody weighed them
    texts: Sequence[Text] = ()  # on screen
    file: str = ""  # its name without the ending
    draft: bool = False  # many of the words are wrong
    english: bool = True
    _words: list[list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Hours hold tens of thousands of words: all clips are named from one look at them.
        object.__setattr__(self, "_words", content_words([one.text for one in self.said]))

    def words(self, sentences: slice) -> list[str]:
        """Those that carry matter."""
        return [word for one in self._words[sentences] for word in one]


def clip(number: int, candidate: Candidate, runner_up: RunnerUp | None, told: Told) -> Clip:
    """Its edges are the candidate's, not yet a frame's."""
    first, last = candidate.sentences or (0, -1)
    here = slice(first, last + 1)
    spoken = told.said[here]
    named = naming.name(
        naming.Source(
            span=candidate.span,
            spoken=spoken,
            words=told.words(here),
            others=[*told.words(slice(first)), *told.words(slice(last + 1, None))],
            key=None if told.key is None else told.key[here],
            texts=[one for one in told.texts if one.span.overlap(candidate.span)],
            file=told.file,
            draft=told.draft,
            english=told.english,
            shots=[shot.number + 1 for shot in told.footage.shots if shot.span.overlap(candidate.span)],
        )
    )
    return Clip(
        number=number,
        span=candidate.span,
        title=named.title,
        score=candidate.score,
        scores=candidate.parts,
        evidence=tuple(replace(one, weight=round(one.weight, 3)) for one in candidate.evidence),
        why=why(candidate.evidence),
        text=joined(sentence.text for sentence in spoken),
        description=named.description,
        hashtags=named.hashtags,
        runner_up=runner_up,
        raise_by=raise_by(candidate, spoken),
    )
