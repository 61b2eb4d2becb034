"""One day of an experiment: from what was counted and the shares of now to the shares of the next day, or its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from common.domain.experiment import Experiment, Figures, Spending, Standing
from common.scoring.bandit import guardrails, stopping, thompson


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`state` after it; `why` for people; `standing` None where the counting is broken and nothing is said of it."""

    state: Literal["running", "frozen", "stopped", "decided"]
    shares: Mapping[str, float]
    why: str
    standing: Standing | None


def even(experiment: Experiment) -> dict[str, float]:
    """Where it begins."""
    return dict.fromkeys(experiment.names, 1 / len(experiment.names))


def ripe(experiment: Experiment, started: date, now: datetime) -> list[date]:
    """The whole days of it whose figures are moved on."""
    over = now - experiment.rules.ripe
    last = over.astimezone(UTC).date() - timedelta(days=1)  # the last day that was over by then
    return [started + timedelta(days=n) for n in range(max(0, (last - started).days + 1))]


def move(
    experiment: Experiment,
    figures: Figures,
    shares: Mapping[str, float],
    started: date,
    now: datetime,
    held: Mapping[str, Mapping[str, float]] | None = None,
    blind: Spending | None = None,
    wrong: Sequence[str] = (),
) -> Move:
    """What the figures say, within the rules. The same figures, shares and day give the same shares.

    `held`: the shares that held from a date on; None: those of now always did. `blind`: what days cost of which nobody
    tells views and clicks. `wrong`: what of the figures cannot be.
    """
    rules = experiment.rules
    spent = guardrails.spent(figures, blind or {})
    if full := guardrails.capped(rules, figures, blind or {}):
        return Move(state="stopped", shares=shares, why=full, standing=None)
    days = ripe(experiment, started, now)
    inside = {day.isoformat() for day in days}
    seen = {day: dict(counted) for day, counted in sorted(figures.items()) if day in inside}
    over = now >= datetime.combine(started, time(), UTC) + timedelta(days=rules.longest) + rules.ripe
    held_then = [_held(held, day, shares) for day in days]
    if broken := "; ".join(wrong[:3]) or guardrails.broken(experiment, spent, seen, days, held_then):
        if over:
            why = f"its {rules.longest} days are over, and its arms cannot be told apart: {broken}"
            return Move(state="stopped", shares=shares, why=why, standing=None)
        return Move(state="frozen", shares=shares, why=broken, standing=None)
    standing = stopping.standing(experiment, seen)
    if standing.best is not None:
        return Move(state="decided", shares=shares, why=standing.text, standing=standing)
    if over:
        why = f"after {rules.longest} days its arms are not told apart. {standing.text}"
        return Move(state="stopped", shares=shares, why=why, standing=standing)
    after = following(experiment, seen, shares, standing, days)
    return Move(state="running", shares=after, why=standing.text, standing=standing)


def _held(held: Mapping[str, Mapping[str, float]] | None, day: date, now: Mapping[str, float]) -> Mapping[str, float]:
    before = [one for one in held or () if one <= day.isoformat()]
    return held[max(before)] if held and before else now


def following(
    experiment: Experiment, seen: Figures, shares: Mapping[str, float], standing: Standing, days: list[date]
) -> dict[str, float]:
    """The next day's shares. `seen` are the figures of `days`, all ripe."""
    if not seen:
        return dict(shares)
    today = days[-1]
    known = thompson.beliefs(experiment.arms, seen, today, experiment.rules.gamma)
    open_ = {name: belief for name, belief in known.items() if name not in standing.beaten}
    wanted = thompson.shares(open_, f"{experiment.seed} {today}")
    waiting = guardrails.kept(experiment, seen)
    return guardrails.moved(shares, wanted, experiment.rules, kept=waiting, beaten=standing.beaten)
