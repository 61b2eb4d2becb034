"""Creatives as arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from common.domain.learning import Creative
from common.scoring.ctr.glm import Floats, Ints
from common.scoring.ctr.manifest import NETWORK
from common.scoring.ctr.model import known

NEEDED_OF_LEVEL: Final = 5  # creatives, before the level of a segment is a column
MOST_LEVELS: Final = 200  # of one segment: those with most creatives


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What one column is; see common.scoring.ctr.manifest.Column."""

    name: str
    kind: Literal["feature", "segment"]
    of: str
    level: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`raw` is what trees see: (rows, columns), NaN for what is not known. Columns are in a fixed order."""

    heads: tuple[Head, ...]
    raw: NDArray[np.float32]
    blocks: Ints  # of each column: 0 the features, then one for each segment
    named: tuple[str, ...]  # the blocks
    accounts: Ints
    accounts_named: tuple[str, ...]
    impressions: Floats
    clicks: Floats

    @property
    def shares(self) -> Floats:
        return self.clicks / self.impressions

    def mean(self, rows: Ints) -> float:
        """Clicks out of impressions of these rows, kept off 0."""
        return float((self.clicks[rows].sum() + 0.5) / (self.impressions[rows].sum() + 1))


def table(rows: Sequence[Creative]) -> Table:
    """All columns that the rows give cause for: every feature, and each level of a segment that has enough rows."""
    heads = [*_features(rows), *_levels(rows)]
    segments = list(dict.fromkeys(head.of for head in heads if head.kind == "segment"))
    raw = np.full((len(rows), len(heads)), np.nan, np.float32)
    for at, row in enumerate(rows):
        shown = segments_of(row.network, row.segments)
        for to, head in enumerate(heads):
            if head.kind == "segment":
                raw[at, to] = shown.get(head.of) == head.level
            else:
                raw[at, to] = known(head.of, row.features.get(head.of))
    accounts = sorted({row.account for row in rows})
    number = {account: at for at, account in enumerate(accounts)}
    return Table(
        heads=tuple(heads),
        raw=raw,
        blocks=np.array([0 if head.kind == "feature" else 1 + segments.index(head.of) for head in heads], np.int64),
        named=("features", *segments),
        accounts=np.array([number[row.account] for row in rows], np.int64),
        accounts_named=tuple(accounts),
        impressions=np.array([row.impressions for row in rows], np.float64),
        clicks=np.array([row.clicks for row in rows], np.float64),
    )


def segments_of(network: str, segments: Mapping[str, str]) -> dict[str, str]:
    return {**segments, NETWORK: network}


def _features(rows: Sequence[Creative]) -> list[Head]:
    names = sorted({name for row in rows for name in row.features})
    return [Head(name=name, kind="feature", of=name, level=None) for name in names]


def _levels(rows: Sequence[Creative]) -> list[Head]:
    seen: dict[str, Counter[str]] = {}
    for row in rows:
        for segment, level in segments_of(row.network, row.segments).items():
            seen.setdefault(segment, Counter())[level] += 1
    heads: list[Head] = []
    for segment in sorted(seen):
        most = sorted(seen[segment].items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_LEVELS]
        for level in sorted(level for level, count in most if count >= NEEDED_OF_LEVEL):
            heads.append(Head(name=f"{segment}={level}", kind="segment", of=segment, level=level))
    return heads
