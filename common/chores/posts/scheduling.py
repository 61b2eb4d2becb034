"""Scheduling: a clip, a channel and a time become a publication; its files and texts are what they are that moment.

`tenants/{t}/taken/{digest of file, channel and time}` stands for each publication that is to come or was: whoever wants
the same file on the same channel at the same time gets the one there is. One more stands for the last that went out at
once: by the clock alone, two who press a moment apart would have two.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Literal

from common.chores import chore
from common.chores.connections import channels
from common.domain.calendar import Pause, Slot, following, pausing
from common.domain.campaign import Audience
from common.domain.clip import Aspect
from common.domain.codec import digest, from_json, loads, to_json
from common.domain.gate import Gate
from common.domain.platforms import Platform, measured, platforms
from common.domain.publication import KINDS, File, Late, Post, Visibility
from common.errors import BadInput, Conflict, NotFound
from common.learning import asking
from common.pipeline.engine import Engine
from common.pipeline.run import RunId
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Delete, Json, Snap, Update, Where, Write
from common.scoring.posting import BODIES, Naming, composed, worded

FARTHEST = timedelta(days=730)
MOMENT = timedelta(minutes=10)
NOT_OUT = ("cancelled", "failed")  # for certain: the same may be wanted anew
TEXTS = ("title", "description", "hashtags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants out. What is None is as the clip or the channel has it."""

    clip: str
    channel: str
    at: datetime | Literal["now", "next"]
    title: str | None = None
    description: str | None = None
    hashtags: tuple[str, ...] | None = None
    aspect: Aspect | None = None
    link: str | None = None
    visibility: Visibility = "public"
    made_for_kids: bool = False
    ai_made: bool = False
    paid_partnership: bool = False
    late: Late | None = None
    ahead: bool | None = None
    topic: str | None = None
    kind: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The key of a publication. `writes` make it; none where it is there already."""

    key: str
    body: Json
    writes: Sequence[Write]


def planned(engine: Engine, tenant: str, wanted: Wanted, by: str, taken: Iterable[datetime] = ()) -> Planned:
    """`taken`: times that others of the same request have. Raises BadInput, NotFound saying what to do."""
    parent = f"tenants/{tenant}"
    clip_key, channel_key = f"{parent}/clips/{wanted.clip}", channels.key_of(tenant, wanted.channel)
    there = engine.documents.get_many([clip_key, channel_key])
    if (clip := there.get(clip_key)) is None:
        raise NotFound(f"there is no clip {wanted.clip[:80]}; GET /v1/clips lists them")
    if (channel := there.get(channel_key)) is None or channel.body["state"] == "disconnected":
        raise NotFound(f"there is no channel {wanted.channel[:80]}; GET /v1/channels lists them")
    if not KINDS[channel.body["network"]]:
        raise BadInput(f"channel {channel.body['name']} is an ad account, to which nothing is posted; choose another")
    decided, rules, aspect, video, made = finished(
        engine, tenant, clip, channel, KINDS[channel.body["network"]], wanted.aspect
    )
    _account_takes(channel, video)
    post = _post(clip, rules, wanted)
    once: tuple[str, Snap | None] | None = None
    if wanted.at == "now":  # of two who press at once, whose times differ, one meets what the other wrote
        now = f"{parent}/taken/{digest([video.sha256, channel.id, 'now'], 32)}"
        once = now, engine.documents.get_many([now]).get(now)  # before it is looked for what was begun
        if (same := _begun(engine, parent, channel, video)) is not None:
            return Planned(key=same.key, body=same.body, writes=())
    at, slot = _when(engine, tenant, channel, wanted, taken)
    place = f"{parent}/taken/{digest([video.sha256, channel.id, stamp(at)], 32)}"
    key = f"{parent}/publications/{secrets.token_hex(8)}"
    held = engine.documents.get_many([place]).get(place)
    if held is not None and (known := _standing(engine, parent, held)) is not None:
        return Planned(key=known.key, body=known.body, writes=())
    writes = [_taking(place, held, key)]
    if once is not None:
        writes.append(_taking(once[0], once[1], key))
    flow = clip.id.rpartition(".")[0]
    body: Json = {
        "network": channel.body["network"],
        "channel": channel.id,
        "account": channel.body["account"],
        "kind_of": rules.name,
        "clip": clip.id,
        "flow": flow,
        "asset": flow.rpartition("-")[0],
        "aspect": aspect,
        "step": "scheduled",
        "slot": stamp(at),
        "taken": place.rsplit("/", 1)[1],
        "late": wanted.late or channel.body.get("late") or "publish",
        "ahead": bool(channel.body.get("ahead")) if wanted.ahead is None else wanted.ahead,
        "topic": wanted.topic or (slot.topic if slot else None),
        "content": wanted.kind or (slot.kind if slot else None),
        "priority": wanted.priority or (slot.priority if slot else 0),
        "post": to_json(post),
        "approved": decided,
        "predicted": predicted(engine, tenant, clip, channel),
        "video": to_json(video),
        **_beside(made, aspect),
    }
    planned = chore.created(engine, key, "publication", by=by, memo={}, fields=body)
    return Planned(key=key, body=planned.body, writes=[*writes, planned])


def finished(
    engine: Engine, tenant: str, clip: Snap, channel: Snap, kinds: Sequence[str], aspect: Aspect | None
) -> tuple[Json | None, Platform, Aspect, File, Json]:
    """Who approved a clip, and its file that passed the check of one of these kinds of rules. Raises BadInput."""
    made, checked = _result(engine, tenant, clip, "render"), _result(engine, tenant, clip, "check")
    if made is None or checked is None:
        raise BadInput(f"the files of clip {clip.id} are not made and checked yet; wait for its flow to end")
    decided = _approved(clip, made, channel)
    gates = from_json(list[Gate], loads(engine.objects.get(checked["gates"]["object"])))
    return decided, *_chosen(kinds, clip, made, gates, aspect), made


def predicted(engine: Engine, tenant: str, clip: Snap, channel: Snap, audience: Audience | None = None) -> Json:
    """What is thought of a clip before anybody sees it: its score, and what the live model expects on this channel."""
    network = channel.body["network"]
    whose: Any = {"account": channel.id, "network": network, "launched": engine.clock.now(), "audience": audience}
    answered = asking.ask(engine.documents, engine.objects, tenant, clip.id, **whose)
    thought: Json = {name: clip.body.get(name) for name in ("score", "scores", "verdict")}
    name = channel.body.get("name") or channel.id
    return {**thought, "ctr": asking.kept(answered, account=channel.id, network=network, name=name)}


def moved(engine: Engine, tenant: str, snap: Snap, at: datetime) -> list[Write]:
    """The writes that free its time and take another; the time itself is the caller's to write."""
    checked(engine, at)
    parent, channel_key = f"tenants/{tenant}", channels.key_of(tenant, snap.body["channel"])
    channel = engine.documents.get_many([channel_key]).get(channel_key)
    if channel is not None and at > engine.clock.now():
        _open(slots_of(channel.body)[1], at)
    old = f"{parent}/taken/{snap.body['taken']}"
    new = f"{parent}/taken/{taken_by(snap.body, at)}"
    if new == old:
        return []
    there = engine.documents.get_many([new]).get(new)
    mine = there is not None and there.body["publication"] == snap.id
    if there is not None and not mine and (known := _standing(engine, parent, there)) is not None:
        raise Conflict(f"the same file is to go out on this channel at this time already: {known.id}")
    writes = [] if mine else [_taking(new, there, snap.key)]
    if (left := engine.documents.get_many([old]).get(old)) is not None and left.body["publication"] == snap.id:
        writes.append(Delete(old, left.version))
    return writes


def taken_by(body: Json, at: datetime) -> str:
    return digest([body["video"]["sha256"], body["channel"], stamp(at)], 32)


def checked(engine: Engine, at: datetime) -> datetime:
    """A time that something can be scheduled for. Raises BadInput."""
    now = engine.clock.now()
    if at < now - timedelta(minutes=1):
        raise BadInput("this time has passed; send one that is to come, or now")
    if at > now + FARTHEST:
        raise BadInput("this time is over two years away; send an earlier one")
    return at


def slots_of(channel: Json) -> tuple[list[Slot], list[Pause]]:
    """The weekly times of a channel, and when nothing goes out."""
    return from_json(list[Slot], channel.get("slots") or []), [
        Pause(start=parse(one["start"]), end=parse(one["end"]), why=one["why"]) for one in channel.get("pauses") or []
    ]


def posted_of(clip: Json, made: Json | None) -> str:
    """Names what would be posted of a clip: texts, the stretch, the files, and where they are wanted."""
    told = {name: clip.get(name) for name in (*TEXTS, "span", "wanted")}
    files = sorted(one["sha256"] for one in made["renditions"]) if made else []
    return digest({**told, "files": files}, 32)


def _result(engine: Engine, tenant: str, clip: Snap, stage: str) -> Json | None:
    flow, _, number = clip.id.rpartition(".")
    snap = engine.run(RunId(tenant, flow, stage, int(number) - 1))
    return engine.result(snap) if snap is not None else None


def _approved(clip: Snap, made: Json, channel: Snap) -> Json | None:
    """Who approved what is to be posted. Raises BadInput where the channel asks for that and nobody did."""
    decided: Json | None = clip.body.get("decided")
    if clip.body["state"] == "rejected":
        raise BadInput(f"clip {clip.id} was rejected; approve it, or choose another")
    stands = clip.body["state"] == "approved" and decided is not None and decided["of"] == posted_of(clip.body, made)
    if channel.body.get("approval") and not stands:
        raise BadInput(
            f"channel {channel.body['name']} posts what somebody approved alone; approve clip {clip.id} first"
        )
    return decided if stands else None


def _chosen(
    kinds: Sequence[str], clip: Snap, made: Json, gates: Sequence[Gate], aspect: Aspect | None
) -> tuple[Platform, Aspect, File]:
    """The rules it goes out by, and the file that meets them."""
    renditions = {one["aspect"]: _video(one) for one in made["renditions"]}
    if aspect is not None and aspect not in renditions:
        raise BadInput(f"clip {clip.id} has no file of {aspect}; there are {', '.join(renditions) or 'none'}")
    by_name = {one.name: one for one in platforms()}
    wishes = {name: one["aspect"] for one in clip.body.get("wanted") or () for name in one["platforms"]}
    wrong: list[str] = []
    for kind in kinds:
        rules = by_name[kind]
        first = aspect or wishes.get(kind) or rules.best_aspect
        for gate in sorted(gates, key=lambda one: one.aspect != first):
            if (aspect or wishes.get(kind) or gate.aspect) != gate.aspect:
                continue
            fit = next((one for one in gate.fits if one.platform == kind), None)
            if gate.ready and fit is not None and fit.fits:
                return rules, gate.aspect, renditions[gate.aspect]
            wrong += [
                f"{gate.aspect} for {kind}: {one.name} is {one.measured}, the limit {one.limit}"
                for one in gate.findings
                if one.verdict == "fail" and one.platform in (None, kind)
            ]
    told = "; ".join(dict.fromkeys(wrong)) or "none of its files was checked"
    raise BadInput(f"no file of clip {clip.id} passes for {', '.join(kinds)}: {told}", code="limits")


def _account_takes(channel: Snap, video: File) -> None:
    """What the platform said of this account's own limits."""
    longest = channel.body.get("longest_s")
    if longest is not None and video.duration is not None and video.duration > longest:
        told = f"{video.duration:.1f} s long; this account may post {longest:g} s"
        raise BadInput(f"the file is {told}; choose a shorter clip", code="limits")


def _post(clip: Snap, rules: Platform, wanted: Wanted) -> Post:
    own = [name for name in TEXTS if getattr(wanted, name) is not None]
    body = {**clip.body, **{name: getattr(wanted, name) for name in own}}
    naming = Naming(title=body["title"], description=body["description"], hashtags=tuple(body["hashtags"]))
    if own:  # what somebody wrote is not shortened behind their back
        for one in worded(naming, rules):
            if one.verdict == "fail":
                raise BadInput(
                    f"{rules.name}: the {one.name} has {one.measured}, the limit is {one.limit}; {one.fix}",
                    code="limits",
                )
    title, text, tags = composed(naming, rules)
    _plain(rules, title, text)
    return Post(
        title=title,
        body=text,
        tags=tags,
        link=wanted.link,
        visibility=wanted.visibility,
        made_for_kids=wanted.made_for_kids,
        ai_made=wanted.ai_made,
        paid_partnership=wanted.paid_partnership,
    )


def within(kind: str, post: Json) -> None:
    """Texts as somebody wrote them against the platform's limits. Raises BadInput naming the one that is passed."""
    rules = next(one for one in platforms() if one.name == kind)
    _plain(rules, post["title"], post["body"])
    for rule, most in (rules.texts or {}).items():
        text = post["title"] if rule == "title" else post["body"] if rule in BODIES else ""
        size, unit = measured(rule, text)
        if size > most:
            raise BadInput(f"{kind}: {rule} has {size} {unit}, the limit is {most}; shorten it", code="limits")


def _plain(rules: Platform, *texts: str) -> None:
    """Raises BadInput where a text has what the platform refuses in any."""
    if wrong := {letter for letter in rules.refused or "" if any(letter in text for text in texts)}:
        told = " and ".join(sorted(wrong))
        raise BadInput(f"{rules.name} takes no {told} in its texts; write them without", code="limits")


def _when(
    engine: Engine, tenant: str, channel: Snap, wanted: Wanted, taken: Iterable[datetime]
) -> tuple[datetime, Slot | None]:
    now = engine.clock.now()
    slots, pauses = slots_of(channel.body)
    if wanted.at == "now":
        return now, None
    if wanted.at == "next":
        coming = [Where("channel", "==", channel.id), Where("slot", ">", stamp(now))]
        parent = f"tenants/{tenant}"
        there = engine.documents.query("publications", coming, parent=parent, order="slot", limit=5000)
        full = {parse(snap.body["slot"]) for snap in there if snap.body["step"] != "cancelled"} | set(taken)
        found = following(slots, channel.body.get("timezone") or "UTC", now, full, pauses)
        if found is None:
            why = "no free time within a year" if slots else "no weekly times"
            raise BadInput(f"channel {channel.body['name']} has {why}; send a time, or set its times")
        return found
    at = checked(engine, wanted.at)
    _open(pauses, at)
    return at, None


def _open(pauses: Sequence[Pause], at: datetime) -> None:
    """Raises BadInput where nothing goes out then."""
    if (pause := pausing(at, pauses)) is not None:
        told = f"{stamp(pause.start)} to {stamp(pause.end)} ({pause.why})"
        raise BadInput(f"nothing goes out on this channel from {told}; send another time", code="paused")


def _standing(engine: Engine, parent: str, taken: Snap) -> Snap | None:
    """The publication that has a time; None where it is gone, or will not go out."""
    key = f"{parent}/publications/{taken.body['publication']}"
    known = engine.documents.get_many([key]).get(key)
    return None if known is None or known.body["step"] in NOT_OUT else known


def _taking(place: str, there: Snap | None, publication: str) -> Write:
    name = publication.rsplit("/", 1)[1]
    if there is None:
        return Create(place, {"schema": 1, "publication": name})
    return Update(place, {"publication": name}, there.version)


def _begun(engine: Engine, parent: str, channel: Snap, video: File) -> Snap | None:
    """The same file that somebody sent to this channel a moment ago: two who press at once want one post."""
    since = [Where("channel", "==", channel.id), Where("slot", ">", stamp(engine.clock.now() - MOMENT))]
    for snap in engine.documents.query("publications", since, parent=parent, order="slot", limit=5000):
        now = snap.body["slot"] <= stamp(engine.clock.now())
        if now and snap.body["video"]["sha256"] == video.sha256 and snap.body["step"] not in NOT_OUT:
            return snap
    return None


def _video(rendition: Json) -> File:
    same = {name: rendition[name] for name in ("object", "sha256", "size", "width", "height")}
    return File(kind="video/mp4", duration=float(Fraction(rendition["duration"])), **same)


def _beside(made: Json, aspect: Aspect) -> dict[str, Any]:
    """The picture and the captions that go with it, None where there are none."""
    found: dict[str, Any] = {}
    cover = made.get("covers", {}).get(aspect) or made.get("thumbnail")  # earlier renderings have the latter alone
    for name, kept, kind in (("cover", cover, "image/jpeg"), ("captions", made.get("srt"), "application/x-subrip")):
        same = None if kept is None else {field: kept[field] for field in ("object", "sha256", "size")}
        found[name] = None if same is None else to_json(File(kind=kind, **same))
    return found
