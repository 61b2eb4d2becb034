"""When arms are told apart, valid at every look, however often somebody looks and however the shares move.

Two arms are compared day by day: of the clicks that both had on a day, how many one had, given how often each was
shown. What a day is like (a holiday, a trend) falls out of it, and so does who was shown more. With a ratio r of their
click shares, clicks of the one out of both's are Binomial with odds r n_one / n_other. The likelihood of all days
under a mixture of ratios, by that under ratio r, is a test martingale if r is true (Robbins 1970; Johari et al.,
Always Valid Inference, 2022): it ever passes 1/alpha with chance alpha at most (Ville). The ratios that it has not
passed are the interval; arms are apart once that leaves 1 out.

At ratio 1 it is conservative without the approximation that clicks are rare: then clicks of the one are
hypergeometric, which is less spread than the binomial in convex order (Hoeffding 1963), and the likelihood is convex.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Final

from common.domain.experiment import Estimate, Experiment, Figures, Standing
from common.scoring.bandit.thompson import together

SPREAD: Final = 0.4  # of the logarithm of ratios in the mixture: two arms seldom differ by more than twice that
_GRID: Final = 101  # ratios of the mixture
_REACH: Final = 4.0  # spreads to each side
_FARTHEST: Final = 12.0  # logarithm of a ratio beyond which nobody looks
_MIXED: Final = (0.5, 0.5)  # of an arm's own interval: Beta

Day = tuple[int, int, int, int]  # impressions and clicks of the one, then of the other


def standing(experiment: Experiment, figures: Figures) -> Standing:
    """Who is beaten. Equal arms are ever told apart with chance `alpha` at most, all of them together."""
    names = experiment.names
    pairs = len(names) * (len(names) - 1) // 2
    below: dict[str, set[str]] = {name: set() for name in names}
    bar = math.log(pairs / experiment.rules.alpha)
    for one, other in combinations(names, 2):
        against, better = evidence(days(figures, one, other))
        if against >= bar and better:
            above, worse = (one, other) if better > 0 else (other, one)
            below[above].add(worse)
    beaten = _beaten(below)
    left = [name for name in names if name not in beaten]
    estimates = tuple(_estimate(figures, name, experiment.rules.alpha / len(names)) for name in names)
    best = left[0] if len(left) == 1 else None
    told = tuple(name for name in names if name in beaten)
    text = _words(best, told, estimates)
    if best is not None:
        text += _times(figures, best, estimates, experiment.rules.alpha / pairs)
    return Standing(best=best, beaten=told, estimates=estimates, text=text)


def _beaten(below: Mapping[str, set[str]]) -> set[str]:
    """Who is worse than an arm that none is better than, itself or by others between.

    Arms that were shown on different days can each be better than the next all round; none of those is beaten by it.
    """
    todo = [name for name in below if not any(name in worse for worse in below.values())]
    found: set[str] = set()
    while todo:
        fresh = below[todo.pop()] - found
        found |= fresh
        todo += fresh
    return found


def days(figures: Figures, one: str, other: str) -> list[Day]:
    """Those on which both were shown."""
    found = []
    for day in figures.values():
        if one in day and other in day:
            a, b = day[one], day[other]
            if a.impressions and b.impressions:
                found.append((a.impressions, a.clicks, b.impressions, b.clicks))
    return found


def evidence(seen: Sequence[Day]) -> tuple[float, float]:
    """Log of the evidence that the two are not alike, and the logarithm of how many times better the one is.

    Where they are alike, the evidence ever passes log(1 / alpha) with chance alpha at most.
    """
    pooled = _pooled(seen)
    if not pooled:
        return 0.0, 0.0
    return _mixture(pooled) - _likelihood(pooled, 0.0), _peak(pooled)


def ratio(seen: Sequence[Day], alpha: float) -> tuple[float, float]:
    """Between what the click share of the one is, as a multiple of the other's; 0 and infinity where nothing says."""
    pooled = _pooled(seen)
    if not pooled:
        return 0.0, math.inf
    bar = _mixture(pooled) + math.log(alpha)

    def over(log_ratio: float) -> bool:
        return _likelihood(pooled, log_ratio) > bar

    peak = _peak(pooled)
    if not over(peak):  # nothing in the mixture is as likely: cannot be for a peak within reach
        return 0.0, math.inf
    low = _edge(over, peak, -_FARTHEST)
    high = _edge(over, peak, _FARTHEST)
    return 0.0 if low <= -_FARTHEST else math.exp(low), math.inf if high >= _FARTHEST else math.exp(high)


def share(impressions: int, clicks: int, alpha: float) -> tuple[float, float]:
    """Between what an arm's clicks by impressions are, valid at every look while the arm stays as it is."""
    if not impressions:
        return 0.0, 1.0
    a, b = _MIXED
    missed = impressions - clicks
    bar = _log_beta(a + clicks, b + missed) - _log_beta(a, b) + math.log(alpha)

    def over(logit: float) -> bool:
        return clicks * -_softplus(-logit) + missed * -_softplus(logit) > bar

    mean = (clicks + a) / (impressions + a + b)
    peak = math.log(mean / (1 - mean))
    low, high = _edge(over, peak, -40.0), _edge(over, peak, 40.0)
    return (0.0 if not clicks else _expit(low)), (1.0 if not missed else _expit(high))


def _pooled(seen: Sequence[Day]) -> list[tuple[float, int, int]]:
    """Log odds of the showing, clicks of the one, clicks of both; days without a click say nothing."""
    return [(math.log(n / m), c, c + d) for n, c, m, d in seen if c + d]


def _likelihood(pooled: Sequence[tuple[float, int, int]], log_ratio: float) -> float:
    return math.fsum(c * (odds + log_ratio) - both * _softplus(odds + log_ratio) for odds, c, both in pooled)


def _mixture(pooled: Sequence[tuple[float, int, int]]) -> float:
    """Log of the mean likelihood over ratios whose logarithm is normal, on a grid: any weights that come to 1 do."""
    step = 2 * _REACH / (_GRID - 1)
    points = [-_REACH + n * step for n in range(_GRID)]
    weights = [math.exp(-0.5 * point * point) for point in points]
    total = math.fsum(weights)
    logs = [math.log(w / total) + _likelihood(pooled, SPREAD * point) for w, point in zip(weights, points, strict=True)]
    most = max(logs)
    return most + math.log(math.fsum(math.exp(one - most) for one in logs))


def _peak(pooled: Sequence[tuple[float, int, int]]) -> float:
    """Where the likelihood is highest: it has one top, so its slope is halved upon."""
    clicks = sum(c for _, c, _ in pooled)
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(45):
        middle = (low + high) / 2
        slope = clicks - math.fsum(both * _expit(odds + middle) for odds, _, both in pooled)
        low, high = (middle, high) if slope > 0 else (low, middle)
    return (low + high) / 2


def _edge(over: Callable[[float], bool], inside: float, far: float) -> float:
    """Where it ends on the way from inside to far."""
    if over(far):
        return far
    for _ in range(45):
        middle = (inside + far) / 2
        inside, far = (middle, far) if over(middle) else (inside, middle)
    return far


def _estimate(figures: Figures, name: str, alpha: float) -> Estimate:
    had = together(figures, name)
    low, high = share(had.impressions, had.clicks, alpha)
    return Estimate(arm=name, impressions=had.impressions, clicks=had.clicks, low=low, high=high)


def _words(best: str | None, beaten: Sequence[str], estimates: Sequence[Estimate]) -> str:
    shown = [one for one in estimates if one.impressions]
    if not shown:
        return "Nothing was counted yet."
    ranked = sorted(shown, key=lambda one: -one.clicks / one.impressions)
    told = ", ".join(f"{one.arm} {_per_hundred(one.low)} to {_per_hundred(one.high)}" for one in ranked)
    if best is not None:
        end = f"decided, {best} is the best, and that stays valid however often you look"
    elif beaten:
        end = f"{', '.join(beaten)} is beaten, the others are not told apart yet; look as often as you like"
    else:
        end = "not told apart yet; look as often as you like"
    return f"Clicks per 100 views: {told}: {end}."


def _times(figures: Figures, best: str, estimates: Sequence[Estimate], alpha: float) -> str:
    """How far ahead of the one behind it."""
    behind = [one for one in estimates if one.arm != best and one.impressions]
    if not behind:
        return ""
    second = max(behind, key=lambda one: one.clicks / one.impressions).arm
    low, high = ratio(days(figures, best, second), alpha)
    return f" On the same days {best} has {low:.2f} to {high:.2f} times the clicks of {second}."


def _per_hundred(share: float) -> str:
    return f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.3g}"


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _expit(x: float) -> float:
    return math.exp(-_softplus(-x))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
