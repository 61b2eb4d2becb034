"""How new a clip is against the account's earlier ones, and how far it moves in meaning itself.

Vectors are of sentences and of earlier clips, one per row. A similarity is the cosine of two vectors, a distance 1
less that; vectors of length 0 mean nothing and are passed over.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from common.domain.judgement import Judgement
from common.domain.observed import Observed, Vectors
from common.errors import FeatureRefused
from common.signals.features.feature import Feature
from common.signals.features.spread import mean

HALVED = 10  # clips after which an earlier one counts half as much

Rows = NDArray[np.float64]


def _directions(vectors: Vectors | Rows | None) -> Rows:
    """Each row at length 1, without those of length 0."""
    if vectors is None:
        return np.zeros((0, 0))
    with np.errstate(all="ignore"):
        rows = vectors.astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray((rows / lengths)[lengths[:, 0] != 0], np.float64)


def _centre(directions: Rows) -> Rows:
    """The direction of them all together, (1, n); (0, n) where there is none."""
    return _directions(directions.sum(axis=0, keepdims=True))


def _cosines(one: Rows, other: Rows) -> list[float]:
    """Of each row with the row beside it, or with the one row there is; none where either has none."""
    if not len(one) or not len(other):
        return []
    with np.errstate(all="ignore"):
        return [float(value) for value in np.clip((one * other).sum(axis=1), -1, 1)]


def _to_own(observed: Observed) -> list[float]:
    """Similarity of the clip to each earlier one, the oldest first."""
    centre, own = _centre(_directions(observed.vectors)), _directions(observed.own)
    _comparable(centre, own)
    return _cosines(own, centre)


def _comparable(centre: Rows, own: Rows) -> None:
    if len(centre) and len(own) and centre.shape[1] != own.shape[1]:
        raise FeatureRefused(
            f"this clip has vectors of {centre.shape[1]} numbers and the account's earlier clips of {own.shape[1]}, "
            "which cannot be compared; make those of the earlier clips anew with the same sentence model"
        )


def _highest(observed: Observed, _: Judgement | None) -> float | None:
    found = _to_own(observed)
    return float(np.max(found)) if found else None  # NaN among them gives NaN


def _mean(observed: Observed, _: Judgement | None) -> float | None:
    return mean(_to_own(observed))


def _decayed(observed: Observed, _: Judgement | None) -> float | None:
    found = _to_own(observed)
    if not found:
        return None
    weights = 0.5 ** (np.arange(len(found))[::-1] / HALVED)
    return float(np.average(found, weights=weights))


def _from_centre(observed: Observed, _: Judgement | None) -> float | None:
    centre, own = _centre(_directions(observed.vectors)), _centre(_directions(observed.own))
    _comparable(centre, own)
    return mean([1 - cosine for cosine in _cosines(own, centre)])


def _count(observed: Observed, _: Judgement | None) -> float | None:
    return None if observed.own is None else len(observed.own)


def _steps(observed: Observed, _: Judgement | None) -> float | None:
    said = _directions(observed.vectors)
    return mean([1 - cosine for cosine in _cosines(said[:-1], said[1:])])


def _spread(observed: Observed, _: Judgement | None) -> float | None:
    said = _directions(observed.vectors)
    if not len(said):
        return None
    with np.errstate(all="ignore"):
        return float(np.clip(1 - np.linalg.norm(said.mean(axis=0)), 0, 1))


def _opening(observed: Observed, _: Judgement | None) -> float | None:
    said = _directions(observed.vectors)
    return mean([1 - cosine for cosine in _cosines(said[:1], _centre(said[1:]))])


_row = partial(Feature, group="novelty", version=1)
_WITHOUT = "None without sentences or earlier clips"

FEATURES: tuple[Feature, ...] = (
    _row(
        name="own_similarity_highest",
        unit="cosine",
        low=-1,
        high=1,
        source=f"vectors of sentences and of the account's earlier clips: that to the nearest one; {_WITHOUT}",
        of=_highest,
    ),
    _row(
        name="own_similarity_mean",
        unit="cosine",
        low=-1,
        high=1,
        source=f"vectors of sentences and of the account's earlier clips: mean; {_WITHOUT}",
        of=_mean,
    ),
    _row(
        name="own_similarity_decayed",
        unit="cosine",
        low=-1,
        high=1,
        source="vectors of sentences and of the account's earlier clips: mean in which one counts half as much for "
        f"every {HALVED} clips that came after it; {_WITHOUT}",
        of=_decayed,
    ),
    _row(
        name="own_distance_centre",
        unit="1 - cosine",
        low=0,
        high=2,
        source=f"vectors of sentences and of the account's earlier clips: that to their middle; {_WITHOUT}",
        of=_from_centre,
    ),
    _row(
        name="own_count",
        unit="clips",
        low=0,
        high=10_000_000,
        source="how many of the account's earlier clips there are to compare with; None where there is no history",
        of=_count,
    ),
    _row(
        name="sentence_distance_mean",
        unit="1 - cosine",
        low=0,
        high=2,
        source="vectors of sentences: from each to the next, mean; None with fewer than two",
        of=_steps,
    ),
    _row(
        name="sentence_spread",
        unit="1 - length",
        low=0,
        high=1,
        source="vectors of sentences: 1 less the length of their mean, 0 where all say the same; None without any",
        of=_spread,
    ),
    _row(
        name="opening_distance",
        unit="1 - cosine",
        low=0,
        high=2,
        source="vectors of sentences: from the first to the middle of the others; None with fewer than two",
        of=_opening,
    ),
)
