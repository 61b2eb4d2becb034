"""Members of an organisation. A person alone is the owner of the tenant that bears their own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.accounts.acting import Acting
from common.accounts.names import checked, own, plain, shared
from common.accounts.roles import ROLES, Role
from common.errors import Conflict, NotFound, Permanent, Stale
from common.ports.clock import Clock, stamp
from common.ports.documents import Create, Delete, Documents, Snap, Update, Where, Write

MOST = 1000  # of one organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    subject: str
    role: Role
    email: str | None
    added: str | None  # stamp; None for whose own tenant it is
    version: str | None  # of the document, for a conditional change


def role_of(documents: Documents, tenant: str, subject: str) -> Role | None:
    """What a person is in a tenant; None for a stranger."""
    if not plain(tenant) or not plain(subject):
        return None
    return found(tenant, subject, documents.get_many([key(tenant, subject)]))


def found(tenant: str, subject: str, there: Mapping[str, Snap]) -> Role | None:
    """As `role_of`, by documents that are read already."""
    if own(tenant, subject):
        return "owner"
    snap = there.get(key(tenant, subject))
    return None if snap is None else _member(snap).role


def members(documents: Documents, tenant: str) -> list[Member]:
    """All of them, those first who may do most."""
    there = [_member(snap) for snap in documents.query("members", parent=f"tenants/{tenant}", limit=10 * MOST)]
    if not shared(tenant):
        there.append(Member(subject=tenant, role="owner", email=None, added=None, version=None))
    return sorted(there, key=lambda one: (-ROLES.index(one.role), one.subject))


def add(acting: Acting, subject: str, role: Role, email: str | None) -> Member:
    """Raises Conflict where the person is a member already, and Permanent where there are too many."""
    acting.must("members.write")
    acting.must_grant(role)
    return join(acting, "members.add", checked(subject), role, email)


def join(acting: Acting, what: str, subject: str, role: Role, email: str | None, *along: Write) -> Member:
    """Make somebody a member, whose right to it was looked at before."""
    documents, tenant = acting.documents, acting.tenant
    if role_of(documents, tenant, subject) is not None:
        raise Conflict(f"{subject} is a member already; change their role instead")
    if documents.count("members", parent=f"tenants/{tenant}") >= MOST:
        raise Permanent(f"there are {MOST} members, as many as can be; remove one first", code="too_many_members")
    acting.commit(what, subject, new(acting.clock, tenant, subject, role, email), *along, role=role)
    return _there(documents, tenant, subject)


def new(clock: Clock, tenant: str, subject: str, role: Role, email: str | None) -> Create:
    body = {"schema": 1, "subject": subject, "role": role, "email": email, "added": stamp(clock.now())}
    return Create(key(tenant, subject), body)


def change(acting: Acting, subject: str, role: Role, version: str | None = None) -> Member:
    """Raises NotFound, Stale where it is another version, and Permanent for the last owner.

    For without an owner nobody could give the role back.
    """
    acting.must("members.write")
    snap = _snap(acting, subject, version)
    was = _member(snap).role
    acting.must_grant(was)
    acting.must_grant(role)
    stays = [] if role == "owner" else _another_owner(acting, snap)
    acting.commit("members.change", subject, Update(snap.key, {"role": role}, snap.version), *stays, was=was, role=role)
    return _there(acting.documents, acting.tenant, subject)


def remove(acting: Acting, subject: str, version: str | None = None) -> None:
    """Anybody may leave. Raises NotFound, Stale where it is another version, and Permanent for the last owner.

    Keys that the person made stay: they are the organisation's, and listed with who made them.
    """
    leaves = subject == acting.subject
    acting.must("members.leave" if leaves else "members.write")
    snap = _snap(acting, subject, version)
    was = _member(snap).role
    if not leaves:
        acting.must_grant(was)
    what = "members.leave" if leaves else "members.remove"
    acting.commit(what, subject, Delete(snap.key, snap.version), *_another_owner(acting, snap), was=was)


def key(tenant: str, subject: str) -> str:
    return f"tenants/{tenant}/members/{subject}"


def _another_owner(acting: Acting, snap: Snap) -> list[Write]:
    """What to write along where an owner goes: another one, unchanged, so that of those who go at once one stays.

    It may be no change at all and leave the version as it is: the condition that the other is still there is enough.
    """
    if snap.body["role"] != "owner" or not shared(acting.tenant):
        return []
    parent = f"tenants/{acting.tenant}"
    for other in acting.documents.query("members", [Where("role", "==", "owner")], parent=parent, limit=2):
        if other.key != snap.key:
            return [Update(other.key, {"role": "owner"}, other.version)]
    raise Permanent(f"{snap.id} is the last owner; make somebody else an owner first", code="last_owner")


def _snap(acting: Acting, subject: str, version: str | None) -> Snap:
    if own(acting.tenant, subject):
        raise Permanent(f"this is {subject}'s own account, whose owner they stay", code="own_account")
    where = key(acting.tenant, checked(subject))
    snap = acting.documents.get_many([where]).get(where)
    if snap is None:
        raise NotFound(f"there is no member {subject}; GET /v1/members lists them")
    if version is not None and version != str(snap.version):
        raise Stale(f"{subject} has changed since you looked; look again and send that version")
    return snap


def _there(documents: Documents, tenant: str, subject: str) -> Member:
    where = key(tenant, subject)
    snap = documents.get_many([where]).get(where)
    if snap is None:
        raise Conflict(f"{subject} was removed at the same moment; GET /v1/members lists who is there")
    return _member(snap)


def _member(snap: Snap) -> Member:
    body = snap.body
    role = body["role"]
    if role not in ROLES:
        raise Permanent(f"{snap.id} has the role {role!r}, which this version does not know; use a newer one")
    return Member(subject=snap.id, role=role, email=body["email"], added=body["added"], version=str(snap.version))
