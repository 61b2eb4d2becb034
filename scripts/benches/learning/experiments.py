"""scripts/bench learn: off-policy evaluation on real logs, and what experiments cost in clicks on real arms."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import yaml  # type: ignore[import-untyped]
from numpy.typing import NDArray

from common.domain.experiment import Arm, Counted, Experiment, Rules
from common.domain.learning import Silence
from common.scoring import offpolicy
from common.scoring.bandit import moving, stopping
from common.scoring.offpolicy import Logged, Value
from scripts.benches import Row

ROOT: Final = Path(__file__).resolve().parents[3]
SHARED: Final = ROOT.parent / "shared" / "data" / "ctr"
PUBLISHED: Final = 1.198126  # BTS by random, campaign all, in the README of obp
SEED: Final = 12345  # of its README
DRAWS: Final = 100_000
SLOTS: Final = 3  # in which an item stands beside others
TESTS, DAYS = 80, 28
PEEKS: Final = 300  # experiments whose arms are alike
RESAMPLED: Final = 2000

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def rows() -> Iterator[Row]:
    yield from _open_bandit()
    yield from _men()
    yield from _regret()
    yield _alike()


# --- off-policy evaluation ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The Open Bandit Dataset: items by number, slots from 0, the chance that an item had in its slot."""

    item: Ints
    slot: Ints
    click: Array
    propensity: Array

    @property
    def items(self) -> int:
        return int(self.item.max()) + 1


def _open_bandit() -> Iterator[Row]:
    """As the README of obp has it: BTS as it began, drawn 100,000 times from its own seed; plain IPW of its rows by the
    mean reward of the log.
    """
    home = next(ROOT.glob(".venv-peers/lib/python3.*/site-packages/obp"), None)
    if home is None:
        why = "the data of obp is not here: scripts/setup peers brings it"
        yield Row(name=f"open bandit: left out, {why}", value=0, unit="")
        return
    logs = {
        (policy, campaign): _log(home / "dataset" / "obd" / policy / campaign / f"{campaign}.csv")
        for policy in ("random", "bts")
        for campaign in ("all", "men", "women")
    }
    clicks = " ".join(f"{policy} {campaign} {log.click.sum():.0f}," for (policy, campaign), log in logs.items())
    wanted = _bts(yaml.safe_load((home / "policy" / "conf" / "prior_bts.yaml").read_text())["all"])
    log = logs["random", "all"]
    logged = _logged(log, wanted)
    found = offpolicy.ipw(logged)
    assert isinstance(found, Value), found
    ratio = found.value / float(log.click.mean())
    yield Row(
        name="open bandit: BTS/random by IPW, off the published",
        value=abs(ratio - PUBLISHED),
        unit="",
        target=0.00005,
        peer=f"{ratio:.6f}, obp's README says {PUBLISHED}; clicks: {clicks}",
    )
    truth = float(logs["bts", "all"].click.mean())
    yield from _estimates("open bandit: BTS from random", logged, truth)
    reverse = _logged(
        logs["bts", "women"], np.full((logs["bts", "women"].items, SLOTS), 1 / logs["bts", "women"].items)
    )
    yield _refusal("open bandit, women: random from BTS", reverse)


def _men() -> Iterator[Row]:
    if not SHARED.is_dir():
        yield Row(name="open bandit, men: left out, no data here", value=0, unit="")
        return
    random, bts = (_log(SHARED / f"obd_{policy}_men.csv.gz") for policy in ("random", "bts"))
    count = np.zeros((random.items, SLOTS))
    np.add.at(count, (bts.item, bts.slot), 1)
    wanted = count / count.sum(axis=0)  # as often as BTS itself showed each item
    yield from _estimates("open bandit, men: BTS from random", _logged(random, wanted), float(bts.click.mean()))
    reverse = _logged(bts, np.full((bts.items, SLOTS), 1 / bts.items))
    yield from _estimates("open bandit, men: random from BTS", reverse, float(random.click.mean()))


def _estimates(what: str, logged: Logged, truth: float) -> Iterator[Row]:
    for estimator in (offpolicy.ipw, offpolicy.snipw, offpolicy.dr):
        found = estimator(logged)
        if isinstance(found, Silence):
            yield Row(name=f"{what}, {estimator.__name__.upper()}: refused", value=found.have, unit="", peer=found.why)
            continue
        between = f"95 %: {found.low:.4f} to {found.high:.4f}, worth {found.effective:.0f} views"
        peer = f"{between}; it had {truth:.4f} of its own"
        yield Row(name=f"{what}, {found.estimator}", value=found.value, unit="clicks a view", peer=peer)


def _refusal(what: str, logged: Logged) -> Row:
    silence = offpolicy.refused(logged)
    told = "not refused" if silence is None else silence.why
    value = offpolicy.effective(logged)
    return Row(name=f"{what}: views that it is worth", value=value, unit="", peer=told)


def _logged(log: Log, wanted: Array) -> Logged:
    """With what is expected of an item by the log itself, drawn to the mean of all by 1000 views."""
    mean = float(log.click.mean())
    shown = np.bincount(log.item, minlength=log.items)
    expected = (np.bincount(log.item, log.click, minlength=log.items) + 1000 * mean) / (shown + 1000)
    chances = wanted[: log.items]
    return Logged(
        shown=np.ones(len(log.item)),
        clicks=log.click,
        propensity=log.propensity,
        wanted=wanted[log.item, log.slot],
        expected=expected[log.item],
        expected_wanted=(expected @ chances)[log.slot],
    )


def _log(path: Path) -> Log:
    raw = path.read_bytes()
    lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().splitlines()
    found = [
        (int(one["item_id"]), int(one["position"]) - 1, float(one["click"]), float(one["propensity_score"]))
        for one in csv.DictReader(lines)
    ]
    item, slot, click, propensity = (np.array(column) for column in zip(*found, strict=True))
    return Log(item=item, slot=slot, click=click, propensity=propensity)


def _bts(prior: dict[str, list[float]]) -> Array:
    """The chance of each item in each slot: the three best of a draw of every item."""
    random = np.random.RandomState(SEED)  # numpy keeps its stream as it was when the README was written
    items = len(prior["alpha"])
    count = np.zeros((items, SLOTS))
    for _ in range(0, DRAWS, 5000):
        drawn = random.beta(prior["alpha"], prior["beta"], size=(5000, items))
        best = np.argsort(drawn, axis=1)[:, ::-1][:, :SLOTS]
        for slot in range(SLOTS):
            count[:, slot] += np.bincount(best[:, slot], minlength=items)
    return count / DRAWS


# --- experiments ----------------------------------------------------------------------------------------------------


def _regret() -> Iterator[Row]:
    """Real arms as they were clicked, shown for four weeks: each day as many views as the whole test had once."""
    if not SHARED.is_dir():
        yield Row(name="experiments: left out, no real arms here", value=0, unit="")
        return
    tests = _tests()
    random = np.random.default_rng(1)
    chosen = [tests[n] for n in random.permutation(len(tests))[:TESTS]]
    real = np.array([replayed(views, clicks, DAYS, random) for views, clicks in chosen])
    ratio, low, high = _ratio(real, random)
    told = (
        f"95 % over {TESTS} of {len(tests)} tests: {low:.3f} to {high:.3f}; all arms alike lose {real[:, 1].sum():,.0f}"
    )
    yield Row(
        name=f"experiments: clicks lost in {DAYS} days, by uniform's", value=ratio, unit="", target=0.5, peer=told
    )
    yield Row(name="experiments: the same, upper end", value=high, unit="", target=0.5, peer="Upworthy's arms")
    few = np.array([replayed(views, clicks, DAYS, random, 1 / 14) for views, clicks in chosen])
    ratio, low, high = _ratio(few, random)
    told = f"95 %: {low:.3f} to {high:.3f}; where there is too little to tell the arms apart by"
    yield Row(name="experiments: with a fourteenth of the views", value=ratio, unit="", peer=told)


def replayed(
    views: Array, clicks: Array, days: int, random: np.random.Generator, size: float = 1.0, gamma: float = 0.95
) -> tuple[float, float]:
    """Clicks lost against the best arm alone, by ours with all its rules, and by even shares.

    The matrices have the best arm first: it is moved somewhere else, or ties would tell.
    """
    order = random.permutation(len(views))
    rates, a_day = (clicks / views)[order], int(views.sum() * size)
    names = [f"arm {n}" for n in range(len(rates))]
    arms = tuple(Arm(name=name, text=name) for name in names)
    experiment = Experiment(
        name="replay",
        kind="title",
        shown="together",
        arms=arms,
        seed=str(random.integers(2**60)),
        rules=Rules(gamma=gamma),
    )
    shares = moving.even(experiment)
    counted: dict[str, dict[str, Counted]] = {}
    first, lost = date(2026, 1, 1), 0.0
    for n in range(days):
        seen = [first + timedelta(days=one) for one in range(n - 1)]  # yesterday's are not ripe
        if seen:
            told = {day.isoformat(): counted[day.isoformat()] for day in seen}
            shares = moving.following(experiment, told, shares, stopping.standing(experiment, told), seen)
        now = np.array([shares[name] for name in names])
        shown = random.multinomial(a_day, now / now.sum())
        clicked = random.binomial(shown, rates)
        counted[(first + timedelta(days=n)).isoformat()] = {
            name: Counted(impressions=int(a), clicks=int(b)) for name, a, b in zip(names, shown, clicked, strict=True)
        }
        lost += a_day * float(now @ (rates.max() - rates))
    return lost, days * a_day * float(rates.max() - rates.mean())


def _ratio(pairs: Array, random: np.random.Generator) -> tuple[float, float, float]:
    """Of the sums, and where it lies for tests drawn anew."""
    drawn = pairs[random.integers(0, len(pairs), size=(RESAMPLED, len(pairs)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return float(pairs[:, 0].sum() / pairs[:, 1].sum()), float(low), float(high)


def _tests() -> list[tuple[Array, Array]]:
    """Views and clicks of each arm."""
    views, clicks = (_matrix(SHARED / f"upworthy_{one}_matrix_shared.csv.gz") for one in ("n", "y"))
    found = [(n[n > 0], clicks[name][n > 0]) for name, n in views.items()]
    return [(n, y) for n, y in found if 2 <= len(n) <= 12 and y.sum() > 0]


def _matrix(path: Path) -> dict[str, Array]:
    with gzip.open(path, "rt") as lines:
        table = csv.reader(lines)
        next(table)
        return {row[0]: np.array([float(one) for one in row[1:]]) for row in table}


def _alike() -> Row:
    """Two arms that are alike, on days that are not, looked at every day for four weeks."""
    random = np.random.default_rng(2)
    found = sum(_told_apart(random) for _ in range(PEEKS))
    return Row(
        name="experiments: alike, looked at daily, told apart",
        value=found / PEEKS,
        unit="",
        target=0.05,
        peer=f"{PEEKS} experiments of {DAYS} days",
    )


def _told_apart(random: np.random.Generator, days: int = DAYS) -> bool:
    seen: list[stopping.Day] = []
    share = 0.5
    for _ in range(days):
        rate = 0.02 * float(np.exp(random.normal(0, 0.5)))
        one, other = (int(part) for part in random.multinomial(4000, [share, 1 - share]))
        a, b = (int(random.binomial(n, rate)) for n in (one, other))
        seen.append((one, a, other, b))
        if stopping.evidence(seen)[0] >= np.log(20):
            return True
        share = min(0.9, max(0.1, share + (0.1 if a * other > b * one else -0.1)))  # it follows what it saw
    return False
