"""How a post does: read as it says in WHEN, kept a row for each day, and joined to what was foretold once it is ripe.

`tenants/{t}/metrics/{publication}.{day}` holds the last reading of a day since it came out, and what that day's reading
was before; `tenants/{t}/outcomes/{publication}` what it came to beside what had been foretold. A platform that does not
answer is asked again, for as long as there is a reading to come.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from common.chores import learning
from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels
from common.chores.connections.channels import Held
from common.chores.posts import posted
from common.chores.tools import Tools
from common.domain.codec import to_json
from common.errors import Conflict, Later, Permanent, PlatformSaid, Unreachable
from common.events import deliveries, log
from common.events.event import Data
from common.events.log import Happening
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json, Snap, Update, Write
from common.ports.platforms import Measured

HOURS: Final = (1, 3, 6, 12, 18)  # in which the first day is watched
DAYS: Final = range(1, 29)
WHEN: Final = tuple(timedelta(hours=one) for one in HOURS) + tuple(timedelta(days=one) for one in DAYS)
MARKS: Final = (1, 3, 7, 28)  # days that people are told of
RIPE: Final = (7, 28)  # days at which an outcome is joined, and joined again
PAUSE_S: Final = 3600.0
KEPT: Final = 20  # readings of one day that are kept beside the last
_BEFORE: Final = ("as_of", "metrics", "first", "last", "import")  # of them, where they are there


def run(tools: Tools, hold: Hold) -> End:
    where = f"tenants/{hold.tenant}/publications/{hold.memo['publication']}"
    snap = tools.engine.documents.get_many([where]).get(where)
    if snap is None or snap.body["step"] == "failed":  # it was taken, and is shown to nobody
        return Done()
    now, since = tools.engine.clock.now(), parse(hold.memo["published"])
    n = int(hold.memo.get("read", 0))
    passed = sum(1 for one in WHEN[n:] if since + one <= now)
    if not passed:
        return Again(after_s=(since + WHEN[n] - now).total_seconds())
    n += passed  # what a machine that was off has missed cannot be read any more
    if snap.body.get("remote") is None:
        if snap.body["step"] == "published" and "left_out" not in snap.body:  # what comes after a post is not over
            return Again(after_s=PAUSE_S)
        why = "the platform never said what the post is called there, so nothing of it can be read"
        return Done(fields={"left_out": [{"what": "insights", "why": why}]})
    try:
        channel = channels.opened(tools, hold.tenant, snap.body["channel"])
        platform = tools.platform(snap.body["network"])
        told = platform.measure(channel.token, channel.account, snap.body["remote"], since, now)
    except Later as error:
        return Again(after_s=error.after_s)
    except (Held, PlatformSaid, Unreachable, Permanent) as error:
        return _put_off(hold, error, since + WHEN[-1] < now)
    day = (now - since).days
    keep(tools, hold.tenant, snap, told, day)
    marked = WHEN[n - 1].days if WHEN[n - 1] >= timedelta(days=1) else 0
    if marked in MARKS:
        _tell(tools, hold, snap, marked, told)
    if n == len(WHEN):
        return Done(fields={"read": stamp(now)})
    hold.note({"read": stamp(now)}, read=n)
    return Again(after_s=(since + WHEN[n] - now).total_seconds())


def keep(tools: Tools, tenant: str, publication: Snap, told: Measured, day: int) -> None:
    """The row of a day, and from the seventh on the outcome; what was there before stays as its history."""
    now = stamp(tools.engine.clock.now())
    whose = {name: publication.body[name] for name in ("channel", "network", "clip", "flow", "asset")}
    metrics: Json = to_json(told.metrics)
    row: Json = {"schema": 1, "publication": publication.id, **whose, "day": day, "as_of": now, "metrics": metrics}
    row |= {"view": told.view, "raw": posted.short(told.raw)}
    written(tools, f"tenants/{tenant}/metrics/{publication.id}.{day:02}", row)
    if day >= RIPE[0]:
        outcome: Json = {"schema": 1, "source": "publication", "publication": publication.id, **whose}
        outcome |= {"day": day, "as_of": now}
        outcome |= {name: publication.body.get(name) for name in ("predicted", "published", "slot")}
        outcome |= {"metrics": metrics, "view": told.view}
        written(tools, f"tenants/{tenant}/outcomes/{publication.id}", outcome)
        learning.begun(tools.engine, tenant)


def written(tools: Tools, key: str, body: Json) -> None:
    """In the place of what is there, which goes into its history if it said something else."""
    while True:
        there = tools.engine.documents.get_many([key]).get(key)
        try:
            tools.engine.documents.commit([stated(key, body, there)])
            return
        except Conflict:
            continue


def stated(key: str, body: Json, there: Snap | None) -> Write:
    """The write that puts it there; what is there goes into its history if it said something else."""
    if there is None:
        return Create(key, {**body, "history": []})
    before = {name: there.body[name] for name in _BEFORE if name in there.body}
    same = there.body["metrics"] == body["metrics"]
    history: list[Any] = there.body["history"] if same else [*there.body["history"], before]
    return Update(key, {**body, "history": history[-KEPT:]}, there.version)


def _put_off(hold: Hold, error: Exception, over: bool) -> End:
    why = {"what": "insights", "why": str(error)}
    if over:
        return Done(fields={"left_out": [why]})
    hold.note({"left_out": [why]})
    return Again(after_s=getattr(error, "after_s", None) or PAUSE_S)


def _tell(tools: Tools, hold: Hold, snap: Snap, day: int, told: Measured) -> None:
    views = "not told" if told.metrics.views is None else f"{told.metrics.views:,}"
    title = snap.body["post"]["title"] or "A clip"
    data = Data(
        flow=snap.body["flow"],
        asset=snap.body["asset"],
        publication=snap.id,
        channel=snap.body["channel"],
        message=f"{title}: {views} views after {day} {'day' if day == 1 else 'days'}.",
    )
    engine = tools.engine
    happened = [Happening(type="metrics.update", data=data, which=[snap.id, str(day)])]
    rows = log.record(engine.documents, engine.clock, hold.tenant, happened)
    deliveries.wake_all(engine.wake, rows, engine.clock.now())
