"""Experiments as they are kept: what was asked for, what was counted, each day's shares, and what was drawn by them.

    tenants/{t}/experiments/{id}                    as asked for, its state, the shares of now, what is known
    tenants/{t}/experiment_figures/{id}.{n}.{date}  what was told of arm n in a day; what was told before is its history
    tenants/{t}/allocations/{id}.{date}             the shares that held from that day on, and why
    tenants/{t}/assignments/{id}.{digest}           an arm drawn for something, with the chance it had: its propensity

Figures of posts and campaigns are read from where they are kept (`metrics`, `campaign_metrics`), each time anew, so
that what was restated counts as it is now.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from common.accounts.acting import Acting
from common.domain.codec import digest, from_json, to_json
from common.domain.experiment import OVER, Arm, Counted, Experiment, Figures, Prior, State
from common.errors import BadInput, Conflict, NotFound, Stale
from common.events import log
from common.events.event import Data, Type
from common.events.log import Happening
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Write
from common.scoring.bandit import moving
from common.scoring.bandit.moving import Move

STRENGTH: Final = 75.0  # impressions that a model's word counts as
MOST_TOLD: Final = 200  # figures at once
_KEPT: Final = 20  # figures of one day that are kept beside the last
_PAGE: Final = 500
_TRIES: Final = 20
_EVENTS: Final[Mapping[str, Type]] = {
    "decided": "experiment.decided",
    "frozen": "experiment.frozen",
    "stopped": "experiment.stopped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody counted of an arm in a day."""

    arm: str
    date: date
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An arm for something that is shown once: `key` names it, `propensity` is the chance that the arm had."""

    key: str
    arm: str
    propensity: float
    at: str
    publication: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """After a daily look. `rows` are deliveries of what is told of it, due now."""

    state: State
    rows: Sequence[str] = ()


def key_of(tenant: str, experiment: str) -> str:
    return f"tenants/{tenant}/experiments/{experiment}"


def opened(snap: Snap) -> Experiment:
    return from_json(Experiment, snap.body["plan"])


def read(documents: Documents, tenant: str, experiment: str) -> Snap:
    key = key_of(tenant, experiment)
    snap = documents.get_many([key]).get(key)
    if snap is None:
        raise NotFound(f"there is no experiment {experiment[:80]}; GET /v1/experiments lists them")
    return snap


# --- made, begun, ended ---------------------------------------------------------------------------------------------


def create(acting: Acting, wanted: Experiment, account: str | None = None) -> str:
    """Keep it as a draft; its id. `account`: whose predictions of the arms' clips it begins from.

    Raises BadInput, NotFound.
    """
    documents, parent = acting.documents, f"tenants/{acting.tenant}"
    named = [f"{parent}/clips/{arm.clip}" for arm in wanted.arms if arm.clip]
    named += [f"{parent}/campaigns/{one}" for arm in wanted.arms for one in arm.campaigns]
    named += [f"{parent}/publications/{one}" for arm in wanted.arms for one in arm.publications]
    there = documents.get_many(named)
    for key in named:
        if key not in there:
            what, name = key.split("/")[-2:]
            raise NotFound(f"there is no {what[:-1]} {name[:80]}; GET /v1/{what} lists them")
    if wanted.kind == "clip" and any(arm.clip is None and not arm.read for arm in wanted.arms):
        raise BadInput("arms of clips name their clips; send clip for each")
    if wanted.kind == "title" and any(not (arm.text or "").strip() for arm in wanted.arms):
        raise BadInput("arms of titles have their titles; send text for each")
    arms = tuple(replace(arm, prior=arm.prior or _foretold(documents, parent, arm, account)) for arm in wanted.arms)
    name, now = secrets.token_hex(8), stamp(acting.clock.now())
    wanted = replace(wanted, arms=arms)
    body: Json = {"schema": 1, "name": wanted.name, "kind": wanted.kind, "state": "draft", "by": acting.subject}
    body |= {"created": now, "started": None, "ended": None, "moved": None, "best": None, "standing": None}
    body |= {"plan": to_json(wanted), "shares": moving.even(wanted), "why": "Not started yet; it begins even."}
    acting.commit("experiments.make", name, Create(f"{parent}/experiments/{name}", body), kind=wanted.kind)
    return name


def start(acting: Acting, experiment: str, chore: Create) -> bool:
    """Let it run, and with it the chore that looks daily. False where it runs already. Raises BadInput where over."""
    now = acting.clock.now()
    for _ in range(_TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        state = snap.body["state"]
        if state in OVER:
            raise BadInput(f"it is {state}; what is over is not started again, make another one")
        if state != "draft":
            return False
        today = now.date().isoformat()
        why = "It begins even; shares move once a day, from the first day whose figures are ripe."
        fields: Json = {"state": "running", "started": stamp(now), "moved": today, "why": why}
        row = _allocation(acting.tenant, experiment, today, {**snap.body, **fields})
        try:
            acting.commit("experiments.start", experiment, Update(snap.key, fields, snap.version), row, chore)
        except Conflict:
            continue
        return True
    raise Conflict("it is changing this moment; try again")


def stop(acting: Acting, experiment: str) -> None:
    """The kill switch: no arm is drawn any more, no share moves. Safe to call again."""
    for _ in range(_TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        if snap.body["state"] in OVER:
            return
        ended = stamp(acting.clock.now())
        fields: Json = {"state": "stopped", "ended": ended, "why": f"{acting.subject} stopped it."}
        try:
            acting.commit("experiments.stop", experiment, Update(snap.key, fields, snap.version))
        except Conflict:
            continue
        return
    raise Conflict("it is changing this moment; try again")


# --- what was counted -----------------------------------------------------------------------------------------------


def tell(acting: Acting, experiment: str, told: Sequence[Told]) -> int:
    """Keep figures, all or none of them; how many said something new. Raises BadInput with the row."""
    for _ in range(_TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        plan = opened(snap)
        writes = _figures_written(acting, snap, plan, told)
        if not writes:
            return 0
        try:
            acting.commit("experiments.tell", experiment, *writes, n=str(len(told)))
        except Conflict:
            continue
        return len(writes)
    raise Conflict("others send figures of it at this moment; try again")


def _figures_written(acting: Acting, snap: Snap, plan: Experiment, told: Sequence[Told]) -> list[Write]:
    if snap.body["started"] is None:
        raise BadInput("it is not started; start it, then send what was counted since")
    first, today = parse(snap.body["started"]).date(), acting.clock.now().date()
    keys: dict[str, Told] = {}
    for n, one in enumerate(told, 1):
        where = f"row {n}"
        if one.arm not in plan.names:
            raise BadInput(f"{where}: there is no arm {one.arm[:80]}; the arms are {', '.join(plan.names)}")
        arm = plan.arms[plan.names.index(one.arm)]
        if arm.read:
            raise BadInput(f"{where}: what {one.arm} comes to is read from its posts and campaigns; leave it out")
        if not first <= one.date <= today:
            raise BadInput(f"{where}: {one.date} is not a day of it, which are {first} to {today}; send such")
        key = _figures_key(acting.tenant, snap.id, plan.names.index(one.arm), one.date)
        if key in keys:
            raise BadInput(f"{where}: {one.arm} on {one.date} is there twice; send it once")
        keys[key] = one
    there = acting.documents.get_many(keys)
    now = stamp(acting.clock.now())
    writes: list[Write] = []
    for key, one in keys.items():
        counted: Json = to_json(one.counted)
        body: Json = {"schema": 1, "experiment": snap.id, "arm": one.arm, "date": one.date.isoformat()}
        body |= {"counted": counted, "as_of": now, "by": acting.subject}
        if key not in there:
            writes.append(Create(key, {**body, "history": []}))
        elif (before := there[key].body)["counted"] != counted:
            history = [*before["history"], {name: before[name] for name in ("as_of", "counted", "by")}]
            writes.append(Update(key, {**body, "history": history[-_KEPT:]}, there[key].version))
    return writes


def figures(documents: Documents, tenant: str, snap: Snap) -> tuple[dict[str, dict[str, Counted]], list[str]]:
    """What is known of all arms since it began, by date, and what of it cannot be, in words."""
    plan, parent = opened(snap), f"tenants/{tenant}"
    first = parse(snap.body["started"]).date().isoformat()
    found: dict[str, dict[str, Counted]] = {}
    wrong: list[str] = []
    for row in _all(documents, "experiment_figures", parent, f"{snap.id}."):
        found.setdefault(row.body["date"], {})[row.body["arm"]] = from_json(Counted, row.body["counted"])
    drawn = [one.body for one in _all(documents, "assignments", parent, f"{snap.id}.") if one.body["publication"]]
    for arm in plan.arms:
        posts = [*arm.publications, *(one["publication"] for one in drawn if one["arm"] == arm.name)]
        days = [_of_campaign(documents, parent, one) for one in arm.campaigns]
        days += [_of_post(documents, parent, one) for one in dict.fromkeys(posts)]
        for day, counted in _summed(days).items():
            if day < first:
                continue
            try:
                one = Counted(impressions=counted[0], clicks=counted[1], spend_micros=counted[2])
            except BadInput as error:
                wrong.append(f"{arm.name} on {day}: {error}")
            else:
                found.setdefault(day, {})[arm.name] = one
    return {day: found[day] for day in sorted(found)}, wrong


_Row = tuple[int, int, int | None]


def _of_campaign(documents: Documents, parent: str, campaign: str) -> dict[str, _Row | None]:
    found: dict[str, _Row | None] = {}
    for row in _all(documents, "campaign_metrics", parent, f"{campaign}."):
        told = row.body["metrics"]
        shown, clicks = told.get("impressions"), told.get("clicks")
        known = shown is not None and clicks is not None
        found[row.body["date"]] = (shown, clicks, told.get("spend_micros")) if known else None
    return found


def _of_post(documents: Documents, parent: str, publication: str) -> dict[str, _Row | None]:
    """What was added each day since it came out: its platform tells what it has come to. The last word counts."""
    key = f"{parent}/publications/{publication}"
    post = documents.get_many([key]).get(key)
    rows = [row.body for row in _all(documents, "metrics", parent, f"{publication}.")]
    told = [(row["day"], row["metrics"].get("impressions"), row["metrics"].get("clicks")) for row in rows]
    known = sorted((day, shown, clicks) for day, shown, clicks in told if shown is not None and clicks is not None)
    if post is None or post.body.get("published") is None or not known:
        return {}
    since = parse(post.body["published"]).date()
    steps: list[tuple[int, int, int]] = []  # day, and what was added in it
    for n, (day, _, _) in enumerate(known):
        shown, clicks = (min(row[at] for row in known[n:]) - sum(one[at] for one in steps) for at in (1, 2))
        steps.append((day, shown, clicks))
        while len(steps) > 1 and steps[-1][2] > steps[-1][1]:  # clicks that came home later than what was shown
            (_, *late), (before, *then) = steps.pop(), steps.pop()
            steps.append((before, then[0] + late[0], then[1] + late[1]))
    return {(since + timedelta(days=day)).isoformat(): (shown, clicks, None) for day, shown, clicks in steps}


def _summed(days: Iterable[Mapping[str, _Row | None]]) -> dict[str, _Row]:
    """Of all posts and campaigns of an arm. A day of which one of them is not told is not told."""
    found: dict[str, _Row] = {}
    unknown: set[str] = set()
    for one in days:
        for day, row in one.items():
            if row is None:
                unknown.add(day)
                continue
            shown, clicks, spent = found.get(day, (0, 0, 0))
            both = None if spent is None or row[2] is None else spent + row[2]
            found[day] = (shown + row[0], clicks + row[1], both)
    return {day: row for day, row in found.items() if day not in unknown}


# --- the daily look -------------------------------------------------------------------------------------------------


def look(documents: Documents, clock: Clock, tenant: str, experiment: str) -> Looked | None:
    """Move the shares where a day has ripened, freeze, stop or decide; None where it is gone. Safe to call again:
    a day moves them once.
    """
    for _ in range(_TRIES):
        key = key_of(tenant, experiment)
        snap = documents.get_many([key]).get(key)
        if snap is None:
            return None
        body = snap.body
        if body["state"] not in ("running", "frozen"):
            return Looked(state=body["state"])
        now = clock.now()
        fields, writes = _moved(tenant, snap, _move(documents, tenant, snap, now), now)
        if not fields:
            return Looked(state=body["state"])
        writes.insert(0, Update(key, fields, snap.version))
        state: State = fields["state"] if "state" in fields else body["state"]
        happened = [_happened(snap, state, fields["why"], now)] if state != body["state"] and state in _EVENTS else []
        try:
            return Looked(state=state, rows=log.record(documents, clock, tenant, happened, *writes))
        except Conflict:
            continue
    raise Conflict("the experiment is changing this moment; it is looked at again")


def _move(documents: Documents, tenant: str, snap: Snap, now: datetime) -> Move:
    counted, wrong = figures(documents, tenant, snap)
    if wrong:
        return Move(state="frozen", shares=snap.body["shares"], why="; ".join(wrong[:3]), standing=None)
    held = {row["date"]: row["shares"] for row in allocations(documents, tenant, snap.id)}
    return moving.move(opened(snap), counted, snap.body["shares"], parse(snap.body["started"]).date(), now, held)


def _moved(tenant: str, snap: Snap, after: Move, now: datetime) -> tuple[Json, list[Write]]:
    """What changes; nothing where all is as it was."""
    body, today = snap.body, now.astimezone(UTC).date().isoformat()
    fields: Json = {"state": after.state, "why": after.why}
    if after.standing is not None:
        fields |= {"standing": to_json(after.standing), "best": after.standing.best}
    if after.state in OVER:
        fields["ended"] = stamp(now)
    writes: list[Write] = []
    if body["moved"] < today and after.state in ("running", "frozen"):
        fields |= {"moved": today, "shares": dict(after.shares)}
        writes.append(_allocation(tenant, snap.id, today, {**body, **fields}))
    changed = {name: value for name, value in fields.items() if body.get(name) != value}
    return (changed | {"why": after.why} if changed else {}), writes


def _allocation(tenant: str, experiment: str, today: str, body: Mapping[str, object]) -> Create:
    row: Json = {"schema": 1, "experiment": experiment, "date": today}
    row |= {name: body[name] for name in ("shares", "state", "why")}
    return Create(f"tenants/{tenant}/allocations/{experiment}.{today}", row)


def _happened(snap: Snap, state: State, why: str, now: datetime) -> Happening:
    data = Data(experiment=snap.id, message=f"{snap.body['name']}: {why}")
    return Happening(type=_EVENTS[state], data=data, which=[snap.id, now.date().isoformat()])


# --- drawn by the shares --------------------------------------------------------------------------------------------


def draw(acting: Acting, experiment: str, key: str, publication: str | None = None) -> Drawn:
    """The arm for what `key` names, drawn once by the shares of now and the same ever after, with its propensity.

    `publication`: the post that was made of it, whose figures count for the arm from then on; named once, now or
    later. Raises BadInput, NotFound, Stale.
    """
    documents, parent = acting.documents, f"tenants/{acting.tenant}"
    where = f"{parent}/assignments/{experiment}.{digest(key, 32)}"
    for _ in range(_TRIES):
        snap = read(documents, acting.tenant, experiment)
        there = documents.get_many([where]).get(where)
        if publication is not None and (there is None or there.body["publication"] != publication):
            _free(documents, parent, snap, publication)
        if there is None:
            body = _drawn(snap, key, publication, stamp(acting.clock.now()))
            # The experiment's version sees to it that nothing is drawn by shares that are no more.
            writes: list[Write] = [Create(where, body), Update(snap.key, {"drawn": body["at"]}, snap.version)]
        else:
            body = dict(there.body)
            if publication is None or body["publication"] == publication:
                return _told(body)
            if body["publication"] is not None:
                raise Stale(f"{key[:80]} has a post already; draw by another key for another one")
            body["publication"] = publication
            writes = [Update(where, {"publication": publication}, there.version)]
        try:
            acting.commit("experiments.draw", experiment, *writes, key=key, arm=body["arm"])
        except Conflict:
            continue
        return _told(body)
    raise Conflict("others draw of it at this moment; try again")


def drawn(documents: Documents, tenant: str, experiment: str) -> list[Drawn]:
    """All that was drawn, as it was logged."""
    rows = _all(documents, "assignments", f"tenants/{tenant}", f"{experiment}.")
    return sorted((_told(row.body) for row in rows), key=lambda one: (one.at, one.key))


def allocations(documents: Documents, tenant: str, experiment: str) -> list[Json]:
    """The shares of each day that moved them, in order."""
    return [row.body for row in _all(documents, "allocations", f"tenants/{tenant}", f"{experiment}.")]


def _drawn(snap: Snap, key: str, publication: str | None, at: str) -> Json:
    body = snap.body
    if body["state"] == "decided":
        raise BadInput(f"it is decided: take {body['best']}")
    if body["state"] not in ("running", "frozen"):
        raise BadInput(f"it is {body['state']}; only from one that runs can be drawn")
    plan = opened(snap)
    chance = int(hashlib.sha256(f"{plan.seed} {key}".encode()).hexdigest()[:13], 16) / 16**13
    shares = {name: body["shares"][name] for name in plan.names}
    arm = _fallen(shares, chance)
    told: Json = {"schema": 1, "experiment": snap.id, "key": key, "arm": arm, "propensity": shares[arm]}
    return told | {"shares": shares, "at": at, "publication": publication}


def _fallen(shares: Mapping[str, float], chance: float) -> str:
    """On whom a chance from 0 to 1 falls; never on one without a share."""
    shown = [(name, share) for name, share in shares.items() if share > 0]
    for name, share in shown:
        if chance < share:
            return name
        chance -= share
    return shown[-1][0]


def _free(documents: Documents, parent: str, snap: Snap, publication: str) -> None:
    key = f"{parent}/publications/{publication}"
    if key not in documents.get_many([key]):
        raise NotFound(f"there is no publication {publication[:80]}; GET /v1/publications lists them")
    named = [one for arm in opened(snap).arms for one in arm.publications]
    named += [row.body["publication"] for row in _all(documents, "assignments", parent, f"{snap.id}.")]
    if publication in named:
        raise BadInput(f"{publication} counts for an arm already; name another post")


def _told(body: Mapping[str, object]) -> Drawn:
    return from_json(Drawn, {name: body[name] for name in ("key", "arm", "propensity", "at", "publication")})


# --- below ----------------------------------------------------------------------------------------------------------


def _foretold(documents: Documents, parent: str, arm: Arm, account: str | None) -> Prior | None:
    """What the model of clicks said of the arm's clip in an account; None where it said nothing."""
    if arm.clip is None or account is None:
        return None
    key = f"{parent}/predictions/{arm.clip}"
    snap = documents.get_many([key]).get(key)
    said = [] if snap is None else [one["prediction"] for one in snap.body["accounts"] if one["account"] == account]
    known = [one["value"] for one in said if one is not None and 0 < one["value"] < 1]
    return Prior(mean=known[0], strength=STRENGTH) if known else None


def _figures_key(tenant: str, experiment: str, arm: int, day: date) -> str:
    return f"tenants/{tenant}/experiment_figures/{experiment}.{arm:02}.{day.isoformat()}"


def _all(documents: Documents, collection: str, parent: str, begins: str) -> list[Snap]:
    found: list[Snap] = []
    after = ""
    while page := documents.named(collection, parent=parent, begins=begins, after=after, limit=_PAGE):
        found += page
        after = page[-1].id
    return found


def known(documents: Documents, tenant: str, snap: Snap) -> Figures:
    """What is counted of it, for reading; nothing before it began."""
    return {} if snap.body["started"] is None else figures(documents, tenant, snap)[0]
