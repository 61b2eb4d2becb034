"""Novelty: how far a clip is in meaning from what the account has posted before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.domain.clip import Evidence
from common.domain.observed import Observed, Vectors
from common.scoring.parts import Weighed, unit, untold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.75  # cosine from which two clips say the same


def novelty(observed: Observed) -> Weighed:
    """1 less the cosine of the closest clip of the account's own, 0 to 1; None without history."""
    if observed.own is None or not len(observed.own):
        return untold("there are no earlier clips of this account to compare with")
    if observed.vectors is None or not len(observed.vectors):
        return untold("its meaning is not known: it has no words, or no model that reads them")
    here, own = _directions(observed.vectors.mean(axis=0, keepdims=True)), _directions(observed.own)
    if not len(here) or not len(own) or here.shape[1] != own.shape[1]:
        return untold("its meaning and that of the earlier clips come from different models; judge those again")
    closest = float((own @ here[0]).max())
    if closest > ALIKE:
        name, text = "said_before", "says what an earlier clip of the account said"
    else:
        name, text = "new", "says what no earlier clip of the account said"
    reason = Evidence(name=name, text=text, weight=max(-1.0, 0.5 - closest), span=observed.span)
    return Weighed(value=unit(1 - closest), evidence=(reason,))


def _directions(vectors: Vectors) -> NDArray[np.float64]:
    """Those that have a direction, at length 1."""
    import numpy as np  # here, not above: a storyboard has no vectors, and is judged where there is no numpy

    rows = vectors.astype(np.float64)
    rows = rows[np.isfinite(rows).all(axis=1)]
    lengths = np.linalg.norm(rows, axis=1)
    found: NDArray[np.float64] = rows[lengths > 0] / lengths[lengths > 0, None]
    return found
