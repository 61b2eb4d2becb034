"""What was counted of an experiment's arms: told by hand, or read from its posts and campaigns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from common.accounts.acting import Acting
from common.domain.codec import from_json, to_json
from common.domain.experiment import Counted, Experiment, Figures
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


def tell(acting: Acting, experiment: str, told: Sequence[Told]) -> int:
    """Keep figures, all or none of them; how many said something new. Raises BadInput with the row."""
    for _ in range(TRIES):
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


def known(documents: Documents, tenant: str, snap: Snap) -> Figures:
    """What is counted of it, for reading; nothing before it began."""
    return {} if snap.body["started"] is None else figures(documents, tenant, snap)[0]


def figures(documents: Documents, tenant: str, snap: Snap) -> tuple[dict[str, dict[str, Counted]], list[str]]:
    """What is known of all arms since it began, by date, and what of it cannot be, in words."""
    plan, parent = opened(snap), f"tenants/{tenant}"
    first = parse(snap.body["started"]).date().isoformat()
    found: dict[str, dict[str, Counted]] = {}
    wrong: list[str] = []
    for row in every(documents, "experiment_figures", parent, f"{snap.id}."):
        found.setdefault(row.body["date"], {})[row.body["arm"]] = from_json(Counted, row.body["counted"])
    drawn = [one.body for one in every(documents, "assignments", parent, f"{snap.id}.") if one.body["publication"]]
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
    for row in every(documents, "campaign_metrics", parent, f"{campaign}."):
        told = row.body["metrics"]
        shown, clicks = told.get("impressions"), told.get("clicks")
        known = shown is not None and clicks is not None
        found[row.body["date"]] = (shown, clicks, told.get("spend_micros")) if known else None
    return found


def _of_post(documents: Documents, parent: str, publication: str) -> dict[str, _Row | None]:
    """What was added each day since it came out: its platform tells what it has come to. The last word counts."""
    key = f"{parent}/publications/{publication}"
    post = documents.get_many([key]).get(key)
    rows = [row.body for row in every(documents, "metrics", parent, f"{publication}.")]
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


def _figures_key(tenant: str, experiment: str, arm: int, day: date) -> str:
    return f"tenants/{tenant}/experiment_figures/{experiment}.{arm:02}.{day.isoformat()}"
