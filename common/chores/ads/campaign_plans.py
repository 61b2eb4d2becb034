"""Planning a campaign: what is asked for against what may be spent, before anybody else hears of it.

`tenants/{t}/budgets/{channel}` holds what all campaigns of an ad account may cost a day together; without it there are
none. Whoever adds a campaign, or lets one run, writes to it, so that of two at once one looks again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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
    key = budget_key(tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    if snap is None:
        told = "nobody has said how much may be spent in this ad account"
        raise BadInput(f"{told}; PUT /v1/channels/{{channel}}/budget, as an owner", code="no_limit")
    if snap.body["currency"] != plan.currency:
        told = f"what may be spent is said in {snap.body['currency']}, and the budget is in {plan.currency}"
        raise BadInput(f"{told}; send it in the account's currency", code="currency")
    others = used(engine, tenant, channel, now, besides)
    most, wanted = snap.body["most_daily_micros"], daily(plan, now)
    if others + wanted > most:
        told = f"it would cost {wanted} micros of {plan.currency} a day beside {others} of others, the limit is {most}"
        raise BadInput(f"{told}; lower the budget, archive another campaign, or have an owner raise it", code="limit")
    return Update(key, {"touched": stamp(now)}, snap.version)


def used(engine: Engine, tenant: str, channel: str, now: datetime, besides: str | None = None) -> int:
    """Micros a day of the campaigns that cost something, or would if somebody let them run."""
    where = [Where("channel", "==", channel)]
    found = engine.documents.query("campaigns", where, parent=f"tenants/{tenant}", limit=MOST)
    if len(found) == MOST:
        raise BadInput(f"the account has {MOST} campaigns, as many as are looked through; erase old ones")
    alive = [one.body for one in found if _alive(one, besides)]
    return sum(one["a_day"] for one in alive if one["plan"]["end"] is None or parse(one["plan"]["end"]) > now)


def budget_key(tenant: str, channel: str) -> str:
    return f"tenants/{tenant}/budgets/{channel}"


def _alive(snap: Snap, besides: str | None) -> bool:
    return snap.body["step"] not in OVER and not snap.body["rehearsal"] and snap.id != besides


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
