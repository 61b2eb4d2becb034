"""What was counted of an experiment's arms: told by hand, or read from its posts and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from common.accounts.acting import Acting
from common.domain.codec import from_json, to_json
from common.domain.experiment import Counted, Experiment, Figures, Spending
from common.errors import BadInput, Conflict
from common.learning.experiments.kept import TRIES, every, opened, read
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Documents, Json, Snap, Update, Write

MOST_TOLD: Final = 200  # figures at once
_KEPT: Final = 20  # figures of one day that are kept beside the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody counted of an arm in a day."""

    arm: str
    date: date
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is counted, and what of it cannot be, in words. `blind`: days of which no more than the money is told."""

    figures: Figures
    blind: Spending = field(default_factory=dict)
    wrong: Sequence[str] = ()


def tell(acting: Acting, experiment: str, told: Sequence[Told]) -> int:
    """Keep figures, all or none of them; how many said something new. Raises BadInput with the row."""
    for _ in range(TRIES):
        snap = read(acting.documents, acting.tenant, experiment)
        plan = opened(snap)
        writes = _figures_written(acting, snap, plan, told)
        if not writes:
            return 0
        # The experiment's version sees to it that no arm was erased meanwhile: nobody would find its figures again.
        since = Update(snap.key, {"told": stamp(acting.clock.now())}, snap.version)
        try:
            acting.commit("experiments.tell", experiment, *writes, since, n=str(len(told)))
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
        if arm.erased:
            raise BadInput(f"{where}: what {one.arm} showed was erased; leave it out")
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


def known(documents: Documents, tenant: str, snap: Snap) -> Known:
    """What is counted of all arms since it began, as it is told now; nothing before."""
    if snap.body["started"] is None:
        return Known(figures={})
    plan, parent = opened(snap), f"tenants/{tenant}"
    first = parse(snap.body["started"]).date().isoformat()
    found: dict[str, dict[str, Counted]] = {}
    blind: dict[str, dict[str, int | None]] = {}
    wrong: list[str] = []
    for row in every(documents, "experiment_figures", parent, f"{snap.id}."):
        found.setdefault(row.body["date"], {})[row.body["arm"]] = from_json(Counted, row.body["counted"])
    drawn = [one.body for one in every(documents, "assignments", parent, f"{snap.id}.") if one.body["publication"]]
    for arm in plan.arms:
        posts = [*arm.publications, *(one["publication"] for one in drawn if one["arm"] == arm.name)]
        rows = [row for one in arm.campaigns for row in _of_campaign(documents, parent, one)]
        rows += [row for added in of_posts(documents, parent, posts).values() for row in added]
        since = [row for row in rows if row.day >= first]
        wrong += [f"{arm.name} on {row.day}: {row.wrong}" for row in since if row.wrong is not None]
        by_day: dict[str, list[Row]] = {}
        for each in since:
            by_day.setdefault(each.day, []).append(each)
        for day, of_it in by_day.items():
            counted = _summed(of_it)
            if isinstance(counted, Counted):
                found.setdefault(day, {})[arm.name] = counted
            else:
                blind.setdefault(day, {})[arm.name] = counted
    return Known(figures={day: found[day] for day in sorted(found)}, blind=blind, wrong=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A day of a post or a campaign. `micros`: what was spent, None where nobody says; `counted` None: that neither."""

    day: str
    micros: int | None
    counted: Counted | None
    wrong: str | None = None


def _row(day: str, shown: int | None, clicks: int | None, spent: int | None = None) -> Row:
    counted, wrong = None, None
    if shown is not None and clicks is not None:
        try:
            counted = Counted(impressions=shown, clicks=clicks, spend_micros=spent)
        except BadInput as error:
            wrong = str(error)
    micros = 0 if spent is None and shown == 0 else spent  # what was not shown costs nothing
    return Row(day=day, micros=micros, counted=counted, wrong=wrong)


def _of_campaign(documents: Documents, parent: str, campaign: str) -> list[Row]:
    rows = [row.body for row in every(documents, "campaign_metrics", parent, f"{campaign}.")]
    names = ("impressions", "clicks", "spend_micros")
    return [_row(row["date"], *(row["metrics"].get(name) for name in names)) for row in rows]


def of_posts(documents: Documents, parent: str, publications: Iterable[str]) -> dict[str, list[Row]]:
    """What was added to each, by day, since it came out; without those of which nothing is known."""
    names = list(dict.fromkeys(publications))
    there = documents.get_many([f"{parent}/publications/{one}" for one in names])
    found = {one: there[key] for one in names if (key := f"{parent}/publications/{one}") in there}
    out = {one: snap.body["published"] for one, snap in found.items() if snap.body.get("published") is not None}
    told = {one: _of_post(documents, parent, one, parse(at).date()) for one, at in out.items()}
    return {one: rows for one, rows in told.items() if rows}


def _of_post(documents: Documents, parent: str, publication: str, since: date) -> list[Row]:
    """Its platform tells what it has come to. The last word counts."""
    rows = [row.body for row in every(documents, "metrics", parent, f"{publication}.")]
    told = [(row["day"], row["metrics"].get("impressions"), row["metrics"].get("clicks")) for row in rows]
    known = sorted((day, shown, clicks) for day, shown, clicks in told if shown is not None and clicks is not None)
    steps: list[tuple[int, int, int]] = []  # day, and what was added in it
    for n, (day, _, _) in enumerate(known):
        shown, clicks = (min(row[at] for row in known[n:]) - sum(one[at] for one in steps) for at in (1, 2))
        steps.append((day, shown, clicks))
        while len(steps) > 1 and steps[-1][2] > steps[-1][1]:  # clicks that came home later than what was shown
            (_, *late), (before, *then) = steps.pop(), steps.pop()
            steps.append((before, then[0] + late[0], then[1] + late[1]))
    return [_row((since + timedelta(days=day)).isoformat(), shown, clicks) for day, shown, clicks in steps]


def _summed(rows: Sequence[Row]) -> Counted | int | None:
    """A day of all posts and campaigns of an arm. Where one of them is not told, no more than the money counts."""
    told = [row.micros for row in rows]
    spent = None if None in told else sum(one for one in told if one is not None)
    counted = [row.counted for row in rows if row.counted is not None]
    if len(counted) < len(rows):
        return spent
    shown, clicks = sum(one.impressions for one in counted), sum(one.clicks for one in counted)
    return Counted(impressions=shown, clicks=clicks, spend_micros=spent)


def _figures_key(tenant: str, experiment: str, arm: int, day: date) -> str:
    return f"tenants/{tenant}/experiment_figures/{experiment}.{arm:02}.{day.isoformat()}"
