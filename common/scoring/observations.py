"""What a language model is asked to see or hear in a clip, and what its answers are worth.

It answers with yes, no or a step of a short scale and says where; the score is made here, so that nobody who talks to
the model talks to the scorer. Asked is what code sees badly, or where a second look is other evidence. Weights are
chosen, none is learned; they add up to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.domain.timebase import Span

STEPS: Final = 4  # of a scale, from 0
LEAST = 1 / 2  # of the weight that must be told, or there is no score
HOOK: Final = "hook_type"
HOOK_WEIGHT: Final = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One item. `good`: whether yes, or more, speaks for the clip; `eyes`: whether it takes pictures to tell."""

    key: str
    text: str
    weight: float
    fix: str  # what to change where it speaks against the clip
    scale: bool = False
    good: bool = True
    eyes: bool = False


ASKED: Final[tuple[Asked, ...]] = (
    Asked(
        key="hook_paid_off",
        text="Is what the first 3 s promise, ask or show come back to before the end?",
        weight=0.1,
        fix="answer what the start promises, or start with what is answered",
    ),
    Asked(
        key="one_idea",
        text="Is the whole clip about one idea?",
        weight=0.08,
        fix="cut what is about something else",
    ),
    Asked(
        key="subject_early",
        text="Is what the clip is about seen or named in the first 5 s?",
        weight=0.08,
        fix="show or name the subject in the first 5 s",
    ),
    Asked(
        key="confusing_start",
        text="Does the clip begin with something that cannot be understood without what came before it?",
        weight=0.1,
        good=False,
        fix="start later, or add a line that says what it is about",
    ),
    Asked(
        key="stands_alone",
        text="Can a stranger who sees only this clip say at its end what it was about?",
        weight=0.08,
        fix="add what a stranger needs to know",
    ),
    Asked(
        key="ending_lands",
        text="Does the clip end on a finished thought, result or punch line?",
        weight=0.1,
        fix="end on the finished thought, and cut what follows it",
    ),
    Asked(
        key="padding",
        text="Is there a stretch of 3 s or more that could be cut with nothing lost?",
        weight=0.06,
        good=False,
        fix="cut this stretch",
    ),
    Asked(
        key="surprise",
        text="Is something said or shown that most viewers would not have expected?",
        weight=0.06,
        fix="bring the unexpected part in, or begin with it",
    ),
    Asked(
        key="speaks_to_viewer",
        text="Does somebody speak to the viewer, by looking into the camera or by saying “you”?",
        weight=0.04,
        fix="choose a moment in which somebody speaks to the viewer",
    ),
    Asked(
        key="picture_fits",
        text="Does the picture show what is being spoken about at that moment?",
        weight=0.04,
        eyes=True,
        fix="show what is spoken about",
    ),
    Asked(
        key="text_readable",
        text="Is all text on screen large, sharp and long enough to be read?",
        weight=0.04,
        eyes=True,
        fix="make the text larger, or leave it longer",
    ),
    Asked(
        key="picture_fault",
        text="Is a face or the subject cut off, covered, too dark or out of focus?",
        weight=0.04,
        good=False,
        eyes=True,
        fix="frame it anew, or choose another shot",
    ),
    Asked(
        key="energy",
        text="How lively are voices and movement?",
        weight=0.04,
        scale=True,
        fix="cut pauses, or choose a livelier moment",
    ),
    Asked(
        key="feeling",
        text="How clearly can a feeling be seen or heard?",
        weight=0.03,
        scale=True,
        fix="choose a moment in which a feeling shows",
    ),
    Asked(
        key="authentic",
        text="How much does it look like a person saying what they mean, rather than reading what others wrote?",
        weight=0.03,
        scale=True,
        fix="choose a moment that is spoken freely",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`value` 0 (no, nothing) to 1 (yes, all), as answered; None where it cannot be told, or was not believed."""

    value: float | None
    span: Span | None = None  # where in the video


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An item as it counts: `worth` 0 to 1, 1 the best for the clip."""

    asked: Asked
    worth: float
    span: Span | None


def findings(answers: Mapping[str, Answer]) -> tuple[Finding, ...]:
    """The items that were told, in their order."""
    return tuple(
        Finding(asked=one, worth=answer.value if one.good else 1 - answer.value, span=answer.span)
        for one in ASKED
        if (answer := answers.get(one.key)) is not None and answer.value is not None
    )


def score(found: Sequence[Finding], hook: bool | None) -> float | None:
    """0 to 100, the weighted mean of what was told and of whether there is a hook; None where too little was told."""
    told = [(one.asked.weight, one.worth) for one in found]
    if hook is not None:
        told.append((HOOK_WEIGHT, float(hook)))
    known = sum(weight for weight, _ in told)
    if known < LEAST:
        return None
    return min(100.0, 100 * sum(weight * worth for weight, worth in told) / known)
