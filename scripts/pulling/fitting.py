"""The fit: ridge on log odds within a test, as arms that share a picture and a story have noise in common.

It is solved by its rows, of which there are fewer than columns. From the inverse of one matrix follows what the model
would have said of any tests had it not known them, so that one solution serves every draw of the folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from common.scoring.pull.counts import NAMES, counts, grams, plain
from scripts.pulling.archive import Arms, Floats, Numbers, Pairs

FOLDS, DRAWS = 20, 5
SELDOM: Final = 20  # headlines that must have a gram for it to count
OFTEN: Final = 0.9  # of the headlines, from which a gram tells nothing
WIDTH: Final = 384
LAYERS, INNERMOST = 7, 2
POOLS: Final = 4  # told of each layer from INNERMOST on: first third, last third, spread, most
# Variances of log odds: of a picture, and of a headline beyond all that is seen of it.
PICTURE, OWN = 0.03, 0.03
WORDS: Final = (100.0, 100.0)  # penalties of counts and grams alone
DEEP: Final = (500.0, 333.0, 167.0, 125.0)  # of counts, grams, the layers' means and the rest
CLIPPED: Final = 0.001  # of the headlines at either end whose counts are held to the others'

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Columns of one kind: raw / scale, centred. `places` are those of the raw columns among the depths."""

    values: Matrix  # (headlines, columns)
    scale: Floats  # of the raw columns
    penalty: float
    places: Numbers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is known of the headlines: counts, grams, and with depths the means and the rest, in this order."""

    grams: tuple[str, ...]
    limits: tuple[tuple[float, float], ...]
    blocks: tuple[Block, ...]

    @property
    def values(self) -> Matrix:
        return np.hstack([block.values for block in self.blocks])

    @property
    def penalties(self) -> Floats:
        """Of each column."""
        return np.repeat([block.penalty for block in self.blocks], [block.values.shape[1] for block in self.blocks])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`gains`: by draw of the folds, of each pair, by a model without its fold. `columns`: by one that knows all."""

    gains: Floats
    columns: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The arms of each test less its first one, weighed so that what is left over of each has the variance 1."""

    values: Matrix
    told: Matrix
    test: Numbers
    arm: Numbers  # whose row it is
    back: tuple[Floats, ...]  # by test, from rows to differences from the first arm


def design(headlines: Sequence[str], depths: Matrix | None) -> Design:
    """Everything that is seen of the headlines; by words alone without `depths`."""
    lines = [plain(one) for one in headlines]
    counted = np.array([list(counts(line).values()) for line in lines])
    low, high = np.quantile(counted, [CLIPPED, 1 - CLIPPED], axis=0, method="nearest")
    held = np.clip(counted, low, high)
    spread = _spread(held) * len(NAMES) ** 0.5
    known, found, weight = _grams(lines)
    of_counts, of_grams, of_means, of_rest = (*WORDS, 0.0, 0.0) if depths is None else DEEP
    blocks = [
        Block(values=_centred(held / spread), scale=spread, penalty=of_counts),
        Block(values=_centred(found / weight), scale=weight, penalty=of_grams),
    ]
    if depths is not None:
        means, every = LAYERS * WIDTH, (LAYERS + POOLS * (LAYERS - INNERMOST)) * WIDTH
        blocks.append(_block(depths, np.arange(means), of_means))
        blocks.append(_block(depths, np.arange(means, every), of_rest))
    limits = tuple(zip(low.tolist(), high.tolist(), strict=True))
    return Design(grams=known, limits=limits, blocks=tuple(blocks))


def fit(made: Design, arms: Arms, pairs: Pairs, group: Numbers) -> Fitted:
    """Out of fold for each pair and draw, and once on all. `group`: of each test; those of one are in one fold."""
    root = 1 / np.sqrt(made.penalties)
    rows = _rows((made.values * root).astype(np.float32), arms)
    whole = rows.values @ rows.values.T
    whole[np.diag_indices_from(whole)] += 1
    inverse = np.linalg.inv(whole)
    answer = inverse @ rows.told
    gains = [_without(inverse, answer, rows, arms, pairs, group, seed) for seed in range(DRAWS)]
    return Fitted(gains=np.array(gains), columns=root * (rows.values.T @ answer))


def _without(
    inverse: Matrix, answer: Matrix, rows: _Rows, arms: Arms, pairs: Pairs, group: Numbers, seed: int
) -> Floats:
    """Of each pair what a model adds up to that does not know its fold."""
    fold = np.random.default_rng(seed).permutation(np.arange(group.max() + 1) % FOLDS)[group][rows.test]
    found = np.zeros(len(rows.told))
    for n in range(FOLDS):
        here = np.flatnonzero(fold == n)
        found[here] = rows.told[here] - np.linalg.solve(inverse[np.ix_(here, here)].astype(np.float64), answer[here])
    worth = np.zeros(len(arms.test))
    first = 0
    for back in rows.back:
        here = np.arange(first, first + len(back))
        worth[rows.arm[here]] = back @ found[here]
        first += len(back)
    many = len(arms.headlines)
    keys, places = np.unique(arms.test * many + arms.headline, return_index=True)
    one, other = (
        worth[places[np.searchsorted(keys, pairs.test * many + side)]] for side in (pairs.first, pairs.second)
    )
    gains: Floats = one - other
    return gains


def _rows(values: Matrix, arms: Arms) -> _Rows:
    order = np.argsort(arms.test, kind="stable")
    weighed: list[Matrix] = []
    told, arm, backs = [], [], []
    for here in np.split(order, np.flatnonzero(np.diff(arms.test[order])) + 1):
        if len(np.unique(arms.headline[here])) < 2:
            continue
        same = arms.picture[here][:, None] == arms.picture[here]
        noise = np.diag(arms.noise * arms.variance[here] + OWN) + PICTURE * same
        less_first = np.eye(len(here))[1:] - np.eye(len(here))[0]
        back = np.linalg.cholesky(less_first @ noise @ less_first.T)
        weight = np.linalg.solve(back, less_first)
        weighed.append((weight @ values[arms.headline[here]]).astype(np.float32))
        told.append((weight @ arms.logit[here]).astype(np.float32))
        arm.append(here[1:])
        backs.append(back)
    arm_of = np.concatenate(arm)
    return _Rows(
        values=np.vstack(weighed), told=np.concatenate(told), test=arms.test[arm_of], arm=arm_of, back=tuple(backs)
    )


def _grams(lines: Sequence[str]) -> tuple[tuple[str, ...], Matrix, Floats]:
    """Those that are neither seldom nor everywhere, where they are, and what each is divided by: the seldom by less."""
    held = [grams(line) for line in lines]
    often = Counter(gram for some in held for gram in some)
    known = tuple(sorted(gram for gram, count in often.items() if SELDOM <= count <= OFTEN * len(lines)))
    places = {gram: n for n, gram in enumerate(known)}
    found = np.zeros((len(lines), len(known)), np.float32)
    for n, some in enumerate(held):
        found[n, [places[gram] for gram in some if gram in places]] = 1
    telling = np.sqrt(np.log(len(lines) / np.array([often[gram] for gram in known], np.float64)))
    return known, found, np.sqrt(np.mean(np.sum((found * telling) ** 2, axis=1))) / telling


def _block(depths: Matrix, places: Numbers, penalty: float) -> Block:
    """Columns of the depths, each brought to one spread."""
    raw = depths[:, places]
    scale = _spread(raw) * len(places) ** 0.5
    return Block(values=_centred(raw / scale.astype(np.float32)), scale=scale, penalty=penalty, places=places)


def _spread(raw: NDArray[np.floating]) -> Floats:
    """1 where next to nothing is spread: what is left there is rounding."""
    found: Floats = raw.std(axis=0, dtype=np.float64)
    return np.where(found > 1e-3, found, 1.0)


def _centred(values: NDArray[np.floating]) -> Matrix:
    centred: Matrix = (values - values.mean(axis=0)).astype(np.float32)
    return centred
