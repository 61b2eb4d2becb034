"""Models of clicks held against each other and against simple ones, on creatives they have not learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from common.domain.learning import Creative, Prediction
from common.errors import BadInput, NotEnough
from common.scoring.ctr import metrics
from common.scoring.ctr.glm import Floats, Ints, overdispersed
from common.scoring.ctr.model import Model, band, opened, share
from common.scoring.ctr.splits import by_account, ran_on, rolling, timed
from common.scoring.ctr.table import segments_of
from common.scoring.ctr.training import COVERAGE, FOLDS, enough, ripe, train

SCHEMA: Final = "cutroom.backtest/1"
NEEDED_TO_PROMOTE: Final = 200  # ripe creatives that both models were asked about
WORST: Final = 0.02  # of its deviance by which one segment may be worse
NEEDED_OF_SEGMENT: Final = 50  # creatives, before one is looked at alone
CALIBRATED: Final = (0.9, 1.1)  # foretold clicks over clicks
RESAMPLED: Final = 2000
AT_ONCE: Final = 100  # of them
MANY_ACCOUNTS: Final = 10  # below, near-duplicates are drawn instead: so few accounts say nothing of others
BINS: Final = 10
MODELS: Final = ("own mean", "glm", "ours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Whether a challenger takes a champion's place, and why not. `gain` is the part of its deviance that is gone."""

    better: bool
    why: tuple[str, ...]  # what speaks against it; empty where nothing does
    creatives: int
    gain: float | None
    low: float | None  # of the 95 % interval of `gain`
    high: float | None
    drawn: str  # what the interval draws again and again: accounts, or groups of near-duplicates
    calibration: float | None  # clicks that the challenger foretold over clicks
    worst: tuple[str, float] | None  # the segment where it does worst, and how much more deviance it has there


def compared(
    champion: Sequence[float], challenger: Sequence[float], creatives: Sequence[Creative], *, seed: int = 0
) -> Comparison:
    """Both models' shares for the same creatives that neither has learned from. Raises BadInput where they are none.

    Better is: the whole of a paired bootstrap's 95 % interval above 0, calibrated, no segment worse by WORST, all that
    on NEEDED_TO_PROMOTE creatives. A creative's deviance counts as its impressions do in training, so that one that
    was shown a million times does not decide alone.
    """
    shown = [at for at, one in enumerate(creatives) if one.impressions > 0]
    if not len(champion) == len(challenger) == len(creatives):
        raise BadInput(
            f"{len(champion)} and {len(challenger)} predictions cannot be held against {len(creatives)} creatives; "
            "give one of each model for each"
        )
    if not all(0 < one < 1 for one in (*champion, *challenger)):
        raise BadInput("a prediction is a share between 0 and 1; leave out creatives that a model is silent about")
    rows = [creatives[at] for at in shown]
    if len(rows) < 2 or not sum(row.clicks for row in rows):
        return Comparison(
            better=False,
            why=(f"there are {len(rows)} creatives to compare on, or nobody clicked; {NEEDED_TO_PROMOTE} are needed",),
            creatives=len(rows),
            gain=None,
            low=None,
            high=None,
            drawn="accounts",
            calibration=None,
            worst=None,
        )
    old, new = np.array([champion[at] for at in shown]), np.array([challenger[at] for at in shown])
    n = np.array([row.impressions for row in rows], float)
    y = np.array([row.clicks for row in rows], float)
    middle = (old + new) / 2
    rho = min(1.0, overdispersed(middle, y / n, n) ** 2 * float((middle * (1 - middle)).mean()))
    before, after = (metrics.deviances(q, y, n) / (1 + (n - 1) * rho) for q in (old, new))
    drawn, keys = _drawn(rows)
    gain = 1 - float(after.sum() / before.sum())
    low, high = _interval(before, after, keys, seed)
    ratio = metrics.ratio(new, y, n)
    worst = _worst(rows, before, after, n)
    why = []
    if len(rows) < NEEDED_TO_PROMOTE:
        why.append(f"{len(rows)} creatives were compared on, and {NEEDED_TO_PROMOTE} are needed")
    if not low > 0:
        why.append(f"it may be no better: it takes away {gain:.1%} of the deviance, between {low:.1%} and {high:.1%}")
    if ratio is not None and not CALIBRATED[0] <= ratio <= CALIBRATED[1]:
        why.append(
            f"it foretells {ratio:.2f} times the clicks that came, and {CALIBRATED[0]} to {CALIBRATED[1]} is fine"
        )
    if worst is not None and worst[1] > WORST:
        why.append(f"it is {worst[1]:.1%} worse for {worst[0]}, and {WORST:.0%} is allowed")
    return Comparison(
        better=not why,
        why=tuple(why),
        creatives=len(rows),
        gain=gain,
        low=low,
        high=high,
        drawn=drawn,
        calibration=ratio,
        worst=worst,
    )


def _drawn(rows: Sequence[Creative]) -> tuple[str, Ints]:
    accounts = [row.account for row in rows]
    by_accounts = len(set(accounts)) >= MANY_ACCOUNTS
    names = accounts if by_accounts else [row.group or row.id for row in rows]
    _, keys = np.unique(np.array(names), return_inverse=True)
    return ("accounts" if by_accounts else "near-duplicates"), keys.astype(np.int64)


def _interval(before: Floats, after: Floats, keys: Ints, seed: int) -> tuple[float, float]:
    count = int(keys.max()) + 1
    sums = np.stack([np.bincount(keys, one, count) for one in (before, after)])
    random = np.random.default_rng(seed)
    gains = []
    for _ in range(0, RESAMPLED, AT_ONCE):
        old, new = sums @ random.multinomial(count, np.full(count, 1 / count), AT_ONCE).T
        gains.append(1 - new / np.maximum(old, 1e-12))
    low, high = np.quantile(np.concatenate(gains), [0.025, 0.975])
    return float(low), float(high)


def _worst(rows: Sequence[Creative], before: Floats, after: Floats, n: Floats) -> tuple[str, float] | None:
    """Among segments, networks and thirds of exposure with enough creatives."""
    places: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        for segment, level in segments_of(row.network, row.segments).items():
            places.setdefault(f"{segment} {level}", []).append(at)
    for name, part in zip(metrics.THIRDS, np.array_split(np.argsort(n, kind="stable"), 3), strict=True):
        places[f"{name} third" if name == "middle" else name] = part.tolist()
    changes = {
        name: float(after[at].sum() / before[at].sum()) - 1
        for name, at in places.items()
        if len(at) >= NEEDED_OF_SEGMENT and before[at].sum() > 0
    }
    return max(changes.items(), key=lambda pair: (pair[1], pair[0]), default=None)


def backtest(
    creatives: Sequence[Creative], *, now: datetime, features_version: str, seed: int = 0, folds: int = FOLDS
) -> dict[str, Any]:
    """What would have been foretold, and what came: each slice by a model of what was known before it (splits.rolling).

    The slices are later ones (near-duplicates on one side), asked through the same door as in the product. Raises
    NotEnough, BadInput.
    """
    rows = ripe(creatives, now)
    enough(rows)
    told: list[dict[str, Any]] = []
    kept: list[Creative] = []
    silent = 0
    slices: list[dict[str, Any]] = []
    manifest: Mapping[str, Any] = {}
    for number, (learned, asked) in enumerate(rolling(rows, folds=folds)):
        then = min(rows[at].launched for at in asked) if timed(rows) else now
        try:
            made = train([rows[at] for at in learned], now=then, features_version=features_version, seed=seed)
        except NotEnough as error:
            slices.append({"asked": len(asked), "learned": len(learned), "why_not": str(error)})
            continue
        model = opened(f"ctr@backtest-{number}", made.ubj, made.sealed)
        manifest = model.manifest
        found, of = [], []
        for at in asked:
            if (one := _told(model, rows[at])) is not None:
                found.append(one)
                of.append(rows[at])
        later = ran_on(rows, (learned, asked)) if timed(rows) else 0
        slices.append({"asked": len(asked), "learned": manifest["rows"], "foretold": len(found), "ran_on": later})
        silent += len(asked) - len(found)
        told += found
        kept += of
    if not told:
        raise NotEnough(
            "no slice of the history has enough before it to be foretold; import what was run earlier",
            have=len(rows),
            need=2 * len(rows),
        )
    columns = {name: np.array([one[name] for one in told], float) for name in ("impressions", "clicks", *MODELS)}
    n, y = columns["impressions"], columns["clicks"]
    ours = columns["ours"]
    within = np.array([one["low"] <= one["clicks"] / one["impressions"] <= one["high"] for one in told], float)
    came = [band(one["clicks"] / one["impressions"], tuple(one["typical"])) for one in told]
    tau = overdispersed(ours, y / n, n)
    return {
        "schema": SCHEMA,
        "now": now.isoformat(),
        "creatives": len(rows),
        "foretold": len(told),
        "silent": silent,
        "split": "later slices" if timed(rows) else "groups of near-duplicates, as all were launched within two weeks",
        "slices": slices,
        "models": {name: _of_model(columns[name], columns["own mean"], told, n, y) for name in MODELS},
        "over": {
            name: asdict(compared(columns[name].tolist(), ours.tolist(), kept, seed=seed))
            for name in MODELS
            if name != "ours"
        },
        "reliability": _reliability(ours, n, y),
        "intervals": {
            "said": COVERAGE,
            "covered": float(within.mean()),
            "by_third": metrics.by_third(within, n),
            "mean_width": float(np.mean([one["high"] - one["low"] for one in told])),
        },
        "bands": {
            "right": float(np.mean([one["band"] == truth for one, truth in zip(told, came, strict=True)])),
            "right_if_always_typical": float(np.mean([truth == "typical" for truth in came])),
            "said": {name: sum(one["band"] == name for one in told) for name in ("low", "typical", "high")},
        },
        "unseen_accounts": _unseen(rows, now, features_version, seed),
        "importance": manifest["importance"],
        "seed_targets": metrics.seed_targets(ours, tau, y, n),
        "rows": told,
    }


def _told(model: Model, row: Creative) -> dict[str, Any] | None:
    found = model.hindcast(row)
    if not isinstance(found, Prediction):
        return None
    account = model.manifest["accounts"][row.account]
    drawn = model.manifest["glm_calibration"]
    line = model.line(row.features, network=row.network, segments=row.segments) + account["throughout"]
    return {
        "id": row.id,
        "account": row.account,
        "launched": row.launched.isoformat(),
        "impressions": row.impressions,
        "clicks": row.clicks,
        "ours": found.value,
        "low": found.low,
        "high": found.high,
        "band": found.band,
        "typical": list(found.typical),
        "glm": share(drawn["shift"] + drawn["slope"] * line),
        "own mean": account["own"],
    }


def _of_model(q: Floats, own: Floats, told: Sequence[Mapping[str, Any]], n: Floats, y: Floats) -> dict[str, Any]:
    mean = np.full(len(q), (y.sum() + 0.5) / (n.sum() + 1))
    return {
        "skill": metrics.skill(q, mean, y, n),
        "skill_over_own_mean": metrics.skill(q, own, y, n),
        "calibration_ratio": metrics.ratio(q, y, n),
        "rank_within_account": _rank(q, [one["account"] for one in told], y / n),
    }


def _rank(q: Floats, accounts: Sequence[str], shares: Floats) -> float | None:
    """Spearman's correlation within each account that has five creatives or more, weighted by how many it has."""
    total, weight = 0.0, 0
    names = np.array(accounts)
    for name in sorted(set(accounts)):
        at = np.flatnonzero(names == name)
        if len(at) < 5 or np.ptp(q[at]) == 0 or np.ptp(shares[at]) == 0:
            continue
        total += len(at) * float(np.corrcoef(_ranks(q[at]), _ranks(shares[at]))[0, 1])
        weight += len(at)
    return total / weight if weight else None


def _ranks(values: Floats) -> Floats:
    ordered, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    found: Floats = (ends - (count - 1) / 2)[place] if len(ordered) else values
    return found


def _reliability(q: Floats, n: Floats, y: Floats) -> list[dict[str, Any]]:
    """Creatives in tenths by what was foretold: what was said of them, and what came."""
    found = []
    for part in np.array_split(np.argsort(q, kind="stable"), BINS):
        if len(part):
            said, came = float(np.average(q[part], weights=n[part])), float(y[part].sum() / n[part].sum())
            found.append({"creatives": len(part), "foretold": said, "came": came})
    return found


def _unseen(rows: Sequence[Creative], now: datetime, features_version: str, seed: int) -> dict[str, Any]:
    """What features alone are worth: accounts that were not learned from, asked as if they were like all others."""
    accounts = len({row.account for row in rows})
    found: dict[str, Any] = {"accounts": accounts, "skill": None, "why_not": None}
    if accounts < MANY_ACCOUNTS:
        return {**found, "why_not": f"{MANY_ACCOUNTS} are needed to hold some back, not {accounts}"}
    q, means, kept = [], [], []
    for learned, asked in by_account(rows, folds=FOLDS):
        try:
            made = train([rows[at] for at in learned], now=now, features_version=features_version, seed=seed)
        except NotEnough as error:
            return {**found, "why_not": str(error)}
        model = opened("ctr@unseen", made.ubj, made.sealed)
        calibration = model.shape.calibration
        n, y = (sum(getattr(rows[at], name) for at in learned) for name in ("impressions", "clicks"))
        for at in asked:
            row = rows[at]
            margin = model.margin(row.features, network=row.network, segments=row.segments)
            q.append(share(calibration.shift + calibration.slope * margin))
            means.append((y + 0.5) / (n + 1))
            kept.append(row)
    impressions = np.array([row.impressions for row in kept], float)
    clicks = np.array([row.clicks for row in kept], float)
    return {**found, "skill": metrics.skill(np.array(q), np.array(means), clicks, impressions)}
