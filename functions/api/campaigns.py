"""Campaigns: clips shown for money. All of one is made paused; it runs once somebody lets it, within the budget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore
from common.chores.ads import campaign_plans, campaigning
from common.chores.connections import channels
from common.domain.campaign import PARTS, Audience, Button, Category, Delivery, Gender, Objective, Part, Plan, Step
from common.domain.clip import Aspect
from common.domain.codec import from_json
from common.errors import BadInput, Conflict, NotFound, Stale
from common.ports.calls import Answer as Said
from common.ports.calls import key_of
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Create, Json, Snap, Update, Where, Write
from functions.api.judgements import LeftOut
from functions.api.pages import Page, Time, held, page
from functions.api.publications import Address, Name, PublicationError
from functions.api.route import Answer, Ask, Shape, matching

Micros = Annotated[int, msgspec.Meta(ge=1, le=10**13, description="Millionths of the account's currency.")]
Currency = Annotated[str, matching(r"[A-Z]{3}", description="ISO 4217, as the ad account pays.")]
Country = Annotated[str, matching(r"[A-Z]{2}", description="ISO 3166-1.")]
Number = Annotated[str, matching(r"\d{1,20}", description="The network's own id.")]
Age = Annotated[int, msgspec.Meta(ge=13, le=65)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
Line = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Targeting(Shape):
    """Who is to see it. `age_max` 65 is 65 and more."""

    countries: Annotated[list[Country], msgspec.Meta(min_length=1, max_length=25)]
    age_min: Age = 18
    age_max: Age = 65
    gender: Gender = "all"
    interests: Annotated[list[Number], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)


class NewCampaign(Shape):
    """`channel` is an ad account, `page` a channel of Facebook, as which the ad is shown. One of the two budgets.
    `categories`: the special ones that the law or the network sets apart, or none. `validate_only`: make nothing.
    """

    clip: Name
    channel: Name
    page: Name
    name: Line
    objective: Objective
    categories: Annotated[list[Category], msgspec.Meta(min_length=1, max_length=5)]
    targeting: Targeting
    currency: Currency
    message: Text
    daily_micros: Micros | None = None
    lifetime_micros: Micros | None = None
    start: Time | None = None
    end: Time | None = None
    headline: Line | None = None
    link: Address | None = None
    button: Button = "LEARN_MORE"
    pixel: Number | None = None
    event: Annotated[str, matching(r"[A-Z_]{2,50}", description="Of the network, such as PURCHASE.")] | None = None
    beneficiary: Line | None = None
    payor: Line | None = None
    aspect: Aspect | None = None
    validate_only: bool = False


class CampaignParts(Shape):
    """What of it is there, by the network's ids."""

    video: str | None = None
    campaign: str | None = None
    adset: str | None = None
    creative: str | None = None
    ad: str | None = None


class CampaignReview(Shape):
    """What the network said of the ad; `effective` in its own word."""

    state: Literal["waiting", "passed", "rejected"]
    effective: str
    text: str | None
    as_of: str


class CampaignOutcome(Shape):
    as_of: str
    metrics: dict[str, int | str | None]


class Campaign(Shape):
    """`state` as docs/publishing.md draws it; `delivery`: what the network says it is set to, null while it is not
    made; `wanted`: what somebody asked for since. `doubt`: the part of which nobody knows whether it was made.
    `experiment`: what moves `daily_micros`, by `wanted_daily_micros`, until the network says that it is so.
    """

    id: str
    state: Step
    network: str
    channel: str
    page: str
    clip: str
    aspect: str
    name: str
    objective: Objective
    categories: list[Category]
    targeting: Targeting
    currency: str
    daily_micros: int | None
    lifetime_micros: int | None
    wanted_daily_micros: int | None
    experiment: str | None
    start: str | None
    end: str | None
    message: str
    headline: str | None
    link: str | None
    validate_only: bool
    made: CampaignParts
    doubt: Part | None
    delivery: Delivery | None
    wanted: Delivery | None
    review: CampaignReview | None
    predicted: dict[str, Any] | None
    outcome: CampaignOutcome | None
    by: str
    created: str
    error: PublicationError | None
    left_out: list[LeftOut]


class CampaignsPage(Shape):
    items: list[Campaign]
    next: str | None


class WantedCampaigns(Page):
    """Which, the last made first."""

    channel: Name | None = None
    state: Step | None = None


class CampaignStatus(Shape):
    """archived puts it away for good, and gives its budget back."""

    status: Delivery


class CampaignSettled(Shape):
    """What somebody saw in the ad account: the id of the part that nobody knew of, or null where it is not there and
    is to be made.
    """

    made: Number | None


class CampaignDay(Shape):
    """What was counted in a day of the account's clock; null is what the network does not tell. `rate`: link clicks by
    impressions. `history`: what was read of the same day before.
    """

    date: str
    as_of: str
    metrics: dict[str, int | str | None]
    rate: float | None
    actions: dict[str, float]
    history: list[dict[str, Any]]


class CampaignInsights(Shape):
    items: list[CampaignDay]
    predicted: dict[str, Any] | None
    outcome: CampaignOutcome | None


class NewBudget(Shape):
    most_daily_micros: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    currency: Currency


class Budget(Shape):
    """What all campaigns of an ad account may cost a day on average, and what those that are not over would."""

    most_daily_micros: int
    currency: str
    used_daily_micros: int


def create(ask: Ask) -> Answer:
    wanted: NewCampaign = ask.body
    engine = ask.parts.engine
    for _ in range(5):
        made = campaign_plans.planned(
            engine,
            ask.who.tenant,
            _plan(wanted),
            clip=wanted.clip,
            channel=wanted.channel,
            page=wanted.page,
            aspect=wanted.aspect,
            by=ask.who.subject,
            rehearsal=wanted.validate_only,
        )
        try:
            ask.acting.commit("campaigns.make", made.key.rsplit("/", 1)[1], *made.writes, channel=wanted.channel)
            break
        except Conflict:
            continue  # another campaign takes of the same budget
    else:
        raise Conflict("others take of the same budget at this moment; try again")
    chore.wake(engine, made.key, made.body)
    return Answer(body=shown(engine.documents.get_many([made.key])[made.key]))


def every(ask: Ask) -> Answer:
    wanted: WantedCampaigns = ask.query or WantedCampaigns()
    where = held(channel=wanted.channel, step=wanted.state)
    found, following = page(ask.parts.engine.documents, "campaigns", ask.parent, "created", wanted, where=where)
    return Answer(body=CampaignsPage(items=[shown(snap) for snap in found], next=following))


def one(ask: Ask) -> Answer:
    snap = _read(ask)
    return Answer(body=shown(snap), version=str(snap.version))


def status(ask: Ask) -> Answer:
    """Let it run, stop it, or put it away. Nothing else ever lets one run."""
    to: Delivery = ask.body.status

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        step, body = snap.body["step"], snap.body
        if step == "archived":
            raise BadInput("it is archived, for good; make another one")
        if body["delivery"] is None:
            raise BadInput(f"it is {step}, and not made yet; wait until it is ready")
        if to == "active" and step not in ("ready", "review"):
            raise BadInput(f"it is {step}; only what is ready can be let run")
        writes: list[Write] = []
        if to == "active":
            writes.append(_affordable(ask, snap))
        fields: Json = {"wanted": to, "step": "ready" if step == "review" else step, "error": ABSENT}
        return fields, writes

    return _changed(ask, "campaigns.status", changed, status=to)


def settle(ask: Ask) -> Answer:
    """A person says whether a part was made, where the network never did. It is never sent again by itself."""
    wanted: CampaignSettled = ask.body
    engine = ask.parts.engine
    snap = _read(ask)
    part: Part | None = snap.body["memo"].get("doubt")
    if snap.body["step"] != "unknown" or part is None:
        raise BadInput(f"it is {snap.body['step']}; only what is unknown can be settled")
    n = int(snap.body["memo"].get(f"n_{part}", 1))
    call = key_of(snap.key, f"{part}.{n}")

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        body = snap.body
        if body["step"] != "unknown" or body["memo"].get("doubt") != part:
            raise Conflict("it is being found out this moment; read it again")
        memo: Json = {**body["memo"], "doubt": None, "tries": 0}
        if wanted.made is None:
            return {"step": part, "memo": {**memo, f"n_{part}": n + 1}, "error": ABSENT}, []
        following = (*PARTS, "review")[PARTS.index(part) + 1]
        fields: Json = {"step": following, "made": {**body["made"], part: wanted.made}, "memo": memo, "error": ABSENT}
        return fields | ({"delivery": "paused"} if part == "ad" else {}), []

    answer = _changed(ask, "campaigns.settle", changed, part=part, made=str(wanted.made))
    if engine.documents.get_many([call])[call].body["state"] == "unknown":
        said = None if wanted.made is None else Said(body={"id": wanted.made}, remote_id=wanted.made)
        engine.calls.resolve(call, state="not_sent" if said is None else "done", answer=said)
    return answer


def insights(ask: Ask) -> Answer:
    """Day by day."""
    snap = _read(ask)
    where = [Where("campaign", "==", snap.id)]
    rows = ask.parts.engine.documents.query("campaign_metrics", where, parent=ask.parent, limit=1000)
    outcome = snap.body.get("outcome")
    return Answer(
        body=CampaignInsights(
            items=sorted((_day(row.body) for row in rows), key=lambda one: one.date),
            predicted=snap.body.get("predicted"),
            outcome=None if outcome is None else CampaignOutcome(**outcome),
        )
    )


def budget(ask: Ask) -> Answer:
    snap = ask.snap(campaign_plans.budget_key(ask.who.tenant, ask.path["channel"]))
    if snap is None:
        raise NotFound("nobody has said how much may be spent in this channel; PUT this address, as an owner")
    return Answer(body=_budget(ask, snap.body), version=str(snap.version))


def set_budget(ask: Ask) -> Answer:
    """What runs already is not stopped by a lower one; nothing is added above it."""
    wanted: NewBudget = ask.body
    name = ask.path["channel"]
    channel = ask.snap(channels.key_of(ask.who.tenant, name))
    if channel is None or channel.body["network"] != "meta-ads":
        raise NotFound(f"there is no ad account {name}; GET /v1/channels lists channels")
    key = campaign_plans.budget_key(ask.who.tenant, name)
    fields: Json = {"most_daily_micros": wanted.most_daily_micros, "currency": wanted.currency, "by": ask.who.subject}
    for _ in range(20):
        snap = ask.snap(key)
        if ask.if_match is not None and (snap is None or ask.if_match != str(snap.version)):
            raise Stale("the budget has changed; read it again, then decide")
        write: Write = Create(key, {"schema": 1, **fields}) if snap is None else Update(key, fields, snap.version)
        try:
            ask.acting.commit("campaigns.budget", name, write, most=str(wanted.most_daily_micros))
        except Conflict:
            continue
        return Answer(body=_budget(ask, fields))
    raise Conflict("the budget is changing this moment; try again")


def shown(snap: Snap) -> Campaign:
    body = snap.body
    plan, error, review = body["plan"], body.get("error"), body.get("review")
    same = ("network", "channel", "page", "clip", "aspect", "delivery", "by", "created")
    of_plan = ("name", "objective", "categories", "currency", "daily_micros", "lifetime_micros")
    more = ("start", "end", "message", "headline", "link")
    fields: dict[str, Any] = {name: body[name] for name in same} | {name: plan[name] for name in (*of_plan, *more)}
    known = None if error is None else {name: error.get(name) for name in PublicationError.__struct_fields__}
    return Campaign(
        id=snap.id,
        state=body["step"],
        targeting=Targeting(**plan["audience"]),
        validate_only=body["rehearsal"],
        made=CampaignParts(**body["made"]),
        doubt=body["memo"].get("doubt"),
        wanted=body.get("wanted"),
        wanted_daily_micros=body.get("wanted_daily_micros"),
        experiment=body.get("experiment"),
        review=None if review is None else CampaignReview(**review),
        predicted=body.get("predicted"),
        outcome=None if body.get("outcome") is None else CampaignOutcome(**body["outcome"]),
        error=None if known is None else PublicationError(**known),
        left_out=[LeftOut(**one) for one in body.get("left_out") or ()],
        **fields,
    )


def _affordable(ask: Ask, snap: Snap) -> Write:
    """Before it runs: its time is not over, and what may be spent is looked at again."""
    engine, plan = ask.parts.engine, from_json(Plan, snap.body["plan"])
    now = engine.clock.now()
    if plan.end is not None and plan.end <= now:
        raise BadInput("its time is over; make another one")
    return campaign_plans.within(engine, ask.who.tenant, snap.body["channel"], plan, now, besides=snap.id)


def _changed(ask: Ask, what: str, changed: Any, **detail: str) -> Answer:
    """What its holder writes meanwhile is no reason to refuse."""
    engine = ask.parts.engine
    for _ in range(20):
        snap = _read(ask)
        if snap.body["state"] == "running" and "due" in snap.body and chore.held(engine, snap):
            raise Conflict("the network is being asked this moment; try again")
        fields, writes = changed(snap)
        fields |= {"state": "queued", "due": stamp(engine.clock.now()), "wake": snap.body["wake"] + 1}
        try:
            ask.acting.commit(what, snap.id, Update(snap.key, fields, snap.version), *writes, **detail)
        except Conflict:
            continue
        chore.wake(engine, snap.key, {**snap.body, **fields})
        return one(ask)
    raise Conflict("it is changing this moment; try again")


def _read(ask: Ask) -> Snap:
    name = ask.path["campaign"]
    snap = ask.snap(campaigning.key_for(ask.who.tenant, name))
    if snap is None:
        raise NotFound(f"there is no campaign {name}; GET /v1/campaigns lists them")
    return snap


def _plan(wanted: NewCampaign) -> Plan:
    told = wanted.targeting
    same = ("name", "objective", "currency", "daily_micros", "lifetime_micros", "message", "headline", "link", "button")
    fields: dict[str, Any] = {name: getattr(wanted, name) for name in (*same, "pixel", "event", "beneficiary", "payor")}
    if not wanted.name.strip() or not wanted.message.strip():
        raise BadInput("name and message: one has nothing that can be seen; send them with letters")
    return Plan(
        categories=tuple(dict.fromkeys(wanted.categories)),
        audience=Audience(
            countries=tuple(told.countries),
            age_min=told.age_min,
            age_max=told.age_max,
            gender=told.gender,
            interests=tuple(told.interests),
        ),
        start=_utc(wanted.start),
        end=_utc(wanted.end),
        **fields,
    )


def _utc(at: datetime | None) -> datetime | None:
    """To the second, as the network takes it."""
    try:
        return None if at is None else at.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise BadInput("a time is between the years 1 and 9999; send such a one") from error


def _day(body: Json) -> CampaignDay:
    metrics = body["metrics"]
    seen, clicks = metrics.get("impressions"), metrics.get("clicks")
    rate = clicks / seen if seen and clicks is not None else None
    same = {name: body[name] for name in ("date", "as_of", "metrics", "actions", "history")}
    return CampaignDay(rate=rate, **same)


def _budget(ask: Ask, body: Json) -> Budget:
    engine, channel = ask.parts.engine, ask.path["channel"]
    used = campaign_plans.used(engine, ask.who.tenant, channel, engine.clock.now())
    return Budget(most_daily_micros=body["most_daily_micros"], currency=body["currency"], used_daily_micros=used)
