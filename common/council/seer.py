"""The member around a language model: it is asked what can be seen and heard, and the score is made of its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from common.council import injection, questions
from common.council.questions import Observation
from common.domain.timebase import clock
from common.domain.verdict import Ballot, Kind, Recommendation, Vote
from common.ports.language import Footage, LanguageModel, Picture, Question, Reply
from common.scoring import observations
from common.scoring.observations import Finding

NAMED = 3  # items that speak against the clip, and are named as reasons
POOR = 0.5  # worth below which an item speaks against the clip

Sights = Sequence[Picture | Footage]


class Seer:
    """One seat. `ask` asks its model, and is where calls are written down and paid; `sights` are what it is shown."""

    kind: Kind = "model"
    needs_network = True

    def __init__(
        self,
        *,
        model: LanguageModel,
        ask: Callable[[Question], Reply],
        secret: bytes,
        sights: Callable[[Ballot], Sights] = lambda ballot: (),
        known: Callable[[Ballot], Sequence[str]] = lambda ballot: (),
        names: Iterable[str] = (),
        scan: Callable[[Iterable[injection.Text]], injection.Flagged] = injection.scan,
    ) -> None:
        """`secret` makes the nonces, and nobody else may know it; `known` are notes on earlier clips; `names` are of
        the file, which the model is not told, but which are scanned as all else."""
        self._model, self._ask, self._secret = model, ask, secret
        self._sights, self._known, self._names, self._scan = sights, known, tuple(names), scan

    @property
    def name(self) -> str:
        return self._model.name

    def vote(self, ballot: Ballot) -> Vote:
        """Abstains, unasked, where somebody in the clip speaks to machines, and where too little was told."""
        flagged = self._scan(injection.texts(ballot.observed, self._names))
        if flagged.flagged:
            why = "the clip seems to speak to whoever judges it, so no model is asked; look at it yourself"
            return self._vote(self._model.model, abstains=why, reasons=flagged.reasons)
        question, saw = self.question(ballot)
        reply = self._ask(question)
        found = questions.read(reply.content, ballot.observed, saw=saw)
        vote = self._weighed(f"{reply.model} {question.prompt}", found)
        return replace(vote, cost_micros=reply.cost_micros, tokens=reply.usage.input + reply.usage.output)

    def question(self, ballot: Ballot) -> tuple[Question, bool]:
        """What it asks about a clip, and whether anything is shown with it."""
        sights = [] if self._model.sees == "nothing" else list(self._sights(ballot))
        if self._model.sees == "pictures":
            sights = [one for one in sights if isinstance(one, Picture)]
        return questions.observe(ballot.observed, sights, self._known(ballot), self._secret), bool(sights)

    def _weighed(self, source: str, found: Observation) -> Vote:
        told = observations.findings(found.answers)
        score = observations.score(told, None if found.hook is None else found.hook != "none")
        if score is None:
            return self._vote(source, abstains=f"it could tell only {len(told)} of {len(observations.ASKED)} items")
        poor = sorted((one for one in told if one.worth < POOR), key=lambda one: (-_loss(one), one.asked.key))
        good = len(told) - len(poor)
        reasons = [f"{good} of {len(told)} things seen or heard speak for the clip"]
        reasons += [_against(one) for one in poor[:NAMED]]
        if found.hook == "none":
            reasons.append("sees no hook in the first 3 s")
        if doubted := [f"{count} {what}" for what, count in found.dropped.items() if count]:
            reasons.append(f"not believed: {', '.join(doubted)} that the clip does not have")
        changes = [Recommendation(text=one.asked.fix, by=self.name, span=one.span) for one in poor]
        evidence = [one.asked.key for one in told]
        return self._vote(source, score=score, reasons=tuple(reasons), evidence=tuple(evidence), changes=tuple(changes))

    def _vote(
        self,
        source: str,
        *,
        score: float | None = None,
        abstains: str | None = None,
        reasons: tuple[str, ...] = (),
        evidence: tuple[str, ...] = (),
        changes: tuple[Recommendation, ...] = (),
    ) -> Vote:
        return Vote(
            member=self.name,
            kind=self.kind,
            source=source,
            score=score,
            abstains=abstains,
            reasons=reasons,
            evidence=evidence,
            changes=changes,
        )


def _loss(one: Finding) -> float:
    """What it takes from the score, 0 to 1."""
    return one.asked.weight * (1 - one.worth)


def _against(one: Finding) -> str:
    answer = "little" if one.asked.scale else "no" if one.asked.good else "yes"
    where = f" ({clock(one.span.start)} to {clock(one.span.end)})" if one.span else ""
    return f"answered {answer}: {one.asked.text}{where}"
