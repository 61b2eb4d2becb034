"""The judgement of a clip: all its parts, weighed. It compares clips and predicts nothing."""

from __future__ import annotations

from dataclasses import replace

from common.domain.judgement import Judgement, Part
from common.domain.observed import Observed
from common.scoring import hook as hooking
from common.scoring import liveliness, psychology, weights
from common.scoring.completeness import completeness
from common.scoring.novelty import novelty
from common.scoring.parts import Weighed
from common.scoring.rubric import rubric

MOST_CHANGES = 3
WORTH_IT = 0.005  # of the score, that a change is told for


def judge(observed: Observed, composite: weights.Weights = weights.COMPOSITE) -> Judgement:
    """The weighted mean of the parts that can be told, 0 where none can, and the changes that would raise it most.

    `composite`: what each part counts, of 1 in all.
    """
    hook = hooking.hook(observed)
    psyche = psychology.psychology(observed)
    found = {
        "hook": hooking.weighed(observed, hook),
        "completeness": completeness(observed),
        "pace": liveliness.pace(observed),
        "energy": liveliness.energy(observed),
        "picture": liveliness.picture(observed),
        "people": liveliness.people(observed),
        "psychology": psychology.weighed(psyche),
        "novelty": novelty(observed),
    }
    shares = _shares(found, composite)
    score = sum(shares[name] * one.value for name, one in found.items() if one.value is not None)
    return Judgement(
        score=min(1.0, score),
        parts=tuple(_part(name, one, shares[name], composite[name]) for name, one in found.items()),
        hook=hook,
        psychology=psyche,
        rubric=rubric(observed),
        raise_by=_raise_by(found, shares),
    )


def _shares(found: dict[str, Weighed], composite: weights.Weights) -> dict[str, float]:
    """What each part counts once those that cannot be told have left their weight to the others."""
    told = {name: composite[name] if one.value is not None else 0.0 for name, one in found.items()}
    whole = sum(told.values())
    return {name: weight / whole if whole else 0.0 for name, weight in told.items()}


def _part(name: str, one: Weighed, share: float, weight: float) -> Part:
    evidence = tuple(replace(reason, weight=reason.weight * share) for reason in one.evidence)
    return Part(name=name, value=one.value, weight=weight, evidence=evidence, why=one.why)


def _raise_by(found: dict[str, Weighed], shares: dict[str, float]) -> tuple[str, ...]:
    """The most first; of several changes to one thing the best."""
    gains = [(change.gain * shares[name], change) for name, one in found.items() for change in one.changes]
    best: dict[str, str] = {}
    for gain, change in sorted(gains, key=lambda one: (-one[0], one[1].text)):
        if gain >= WORTH_IT:
            best.setdefault(change.aim, change.text)
    return tuple(best.values())[:MOST_CHANGES]
