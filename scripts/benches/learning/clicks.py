"""The model of clicks: against a world whose truth is known, against real ads, and how fast one prediction is."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import fmean, stdev
from typing import Final

import numpy as np

from common.domain.learning import RIPE, Creative, Prediction
from common.scoring.ctr import metrics
from common.scoring.ctr.evaluating import compared
from common.scoring.ctr.glm import Floats
from common.scoring.ctr.model import Model, opened, share
from common.scoring.ctr.splits import by_group
from common.scoring.ctr.training import train
from scripts.benches import Row
from scripts.benches.learning import world

KAG: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "ctr" / "KAG_conversion_data.csv"
SEEDS: Final = 20
SPLITS: Final = 20
TRIALS: Final = 200
MEDIANS: Final = (417, 3100)
LATER: Final = world.BEGIN + timedelta(days=290)  # what is launched from then on is asked about
STUDENT: Final = 2.093  # 97.5 % of Student's t with 19 degrees of freedom
VERSION: Final = "bench"


def rows() -> Iterator[Row]:
    yield from _kag()
    model: Model | None = None
    asked: list[Creative] = []
    for median in MEDIANS:
        seen = []
        for seed in range(SEEDS):
            one, model, asked = _seed(seed, median)
            seen.append(one)
        yield from _world(median, seen)
    assert model is not None
    yield from _speed(model, asked)
    yield from _promotions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Of one seed: parts of the gain that the truth itself would have, and what else has a target."""

    gain: float
    glm: float
    own: float
    ratio: float
    r2: float
    ceiling: float
    of_truth: float
    within: Floats
    impressions: Floats


def _seed(seed: int, median: int) -> tuple[Seen, Model, list[Creative]]:
    made = world.made(seed, median=median)
    trained = train(made.creatives, now=LATER, features_version=VERSION)
    model = opened("ctr@bench", trained.ubj, trained.sealed)
    asked = [one for one in made.creatives if one.launched >= LATER]
    known = [one for one in made.creatives if one.launched + RIPE <= LATER]
    told = [_told(model, one) for one in asked]
    n, y = np.array([one.impressions for one in asked], float), np.array([one.clicks for one in asked], float)
    q, truth = np.array([one.value for one in told]), np.array([made.truth[one.id] for one in asked])
    accounts, drawn = model.manifest["accounts"], model.manifest["glm_calibration"]
    lines = [model.line(one.features, network=one.network, segments=one.segments) for one in asked]
    glm = [
        share(drawn["shift"] + drawn["slope"] * (line + accounts[one.account]["throughout"]))
        for line, one in zip(lines, asked, strict=True)
    ]
    own = np.array([accounts[one.account]["own"] for one in asked])
    pooled = np.full(len(asked), sum(one.clicks for one in known) / sum(one.impressions for one in known))
    total = {
        name: float(metrics.deviances(shares, y, n).sum())
        for name, shares in (("pooled", pooled), ("truth", truth), ("ours", q), ("glm", np.array(glm)), ("own", own))
    }
    whole = total["pooled"] - total["truth"]
    within = [one.low <= row.clicks / row.impressions <= one.high for one, row in zip(told, asked, strict=True)]
    targets = metrics.seed_targets(truth, world.UNKNOWABLE, y, n)
    assert targets["r2_ceiling"] is not None, targets["why"]
    seen = Seen(
        gain=(total["pooled"] - total["ours"]) / whole,
        glm=(total["pooled"] - total["glm"]) / whole,
        own=(total["pooled"] - total["own"]) / whole,
        ratio=metrics.ratio(q, y, n) or math.nan,
        r2=metrics.seed_targets(q, world.UNKNOWABLE, y, n)["r2"],
        ceiling=targets["r2_ceiling"],
        of_truth=targets["r2"],
        within=np.array(within, float),
        impressions=n,
    )
    return seen, model, asked


def _told(model: Model, one: Creative) -> Prediction:
    found = model.hindcast(one)
    assert isinstance(found, Prediction), found
    return found


def _world(median: int, seen: Sequence[Seen]) -> Iterator[Row]:
    name = f"clicks, known world, median {median} impressions"
    more = [one.gain - one.glm for one in seen]
    error = STUDENT * stdev(more) / math.sqrt(len(more))
    gains = [one.gain for one in seen]
    spread = f"sd over {len(seen)} seeds {stdev(gains):.3f}, least {min(gains):.3f}"
    glm = f"GLM + account {fmean(one.glm for one in seen):.4f}, own mean {fmean(one.own for one in seen):.3f}"
    more_said = f"{glm}; 95 % of the difference {fmean(more) - error:+.4f} to {fmean(more) + error:+.4f}"
    yield _floor(f"{name}: deviance gain", fmean(gains), 0.75, spread, unit="of the truth's")
    yield _floor(f"{name}: gain over GLM + account", fmean(more), 0.0, more_said, unit="of the truth's")
    for third, (covered, low, high, deviation) in _thirds(seen).items():
        peer = f"seeds: sd {deviation:.3f}, {low:.3f} to {high:.3f}"
        yield _floor(f"{name}: coverage, {third}, at least", covered, 0.88, peer)
        yield Row(name=f"{name}: coverage, {third}, at most", value=covered, unit="", target=0.92, peer=peer)
    ratios = [one.ratio for one in seen]
    peer = f"seeds: {min(ratios):.3f} to {max(ratios):.3f}"
    yield _floor(f"{name}: calibration, at least", fmean(ratios), 0.9, peer)
    yield Row(name=f"{name}: calibration, at most", value=fmean(ratios), unit="", target=1.1, peer=peer)
    yield Row(
        name=f"{name}: R2 on observed shares (the seed asks for 0.88)",
        value=fmean(one.r2 for one in seen),
        unit="",
        peer=f"the truth itself {fmean(one.of_truth for one in seen):.2f}, its expected ceiling "
        f"{fmean(one.ceiling for one in seen):.2f}",
    )


def _floor(name: str, value: float, target: float, peer: str, *, unit: str = "") -> Row:
    return Row(name=name, value=value, unit=unit, target=target, at_least=True, peer=peer)


def _thirds(seen: Sequence[Seen]) -> dict[str, tuple[float, float, float, float]]:
    """Of each third of a seed's creatives by exposure: pooled coverage, least and greatest of a seed, their sd."""
    found: dict[str, list[float]] = {}
    for one in seen:
        for name, covered in metrics.by_third(one.within, one.impressions).items():
            assert covered is not None
            found.setdefault(name, []).append(covered)
    return {name: (fmean(each), min(each), max(each), stdev(each)) for name, each in found.items()}


def _speed(model: Model, asked: Sequence[Creative]) -> Iterator[Row]:
    """Features as they are stored, parts in words among what is told."""
    walls, works = [], []
    for at in range(2000):
        one = asked[at % len(asked)]
        wall, work = time.perf_counter(), time.thread_time()
        _told(model, one)
        walls.append((time.perf_counter() - wall) * 1000)
        works.append((time.thread_time() - work) * 1000)
    trees = f"{len(model.trees.trees)} trees, {model.trees.columns} columns, parts included"
    yield Row(name="clicks: one prediction, p95", value=_p95(walls), unit="ms", target=1.0, peer=trees)
    yield Row(name="clicks: one prediction, p95 of the processor's time", value=_p95(works), unit="ms", peer=trees)


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def _promotions() -> Iterator[Row]:
    """Challengers that are truly a little worse, and better ones: how often each would be promoted.

    Both stray from the truth by normal errors in log odds; which is worse is told by the deviance expected of them.
    """
    taken = {"worse": [0, 0], "better": [0, 0]}
    trial = 0
    while taken["worse"][1] < TRIALS:
        random = np.random.default_rng(1000 + trial)
        trial += 1
        made = world.made(1000 + trial, median=3100, each=10, accounts=30)
        truth = np.array([made.truth[one.id] for one in made.creatives])
        n = np.array([one.impressions for one in made.creatives], float)
        error, other = random.normal(0, 0.3, (2, len(truth)))
        old, new = (_moved(truth, by) for by in (error, 0.8 * error + random.choice([0.3, 0.63]) * other))
        kind = "worse" if _expected(new, truth, n) > _expected(old, truth, n) else "better"
        found = compared(old.tolist(), new.tolist(), made.creatives, seed=trial)
        taken[kind][0] += found.better
        taken[kind][1] += 1
    for kind, (promoted, trials) in taken.items():
        yield Row(
            name=f"clicks: a {kind} challenger promoted",
            value=promoted / trials,
            unit=f"of {trials}",
            target=0.05 if kind == "worse" else None,
        )


def _moved(truth: Floats, by: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-(np.log(truth / (1 - truth)) + by)))
    return found


def _expected(q: Floats, truth: Floats, n: Floats) -> float:
    return -float((n * (truth * np.log(q) + (1 - truth) * np.log(1 - q))).sum())


def _kag() -> Iterator[Row]:
    """A held-out fifth of real ads, 20 times. Ads of one campaign to the same people stand on one side."""
    if not KAG.is_file():
        print(f"  {KAG} is not here, so real ads are left out")
        return
    ads = kag()
    ours, interest = [], []
    for seed in range(SPLITS):
        learned, asked = by_group(ads, folds=5, seed=seed)[0]
        trained = train([ads[at] for at in learned], now=LATER, features_version=VERSION)
        model = opened("ctr@bench", trained.ubj, trained.sealed)
        means = _by_interest([ads[at] for at in learned])
        y = [ads[at].clicks for at in asked]
        ours.append(_poisson(y, [_told(model, ads[at]).value * ads[at].impressions for at in asked]))
        interest.append(
            _poisson(y, [means.get(ads[at].segments["interest"], means[""]) * ads[at].impressions for at in asked])
        )
    differences = [one - other for one, other in zip(ours, interest, strict=True)]
    # The fifths overlap in what they learned from, so their mean is less sure than 20 fifths' (Nadeau & Bengio, 2003).
    error = stdev(differences) * math.sqrt(1 / SPLITS + 1 / 4)
    yield Row(
        name="clicks, KAG ads: Poisson deviance of a held-out fifth",
        value=fmean(ours),
        unit="per ad",
        target=fmean(interest),
        peer=f"mean of each interest {fmean(interest):.3f}",
    )
    less = sum(one < 0 for one in differences)
    yield Row(
        name="clicks, KAG ads: difference to the mean of each interest, 95 % at most",
        value=fmean(differences) + STUDENT * error,
        unit="per ad",
        target=0.0,
        peer=f"{fmean(differences):.3f} ± {STUDENT * error:.3f}; less in {less} of {SPLITS}",
    )


def kag() -> list[Creative]:
    """Ads as creatives: known before launch are age, gender, interest and campaign. Dates are not trusted."""
    with KAG.open(newline="", encoding="utf-8") as file:
        ads = list(csv.DictReader(file))
    return [
        Creative(
            id=ad["ad_id"],
            account="advertiser",
            network="meta",
            launched=world.BEGIN,
            impressions=int(ad["Impressions"]),
            clicks=int(ad["Clicks"]),
            group=" ".join(ad[name] for name in ("xyz_campaign_id", "age", "gender", "interest")),
            segments={
                "age": ad["age"],
                "gender": ad["gender"],
                "interest": ad["interest"],
                "campaign": ad["xyz_campaign_id"],
            },
        )
        for ad in ads
    ]


def _by_interest(ads: Sequence[Creative]) -> dict[str, float]:
    """Clicks out of impressions of each interest; "" is all together, for one that nobody has seen clicked."""
    sums: dict[str, list[int]] = {"": [0, 0]}
    for ad in ads:
        for name in ("", ad.segments["interest"]):
            one = sums.setdefault(name, [0, 0])
            one[0] += ad.clicks
            one[1] += ad.impressions
    return {name: clicks / impressions for name, (clicks, impressions) in sums.items() if clicks}


def _poisson(clicks: Sequence[int], expected: Sequence[float]) -> float:
    """Mean deviance."""
    return fmean(2 * ((y * math.log(y / e) if y else 0.0) - (y - e)) for y, e in zip(clicks, expected, strict=True))
