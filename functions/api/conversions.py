"""Conversions: what people did after an ad, told to its network; names of people as hashes alone."""

from __future__ import annotations

import secrets
from datetime import UTC
from typing import Annotated, Literal

import msgspec

from common.chores import chore
from common.chores.ads import conversions
from common.domain.campaign import Conversion
from common.errors import BadInput, Conflict, NotFound
from common.ports.documents import Snap
from functions.api.campaigns import Currency, Number
from functions.api.judgements import LeftOut
from functions.api.pages import Time
from functions.api.publications import Address, Name
from functions.api.route import Answer, Ask, Shape, matching

Hash = Annotated[str, matching(r"[0-9a-f]{64}", description="SHA-256 of it, trimmed and in lower case.")]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class ConversionUser(Shape):
    """By whom. What names a person is hashed before it is sent here, and is forgotten once it was passed on."""

    email_hash: Hash | None = None
    phone_hash: Hash | None = None
    external_hash: Hash | None = None
    ip: Annotated[str, matching(r"[0-9A-Fa-f:.]{2,45}")] | None = None
    agent: Short | None = None
    fbc: Short | None = None
    fbp: Short | None = None


class ConversionEvent(Shape):
    """`id` is the same at every attempt: it is counted once."""

    name: Annotated[str, matching(r"[A-Za-z][A-Za-z0-9_]{0,49}", description="Such as Purchase.")]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    at: Time
    source: Literal["website", "app", "email", "phone_call", "chat", "physical_store", "system_generated", "other"]
    user: ConversionUser
    url: Address | None = None
    value_micros: Annotated[int, msgspec.Meta(ge=0, le=10**15)] | None = None
    currency: Currency | None = None


class NewConversions(Shape):
    """`channel` is the ad account whose pixel it is."""

    channel: Name
    pixel: Number
    events: Annotated[list[ConversionEvent], msgspec.Meta(min_length=1, max_length=50)]


class Conversions(Shape):
    """`taken`: how many are sent; `received`: how many the network says it has, null until it does. `left_out`: the ids
    of those that are not sent, each with why. `id` is null where none is.
    """

    id: str | None
    state: Literal["queued", "running", "waiting", "done", "failed"]
    taken: int
    received: int | None
    left_out: list[LeftOut]
    error: dict[str, str] | None


FIELDS = {
    "email_hash": "em",
    "phone_hash": "ph",
    "external_hash": "external_id",
    "ip": "client_ip_address",
    "agent": "client_user_agent",
    "fbc": "fbc",
    "fbp": "fbp",
}


def create(ask: Ask) -> Answer:
    wanted: NewConversions = ask.body
    events = [_event(one) for one in wanted.events]
    engine, name = ask.parts.engine, f"conversions-{secrets.token_hex(8)}"
    for _ in range(5):
        made = conversions.taken(
            engine, ask.who.tenant, wanted.channel, wanted.pixel, events, by=ask.who.subject, name=name
        )
        if made.key is None:
            left = [LeftOut(what=what, why=why) for what, why in made.left]
            return Answer(body=Conversions(id=None, state="done", taken=0, received=None, left_out=left, error=None))
        try:
            ask.acting.commit("conversions.tell", name, *made.writes, channel=wanted.channel, n=str(len(made.sent)))
            break
        except Conflict:
            continue  # some of them were taken this moment
    else:
        raise Conflict("others send the same events at this moment; try again")
    chore.wake(engine, made.key, made.body)
    return Answer(body=_shown(engine.documents.get_many([made.key])[made.key]))


def one(ask: Ask) -> Answer:
    name = ask.path["conversions"]
    snap = ask.snap(f"{ask.parent}/chores/{name}")
    if snap is None or snap.body["kind"] != "conversions":
        raise NotFound(f"there are no conversions {name}; POST /v1/conversions gives the id")
    return Answer(body=_shown(snap))


def _event(one: ConversionEvent) -> Conversion:
    user = {theirs: str(told) for ours, theirs in FIELDS.items() if (told := getattr(one.user, ours)) is not None}
    if not user:
        raise BadInput(f"event {one.id}: nothing says who it was; send a hash, a cookie or an address")
    if (one.value_micros is None) != (one.currency is None):
        raise BadInput(f"event {one.id}: a value has a currency; send both or none")
    if one.source == "website" and one.url is None:
        raise BadInput(f"event {one.id}: what happened on a website has an address; send url")
    try:
        at = one.at.astimezone(UTC)
    except OverflowError as error:
        raise BadInput("a time is between the years 1 and 9999; send such a one") from error
    return Conversion(
        name=one.name,
        id=one.id,
        at=at,
        source=one.source,
        user=user,
        url=one.url,
        value_micros=one.value_micros,
        currency=one.currency,
    )


def _shown(snap: Snap) -> Conversions:
    body = snap.body
    error = body.get("error")
    return Conversions(
        id=snap.id,
        state=body["state"],
        taken=body["taken"],
        received=body["received"],
        left_out=[LeftOut(**one) for one in body["left_out"]],
        error=None if error is None else {name: str(error[name]) for name in ("code", "text")},
    )
