"""Language models of a few lines, which answer in the right shape and never leave the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from common.domain.judgement import Hook, Judgement
from common.domain.observed import Observed
from common.domain.timebase import Span
from common.domain.track import Box, Reading, TextLine
from common.domain.transcript import Sentence
from common.domain.verdict import Ballot
from common.ports.language import Question, Reply, Sight, Usage
from common.scoring.observations import ASKED, STEPS

SPAN = Span(Fraction(100), Fraction(120))
SAID = ("Why does bread go stale?", "Everybody says it dries.", "It does not: the starch turns back into crystals.")


@dataclass(kw_only=True)
class Model:
    """Answers with what `answer` makes of the question, and remembers it."""

    answer: Callable[[Question], Any]
    name: str = "third"
    model: str = "stand-in-1"
    sees: Sight = "pictures"
    asked: list[Question] = field(default_factory=list)

    def estimate(self, question: Question) -> int:
        return 0

    def ask(self, question: Question, *, timeout_s: float) -> Reply:
        self.asked.append(question)
        return Reply(content=self.answer(question), usage=Usage(input=1, output=1), cost_micros=0, model=self.model)


def words(question: Question) -> str:
    """All that a model reads of it."""
    return question.system + "".join(part for part in question.parts if isinstance(part, str))


def answers(worth: float, **given: dict[str, Any]) -> dict[str, Any]:
    """An answer by which every item speaks for the clip (1), against it (0) or in between where it is a scale."""
    items = {}
    for asked in ASKED:
        value = worth if asked.good else 1 - worth
        answer = str(round(STEPS * value)) if asked.scale else "yes" if value >= 0.5 else "no"
        items[asked.key] = {"answer": answer, "from": 1, "to": 3, "quote": "", **given.get(asked.key, {})}
    return {"hook_type": "question" if worth >= 0.5 else "none", "items": items}


def sentence(number: int, text: str, start: float, end: float) -> Sentence:
    return Sentence(
        first=number,
        last=number,
        text=text,
        span=Span(Fraction(start), Fraction(end)),
        pause_before=Fraction(0),
        pause_after=Fraction(0),
        closed=True,
    )


def clip(*said: str, shown: str = "STALE BREAD", span: Span = SPAN) -> Observed:
    """Sentences of 4 s each, and one line on screen."""
    start = float(span.start)
    spoken = tuple(sentence(n, text, start + 4 * n, start + 4 * n + 4) for n, text in enumerate(said or SAID))
    line = TextLine(text=shown, box=Box(x=0, y=0, width=1, height=0.1), confidence=0.9)
    still = Reading(at=span.start + 2, shot=0, source="ocr@1", coverage=0.1, lines=(line,))
    return Observed(span=span, sentences=spoken, readings=(still,) if shown else (), language="en")


def ballot(observed: Observed | None = None) -> Ballot:
    hook = Hook(type="none", strength=0.2, confidence=1.0, secondary=(), span=SPAN, evidence=())
    judgement = Judgement(score=0.6, parts=(), hook=hook, psychology={}, rubric=(), raise_by=())
    return Ballot(judgement=judgement, observed=clip() if observed is None else observed)
