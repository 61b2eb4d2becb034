"""Planning a campaign: what is asked for against what may be spent, before anybody else hears of it.

`tenants/{t}/budgets/{channel}` holds what all campaigns of an ad account may cost a day together; without it there are
none. Whoever adds a campaign, or lets one run, writes to it, so that of two at once one looks again. In it are, too,
the `experiments` that hand out money there, each with what that is a day: theirs, whatever their campaigns have of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.chores import chore
from common.chores.connections import channels
from common.chores.posts import scheduling
from common.domain.campaign import OVER, Plan, checked, daily
from common.domain.clip import Aspect
from common.domain.codec import to_json
from common.domain.publication import KINDS
from common.errors import BadInput, NotFound
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Json, Snap, Update, Where, Write

MOST = 10_000  # campaigns of an account
RULES = KINDS["facebook"]  # whose check a file must have passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    key: str
    body: Json
    writes: Sequence[Write]


def planned(
    engine: Engine,
    tenant: str,
    plan: Plan,
    *,
    clip: str,
    channel: str,
    page: str,
    aspect: Aspect | None,
    by: str,
    rehearsal: bool,
) -> Planned:
    """Raises BadInput, NotFound saying what to do."""
    parent, now = f"tenants/{tenant}", engine.clock.now()
    clip_key, channel_key, page_key = (
        f"{parent}/clips/{clip}",
        channels.key_of(tenant, channel),
        channels.key_of(tenant, page),
    )
    there = engine.documents.get_many([clip_key, channel_key, page_key])
    if clip_key not in there:
        raise NotFound(f"there is no clip {clip[:80]}; GET /v1/clips lists them")
    account = _linked(there.get(channel_key), channel, "meta-ads", "an ad account")
    shown_by = _linked(there.get(page_key), page, "facebook", "a page, which the ad is shown as")
    checked(plan, now)
    decided, rules, chosen, video, _ = scheduling.finished(engine, tenant, there[clip_key], account, RULES, aspect)
    limit = within(engine, tenant, channel, plan, now)
    key = f"{parent}/campaigns/{secrets.token_hex(8)}"
    flow = clip.rpartition(".")[0]
    body: Json = {
        "network": account.body["network"],
        "channel": channel,
        "account": account.body["account"],
        "page": page,
        "page_account": shown_by.body["account"],
        "clip": clip,
        "flow": flow,
        "asset": flow.rpartition("-")[0],
        "aspect": chosen,
        "rules": rules.name,
        "step": "claimed",
        "rehearsal": rehearsal,
        "plan": to_json(plan),
        "a_day": daily(plan, now),
        "approved": decided,
        "predicted": scheduling.predicted(engine, tenant, there[clip_key], account, plan.audience),
        "video": to_json(video),
        "made": {},
        "delivery": None,
    }
    made = chore.created(engine, key, "campaign", by=by, memo={}, fields=body)
    return Planned(key=key, body=made.body, writes=[limit, made])


def within(engine: Engine, tenant: str, channel: str, plan: Plan, now: datetime, besides: str | None = None) -> Update:
    """The write that holds others off the budget meanwhile. `besides`: a campaign that is counted by `plan` itself."""
    snap = _limit(engine, tenant, channel, plan.currency)
    others = used(engine, tenant, channel, now, () if besides is None else (besides,))
    _allowed(snap, daily(plan, now), others)
    return Update(snap.key, {"touched": stamp(now)}, snap.version)


def reserved(
    engine: Engine, tenant: str, channel: str, currency: str, experiment: str, micros: int, own: Sequence[str]
) -> Update:
    """The write that sets a day's money aside for an experiment, in place of what its `own` campaigns have now."""
    snap = _limit(engine, tenant, channel, currency)
    _allowed(snap, micros, used(engine, tenant, channel, engine.clock.now(), own))
    return Update(snap.key, {"experiments": {**_reserved(snap), experiment: micros}}, snap.version)


def released(engine: Engine, tenant: str, channel: str, experiment: str) -> Update | None:
    """The write that gives it back; None where that is done."""
    key = budget_key(tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    if snap is None or experiment not in _reserved(snap):
        return None
    left = {one: micros for one, micros in _reserved(snap).items() if one != experiment}
    return Update(key, {"experiments": left}, snap.version)


def over(engine: Engine, tenant: str, channel: str) -> str | None:
    """Why nobody may raise a budget there, in words; None: all that is used is allowed."""
    key = budget_key(tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    most = 0 if snap is None else int(snap.body["most_daily_micros"])
    if (all_of_it := used(engine, tenant, channel, engine.clock.now())) <= most:
        return None
    told = (
        f"campaigns of the ad account may cost {all_of_it / 1_000_000:,.2f} a day, {most / 1_000_000:,.2f} is allowed"
    )
    return f"Budgets stay as they are: {told}; archive a campaign, or have an owner raise the limit."


def used(engine: Engine, tenant: str, channel: str, now: datetime, besides: Collection[str] = ()) -> int:
    """Micros a day of the campaigns that cost something, or would if somebody let them run, and of experiments."""
    where = [Where("channel", "==", channel)]
    found = engine.documents.query("campaigns", where, parent=f"tenants/{tenant}", limit=MOST)
    if len(found) == MOST:
        raise BadInput(f"the account has {MOST} campaigns, as many as are looked through; erase old ones")
    key = budget_key(tenant, channel)
    limit = engine.documents.get_many([key]).get(key)
    left = {} if limit is None else dict(_reserved(limit))
    total = 0
    for one in found:
        if not alive(one.body, now):
            continue
        whose = one.body.get("experiment")
        if one.id not in besides:
            total += cost(one.body)
        if whose in left:
            left[whose] -= cost(one.body)
    return total + sum(max(0, micros) for micros in left.values())


def cost(body: Json) -> int:
    """Micros a day, and more where more is asked for."""
    return max(int(body["a_day"]), int(body.get("wanted_daily_micros") or 0))


def alive(body: Json, now: datetime) -> bool:
    """Whether it can cost anything, now or once somebody lets it."""
    end = body["plan"]["end"]
    return body["step"] not in OVER and not body["rehearsal"] and (end is None or parse(end) > now)


def budget_key(tenant: str, channel: str) -> str:
    return f"tenants/{tenant}/budgets/{channel}"


def _limit(engine: Engine, tenant: str, channel: str, currency: str) -> Snap:
    key = budget_key(tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    if snap is None:
        told = "nobody has said how much may be spent in this ad account"
        raise BadInput(f"{told}; PUT /v1/channels/{{channel}}/budget, as an owner", code="no_limit")
    if snap.body["currency"] != currency:
        told = f"what may be spent is said in {snap.body['currency']}, and the budget is in {currency}"
        raise BadInput(f"{told}; send it in the account's currency", code="currency")
    return snap


def _allowed(limit: Snap, wanted: int, others: int) -> None:
    most, currency = limit.body["most_daily_micros"], limit.body["currency"]
    if others + wanted > most:
        told = f"it would cost {wanted} micros of {currency} a day beside {others} of others, the limit is {most}"
        raise BadInput(f"{told}; lower the budget, archive another campaign, or have an owner raise it", code="limit")


def _reserved(limit: Snap) -> Mapping[str, int]:
    """What experiments hand out there a day."""
    found: Mapping[str, int] = limit.body.get("experiments") or {}
    return found


def _linked(snap: Snap | None, channel: str, network: str, what: str) -> Snap:
    if snap is None or snap.body["state"] == "disconnected":
        raise NotFound(f"there is no channel {channel[:80]}; GET /v1/channels lists them")
    if snap.body["network"] != network:
        raise BadInput(f"channel {snap.body['name']} is of {snap.body['network']}; name {what}", code="account")
    if snap.body["state"] != "connected":
        raise BadInput(f"channel {snap.body['name']} is {snap.body['state']}; connect it again first", code="account")
    return snap


def running(engine: Engine, tenant: str, asset: str | None = None) -> str | None:
    """A campaign of an organisation, or of one asset, that spends money or is about to; None where there is none."""
    of = [] if asset is None else [Where("asset", "==", asset)]
    for snap in engine.documents.query("campaigns", of, parent=f"tenants/{tenant}", limit=1000):
        if "active" in (snap.body.get("delivery"), snap.body.get("wanted")):
            return snap.id
    return None
