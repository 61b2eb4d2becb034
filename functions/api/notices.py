"""Notices: what platforms tell by themselves. Taken here, and looked into by who has their secrets."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from common.chores.connections import noticing
from common.domain.publication import Network
from common.errors import NotFound
from functions.api.route import Answer, Ask, Shape, matching


class AskedBack(Shape, forbid_unknown_fields=False):
    """What a hub asks back with (W3C WebSub, 5.3). Who did not ask for this topic answers 404."""

    mode: Literal["subscribe", "unsubscribe"] = msgspec.field(name="hub.mode")
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] = msgspec.field(name="hub.topic")
    challenge: Annotated[str, matching("[!-~]{1,500}")] = msgspec.field(name="hub.challenge")
    lease: Annotated[str, matching("[0-9]{1,10}")] | None = msgspec.field(name="hub.lease_seconds", default=None)


def from_tiktok(ask: Ask) -> Answer:
    return _taken(ask, "tiktok", "")


def from_youtube(ask: Ask) -> Answer:
    """Of a subscription that nobody made nothing is kept: this address is open to all."""
    if noticing.topic(ask.parts.engine, ask.path["subscription"]) is None:
        raise NotFound("nobody here asked for this")
    return _taken(ask, "youtube", ask.path["subscription"])


def asked_back(ask: Ask) -> Answer:
    """That somebody wants to be told no more is not confirmed: it ends with the lease."""
    back: AskedBack = ask.query
    if back.mode != "subscribe" or noticing.topic(ask.parts.engine, ask.path["subscription"]) != back.topic:
        raise NotFound("nobody here asked for this")
    return Answer(body=back.challenge)


def _taken(ask: Ask, network: Network, subscription: str) -> Answer:
    herald = ask.parts.herald(network)
    assert herald is not None
    noticing.taken(ask.parts.engine, herald, network, subscription, *ask.told)
    return Answer()
