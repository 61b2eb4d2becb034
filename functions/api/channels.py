"""Channels: the accounts that an organisation posts as; connecting one, and what people set of it."""

from __future__ import annotations

import time
from html import escape
from typing import Annotated, Any, Literal

import msgspec

from common.chores import chore
from common.chores.connections import channels, connecting
from common.chores.connections.connecting import Taken
from common.domain.calendar import zone_of
from common.domain.publication import Late, Network, Visibility
from common.errors import BadInput, Conflict, NotFound, Stale
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Json, Snap, Update
from functions.api.route import Answer, Ask, Shape, matching

LOOK_S = 0.2  # between two looks whether a chore has answered
MOST = 1000

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Words = Annotated[str, msgspec.Meta(max_length=500)]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="Of IANA, such as Europe/Berlin.")]
Language = Annotated[str, matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", description="BCP 47, such as de or pt-BR.")]
State = Literal["connected", "broken", "disconnected"]


class NewConnection(Shape):
    network: Network


class Connection(Shape):
    """Where to send the person's browser; until `expires`, and once."""

    url: str
    expires: str


class Back(Shape, forbid_unknown_fields=False):
    """What a platform sends the browser back with, besides more of its own."""

    state: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)] | None = None
    error: Annotated[str, msgspec.Meta(min_length=1, max_length=300)] | None = None
    error_description: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class ChannelTest(Shape):
    """What the platform said of it when it was asked. `good`: null where it did not answer, or has not yet."""

    at: str | None
    good: bool | None
    text: str


class Channel(Shape):
    """An account on a platform. `error`: why it cannot be posted as; `expires`: when what it posts with is renewed at
    the latest, `ends`: when somebody must connect it again; `warned`: that people were told so. `unlinked`: what could
    not be set up at the platform, and is tried again. `revoked`: what became of the sign-in of one that was
    disconnected. Null limits are what the platform does not tell.
    """

    id: str
    network: Network
    account: str
    name: str
    handle: str | None
    state: State
    error: str | None
    timezone: str
    niche: str | None
    persona: str | None
    style: str | None
    language: str | None
    late: Late
    ahead: bool
    approval: bool
    posts_a_day: int | None
    longest_s: float | None
    visibilities: list[Visibility] | None
    expires: str | None
    ends: str | None
    warned: str | None
    unlinked: str | None
    revoked: str | None
    checked: ChannelTest | None
    by: str
    created: str
    connected: str


class Channels(Shape):
    items: list[Channel]


class WantedChannels(Shape):
    network: Network | None = None
    state: State | None = None


class ChannelChange(Shape):
    """What is left out stays as it is. `late`: what becomes of a post whose time has passed; `ahead`: whether the
    platform is given posts before their time, where it can; `approval`: whether it posts approved clips alone.
    """

    name: Name | msgspec.UnsetType = msgspec.UNSET
    timezone: Zone | msgspec.UnsetType = msgspec.UNSET
    niche: Words | msgspec.UnsetType | None = msgspec.UNSET
    persona: Words | msgspec.UnsetType | None = msgspec.UNSET
    style: Words | msgspec.UnsetType | None = msgspec.UNSET
    language: Language | msgspec.UnsetType | None = msgspec.UNSET
    late: Late | msgspec.UnsetType = msgspec.UNSET
    ahead: bool | msgspec.UnsetType = msgspec.UNSET
    approval: bool | msgspec.UnsetType = msgspec.UNSET


def begin(ask: Ask) -> Answer:
    url, expires = connecting.begun(ask.acting, ask.parts.consent, ask.body.network)
    return Answer(body=Connection(url=url, expires=expires))


def callback(ask: Ask) -> Answer:
    """A person's browser comes back from a platform; nobody signs in here, for the state is the secret."""
    back: Back = ask.query
    said = None if back.error is None else back.error_description or back.error
    taken = connecting.taken(ask.parts.engine, ask.parts.consent, back.state, back.code, said, ask.request)
    if taken.chore is None:
        return _page("Nothing was connected", f"{taken.network} says: {taken.refused}", status=422)
    body = _ended(ask, taken)
    if body is None:
        return _page("Almost done", "The platform takes a while. The channel appears in Cutroom as soon as it answers.")
    wrong = body.get("refused") or (body.get("error") if body["state"] == "failed" else None)
    if wrong is not None:
        return _page("Nothing was connected", f"{wrong['text']}.", status=422)
    names = ", ".join(one["name"] for one in body["channels"])
    whose = "your own" if taken.tenant == taken.by else f"the organisation {taken.tenant}"
    return _page("Connected", f"Cutroom may post on {taken.network} as {names}, for {whose}. You can close this page.")


def every(ask: Ask) -> Answer:
    """By network and name."""
    wanted: WantedChannels = ask.query or WantedChannels()
    found = ask.parts.engine.documents.query("channels", parent=ask.parent, limit=MOST)
    items = [
        shown(snap)
        for snap in found
        if wanted.network in (None, snap.body["network"]) and wanted.state in (None, snap.body["state"])
    ]
    return Answer(body=Channels(items=sorted(items, key=lambda one: (one.network, one.name, one.id))))


def one(ask: Ask) -> Answer:
    snap = _read(ask)
    return Answer(body=shown(snap), version=str(snap.version))


def change(ask: Ask) -> Answer:
    fields: Json = msgspec.to_builtins(ask.body)
    if not fields:
        raise BadInput("nothing is to be changed; send what should be otherwise")
    if "timezone" in fields:
        zone_of(fields["timezone"])
    if "name" in fields:
        fields["name"] = fields["name"].strip()
        if not fields["name"]:
            raise BadInput("name: it has nothing that can be seen; send one with letters")
        fields["renamed"] = True  # which the platform's own name does not undo
    for _ in range(20):
        snap = _current(ask)
        try:
            update = Update(snap.key, fields, snap.version)
            ask.acting.commit(
                "channels.change", snap.id, update, fields=", ".join(sorted(msgspec.to_builtins(ask.body)))
            )
        except Conflict:
            continue  # its sign-in is being renewed, unless If-Match says that this is a reason
        return one(ask)
    raise Conflict("the channel is changing this moment; try again")


def remove(ask: Ask) -> Answer:
    """Nothing is posted as it any more; its tokens are gone at once, and the platform is told."""
    engine = ask.parts.engine
    for _ in range(20):
        snap = _current(ask)
        if snap.body["state"] == "disconnected":
            return Answer()
        grant = snap.body.get("grant")
        revoked = "the platform is being told" if grant else None
        fields: Json = {"state": "disconnected", "tokens": ABSENT, "expires": None, "ends": None, "error": None}
        try:
            update = Update(snap.key, {**fields, "revoked": revoked}, snap.version)
            ask.acting.commit("channels.disconnect", snap.id, update, network=snap.body["network"])
        except Conflict:
            continue
        key = None if grant is None else channels.grant_key(ask.who.tenant, grant)
        if key is None or chore.hasten(engine, key, revoke=snap.id) is None:
            channels.stopped(engine, ask.who.tenant, snap.id)
            channels.changed(engine, snap.key, _nothing_to_give_back)
        return Answer()
    raise Conflict("the channel is changing this moment; try again")


def check(ask: Ask) -> Answer:
    """Ask the platform now. Whoever asks while it is asked gets the same answer."""
    engine, snap = ask.parts.engine, _read(ask)
    if snap.body["state"] == "disconnected":
        return _said(False, "it was disconnected; connect it again")
    grant = snap.body.get("grant")
    if snap.body["state"] == "broken" or grant is None:
        return _said(False, f"{snap.body.get('error') or 'nothing renews it'}; connect it again")
    asked, key = stamp(engine.clock.now()), channels.grant_key(ask.who.tenant, grant)
    until = time.monotonic() + ask.parts.consent.patience_s
    while True:
        snap = _read(ask)
        checked = snap.body.get("checked")
        if checked is not None and parse(checked["at"]) >= parse(asked):
            return Answer(body=ChannelTest(**checked))
        if snap.body["state"] != "connected":
            return _said(False, f"{snap.body.get('error') or 'it was disconnected'}; connect it again")
        there = engine.documents.get_many([key]).get(key)
        if there is None or "check" not in there.body or there.body["state"] == "waiting":
            chore.hasten(engine, key, check=asked)
        if time.monotonic() >= until:
            return _said(None, "the platform has not answered yet; GET /v1/channels/{channel} shows what it says")
        time.sleep(LOOK_S)


def shown(snap: Snap) -> Channel:
    """Without what it is spoken for with."""
    body = snap.body
    same: dict[str, Any] = {name: body.get(name) for name in Channel.__struct_fields__ if name not in ("id", "checked")}
    same |= {name: body.get(name) or usual for name, usual in (("timezone", "UTC"), ("late", "publish"))}
    same |= {name: bool(body.get(name)) for name in ("ahead", "approval")}
    checked = body.get("checked")
    return Channel(id=snap.id, checked=None if checked is None else ChannelTest(**checked), **same)


def _nothing_to_give_back(body: Json) -> Json | None:
    told = "the platform took its sign-in for good no more; there was nothing to give back"
    return {"revoked": told} if body["state"] == "disconnected" else None


def _said(good: bool | None, text: str) -> Answer:
    return Answer(body=ChannelTest(at=None, good=good, text=text))


def _read(ask: Ask) -> Snap:
    name = ask.path["channel"]
    snap = ask.snap(channels.key_of(ask.who.tenant, name))
    if snap is None:
        raise NotFound(f"there is no channel {name}; GET /v1/channels lists them")
    return snap


def _current(ask: Ask) -> Snap:
    snap = _read(ask)
    if ask.if_match is not None and ask.if_match != str(snap.version):
        raise Stale(f"channel {snap.id} has changed; read it again, then decide")
    return snap


def _ended(ask: Ask, taken: Taken) -> Json | None:
    """The chore of a connection once it is over; None where that takes too long for a browser."""
    assert taken.chore is not None
    until = time.monotonic() + ask.parts.consent.patience_s
    while True:
        snap = ask.snap(taken.chore)
        if snap is not None and snap.body["state"] in ("done", "failed"):
            return snap.body
        if time.monotonic() >= until:
            return None
        time.sleep(LOOK_S)


def _page(title: str, text: str, status: int = 200) -> Answer:
    return Answer(body=page(title, text), status=status)


def page(title: str, text: str) -> str:
    """A page that loads nothing and runs nothing."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Cutroom: {escape(title)}</title>'
        f"<h1>{escape(title)}</h1><p>{escape(shown)}</p></html>\n"
    )
