"""Devices: browsers and phones of a person, which are told when flows end, wherever the person is a member.

`devices/{digest of the token}`: subject, platform, name, events, token. A device is whoever's who registered it last:
two people who share a browser are not told of each other's videos. Its token stands there to be sent to, and is never
shown; `error` says why it was not taken the last time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from common.accounts.acting import Acting
from common.accounts.names import plain, titled
from common.errors import BadInput, NotFound, Permanent, Stale
from common.events.event import Pushed
from common.ports.clock import stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap, Update, Where

Platform = Literal["web", "android", "ios"]
MOST = 10  # of one person
_TOKEN = re.compile(r"[A-Za-z0-9_:.~%/+=-]{20,2000}")
SHOWN = 6  # characters of a token, its last


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    platform: Platform
    name: str
    events: tuple[Pushed, ...]  # the types it is told of
    token: str  # its end
    made: str  # stamp
    error: str | None
    version: str


def register(
    acting: Acting,
    *,
    token: str,
    platform: Platform,
    name: str,
    events: Sequence[Pushed],
    signed_in: float,
    second_factor: bool,
) -> Device:
    """The device of a token, made or changed; another person's becomes the caller's.

    It is told of things for as long as the sign-in counts that it was registered by: `signed_in` is when that was, in
    seconds since 1970, `second_factor` whether it showed one. Raises BadInput, and Permanent for too many.
    """
    acting = _at_home(acting)
    if not _TOKEN.fullmatch(token):
        raise BadInput("this is no token of Firebase's; send the one that it gave to the app, whole")
    documents, identity = acting.documents, hashed(token)
    there = documents.get_many([key(identity)]).get(key(identity))
    own = there is not None and there.body["subject"] == acting.subject
    if not own and documents.count("devices", [Where("subject", "==", acting.subject)]) >= MOST:
        raise Permanent(f"you have {MOST} devices, as many as can be; delete one first", code="too_many_devices")
    wanted: Json = {
        "subject": acting.subject,
        "token": token,
        "platform": platform,
        "name": titled(name),
        "events": sorted(set(events)),
        "signed_in": signed_in,
        "second_factor": second_factor,
        "error": None,
    }
    if there is None:
        made = {"schema": 1, "made": stamp(acting.clock.now())}
        acting.commit("devices.register", identity, Create(key(identity), wanted | made), platform=platform)
    elif not own:
        wanted["made"] = stamp(acting.clock.now())
        acting.commit("devices.register", identity, Update(there.key, wanted, there.version), platform=platform)
    elif any(there.body[field] != value for field, value in wanted.items()):  # apps register at every start
        acting.commit("devices.change", identity, Update(there.key, wanted, there.version))
    return _device(_own(acting, identity))


def devices(documents: Documents, subject: str) -> list[Device]:
    """A person's, the newest first."""
    found = [_device(snap) for snap in documents.query("devices", [Where("subject", "==", subject)], limit=10 * MOST)]
    return sorted(found, key=lambda one: (one.made, one.id), reverse=True)


def remove(acting: Acting, identity: str, version: str | None = None) -> None:
    """Nothing more is sent to it. Raises NotFound, Stale."""
    acting = _at_home(acting)
    snap = _own(acting, identity)
    if version is not None and version != str(snap.version):
        raise Stale("the device has changed since it was read; read it again")
    acting.commit("devices.remove", identity, Delete(snap.key, snap.version))


def hashed(token: str) -> str:
    """The id of the device that a token is of."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def key(identity: str) -> str:
    return f"devices/{identity}"


def _at_home(acting: Acting) -> Acting:
    """A device is no organisation's, whichever was asked: it is told of in the person's own trail."""
    acting.must("devices.write")
    acting.must_be_a_person()
    return replace(acting, tenant=acting.subject)


def _own(acting: Acting, identity: str) -> Snap:
    snap = acting.documents.get_many([key(identity)]).get(key(identity)) if plain(identity) else None
    if snap is None or snap.body["subject"] != acting.subject:
        raise NotFound(f"you have no device {identity[:50]!r}; GET /v1/devices lists yours")
    return snap


def _device(snap: Snap) -> Device:
    body = snap.body
    return Device(
        id=snap.id,
        events=tuple(body["events"]),
        token=f"…{body['token'][-SHOWN:]}",
        version=str(snap.version),
        **{name: body[name] for name in ("platform", "name", "made", "error")},
    )
