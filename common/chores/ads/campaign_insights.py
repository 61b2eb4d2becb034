"""How a campaign does: counted by its network day by day, once a day, kept a row for each, until 28 days after its end.

`tenants/{t}/campaign_metrics/{campaign}.{date}` holds the last reading of a day of the account's clock, and what was
read of it before. Networks restate what they counted, so each reading is of all days. From the seventh day on, what it
came to is `tenants/{t}/outcomes/{campaign}` too, beside those of posts: by these the models learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from common.chores import learning
from common.chores.ads import campaigning
from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels
from common.chores.connections.channels import Held
from common.chores.posts import insights, posted
from common.chores.tools import Tools
from common.domain.campaign import Day, Plan
from common.domain.codec import from_json, to_json
from common.domain.learning import RIPE
from common.domain.publication import Metrics
from common.errors import Conflict, Later, Permanent, PlatformSaid, Unreachable
from common.learning.segments import stated
from common.ports.clock import stamp
from common.ports.documents import Json, Snap, Update
from common.ports.platforms import Wait

DAILY_S: Final = 86_400.0
PAUSE_S: Final = 3600.0
RESTATED: Final = timedelta(days=28)  # in which figures change still
VIEW: Final = "an impression of the ad, as its network counts it"
SUMMED: Final = ("impressions", "views", "clicks", "conversions", "spend_micros", "revenue_micros")


def run(tools: Tools, hold: Hold) -> End:
    key = campaigning.key_for(hold.tenant, hold.memo["campaign"])
    snap = tools.engine.documents.get_many([key]).get(key)
    if snap is None:
        return Done()
    now = tools.engine.clock.now()
    plan = from_json(Plan, snap.body["plan"])
    try:
        token = channels.opened(tools, hold.tenant, snap.body["channel"]).token
        ads = tools.ads(snap.body["network"])
        report = hold.memo.get("report")
        if report is None:
            hold.note(report=ads.report(token, snap.body["made"]["campaign"]))
            return Again(after_s=10.0)
        days = ads.days(token, report, plan.event)
    except Later as error:
        return Again(after_s=error.after_s)
    except (Held, PlatformSaid, Unreachable, Permanent) as error:
        hold.note({"left_out": [{"what": "insights", "why": str(error)}]}, report=None)
        return Again(after_s=getattr(error, "after_s", None) or PAUSE_S)
    if isinstance(days, Wait):
        return Again(after_s=days.after_s)
    for day in days:
        _kept(tools, hold.tenant, snap, day)
    _summed(tools, key, days, stamp(now))
    _joined(tools, hold.tenant, snap, plan, days)
    stopped = snap.body["step"] == "archived" or (plan.end is not None and plan.end < now)
    hold.note({"left_out": []}, report=None, stopped=(hold.memo.get("stopped") or stamp(now)) if stopped else None)
    if stopped and hold.memo["stopped"] < stamp(now - RESTATED):
        return Done(fields={"read": stamp(now)})
    return Again(after_s=DAILY_S, fields={"read": stamp(now)})


def total(days: Sequence[Day]) -> Metrics:
    """Of all days together. None where no day tells it; reach is of no sum, for people come back."""
    told: Json = {}
    for name in SUMMED:
        values = [value for day in days if (value := getattr(day.metrics, name)) is not None]
        told[name] = sum(values) if values else None
    told["currency"] = next((day.metrics.currency for day in days if day.metrics.currency), None)
    return Metrics(**told)


def _kept(tools: Tools, tenant: str, campaign: Snap, day: Day) -> None:
    whose = {name: campaign.body[name] for name in ("channel", "network", "clip", "flow", "asset")}
    row: Json = {"schema": 1, "campaign": campaign.id, **whose, "date": day.date}
    row |= {"as_of": stamp(tools.engine.clock.now()), "metrics": to_json(day.metrics), "actions": dict(day.actions)}
    row["raw"] = posted.short(dict(day.raw))
    insights.written(tools, f"tenants/{tenant}/campaign_metrics/{campaign.id}.{day.date}", row)


def _joined(tools: Tools, tenant: str, campaign: Snap, plan: Plan, days: Sequence[Day]) -> None:
    """Once it is ripe. Its days are those of the account's clock, and taken for those of UTC."""
    shown = sorted(day.date for day in days if day.metrics.impressions)
    if not shown:
        return
    now, launched = tools.engine.clock.now(), datetime.fromisoformat(shown[0]).replace(tzinfo=UTC)
    if now - launched < RIPE:
        return
    whose = {name: campaign.body[name] for name in ("channel", "network", "clip", "flow", "asset")}
    outcome: Json = {"schema": 1, "source": "campaign", "campaign": campaign.id, **whose, "account": whose["channel"]}
    outcome |= {"launched": stamp(launched), "published": stamp(launched), "slot": None, "day": (now - launched).days}
    outcome |= {"title": plan.headline or plan.name, "segments": stated(plan.audience), "as_of": stamp(now)}
    outcome |= {"predicted": campaign.body.get("predicted"), "metrics": to_json(total(days)), "view": VIEW}
    outcome |= {"first": shown[0], "last": shown[-1], "made": dict(campaign.body["made"])}
    insights.written(tools, f"tenants/{tenant}/outcomes/{campaign.id}", outcome)
    learning.begun(tools.engine, tenant)


def _summed(tools: Tools, key: str, days: Sequence[Day], now: str) -> None:
    """Beside what was foretold, in the campaign itself."""
    outcome: Json = {"as_of": now, "metrics": to_json(total(days))}
    while (snap := tools.engine.documents.get_many([key]).get(key)) is not None:
        try:
            tools.engine.documents.commit([Update(key, {"outcome": outcome}, snap.version)])
            return
        except Conflict:
            continue
