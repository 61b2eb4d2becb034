"""What a made campaign may cost a day, brought about at its network: `wanted_daily_micros` of its document.

It is sent, read back, and believed once the network says so: then `a_day` and its plan have it. Whatever is wanted
still counts against what may be spent (common.chores.ads.campaign_plans). What stops a campaign goes first, and what
lets it run comes after: it never runs by more than is wanted.
"""

from __future__ import annotations

from typing import Final

from common.chores.ads import telling
from common.chores.chore import Again, Done, End, Hold
from common.chores.posts import posted
from common.chores.tools import Tools
from common.domain.campaign import Made
from common.domain.codec import from_json
from common.ports.ads import Ads
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json

SURE_S: Final = 60.0  # after which is looked again where a request that nobody answered may be done late
SET: Final = ("ready", "rejected", "review")  # steps in which a budget can be set


def due(body: Json) -> bool:
    wanted = body.get("wanted_daily_micros")
    return wanted is not None and body["step"] in SET and body.get("wanted") in (None, "active")


def brought(tools: Tools, hold: Hold, ads: Ads, token: str) -> End | None:
    """Set it, and believe the network's own word. None: it says another one. The same can be asked again."""
    wanted, plan = hold.body["wanted_daily_micros"], hold.body["plan"]
    made = from_json(Made, hold.body["made"])
    doubted, sure = bool(hold.memo.get("allotting")), hold.memo.get("sure_of") == wanted
    if not sure:
        hold.note(allotting=True)
        ads.allot(token, made, wanted, plan["currency"])
    there = ads.allotted(token, made, plan["currency"])
    if there != wanted:
        hold.note(sure_of=None)
        return None
    if doubted and not sure:
        hold.note(sure_of=wanted)  # an earlier request whose answer was lost may come late
        return Again(after_s=SURE_S)
    fields: Json = {"a_day": there, "plan": {**plan, "daily_micros": there}, "wanted_daily_micros": ABSENT}
    fields |= {"refused_daily": ABSENT, "error": ABSENT}
    hold.note(fields, tries=0, put_off=None, sure_of=None, allotting=None)
    return _on(hold, {})


def refused(tools: Tools, hold: Hold, text: str, raw: Json | None) -> End:
    """The network will not have it, for certain: it keeps the budget it has, and goes on."""
    wanted, plan = hold.body["wanted_daily_micros"], hold.body["plan"]
    told = f"its budget stays {plan['daily_micros'] / 1_000_000:,.2f} {plan['currency']} a day"
    why = f"{wanted / 1_000_000:,.2f} {plan['currency']} a day was refused, {told}: {text}"
    telling.tell(tools, hold, "failed", f"{telling.title(hold)}: {why}.")
    at = stamp(tools.engine.clock.now())
    hold.note(
        {"wanted_daily_micros": ABSENT, "refused_daily": {"micros": wanted, "text": text, "at": at}},
        tries=0,
        put_off=None,
        sure_of=None,
    )
    return _on(hold, {"error": {"code": "budget", "text": why, "action": "stop", "raw": posted.short(raw or {})}})


def _on(hold: Hold, fields: Json) -> End:
    """To what is left to do: a review, or to let it run."""
    more = hold.body["step"] == "review" or hold.body.get("wanted") is not None
    return Again(fields=fields) if more else Done(fields=fields)
