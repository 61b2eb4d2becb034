"""How good shares were that somebody foretold, when it is known what came."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from common.scoring.ctr.glm import Floats

THIRDS: Final = ("least exposure", "middle", "most exposure")
LEAST_SHARE: Final = 1e-9
SURE_OF_CHANCE: Final = 0.1  # of the variance that its part by chance may stray by, and a ceiling is still told
SEED_TARGETS: Final = {"r2": 0.88, "rmse": 0.008, "mean_error": 0.003}


def deviances(q: Floats, clicks: Floats, impressions: Floats) -> Floats:
    """Binomial deviance of each row, in nats times two."""
    q = np.clip(q, LEAST_SHARE, 1 - LEAST_SHARE)
    missed = impressions - clicks
    with np.errstate(divide="ignore", invalid="ignore"):
        hit = np.where(clicks > 0, clicks * np.log(clicks / (impressions * q)), 0.0)
        miss = np.where(missed > 0, missed * np.log(missed / (impressions * (1 - q))), 0.0)
    found: Floats = 2 * (hit + miss)
    return found


def skill(q: Floats, than: Floats, clicks: Floats, impressions: Floats) -> float | None:
    """The part of the deviance of `than` that q takes away; below 0 it is worse. None where there is none to take."""
    other = float(deviances(than, clicks, impressions).sum())
    return 1 - float(deviances(q, clicks, impressions).sum()) / other if other > 0 else None


def ratio(q: Floats, clicks: Floats, impressions: Floats) -> float | None:
    """Foretold clicks over clicks; None where nobody clicked."""
    came = float(clicks.sum())
    return float((q * impressions).sum()) / came if came else None


def by_third(values: Floats, impressions: Floats) -> dict[str, float | None]:
    """The mean of values in each third of the rows by exposure."""
    order = np.argsort(impressions, kind="stable")
    parts = np.array_split(order, 3)
    return {name: float(values[part].mean()) if len(part) else None for name, part in zip(THIRDS, parts, strict=True)}


def seed_targets(q: Floats, tau: float, clicks: Floats, impressions: Floats) -> dict[str, Any]:
    """R2, RMSE and mean error on observed shares, each beside its target, and the R2 that the truth itself would get.

    The ceiling: an observed share strays from its true one by chance, q (1 - q) / n, and by what no feature holds,
    (tau q (1 - q))^2; what is left of its variance is all that anybody could explain. Where few were to click what was
    shown seldom, chance itself strays too far from what is expected of it for anybody to say.
    """
    shares = clicks / impressions
    variance = float(((shares - shares.mean()) ** 2).mean())
    spread = q * (1 - q)
    chance, unknowable = float((spread / impressions).mean()), float(((tau * spread) ** 2).mean())
    # How far the mean square of chance strays: by the fourth moment of a count of clicks.
    strays = float(np.sqrt((spread / impressions**3 + 2 * (spread / impressions) ** 2).sum())) / len(q)
    error = shares - q
    known = variance > 0 and strays <= SURE_OF_CHANCE * variance
    ceiling = max(0.0, 1 - (chance + unknowable) / variance) if known else None
    pure = max(0.0, 1 - chance / variance) if known else None
    return {
        "r2": 1 - float((error**2).mean()) / variance if variance > 0 else None,
        "rmse": float(np.sqrt((error**2).mean())),
        "mean_error": abs(float(error.mean())),
        "targets": dict(SEED_TARGETS),
        "r2_ceiling": ceiling,
        "r2_ceiling_of_chance": pure,
        "why": _why(variance, ceiling, pure),
    }


def _why(variance: float, ceiling: float | None, pure: float | None) -> str:
    if not variance > 0:
        return "all observed shares are the same, so there is nothing for R2 to explain."
    if ceiling is None or pure is None:
        return (
            "R2 is held against observed shares, and here a few creatives that were hardly shown decide it by chance: "
            "what R2 somebody who knew every true share would get cannot be told. Deviance, calibration and coverage "
            "take the chance into account, so they decide; R2 is only told."
        )
    return (
        "R2 is held against observed shares, and those stray by chance: somebody who knew every true share would get "
        f"about {pure:.2f} here, and about {ceiling:.2f} who knew all that can be known before launch. Deviance, "
        "calibration and coverage take the chance into account, so they decide; R2 is only told."
    )
