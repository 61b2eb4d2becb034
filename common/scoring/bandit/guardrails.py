"""What no figure can do: move a share too far, starve an arm too soon, spend over the cap, go on without sight."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from common.domain.experiment import Counted, Experiment, Figures, Rules, Spending
from common.errors import BadInput
from common.scoring.bandit.thompson import together

CHANCE: Final = 1e-5  # of no click at all in a day, below which the counting is taken to be broken
DELIVERED: Final = 500  # impressions of the others from which an arm that had none is taken to be broken
DUE: Final = 10  # of them by its share, below which it may have had none by chance
BLIND: Final = 7  # days without any figure, where arms are shown in turn
_ROUNDS = 80  # of halving: finer than a float


def moved(
    now: Mapping[str, float],
    wanted: Mapping[str, float],
    rules: Rules,
    *,
    kept: Collection[str] = (),
    beaten: Collection[str] = (),
) -> dict[str, float]:
    """The shares nearest to those wanted that the rules allow, from those of now. They come to 1.

    `kept`: arms that may not get less yet; `beaten`: those that need not have the floor any more. Raises BadInput
    where the shares of now are none.
    """
    if not math.isclose(sum(now.values()), 1, abs_tol=1e-6) or min(now.values()) < 0:
        raise BadInput("the shares of now do not come to 1; start the experiment anew")
    low, high = {}, {}
    for name, share in now.items():
        floor = 0.0 if name in beaten else min(rules.floor, share)
        low[name] = share if name in kept else max(floor, share - rules.step)
        high[name] = min(1.0, share + rules.step)
    goal = {name: _goal(wanted.get(name, 0.0), 0.0 if name in beaten else rules.floor) for name in now}
    under, over = -2.0, 2.0
    for _ in range(_ROUNDS):
        middle = (under + over) / 2
        total = sum(min(high[name], max(low[name], goal[name] + middle)) for name in now)
        under, over = (middle, over) if total < 1 else (under, middle)
    found = {name: min(high[name], max(low[name], goal[name] + over)) for name in now}
    return _whole(found, low, high)


def _goal(wanted: float, floor: float) -> float:
    return max(floor, wanted) if math.isfinite(wanted) else floor


def _whole(found: dict[str, float], low: Mapping[str, float], high: Mapping[str, float]) -> dict[str, float]:
    """What halving left over goes to an arm that has room for it."""
    left = 1.0 - math.fsum(found.values())
    for name, share in found.items():
        given = min(high[name], max(low[name], share + left))
        found[name], left = given, left - (given - share)
    return found


def kept(experiment: Experiment, figures: Figures) -> dict[str, str]:
    """Arms that may not get less yet, each with why."""
    rules, found = experiment.rules, {}
    for name in experiment.names:
        had = together(figures, name)
        if had.impressions < rules.least_impressions:
            found[name] = f"{name} has had {had.impressions} of the {rules.least_impressions} impressions it is due"
        elif rules.least_spend_micros and (had.spend_micros or 0) < rules.least_spend_micros:
            found[name] = f"{name} has had less money than it is due"
    return found


def allotted(shares: Mapping[str, float], a_day: int, cap: int | None, spent: int | None) -> dict[str, int]:
    """Micros for each arm of a day's budget. They never come to more than it, or than the cap leaves.

    Nothing is allotted under a cap where nobody knows what was spent, or by shares that are none.
    """
    most = max(0, a_day) if cap is None else 0 if spent is None else max(0, min(a_day, cap - spent))
    left, given = most, {}
    for name, share in shares.items():
        part = min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0
        given[name] = min(left, math.floor(most * part))
        left -= given[name]
    return given


def spent(figures: Figures, blind: Spending, arm: str | None = None) -> int | None:
    """Micros of all days, ripe or not, and of all arms or one; None where one that was shown does not tell it.

    `blind` is what days cost of which nobody tells views and clicks.
    """
    told = _told(figures, blind, arm)
    return None if None in told else sum(one for one in told if one is not None)


def capped(rules: Rules, figures: Figures, blind: Spending) -> str | None:
    """Why it must end: all is spent that may be, whatever was spent besides that nobody tells."""
    least = sum(one for one in _told(figures, blind) if one is not None)
    cap = rules.cap_micros
    return f"its cap of {cap / 1_000_000:,.2f} is spent" if cap is not None and least >= cap else None


def _told(figures: Figures, blind: Spending, arm: str | None = None) -> list[int | None]:
    shown = [
        {name: one.spend_micros for name, one in day.items() if one.impressions or one.spend_micros}
        for day in figures.values()
    ]
    return [micros for day in (*shown, *blind.values()) for name, micros in day.items() if arm in (None, name)]


def broken(
    experiment: Experiment,
    spent: int | None,
    figures: Figures,
    days: Sequence[date],
    held: Sequence[Mapping[str, float]],
) -> str | None:
    """Why no share may move: the counting looks broken. None: it looks whole.

    `spent` is of all days, for money is spent before figures are ripe; `figures` are those of `days`, all ripe, and
    `held` the shares of each of them: what has none is not shown, and not missed.
    """
    if experiment.rules.cap_micros is not None and spent is None:
        return "nobody tells what was spent, so the cap cannot be kept; send what each arm spent"
    for name in experiment.names:
        had = together(figures, name)
        rate = _rate_of_others(figures, experiment.names, name)
        expected = had.impressions * rate
        if not had.clicks and expected and math.exp(-expected) < CHANCE:
            seen = f"{name} was shown {had.impressions} times and clicked never, where others had {rate:.2%} clicks"
            return f"{seen}; look at its link and at what counts its clicks, then send the figures anew"
    return _together(experiment, figures, days, held) if experiment.shown == "together" else _in_turn(figures, days)


def _together(
    experiment: Experiment, figures: Figures, days: Sequence[date], held: Sequence[Mapping[str, float]]
) -> str | None:
    before = _Seen()
    for day, shares in zip(days, held, strict=True):
        there, last = figures.get(day.isoformat(), {}), day == days[-1]
        # Nobody can send what is read, or show anew what was not shown: an earlier day is not waited for.
        wanted = [arm.name for arm in experiment.arms if shares[arm.name] > 0 and (last or not arm.read)]
        if missing := [name for name in wanted if name not in there]:
            return f"there are no figures of {', '.join(missing)} for {day}; send them"
        shown = sum(one.impressions for one in there.values())
        clicked = sum(one.clicks for one in there.values())
        if not shown and last:
            return f"nothing was shown on {day}; look whether the arms run, then send the figures anew"
        if not clicked and math.exp(-shown * before.rate) < CHANCE:
            told = f"on {day} there were {shown} impressions and no click, where {before.rate:.2%} were clicked before"
            return f"{told}; look at what counts clicks, then send the figures anew"
        if last and (idle := _idle(there, shares, shown)):
            return f"{', '.join(idle)} was not shown on {day}, and others were; look whether it runs"
        before.add(shown, clicked)
    return None


def _idle(there: Mapping[str, Counted], shares: Mapping[str, float], shown: int) -> list[str]:
    """Arms that were not shown, and by their shares were due to be."""
    if shown < DELIVERED:
        return []
    return [name for name, one in there.items() if not one.impressions and shares[name] * shown >= DUE]


def _in_turn(figures: Figures, days: Sequence[date]) -> str | None:
    """An arm is not shown every day here: only that nothing at all comes any more says something."""
    if len(days) >= BLIND and not any((day.isoformat() in figures) for day in days[-BLIND:]):
        return f"no figures of any arm have come since {days[-BLIND]}; send them, or look whether the posts are out"
    return None


def _rate_of_others(figures: Figures, names: Sequence[str], but: str) -> float:
    others = [together(figures, name) for name in names if name != but]
    shown = sum(one.impressions for one in others)
    return sum(one.clicks for one in others) / shown if shown else 0.0


class _Seen:
    def __init__(self) -> None:
        self.shown = self.clicked = 0

    @property
    def rate(self) -> float:
        return self.clicked / self.shown if self.shown else 0.0

    def add(self, shown: int, clicked: int) -> None:
        self.shown += shown
        self.clicked += clicked
