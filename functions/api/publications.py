"""Publications: clips that go out, each to one channel at one time; how far they are, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore
from common.chores.connections import channels
from common.chores.posts import posted, publishing, scheduling
from common.chores.posts.scheduling import Wanted, checked
from common.domain.calendar import instant
from common.domain.clip import Aspect
from common.domain.publication import BEFORE, Late, Step, Visibility
from common.errors import BadInput, Conflict, NotFound, Stale
from common.ports.calls import Answer as Said
from common.ports.calls import key_of
from common.ports.clock import stamp
from common.ports.documents import ABSENT, Json, Snap, Update, Where, Write
from functions.api import clips
from functions.api.judgements import LeftOut
from functions.api.pages import Page, Time, held, page, span, utc
from functions.api.route import Answer, Ask, Shape, matching

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Priority = Annotated[int, msgspec.Meta(ge=0, le=9)]
Address = Annotated[str, matching(r"https?://[^\s\x00-\x1f]{1,2000}")]
Local = Annotated[
    str,
    matching(
        r"(now|next|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)",
        description="RFC 3339; without an offset by the channel's own clock; next: its next free weekly time; or now.",
    ),
]
Action = Literal["retry", "wait", "reconnect", "re-render", "stop"]


class NewPublications(Shape):
    """One clip to each of these channels. What is left out is as the clip and the channel have it."""

    clip: Name
    channels: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=50)]
    at: Local = "next"
    title: clips.Title | None = None
    description: clips.Description | None = None
    hashtags: clips.Hashtags | None = None
    aspect: Aspect | None = None
    link: Address | None = None
    visibility: Visibility = "public"
    made_for_kids: bool = False
    ai_made: bool = False
    paid_partnership: bool = False
    late: Late | None = None
    ahead: bool | None = None
    topic: Short | None = None
    content: Short | None = None
    priority: Priority = 0


class PublicationError(Shape):
    """Why it has not gone out. `action`: what helps; `raw`: the platform's own answer."""

    code: str
    text: str
    action: Action | None = None
    raw: dict[str, Any] | None = None


class Publication(Shape):
    """`state` as docs/publishing.md draws it; `slot`: when it is to go out; `url` and `remote`: what the platform calls
    it. `stopping`: it is being called off. `content`: of what sort it is, for people.
    """

    id: str
    state: Step
    network: str
    channel: str
    clip: str
    aspect: str
    slot: str
    late: Late
    priority: int
    topic: str | None
    content: str | None
    title: str
    text: str
    tags: list[str]
    link: str | None
    visibility: Visibility
    made_for_kids: bool
    ai_made: bool
    paid_partnership: bool
    by: str
    created: str
    published: str | None
    remote: str | None
    url: str | None
    cost_micros: int | None
    stopping: bool
    error: PublicationError | None
    left_out: list[LeftOut]


class Publications(Shape):
    items: list[Publication]


class PublicationsPage(Shape):
    items: list[Publication]
    next: str | None


class WantedPublications(Page):
    """Which, the latest time first."""

    channel: Name | None = None
    state: Step | None = None
    clip: Name | None = None
    since: Time | None = None
    until: Time | None = None


class PublicationChange(Shape):
    """What is left out stays. `state`: held keeps it from going out, scheduled lets it go again. Texts can be changed
    before anything of it was asked of the platform.
    """

    at: Local | None = None
    state: Literal["held", "scheduled"] | None = None
    title: clips.Title | None = None
    text: clips.Description | None = None
    late: Late | None = None
    priority: Priority | None = None


class Settled(Shape):
    """What somebody saw on the channel."""

    posted: bool
    url: Address | None = None


class Reading(Shape):
    """What a platform counted until `as_of`, `day` days after the post; null is what it does not tell.

    `view`: what it calls a view. `history`: what was read of the same day before.
    """

    day: int
    as_of: str
    view: str
    metrics: dict[str, int | str | None]
    history: list[dict[str, Any]]


class PostOutcome(Shape):
    """What a post came to after `day` days beside what was foretold when it was scheduled."""

    day: int
    as_of: str
    metrics: dict[str, int | str | None]
    predicted: dict[str, Any] | None


class Insights(Shape):
    items: list[Reading]
    outcome: PostOutcome | None


def create(ask: Ask) -> Answer:
    """All of them or none. Whoever asks for what there is already gets that."""
    wanted: NewPublications = ask.body
    if len(set(wanted.channels)) < len(wanted.channels):
        raise BadInput("a channel is named twice; name each once")
    for _ in range(5):
        made = [
            scheduling.planned(ask.parts.engine, ask.who.tenant, _wanted(ask, wanted, one), ask.who.subject)
            for one in wanted.channels
        ]
        writes = [write for one in made for write in one.writes]
        if not writes:
            break
        try:
            ask.acting.commit("publications.make", wanted.clip, *writes, channels=" ".join(wanted.channels)[:200])
            break
        except Conflict:
            continue  # somebody took one of these times this moment
    else:
        raise Conflict("others schedule the same at this moment; try again")
    for one in made:
        if one.writes and one.body["slot"] <= stamp(ask.parts.engine.clock.now() + publishing.LEAD):
            chore.wake(ask.parts.engine, one.key, one.body)
    keys = [one.key for one in made]
    there = ask.parts.engine.documents.get_many(keys)
    return Answer(body=Publications(items=[shown(there[key]) for key in keys]))


def every(ask: Ask) -> Answer:
    wanted: WantedPublications = ask.query or WantedPublications()
    where = [
        *held(channel=wanted.channel, step=wanted.state, clip=wanted.clip),
        *span("slot", wanted.since, wanted.until),
    ]
    found, following = page(ask.parts.engine.documents, "publications", ask.parent, "slot", wanted, where=where)
    return Answer(body=PublicationsPage(items=[shown(snap) for snap in found], next=following))


def one(ask: Ask) -> Answer:
    snap = _read(ask)
    return Answer(body=shown(snap), version=str(snap.version))


def change(ask: Ask) -> Answer:
    """Move it, hold it, let it go, or word it otherwise."""
    wanted: PublicationChange = ask.body
    if msgspec.structs.asdict(wanted) == msgspec.structs.asdict(PublicationChange()):
        raise BadInput("nothing is to be changed; send what should be otherwise")

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        if ask.if_match is not None and ask.if_match != str(snap.version):
            raise Stale(f"publication {snap.id} has changed; read it again, then decide")
        body, engine = snap.body, ask.parts.engine
        fields: Json = {}
        writes: list[Write] = []
        if body["step"] in ("published", "cancelled", "failed", "unknown", "committing"):
            raise BadInput(f"it is {body['step']}; there is nothing to change any more")
        if wanted.title is not None or wanted.text is not None:
            if body["step"] not in BEFORE or body["memo"].get("kept"):
                raise BadInput("the platform has its texts already; cancel it, and schedule it with others")
            own = {"title": wanted.title, "body": wanted.text}
            fields["post"] = {**body["post"], **{name: one for name, one in own.items() if one is not None}}
            scheduling.within(body["kind_of"], fields["post"])
        if wanted.at is not None:
            at = _instant(ask, wanted.at, body["channel"])
            writes += scheduling.moved(engine, ask.who.tenant, snap, at)
            fields |= {"slot": stamp(at), "taken": scheduling.taken_by(body, at)}
            fields["memo"] = {**body["memo"], "put_off": False}  # it may be late anew
            if body["step"] != "held":
                fields["due"] = stamp(engine.clock.now())
        fields |= {name: one for name in ("late", "priority") if (one := getattr(wanted, name)) is not None}
        if wanted.state == "held" and body["step"] != "held":
            fields |= (
                {"asked": "hold"} if body["state"] == "running" else {"step": "held", "state": "done", "due": ABSENT}
            )
        if wanted.state == "scheduled":
            fields["asked"] = ABSENT
            if body["step"] == "held":
                fields |= channels.let_go(engine.clock.now())
                if wanted.at is None:  # late or not, it is wanted
                    fields["memo"] = {**body["memo"], "put_off": True}
        return fields, writes

    return _changed(ask, "publications.change", changed)


def cancel(ask: Ask) -> Answer:
    """Call it off. What is being committed this moment may go out all the same; its state says so."""

    ours = False  # else whoever is at work on it tells of it

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        nonlocal ours
        step, ours = snap.body["step"], False
        if step == "cancelled":
            return {}, []
        if step in ("published", "unknown", "failed"):
            raise BadInput(f"it is {step}; there is nothing to call off any more")
        if snap.body["state"] == "running" or step == "committing":
            return {"asked": "cancel"}, []
        ours = True
        error = {"code": "cancelled", "text": "it was cancelled", "action": "stop", "raw": None}
        return {"step": "cancelled", "state": "done", "due": ABSENT, "error": error}, []

    answer = _changed(ask, "publications.cancel", changed)
    if ours:
        _told(ask, "cancelled", "it was cancelled")
    return answer


def reconcile(ask: Ask) -> Answer:
    """Read the platform anew, now, for what nobody knows whether it went out."""

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        if snap.body["step"] != "unknown":
            raise BadInput(f"it is {snap.body['step']}; only what is unknown can be looked for")
        now = stamp(ask.parts.engine.clock.now())
        return {"state": "queued", "due": now, "memo": {**snap.body["memo"], "reads": 0}}, []

    return _changed(ask, "publications.reconcile", changed)


def settle(ask: Ask) -> Answer:
    """A person says whether it is out, where the platform never did. It is never sent again by itself."""
    wanted: Settled = ask.body
    snap = _read(ask)
    if snap.body["step"] != "unknown":
        raise BadInput(f"it is {snap.body['step']}; only what is unknown can be settled")
    engine = ask.parts.engine
    call = key_of(snap.key, f"commit.{int(snap.body['memo'].get('commit', 1))}")
    now = stamp(engine.clock.now())

    def changed(snap: Snap) -> tuple[Json, list[Write]]:
        if wanted.posted:
            fields: Json = {"step": "published", "published": now, "remote": None, "url": wanted.url, "error": ABSENT}
        else:
            error = {
                "code": "not_posted",
                "text": "somebody looked, and it is not there",
                "action": "stop",
                "raw": None,
            }
            fields = {"step": "failed", "error": error}
        return {**fields, "state": "done", "due": ABSENT}, []

    answer = _changed(ask, "publications.settle", changed)
    if engine.documents.get_many([call])[call].body["state"] == "unknown":
        said = Said(body={"id": None, "url": wanted.url, "raw": {}}) if wanted.posted else None
        engine.calls.resolve(call, state="done" if wanted.posted else "not_sent", answer=said)
    if wanted.posted:
        _told(ask, "published", "somebody looked, and it is there", url=wanted.url)
    else:
        _told(ask, "failed", "somebody looked, and it is not there")
    return answer


def insights(ask: Ask) -> Answer:
    """Day by day, and the outcome once it is ripe."""
    snap = _read(ask)
    documents = ask.parts.engine.documents
    rows = documents.query("metrics", [Where("publication", "==", snap.id)], parent=ask.parent, limit=100)
    key = f"{ask.parent}/outcomes/{snap.id}"
    outcome = documents.get_many([key]).get(key)
    items = [Reading(**{name: row.body[name] for name in Reading.__struct_fields__}) for row in rows]
    kept = None if outcome is None else {name: outcome.body[name] for name in PostOutcome.__struct_fields__}
    return Answer(
        body=Insights(
            items=sorted(items, key=lambda one: one.day), outcome=None if kept is None else PostOutcome(**kept)
        )
    )


def shown(snap: Snap) -> Publication:
    body = snap.body
    post, error = body["post"], body.get("error")
    same = ("network", "channel", "clip", "aspect", "slot", "late", "priority", "topic", "content", "by", "created")
    of_post = ("title", "tags", "link", "visibility", "made_for_kids", "ai_made", "paid_partnership")
    fields: dict[str, Any] = {name: body[name] for name in same} | {name: post[name] for name in of_post}
    fields |= {name: body.get(name) for name in ("published", "remote", "url", "cost_micros")}
    return Publication(
        id=snap.id,
        state=body["step"],
        text=post["body"],
        stopping="asked" in body,
        error=None
        if error is None
        else PublicationError(**{name: error.get(name) for name in PublicationError.__struct_fields__}),
        left_out=[LeftOut(**one) for one in body.get("left_out") or ()],
        **fields,
    )


def _changed(ask: Ask, what: str, changed: Callable[[Snap], tuple[Json, list[Write]]]) -> Answer:
    """Its holder may be at work on it: what that writes meanwhile is no reason to refuse."""
    engine = ask.parts.engine
    for _ in range(20):
        snap = _read(ask)
        fields, writes = changed(snap)
        if not fields and not writes:
            return one(ask)
        wake = {"wake": snap.body["wake"] + 1} if "due" in fields and fields["due"] is not ABSENT else {}
        try:
            ask.acting.commit(what, snap.id, Update(snap.key, {**fields, **wake}, snap.version), *writes)
        except Conflict:
            continue
        if wake and fields["due"] <= stamp(engine.clock.now()):
            chore.wake(engine, snap.key, {**snap.body, **wake})
        return one(ask)
    raise Conflict("it is changing this moment; try again")


def _told(ask: Ask, step: Step, text: str, *, url: str | None = None) -> None:
    """As what a post does by itself is told."""
    snap = _read(ask)
    posted.told(ask.parts.engine, ask.who.tenant, snap.id, snap.body, step, text, url=url, which=f"{snap.id} {step}")


def _read(ask: Ask) -> Snap:
    name = ask.path["publication"]
    snap = ask.snap(f"{ask.parent}/publications/{name}")
    if snap is None:
        raise NotFound(f"there is no publication {name}; GET /v1/publications lists them")
    return snap


def _wanted(ask: Ask, wanted: NewPublications, channel: str) -> Wanted:
    same = ("clip", "title", "description", "aspect", "link", "visibility", "made_for_kids", "ai_made")
    more = ("paid_partnership", "late", "ahead", "topic", "priority")
    at: Any = wanted.at if wanted.at in ("now", "next") else _instant(ask, wanted.at, channel)
    tags = None if wanted.hashtags is None else tuple(wanted.hashtags)
    fields = {name: getattr(wanted, name) for name in (*same, *more)}
    return Wanted(channel=channel, at=at, hashtags=tags, kind=wanted.content, **fields)


def _instant(ask: Ask, at: str, channel: str) -> datetime:
    """In UTC. What has no offset is by the channel's clock."""
    engine = ask.parts.engine
    if at == "now":
        return engine.clock.now()
    if at == "next":
        raise BadInput("a post is moved to a time; send one, such as 2026-12-01T18:00")
    try:
        moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    except ValueError as error:
        raise BadInput(f"{at!r} is no time ({error}); send one such as 2026-12-01T18:00") from error
    if moment.tzinfo is not None:
        return checked(engine, utc(moment))
    key = channels.key_of(ask.who.tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    zone = "UTC" if snap is None else snap.body.get("timezone") or "UTC"
    try:
        return checked(engine, instant(moment, zone))
    except OverflowError as error:
        raise BadInput("a time is between the years 1 and 9999; send such a one") from error
