"""What platforms tell by themselves, taken as it comes, and looked into: whoever answers them has no platform's secret.

taken, if it names a post ──> notices/{digest} ──> its signature is checked ──> the posts it names are read at once

One that comes twice is there already. A platform that wants to be asked for it is asked anew before a lease ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from common.chores import chore
from common.chores.chore import Done, End, Hold
from common.chores.tools import Tools
from common.domain.codec import digest
from common.domain.publication import Network
from common.errors import BadInput, Conflict, PlatformSaid, Unauthorized, Unreachable
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Json, Where
from common.ports.notices import Herald, Notice

LARGEST: Final = 32 << 10  # bytes of one
KEPT: Final = timedelta(days=4)  # longer than any platform sends one again
BEFORE: Final = timedelta(days=5)  # the end of a lease, when it is asked for anew
PATHS: Final[dict[Network, str]] = {"tiktok": "/v1/notices/tiktok", "youtube": "/v1/notices/youtube"}
MOST: Final = 20  # posts of one id


def taken(engine: Engine, herald: Herald, network: Network, subscription: str, signature: str, content: bytes) -> None:
    """Keep one to be looked into; of two that are the same, one. Whoever finds the address may write to it: what does
    not look like its platform's raises Unauthorized or BadInput, and what names no post of ours is passed over.
    """
    if len(content) > LARGEST:
        raise BadInput(f"a notice of {len(content)} bytes; no platform sends more than {LARGEST}")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the notice is no text; it is passed over") from error
    now = engine.clock.now()
    claimed = herald.claimed(Notice(subscription=subscription, signature=signature, content=content, came=now))
    if not any(_named(engine, network, one) for one in claimed):
        return
    # With its signature: what somebody made up of the same words must not stand in the place of the true one.
    key = f"notices/{digest([network, subscription, signature, text], 40)}"
    memo: Json = {"network": network, "subscription": subscription, "signature": signature, "content": text}
    memo["came"] = stamp(now)
    made = chore.created(engine, key, "notice", by=network, memo=memo, fields={"expires": stamp(now + KEPT)})
    try:
        engine.documents.commit([made])
    except Conflict:
        return
    chore.wake(engine, key, made.body)


def run(tools: Tools, hold: Hold) -> End:
    memo = hold.memo
    herald = tools.herald(memo["network"])
    assert herald is not None
    notice = Notice(
        subscription=memo["subscription"],
        signature=memo["signature"],
        content=memo["content"].encode(),
        came=parse(memo["came"]),
    )
    try:
        named = herald.heard(tools.app(memo["network"]), notice)
    except (Unauthorized, BadInput) as error:
        return Done(fields={"refused": str(error), "memo": {}})
    found = [key for one in named for key in _named(tools.engine, memo["network"], one)]
    for key in found:  # now, where something of it is still to be read
        chore.hasten(tools.engine, key, when=lambda body: body["step"] in ("published", "unknown"))
    return Done(fields={"about": len(found), "memo": {}})


def topic(engine: Engine, subscription: str) -> str | None:
    """What we asked to be told of by it; None where we did not, or the channel is connected no more."""
    tenant, _, channel = subscription.partition(".")
    key = f"tenants/{tenant}/channels/{channel}"
    snap = engine.documents.get_many([key]).get(key) if tenant and channel else None
    return None if snap is None or snap.body["state"] != "connected" else snap.body.get("topic")


def subscribed(tools: Tools, tenant: str, channel: str, body: Json, note: Callable[[Json], None]) -> None:
    """Have its platform tell of a channel for as long as it does, where it wants to be asked; `note` writes in it."""
    herald = tools.herald(body["network"])
    about = None if herald is None else herald.topic(body["account"])
    now = tools.engine.clock.now()
    until = body.get("told_until")
    if herald is None or about is None or tools.told_at is None or (until and parse(until) - BEFORE > now):
        return
    subscription = f"{tenant}.{channel}"
    note({"topic": about})  # before: the platform asks back while it is asked
    address = f"{tools.told_at}{PATHS[body['network']]}/{subscription}"
    try:
        lasts_s = herald.subscribe(tools.app(body["network"]), body["account"], subscription, address)
        note({"told_until": stamp(now + timedelta(seconds=lasts_s)), "untold": None})
    except (PlatformSaid, Unreachable) as error:  # what it would tell is read in its time all the same
        note({"untold": str(error)})


def _named(engine: Engine, network: str, handle: str) -> list[str]:
    """The publications of this name."""
    found = engine.documents.query("publications", [Where("handle", "==", handle)], limit=MOST)
    return [snap.key for snap in found if snap.body["network"] == network]
