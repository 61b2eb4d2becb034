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
        good = training.right(pairs, learned.fitted.gains)
        low, _ = training.interval(pairs, good)
        wanted = (None, None) if depths is None else (0.75, 0.72)
        yield Row(
            name=f"hook model, {name}: pairs told right, out of fold",
            value=float(good.mean()),
            unit="share",
            target=wanted[0],
            peer=peer,
            at_least=True,
        )
        yield Row(
            name=f"hook model, {name}: lower end, 95 % over tests",
            value=low,
            unit="share",
            target=wanted[1],
            peer=peer,
            at_least=True,
        )
        within = float(training.covered(arms, pairs, learned.fitted.gains, group).mean())
        yield Row(
            name=f"hook model, {name}: intervals of {COVERAGE:.0%} miss it by",
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
