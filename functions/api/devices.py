"""Devices: browsers and phones of a person, which are told by push when flows end."""

from __future__ import annotations

from typing import Annotated

import msgspec

from common.accounts import devices
from common.accounts.devices import Platform
from common.accounts.roles import second_factor
from common.errors import Permanent
from common.events.event import PUSHED, Pushed
from functions.api.accounts import Name
from functions.api.route import Answer, Ask, Shape, matching

Token = Annotated[
    str,
    matching(
        r"[A-Za-z0-9_:.~%/+=-]{20,2000}",
        description="What Firebase gives the app: its installation id, or of older apps its registration token.",
    ),
]
Events = Annotated[list[Pushed], msgspec.Meta(max_length=10)]


class Device(Shape):
    """`token` is its end alone; `error` says why Firebase did not take the last message."""

    id: str
    platform: Platform
    name: str
    events: list[Pushed]
    token: str
    made: str
    error: str | None


class Devices(Shape):
    """`left_out` says why nothing can be pushed from this server; null where it can."""

    items: list[Device]
    left_out: str | None


class NewDevice(Shape):
    """`events`: what it is to be told of; with none it stays registered and silent."""

    token: Token
    platform: Platform
    name: Name
    events: Events = msgspec.field(default_factory=lambda: list(PUSHED))


def register(ask: Ask) -> Answer:
    """Where nothing can be pushed no device is kept: it would wait for ever for what never comes."""
    wanted: NewDevice = ask.body
    ask.acting.must_be_a_person()
    if (why := ask.parts.pusher.left_out) is not None:
        raise Permanent(why, code="no_push")
    claims = ask.who.claims
    made = devices.register(
        ask.acting,
        token=wanted.token,
        platform=wanted.platform,
        name=wanted.name,
        events=wanted.events,
        signed_in=float(claims.get("auth_time", ask.parts.engine.clock.now().timestamp())),
        second_factor=second_factor(claims),
    )
    return Answer(body=_device(made), version=made.version)


def every(ask: Ask) -> Answer:
    ask.acting.must_be_a_person()
    found = devices.devices(ask.parts.engine.documents, ask.who.subject)
    return Answer(body=Devices(items=[_device(one) for one in found], left_out=ask.parts.pusher.left_out))


def remove(ask: Ask) -> Answer:
    devices.remove(ask.acting, ask.path["device"], ask.if_match)
    return Answer()


def _device(one: devices.Device) -> Device:
    names = ("id", "platform", "name", "token", "made", "error")
    return Device(**{name: getattr(one, name) for name in names}, events=list(one.events))
