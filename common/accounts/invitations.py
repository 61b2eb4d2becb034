"""Invitations: a text that makes whoever brings it a member, once, within a week. Sending it is up to who invites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from common.accounts import members, tokens
from common.accounts.acting import Acting
from common.accounts.names import plain
from common.accounts.organisations import is_open
from common.accounts.roles import Role, grants
from common.errors import Forbidden, NotFound, Permanent
from common.ports.auth import Caller
from common.ports.clock import Clock, parse, stamp
from common.ports.documents import Create, Delete, Documents, Json, Snap

KIND = "invitation"
MOST = 100  # of one organisation
KEPT = timedelta(days=7)
REFUSED = "this invitation opens nothing; ask for a new one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    id: str
    role: Role
    email: str | None  # whose verified address must be this; None for whoever has the text
    made_by: str
    expires: str  # stamp


def make(acting: Acting, role: Role, email: str | None) -> tuple[Invitation, str]:
    """An invitation and its text, which is not kept."""
    acting.must("members.write")
    acting.must_grant(role)
    acting.must_be_a_person()
    if acting.documents.count("invitations", parent=f"tenants/{acting.tenant}") >= MOST:
        raise Permanent(f"{MOST} invitations are open, as many as can be; withdraw one first", code="too_many")
    token = tokens.fresh(KIND, acting.tenant)
    body: Json = {
        "schema": 1,
        "role": role,
        "email": email,
        "made_by": acting.subject,
        "expires": stamp(acting.clock.now() + KEPT),
        "digest": token.digest,
    }
    acting.commit("invitations.make", token.id, Create(_where(acting.tenant, token.id), body), role=role)
    return _invitation(token.id, body), token.text


def accept(documents: Documents, clock: Clock, caller: Caller, text: str, request: str) -> tuple[str, members.Member]:
    """The tenant, and the member that the caller now is.

    Raises NotFound, whatever is wrong with the text, and Forbidden where it is for another address. It counts only
    while who invited is a member who could still give that role.
    """
    token = tokens.read(KIND, text)
    if token is None or not plain(caller.subject):
        raise NotFound(REFUSED)
    where, tenant = _where(token.tenant, token.id), f"tenants/{token.tenant}"
    there = documents.get_many([where, tenant])
    snap = there.get(where)
    if snap is None or not token.fits(snap.body["digest"]) or parse(snap.body["expires"]) <= clock.now():
        raise NotFound(REFUSED)
    body = snap.body
    inviter = members.role_of(documents, token.tenant, body["made_by"])
    if not is_open(token.tenant, there.get(tenant)) or inviter is None or not grants(inviter, body["role"]):
        raise NotFound(REFUSED)
    if body["email"] is not None and body["email"].casefold() != (caller.email or "").casefold():
        raise Forbidden("this invitation is for another address; sign in with the one it was made for, verified")
    acting = Acting(
        documents=documents,
        clock=clock,
        tenant=token.tenant,
        subject=caller.subject,
        role=body["role"],
        request=request,
    )
    used = Delete(snap.key, snap.version)
    return token.tenant, members.join(acting, "invitations.accept", caller.subject, body["role"], caller.email, used)


def invitations(documents: Documents, tenant: str) -> list[Invitation]:
    """All that are open, those first that last longest."""
    found = documents.query("invitations", parent=f"tenants/{tenant}", limit=10 * MOST)
    return sorted((_invitation(snap.id, snap.body) for snap in found), key=lambda one: one.expires, reverse=True)


def withdraw(acting: Acting, identity: str) -> None:
    """Raises NotFound, and Conflict where it is accepted this moment."""
    acting.must("members.write")
    snap = _snap(acting, identity)
    acting.must_grant(snap.body["role"])
    acting.commit("invitations.withdraw", identity, Delete(snap.key, snap.version))


def _snap(acting: Acting, identity: str) -> Snap:
    where = _where(acting.tenant, identity)
    snap = acting.documents.get_many([where]).get(where) if plain(identity) else None
    if snap is None:
        raise NotFound(f"there is no invitation {identity[:50]!r}; GET /v1/invitations lists them")
    return snap


def _where(tenant: str, identity: str) -> str:
    return f"tenants/{tenant}/invitations/{identity}"


def _invitation(identity: str, body: Json) -> Invitation:
    named = {name: body[name] for name in ("role", "email", "made_by", "expires")}
    return Invitation(id=identity, **named)
