"""A calendar from a table: every row is looked at first, and only where all are right is any of them scheduled.

The table is an object; so is the plan of its rows with their times, once each was looked at. Then row after row becomes
a publication; who goes on after a death meets those that are there already. Table and plan are gone once it is through.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.posts import scheduling
from common.chores.posts.scheduling import Wanted
from common.chores.tools import Tools
from common.domain.calendar import instant
from common.domain.codec import dumps, loads, to_json
from common.errors import BadInput, Conflict, CutroomError, NotFound
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json

MOST_ROWS = 5000
MOST_ERRORS = 500  # that are told one by one
NEEDED = ("clip", "channel", "at")
COLUMNS = (*NEEDED, "title", "description", "hashtags", "link", "topic", "content", "priority", "late")
_LONGEST = {"title": 500, "description": 10_000, "hashtags": 2000, "link": 2000, "topic": 200, "content": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`line` of the table, from 1 with the header; `count`: of its fields."""

    line: int
    fields: dict[str, str]
    count: int


class Wrong(BadInput):
    """The table as a whole cannot be read."""


def key_of(tenant: str, name: str) -> str:
    return f"tenants/{tenant}/chores/calendar-{name}"


def planned(engine: Engine, tenant: str, name: str, table: str, by: str) -> Create:
    """The chore. Raises Wrong where the table as a whole is none."""
    read(table)
    kept = engine.objects.put_new(f"t/{tenant}/calendar/{name}.csv", table.encode())
    fields: Json = {"rows": None, "scheduled": 0, "wrong": [], "wrong_in_all": 0}
    return chore.created(engine, key_of(tenant, name), "calendar", by=by, memo={"table": kept.key}, fields=fields)


def read(table: str) -> list[Row]:
    """Comma, semicolon or tab between fields, whichever the header has most of; a mark at the beginning is no part."""
    table = table.removeprefix("\ufeff")
    header = table.partition("\n")[0]
    between = max(",;\t", key=header.count)
    try:
        lines = list(csv.reader(io.StringIO(table, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise Wrong(f"the table cannot be read ({error}); save it as CSV in UTF-8") from error
    names = [one.strip().lower() for one in lines[0]] if lines else []
    if missing := [one for one in NEEDED if one not in names]:
        raise Wrong(f"the table has no column {missing[0]}; its first line names {', '.join(COLUMNS)}")
    if strange := [one for one in names if one not in COLUMNS]:
        raise Wrong(f"there is no column {strange[0][:50]!r}; choose from {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise Wrong("a column is there twice; name each once")
    rows = [
        Row(line=n, fields=dict(zip(names, (one.strip() for one in line), strict=False)), count=len(line))
        for n, line in enumerate(lines[1:], 2)
        if any(one.strip() for one in line)
    ]
    if not rows:
        raise Wrong("the table has no rows below its first line; add one for each post")
    if len(rows) > MOST_ROWS:
        raise Wrong(f"the table has {len(rows)} rows; send at most {MOST_ROWS} at once")
    return rows


def run(tools: Tools, hold: Hold) -> End:
    engine = tools.engine
    if hold.memo.get("over"):
        return _forgotten(tools, hold)
    if (plan := hold.memo.get("plan")) is None:
        rows = read(engine.objects.get(hold.memo["table"]).decode())
        wanted, found = _looked_at(tools, hold, rows)
        if found:
            hold.note({"rows": len(rows), "wrong": found[:MOST_ERRORS], "wrong_in_all": len(found)}, over=True)
            return _forgotten(tools, hold)
        plan = engine.objects.put_new(_plan(hold), dumps(to_json(wanted))).key
        hold.note({"rows": len(rows)}, plan=plan)
    todo = loads(engine.objects.get(plan))
    at, wrong = int(hold.memo.get("at", 0)), list(hold.body["wrong"])
    for n, one in enumerate(todo[at:], at + 1):
        try:
            _scheduled(tools, hold, _wanted(one))
        except (BadInput, NotFound) as error:  # it was right a moment ago: its clip or channel went meanwhile
            wrong.append({"line": one.get("line", n + 1), "text": str(error)})  # plans of an earlier version have none
        if n % 25 == 0 or n == len(todo):
            told: Json = {"scheduled": n - len(wrong), "wrong": wrong[:MOST_ERRORS], "wrong_in_all": len(wrong)}
            hold.note(told, at=n)
            if hold.spent:
                return Again(fields=told)
    hold.note(over=True)
    return _forgotten(tools, hold)


def _forgotten(tools: Tools, hold: Hold) -> Done:
    """Its texts stand in its posts now, and go with them where those are erased: not so the table's."""
    for name in (hold.memo["table"], _plan(hold)):
        tools.engine.objects.delete(name)
    return Done()


def _plan(hold: Hold) -> str:
    return f"{hold.memo['table'].removesuffix('.csv')}.plan.json"


def _looked_at(tools: Tools, hold: Hold, rows: Sequence[Row]) -> tuple[list[Json], list[Json]]:
    """Each row with its time in UTC, and what is wrong in which line."""
    found: list[Json] = []
    wrong: list[Json] = []
    taken: dict[str, set[datetime]] = {}
    names = _channels(tools.engine, hold.tenant)
    for row in rows:
        hold.beat()
        try:
            one, zone = _read_row(row, names)
            wanted = _wanted({**one, "at": one["at"] if one["at"] == "next" else _time(one["at"], zone)})
            times = taken.setdefault(wanted.channel, set())
            made = scheduling.planned(tools.engine, hold.tenant, wanted, hold.body["by"], times)
            times.add(parse(made.body["slot"]))
            found.append({**one, "at": made.body["slot"], "line": row.line})
        except CutroomError as error:
            if error.retryable:
                raise
            wrong.append({"line": row.line, "text": str(error)})
    return found, wrong


def _read_row(row: Row, names: dict[str, list[tuple[str, str]]]) -> tuple[Json, str]:
    """Its fields, and the time zone of its channel."""
    fields = row.fields
    if row.count != len(fields):
        raise BadInput(f"it has {row.count} fields, not as many as the first line; quote what holds the separator")
    for name, most in _LONGEST.items():
        if len(fields.get(name, "")) > most:
            raise BadInput(f"{name} has {len(fields[name])} characters; at most {most} are taken")
    if missing := [name for name in NEEDED if not fields.get(name)]:
        raise BadInput(f"{missing[0]} is empty; fill it in")
    there = names.get(fields["channel"].lower(), [])
    if len(there) != 1:
        many = "more than one channel is" if there else "no channel is"
        raise BadInput(f"{many} called {fields['channel'][:80]!r}; write its id")
    channel, zone = there[0]
    priority, late = fields.get("priority") or "0", fields.get("late") or None
    if not (priority.isascii() and priority.isdecimal() and len(priority) == 1):
        raise BadInput(f"priority {priority[:20]!r} is none; write 0 to 9")
    if late not in (None, "publish", "hold"):
        raise BadInput(f"late {str(late)[:20]!r} is neither publish nor hold; write one of these")
    tags = fields.get("hashtags", "").replace("#", " ").replace(",", " ").split()
    told: Json = {"clip": fields["clip"], "channel": channel, "at": fields["at"].lower(), "late": late}
    told |= {name: fields.get(name) or None for name in ("title", "description", "link", "topic", "content")}
    if told["link"] is not None and not str(told["link"]).startswith(("https://", "http://")):
        raise BadInput("link is no address; begin it with https://")
    return {**told, "hashtags": tags or None, "priority": int(priority)}, zone


def _time(text: str, zone: str) -> str:
    if text == "now":
        raise BadInput("now is no time for a calendar; write one such as 2026-12-01 18:00")
    try:
        moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
        return stamp(parse(stamp(instant(moment, zone) if moment.tzinfo is None else _utc(moment))))
    except (ValueError, OverflowError) as error:
        raise BadInput(f"at {text[:40]!r} is no time; write it as 2026-12-01 18:00") from error


def _utc(moment: datetime) -> datetime:
    return moment - (moment.utcoffset() or moment - moment)


def _wanted(told: Json) -> Wanted:
    at: Any = told["at"] if told["at"] == "next" else parse(told["at"])
    tags = told["hashtags"]
    same = {
        name: told[name] for name in ("clip", "channel", "title", "description", "link", "topic", "priority", "late")
    }
    return Wanted(at=at, hashtags=None if tags is None else tuple(tags), kind=told["content"], **same)


def _channels(engine: Engine, tenant: str) -> dict[str, list[tuple[str, str]]]:
    """Ids and zones by what a channel may be called in a table: its id, name and handle."""
    found: dict[str, list[tuple[str, str]]] = {}
    for snap in engine.documents.query("channels", parent=f"tenants/{tenant}", limit=1000):
        if snap.body["state"] == "disconnected":
            continue
        for name in {snap.id, str(snap.body["name"]).lower(), str(snap.body.get("handle") or snap.id).lower()}:
            found.setdefault(name, []).append((snap.id, snap.body.get("timezone") or "UTC"))
    return found


def _scheduled(tools: Tools, hold: Hold, wanted: Wanted) -> None:
    """As it was planned; what has come in between is met, and its own earlier attempt too."""
    engine = tools.engine
    while True:
        made = scheduling.planned(engine, hold.tenant, wanted, hold.body["by"])
        if not made.writes:
            return
        try:
            engine.documents.commit(list(made.writes))
            return
        except Conflict:
            continue
