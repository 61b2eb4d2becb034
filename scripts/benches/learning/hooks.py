"""The hook model: whether it tells which of two headlines for the same story and picture was clicked more."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from common.adapters.models.minilm import DIMENSIONS
from common.scoring.pull.model import COVERAGE, shipped
from scripts.benches import Row
from scripts.pulling import archive, embedding, training

ARCHIVE: Final = Path(__file__).resolve().parents[4] / "shared/data/ctr/upworthy_exploratory_shared.csv.gz"
KEPT: Final = Path(tempfile.gettempdir()) / "cutroom-hooks"  # what the model of sentences holds: no figure is kept
OFF: Final = 0.03  # by which the share of pairs within their interval may miss what was asked
ONE_MS: Final = 5.0
LINES: Final = ("You won't believe what this little bakery does before dawn.", "The dough rests for two hours.")


def rows() -> Iterator[Row]:
    yield _speed()
    if not ARCHIVE.is_file():
        print(f"  {ARCHIVE} is not here, so the hook model is not learned anew")
        return
    read, _ = archive.read(ARCHIVE)
    arms = archive.arms(read)
    pairs = archive.pairs(arms)
    deep = embedding.depths(arms.headlines, KEPT, lambda done, whole: None)
    group = archive.groups(arms, deep[:, :DIMENSIONS].astype(np.float32), training.ALIKE)
    longer = training.longer(arms, pairs)
    tests = len(np.unique(pairs.test[pairs.told]))
    peer = f"longer wins: {longer:.3f}; {pairs.told.sum()} told pairs of {tests} tests, of {len(pairs.gain)} pairs"
    for name, depths in (("words and vectors", deep[:, DIMENSIONS:].astype(np.float32)), ("words alone", None)):
        learned = training.learn(arms, pairs, group, depths)
        goods = [training.right(pairs, gains) for gains in learned.fitted.gains]
        wanted = (None, None) if depths is None else (0.75, 0.72)
        told, draws = f"hook model, {name}", f"{len(goods)} draws of the folds"
        for what, value, target in (
            (f"pairs told right, out of fold, mean of {draws}", float(np.mean(goods)), wanted[0]),
            (f"the same, worst of {draws}", min(float(good.mean()) for good in goods), wanted[0]),
            (
                "lower end, 95 % over tests, of the worst",
                min(training.interval(pairs, one)[0] for one in goods),
                wanted[1],
            ),
        ):
            yield Row(name=f"{told}: {what}", value=value, unit="share", target=target, peer=peer, at_least=True)
        within = float(np.mean([training.covered(arms, pairs, gains, group) for gains in learned.fitted.gains]))
        yield Row(
            name=f"{told}: intervals of {COVERAGE:.0%} miss it by",
            value=abs(within - COVERAGE),
            unit="share",
            target=OFF,
            peer=f"{within:.3f} within; widths told from the other half of the tests",
        )


def _speed() -> Row:
    """One line by words alone, as a storyboard asks."""
    model, taken = shipped(), []
    for n in range(200):
        began = time.perf_counter()
        model.pull(LINES[n % len(LINES)])
        taken.append(1000 * (time.perf_counter() - began))
    return Row(name="hook model: one line by words alone", value=statistics.median(taken), unit="ms", target=ONE_MS)
