"""What a backtest comes to, in one sentence: better than the simple baselines, or not, and how far to rely on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Tone = Literal["good", "fair", "bad"]

WIDE: Final = 0.03  # by which coverage may fall short of what was promised before it is said
SURE: Final = 2.0  # standard errors that it must fall short by as well: of few creatives, chance takes more than WIDE
FEWEST: Final = 200  # creatives that were foretold, below which it is a hint alone
CALIBRATED: Final = (0.9, 1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`sentence` comes first; `more` says what else to mind."""

    tone: Tone
    sentence: str
    more: tuple[str, ...] = ()


def judged(backtest: Mapping[str, Any]) -> Verdict:
    """Of two the better may be so by chance: each gain is looked at with its interval of 95 %."""
    if "why_not" in backtest:
        return Verdict(tone="bad", sentence=f"Nothing can be said of how good it is: {backtest['why_not']}.")
    own, line = backtest["over"]["own mean"], backtest["over"]["glm"]
    if own["gain"] is None or line["gain"] is None:
        return Verdict(
            tone="bad",
            sentence="Nothing can be said: too few clicks came of what was foretold. Don't rely on it; import more.",
        )
    more = tuple(_more(backtest))
    if own["low"] <= 0:
        return Verdict(
            tone="bad",
            sentence=f"Not better than the account's own average: don't rely on it. It misses by {_said(own['gain'])}, "
            f"and by chance that may be anything from {_said(own['low'])} to {_said(own['high'])}; import more of the "
            "past, and train again.",
            more=more,
        )
    by = f"it misses by {percent(own['gain'])} less than the account's own average ({_between(own)})"
    kept = backtest["intervals"]
    holds = f"its intervals hold {10 * kept['covered']:.1f} of 10, and {10 * kept['said']:.0f} were promised"
    tone: Tone = "fair" if more else "good"
    if line["low"] > 0:
        sentence = (
            f"Better than the simple baselines: {by}, and by {percent(line['gain'])} less than a plain line through "
            f"the same facts ({_between(line)}); {holds}."
        )
    else:
        beside = "and about as good as a plain line through the same facts"
        if line["high"] < 0:
            tone, beside = "fair", "and worse than a plain line through the same facts, so it is no use beside that"
        sentence = f"Better than the account's own average, {beside}: {by}; {holds}."
    return Verdict(tone=tone, sentence=sentence, more=more)


def _more(backtest: Mapping[str, Any]) -> list[str]:
    found = []
    count = int(backtest["foretold"])
    if count < FEWEST:
        found.append(f"Only {count} creatives were foretold: take it for a hint. {FEWEST} are enough to judge by.")
    ratio = backtest["models"]["ours"]["calibration_ratio"]
    if ratio is not None and not CALIBRATED[0] <= ratio <= CALIBRATED[1]:
        found.append(
            f"It foretells {ratio:.2f} clicks for each that came: choose by it, and don't add up what it says."
        )
    said, covered = backtest["intervals"]["said"], backtest["intervals"]["covered"]
    if said - covered > max(WIDE, SURE * math.sqrt(said * (1 - said) / count)):
        found.append("Its intervals are too narrow: more falls outside of them than it says.")
    if later := max((int(one.get("ran_on") or 0) for one in backtest.get("slices", ())), default=0):
        found.append(
            f"Up to {later:,} creatives that it had learned from ran on after those it was asked about came out, and "
            "too few had ended by then: it knew of them what nobody knew yet, so it looks better here than it is."
        )
    if backtest["silent"]:
        found.append(f"It kept silent about {backtest['silent']} creatives of accounts with too little behind them.")
    return found


def percent(value: float | None) -> str:
    """Whole ones, but for what would then be all or nothing, and is not."""
    if value is None:
        return "–"
    whole = f"{value:.0%}"
    rest = min(abs(value), abs(1 - abs(value)))
    if whole.lstrip("-") not in ("0%", "100%") or not rest:
        return whole
    places = min(3, math.ceil(-math.log10(100 * rest)))
    return whole.lstrip("-") if 100 * rest < 0.0005 else f"{value:.{places}%}"


def _between(gain: Mapping[str, float]) -> str:
    return f"{percent(gain['low'])} to {percent(gain['high'])}"


def _said(share: float) -> str:
    return f"{percent(abs(share))} {'less' if share >= 0 else 'more'}"
