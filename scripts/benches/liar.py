"""How far one lying member moves the council's score, beside simpler merges of the same votes."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from common.domain.verdict import Kind, Vote
from common.scoring import consensus
from scripts.benches import Row

TRIALS = 1000  # unless more are asked for
SD = 8.0  # points that an honest vote errs by
SEED = 4
KINDS: tuple[Kind, ...] = ("rubric", "history", "model", "model")

Merge = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Four honest votes about a true score, and the same with one of them replaced by 0 or 100."""

    truth: float
    honest: list[float]
    lied: list[float]
    liar: int


def rows(count: int = TRIALS) -> Iterator[Row]:
    trials = list(_trials(random.Random(SEED), count))
    merges: dict[str, Merge] = {
        "Huber": _council,
        "weighted mean": fmean,
        "weighted median": median,
    }  # of equal weights
    moved = {name: sorted(_moved(merge, trial) for trial in trials) for name, merge in merges.items()}
    wrong = {name: _rmse(merge, trials) for name, merge in merges.items()}
    ours = moved["Huber"]
    yield _row("liar: moves the score, median", _quantile(ours, 0.5), 6.0, peer=_peers(moved, 0.5))
    yield _row("liar: moves the score, p95", _quantile(ours, 0.95), 12.0, peer=_peers(moved, 0.95))
    yield _row("liar: moves the score, most", ours[-1], None, peer=_peers(moved, 1.0))
    beyond = sum(not _within(trial) for trial in trials)
    yield Row(name="liar: trials beyond the documented bound", value=beyond, unit=f"of {count}", target=0)
    yield _row("liar: order of the votes changes the score by", max(map(_reordered, trials)), 0.0)
    yield _row("liar: votes given twice change the score by", max(map(_doubled, trials)), 0.0)
    peers = ", ".join(f"{name} {value:.2f}" for name, value in wrong.items() if name != "Huber")
    yield _row("no liar: error of the score, RMSE", wrong["Huber"], None, peer=peers)


def _row(name: str, value: float, target: float | None, peer: str = "") -> Row:
    return Row(name=name, value=value, unit="points", target=target, peer=peer)


def _trials(rng: random.Random, count: int) -> Iterator[Trial]:
    for _ in range(count):
        truth = rng.uniform(20, 80)
        honest = [min(100.0, max(0.0, rng.gauss(truth, SD))) for _ in KINDS]
        liar = rng.randrange(len(KINDS))
        lied = [rng.choice((0.0, 100.0)) if n == liar else score for n, score in enumerate(honest)]
        yield Trial(truth=truth, honest=honest, lied=lied, liar=liar)


def _votes(scores: Sequence[float]) -> list[Vote]:
    return [
        Vote(member=f"member {n}", kind=kind, source="bench@1", score=score)
        for n, (kind, score) in enumerate(zip(KINDS, scores, strict=True))
    ]


def _council(scores: Sequence[float]) -> float:
    return consensus.merge(_votes(scores), local=50.0).score


def _moved(merge: Merge, trial: Trial) -> float:
    return abs(merge(trial.lied) - merge(trial.honest))


def _within(trial: Trial) -> bool:
    others = [score for n, score in enumerate(trial.lied) if n != trial.liar]
    low, high = consensus.reach(others, 1 / len(KINDS))
    return low <= _council(trial.lied) <= high and low <= _council(trial.honest) <= high


def _reordered(trial: Trial) -> float:
    votes = _votes(trial.lied)
    turned = [consensus.merge(votes[n:] + votes[:n], local=50.0).score for n in range(len(votes))]
    turned.append(consensus.merge(votes[::-1], local=50.0).score)
    return max(turned) - min(turned)


def _doubled(trial: Trial) -> float:
    votes = _votes(trial.lied)
    return abs(consensus.merge(votes + votes[trial.liar :], local=50.0).score - _council(trial.lied))


def _rmse(merge: Merge, trials: Sequence[Trial]) -> float:
    return math.sqrt(fmean((merge(trial.honest) - trial.truth) ** 2 for trial in trials))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _peers(moved: dict[str, list[float]], share: float) -> str:
    return ", ".join(f"{name} {_quantile(values, share):.1f}" for name, values in moved.items() if name != "Huber")
