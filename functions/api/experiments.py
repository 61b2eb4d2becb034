"""Experiments: arms shown beside each other, each with its share of the showing, until they are told apart."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore, experimenting
from common.chores.ads import campaign_plans, handing, winding
from common.domain import experiment as domain
from common.domain.experiment import Arm, Counted, Experiment, Kind, Prior, Rules, Shown, State
from common.domain.learning import Silence
from common.errors import BadInput
from common.learning.experiments import counting, drawing, evaluating, kept, lifecycle, spending
from common.ports.documents import Json, Snap
from common.scoring.bandit import guardrails, thompson
from common.scoring.bandit.evaluating import Evaluated
from functions.api.pages import Page, held, page
from functions.api.publications import Name
from functions.api.route import Answer, Ask, Shape, matching

ArmName = Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,39}", description="Short, such as B.")]
Many = Annotated[list[Name], msgspec.Meta(max_length=20)]  # with all arms they stand in one document
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Money = Annotated[int, msgspec.Meta(ge=0, le=10**15, description="Millionths of the account's currency.")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ArmPrior(Shape):
    """Clicks by impressions that are expected, and how many impressions that belief is worth."""

    mean: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    strength: Annotated[float, msgspec.Meta(ge=domain.STRENGTH[0], le=domain.STRENGTH[1])]


class NewArm(Shape):
    """`campaigns` and `publications`: whose figures count for it; without them its figures are told. `prior`: left out,
    it is what the model of clicks says of `clip` in `account`, or what the arms together come to.
    """

    name: ArmName
    clip: Name | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    thumbnail: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    campaigns: Many = msgspec.field(default_factory=list)
    publications: Many = msgspec.field(default_factory=list)
    prior: ArmPrior | None = None


class ExperimentRules(Shape):
    """What no figure can move. `floor`: the least share of an arm that is not beaten; `step`: what a share moves a day
    at most; `least_impressions`, `least_spend_micros`: what an arm has had before it may get less; `cap_micros`: all
    that may be spent, after which it ends; `daily_micros`: what is handed out to the arms each day; `ripe_hours`: from
    the end of a day until its figures count; `longest_days`: after which it ends; `alpha`: the chance that equal arms
    are ever told apart.
    """

    floor: Annotated[float, msgspec.Meta(ge=0, le=0.08)] = 0.02
    step: Annotated[float, msgspec.Meta(gt=0, le=0.1)] = 0.1
    least_impressions: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 1000
    least_spend_micros: Money = 0
    cap_micros: Money | None = None
    daily_micros: Money | None = None
    ripe_hours: Annotated[int, msgspec.Meta(ge=0, le=672)] = 24
    longest_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 90
    alpha: Annotated[float, msgspec.Meta(gt=0, le=0.1)] = 0.05


class NewExperiment(Shape):
    """`shown`: together, every arm every day, as ads are; or in_turn, one to each slot, as posts are."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: Kind
    arms: Annotated[list[NewArm], msgspec.Meta(min_length=domain.FEWEST, max_length=domain.MOST)]
    shown: Shown = "in_turn"
    account: Name | None = None
    rules: ExperimentRules = msgspec.field(default_factory=ExperimentRules)


class ExperimentArm(Shape):
    """`share` of the showing now; `allotted`: micros of a day's budget by it; `budget`: what its campaigns may cost a
    day by their network's last word, null where no money is handed out. Clicks by impressions lie between `low` and
    `high`, however often somebody looks; null while nothing was counted. `spend_micros` null: nobody told. `erased`:
    its video is, and with it what was counted by posts.
    """

    name: str
    clip: str | None
    text: str | None
    thumbnail: str | None
    campaigns: list[str]
    publications: list[str]
    prior: ArmPrior | None
    share: float
    allotted_micros: int | None
    budget_micros: int | None
    impressions: int
    clicks: int
    spend_micros: int | None
    low: float | None
    high: float | None
    beaten: bool
    erased: bool


class ExperimentDay(Shape):
    """The shares that held from that day on."""

    date: str
    shares: dict[str, float]
    state: State
    why: str


class ExperimentSummary(Shape):
    """`why` is for people; `best` null until it is decided."""

    id: str
    name: str
    kind: Kind
    state: State
    why: str
    best: str | None
    shares: dict[str, float]
    by: str
    created: str
    started: str | None
    ended: str | None


class OneExperiment(ExperimentSummary):
    """`money`: what becomes of a day's money by it, for people, before it does; null where it says nothing of any."""

    shown: Shown
    rules: ExperimentRules
    arms: list[ExperimentArm]
    days: list[ExperimentDay]
    money: str | None


class Experiments(Shape):
    items: list[ExperimentSummary]
    next: str | None


class WantedExperiments(Page):
    """Which, the last made first."""

    state: State | None = None


class ArmFigures(Shape):
    """What was counted of an arm in a day, by UTC. Told again, the last word counts; those before are its history."""

    arm: ArmName
    day: date = msgspec.field(name="date")
    impressions: Count
    clicks: Count
    spend_micros: Money | None = None


class NewFigures(Shape):
    """All are kept, or none where one of them cannot be."""

    figures: Annotated[list[ArmFigures], msgspec.Meta(min_length=1, max_length=counting.MOST_TOLD)]


class KeptFigures(Shape):
    """`changed`: how many said something new."""

    changed: int


class NewAssignment(Shape):
    """`key` names what the arm is for, such as a slot; `publication`: the post that was made of it, now or later."""

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    publication: Name | None = None


class Assignment(Shape):
    """`propensity`: the chance that this arm had, by which it can be told later what another choice had brought."""

    key: str
    arm: str
    propensity: float
    at: str
    publication: str | None


class WantedEvaluation(Shape):
    """`choose`: the arm that every slot would have had; left out, all arms alike."""

    choose: ArmName | None = None


class EvaluationEstimate(Shape):
    """Clicks by view, or by slot, between `low` and `high` with 95 %. SNIPW: weighted clicks by weighted views; DR:
    what the model said of the arms, and how far it was off; IPW: weighted clicks by slot.
    """

    estimator: Literal["SNIPW", "DR", "IPW"]
    by: Literal["view", "slot"]
    value: float
    low: float
    high: float


class EvaluationLacks(Shape):
    """What there was too little, or too much, of."""

    have: int
    need: int
    of: str


class Evaluation(Shape):
    """`drawn` slots, `posted` of them with a post, `counted` ones with figures that another way could have had too;
    null where so few have a post that none was looked at. `had`: clicks by view of those. `worth`: as many slots of
    that choice as they are worth. Where they say too little `why` tells, there are no estimates, and `lacks` is what
    is lacking.
    """

    chances: dict[str, float]
    drawn: int
    posted: int
    counted: int | None
    had: float | None
    worth: float | None
    estimates: list[EvaluationEstimate]
    why: str | None
    lacks: EvaluationLacks | None


def create(ask: Ask) -> Answer:
    wanted: NewExperiment = ask.body
    rules = msgspec.structs.asdict(wanted.rules)
    ripe, longest = timedelta(hours=rules.pop("ripe_hours")), rules.pop("longest_days")
    made = Experiment(
        name=wanted.name,
        kind=wanted.kind,
        shown=wanted.shown,
        arms=tuple(_arm(one) for one in wanted.arms),
        seed=secrets.token_hex(16),
        rules=Rules(ripe=ripe, longest=longest, **rules),
    )
    return _one(ask, lifecycle.create(ask.acting, made, wanted.account))


def every(ask: Ask) -> Answer:
    wanted: WantedExperiments = ask.query or WantedExperiments()
    documents, where = ask.parts.engine.documents, held(state=wanted.state)
    found, following = page(documents, "experiments", ask.parent, "created", wanted, where=where)
    items = [ExperimentSummary(**_summary(snap)) for snap in found]
    return Answer(body=Experiments(items=items, next=following))


def one(ask: Ask) -> Answer:
    return _one(ask, ask.path["experiment"])


def start(ask: Ask) -> Answer:
    engine, name = ask.parts.engine, ask.path["experiment"]
    made = experimenting.planned(engine, ask.who.tenant, name, ask.who.subject)
    if lifecycle.start(ask.acting, name, made, partial(handing.begun, engine, ask.acting)):
        chore.wake(engine, made.key, made.body)
    return _one(ask, name)


def stop(ask: Ask) -> Answer:
    engine, tenant, name = ask.parts.engine, ask.who.tenant, ask.path["experiment"]
    lifecycle.stop(ask.acting, name, partial(winding.planned, engine, tenant, by=ask.who.subject))
    winding.hastened(engine, tenant, name)
    return _one(ask, name)


def figures(ask: Ask) -> Answer:
    wanted: NewFigures = ask.body
    name, told = ask.path["experiment"], [_told(n, one) for n, one in enumerate(wanted.figures, 1)]
    changed = counting.tell(ask.acting, name, told)
    if changed:
        chore.hasten(ask.parts.engine, experimenting.key_of(ask.who.tenant, name))
    return Answer(body=KeptFigures(changed=changed))


def assign(ask: Ask) -> Answer:
    wanted: NewAssignment = ask.body
    drawn = drawing.draw(ask.acting, ask.path["experiment"], wanted.key, wanted.publication)
    return Answer(body=_assignment(drawn))


def evaluation(ask: Ask) -> Answer:
    wanted: WantedEvaluation = ask.query or WantedEvaluation()
    engine, tenant = ask.parts.engine, ask.who.tenant
    snap = kept.read(engine.documents, tenant, ask.path["experiment"])
    told = evaluating.evaluate(engine.documents, engine.clock.now(), tenant, snap, wanted.choose)
    found, estimates = told.found, []
    if isinstance(found, Evaluated):
        names = EvaluationEstimate.__struct_fields__
        estimates = [EvaluationEstimate(**{name: getattr(one, name) for name in names}) for one in found.estimates]
    silent = found if isinstance(found, Silence) else None
    return Answer(
        body=Evaluation(
            chances=dict(told.wanted),
            drawn=told.drawn,
            posted=told.posted,
            counted=told.counted,
            had=None if isinstance(found, Silence) else found.had,
            worth=None if isinstance(found, Silence) else found.worth,
            estimates=estimates,
            why=None if silent is None else silent.why,
            lacks=None if silent is None else EvaluationLacks(have=silent.have, need=silent.need, of=silent.of),
        )
    )


def _one(ask: Ask, name: str) -> Answer:
    documents, tenant = ask.parts.engine.documents, ask.who.tenant
    snap = kept.read(documents, tenant, name)
    plan, known = kept.opened(snap), counting.known(documents, tenant, snap)
    rows = kept.allocations(documents, tenant, name)
    standing = snap.body["standing"] or {"beaten": [], "estimates": []}
    between = {one["arm"]: (one["low"], one["high"]) for one in standing["estimates"] if one["impressions"]}
    rules, shares = plan.rules, snap.body["shares"]
    spent = guardrails.spent(known.figures, known.blind)
    running = snap.body["state"] in ("running", "frozen") and rules.daily_micros is not None
    campaigns = _campaigns(ask, plan) if rules.daily_micros is not None else {}
    moves = snap.body.get("money") is not None and snap.body["state"] not in domain.OVER
    mine = {one: body for one, body in campaigns.items() if moves and body.get("experiment") == name}
    living = [one for one, body in mine.items() if campaign_plans.alive(body, ask.parts.engine.clock.now())]
    given = guardrails.allotted(shares, rules.daily_micros or 0, rules.cap_micros, spent) if running else {}
    if moves:
        by_campaign = spending.wanted(plan, snap.body, living, spent)
        given = {arm.name: sum(by_campaign.get(one, 0) for one in arm.campaigns) for arm in plan.arms}
    arms = []
    for arm in plan.arms:
        had = thompson.together(known.figures, arm.name)
        low, high = between.get(arm.name, (None, None))
        arms.append(
            ExperimentArm(
                name=arm.name,
                clip=arm.clip,
                text=arm.text,
                thumbnail=arm.thumbnail,
                campaigns=list(arm.campaigns),
                publications=list(arm.publications),
                prior=None if arm.prior is None else ArmPrior(mean=arm.prior.mean, strength=arm.prior.strength),
                share=shares[arm.name],
                allotted_micros=given.get(arm.name),
                budget_micros=sum(mine[one]["a_day"] for one in arm.campaigns if one in living) if moves else None,
                impressions=had.impressions,
                clicks=had.clicks,
                spend_micros=_spent(known, arm.name),
                low=low,
                high=high,
                beaten=arm.name in standing["beaten"],
                erased=arm.erased,
            )
        )
    same = {name: getattr(rules, name) for name in ExperimentRules.__struct_fields__ if hasattr(rules, name)}
    shown = ExperimentRules(**same, ripe_hours=int(rules.ripe.total_seconds() // 3600), longest_days=rules.longest)
    days = [ExperimentDay(**{name: row[name] for name in ExperimentDay.__struct_fields__}) for row in rows]
    money = spending.words(snap, plan, campaigns)
    body = OneExperiment(**_summary(snap), shown=plan.shown, rules=shown, arms=arms, days=days, money=money)
    return Answer(body=body, version=str(snap.version))


def _campaigns(ask: Ask, plan: Experiment) -> dict[str, Json]:
    found = handing.read(ask.parts.engine, ask.who.tenant, [one for arm in plan.arms for one in arm.campaigns])
    return {one: snap.body for one, snap in found.items()}


def _spent(known: counting.Known, arm: str) -> int | None:
    """Null where nobody tells, or has told yet."""
    told = [day[arm].spend_micros for day in known.figures.values() if arm in day]
    told += [day[arm] for day in known.blind.values() if arm in day]
    return None if set(told) <= {None} else guardrails.spent(known.figures, known.blind, arm)


def _summary(snap: Snap) -> dict[str, Any]:
    same = ("name", "kind", "state", "why", "best", "shares", "by", "created", "started", "ended")
    return {"id": snap.id} | {name: snap.body[name] for name in same}


def _arm(one: NewArm) -> Arm:
    return Arm(
        name=one.name,
        clip=one.clip,
        text=one.text,
        thumbnail=one.thumbnail,
        campaigns=tuple(one.campaigns),
        publications=tuple(one.publications),
        prior=None if one.prior is None else Prior(mean=one.prior.mean, strength=one.prior.strength),
    )


def _told(n: int, one: ArmFigures) -> counting.Told:
    try:
        counted = Counted(impressions=one.impressions, clicks=one.clicks, spend_micros=one.spend_micros)
    except BadInput as error:
        raise BadInput(f"row {n}: {error}") from error
    return counting.Told(arm=one.arm, date=one.day, counted=counted)


def _assignment(one: drawing.Drawn) -> Assignment:
    return Assignment(key=one.key, arm=one.arm, propensity=one.propensity, at=one.at, publication=one.publication)
