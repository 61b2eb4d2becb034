"""The Upworthy Research Archive as arms and pairs: the same test, the same picture, another headline.

Matias, Munger, Le Quere and Ebersole, Scientific Data 8:195 (2021), CC BY 4.0.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.errors import BadInput
from common.scoring.pull.counts import plain

NEEDED: Final = ("clickability_test_id", "headline", "impressions", "clicks", "eyecatcher_id")
TOLD: Final = 2.58  # standard errors from which a difference is no chance, 99 times in 100
MOST_BYTES: Final = 1 << 30  # of the table, unpacked

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package of a test, as the archive has it."""

    test: str
    picture: str
    headline: str
    impressions: int
    clicks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """What was shown, one line per test, picture and headline; `headline` and `test` are places in the lists."""

    headlines: tuple[str, ...]
    tests: tuple[str, ...]
    test: Numbers
    picture: Numbers
    headline: Numbers
    impressions: Numbers
    clicks: Numbers
    logit: Floats
    variance: Floats  # of the logit, were every reader a coin of their own
    noise: float  # times that variance that arms with the same headline and picture differ by


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Two arms of one test and picture. `gain` is the first's logit less the second's, `z` in standard errors."""

    test: Numbers
    first: Numbers  # of the headlines
    second: Numbers
    gain: Floats
    variance: Floats
    z: Floats

    @property
    def told(self) -> NDArray[np.bool_]:
        """Those of which it is known who won."""
        return np.abs(self.z) > TOLD


def read(path: Path) -> tuple[list[Row], str]:
    """The rows of the packed table, and its SHA-256. Raises BadInput naming the line that is off."""
    try:
        packed = path.read_bytes()
        unpacking = zlib.decompressobj(wbits=31)
        raw = unpacking.decompress(packed, MOST_BYTES)
    except (OSError, zlib.error) as error:
        raise BadInput(f"{path} cannot be read ({error}); give the archive's table as .csv.gz") from error
    if not unpacking.eof:
        raise BadInput(f"{path} cannot be read (it is cut off, or too large); give the archive's table as .csv.gz")
    try:
        table = csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""))
        if lacking := [name for name in NEEDED if name not in (table.fieldnames or ())]:
            raise BadInput(f"{path} has no column {', '.join(lacking)}; give the archive's table as it came")
        rows = [_row(one, n, path) for n, one in enumerate(table, 2)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is no CSV in UTF-8 ({error}); give the archive's table as it came") from error
    return rows, hashlib.sha256(packed).hexdigest()


def arms(rows: Sequence[Row]) -> Arms:
    """Rows that showed the same are one arm; what they still differ by tells how far chance alone goes."""
    same: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.impressions:
            same[row.test, row.picture, row.headline].append(row)
    headlines = {one: n for n, one in enumerate(sorted({key[2] for key in same}))}
    tests = {one: n for n, one in enumerate(sorted({key[0] for key in same}))}
    pictures = {one: n for n, one in enumerate(sorted({key[:2] for key in same}))}
    keys = sorted(same)
    shown = np.array(
        [[sum(row.impressions for row in same[key]), sum(row.clicks for row in same[key])] for key in keys]
    )
    logit, variance = _logit(shown[:, 1], shown[:, 0])
    return Arms(
        headlines=tuple(headlines),
        tests=tuple(tests),
        test=np.array([tests[key[0]] for key in keys]),
        picture=np.array([pictures[key[:2]] for key in keys]),
        headline=np.array([headlines[key[2]] for key in keys]),
        impressions=shown[:, 0],
        clicks=shown[:, 1],
        logit=logit,
        variance=variance,
        noise=_noise(same.values()),
    )


def pairs(found: Arms) -> Pairs:
    """Every two arms of one test and picture."""
    beside: dict[int, list[int]] = defaultdict(list)
    for arm, picture in enumerate(found.picture.tolist()):
        beside[picture].append(arm)
    both = np.array([pair for some in beside.values() for pair in combinations(some, 2)], np.int64).reshape(-1, 2)
    one, other = both[:, 0], both[:, 1]
    n, c, m, d = found.impressions[one], found.clicks[one], found.impressions[other], found.clicks[other]
    share = (c + d) / (n + m)
    error = np.sqrt(np.maximum(share * (1 - share), 1e-12) * (1 / n + 1 / m))
    return Pairs(
        test=found.test[one],
        first=found.headline[one],
        second=found.headline[other],
        gain=found.logit[one] - found.logit[other],
        variance=found.variance[one] + found.variance[other],
        z=(c / n - d / m) / error,
    )


def groups(found: Arms, vectors: NDArray[np.float32], alike: float) -> Numbers:
    """Of each test, the number of its group: those that share a headline, or two of a cosine from `alike` on."""
    leader = list(range(len(found.tests)))

    def top(one: int) -> int:
        while leader[one] != one:
            leader[one] = one = leader[leader[one]]
        return one

    def join(some: Iterable[int]) -> None:
        first, *rest = some
        for other in rest:
            leader[top(other)] = top(first)

    shown: dict[str, set[int]] = defaultdict(set)
    of_headline: dict[int, set[int]] = defaultdict(set)
    for test, headline in zip(found.test.tolist(), found.headline.tolist(), strict=True):
        shown["".join(filter(str.isalnum, plain(found.headlines[headline])))].add(test)
        of_headline[headline].add(test)
    for some in shown.values():
        join(some)
    for first in range(0, len(vectors), 1024):
        near = vectors[first : first + 1024] @ vectors.T >= alike
        for one, other in zip(*map(np.ndarray.tolist, np.nonzero(near)), strict=True):
            if first + one < other:
                join((*of_headline[first + one], *of_headline[other]))
    tops = [top(one) for one in range(len(leader))]
    numbered = {one: n for n, one in enumerate(dict.fromkeys(tops))}
    return np.array([numbered[one] for one in tops])


def _row(told: dict[str, str | None], line: int, path: Path) -> Row:
    try:
        row = Row(
            test=told["clickability_test_id"] or "",
            picture=told["eyecatcher_id"] or "",
            headline=" ".join((told["headline"] or "").split()),
            impressions=_count(told["impressions"]),
            clicks=_count(told["clicks"]),
        )
    except (ValueError, OverflowError):
        raise BadInput(f"{path}, line {line}: impressions or clicks are no count; give the table as it came") from None
    if not row.test or not row.headline or not 0 <= row.clicks <= row.impressions:
        raise BadInput(f"{path}, line {line}: no test, no headline, or more clicks than impressions; mend the line")
    return row


def _count(told: str | None) -> int:
    value = float(told or "nan")
    if value != int(value):
        raise ValueError(told)
    return int(value)


def _logit(clicks: NDArray[np.int64], shown: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """With half a click more on either side, so that none and all are numbers too (Haldane, 1956)."""
    yes, no = clicks + 0.5, shown - clicks + 0.5
    return np.log(yes / no), 1 / yes + 1 / no


def _noise(same: Iterable[Sequence[Row]]) -> float:
    """How much more arms differ that showed the same than chance has it; 1 where none did."""
    found = []
    for rows in same:
        logit, variance = _logit(np.array([row.clicks for row in rows]), np.array([row.impressions for row in rows]))
        found += [
            (logit[n] - logit[m]) ** 2 / (variance[n] + variance[m]) for n, m in combinations(range(len(rows)), 2)
        ]
    return max(1.0, float(np.mean(found))) if found else 1.0
