"""Experiments that hand out money: each campaign's part of a day's budget, by the share of its arm.

That one does is settled when it is started, and kept as its `money`: the ad account, the currency, the least that the
account takes for a campaign, and its campaigns, each with its arm. A campaign's `experiment` says who moves its budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from common.domain import campaign as ads
from common.domain.experiment import OVER, Experiment
from common.errors import BadInput, NotFound
from common.ports.clock import parse
from common.ports.documents import Json, Snap
from common.scoring.bandit import handing

MADE: Final = ("ready", "review")
ENDS: Final = (
    "It lets no campaign run: that you do. Campaigns that run are paused when it ends: all of them when it is stopped, "
    "by you, by its cap or by its time; all but the best arm's when it is decided."
)


def hands_out(plan: Experiment) -> bool:
    """Whether it is to move its campaigns' budgets."""
    named = any(arm.campaigns for arm in plan.arms)
    return plan.shown == "together" and plan.rules.daily_micros is not None and named


def checked(plan: Experiment, there: Mapping[str, Json]) -> None:
    """Whether these can be its campaigns, by id, made or not. Raises BadInput saying what to change."""
    currencies = sorted({body["plan"]["currency"] for body in there.values() if "plan" in body})
    if len(currencies) > 1:
        told = f"its campaigns cost {' and '.join(currencies)}, which no sum and no cap can hold together"
        raise BadInput(f"{told}; name campaigns of one currency")
    if not hands_out(plan):
        return
    without = [arm.name for arm in plan.arms if not arm.campaigns and not arm.erased]
    if without:
        told = f"daily_micros is handed out to campaigns, and {', '.join(without)} has none"
        raise BadInput(f"{told}; name campaigns for every arm, or leave daily_micros out")
    named = [one for arm in plan.arms for one in arm.campaigns]
    if gone := [one for one in named if one not in there]:
        raise NotFound(f"there is no campaign {gone[0][:80]}; GET /v1/campaigns lists them")
    bodies = [there[one] for one in named]
    for body in bodies:
        name = body["plan"]["name"]
        if body["step"] in ads.OVER:
            raise BadInput(f"campaign {name} is {body['step']}; name one that can run")
        if body["plan"]["daily_micros"] is None:
            told = f"campaign {name} has a budget for its whole life, of which no part can be moved"
            raise BadInput(f"{told}; make one with a daily budget")
    if len({body["channel"] for body in bodies}) > 1:
        raise BadInput("its campaigns are not all of one ad account; money moves within one, so name such")


def terms(plan: Experiment, there: Mapping[str, Json], now: datetime) -> Json:
    """What is kept of it when it is started. Raises BadInput where a campaign cannot be handed anything."""
    checked(plan, there)
    for one, body in there.items():
        name = body["plan"]["name"]
        if body["step"] not in MADE:
            raise BadInput(f"campaign {name} is {body['step']}; start the experiment once it is ready")
        if ended(body, now):
            raise BadInput(f"the time of campaign {name} is over; name another one")
        if body.get("experiment") is not None:
            raise BadInput(f"experiment {body['experiment']} moves the budget of campaign {one}; stop that one first")
    (channel, currency) = next((body["channel"], body["plan"]["currency"]) for body in there.values())
    unit = ads.unit(currency)
    least = max(unit, *(_least(body, unit) for body in there.values()))
    daily = plan.rules.daily_micros or 0
    if least * len(there) > daily:
        told = f"the account takes {money(least, currency)} a day for a campaign at least, so {len(there)} of them"
        raise BadInput(f"{told} need {money(least * len(there), currency)}; raise daily_micros, or name fewer")
    named = {one: arm.name for arm in plan.arms for one in arm.campaigns}
    return {"channel": channel, "currency": currency, "least": least, "campaigns": named, "held": None}


def wanted(plan: Experiment, body: Json, alive: Iterable[str], spent: int | None) -> dict[str, int]:
    """Micros a day of each campaign that is alive, by the shares of now. Under a cap no more than it leaves beside what
    is `spent`, but for the least that each can have: once it is spent, all is over.
    """
    rules, least, living = plan.rules, body["money"]["least"], set(alive)
    if rules.cap_micros is not None and spent is None:
        return {}  # it freezes over that
    daily = rules.daily_micros or 0
    left = daily if rules.cap_micros is None or spent is None else rules.cap_micros - spent
    of = {arm.name: [one for one in arm.campaigns if one in living] for arm in plan.arms}
    most = min(daily, max(left, least * len(living)))
    found = {arm: of_it for arm, of_it in of.items() if of_it}
    return handing.handed(body["shares"], found, most, least, ads.unit(body["money"]["currency"]))


def words(snap: Snap, plan: Experiment, there: Mapping[str, Json]) -> str | None:
    """What becomes of money by it, for people, before it does. None where it says nothing of a day's money."""
    daily, body = plan.rules.daily_micros, snap.body
    if daily is None:
        return None
    terms: Json = body.get("money") or {}
    if not terms and (not hands_out(plan) or body["state"] != "draft"):
        return "Nothing changes a budget by itself: what each arm gets a day is what we recommend."
    if body["state"] == "draft":
        currency = next((one["plan"]["currency"] for one in there.values() if "plan" in one), "")
        return (
            f"Once it is started, {money(daily, currency)} a day at most are handed out to its campaigns by share. "
            f"The daily budgets they have are replaced at once, and changed again as shares move, once a day. {ENDS}"
        )
    if body["state"] in OVER:
        if being := [one for one, each in there.items() if _being_paused(each, snap.id)]:
            return f"Its campaigns are being paused: {', '.join(being)}."
        if body["state"] == "stopped":
            return "Its campaigns were paused, but for those that somebody let run since. Their budgets stay."
        return f"The campaigns of all arms but {body['best']} were paused; {body['best']} keeps the budget it has."
    currency = terms["currency"]
    told = [f"{money(daily, currency)} a day at most are handed out to its campaigns. {ENDS}"]
    if body["state"] == "frozen":
        told.append("It is frozen: budgets stay as they are.")
    told += [] if terms["held"] is None else [terms["held"]]
    for one, campaign in there.items():
        asked, refused = campaign.get("wanted_daily_micros"), campaign.get("refused_daily")
        whose = f"a day for {campaign['plan']['name']} ({one})"
        if campaign.get("experiment") == snap.id and asked is not None:
            told.append(f"Asked for: {money(asked, currency)} {whose}.")
        elif campaign.get("experiment") == snap.id and refused is not None:
            told.append(f"Refused: {money(refused['micros'], currency)} {whose}: {refused['text']}.")
    return " ".join(told)


def ended(body: Json, now: datetime) -> bool:
    return body["plan"]["end"] is not None and parse(body["plan"]["end"]) <= now


def money(micros: int, currency: str) -> str:
    return f"{micros / 1_000_000:,.2f} {currency}".rstrip()


def _being_paused(campaign: Json, experiment: str) -> bool:
    return campaign.get("experiment") == experiment or campaign.get("wanted") == "paused"


def _least(body: Json, unit: int) -> int:
    """What its account takes for a campaign a day, by what the network told when it was made."""
    told = str((body.get("account_told") or {}).get("min_daily_budget") or "0")
    return int(told) * unit if told.isascii() and told.isdigit() and len(told) < 16 else 0
