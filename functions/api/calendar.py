"""The calendar: what goes out when, a channel's weekly times and pauses, its best times, and tables of many posts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from common.chores import chore
from common.chores.connections import channels
from common.chores.posts import bulk
from common.chores.posts.scheduling import slots_of
from common.domain.calendar import Pause, Slot, occurrences, pausing, zone_of
from common.domain.codec import from_json
from common.errors import BadInput, Conflict, NotFound, Stale
from common.ports.clock import parse, stamp
from common.ports.documents import Json, Snap, Update, Where
from common.scoring import times
from functions.api.pages import Time, span, told, utc
from functions.api.publications import Name, Priority, Publication, Short, shown
from functions.api.route import Answer, Ask, Shape, matching

LONGEST = timedelta(days=92)
FARTHEST = timedelta(days=3653)  # from today
MOST_SHOWN = 1000
USUAL = "18:00 by the channel's clock, on any day: nobody's measurement, a time when people are free"


class Weekly(Shape):
    """A time of each week by the channel's clock. `day` 0 is Monday."""

    day: Annotated[int, msgspec.Meta(ge=0, le=6)]
    time: Annotated[str, matching(r"([01]\d|2[0-3]):[0-5]\d")]
    topic: Short | None = None
    content: Short | None = None
    priority: Priority = 0


class Paused(Shape):
    """A period in which nothing can be scheduled; `end` is not in it."""

    start: Time
    end: Time
    why: Short


class NewTimes(Shape):
    slots: Annotated[list[Weekly], msgspec.Meta(max_length=200)]
    pauses: Annotated[list[Paused], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)


class GoodTime(Shape):
    """`group`: a weekday from 0, Monday, or the first hour of three. `lift`: times the views of an average post, with
    its 90 % interval.
    """

    group: int
    posts: int
    lift: float
    low: float
    high: float


class BestTimes(Shape):
    """Of this channel's own posts. `enough`: whether there are enough to say anything; if not, `usual` is all."""

    posts: int
    enough: bool
    needed: int
    days: list[GoodTime]
    stretches: list[GoodTime]
    usual: str


class Times(Shape):
    timezone: str
    slots: list[Weekly]
    pauses: list[Paused]
    best: BestTimes


class CalendarEntry(Shape):
    """A post, or a weekly time that is free. `paused`: why nothing goes out then."""

    at: str
    channel: str
    topic: str | None
    content: str | None
    priority: int
    paused: str | None
    publication: Publication | None


class Calendar(Shape):
    """`more`: there are more posts than are shown; ask for a shorter time."""

    items: list[CalendarEntry]
    more: bool


class WantedCalendar(Shape):
    """From now on for four weeks, unless told otherwise; three months at most."""

    since: Time | None = None
    until: Time | None = None
    channel: Name | None = None


class NewTable(Shape):
    """A CSV table: clip, channel and at in each row, and what POST /v1/publications takes besides."""

    table: Annotated[str, msgspec.Meta(min_length=1, max_length=900_000)]


class WrongRow(Shape):
    line: int
    text: str


class CalendarTable(Shape):
    """`state` done with nothing wrong: all rows are scheduled; with `wrong`: none was, or those alone were not."""

    id: str
    state: str
    rows: int | None
    scheduled: int
    wrong: list[WrongRow]
    wrong_in_all: int


def every(ask: Ask) -> Answer:
    wanted: WantedCalendar = ask.query or WantedCalendar()
    now = ask.parts.engine.clock.now()
    start = now if wanted.since is None else utc(wanted.since)
    if abs(start - now) > FARTHEST:
        raise BadInput("ask for a time within ten years of today")
    end = start + timedelta(weeks=4) if wanted.until is None else utc(wanted.until)
    if not timedelta() < end - start <= LONGEST:
        raise BadInput("ask for a time of up to three months, its end after its beginning")
    documents = ask.parts.engine.documents
    where = [*([Where("channel", "==", wanted.channel)] if wanted.channel else []), *span("slot", start, end)]
    posts = documents.query("publications", where, parent=ask.parent, order="slot", limit=MOST_SHOWN + 1)
    found = [_post(snap) for snap in posts[:MOST_SHOWN] if snap.body["step"] != "cancelled"]
    taken = {(one.channel, one.at) for one in found}
    for snap in _channels(ask, wanted.channel):
        slots, pauses = slots_of(snap.body)
        for at, slot in occurrences(slots, snap.body.get("timezone") or "UTC", start, end):
            if (snap.id, stamp(at)) not in taken:
                found.append(_free(snap.id, at, slot, pausing(at, pauses)))
    found.sort(key=lambda one: (one.at, -one.priority, one.channel))
    return Answer(body=Calendar(items=found, more=len(posts) > MOST_SHOWN))


def times_of(ask: Ask) -> Answer:
    snap = _channel(ask, ask.path["channel"])
    return Answer(body=_times(ask, snap), version=str(snap.version))


def set_times(ask: Ask) -> Answer:
    """All of them anew. What is scheduled stays where it is."""
    wanted: NewTimes = ask.body
    snap = _channel(ask, ask.path["channel"])
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"channel {snap.id} has changed; read it again, then decide")
    if len({(one.day, one.time) for one in wanted.slots}) < len(wanted.slots):
        raise BadInput("a time is there twice; name each once")
    for one in wanted.pauses:
        if one.start >= one.end:
            raise BadInput("a pause ends before it begins; send its end after its beginning")
    slots = [{"kind" if name == "content" else name: value for name, value in _plain(one)} for one in wanted.slots]
    pauses = [{"start": told(one.start), "end": told(one.end), "why": one.why} for one in wanted.pauses]
    try:
        ask.acting.commit("channels.times", snap.id, Update(snap.key, {"slots": slots, "pauses": pauses}, snap.version))
    except Conflict:
        raise Stale(f"channel {snap.id} has changed this moment; read it again, then decide") from None
    return times_of(ask)


def bring(ask: Ask) -> Answer:
    """All rows are looked at, then all are scheduled or none; GET /v1/calendar/tables/{table} says how far that is."""
    name = secrets.token_hex(8)
    made = bulk.planned(ask.parts.engine, ask.who.tenant, name, ask.body.table, ask.who.subject)
    ask.acting.commit("calendar.table", name, made)
    chore.wake(ask.parts.engine, made.key, made.body)
    return Answer(body=_table(name, made.body))


def table(ask: Ask) -> Answer:
    name = ask.path["table"]
    snap = ask.snap(bulk.key_of(ask.who.tenant, name))
    if snap is None:
        raise NotFound(f"there is no table {name}; POST /v1/calendar/tables brings one")
    return Answer(body=_table(name, snap.body))


def _plain(one: Weekly) -> list[tuple[str, Any]]:
    return list(msgspec.structs.asdict(one).items())


def _times(ask: Ask, snap: Snap) -> Times:
    slots, pauses = slots_of(snap.body)
    shown_slots = [
        Weekly(day=one.day, time=one.time, topic=one.topic, content=one.kind, priority=one.priority) for one in slots
    ]
    zone = snap.body.get("timezone") or "UTC"
    return Times(
        timezone=zone,
        slots=shown_slots,
        pauses=[Paused(start=one.start, end=one.end, why=one.why) for one in pauses],
        best=_best(ask, snap.id, zone),
    )


def _best(ask: Ask, channel: str, zone: str) -> BestTimes:
    mine = [Where("channel", "==", channel)]
    place = zone_of(zone)
    posts = [
        times.Done(at=parse(one.body["published"]).astimezone(place), views=one.body["metrics"]["views"])
        for one in ask.parts.engine.documents.query("outcomes", mine, parent=ask.parent, limit=MOST_SHOWN)
        if one.body["metrics"]["views"] is not None
    ]
    known = times.best(posts)
    groups = ([], []) if known is None else (known.days, known.stretches)
    days, stretches = ([from_json(GoodTime, _group(one)) for one in some] for some in groups)
    return BestTimes(
        posts=len(posts), enough=known is not None, needed=times.LEAST, days=days, stretches=stretches, usual=USUAL
    )


def _group(one: times.Group) -> Json:
    return {"group": one.group, "posts": one.posts} | {
        name: round(getattr(one, name), 3) for name in ("lift", "low", "high")
    }


def _channels(ask: Ask, channel: str | None) -> list[Snap]:
    if channel is not None:
        return [_channel(ask, channel)]
    found = ask.parts.engine.documents.query("channels", parent=ask.parent, limit=1000)
    return [snap for snap in found if snap.body["state"] != "disconnected"]


def _channel(ask: Ask, channel: str) -> Snap:
    snap = ask.snap(channels.key_of(ask.who.tenant, channel))
    if snap is None:
        raise NotFound(f"there is no channel {channel}; GET /v1/channels lists them")
    return snap


def _post(snap: Snap) -> CalendarEntry:
    body = snap.body
    same = {name: body[name] for name in ("channel", "topic", "content", "priority")}
    return CalendarEntry(at=body["slot"], paused=None, publication=shown(snap), **same)


def _free(channel: str, at: datetime, slot: Slot, pause: Pause | None) -> CalendarEntry:
    return CalendarEntry(
        at=stamp(at.astimezone(UTC)),
        channel=channel,
        topic=slot.topic,
        content=slot.kind,
        priority=slot.priority,
        paused=None if pause is None else pause.why,
        publication=None,
    )


def _table(name: str, body: Json) -> CalendarTable:
    wrong = [WrongRow(**one) for one in body["wrong"]]
    same = {field: body[field] for field in ("state", "rows", "scheduled", "wrong_in_all")}
    return CalendarTable(id=name, wrong=wrong, **same)
