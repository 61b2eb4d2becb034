"""The member that goes by the past: how the account's earlier clips that say the like of it did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from common.domain.observed import Observed
from common.domain.verdict import Ballot, History, Kind, Vote

K = 7  # neighbours at most
LEAST = 3  # neighbours, or there is no score
ALIKE = 0.3  # cosine from which two clips speak of the like; all-MiniLM-L6-v2 gives strangers about 0 to 0.2


class Neighbours:
    """k nearest neighbours by the meaning of what is said, weighted by their cosine. It sees nothing of the score."""

    name = "neighbours"
    kind: Kind = "history"
    needs_network = False

    def vote(self, ballot: Ballot) -> Vote:
        """The weighted mean of the neighbours' outcomes; abstains where there are fewer than LEAST."""
        history = ballot.history
        if history is None or all(outcome is None for outcome in history.outcomes):
            return self._abstain("the account has no earlier clips with outcomes; publish some and measure them")
        clip = _embedding(ballot.observed)
        if clip is None:
            return self._abstain("what is said in the clip has no embedding, so no earlier clip can be likened to it")
        if history.vectors.shape[1] != len(clip):
            return self._abstain("the earlier clips were embedded by another model; embed them again with this one")
        near = _nearest(history, clip)
        known = sum(outcome is not None for outcome in history.outcomes)
        if len(near) < LEAST:
            return self._abstain(
                f"{len(near)} of the account's {known} clips with outcomes {'is' if len(near) == 1 else 'are'} like "
                f"this one, and it takes {LEAST}; more clips on its subject would help"
            )
        score = sum(alike * outcome for alike, outcome, _ in near) / sum(alike for alike, _, _ in near)
        low, high = min(outcome for _, outcome, _ in near), max(outcome for _, outcome, _ in near)
        return Vote(
            member=self.name,
            kind=self.kind,
            source=_SOURCE,
            score=min(high, max(low, score)),  # rounding must not leave the range
            reasons=(
                f"the {len(near)} earlier clips most like it rank {low:.0f} to {high:.0f} of 100 in the account",
                f"most like it: {near[0][2]} (cosine {near[0][0]:.2f}), which ranks {near[0][1]:.0f}",
            ),
            evidence=tuple(name for _, _, name in near),
        )

    def _abstain(self, why: str) -> Vote:
        return Vote(member=self.name, kind=self.kind, source=_SOURCE, score=None, abstains=why)


_SOURCE = "neighbours@1"


def _embedding(observed: Observed) -> NDArray[np.float64] | None:
    """The mean of the clip's sentences, of length 1; None where there are none, or they cancel out."""
    if observed.vectors is None or not len(observed.vectors):
        return None
    mean = observed.vectors.mean(0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    return mean / length if length > 1e-9 else None


def _nearest(history: History, clip: NDArray[np.float64]) -> list[tuple[float, float, str]]:
    """Cosine, outcome and name of up to K earlier clips that are alike and have an outcome, the nearest first."""
    cosines = history.vectors @ clip
    alike = [
        (min(1.0, float(cosine)), outcome, name)
        for cosine, outcome, name in zip(cosines, history.outcomes, history.names, strict=True)
        if outcome is not None and cosine >= ALIKE
    ]
    return sorted(alike, key=lambda one: (-one[0], one[2]))[:K]
