"""Learning the model of clicks: what is known of creatives before launch against what came of them.

A GLM with partially pooled accounts comes first; shallow boosted trees learn what it leaves; then each level is taken
from where it stands at the end. How many trees, the line that sets the logits right and how wide intervals are all come
from slices later than what was learned from; in the end everything is learned from once more, with those kept.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
import xgboost

from common.domain.codec import digest, loads
from common.domain.learning import RIPE, Creative
from common.errors import BadInput, NotEnough
from common.scoring.ctr import levels, metrics
from common.scoring.ctr.drift import off
from common.scoring.ctr.fit import ROUNDS, TREES, Fit, best_rounds, fit, levelled
from common.scoring.ctr.glm import Floats, Ints, line, overdispersed, share
from common.scoring.ctr.levels import Moved, Times
from common.scoring.ctr.manifest import SCHEMA, seal
from common.scoring.ctr.model import known
from common.scoring.ctr.splits import ENDED, rolling, timed
from common.scoring.ctr.table import Table, table

NEEDED: Final = 100  # creatives that have been out for RIPE
NEEDED_CLICKS: Final = 200  # of all of them together
NEEDED_OF_ACCOUNT: Final = 10  # creatives, before anything is foretold for it
MOST_IMPRESSIONS: Final = 10**12
COVERAGE: Final = 0.9
FOLDS: Final = 3
FEWEST: Final = ENDED  # creatives to be learned from, before a slice is asked about
ANEW_ROWS: Final = 100  # ripe creatives that a model has not learned from, after which it is trained anew
ANEW_AFTER: Final = timedelta(days=30)
HELD: Final = 25.0  # units of information by which the line is drawn to no correction
LATER: Final = "rolling by launch, near-duplicates on one side, what was not ripe at the time left out"
ALIKE: Final = "groups of near-duplicates, as all were launched within two weeks: none is later"
SURE: Final = 2.0  # standard errors of where all levels stand together, within which the line may raise them


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The two files of a model."""

    ubj: bytes
    manifest: dict[str, Any]  # sealed; who adds to it seals it anew

    @property
    def sealed(self) -> bytes:
        """The bytes of manifest.json."""
        return seal(self.manifest)


def train(creatives: Sequence[Creative], *, now: datetime, features_version: str, seed: int = 0) -> Trained:
    """A model of all creatives that have been out for RIPE at `now` and were shown at all. Equal input, equal bytes.

    Raises NotEnough below NEEDED creatives or NEEDED_CLICKS clicks, BadInput for a creative that cannot be.
    """
    rows = ripe(creatives, now)
    enough(rows)
    made = table(rows)
    folds = [
        (np.array(learned), np.array(asked)) for learned, asked in rolling(rows, folds=FOLDS) if len(learned) >= FEWEST
    ]
    when = levels.times(rows)
    later = [(_fit(made, when, learned, seed), asked) for learned, asked in folds]
    rounds = best_rounds(made, later)
    everything = np.arange(len(rows))
    final = _fit(made, when, everything, seed, rounds)
    wanders = [_wander(made, when, one, learned) for (one, _), (learned, _) in zip(later, folds, strict=True)]
    wander = _wander(made, when, final, everything)
    moved = [one.moved for one, _ in later]

    asked = np.concatenate([one for _, one in later])
    margin = np.concatenate([one.margin(made, places, rounds) for one, places in later])
    plain = np.concatenate([one.glm_margin(made, places) for one, places in later])
    own = np.concatenate([share(one.own[made.accounts[places]]) for one, places in later])
    pooled = np.concatenate([np.full(len(places), made.mean(learned)) for learned, places in folds])
    n, y = made.impressions[asked], made.shares[asked]
    weights = n / (1 + (n - 1) * final.rho)
    shift, slope = _line(margin, y, weights)
    drawn = shift + slope * margin
    held = _held(final.moved, final.margin(made, asked, rounds), weights, shift, slope)
    by_glm = line(plain, y, weights, held=HELD)
    ahead = _ahead(rows, when, folds)
    tau, factor = _width(share(drawn), y, n, wander * ahead)
    slices = [slice(begin, end) for begin, end in pairwise(np.cumsum([0, *(len(places) for _, places in later)]))]
    q, q_glm, covered = _then(slices, margin, plain, y, n, weights, ahead, wanders, moved)
    known = slice(slices[0].stop, None)

    ubj = bytes(final.booster.save_raw("ubj"))
    clicks = made.clicks[asked]
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "sha256": hashlib.sha256(ubj).hexdigest(),
        "trained_at": now.astimezone(UTC).isoformat(),
        "features_version": features_version,
        "data": digest([_plain(row) for row in rows], 64),
        "rows": len(rows),
        "left_out": {
            "too young": sum(one.launched + RIPE > now for one in creatives),
            "never shown": sum(one.launched + RIPE <= now and one.impressions == 0 for one in creatives),
        },
        "launched": [min(row.launched for row in rows).isoformat(), max(row.launched for row in rows).isoformat()],
        "columns": _columns(made, final),
        "intercept": final.glm.intercept,
        "accounts": _accounts(made, final, rows),
        "account_needs": NEEDED_OF_ACCOUNT,
        "calibration": {"shift": held, "slope": slope},
        "intervals": {"coverage": COVERAGE, "tau": tau, "factor": factor, "wander": wander},
        "glm_calibration": {"shift": by_glm[0], "slope": by_glm[1]},
        "rho": final.rho,
        "variances": dict(zip((*made.named, "account"), final.glm.variances, strict=True)),
        "trees": {**TREES, "rounds": rounds, "seed": seed},
        "split": {
            "kind": LATER if timed(rows) else ALIKE,
            "folds": [{"learned": len(learned), "asked": len(places)} for learned, places in folds],
        },
        "metrics": {
            "asked": len(asked),
            "skill": metrics.skill(q, pooled, clicks, n),
            "skill_over_own_mean": metrics.skill(q, own, clicks, n),
            "skill_over_glm": metrics.skill(q, q_glm, clicks, n),
            "calibration_ratio_before_line": metrics.ratio(share(margin), clicks, n),
            "calibration_ratio": metrics.ratio(q, clicks, n),
            "calibration_errors": off(q.tolist(), clicks.tolist(), n.tolist(), tau=tau).errors,
            "coverage_by_third": metrics.by_third(covered[known], n[known]),
        },
        "seed_targets": metrics.seed_targets(q, tau, clicks, n),
        "importance": _importance(made, final),
        "xgboost": xgboost.__version__,
    }
    return Trained(ubj=ubj, manifest=loads(seal(manifest)))


def _line(margin: Floats, shares: Floats, weights: Floats) -> tuple[float, float]:
    shift, slope = line(margin, shares, weights, held=HELD)
    return shift, max(slope, 0.1)  # an order that the later slices turn round is no order to go by


def _held(moved: Moved, margin: Floats, weights: Floats, shift: float, slope: float) -> float:
    """The shift by which the line raises margins as far as all levels may have moved together, and no further.

    The models that it was learned on had not seen a move that the one it is added to has, so it would count twice.
    """
    raised = shift + (slope - 1) * float(np.average(margin, weights=weights))
    most = SURE * moved.doubt
    return shift + float(np.clip(raised, moved.together - most, moved.together + most)) - raised


def _fit(made: Table, when: Times, rows: Ints, seed: int, rounds: int = ROUNDS[-1]) -> Fit:
    return levelled(fit(made, rows, seed, rounds), made, when, rows)


def _wander(made: Table, when: Times, one: Fit, rows: Ints) -> float:
    """Of accounts around their own clicks alone: where rows are few, many features explain a walk away."""
    return levels.wander(made, when, rows, share(one.own[made.accounts[rows]]))


def _ahead(rows: Sequence[Creative], when: Times, folds: Sequence[tuple[Ints, Ints]]) -> Floats:
    """How many days each row that was asked about came out after its slice began; 0 where there is no later."""
    days = [when.days[asked] - when.days[asked].min() for _, asked in folds]
    return np.concatenate(days) * timed(rows)


def _width(q: Floats, shares: Floats, exposures: Floats, wandered: Floats) -> tuple[float, float]:
    """tau and the factor. `wandered` is the variance of log odds by which levels may have moved since."""
    tau = overdispersed(q, shares, exposures, wandered)
    return tau, _quantile(_scores(q, shares, exposures, tau**2 + wandered), COVERAGE)


def _scores(q: Floats, shares: Floats, exposures: Floats, unknown: Floats) -> Floats:
    found: Floats = np.abs(shares - q) / np.sqrt(q * (1 - q) / exposures + unknown * (q * (1 - q)) ** 2)
    return found


def _then(
    slices: Sequence[slice],
    margin: Floats,
    plain: Floats,
    shares: Floats,
    exposures: Floats,
    weights: Floats,
    ahead: Floats,
    wanders: Sequence[float],
    moved: Sequence[Moved],
) -> tuple[Floats, Floats, Floats]:
    """What would have been said of each slice by a line and a width of the slices before it alone, by a GLM likewise,
    and whether it came to lie within. A line that has seen what it is asked about is right about it by itself.
    """
    q, glm, covered = share(margin), share(plain), np.full(len(margin), np.nan)
    for here, wander, since in zip(slices[1:], wanders[1:], moved[1:], strict=True):
        before = slice(0, here.start)
        shift, slope = _line(margin[before], shares[before], weights[before])
        held = _held(since, margin[here], weights[here], shift, slope)
        q[here] = share(held + slope * margin[here])
        by_glm = line(plain[before], shares[before], weights[before], held=HELD)
        glm[here] = share(by_glm[0] + by_glm[1] * plain[here])
        fitted = share(shift + slope * margin[before])
        tau, factor = _width(fitted, shares[before], exposures[before], wander * ahead[before])
        unknown = tau**2 + wander * ahead[here]
        covered[here] = _scores(q[here], shares[here], exposures[here], unknown) <= factor
    return q, glm, covered


def _columns(made: Table, final: Fit) -> list[dict[str, Any]]:
    return [
        {
            "name": head.name,
            "kind": head.kind,
            "of": head.of,
            "level": head.level,
            "dtype": "float32",
            "mean": float(final.mean[at]),
            "scale": float(final.scale[at]),
            "weight": float(final.glm.weights[at]),
        }
        for at, head in enumerate(made.heads)
    ]


def _accounts(made: Table, final: Fit, rows: Sequence[Creative]) -> dict[str, dict[str, Any]]:
    networks = {row.account: row.network for row in sorted(rows, key=lambda row: row.launched)}
    found: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(made.accounts_named):
        here = made.accounts == number
        n, y = made.impressions[here], made.shares[here]
        found[name] = {
            "network": networks[name],
            "prior": float(final.glm.accounts[number] + final.moved.apart[number]),
            "throughout": float(final.glm.accounts[number]),  # for a plain GLM, to be held against
            "creatives": len(n),
            "impressions": int(n.sum()),
            "clicks": int(made.clicks[here].sum()),
            "exposure": max(1, round(float(np.median(n)))),
            "own": float(share(final.own[number : number + 1])[0]),
            "typical": _middle_half(y, n / (1 + (n - 1) * final.rho)),
        }
    return found


def _middle_half(shares: Floats, weights: Floats) -> list[float]:
    """The quartiles of shares of which each counts by its weight."""
    order = np.argsort(shares, kind="stable")
    below = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return [float(one) for one in np.interp([0.25, 0.75], below, shares[order])]


def _importance(made: Table, final: Fit) -> list[dict[str, Any]]:
    """How far each feature or segment moves the log odds of what was learned from, on average; the most first."""
    asked = xgboost.DMatrix(made.raw, nthread=1)
    parts = final.booster.predict(asked, pred_contribs=True)[:, :-1].astype(np.float64)
    parts += final.lines(made, np.arange(len(made.raw))) * final.glm.weights
    found: dict[str, Floats] = {}
    for at, head in enumerate(made.heads):
        found[head.of] = found.get(head.of, np.zeros(len(parts))) + parts[:, at]
    mean = {name: float(np.abs(part).mean()) for name, part in found.items()}
    return [{"name": name, "effect": effect} for name, effect in sorted(mean.items(), key=lambda pair: -pair[1])]


def ripe(creatives: Sequence[Creative], now: datetime) -> list[Creative]:
    """Those that may be learned from, in an order that does not depend on how they came. Raises BadInput."""
    seen: set[str] = set()
    for one in creatives:
        _checked(one)
        if one.id in seen:
            raise BadInput(f"the creative {one.id[:80]!r} stands in the history twice; keep the latest of the two")
        seen.add(one.id)
    return sorted(
        (one for one in creatives if one.launched + RIPE <= now and one.impressions > 0), key=lambda one: one.id
    )


def enough(rows: Sequence[Creative]) -> None:
    """Raises NotEnough where there is too little to learn from."""
    if len(rows) < NEEDED:
        raise NotEnough(
            f"a model is learned from {NEEDED} creatives that have been out for {RIPE.days} days, and there are "
            f"{len(rows)}; post more, or import what was run before",
            have=len(rows),
            need=NEEDED,
        )
    clicks = sum(row.clicks for row in rows)
    if clicks < NEEDED_CLICKS:
        raise NotEnough(
            f"a model is learned from {NEEDED_CLICKS} clicks, and all creatives together have {clicks}; wait until "
            "they were shown more often, or import what was run before",
            have=clicks,
            need=NEEDED_CLICKS,
        )
    learned = max((len(learned) for learned, _ in rolling(rows, folds=FOLDS)), default=0)
    if learned < FEWEST:
        raise NotEnough(
            f"of {len(rows)} creatives only {learned} can be learned from before others are asked about: too many are "
            "near-duplicates of each other, or of the same days; post different ones, or wait",
            have=learned,
            need=FEWEST,
        )


def _checked(one: Creative) -> None:
    if one.launched.tzinfo is None:
        raise BadInput(f"the creative {one.id[:80]!r} has a launch without a time zone; give it in UTC")
    if not 0 <= one.clicks <= one.impressions <= MOST_IMPRESSIONS:
        raise BadInput(
            f"the creative {one.id[:80]!r} has clicks or impressions that cannot be; give counts from 0 to "
            f"{MOST_IMPRESSIONS}, and no more clicks than impressions"
        )
    for name, value in one.features.items():
        try:
            known(name, value)
        except BadInput as error:
            raise BadInput(f"of the creative {one.id[:80]!r}: {error}") from error


def _plain(row: Creative) -> list[object]:
    return [row.id, row.account, row.network, row.launched.isoformat(), row.impressions, row.clicks, row.group,
            dict(row.features), dict(row.segments)]  # fmt: skip


def _quantile(scores: Floats, coverage: float) -> float:
    """The conformal one: so that a next score lies at or below it as often as said (Vovk et al., 2005)."""
    place = min(len(scores), math.ceil((len(scores) + 1) * coverage))
    return float(np.sort(scores)[place - 1])
