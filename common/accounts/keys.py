"""Keys for programs: shown once, kept as a digest, given a role, used until they are revoked or expire.

They are the organisation's, not their maker's, and may at most what an admin may: what owners decide takes a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.accounts import tokens
from common.accounts.acting import Acting
from common.accounts.names import plain, titled
from common.accounts.organisations import is_open
from common.accounts.roles import Role, grants
from common.errors import BadInput, Conflict, Forbidden, NotFound, Permanent, Unauthorized
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap, Update

KIND = "cutroom"
MOST = 100  # of one organisation
MOST_ROLE: Role = "admin"
REFUSED = "this key opens nothing here; make another one"
USED = timedelta(hours=1)  # how exact "last used" is: a write per call would cost more than the call
MOST_LIFE = timedelta(days=3653)
OVERLAP = timedelta(days=1)
MOST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """All times are stamps. `earlier`: until when the secret before the last rotation opens too."""

    id: str
    tenant: str
    name: str
    role: Role
    made_by: str
    made: str
    expires: str | None
    last_used: str | None
    earlier: str | None


def make(acting: Acting, name: str, role: Role, expires: datetime | None) -> tuple[Key, str]:
    """A new key and its text, which is not kept. `expires` is of any zone. Raises Permanent for too many."""
    acting.must("keys.write")
    acting.must_grant(role)
    if not grants(MOST_ROLE, role):
        raise Forbidden(f"a key can be {MOST_ROLE} at most; choose a lesser role")
    now = acting.clock.now()
    if expires is not None and not now < expires <= now + MOST_LIFE:
        raise BadInput("a key expires between now and ten years from now; send such a time, or none")
    if acting.documents.count("keys", parent=f"tenants/{acting.tenant}") >= MOST:
        raise Permanent(f"there are {MOST} keys, as many as can be; revoke one first", code="too_many_keys")
    token = tokens.fresh(KIND, acting.tenant)
    body: Json = {
        "schema": 1,
        "name": titled(name),
        "role": role,
        "made_by": acting.subject,
        "made": stamp(now),
        "until": stamp(expires.astimezone(UTC)) if expires else None,  # not `expires`: it is to be seen that it has
        "last_used": None,
        "digest": token.digest,
        "earlier": None,
    }
    acting.commit("keys.make", token.id, Create(_where(acting.tenant, token.id), body), role=role)
    return _key(acting.tenant, token.id, body), token.text


def is_key(text: str) -> bool:
    return text.startswith(f"{KIND}_")


def opened(documents: Documents, clock: Clock, text: str) -> Key:
    """Whose key this is; it is looked up every time, so that what was revoked is refused at once.

    Raises Unauthorized, whatever is wrong with it.
    """
    token = tokens.read(KIND, text)
    if token is None:
        raise Unauthorized(REFUSED)
    where, tenant = _where(token.tenant, token.id), f"tenants/{token.tenant}"
    there = documents.get_many([where, tenant])
    snap, now = there.get(where), clock.now()
    if snap is None or not is_open(token.tenant, there.get(tenant)) or not _fits(snap.body, token, now):
        raise Unauthorized(REFUSED)
    _note_use(documents, snap, now)
    return _key(token.tenant, token.id, snap.body)


def keys(documents: Documents, tenant: str) -> list[Key]:
    """All of them, the newest first; their texts are not kept."""
    found = documents.query("keys", parent=f"tenants/{tenant}", limit=10 * MOST)
    there = [_key(tenant, snap.id, snap.body) for snap in found]
    return sorted(there, key=lambda one: (one.made, one.id), reverse=True)


def rotate(acting: Acting, identity: str, overlap: timedelta = OVERLAP) -> tuple[Key, str]:
    """Another secret for a key, which its text comes with; the one it had until now opens too for a while.

    One before that opens no more. Raises NotFound, and Conflict where it is rotated by two at once.
    """
    acting.must("keys.write")
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise BadInput(f"the earlier secret can stay for {MOST_OVERLAP.days} days at most; send less")
    snap = _snap(acting, identity)
    acting.must_grant(snap.body["role"])
    token = tokens.fresh(KIND, acting.tenant, identity)
    earlier = {"digest": snap.body["digest"], "until": stamp(acting.clock.now() + overlap)}
    fields: Json = {"digest": token.digest, "earlier": earlier}
    acting.commit("keys.rotate", identity, Update(snap.key, fields, snap.version))
    return _key(acting.tenant, identity, {**snap.body, **fields}), token.text


def revoke(acting: Acting, identity: str) -> None:
    """From now on it opens nothing, whatever else happens to it this moment. Raises NotFound."""
    acting.must("keys.write")
    snap = _snap(acting, identity)
    acting.must_grant(snap.body["role"])
    acting.commit("keys.revoke", identity, Delete(snap.key))


def _fits(body: Json, token: tokens.Token, now: datetime) -> bool:
    if body["until"] is not None and parse(body["until"]) <= now:
        return False
    earlier = body["earlier"]
    known = [body["digest"], *([earlier["digest"]] if earlier and now < parse(earlier["until"]) else [])]
    return any(token.fits(digest) for digest in known)


def _note_use(documents: Documents, snap: Snap, now: datetime) -> None:
    last = snap.body["last_used"]
    if last is None or now - parse(last) >= USED:
        try:
            documents.commit([Update(snap.key, {"last_used": stamp(now)}, snap.version)])
        except Conflict:
            return  # another call has noted it, or the key was changed or revoked this moment


def _snap(acting: Acting, identity: str) -> Snap:
    snap = None
    if plain(identity):
        where = _where(acting.tenant, identity)
        snap = acting.documents.get_many([where]).get(where)
    if snap is None:
        raise NotFound(f"there is no key {identity[:50]!r}; GET /v1/keys lists them")
    return snap


def _where(tenant: str, identity: str) -> str:
    return f"tenants/{tenant}/keys/{identity}"


def _key(tenant: str, identity: str, body: Json) -> Key:
    return Key(
        id=identity,
        tenant=tenant,
        expires=body["until"],
        earlier=body["earlier"]["until"] if body["earlier"] else None,
        **{name: body[name] for name in ("name", "role", "made_by", "made", "last_used")},
    )
