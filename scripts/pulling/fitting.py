"""The fit: ridge on log odds within a test, as arms that share a picture and a story have noise in common.

Penalties are tuned without the fold they are reported for: they are those that do best on its neighbours, by models
that know neither. Principal components and scales are taken over all headlines, without their clicks.
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

FOLDS: Final = 20
SELDOM: Final = 20  # headlines that must have a gram for it to count
OFTEN: Final = 0.9  # of the headlines, from which a gram tells nothing
MEANS, POOLED = 500, 250  # principal components of the layers' means, and of each other thing told of them
WIDTH: Final = 384
LAYERS, INNERMOST = 7, 2
POOLS: Final = 4  # told of each layer from INNERMOST on: first third, last third, spread, most
# Variances of log odds: of a picture, of a headline beyond all that is seen of it, and of a story (anything).
PICTURE, OWN, STORY = 0.03, 0.08, 100.0
# Penalties of counts, grams, means and the rest, that are chosen among.
TRIED: Final = ((10.0, 100.0, 40.0, 40.0), (10.0, 150.0, 60.0, 60.0), (10.0, 300.0, 100.0, 100.0))
CLIPPED: Final = 0.001  # of the headlines at either end whose counts are held to the others'

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Columns of one kind: (raw / scale) @ basis, centred. `places` are those of the raw columns among the depths."""

    values: Matrix  # (headlines, columns)
    scale: Floats  # of the raw columns
    basis: Matrix | None = None  # None: the raw columns themselves
    places: Numbers | None = None

    def raw(self, columns: Floats) -> Floats:
        """What the raw columns weigh, from what these do."""
        return (columns if self.basis is None else self.basis @ columns) / self.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is known of the headlines: counts, grams, and with depths the means and the rest, in this order."""

    grams: tuple[str, ...]
    limits: tuple[tuple[float, float], ...]
    parts: tuple[tuple[Block, ...], ...]  # one for each penalty

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(block for part in self.parts for block in part)

    @property
    def values(self) -> Matrix:
        return np.hstack([block.values for block in self.blocks])

    def ridge(self, penalties: Sequence[float]) -> Floats:
        """The penalty of each column."""
        widths = [sum(block.values.shape[1] for block in part) for part in self.parts]
        return np.repeat(np.asarray(penalties[: len(widths)], np.float64), widths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """`gains`: of each pair, by a model that knows nothing of its group. `columns`: of the model that knows all."""

    gains: Floats
    columns: Floats
    penalties: tuple[float, ...]
    chosen: tuple[tuple[float, ...], ...]  # for each fold


def design(headlines: Sequence[str], depths: Matrix | None) -> Design:
    """Everything that is seen of the headlines; by words alone without `depths`."""
    lines = [plain(one) for one in headlines]
    counted = np.array([list(counts(line).values()) for line in lines])
    low, high = np.quantile(counted, [CLIPPED, 1 - CLIPPED], axis=0, method="nearest")
    held = np.clip(counted, low, high)
    spread = _spread(held) * len(NAMES) ** 0.5
    known, found, weight = _grams(lines)
    parts: list[tuple[Block, ...]] = [
        (Block(values=_centred(held / spread), scale=spread),),
        (Block(values=_centred(found / weight), scale=weight),),
    ]
    if depths is not None:
        rest = LAYERS * WIDTH + np.arange((LAYERS - INNERMOST) * POOLS * WIDTH).reshape(-1, POOLS, WIDTH)
        parts.append((_components(depths, np.arange(LAYERS * WIDTH), MEANS, 1),))
        parts.append(tuple(_components(depths, rest[:, pool].ravel(), POOLED, POOLS) for pool in range(POOLS)))
    limits = tuple(zip(low.tolist(), high.tolist(), strict=True))
    return Design(grams=known, limits=limits, parts=tuple(parts))


def fit(made: Design, arms: Arms, pairs: Pairs, group: Numbers, seed: int = 0) -> Fitted:
    """Out of fold for each pair, and once on all. `group`: of each test; those of one are in one fold."""
    fold_of = np.random.default_rng(seed).permutation(np.arange(group.max() + 1) % FOLDS)[group]
    values = made.values
    products, answers = _folds(values, arms, fold_of)
    between = values[pairs.first] - values[pairs.second]
    fold = fold_of[pairs.test]
    weight = 1 / (arms.noise * pairs.variance + 2 * OWN)

    def without(left_out: Sequence[int], penalties: Sequence[float]) -> Floats:
        kept = [n for n in range(FOLDS) if n not in left_out]
        whole = np.sum(products[kept], axis=0)
        whole[np.diag_indices_from(whole)] += made.ridge(penalties)
        return np.linalg.solve(whole, np.sum(answers[kept], axis=0))

    # A model without two neighbouring folds is tried on each for the other's sake.
    losses = np.zeros((FOLDS, len(TRIED)))
    for one in range(FOLDS):
        other = (one + 1) % FOLDS
        for n, penalties in enumerate(TRIED):
            columns = without((one, other), penalties)
            for reported, tried in ((one, fold == other), (other, fold == one)):
                off = pairs.gain[tried] - between[tried] @ columns
                losses[reported, n] += np.sum(weight[tried] * off**2)
    chosen = [TRIED[n] for n in losses.argmin(axis=1)]
    gains = np.zeros(len(pairs.gain))
    for one, penalties in enumerate(chosen):
        here = fold == one
        gains[here] = between[here] @ without((one,), penalties)
    often = Counter(chosen).most_common(1)[0][0]
    return Fitted(gains=gains, columns=without((), often), penalties=often, chosen=tuple(chosen))


def _folds(values: Matrix, arms: Arms, fold_of: Numbers) -> tuple[Matrix, Matrix]:
    """Of each fold the products of its columns, and of them with what is to be told, each test in its own noise."""
    order = np.argsort(arms.test, kind="stable")
    tests = np.split(order, np.flatnonzero(np.diff(arms.test[order])) + 1)
    rows: list[list[Matrix]] = [[] for _ in range(FOLDS)]
    told: list[list[Floats]] = [[] for _ in range(FOLDS)]
    for here in tests:
        if len(np.unique(arms.headline[here])) < 2:
            continue
        same = arms.picture[here][:, None] == arms.picture[here]
        noise = np.diag(arms.noise * arms.variance[here] + OWN) + PICTURE * same + STORY
        whitening = np.linalg.inv(np.linalg.cholesky(noise))
        fold = int(fold_of[arms.test[here[0]]])
        rows[fold].append((whitening @ values[arms.headline[here]]).astype(np.float32))
        told[fold].append(whitening @ arms.logit[here])
    width = values.shape[1]
    products, answers = np.zeros((FOLDS, width, width), np.float32), np.zeros((FOLDS, width), np.float32)
    for n in range(FOLDS):
        if rows[n]:
            stacked = np.vstack(rows[n])
            products[n], answers[n] = stacked.T @ stacked, stacked.T @ np.concatenate(told[n]).astype(np.float32)
    return products, answers


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


def _components(depths: Matrix, places: Numbers, most: int, share: int) -> Block:
    """The first principal components of columns of the depths, each brought to one spread before."""
    raw = depths[:, places]
    scale = _spread(raw) * (len(places) * share) ** 0.5
    values = _centred(raw / scale)
    _, vectors = np.linalg.eigh(values.T @ values)
    basis = vectors[:, ::-1][:, :most]
    return Block(values=values @ basis, scale=scale, basis=basis, places=places)


def _spread(raw: NDArray[np.floating]) -> Floats:
    """1 where next to nothing is spread: what is left there is rounding."""
    found: Floats = raw.std(axis=0, dtype=np.float64)
    return np.where(found > 1e-3, found, 1.0)


def _centred(values: NDArray[np.floating]) -> Matrix:
    centred: Matrix = (values - values.mean(axis=0)).astype(np.float32)
    return centred
