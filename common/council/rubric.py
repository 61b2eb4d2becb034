"""The member that goes by the rubric alone: what can be seen and answered with yes or no."""

from __future__ import annotations

from common.domain.judgement import Item
from common.domain.verdict import Ballot, Kind, Vote

LEAST = 1 / 3  # of the rubric's weight that must be told, or there is no score
NAMED = 3  # unmet items that are named as reasons


class Rubric:
    """Knows nothing of the composite score or its parts, so that it can contradict them."""

    name = "rubric"
    kind: Kind = "rubric"
    needs_network = False

    def vote(self, ballot: Ballot) -> Vote:
        """The weight of the items that are met, of those that could be told; those that could not do not count."""
        items = ballot.judgement.rubric
        told = [item for item in items if item.met is not None]
        known, whole = sum(item.weight for item in told), sum(item.weight for item in items)
        if not known or known < LEAST * whole:
            return self._vote(abstains=_untold(len(told), len(items)))
        met = [item for item in told if item.met]
        unmet = sorted((item for item in told if not item.met), key=lambda item: (-item.weight, item.key))
        score = min(100.0, 100 * sum(item.weight for item in met) / known)
        reasons = (_counted(len(met), len(told), len(items)), *(_missed(item) for item in unmet[:NAMED]))
        return self._vote(score=score, reasons=reasons, evidence=tuple(item.key for item in told))

    def _vote(
        self,
        *,
        score: float | None = None,
        abstains: str | None = None,
        reasons: tuple[str, ...] = (),
        evidence: tuple[str, ...] = (),
    ) -> Vote:
        return Vote(
            member=self.name,
            kind=self.kind,
            source="rubric@1",
            score=score,
            abstains=abstains,
            reasons=reasons,
            evidence=evidence,
        )


def _untold(told: int, count: int) -> str:
    if not count:
        return "the clip was judged without a rubric"
    return f"only {told} of the rubric's {count} items could be told, and they are too few to judge by"


def _counted(met: int, told: int, count: int) -> str:
    rest = f"; {count - told} could not be told" if told < count else ""
    return f"meets {met} of {told} items of the rubric{rest}"


def _missed(item: Item) -> str:
    return f"answered no: {item.text}"
