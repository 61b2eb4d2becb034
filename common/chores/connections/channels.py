"""Channels: the accounts that an organisation posts as. `tenants/{t}/channels/{id}`, its tokens sealed in it.

connected ──the platform refuses its token──> broken ──connected again──> connected
    └── somebody takes it away ──> disconnected ──connected again──> connected

What one sign-in gave stands in its chore, `tenants/{t}/chores/channel-{grant}` (renewing.py), which alone renews it and
hands each of its channels what it may use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.chores import chore
from common.chores.tools import Tools
from common.domain.codec import digest, dumps, from_json, loads, to_json
from common.errors import Conflict, CutroomError, Later
from common.events import deliveries, log
from common.events.event import Data, Trouble
from common.events.log import Happening
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import ABSENT, Json, Snap, Update, Where
from common.ports.platforms import Tokens

SOON = timedelta(minutes=5)  # before its end, in which a token is not used any more
DOUBT = timedelta(hours=1)  # in which a platform that refuses another token, too, is believed
RENEWING_S = 5.0  # after which is looked again whether it was renewed
WAITED = ("reconnect", "disconnected")  # codes of what is held for its channel, and not by a person
MOST_WAITING = 10_000  # posts of a channel


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


def grant_key(tenant: str, grant: str) -> str:
    """Of the chore that renews what a sign-in gave."""
    return f"tenants/{tenant}/chores/channel-{grant}"


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
        if (grant := snap.body.get("grant")) is not None:
            chore.hasten(tools.engine, grant_key(tenant, grant), lambda body: not body["memo"].get("fails"))
        raise Later(f"the token of channel {channel} is being renewed", after_s=RENEWING_S)
    tokens = unsealed(tools, snap)
    return Channel(id=channel, account=snap.body["account"], token=tokens.access, body=snap.body)


def connected(engine: Engine, tenant: str, channel: str) -> bool:
    """Whether it can be spoken for, or will be again once its token is renewed."""
    key = key_of(tenant, channel)
    snap = engine.documents.get_many([key]).get(key)
    return snap is not None and snap.body["state"] == "connected"


def sealed(tools: Tools, key: str, tokens: Tokens) -> str:
    return tools.vault.seal(dumps(to_json(tokens)).decode(), key)


def read(tools: Tools, key: str, told: str) -> Tokens:
    return from_json(Tokens, loads(tools.vault.open(told, key)))


def unsealed(tools: Tools, snap: Snap) -> Tokens:
    return read(tools, snap.key, snap.body["tokens"])


def broken(tools: Tools, tenant: str, channel: str, why: str) -> None:
    """Its token is refused: all that waits for it is held until it is connected again, and people are told."""

    def change(body: Json) -> Json | None:
        return {"state": "broken", "error": why} if body["state"] == "connected" else None

    key = key_of(tenant, channel)
    snap = tools.engine.documents.get_many([key]).get(key)
    if snap is not None and snap.body["state"] == "connected":
        tell_broken(tools, tenant, snap, why, str(snap.body.get("generation")))
    changed(tools.engine, key, change)


def tell_broken(tools: Tools, tenant: str, snap: Snap, why: str, which: str) -> None:
    """Once for each `which` of its sign-in."""
    text = f"{snap.body['name']} cannot be posted as any more: {why}. Connect the channel again."
    tell(tools, tenant, snap, text, "reconnect", which)


def tell(tools: Tools, tenant: str, snap: Snap, text: str, code: str, which: str) -> None:
    """What people must know of a channel."""
    engine = tools.engine
    data = Data(channel=snap.id, message=text, error=Trouble(code=code, text=text))
    happened = Happening(type="alert.system", data=data, which=[snap.id, str(snap.body.get("grant")), code, which])
    rows = log.record(engine.documents, engine.clock, tenant, [happened])
    deliveries.wake_all(engine.wake, rows, engine.clock.now())


def refused(tools: Tools, tenant: str, channel: str, token: str, why: str) -> bool:
    """A platform refused this token: whether its channel is broken now. What can be renewed is, once, before that."""
    key, now = key_of(tenant, channel), tools.engine.clock.now()
    snap = tools.engine.documents.get_many([key]).get(key)
    if snap is None or snap.body["state"] != "connected":
        return True
    body, doubted = snap.body, snap.body.get("doubted")
    if unsealed(tools, snap).access != token:
        return False  # there is another one by now
    if body.get("grant") is None or body["expires"] is None or (doubted and parse(doubted) + DOUBT > now):
        broken(tools, tenant, channel, why)
        return True
    fields = {"doubted": stamp(now), "expires": stamp(now)}
    changed(tools.engine, key, lambda body: fields if body.get("tokens") == snap.body["tokens"] else None)
    grant = grant_key(tenant, body["grant"])
    return chore.hasten(tools.engine, grant, doubted=body["generation"]) is None and _lost(tools, tenant, channel, why)


def doubted(tools: Tools, tenant: str, channel: str, why: str) -> bool:
    """As `refused`, of the token that it is spoken for with now."""
    try:
        token = opened(tools, tenant, channel).token
    except (Held, Later) as error:
        return isinstance(error, Held)
    return refused(tools, tenant, channel, token, why)


def _lost(tools: Tools, tenant: str, channel: str, why: str) -> bool:
    """Nobody renews it any more."""
    broken(tools, tenant, channel, why)
    return True


def changed(engine: Engine, key: str, change: Callable[[Json], Json | None]) -> Json | None:
    """Change a document as it is that moment; what it is then. None where it is gone, or nothing is to be changed."""
    while (snap := engine.documents.get_many([key]).get(key)) is not None:
        fields = change(snap.body)
        if fields is None:
            return None
        try:
            engine.documents.commit([Update(key, fields, snap.version)])
            return {name: one for name, one in {**snap.body, **fields}.items() if one is not ABSENT}
        except Conflict:
            continue
    return None


def let_go(now: datetime) -> Json:
    """The fields of a post that was held, and goes on."""
    return {"step": "scheduled", "state": "queued", "tries": 0, "due": stamp(now), "error": ABSENT, "asked": ABSENT}


def freed(engine: Engine, tenant: str, channel: str) -> int:
    """Let go what was held because its channel could not be spoken for; how much that was."""

    def change(body: Json) -> Json | None:
        if body["step"] != "held" or (body.get("error") or {}).get("code") not in WAITED:
            return None
        return {**let_go(engine.clock.now()), "wake": body["wake"] + 1}

    found = 0
    for snap in _posts(engine, tenant, channel, "held"):
        if (now := changed(engine, snap.key, change)) is not None:
            chore.wake(engine, snap.key, now)
            found += 1
    return found


def stopped(engine: Engine, tenant: str, channel: str) -> int:
    """Hold what is to come of a channel that was taken away; what is under way finds out by itself."""
    error = {
        "code": "disconnected",
        "text": "its channel was disconnected; connect it again, then it goes on by itself",
    }
    fields: Json = {"step": "held", "state": "done", "due": ABSENT, "error": {**error, "action": "stop", "raw": {}}}

    def change(body: Json) -> Json | None:
        return fields if body["step"] == "scheduled" and body["state"] in ("queued", "waiting") else None

    posts = _posts(engine, tenant, channel, "scheduled")
    return sum(changed(engine, snap.key, change) is not None for snap in posts)


def _posts(engine: Engine, tenant: str, channel: str, step: str) -> list[Snap]:
    where = [Where("channel", "==", channel), Where("step", "==", step)]
    return engine.documents.query("publications", where, parent=f"tenants/{tenant}", limit=MOST_WAITING)
