"""report.html: what a model of clicks is worth, in one file that asks nothing of anybody."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from common.learning.report.verdict import Verdict, percent
from common.ports.documents import Json

MOST_ROWS: Final = 200  # creatives that are listed
SIDE: Final = 300  # of the curve, in units of its drawing
_HERE = Path(__file__).parent
NAMES: Final = {"own mean": "the account's own average", "glm": "a plain line (GLM)", "ours": "this model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`backtest`: as common.scoring.ctr.evaluating makes it, with or without its rows, or its `why_not`. `model`: its
    version, its state and what is known of it since, where it is not a trial alone. `titles`: of creatives, by id.
    """

    name: str
    made: datetime
    backtest: Mapping[str, Any]
    verdict: Verdict
    model: Mapping[str, Any] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def draw(facts: Facts) -> str:
    """The page as HTML text. All text of others goes through autoescaping."""
    backtest = facts.backtest
    tried = "why_not" not in backtest
    rows = sorted(backtest.get("rows", ()), key=lambda one: -one["impressions"])
    return _template().render(
        facts=facts,
        backtest=backtest,
        verdict=facts.verdict,
        style=(_HERE / "page.css").read_text(),
        names=NAMES,
        tried=tried,
        curve=_curve(backtest["reliability"]) if tried else None,
        thirds=_thirds(backtest["intervals"]) if tried else (),
        importance=_importance(backtest["importance"]) if tried else (),
        rows=[_row(one, facts.titles) for one in rows[:MOST_ROWS]],
        rows_in_all=len(rows),
        ours=backtest["models"]["ours"] if tried else None,
        seed=backtest["seed_targets"] if tried else None,
        side=SIDE,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = share
    environment.filters["percent"] = percent
    environment.filters["figure"] = lambda value, places=2: "–" if value is None else f"{value:.{places}f}"
    environment.filters["count"] = lambda value: "–" if value is None else f"{value:,}"
    return environment.get_template("page.html.j2")


def share(value: float | None) -> str:
    """A share of clicks in percent, of two digits that say something."""
    if value is None:
        return "–"
    places = 0 if value >= 0.1 else min(6, 1 - math.floor(math.log10(100 * value))) if value > 0 else 0
    return f"{100 * value:.{places}f}%"


def _curve(bins: Sequence[Mapping[str, Any]]) -> Json:
    """Where each tenth lies, foretold to the right and what came upwards; both from 0 to the same most."""
    most = max((max(one["foretold"], one["came"]) for one in bins), default=0.0) * 1.05 or 1.0
    points = [
        {
            "x": f"{SIDE * one['foretold'] / most:.1f}",
            "y": f"{SIDE - SIDE * one['came'] / most:.1f}",
            "text": f"{one['creatives']} creatives: {share(one['foretold'])} foretold, {share(one['came'])} came",
        }
        for one in bins
    ]
    ticks = [{"at": f"{SIDE * part:.0f}", "text": share(most * part)} for part in (0.25, 0.5, 0.75)]
    return {"points": points, "line": " ".join(f"{one['x']},{one['y']}" for one in points), "ticks": ticks}


def _thirds(intervals: Mapping[str, Any]) -> list[Json]:
    return [{"name": name, "covered": covered} for name, covered in intervals["by_third"].items()]


def _importance(told: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Those that do something, as parts of what the first does."""
    most = max((float(one["effect"]) for one in told), default=0.0)
    some = [one for one in told if most > 0 and one["effect"] >= most / 200][:12]
    return [{"name": str(one["name"]).replace("_", " "), "part": float(one["effect"]) / most} for one in some]


def _row(one: Mapping[str, Any], titles: Mapping[str, str]) -> Json:
    came = one["clicks"] / one["impressions"]
    return {
        "title": titles.get(one["id"], one["id"]),
        "account": one["account"],
        "launched": str(one["launched"])[:10],
        "impressions": one["impressions"],
        "clicks": one["clicks"],
        "came": share(came),
        "ours": share(one["ours"]),
        "low": share(one["low"]),
        "high": share(one["high"]),
        "band": one["band"],
        "held": one["low"] <= came <= one["high"],
    }
