"""Conversions: what people did after an ad, told to its network. Each is taken in once, sent by a chore, and forgotten.

`tenants/{t}/conversions/{digest of pixel, name and id}` stands for each that was taken, for eight days. The network
counts those of one name and id once within 48 hours, so one whose answer was lost is sent again for as long, and no
longer. One that is too old would have all that are sent along refused: it is left out, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from common.chores import chore
from common.chores.chore import Again, Done, End, Hold
from common.chores.connections import channels
from common.chores.connections.channels import Held
from common.chores.tools import Tools
from common.domain.campaign import Conversion, young
from common.domain.codec import digest, from_json, to_json
from common.errors import BadInput, Later, NotFound, PlatformSaid, Unreachable
from common.pipeline.engine import Engine
from common.ports.clock import parse, stamp
from common.ports.documents import Create, Json, Write

KEPT: Final = timedelta(days=8)
COUNTED_ONCE: Final = timedelta(hours=47)  # an hour less than Meta says
PAUSE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """`key` of the chore that sends them; None where none is to be sent."""

    key: str | None
    body: Json
    sent: list[str]
    left: list[tuple[str, str]]
    writes: list[Write]


def taken(
    engine: Engine, tenant: str, channel: str, pixel: str, events: Sequence[Conversion], by: str, name: str
) -> Taken:
    """What of them is to be sent, and what is not, each with why. Raises NotFound, BadInput."""
    parent, now = f"tenants/{tenant}", engine.clock.now()
    where = channels.key_of(tenant, channel)
    snap = engine.documents.get_many([where]).get(where)
    if snap is None or snap.body["state"] == "disconnected":
        raise NotFound(f"there is no channel {channel[:80]}; GET /v1/channels lists them")
    if snap.body["network"] != "meta-ads":
        raise BadInput(f"channel {snap.body['name']} is of {snap.body['network']}; name an ad account", code="account")
    good, left = young(events, now)
    keys: dict[str, Conversion] = {}
    for one in good:
        key = f"{parent}/conversions/{digest([pixel, one.name, one.id], 32)}"
        if key in keys:
            left.append((one.id, "another of the same name and id is sent along"))
        else:
            keys[key] = one
    for key in engine.documents.get_many(list(keys)):
        left.append((keys.pop(key).id, "one of the same name and id was taken before"))
    expires = stamp(now + KEPT)
    writes: list[Write] = [Create(key, {"schema": 1, "pixel": pixel, "expires": expires}) for key in keys]
    if not keys:
        return Taken(key=None, body={}, sent=[], left=left, writes=[])
    memo: Json = {"pixel": pixel, "channel": channel, "events": [to_json(one) for one in keys.values()]}
    fields: Json = {
        "left_out": [{"what": what, "why": why} for what, why in left],
        "taken": len(keys),
        "received": None,
    }
    made = chore.created(engine, f"{parent}/chores/{name}", "conversions", by=by, memo=memo, fields=fields)
    ids = [one.id for one in keys.values()]
    return Taken(key=made.key, body=made.body, sent=ids, left=left, writes=[*writes, made])


def run(tools: Tools, hold: Hold) -> End:
    now = tools.engine.clock.now()
    events = [from_json(Conversion, one) for one in hold.memo["events"]]
    first = hold.memo.get("first")
    if first is not None and now - parse(first) > COUNTED_ONCE:
        why = "the network did not answer for two days; sent again, it might count them twice"
        return _over(hold, {"code": "unknown", "text": f"{why}; look at its own figures"}, [])
    good, old = young(events, now)
    if not good:
        return _over(hold, None, old)
    try:
        token = channels.opened(tools, hold.tenant, hold.memo["channel"]).token
        ads = tools.ads("meta-ads")
        if first is None:
            hold.note(first=stamp(now), events=[to_json(one) for one in good])
        told = ads.convert(token, hold.memo["pixel"], good)
    except Later as error:
        return Again(after_s=error.after_s)
    except Held as error:
        return Again(after_s=600.0, fields={"error": {"code": error.code, "text": str(error)}})
    except Unreachable as error:
        return Again(after_s=PAUSE_S, fields={"error": {"code": error.code, "text": str(error)}})
    except PlatformSaid as error:
        said: Json = {"code": error.code, "text": str(error)}
        hold.note(first=None)  # none of them was taken
        if error.action == "reconnect":
            channels.doubted(tools, hold.tenant, hold.memo["channel"], str(error))
        if error.action in ("retry", "wait", "reconnect"):
            return Again(after_s=error.after_s or 600.0, fields={"error": said})
        return _over(hold, said, old)
    return _over(hold, None, old, told["events_received"])


def _over(hold: Hold, error: Json | None, old: Sequence[tuple[str, str]], received: int | None = None) -> Done:
    """What was sent is not kept: it is about people."""
    left = [*hold.body["left_out"], *({"what": what, "why": why} for what, why in old)]
    fields: Json = {"received": received, "left_out": left, "memo": {}}
    return Done(fields=fields if error is None else {**fields, "error": error})
