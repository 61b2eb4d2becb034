"""Channels: the accounts that an organisation posts as. `tenants/{t}/channels/{id}`, its tokens sealed in it.

connected ──the platform refuses its token──> broken ──connected again──> connected
    └── somebody takes it away ──> disconnected
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from common.chores.tools import Tools
from common.domain.codec import digest, dumps, from_json, loads, to_json
from common.errors import Conflict, CutroomError, Later
from common.ports.clock import parse
from common.ports.documents import Json, Snap, Update
from common.ports.platforms import Tokens

SOON = timedelta(minutes=5)  # before its end, in which a token is not used any more
RENEWING_S = 5.0  # after which is looked again whether it was renewed


class Held(CutroomError):
    """A post must wait for a person: its channel cannot be spoken for."""

    code = "reconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One that can be spoken for now."""

    id: str
    account: str
    token: str
    body: Json


def id_of(network: str, account: str) -> str:
    """The same account is the same channel, whoever connects it again: what waits for it goes on."""
    return digest([network, account], 16)


def key_of(tenant: str, channel: str) -> str:
    return f"tenants/{tenant}/channels/{channel}"


def opened(tools: Tools, tenant: str, channel: str) -> Channel:
    """With a token that lasts. Raises Held where only a person can help, Later while it is renewed."""
    key = key_of(tenant, channel)
    snap = tools.engine.documents.get_many([key]).get(key)
    if snap is None or snap.body["state"] == "disconnected":
        raise Held("its channel was disconnected; connect it again, then let the post go", code="disconnected")
    if snap.body["state"] == "broken":
        raise Held(f"{snap.body['error']}; connect the channel again, then let the post go")
    expires = snap.body.get("expires")
    if expires is not None and parse(expires) - tools.engine.clock.now() < SOON:
        raise Later(f"the token of channel {channel} is being renewed", after_s=RENEWING_S)
    tokens = unsealed(tools, snap)
    return Channel(id=channel, account=snap.body["account"], token=tokens.access, body=snap.body)


def sealed(tools: Tools, key: str, tokens: Tokens) -> str:
    return tools.vault.seal(dumps(to_json(tokens)).decode(), key)


def unsealed(tools: Tools, snap: Snap) -> Tokens:
    return from_json(Tokens, loads(tools.vault.open(snap.body["tokens"], snap.key)))


def broken(tools: Tools, tenant: str, channel: str, why: str) -> None:
    """Its token is refused: all that waits for it is held until it is connected again."""
    key = key_of(tenant, channel)
    while (snap := tools.engine.documents.get_many([key]).get(key)) is not None:
        if snap.body["state"] != "connected":
            return
        try:
            tools.engine.documents.commit([Update(key, {"state": "broken", "error": why}, snap.version)])
            return
        except Conflict:
            continue
