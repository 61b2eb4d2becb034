"""Files that come after what they belong to was erased: they are not let in, and the erasure removes them."""

from __future__ import annotations

from common.chores import chore
from common.chores.erasing import erase_asset, erase_tenant
from common.errors import Conflict
from common.pipeline.engine import Engine
from common.ports.clock import stamp
from common.ports.documents import Json, Update


def unwelcome(engine: Engine, tenant: str, asset: str) -> bool:
    """Whether a file of this name is of something erased, which then is told of it."""
    place, erased, tomb = f"tenants/{tenant}/assets/{asset}", erase_asset.key_of(tenant, asset), f"tombstones/{tenant}"
    there = engine.documents.get_many([place, erased, tomb])
    if erased in there:
        key = erased
    elif tomb in there and place not in there:
        key = erase_tenant.key_of(there[tomb].body["erasure"])
    else:
        return False
    _tell(engine, key, f"{tenant}/{asset}")
    return True


def _tell(engine: Engine, key: str, name: str) -> None:
    while (snap := engine.documents.get_many([key]).get(key)) is not None:
        late = sorted({*snap.body.get("late", ()), name})
        fields: Json = {"late": late}
        waits = snap.body["state"] == "waiting"
        if waits:
            fields |= {"due": stamp(engine.clock.now()), "wake": snap.body["wake"] + 1}
        try:
            engine.documents.commit([Update(key, fields, snap.version)])
        except Conflict:
            continue
        if waits:
            chore.wake(engine, key, {**snap.body, **fields})
        return
